//! The first time: a mailbox of one's own. Whoever has one at another operator is asked before it moves here.

use crate::{AccountError, Accounts};
use domain::{MailboxId, OrgNumber};
use key_client::{Applicant, Column, GrantToken, declined_sender};
use registry::{
    Owner, Recorder,
    boxes::{self, BoxError, Mailbox, NewBox},
    declined, operators,
    people::{self, Language, NewPerson},
    preferences::{self, BroughtHome},
    registrations,
};
use store::Tx;
use vault::seal_to::PublicKey;

/// What became of a mailbox that was to be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is open here, now or since before.
    Here(MailboxId),
    /// The person has one at another operator, which is theirs alone to move.
    Elsewhere(OrgNumber),
}

/// Why a mailbox was not opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    #[error("an organisation's mailbox is opened by its number and name")]
    NotAPerson,
    #[error(transparent)]
    Box(#[from] BoxError),
    #[error(transparent)]
    Account(AccountError),
}

impl<E> From<E> for OpenError
where
    AccountError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Account(error.into())
    }
}

/// A person's mailbox as it will stand in the registry.
struct Opening<'a> {
    applicant: &'a Applicant,
    language: Language,
    mailbox_id: MailboxId,
    epoch: i64,
    public_key: PublicKey,
    /// Given where the mailbox moves here: what its owner turned off elsewhere, sealed for it.
    moves: Option<Vec<Off>>,
}

/// A sender that was turned off elsewhere, as it will stand in the mailbox here.
struct Off {
    sender: OrgNumber,
    sender_mac: [u8; 32],
    sealed: Vec<u8>,
}

impl Accounts {
    /// Opens a mailbox for whoever is logged in, and makes them known; one that is open stays as it is. `moves`: it is
    /// brought here from another operator, with what was said of senders there.
    pub async fn open_mailbox(
        &self,
        grant: &GrantToken,
        language: Language,
        moves: bool,
    ) -> Result<Opened, OpenError> {
        let applicant = self.0.keys.applicant(grant).await?;
        if !applicant.adult {
            return Err(BoxError::UnderAge.into());
        }
        let (there, found) = self.where_is(&applicant).await?;
        if let (Some(there), false) = (there, moves) {
            return Ok(Opened::Elsewhere(there));
        }
        let opening = self.opening(&applicant, language, found, moves).await?;
        let opened = self.open(&opening).await?;
        if let Opened::Here(_) = opened {
            tracing::info!("A mailbox was opened");
            self.0.keys.refresh_person(grant).await?;
            self.sync_person(&applicant.address_mac).await;
        }
        Ok(opened)
    }

    /// How an operator is called: its number where it has no name here.
    pub async fn operator_name(&self, number: &OrgNumber) -> Result<String, AccountError> {
        let mut tx = self.0.store.read("find operator").await?;
        let operator = operators::find(&mut tx, number).await?;
        Ok(operator.map_or_else(|| number.to_string(), |operator| operator.name))
    }

    /// The operator that the applicant is registered at, and the mailbox here.
    async fn where_is(
        &self,
        applicant: &Applicant,
    ) -> Result<(Option<OrgNumber>, Option<Mailbox>), AccountError> {
        let mut tx = self.0.store.read("find own mailbox").await?;
        let there = registrations::find(&mut tx, &applicant.address_mac).await?;
        let there = there.map(|there| there.operator);
        let person = match people::by_login(&mut tx, &applicant.login_mac).await? {
            Some(person) => Some(person),
            None => people::by_address(&mut tx, &applicant.address_mac, self.now()).await?,
        };
        let Some(person) = person else { return Ok((there, None)) };
        let mailbox = boxes::of_owner(&mut tx, Owner::Person(person.person_id)).await?;
        Ok((there, mailbox))
    }

    /// A key is made only for a new mailbox; a closed one keeps its own.
    async fn opening<'a>(
        &self,
        applicant: &'a Applicant,
        language: Language,
        found: Option<Mailbox>,
        moves: bool,
    ) -> Result<Opening<'a>, AccountError> {
        let (mailbox_id, (epoch, public_key)) = match found {
            Some(mailbox) => (mailbox.mailbox_id, (mailbox.epoch, mailbox.public_key)),
            None => {
                let mailbox_id = MailboxId::new(self.random());
                (mailbox_id, self.0.keys.make_mailbox_key(mailbox_id).await?)
            }
        };
        let moves =
            if moves { Some(self.turned_off(&applicant.address_mac, mailbox_id).await?) } else { None };
        Ok(Opening { applicant, language, mailbox_id, epoch, public_key, moves })
    }

    async fn turned_off(
        &self,
        address_mac: &[u8; 32],
        mailbox_id: MailboxId,
    ) -> Result<Vec<Off>, AccountError> {
        let mac = &self.0.web_keys.sender;
        let mut tx = self.0.store.read("find senders turned off elsewhere").await?;
        let senders = preferences::off(&mut tx, mac, address_mac).await?;
        drop(tx);
        let tagged =
            senders.into_iter().map(|one| (declined::sender_mac(mac, mailbox_id, &one.number), one.number));
        let tagged: Vec<_> = tagged.collect();
        let item = |(tag, number): &([u8; 32], OrgNumber)| {
            (Column::Declined, declined_sender(mailbox_id, tag), number.as_str().as_bytes().to_vec())
        };
        let sealed = self.0.keys.seal_columns(tagged.iter().map(item).collect()).await?;
        let all = tagged.into_iter().zip(sealed);
        Ok(all.map(|((sender_mac, sender), sealed)| Off { sender, sender_mac, sealed }).collect())
    }

    async fn open(&self, opening: &Opening<'_>) -> Result<Opened, OpenError> {
        let applicant = opening.applicant;
        let new = NewPerson {
            login_mac: &applicant.login_mac,
            address_mac: &applicant.address_mac,
            kind: applicant.kind,
            profile: &applicant.profile_sealed,
            language: opening.language,
        };
        let mut tx = self.0.store.begin("open mailbox").await?;
        let (person, _) = people::register(&mut tx, &new, self.now(), self.random()).await?;
        let owner = Owner::Person(person);
        if opening.moves.is_some() {
            registrations::bring_home(&mut tx, owner, self.now()).await?;
        }
        let recorder = self.recorder_of(person);
        let new = NewBox {
            mailbox_id: opening.mailbox_id,
            owner,
            epoch: opening.epoch,
            public_key: &opening.public_key,
            adult: applicant.adult,
        };
        let opened = match boxes::open(&mut tx, &new, &recorder).await {
            Ok(opened) => opened,
            Err(BoxError::Elsewhere(operator)) => return Ok(Opened::Elsewhere(operator)),
            Err(error) => return Err(error.into()),
        };
        // Another log-in may have opened one under another id meanwhile; what was sealed for this one does not fit it.
        if let Some(off) = opening.moves.as_ref().filter(|_| opened == opening.mailbox_id) {
            bring_home(&mut tx, &applicant.address_mac, opened, off, &recorder).await?;
        }
        tx.commit().await?;
        Ok(Opened::Here(opened))
    }
}

async fn bring_home(
    tx: &mut Tx,
    address_mac: &[u8; 32],
    mailbox_id: MailboxId,
    off: &[Off],
    recorder: &Recorder<'_>,
) -> Result<(), AccountError> {
    let home = off.iter().map(|one| BroughtHome {
        sender: &one.sender,
        sender_mac: &one.sender_mac,
        sealed_sender: &one.sealed,
    });
    let home: Vec<_> = home.collect();
    Ok(preferences::bring_home(tx, address_mac, mailbox_id, &home, recorder).await?)
}
