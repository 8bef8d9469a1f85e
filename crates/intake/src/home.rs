//! A letter on its way to another operator whose recipient has come here meanwhile: it becomes a letter like any
//! other, in the same chain and under the same reference.

use crate::{
    AcceptError, Intake,
    check::Source,
    committer::Cargo,
    deliver::attach,
    draft::{Filed, Recipient},
    outbound::{self, Outbound},
    signer::Signed,
    submission,
};
use delivery::{Again, letter};
use domain::{Code, letter::Address};
use evidence::{Rehoming, rehome};
use mailbox::{Form, Original};

impl Intake {
    /// Delivers it here. False when the mailbox has gone again.
    pub async fn come_home(&self, letter: &Outbound, original: &Original) -> Result<bool, AcceptError> {
        let house = &*self.0;
        let now = self.0.clock.now();
        let internal = |error| AcceptError::Internal(Box::new(error));
        let Again { delivery, payloads, .. } = delivery::again(&original.signed).map_err(internal)?;
        let to = letter::addressed(&delivery)?;
        let message = delivery.messages.first().ok_or(Code::DeliveryMalformed)?;
        let read = letter::letter(&delivery, &to, message, &self.delivery_limits())?;
        let found = self.look_up(&letter.address_mac, &to.sender, now).await?;
        let Ok(recipient) = Recipient::of(&found, &to.recipient, letter.address_mac, now) else {
            return Ok(false);
        };
        let mailbox_id = recipient.mailbox_id;
        let certificate_sha256 = vault::sha256(&original.certificate);
        let signed = Signed {
            address: Address { sender: to.sender.clone(), reference: read.reference.clone() },
            certificate: original.certificate.as_slice().into(),
            certificate_sha256,
            usable: Ok(()),
            sender_name: original.sender_name.clone(),
            dispatcher: original.dispatcher.clone(),
            forwarded: None,
            registry: found.version,
        };
        let macs = self.macs(&signed.address, &[]);
        let source = Source {
            original: original.signed.clone().into(),
            form: Form::Delivery { message: 0 },
            payload: payloads.first().ok_or(Code::DeliveryMalformed)?.to_vec(),
        };
        let room = house.room.admit(&to.sender, 0)?;
        let filed = Filed { letter_id: letter.letter_id, recipient, visible_from: now, leaving: None };
        let mut draft = self.draft(&to.sender, read, source, signed, macs, filed, room);
        attach(&mut draft, message).await?;
        let (prepared, accepted, nonce) = self.prepare_letter(draft).await?;
        let Cargo::Letter(mut here) = prepared.cargo else { return Err(AcceptError::Unknown) };
        let keys = &*house.gateway_keys;
        let before = house.keys.events_before(letter.letter_id).await?;
        let mut tx = house.store.begin("deliver outbound here").await?;
        if !outbound::end(&mut tx, letter, "delivered_here", None, now).await? {
            return Ok(true);
        }
        let moving = Rehoming {
            ring: &keys.events,
            before: &before,
            chain: letter.letter_id,
            from: letter.letter_id.own_box(),
            to: mailbox_id,
        };
        here.event = rehome(&mut tx, &moving, (&accepted, &nonce), &*house.random).await?;
        mailbox::deliver(&mut tx, &keys.events, &[&here]).await?;
        submission::moved(&mut tx, letter.letter_id, mailbox_id).await?;
        here.claim_objects();
        tx.commit().await?;
        self.forget_object(letter).await;
        tracing::info!(letter.id = %letter.letter_id, "Delivered letter {} here after all", letter.letter_id);
        Ok(true)
    }
}
