//! A message becomes a letter as the house knows it.

use crate::read::{Attachment, Delivery, Message, OfficialMatter};
use domain::{
    CivilDate, Code, Identity, OrgNumber, Refusal,
    identity::IdentityError,
    letter::{self, Body, BodyType, Letter, Limits, Matter, MatterEvent, Metadata, Notes},
    text::{self, TextError},
    words::{ReceiptWish, ReplyWish},
};
use md5::{Digest, Md5};
use vault::sha256;

/// Who sent to whom: parsed, and judged before anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressed {
    pub sender: OrgNumber,
    pub recipient: Identity,
}

/// Sender and recipient of a delivery.
pub fn addressed(delivery: &Delivery) -> Result<Addressed, Refusal> {
    let sender = OrgNumber::parse(&delivery.sender_id).map_err(|e| number(e, "/Header/Sender/Id"))?;
    let recipient = Identity::parse(&delivery.recipient_id).map_err(|e| number(e, "/Header/Recipient"))?;
    Ok(Addressed { sender, recipient })
}

/// The sender's own id of a message: with the sender's number it is what a letter is known by.
pub fn reference(message: &Message) -> Result<String, Refusal> {
    line(&message.id, 128, "/Message/Header/Id")
}

/// The letter of one message. `limits` bound the attachments; the body may be as long as the envelope, since images
/// stand in it.
pub fn letter(
    delivery: &Delivery,
    to: &Addressed,
    message: &Message,
    limits: &Limits,
) -> Result<Letter, Refusal> {
    Ok(Letter {
        reference: reference(message)?,
        sender: to.sender.clone(),
        recipient: to.recipient.clone(),
        subject: one_line(&message.subject, 255, "/Message/Header/Subject")?,
        language: language(&message.language)?,
        body: body(&message.body_type, &message.body, "/Message/Body")?,
        attachments: attachments(&message.attachments, limits)?,
        support: support(message)?,
        matter: message.matter.as_ref().map(matter).transpose()?,
        kind: None,
        reply_by: None,
        visible_from: None,
        reply: match message.reply.as_deref() {
            Some("REQUESTED") => ReplyWish::Requested,
            Some("ACCEPTED") => ReplyWish::Accepted,
            _ => ReplyWish::NotAllowed,
        },
        receipt: match message.receipt_request.as_deref() {
            Some("SIMPLE" | "SIGNED") => ReceiptWish::Opened,
            _ => ReceiptWish::Nothing,
        },
        confidential: false,
        audience: None,
        notes: notes(delivery, message)?,
    })
}

pub(crate) fn body(content_type: &str, content: &[u8], at: &str) -> Result<Body, Refusal> {
    let media_type = match essence(content_type).as_deref() {
        Some("text/plain") => BodyType::Plain,
        Some("text/html") => BodyType::Html,
        _ => return Err(Refusal::new(Code::BodyTypeNotAllowed).at(at)),
    };
    let content = std::str::from_utf8(content);
    let content =
        content.map_err(|_| Refusal::new(Code::FieldInvalid).because("the body is not UTF-8").at(at))?;
    let content = content.strip_prefix('\u{FEFF}').unwrap_or(content);
    if content.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Refusal::new(Code::CharactersNotAllowed).at(at));
    }
    Ok(Body { media_type, content: content.to_owned() })
}

fn attachments(of: &[Attachment], limits: &Limits) -> Result<Vec<letter::Attachment>, Refusal> {
    const AT: &str = "/Message/Attachment";
    if of.len() > limits.attachments {
        return Err(Refusal::new(Code::TooManyAttachments).at(AT));
    }
    let total: u64 = of.iter().map(|file| file.content.len() as u64).sum();
    if total > limits.total_bytes {
        return Err(Refusal::new(Code::AttachmentTooLarge).because("all together").at(AT));
    }
    of.iter().enumerate().map(|(no, file)| attachment(file, &format!("{AT}[{}]", no + 1), limits)).collect()
}

fn attachment(file: &Attachment, at: &str, limits: &Limits) -> Result<letter::Attachment, Refusal> {
    if file.content.len() as u64 > limits.attachment_bytes {
        return Err(Refusal::new(Code::AttachmentTooLarge).at(at));
    }
    // Compared where it is the MD5 that the interface means, and never trusted: the signature is what counts.
    let checksum = file.checksum.trim();
    let is_md5 = checksum.len() == 32 && checksum.bytes().all(|b| b.is_ascii_hexdigit());
    if is_md5 && !checksum.eq_ignore_ascii_case(&hex::encode(Md5::digest(&file.content))) {
        return Err(Refusal::new(Code::AttachmentChecksumMismatch).at(format!("{at}/Checksum")));
    }
    let name = text::file_name(&file.name).map_err(|e| text_refusal(e, 255, &format!("{at}/Filename")))?;
    let media_type = essence(&file.content_type).unwrap_or_default();
    Ok(letter::Attachment {
        name,
        media_type: media_type.parse().map_err(|r: Refusal| r.at(format!("{at}/ContentType")))?,
        bytes: file.content.len() as u64,
        sha256: sha256(&file.content),
    })
}

