//! A letter on its way to another operator whose recipient has come here meanwhile: it becomes a letter like any
//! other, in the same chain and under the same reference.

use crate::{
    AcceptError, Intake,
    draft::attach,
    outbound::{self, Outbound},
    sealing::{Filed, FirstEvent, Recipient, Sealing, Source},
    signature::Provenance,
    submission,
};
use delivery::{Again, letter};
use domain::{CertificateDigest, Code};
use evidence::{Rehoming, rehome};
use mailbox::{Form, Original};
use std::sync::Arc;

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
        // What was proved when it was taken in charge is proved still: nobody signs anew, and nothing is promised again.
        let provenance = Provenance {
            certificate: original.certificate.as_slice().into(),
            certificate_sha256: CertificateDigest::from_bytes(vault::sha256(&original.certificate)),
            sender_name: original.sender_name.clone(),
            dispatcher: original.dispatcher.clone(),
            forwarded: original.forwarded.clone().map(Arc::new),
        };
        let source = Source {
            original: original.signed.clone().into(),
            form: Form::Delivery { message: 0 },
            payload: payloads.first().ok_or(Code::DeliveryMalformed)?.to_vec(),
        };
        let filed = Filed {
            letter_id: letter.letter_id,
            sender_mac: letter.sender_mac,
            recipient,
            visible_from: now,
            leaving: None,
        };
        let mut sealing = Sealing::begin(read, source, provenance, filed, &*house.random);
        let mut place = house.room.admit(&to.sender, 0)?;
        attach(self, &mut sealing, &mut place, message).await?;
        let here = sealing.original(house.clock.now());
        let FirstEvent { event: accepted, nonce } =
            sealing.first_event(&to.sender, here.accepted_at, Some(&here), &*house.random);
        let sealed = sealing.finish(self, &here).await?;
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
        let event = rehome(&mut tx, &moving, (&accepted, &nonce), &*house.random).await?;
        let mut here = sealed.begun_by(event);
        mailbox::deliver(&mut tx, &keys.events, &[&here]).await?;
        submission::moved(&mut tx, letter.letter_id, mailbox_id).await?;
        here.claim_objects();
        tx.commit().await?;
        self.forget_object(letter).await;
        tracing::info!(letter.id = %letter.letter_id, "Delivered letter {} here after all", letter.letter_id);
        Ok(true)
    }
}
