//! A sealed delivery, element by element, in the order of its schema: what is not expected is not read over.

mod children;

pub use children::Children;

use crate::{
    document::{elements, is, text},
    names::{MESSAGE_V1, MESSAGE_V2, MESSAGE_V3, OFFICIAL_MATTER_V3, SENDER},
};
use domain::CivilDate;
use roxmltree::Node;

/// Where a delivery differs from its schema. The path names elements, never values.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{path}: {fault}")]
pub struct ReadError {
    pub path: String,
    pub fault: &'static str,
}

/// What a sender signed: one recipient, one or more messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    pub sender_id: String,
    pub sender_name: String,
    pub sender_attention: Option<String>,
    pub recipient_id: String,
    pub reference: Option<String>,
    pub correlation_id: Option<String>,
    pub attention: Option<String>,
    pub messages: Vec<Message>,
}

/// One message, which becomes one letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    pub id: String,
    pub subject: String,
    pub support: Support,
    pub matter: Option<OfficialMatter>,
    /// Tag and value.
    pub metadata: Vec<(String, String)>,
    pub language: String,
    /// `REQUESTED`, `ACCEPTED` or `NOT_ALLOWED`.
    pub reply: Option<String>,
    /// `NOT`, `SIMPLE` or `SIGNED`.
    pub receipt_request: Option<String>,
    pub body_type: String,
    pub body: Vec<u8>,
    pub attachments: Vec<Attachment>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Support {
    pub text: String,
    pub url: Option<String>,
    pub phone: Option<String>,
    pub email: Option<String>,
}

/// An event in a matter. Elements of other namespaces are kept in the signed original alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OfficialMatter {
    pub date: Option<String>,
    pub event_id: Option<String>,
    pub matter_id: Option<String>,
    pub preceding_event_id: Option<String>,
    pub subject: Option<String>,
    pub event_type: Option<String>,
    pub status: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attachment {
    pub content_type: String,
    pub content: Vec<u8>,
    /// As written: an MD5 in hexadecimal digits, in most.
    pub checksum: String,
    pub name: String,
}

pub(crate) type Read<T> = Result<T, ReadError>;

/// The parts of `SealedDelivery`, whatever its root is called: the signed delivery, and the seal.
pub(crate) fn sealed<'a, 'i>(sealed: Node<'a, 'i>) -> Read<Node<'a, 'i>> {
    let mut of = Children::signed(sealed, "SealedDelivery")?;
    let signed = of.one((MESSAGE_V3, "SignedDelivery"))?;
    let mut seal = of.enter((MESSAGE_V3, "Seal"))?;
    let received = seal.text((MESSAGE_V1, "ReceivedTime"))?;
    seal.check(is_date(&received), "ReceivedTime", "a date is YYYY-MM-DD")?;
    let ok = seal.text((MESSAGE_V1, "SignaturesOK"))?;
    // The dispatcher's claim. Its form is held, and what it says is not believed.
    seal.check(["true", "false", "1", "0"].contains(&ok.trim()), "SignaturesOK", "true or false")?;
    seal.end()?;
    of.one((crate::names::DSIG, "Signature"))?;
    of.end()?;
    Ok(signed)
}

/// The day in the seal of what [`sealed`] has read.
pub(crate) fn received(sealed: Node<'_, '_>) -> Option<CivilDate> {
    let seal = sealed.children().find(|child| is(child, (MESSAGE_V3, "Seal")))?;
    let day = seal.children().find(|child| is(child, (MESSAGE_V1, "ReceivedTime")))?;
    CivilDate::parse(text(day)?.trim().get(..10)?).ok()
}