fn support(message: &Message) -> Result<Option<letter::Support>, Refusal> {
    const AT: &str = "/Message/Header/Supportinfo";
    let of = &message.support;
    let text = lines(&of.text, AT)?;
    let part = |value: &Option<String>, name: &str| -> Result<Option<String>, Refusal> {
        let value = value.as_deref().map(|v| one_line(v, 256, &format!("{AT}/{name}"))).transpose()?;
        Ok(value.filter(|v| !v.is_empty()))
    };
    let support = letter::Support {
        text: Some(text).filter(|t| !t.trim().is_empty()),
        url: part(&of.url, "URL")?,
        phone: part(&of.phone, "PhoneNumber")?,
        email: part(&of.email, "EmailAdress")?,
    };
    Ok(Some(support).filter(|support| *support != letter::Support::default()))
}

fn matter(of: &OfficialMatter) -> Result<Matter, Refusal> {
    const AT: &str = "/Message/Header/OfficialMatter";
    let part = |value: &Option<String>| -> Result<Option<String>, Refusal> {
        let value = value.as_deref().map(|v| one_line(v, 2000, AT)).transpose()?;
        Ok(value.filter(|v| !v.is_empty()))
    };
    Ok(Matter {
        id: part(&of.matter_id)?,
        shared_id: None,
        subject: part(&of.subject)?,
        status: of.status.clone(),
        event: Some(MatterEvent {
            id: part(&of.event_id)?,
            preceding_id: part(&of.preceding_event_id)?,
            kind: part(&of.event_type)?,
            date: of.date.as_deref().and_then(|d| CivilDate::parse(d.trim().get(..10)?).ok()),
        }),
    })
}

fn notes(delivery: &Delivery, message: &Message) -> Result<Notes, Refusal> {
    let metadata = message.metadata.iter().map(|(tag, value)| {
        const AT: &str = "/Message/Header/Metadata";
        Ok(Metadata { tag: one_line(tag, 2000, AT)?, value: lines(value, AT)? })
    });
    Ok(Notes {
        reference: note(&delivery.reference, "/Header/Reference")?,
        correlation_id: note(&delivery.correlation_id, "/Header/CorrelationId")?,
        attention: note(&delivery.attention, "/Header/Attention")?,
        sender_attention: note(&delivery.sender_attention, "/Header/Sender/Attention")?,
        metadata: metadata.collect::<Result<_, Refusal>>()?,
    })
}

/// One line beside the text, where there is one.
pub(crate) fn note(value: &Option<String>, at: &str) -> Result<Option<String>, Refusal> {
    let value = value.as_deref().map(|v| one_line(v, 2000, at)).transpose()?;
    Ok(value.filter(|v| !v.is_empty()))
}

/// `svSE`, as every sender writes it, is `sv-SE`.
fn language(tag: &str) -> Result<String, Refusal> {
    let tag = tag.trim();
    let bytes = tag.as_bytes();
    let run_together = bytes.len() == 4
        && bytes[..2].iter().all(u8::is_ascii_lowercase)
        && bytes[2..].iter().all(u8::is_ascii_uppercase);
    if run_together {
        return Ok(format!("{}-{}", &tag[..2], &tag[2..]));
    }
    // xs:language.
    let parts: Vec<_> = tag.split('-').collect();
    let letters = |p: &str| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphabetic());
    let mixed = |p: &&str| (1..=8).contains(&p.len()) && p.bytes().all(|b| b.is_ascii_alphanumeric());
    if tag.len() <= 35 && letters(parts[0]) && parts[1..].iter().all(mixed) {
        return Ok(tag.to_owned());
    }
    Err(Refusal::new(Code::FieldInvalid).because("xs:language, such as svSE").at("/Message/Header/Language"))
}

/// A media type without its parameters, of which only UTF-8 may be one.
fn essence(text: &str) -> Option<String> {
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next()?.to_ascii_lowercase();
    let charset = |p: &str| {
        p.split_once('=').is_none_or(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || ["utf-8", "utf8"].contains(&value.trim().trim_matches('"').to_ascii_lowercase().as_str())
        })
    };
    parts.all(charset).then_some(essence)
}

/// A line that may be empty; what breaks lines in it becomes a space.
pub(crate) fn one_line(value: &str, most: usize, at: &str) -> Result<String, Refusal> {
    let spaced: String =
        value.chars().map(|c| if matches!(c, '\n' | '\r' | '\t') { ' ' } else { c }).collect();
    let trimmed = spaced.trim();
    if trimmed.is_empty() { Ok(String::new()) } else { line(trimmed, most, at) }
}

pub(crate) fn line(value: &str, most: usize, at: &str) -> Result<String, Refusal> {
    text::line(value, 1, most).map_err(|e| text_refusal(e, most, at))
}

/// Text of several lines.
fn lines(value: &str, at: &str) -> Result<String, Refusal> {
    if value.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        return Err(Refusal::new(Code::CharactersNotAllowed).at(at));
    }
    Ok(value.to_owned())
}

fn text_refusal(error: TextError, most: usize, at: &str) -> Refusal {
    match error {
        TextError::Length => {
            Refusal::new(Code::FieldInvalid).because(format!("not empty and at most {most} characters"))
        }
        TextError::Characters => Refusal::new(Code::CharactersNotAllowed),
        TextError::FileName => Refusal::new(Code::FileNameNotAllowed),
    }
    .at(at)
}

pub(crate) fn number(error: IdentityError, at: &str) -> Refusal {
    let code = match error {
        IdentityError::Form => Code::IdentityInvalid,
        IdentityError::CheckDigit => Code::CheckDigitInvalid,
    };
    Refusal::new(code).at(at)
}
