//! Which senders may send: turned off and on again, a mailbox at a time.

use crate::{AccountError, Accounts};
use domain::{MailboxId, OrgNumber, Time};
use key_client::{Change, Column, declined_sender};
use mailbox::Actor;
use registry::{
    declined::{self, sender_mac},
    senders::{self, Sender},
};

impl Accounts {
    /// The senders that may send, by number, each with the instant since which it is turned off in this mailbox.
    pub async fn senders(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
    ) -> Result<Vec<(Sender, Option<Time>)>, AccountError> {
        Self::governs(actor, mailbox_id)?;
        let mut tx = self.0.store.read("list senders").await?;
        let known = senders::list(&mut tx).await?;
        let off = declined::list(&mut tx, mailbox_id).await?;
        drop(tx);
        let sending = known.into_iter().filter(|sender| sender.may_send).map(|sender| {
            let mac = sender_mac(&self.0.web_keys.sender, mailbox_id, &sender.number);
            let since = off.iter().find(|one| one.sender_mac == mac).map(|one| one.declined_at);
            (sender, since)
        });
        Ok(sending.collect())
    }

    /// A sender that may send, before it is turned off or on in a mailbox that the actor governs.
    pub async fn sender(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        number: &OrgNumber,
    ) -> Result<Sender, AccountError> {
        Self::governs(actor, mailbox_id)?;
        let mut tx = self.0.store.read("find sender").await?;
        let found = senders::find(&mut tx, number).await?.filter(|sender| sender.may_send);
        found.ok_or(AccountError::NotFound)
    }

    /// Turns a sender off: its letters are refused from now on.
    pub async fn turn_off(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        number: &OrgNumber,
    ) -> Result<(), AccountError> {
        let sender = self.sender(actor, mailbox_id, number).await?.number;
        let sender_mac = sender_mac(&self.0.web_keys.sender, mailbox_id, &sender);
        let place = declined_sender(mailbox_id, &sender_mac);
        let sealed = self.seal(Column::Declined, place, sender.as_str().as_bytes()).await?;
        self.change(actor, Change::TurnOff { mailbox_id, sender, sealed }).await.map(drop)
    }

    /// Turns a sender on again.
    pub async fn turn_on(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        number: &OrgNumber,
    ) -> Result<(), AccountError> {
        let sender = self.sender(actor, mailbox_id, number).await?.number;
        self.change(actor, Change::TurnOn { mailbox_id, sender }).await.map(drop)
    }
}
