//! A letter as a client of Mina Meddelanden writes it: a `deliverSecure` message, signed and sealed.

use crate::compose::Draft;
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use delivery::{
    Delivery, Message, XmlSigner,
    read::{Attachment, OfficialMatter, Support},
    write,
};
use domain::{CivilDate, letter};
use serde::Deserialize;
use serde_json::Value;
use std::path::Path;
use vault::Certificate;

/// An organisation's RSA key and its certificate's chain, to sign and seal with.
pub fn signer(certificate: &Path, key: &Path) -> Result<XmlSigner> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let chain = Certificate::chain_from_pem(&read(certificate)?);
    let chain = chain.with_context(|| format!("in {}", certificate.display()))?;
    ensure!(
        chain.first().is_some_and(|own| own.organisation.is_some()),
        "{}: names no organisation in serialNumber",
        certificate.display()
    );
    XmlSigner::from_pem(&read(key)?, &chain)
        .with_context(|| format!("in {} and {}", certificate.display(), key.display()))
}

/// The whole message. `sender_name` is what a registry would show. Other members are named as the agency API names them;
/// one that the interface has no place for is told.
pub fn deliver_secure(
    draft: &Draft,
    sender_name: &str,
    today: CivilDate,
    sender: &XmlSigner,
    dispatcher: &XmlSigner,
) -> Result<Bytes> {
    let delivery = delivery(draft, sender_name, today)?;
    let signed = write::sign(&delivery, sender)?;
    Ok(write::seal(&signed, today, dispatcher)?.into())
}

fn delivery(draft: &Draft, sender_name: &str, today: CivilDate) -> Result<Delivery> {
    let attachments = draft
        .attachments
        .iter()
        .map(|file| Attachment::new(file.name.clone(), file.media_type.as_str(), file.content.to_vec()));
    let message = Message {
        id: draft.reference.clone(),
        subject: draft.subject.clone(),
        support: Support::default(),
        matter: None,
        metadata: Vec::new(),
        language: "svSE".to_owned(),
        reply: None,
        receipt_request: None,
        body_type: if draft.html { "text/html" } else { "text/plain" }.to_owned(),
        body: draft.body.clone().into_bytes(),
        attachments: attachments.collect(),
    };
    let mut delivery = Delivery {
        sender_id: draft.sender.clone(),
        sender_name: sender_name.to_owned(),
        sender_attention: None,
        recipient_id: draft.recipient.clone(),
        reference: None,
        correlation_id: None,
        attention: None,
        messages: vec![],
    };
    let message = draft.more.iter().try_fold(message, |message, (member, value)| {
        put(member, value, today, &mut delivery, message).with_context(|| member.clone())
    })?;
    delivery.messages.push(message);
    Ok(delivery)
}

/// Writes one member where the interface has its place.
fn put(
    member: &str,
    value: &Value,
    today: CivilDate,
    delivery: &mut Delivery,
    mut message: Message,
) -> Result<Message> {
    match member {
        "receipt" => {
            message.receipt_request = match word(value)?.as_str() {
                "none" => None,
                "opened" => Some("SIMPLE".to_owned()),
                _ => bail!("none or opened"),
            }
        }
        "reply" => {
            let word = word(value)?;
            ensure!(
                ["not_allowed", "accepted", "requested"].contains(&word.as_str()),
                "not_allowed, accepted or requested"
            );
            message.reply = Some(word.to_uppercase());
        }
        "support" => {
            let of: letter::Support = serde_json::from_value(value.clone())?;
            message.support =
                Support { text: of.text.unwrap_or_default(), url: of.url, phone: of.phone, email: of.email };
        }
        "matter" => message.matter = Some(matter(serde_json::from_value(value.clone())?, today)?),
        "metadata" => {
            let pairs: Vec<Pair> = serde_json::from_value(value.clone())?;
            message.metadata = pairs.into_iter().map(|pair| (pair.tag, pair.value)).collect();
        }
        "attention" => delivery.attention = Some(word(value)?),
        "correlation_id" => delivery.correlation_id = Some(word(value)?),
        _ => bail!("the interface of Mina Meddelanden has no place for it"),
    }
    Ok(message)
}

/// The interface wants a day for what happened: today, where the sender says none.
fn matter(of: letter::Matter, today: CivilDate) -> Result<OfficialMatter> {
    ensure!(of.shared_id.is_none(), "shared_id: the interface of Mina Meddelanden has no place for it");
    let event = of.event.unwrap_or_default();
    Ok(OfficialMatter {
        date: Some(event.date.unwrap_or(today).to_string()),
        event_id: event.id,
        matter_id: of.id,
        preceding_event_id: event.preceding_id,
        subject: of.subject,
        event_type: event.kind,
        status: of.status,
    })
}

fn word(value: &Value) -> Result<String> {
    Ok(value.as_str().context("a text")?.to_owned())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Pair {
    tag: String,
    value: String,
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use serde_json::json;

    fn draft(more: &Value) -> Draft {
        Draft { more: more.as_object().unwrap().clone(), ..Draft::default() }
    }

    #[test]
    fn members_stand_where_the_interface_has_their_place() {
        let today = CivilDate::parse("2026-11-25").unwrap();
        let more = json!({
            "receipt": "opened", "reply": "requested", "attention": "Anna", "correlation_id": "k-1",
            "support": {"text": "Ring", "phone": "010"}, "metadata": [{"tag": "Enhet", "value": "Bygg"}],
            "matter": {"id": "1", "status": "closed", "event": {"kind": "Beslut", "preceding_id": "e-0"}},
        });
        let made = delivery(&draft(&more), "Staden", today).unwrap();
        let message = &made.messages[0];
        assert_eq!((made.attention.as_deref(), made.correlation_id.as_deref()), (Some("Anna"), Some("k-1")));
        assert_eq!(message.receipt_request.as_deref(), Some("SIMPLE"));
        assert_eq!(message.reply.as_deref(), Some("REQUESTED"));
        assert_eq!((message.support.text.as_str(), message.support.phone.as_deref()), ("Ring", Some("010")));
        assert_eq!(message.metadata, [("Enhet".to_owned(), "Bygg".to_owned())]);
        let matter = message.matter.as_ref().unwrap();
        assert_eq!(
            (matter.date.as_deref(), matter.event_type.as_deref()),
            (Some("2026-11-25"), Some("Beslut"))
        );
        assert_eq!(
            (matter.status.as_deref(), matter.preceding_event_id.as_deref()),
            (Some("closed"), Some("e-0"))
        );
    }

    #[test]
    fn a_member_without_a_place_is_told() {
        let today = CivilDate::parse("2026-11-25").unwrap();
        for (more, told) in [
            (json!({"kind": "decision"}), "kind: the interface"),
            (json!({"matter": {"shared_id": "1"}}), "matter: shared_id"),
            (json!({"metadata": [{"tag": "a"}]}), "metadata: missing field"),
            (json!({"reply": "maybe"}), "reply: not_allowed, accepted"),
        ] {
            let error = format!("{:#}", delivery(&draft(&more), "Staden", today).unwrap_err());
            assert!(error.starts_with(told), "{error}");
        }
    }
}