/// What is in `SignedDelivery`.
pub(crate) fn delivery(signed: Node<'_, '_>) -> Read<Delivery> {
    let mut of = Children::signed(signed, "SignedDelivery")?;
    let mut inside = of.enter((MESSAGE_V3, "Delivery"))?;
    let mut header = inside.enter((MESSAGE_V3, "Header"))?;
    let mut sender = header.enter((MESSAGE_V2, "Sender"))?;
    let sender_id = sender.text((SENDER, "Id"))?;
    let sender_name = sender.text((SENDER, "Name"))?;
    sender.check((2..=256).contains(&sender_name.chars().count()), "Name", "2 to 256 characters")?;
    let sender_attention = sender.optional((SENDER, "Attention"))?;
    sender.end()?;
    let recipient_id = header.text((MESSAGE_V2, "Recipient"))?;
    let reference = header.optional((MESSAGE_V2, "Reference"))?;
    let correlation_id = header.optional((MESSAGE_V2, "CorrelationId"))?;
    let attention = header.optional((MESSAGE_V2, "Attention"))?;
    header.end()?;
    let mut messages = Vec::new();
    while let Some(message) = inside.maybe((MESSAGE_V3, "Message")) {
        let path = format!("{}/Message[{}]", inside.path, messages.len() + 1);
        messages.push(self::message(Children::at(message, path)?)?);
    }
    inside.check(!messages.is_empty(), "Message", "at least one is needed")?;
    inside.end()?;
    of.one((crate::names::DSIG, "Signature"))?;
    of.end()?;
    Ok(Delivery {
        sender_id,
        sender_name,
        sender_attention,
        recipient_id,
        reference,
        correlation_id,
        attention,
        messages,
    })
}

/// The `Header` and the `Message`s of a signed delivery, as they stand.
pub(crate) fn nodes<'a, 'i>(signed: Node<'a, 'i>) -> Option<(Node<'a, 'i>, Vec<Node<'a, 'i>>)> {
    let delivery = signed.children().find(|child| is(child, (MESSAGE_V3, "Delivery")))?;
    let header = delivery.children().find(|child| is(child, (MESSAGE_V3, "Header")))?;
    Some((header, delivery.children().filter(|child| is(child, (MESSAGE_V3, "Message"))).collect()))
}

fn message(mut of: Children<'_, '_>) -> Read<Message> {
    let header = of.enter((MESSAGE_V3, "Header"))?;
    let body = of.enter((MESSAGE_V3, "Body"))?;
    let mut message = headed(header, body)?;
    while let Some(node) = of.maybe((MESSAGE_V3, "Attachment")) {
        let path = format!("{}/Attachment[{}]", of.path, message.attachments.len() + 1);
        let mut file = Children::at(node, path)?;
        message.attachments.push(Attachment {
            content_type: file.text((MESSAGE_V1, "ContentType"))?,
            content: file.binary((MESSAGE_V1, "Body"))?,
            checksum: file.text((MESSAGE_V1, "Checksum"))?,
            name: file.text((MESSAGE_V1, "Filename"))?,
        });
        file.end()?;
    }
    of.end()?;
    Ok(message)
}

/// A message of these two, whatever they are called where they stand.
pub(crate) fn headed(mut header: Children<'_, '_>, mut body: Children<'_, '_>) -> Read<Message> {
    let id = header.text((MESSAGE_V3, "Id"))?;
    let subject = header.text((MESSAGE_V3, "Subject"))?;
    header.check(subject.chars().count() <= 255, "Subject", "at most 255 characters")?;
    let support = support(header.enter((MESSAGE_V3, "Supportinfo"))?)?;
    let matter = match header.maybe((MESSAGE_V3, "OfficialMatter")) {
        None => None,
        Some(node) => matter(node, &format!("{}/OfficialMatter", header.path))?,
    };
    let mut metadata = Vec::new();
    while let Some(node) = header.maybe((MESSAGE_V3, "Metadata")) {
        let mut pair = Children::at(node, format!("{}/Metadata[{}]", header.path, metadata.len() + 1))?;
        metadata.push((pair.text((MESSAGE_V1, "Tag"))?, pair.text((MESSAGE_V1, "Value"))?));
        pair.end()?;
    }
    let language = header.text((MESSAGE_V3, "Language"))?;
    let reply = header.optional((MESSAGE_V3, "Reply"))?;
    header.word(reply.as_deref(), "Reply", &["REQUESTED", "ACCEPTED", "NOT_ALLOWED"])?;
    let receipt_request = header.optional((MESSAGE_V3, "ReceiptRequest"))?;
    header.word(receipt_request.as_deref(), "ReceiptRequest", &["NOT", "SIMPLE", "SIGNED"])?;
    header.end()?;
    let body_type = body.text((MESSAGE_V1, "ContentType"))?;
    let content = body.binary((MESSAGE_V1, "Body"))?;
    body.end()?;
    Ok(Message {
        id,
        subject,
        support,
        matter,
        metadata,
        language,
        reply,
        receipt_request,
        body_type,
        body: content,
        attachments: Vec::new(),
    })
}

