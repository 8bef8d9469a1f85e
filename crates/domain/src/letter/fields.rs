//! Each member's form, length and meaning.

use super::{
    Attachment, Body, BodyType, Letter, Limits, Matter, Notes, Support,
    wire::{Object, Wire, WireAttachment, WireBody, WireMatter, WireSupport},
};
use crate::{
    CivilDate, Code, Identity, OrgNumber, Refusal, Time,
    identity::IdentityError,
    text::{self, TextError},
    words::{Kind, ReceiptWish, ReplyWish},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

fn one_of<T: ToString>(words: &[T]) -> String {
    format!("one of {}", words.iter().map(T::to_string).collect::<Vec<_>>().join(", "))
}

pub(super) fn letter(wire: Wire, limits: &Limits) -> Result<Letter, Refusal> {
    let at = |pointer: &'static str| move |code: Code| Refusal::new(code).at(pointer);
    let kind = match wire.kind.as_deref() {
        None => None,
        Some(word) => {
            let other = || at("/kind")(Code::FieldInvalid).because(one_of(Kind::ALL));
            Some(Kind::parse(word).ok_or_else(other)?)
        }
    };
    let receipt = match wire.receipt.as_deref() {
        None => ReceiptWish::Nothing,
        Some(word) => {
            let other = || at("/receipt")(Code::FieldInvalid).because(one_of(ReceiptWish::ALL));
            ReceiptWish::parse(word).ok_or_else(other)?
        }
    };
    match wire.reply.as_deref() {
        None | Some("not_allowed") => {}
        Some("accepted" | "requested") => return Err(at("/reply")(Code::NotSupported)),
        Some(_) => return Err(at("/reply")(Code::FieldInvalid)),
    }
    let reply_by = wire.reply_by.as_deref().map(CivilDate::parse).transpose();
    let visible_from = wire.visible_from.as_deref().map(Time::parse).transpose();
    Ok(Letter {
        reference: reference(&wire.reference)?,
        sender: sender(&wire.sender)?,
        recipient: recipient(&wire.recipient)?,
        subject: line(&wire.subject, 1, 255, "/subject")?,
        language: language(wire.language)?,
        body: body(wire.body.0, limits)?,
        attachments: manifest(wire.attachments.unwrap_or_default(), limits)?,
        support: wire.support.map(|o| support(o.0)).transpose()?,
        matter: wire.matter.map(|o| matter(o.0)).transpose()?,
        kind,
        reply_by: reply_by
            .map_err(|_| at("/reply_by")(Code::FieldInvalid).because("a date is YYYY-MM-DD"))?,
        visible_from: visible_from
            .map_err(|_| at("/visible_from")(Code::FieldInvalid).because("a time is RFC 3339"))?,
        reply: ReplyWish::NotAllowed,
        receipt,
        confidential: wire.confidential.unwrap_or(false),
        audience: wire.audience.map(|a| line(&a, 1, 255, "/audience")).transpose()?,
        notes: Notes::default(),
    })
}

pub(super) fn reference(text: &str) -> Result<String, Refusal> {
    line(text, 1, 128, "/reference")
}

pub(super) fn sender(text: &str) -> Result<OrgNumber, Refusal> {
    OrgNumber::parse(text).map_err(|e| identity_refusal(e, "/sender"))
}

pub(super) fn recipient(text: &str) -> Result<Identity, Refusal> {
    Identity::parse(text).map_err(|e| identity_refusal(e, "/recipient"))
}

fn identity_refusal(error: IdentityError, pointer: &str) -> Refusal {
    Refusal::new(match error {
        IdentityError::Form => Code::IdentityInvalid,
        IdentityError::CheckDigit => Code::CheckDigitInvalid,
    })
    .at(pointer)
}

fn line(value: &str, min: usize, max: usize, pointer: &str) -> Result<String, Refusal> {
    text::line(value, min, max).map_err(|e| text_refusal(e, max, pointer))
}

fn text_refusal(error: TextError, max: usize, pointer: &str) -> Refusal {
    match error {
        TextError::Length => {
            Refusal::new(Code::FieldInvalid).because(format!("not empty and at most {max} characters"))
        }
        TextError::Characters => Refusal::new(Code::CharactersNotAllowed),
        TextError::FileName => Refusal::new(Code::FileNameNotAllowed),
    }
    .at(pointer)
}

/// A primary language with optional script or region, as in BCP 47: `sv`, `en`, `sv-FI`, `zh-Hans`.
fn language(tag: String) -> Result<String, Refusal> {
    let mut parts = tag.split('-');
    let primary = parts.next().unwrap_or_default();
    let good = (2..=3).contains(&primary.len())
        && primary.bytes().all(|b| b.is_ascii_lowercase())
        && tag.len() <= 35
        && parts.all(|p| (2..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric()));
    if good { Ok(tag) } else { Err(Refusal::new(Code::FieldInvalid).because("a BCP 47 tag").at("/language")) }
}

fn body(wire: WireBody, limits: &Limits) -> Result<Body, Refusal> {
    let media_type = match wire.media_type.as_str() {
        "text/plain" => BodyType::Plain,
        "text/html" => BodyType::Html,
        _ => {
            let why = "text/plain or text/html";
            return Err(Refusal::new(Code::FieldInvalid).because(why).at("/body/media_type"));
        }
    };
    if wire.content.len() as u64 > limits.body_bytes {
        return Err(Refusal::new(Code::BodyTooLarge).at("/body/content"));
    }
    if wire.content.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Refusal::new(Code::CharactersNotAllowed).at("/body/content"));
    }
    Ok(Body { media_type, content: wire.content })
}

