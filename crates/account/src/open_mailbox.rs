//! The first time: a mailbox of one's own. Whoever has one at another operator is asked before it moves here.

use crate::{AccountError, Accounts};
use domain::{AddressMac, DeclinedMac, Language, MailboxId, OrgNumber};
use key_client::{
    Applicant, By, Change, Changed, Column, GrantToken, OpenMailbox, Opening, TurnedOff, declined_sender,
};
use registry::{
    Owner,
    boxes::{self, BoxError, Mailbox},
    declined, operators, people, preferences, registrations,
};

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
        let mailbox_id = found.map_or_else(|| MailboxId::new(self.random()), |found| found.mailbox_id);
        let moves = match moves {
            true => Some(self.turned_off(&applicant.address_mac, mailbox_id).await?),
            false => None,
        };
        let new = OpenMailbox { mailbox_id, language, moves };
        let changed = self.0.keys.change(By::Grant(grant.clone()), Change::OpenMailbox(new)).await?;
        let opened = opened(changed)?.pop().ok_or(AccountError::NotFound)?;
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

    async fn turned_off(
        &self,
        address_mac: &AddressMac,
        mailbox_id: MailboxId,
    ) -> Result<Vec<TurnedOff>, AccountError> {
        let mac = &self.0.web_keys.sender;
        let mut tx = self.0.store.read("find senders turned off elsewhere").await?;
        let senders = preferences::off(&mut tx, mac, address_mac).await?;
        drop(tx);
        let tagged =
            senders.into_iter().map(|one| (declined::sender_mac(mac, mailbox_id, &one.number), one.number));
        let tagged: Vec<_> = tagged.collect();
        let item = |(tag, number): &(DeclinedMac, OrgNumber)| {
            (Column::Declined, declined_sender(mailbox_id, tag), number.as_str().as_bytes().to_vec())
        };
        let sealed = self.0.keys.seal_columns(tagged.iter().map(item).collect()).await?;
        let all = tagged.into_iter().zip(sealed);
        Ok(all.map(|((_, sender), sealed)| TurnedOff { sender, sealed }).collect())
    }
}

/// What the key service answers of mailboxes that were to be opened.
pub(crate) fn opened(changed: Changed) -> Result<Vec<Opened>, OpenError> {
    match changed {
        Changed::Opened(all) => Ok(all
            .into_iter()
            .map(|one| match one {
                Opening::Here(mailbox_id) => Opened::Here(mailbox_id),
                Opening::Elsewhere(operator) => Opened::Elsewhere(operator),
            })
            .collect()),
        Changed::Refused(word) => Err(match word.as_str() {
            "under_age" => BoxError::UnderAge.into(),
            "deceased" => BoxError::Deceased.into(),
            "unknown_owner" => BoxError::UnknownOwner.into(),
            _ => AccountError::NotFound.into(),
        }),
        _ => Err(AccountError::NotFound.into()),
    }
}
