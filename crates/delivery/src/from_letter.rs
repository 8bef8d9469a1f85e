//! A letter of the agency API becomes a delivery: the way back of [`letter()`](crate::letter::letter), for a mailbox
//! at another operator. What has no place in the interface is refused, never dropped.

use crate::read::{Attachment, Delivery, Message, OfficialMatter, Support};
use domain::{
    CivilDate, Code, Refusal, Time,
    letter::{BodyType, Letter, Matter},
    words::{ReceiptWish, ReplyWish},
};

/// Whether a letter can be told in the interface's words. Decided before its attachments come.
pub fn tellable(letter: &Letter, now: Time) -> Result<(), Refusal> {
    let matter = letter.matter.as_ref();
    let strange = |status: &str| !STATUSES.contains(&status);
    let places = [
        ("/kind", letter.kind.is_some()),
        ("/reply_by", letter.reply_by.is_some()),
        ("/visible_from", letter.visible_from.is_some_and(|from| from > now)),
        ("/confidential", letter.confidential),
        ("/matter/shared_id", matter.is_some_and(|matter| matter.shared_id.is_some())),
        ("/matter/status", matter.and_then(|matter| matter.status.as_deref()).is_some_and(strange)),
    ];
    match places.into_iter().find(|(_, there)| *there) {
        None => Ok(()),
        Some((pointer, _)) => Err(Refusal::new(Code::NotSupported).because(NO_PLACE).at(pointer)),
    }
}

/// The delivery of one letter. `files` are the contents of its attachments, in the order of the manifest; `today` is
/// the date of its matter, when it tells none.
pub fn from_letter(letter: &Letter, sender_name: &str, files: Vec<Vec<u8>>, today: CivilDate) -> Delivery {
    let attachments = letter
        .attachments
        .iter()
        .zip(files)
        .map(|(entry, content)| Attachment::new(entry.name.clone(), entry.media_type.as_str(), content));
    let support = letter.support.clone().unwrap_or_default();
    Delivery {
        sender_id: letter.sender.as_str().to_owned(),
        sender_name: sender_name.to_owned(),
        sender_attention: None,
        recipient_id: letter.recipient.expose().to_owned(),
        reference: None,
        correlation_id: None,
        attention: None,
        messages: vec![Message {
            id: letter.reference.clone(),
            subject: letter.subject.clone(),
            support: Support {
                text: support.text.unwrap_or_default(),
                url: support.url,
                phone: support.phone,
                email: support.email,
            },
            matter: letter.matter.as_ref().map(|matter| official(matter, today)),
            metadata: Vec::new(),
            language: language(&letter.language),
            reply: match letter.reply {
                ReplyWish::NotAllowed => None,
                ReplyWish::Accepted => Some("ACCEPTED".to_owned()),
                ReplyWish::Requested => Some("REQUESTED".to_owned()),
            },
            receipt_request: (letter.receipt == ReceiptWish::Opened).then(|| "SIMPLE".to_owned()),
            body_type: match letter.body.media_type {
                BodyType::Plain => "text/plain",
                BodyType::Html => "text/html",
            }
            .to_owned(),
            body: letter.body.content.clone().into_bytes(),
            attachments: attachments.collect(),
        }],
    }
}

fn official(matter: &Matter, today: CivilDate) -> OfficialMatter {
    let event = matter.event.clone().unwrap_or_default();
    OfficialMatter {
        date: Some(event.date.unwrap_or(today).to_string()),
        event_id: event.id,
        matter_id: matter.id.clone(),
        preceding_event_id: event.preceding_id,
        subject: matter.subject.clone(),
        event_type: event.kind,
        status: matter.status.clone(),
    }
}

/// Swedish is written run together, as every sender does.
fn language(tag: &str) -> String {
    if ["sv", "sv-SE"].contains(&tag) { "svSE".to_owned() } else { tag.to_owned() }
}

/// Members that have no place in the interface, other than empty.
pub const NO_PLACE_FOR: &[&str] = &["kind", "reply_by", "visible_from", "confidential", "matter.shared_id"];
const STATUSES: [&str; 3] = ["senderinitiative", "recipientinitiative", "closed"];
const NO_PLACE: &str =
    "the recipient's mailbox is at another operator, and the interface to it has no place for this";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::letter::{addressed, letter as read_back};
    use domain::letter::Limits;
    use serde_json::{Value, json};

    fn letter(more: Value) -> Letter {
        let mut value = json!({"reference": "r-1", "sender": "164020000016", "recipient": "198101052382",
            "subject": "Beslut", "language": "sv-SE", "body": {"media_type": "text/html", "content": "<p>Hej</p>"}});
        for (name, member) in more.as_object().unwrap() {
            value[name] = member.clone();
        }
        Letter::parse(value.to_string().as_bytes(), &Limits::default()).unwrap()
    }

    #[test]
    fn what_is_told_reads_back_as_the_same_letter() {
        let content = b"Bilaga".to_vec();
        let hash = base64_url(&vault::sha256(&content));
        let sent = letter(json!({
            "support": {"text": "Fr\u{e5}ga", "url": "https://exempel.se", "phone": "08-1", "email": "a@exempel.se"},
            "matter": {"id": "M-1", "subject": "Bygglov", "status": "closed"}, "receipt": "opened",
            "attachments": [{"name": "a.txt", "media_type": "text/plain", "bytes": 6, "sha256": hash}],
        }));
        let today = CivilDate::parse("2026-11-22").unwrap();
        tellable(&sent, today.start()).unwrap();
        let delivery = from_letter(&sent, "Exempelkommunen", vec![content], today);
        let to = addressed(&delivery).unwrap();
        let mut back = read_back(&delivery, &to, &delivery.messages[0], &Limits::default()).unwrap();
        assert_eq!(back.matter.as_mut().unwrap().event.take().unwrap().date, Some(today));
        assert_eq!(back, sent);
    }

    #[test]
    fn what_has_no_place_is_refused_with_its_pointer() {
        let now = CivilDate::parse("2026-11-22").unwrap().start();
        for (pointer, member) in [
            ("/kind", json!({"kind": "decision"})),
            ("/reply_by", json!({"reply_by": "2026-12-01"})),
            ("/visible_from", json!({"visible_from": "2026-12-01T10:00:00.000Z"})),
            ("/confidential", json!({"confidential": true})),
            ("/matter/shared_id", json!({"matter": {"shared_id": "S-1"}})),
            ("/matter/status", json!({"matter": {"status": "nearly done"}})),
        ] {
            let refusal = tellable(&letter(member), now).unwrap_err();
            assert_eq!((refusal.code, refusal.pointer.as_deref()), (Code::NotSupported, Some(pointer)));
        }
        assert!(tellable(&letter(json!({"visible_from": "2026-01-01T10:00:00.000Z"})), now).is_ok());
    }

    fn base64_url(bytes: &[u8]) -> String {
        use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
        URL_SAFE_NO_PAD.encode(bytes)
    }
}
