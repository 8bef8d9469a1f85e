//! A letter as a client of Mina Meddelanden writes it: a `deliverSecure` message, signed and sealed.

use crate::compose::Draft;
use anyhow::{Context, Result, ensure};
use bytes::Bytes;
use delivery::{
    Delivery, Message, XmlSigner,
    read::{Attachment, Support},
    write,
};
use domain::CivilDate;
use std::path::Path;
use vault::Certificate;

/// An organisation's RSA key and certificate, to sign and seal with.
pub fn signer(certificate: &Path, key: &Path) -> Result<XmlSigner> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let parsed = Certificate::from_pem(&read(certificate)?);
    let parsed = parsed.with_context(|| format!("in {}", certificate.display()))?;
    ensure!(
        parsed.organisation.is_some(),
        "{}: names no organisation in serialNumber",
        certificate.display()
    );
    XmlSigner::from_pem(&read(key)?, &parsed).with_context(|| format!("in {}", key.display()))
}

/// The whole message. `sender_name` is what a registry would show. Members that the interface has no place for are
/// named.
pub fn deliver_secure(
    draft: &Draft,
    sender_name: &str,
    today: CivilDate,
    sender: &XmlSigner,
    dispatcher: &XmlSigner,
) -> Result<Bytes> {
    let mut receipt = None;
    for (member, value) in &draft.more {
        match member.as_str() {
            "receipt" if value == "opened" => receipt = Some("SIMPLE".to_owned()),
            _ => anyhow::bail!("{member}: the interface of Mina Meddelanden has no place for it"),
        }
    }
    let attachments = draft
        .attachments
        .iter()
        .map(|file| Attachment::new(file.name.clone(), file.media_type.as_str(), file.content.to_vec()));
    let delivery = Delivery {
        sender_id: draft.sender.clone(),
        sender_name: sender_name.to_owned(),
        sender_attention: None,
        recipient_id: draft.recipient.clone(),
        reference: None,
        correlation_id: None,
        attention: None,
        messages: vec![Message {
            id: draft.reference.clone(),
            subject: draft.subject.clone(),
            support: Support::default(),
            matter: None,
            metadata: Vec::new(),
            language: "svSE".to_owned(),
            reply: None,
            receipt_request: receipt,
            body_type: if draft.html { "text/html" } else { "text/plain" }.to_owned(),
            body: draft.body.clone().into_bytes(),
            attachments: attachments.collect(),
        }],
    };
    let signed = write::sign(&delivery, sender)?;
    Ok(write::seal(&signed, today, dispatcher)?.into())
}
