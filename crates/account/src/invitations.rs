//! Somebody is asked to help. They answer by their own log-in; the owner sees who it is before anything can be read.
//!
//! Of the number that the owner writes nothing is looked up: a number that is known here and one that is not are answered
//! alike, and as fast.

use crate::{AccountError, Accounts};
use domain::{Identity, MailboxId, MandateId, PersonId, Time};
use key_client::{Column, invitation_helper, invitation_label, invitation_owner};
use mailbox::Actor;
use registry::{
    Owner, identities,
    invitations::{self, Invitation, Invited, NewInvitation},
};

/// Somebody who is to be asked.
#[derive(Clone)]
pub struct WantedHelper {
    pub number: Identity,
    /// What the owner calls them.
    pub label: String,
    /// How long the right would last.
    pub valid_to: Time,
}

/// An invitation from the actor's mailbox that waits.
#[derive(Clone)]
pub struct Asked {
    pub invitation_id: MandateId,
    /// What the owner calls them; `None` when it cannot be opened.
    pub label: Option<String>,
    pub valid_to: Time,
    /// Who said yes, and the name of their log-in. Without one, nobody has answered.
    pub helper: Option<(PersonId, Option<String>)>,
}

/// An invitation to the actor that waits for an answer.
#[derive(Clone)]
pub struct Asks {
    pub invitation_id: MandateId,
    /// Whose mailbox it is; `None` when it cannot be opened.
    pub owner: Option<String>,
    pub valid_to: Time,
}

/// Why nobody was asked.
#[derive(Debug, thiserror::Error)]
pub enum InviteError {
    #[error("there is a helper already, or an invitation that waits")]
    Another,
    #[error("nobody is their own helper")]
    Oneself,
    #[error("many have been asked today")]
    TooMany,
    #[error("the mailbox is closed, or its owner protected")]
    Frozen,
    #[error(transparent)]
    Account(AccountError),
}

impl<E> From<E> for InviteError
where
    AccountError: From<E>,
{
    fn from(error: E) -> Self {
        Self::Account(error.into())
    }
}

impl Accounts {
    /// Asks somebody to help with the actor's own mailbox. `owner_name` is what they see.
    pub async fn invite(
        &self,
        actor: &Actor,
        owner_name: &str,
        mailbox_id: MailboxId,
        wanted: &WantedHelper,
    ) -> Result<(), InviteError> {
        Self::governs(actor, mailbox_id)?;
        let address_mac = self.address_mac(&wanted.number).await?;
        let mut tx = self.0.store.read("own numbers").await?;
        let own = identities::of_owner(&mut tx, Owner::Person(actor.rights.person)).await?;
        drop(tx);
        if own.iter().any(|number| number.mac == address_mac) {
            return Err(InviteError::Oneself);
        }
        let invitation_id = MandateId::new(self.random());
        let place = invitation_label(invitation_id, mailbox_id);
        let label = self.seal(Column::Note, place, wanted.label.as_bytes()).await?;
        let place = invitation_owner(invitation_id, mailbox_id, &address_mac);
        let owner = self.seal(Column::Note, place, owner_name.as_bytes()).await?;
        let new = NewInvitation {
            invitation_id,
            mailbox_id,
            address_mac: &address_mac,
            label: &label,
            owner_name: &owner,
            valid_to: wanted.valid_to,
        };
        let mut tx = self.0.store.begin("invite helper").await?;
        let invited = invitations::invite(&mut tx, &new, self.now()).await?;
        tx.commit().await?;
        match invited {
            Invited::Made => Ok(()),
            Invited::Another => Err(InviteError::Another),
            Invited::TooMany => Err(InviteError::TooMany),
            Invited::Frozen => Err(InviteError::Frozen),
        }
    }

    /// The invitations from a mailbox that wait.
    pub async fn asked(&self, actor: &Actor, mailbox_id: MailboxId) -> Result<Vec<Asked>, AccountError> {
        Self::governs(actor, mailbox_id)?;
        let mut tx = self.0.store.read("list invitations").await?;
        let found = invitations::of_mailbox(&mut tx, mailbox_id, self.now()).await?;
        drop(tx);
        let mut asked = Vec::with_capacity(found.len());
        for one in found {
            asked.push(self.opened(actor, one).await?);
        }
        Ok(asked)
    }

