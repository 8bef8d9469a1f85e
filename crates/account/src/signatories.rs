//! The register of signatories is followed: what it says becomes rights over organisations' mailboxes.

use crate::{AccountError, Accounts, NewPerson};
use domain::{AddressMac, MailboxId, MandateId, OrgNumber, text::TextError, words::Because};
use key_client::{By, Change, Changed, Column, mandate_note};
use registry::{
    Register, mandates, people,
    register::{self, RegisterError, Signatory, SignatoryFile, SignatureRule},
};
use std::{collections::HashSet, path::Path};

/// Why the register was not written or followed.
#[derive(Debug, thiserror::Error)]
pub enum SignatoryError {
    #[error("register.file: name the file that keeps signatories")]
    NoFile,
    #[error("the name cannot be shown")]
    Name(#[source] TextError),
    #[error("the organisation has no mailbox here; open it first")]
    NoMailbox,
    #[error(transparent)]
    Account(AccountError),
}

impl<E> From<E> for SignatoryError
where
    AccountError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Account(error.into())
    }
}

impl Accounts {
    /// Gives someone who is known from now on the rights that the register names. What fails here is logged, and tried
    /// again at the next log-in.
    pub async fn sync_person(&self, address_mac: &AddressMac) {
        if let Err(error) = self.try_sync_person(address_mac).await {
            tracing::warn!(?error, "The register of signatories could not be followed at a log-in");
        }
    }

    /// The rights over an organisation's mailbox, as the register says now.
    pub async fn sync_organisation(&self, organisation: &OrgNumber) -> Result<(), SignatoryError> {
        self.as_it_is().await?;
        match self.follow(organisation).await? {
            Some(_) => Ok(()),
            None => Err(SignatoryError::NoMailbox),
        }
    }

    /// The same for every organisation of the register. One that cannot be read holds up no other.
    pub async fn sync_register(&self) {
        if matches!(self.0.register, Register::None) {
            return;
        }
        let organisations: Vec<_> = match self.0.register.read().await {
            Ok(file) => file.organisations().cloned().collect(),
            // Where nobody has ever been put into it there need not be one.
            Err(RegisterError::Missing) if matches!(self.any_signatory().await, Ok(false)) => return,
            Err(error) => {
                metrics::gauge!("kuvert_register_readable").set(0);
                tracing::error!(%error, "The register of signatories cannot be read: nobody's rights are changed");
                return;
            }
        };
        metrics::gauge!("kuvert_register_readable").set(1);
        if let Err(error) = self.end_unnamed(&organisations).await {
            tracing::warn!(?error, "Signatories that the register no longer names could not be ended");
        }
        for organisation in organisations {
            match self.sync_organisation(&organisation).await {
                // One that has no mailbox here has nobody to sign for.
                Ok(()) | Err(SignatoryError::NoMailbox) => {}
                Err(error) => tracing::warn!(?error, "Signatories could not be brought up to date"),
            }
        }
    }

    /// Puts a signatory into the register's file, and brings the rights over the organisation's mailbox to it.
    pub async fn add_signatory(
        &self,
        organisation: &OrgNumber,
        person: &NewPerson,
    ) -> Result<(), SignatoryError> {
        let path = self.register_file()?;
        let person_mac = self.address_mac(&person.identity).await?;
        let mandate_id = MandateId::new(self.random());
        let note = self.seal(Column::Note, mandate_note(mandate_id), person.name.as_bytes()).await?;
        let mut content = self.as_it_is().await?;
        content.add(organisation, Signatory { mandate_id, person_mac, note });
        content.write(path).await?;
        self.sync_organisation(organisation).await
    }

    /// Writes into the register's file how an organisation is called, and how many of its signatories must sign unless
    /// that stays as it is.
    pub async fn describe_company(
        &self,
        organisation: &OrgNumber,
        name: &str,
        rule: Option<SignatureRule>,
    ) -> Result<(), SignatoryError> {
        let path = self.register_file()?;
        let mut content = self.as_it_is().await?;
        content.describe(organisation, name, rule).map_err(SignatoryError::Name)?;
        Ok(content.write(path).await?)
    }

