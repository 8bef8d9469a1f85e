//! Which senders may send: turned off and on again, a mailbox at a time.

use crate::{AccountError, Accounts};
use domain::{MailboxId, OrgNumber, Time};
use key_client::{Column, declined_sender};
use mailbox::Actor;
use registry::{
    Recorder,
    declined::{self, sender_mac},
    senders::{self, Sender},
};

/// A sender that a mailbox turns off, sealed for it.
struct Off {
    mailbox_id: MailboxId,
    sender: OrgNumber,
    sender_mac: [u8; 32],
    sealed: Vec<u8>,
}

impl Accounts {
    /// The senders that may send, by number, each with the instant since which it is turned off in this mailbox.
    pub async fn senders(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
    ) -> Result<Vec<(Sender, Option<Time>)>, AccountError> {
        self.recorder_in(actor, mailbox_id)?;
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
        self.recorder_in(actor, mailbox_id)?;
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
        let recorder = self.recorder_in(actor, mailbox_id)?;
        let sender = self.sender(actor, mailbox_id, number).await?.number;
        let sender_mac = sender_mac(&self.0.web_keys.sender, mailbox_id, &sender);
        let place = declined_sender(mailbox_id, &sender_mac);
        let sealed = self.seal(Column::Declined, place, sender.as_str().as_bytes()).await?;
        self.decline(&Off { mailbox_id, sender, sender_mac, sealed }, &recorder).await
    }

    /// Turns a sender on again.
    pub async fn turn_on(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        number: &OrgNumber,
    ) -> Result<(), AccountError> {
        let recorder = self.recorder_in(actor, mailbox_id)?;
        let sender = self.sender(actor, mailbox_id, number).await?.number;
        let sender_mac = sender_mac(&self.0.web_keys.sender, mailbox_id, &sender);
        let mut tx = self.0.store.begin("turn sender on").await?;
        declined::accept(&mut tx, mailbox_id, &sender, &sender_mac, &recorder).await?;
        tx.commit().await?;
        Ok(())
    }

    async fn decline(&self, off: &Off, recorder: &Recorder<'_>) -> Result<(), AccountError> {
        let mut tx = self.0.store.begin("turn sender off").await?;
        let (mailbox_id, sender) = (off.mailbox_id, &off.sender);
        declined::decline(&mut tx, mailbox_id, sender, &off.sender_mac, &off.sealed, recorder).await?;
        tx.commit().await?;
        Ok(())
    }
}