    /// The invitations to the actor that wait for an answer.
    pub async fn asks(&self, actor: &Actor) -> Result<Vec<Asks>, AccountError> {
        let asks = self.invited(actor).await?.into_iter().map(|(one, owner)| Asks {
            invitation_id: one.invitation_id,
            owner,
            valid_to: one.valid_to,
        });
        Ok(asks.collect())
    }

    /// Says yes. `name` is that of the actor's log-in, which the owner sees. False when nobody asks this, or who asks cannot
    /// be shown: a row that was moved to another mailbox would show the name there.
    pub async fn accept_invitation(
        &self,
        actor: &Actor,
        name: &str,
        invitation_id: MandateId,
    ) -> Result<bool, AccountError> {
        let person = actor.rights.person;
        let asked =
            self.invited(actor).await?.into_iter().find(|(one, _)| one.invitation_id == invitation_id);
        let Some((Invitation { mailbox_id, .. }, Some(_))) = asked else { return Ok(false) };
        let place = invitation_helper(invitation_id, mailbox_id, person);
        let name = self.seal(Column::Note, place, name.as_bytes()).await?;
        let mut tx = self.0.store.begin("accept invitation").await?;
        let accepted = invitations::accept(&mut tx, invitation_id, person, &name, self.now()).await?;
        tx.commit().await?;
        Ok(accepted)
    }

    /// Says no. False when nobody asks this.
    pub async fn decline_invitation(
        &self,
        actor: &Actor,
        invitation_id: MandateId,
    ) -> Result<bool, AccountError> {
        let mut tx = self.0.store.begin("decline invitation").await?;
        let person = actor.rights.person;
        let declined = invitations::decline(&mut tx, invitation_id, person, self.now()).await?;
        tx.commit().await?;
        Ok(declined)
    }

    /// Asks no longer. False when there is no such invitation that waits.
    pub async fn withdraw_invitation(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        invitation_id: MandateId,
    ) -> Result<bool, AccountError> {
        Self::governs(actor, mailbox_id)?;
        let mut tx = self.0.store.begin("withdraw invitation").await?;
        let withdrawn = invitations::withdraw(&mut tx, mailbox_id, invitation_id, self.now()).await?;
        tx.commit().await?;
        Ok(withdrawn)
    }

    /// The invitations to the actor, each with its owner's name where that opens.
    async fn invited(&self, actor: &Actor) -> Result<Vec<(Invitation, Option<String>)>, AccountError> {
        let mut tx = self.0.store.read("list invitations to a person").await?;
        let found = invitations::to_person(&mut tx, actor.rights.person, self.now()).await?;
        drop(tx);
        let item = |one: &Invitation| {
            let place = invitation_owner(one.invitation_id, one.mailbox_id, &one.address_mac);
            (Column::Note, place, one.owner_name.clone())
        };
        let names = self.open_for(&actor.grant, found.iter().map(item).collect()).await?;
        let names = names.into_iter().map(|name| String::from_utf8(name?).ok());
        Ok(found.into_iter().zip(names).collect())
    }

    async fn opened(&self, actor: &Actor, one: Invitation) -> Result<Asked, AccountError> {
        let id = one.invitation_id;
        let mailbox_id = one.mailbox_id;
        let mut items = vec![(Column::Note, invitation_label(id, mailbox_id), one.label)];
        let helper = one.helper.map(|(person, name)| {
            items.push((Column::Note, invitation_helper(id, mailbox_id, person), name));
            person
        });
        let opened = self.open_for(&actor.grant, items).await?;
        let mut texts = opened.into_iter().map(|text| String::from_utf8(text?).ok());
        let label = texts.next().flatten();
        let helper = helper.map(|person| (person, texts.next().flatten()));
        Ok(Asked { invitation_id: id, label, valid_to: one.valid_to, helper })
    }
}