    async fn try_sync_person(&self, address_mac: &AddressMac) -> Result<(), AccountError> {
        if matches!(self.0.register, Register::None) {
            return Ok(());
        }
        let numbers = match self.0.register.organisations_of(address_mac).await {
            // What is not there says nothing; the background tells of it.
            Err(RegisterError::Missing) => return Ok(()),
            numbers => numbers?,
        };
        let mut named = Vec::with_capacity(numbers.len());
        for number in &numbers {
            named.extend(self.follow(number).await?);
        }
        // Of whatever else they were a signatory, the register perhaps no longer says so.
        let mut tx = self.0.store.read("find signatory").await?;
        let now = self.now();
        let Some(person) = people::by_address(&mut tx, address_mac, now).await? else { return Ok(()) };
        let boxes = mandates::boxes_of(&mut tx, person.person_id, now).await?;
        drop(tx);
        for one in boxes.iter().filter(|one| one.because == Because::Signatory) {
            if !named.contains(&one.mailbox_id) {
                self.follow_box(one.mailbox_id).await?;
            }
        }
        Ok(())
    }

    /// Ends the signatories of organisations that are not among those that the register names.
    async fn end_unnamed(&self, named: &[OrgNumber]) -> Result<(), AccountError> {
        let mut macs = HashSet::with_capacity(named.len());
        for some in named.chunks(500) {
            let identities: Vec<_> = some.iter().map(OrgNumber::identity).collect();
            macs.extend(self.0.keys.address_macs(self.0.keys.role().as_str(), &identities).await?);
        }
        let mut tx = self.0.store.read("find signatories").await?;
        let unnamed = register::unnamed(&mut tx, &macs, self.now()).await?;
        drop(tx);
        for mailbox_id in unnamed {
            self.follow_box(mailbox_id).await?;
            tracing::info!(mailbox.id = %mailbox_id, "The register no longer names an organisation");
        }
        Ok(())
    }

    async fn any_signatory(&self) -> Result<bool, AccountError> {
        let mut tx = self.0.store.read("look for signatories").await?;
        Ok(register::any_signatory(&mut tx).await?)
    }

    /// The register as it is; an empty one only where nobody is a signatory. Else the file is lost or elsewhere, and a new
    /// one would say that all others have ended.
    async fn as_it_is(&self) -> Result<SignatoryFile, AccountError> {
        match self.0.register.read().await {
            Err(RegisterError::Missing) if !self.any_signatory().await? => Ok(SignatoryFile::default()),
            read => Ok(read?),
        }
    }

    /// Makes the signatories of an organisation's mailbox those that the register names now; `None` when it has none here.
    async fn follow(&self, organisation: &OrgNumber) -> Result<Option<MailboxId>, AccountError> {
        let Some(mailbox) = self.mailbox_of(&organisation.identity()).await? else { return Ok(None) };
        self.follow_box(mailbox.mailbox_id).await?;
        Ok(Some(mailbox.mailbox_id))
    }

    /// The same by the mailbox: the key service knows whose it is, and reads the register itself.
    async fn follow_box(&self, mailbox_id: MailboxId) -> Result<(), AccountError> {
        match self.0.keys.change(By::Register, Change::FollowRegister { mailbox_id }).await? {
            Changed::Synced { granted, revoked } if granted + revoked > 0 => {
                tracing::info!(mailbox.id = %mailbox_id, granted, revoked, "Followed the register of signatories");
            }
            _ => {}
        }
        Ok(())
    }

    fn register_file(&self) -> Result<&Path, SignatoryError> {
        match &self.0.register {
            Register::File(path) => Ok(path),
            Register::None => Err(SignatoryError::NoFile),
        }
    }
}