fn manifest(wire: Vec<Object<WireAttachment>>, limits: &Limits) -> Result<Vec<Attachment>, Refusal> {
    if wire.len() > limits.attachments {
        return Err(Refusal::new(Code::TooManyAttachments).at("/attachments"));
    }
    let total = wire.iter().try_fold(0u64, |sum, a| sum.checked_add(a.0.bytes));
    if total.is_none_or(|t| t > limits.total_bytes) {
        return Err(Refusal::new(Code::AttachmentTooLarge).because("all together").at("/attachments"));
    }
    wire.into_iter().enumerate().map(|(no, entry)| attachment(no, &entry.0, limits)).collect()
}

fn attachment(no: usize, wire: &WireAttachment, limits: &Limits) -> Result<Attachment, Refusal> {
    let at = |member: &str| format!("/attachments/{no}/{member}");
    if wire.bytes > limits.attachment_bytes {
        return Err(Refusal::new(Code::AttachmentTooLarge).at(at("bytes")));
    }
    let hash = URL_SAFE_NO_PAD.decode(&wire.sha256).ok().and_then(|h| h.try_into().ok());
    Ok(Attachment {
        name: text::file_name(&wire.name).map_err(|e| text_refusal(e, 255, &at("name")))?,
        media_type: wire.media_type.parse().map_err(|r: Refusal| r.at(at("media_type")))?,
        bytes: wire.bytes,
        sha256: hash.ok_or_else(|| {
            Refusal::new(Code::FieldInvalid).because("SHA-256 in base64url without padding").at(at("sha256"))
        })?,
    })
}

fn support(wire: WireSupport) -> Result<Support, Refusal> {
    let url = wire.url.map(|u| line(&u, 1, 255, "/support/url")).transpose()?;
    if url.as_ref().is_some_and(|u| !u.starts_with("https://")) {
        return Err(Refusal::new(Code::FieldInvalid).because("an https address").at("/support/url"));
    }
    let email = wire.email.map(|e| line(&e, 3, 254, "/support/email")).transpose()?;
    if email.as_ref().is_some_and(|e| e.split_once('@').is_none_or(|(a, b)| a.is_empty() || b.is_empty())) {
        return Err(Refusal::new(Code::FieldInvalid).because("an e-mail address").at("/support/email"));
    }
    let text = match wire.text {
        Some(t) if t.chars().count() > 1024 => {
            return Err(text_refusal(TextError::Length, 1024, "/support/text"));
        }
        Some(t) if t.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) => {
            return Err(text_refusal(TextError::Characters, 1024, "/support/text"));
        }
        other => other,
    };
    Ok(Support {
        text,
        url,
        phone: wire.phone.map(|p| line(&p, 1, 64, "/support/phone")).transpose()?,
        email,
    })
}

fn matter(wire: WireMatter) -> Result<Matter, Refusal> {
    Ok(Matter {
        id: wire.id.map(|t| line(&t, 1, 255, "/matter/id")).transpose()?,
        shared_id: wire.shared_id.map(|t| line(&t, 1, 255, "/matter/shared_id")).transpose()?,
        subject: wire.subject.map(|t| line(&t, 1, 255, "/matter/subject")).transpose()?,
        status: wire.status.map(|t| line(&t, 1, 64, "/matter/status")).transpose()?,
        event: None,
    })
}

/// Thirty-two bytes as base64url without padding.
pub(super) mod base64url_32 {
    use super::{Engine, URL_SAFE_NO_PAD};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(bytes: &[u8; 32], s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(&URL_SAFE_NO_PAD.encode(bytes))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(d: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(d)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(D::Error::custom)?;
        bytes.try_into().map_err(|_| D::Error::custom("not 32 bytes"))
    }
}
