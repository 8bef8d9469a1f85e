//! Deliveries and notices of Mina Meddelanden.

use crate::{Authority, TOWN, pki::rsa_key};
use delivery::{
    Delivery, Message, Notice, XmlSigner,
    notice::{EmailMessage, SmsMessage},
    read::{Attachment, Support},
    write,
};
use domain::CivilDate;

/// A message with one of most things. What a test is about it replaces.
pub fn message(id: &str) -> Message {
    Message {
        id: id.into(),
        subject: "Beslut om bygglov".into(),
        support: Support { text: "Fråga oss".into(), ..Support::default() },
        matter: None,
        metadata: vec![("Diarienummer".into(), "BN-2026-17".into())],
        language: "svSE".into(),
        reply: None,
        receipt_request: Some("SIMPLE".into()),
        body_type: "text/plain".into(),
        body: "Vi har beviljat ditt bygglov.".into(),
        attachments: vec![Attachment::new("a.txt", "text/plain", b"Bilaga".to_vec())],
    }
}

/// A message of words alone.
pub fn plain(id: &str, subject: &str, text: &str) -> Message {
    Message {
        subject: subject.into(),
        metadata: Vec::new(),
        receipt_request: None,
        body: text.into(),
        attachments: Vec::new(),
        ..message(id)
    }
}

/// Messages of the town to one recipient.
pub fn to(recipient: &str, messages: Vec<Message>) -> Delivery {
    Delivery {
        sender_id: TOWN.into(),
        sender_name: "Ett annat namn".into(),
        sender_attention: None,
        recipient_id: recipient.into(),
        reference: None,
        correlation_id: None,
        attention: None,
        messages,
    }
}

/// Signed by one, sealed by another: a whole message of `deliverSecure`.
pub fn sealed(delivery: &Delivery, sender: &XmlSigner, dispatcher: &XmlSigner) -> String {
    let signed = write::sign(delivery, sender).unwrap();
    write::seal(&signed, CivilDate::parse("2026-11-22").unwrap(), dispatcher).unwrap()
}

/// An announcement of the town, by e-mail and text message.
pub fn notice(id: &str, recipients: &[&str]) -> Notice {
    Notice {
        sender_id: TOWN.into(),
        sender_name: "Ett annat namn".into(),
        recipient_ids: recipients.iter().map(|id| (*id).to_owned()).collect(),
        message: Message { support: Support::default(), ..plain(id, "Vatten", "Vatten") },
        email: Some(EmailMessage {
            from: "vatten@exempelkommunen.se".into(),
            subject: "Vattnet".into(),
            text: "Vattnet stängs kl. 10.".into(),
        }),
        sms: Some(SmsMessage { from: "Kommunen".into(), text: "Vattnet stängs.".into() }),
        payload: [0; 32],
    }
}

impl Authority {
    /// Of an organisation or a person, with the whole chain but the root.
    pub fn signer(&self, number: &str) -> XmlSigner {
        let chain = [&[self.certificate(number, 2100)], &self.between[..]].concat();
        XmlSigner::from_pem(rsa_key(number).as_bytes(), &chain).unwrap()
    }

    /// With their own certificate alone.
    pub fn signer_alone(&self, number: &str, not_after_year: i32) -> XmlSigner {
        let own = self.certificate(number, not_after_year);
        XmlSigner::from_pem(rsa_key(number).as_bytes(), &[own]).unwrap()
    }
}