fn support(mut of: Children<'_, '_>) -> Read<Support> {
    let text = of.text((MESSAGE_V3, "Text"))?;
    of.check(text.chars().count() <= 1024, "Text", "at most 1024 characters")?;
    let url = of.optional((MESSAGE_V3, "URL"))?;
    let phone = of.optional((MESSAGE_V3, "PhoneNumber"))?;
    let email = of.optional((MESSAGE_V3, "EmailAdress"))?;
    for (name, value) in [("URL", &url), ("PhoneNumber", &phone)] {
        of.check(value.as_ref().is_none_or(|v| v.chars().count() <= 255), name, "at most 255 characters")?;
    }
    let address = email.as_deref().is_none_or(is_address);
    of.check(address, "EmailAdress", "an e-mail address of 5 to 256 characters")?;
    of.end()?;
    Ok(Support { text, url, phone, email })
}

/// Either the interface's own extension, or elements of other namespaces, which nobody here can read.
fn matter(node: Node<'_, '_>, path: &str) -> Read<Option<OfficialMatter>> {
    let fault = |fault| ReadError { path: path.to_owned(), fault };
    let inside: Vec<_> = elements(node).ok_or_else(|| fault("text between elements"))?.collect();
    if let [extension] = inside[..]
        && is(&extension, (MESSAGE_V3, "OfficialMatterExtension"))
    {
        return extension_of(Children::at(extension, format!("{path}/OfficialMatterExtension"))?).map(Some);
    }
    let foreign = |node: &Node<'_, '_>| node.tag_name().namespace().is_some_and(|n| n != MESSAGE_V3);
    if inside.iter().all(foreign) { Ok(None) } else { Err(fault("an element that is not expected here")) }
}

fn extension_of(mut of: Children<'_, '_>) -> Read<OfficialMatter> {
    const NS: &str = OFFICIAL_MATTER_V3;
    let date = of.text((NS, "Timestamp"))?;
    of.check(is_date(&date), "Timestamp", "a date is YYYY-MM-DD")?;
    of.skip_foreign(NS);
    let mut matter = OfficialMatter { date: Some(date), ..OfficialMatter::default() };
    if let Some(identity) = of.maybe((NS, "Identity")) {
        let mut identity = Children::at(identity, format!("{}/Identity", of.path))?;
        matter.event_id = identity.short((NS, "EventId"), 255)?;
        matter.matter_id = identity.short((NS, "OfficialMatterId"), 255)?;
        matter.preceding_event_id = identity.short((NS, "PrecedingEventId"), 255)?;
        identity.end()?;
    }
    matter.subject = of.short((NS, "MatterSubject"), 2000)?;
    matter.event_type = of.short((NS, "EventType"), 2000)?;
    matter.status = of.optional((NS, "MatterStatus"))?;
    of.word(
        matter.status.as_deref(),
        "MatterStatus",
        &["senderinitiative", "recipientinitiative", "closed"],
    )?;
    of.end()?;
    Ok(matter)
}

/// xs:date, with an offset or without.
fn is_date(text: &str) -> bool {
    let Some((date, offset)) = text.trim().split_at_checked(10) else { return false };
    let offset_holds = match offset.as_bytes() {
        [] | b"Z" => true,
        [b'+' | b'-', h1, h2, b':', m1, m2] => [h1, h2, m1, m2].iter().all(|d| d.is_ascii_digit()),
        _ => false,
    };
    offset_holds && CivilDate::parse(date).is_ok()
}

/// `.+@.+\..+` of 5 to 256 characters.
pub(crate) fn is_address(text: &str) -> bool {
    let characters: Vec<char> = text.chars().collect();
    let host = characters.iter().skip(1).position(|c| *c == '@').map(|at| &characters[at + 2..]);
    let dotted = host.is_some_and(|h| h.len() > 2 && h[1..h.len() - 1].contains(&'.'));
    (5..=256).contains(&characters.len()) && dotted
}
