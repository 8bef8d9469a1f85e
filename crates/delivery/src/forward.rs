//! `deliverForward`: a delivery that somebody got, with words of their own, on its way to somebody else.
//!
//! What the sender signed and the dispatcher sealed stands in it whole, and both signatures are verified over it.
//! The words around it are nobody's but the caller's: they are signed by no one.

use crate::{
    DeliveryError, SEAL, Sealed, SignatureError, canonical,
    document::{is, line_ends, parse},
    letter::{body, line, note, number, one_line},
    names::{MESSAGE_V1, Name, SEALED_DELIVERY, SENDER, SERVICE_V3},
    read::Children,
    soap,
    write::{Xml, envelope},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{
    Code, Identity, Refusal,
    letter::{Forwarded, Notes},
};
use ring::digest;

/// A delivery of which both signatures hold, and who forwards it to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    pub covering: Covering,
    /// Of the messages in the original, the one that is forwarded; else all are.
    pub message_id: Option<String>,
    pub original: Sealed,
    /// The original standing alone, in the form in which it was sealed.
    pub document: String,
    /// SHA-256 of the canonical form of what was written around the original, for each of its messages together with
    /// that message's own payload: what a forwarded letter is compared and committed to by.
    pub payloads: Vec<[u8; 32]>,
}

/// What stands around the original.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Covering {
    pub forwarder_id: String,
    pub forwarder_name: String,
    pub forwarder_attention: Option<String>,
    pub recipient_ids: Vec<String>,
    pub reference: Option<String>,
    pub correlation_id: Option<String>,
    pub attention: Option<String>,
    pub subject: String,
    pub body_type: String,
    pub body: Vec<u8>,
}

/// `{Service/v3}deliverForward`, the operation.
pub const DELIVER_FORWARD: Name<'static> = (SERVICE_V3, "deliverForward");

impl Forward {
    /// From a whole `deliverForward` message.
    pub fn from_envelope(bytes: &[u8]) -> Result<Self, DeliveryError> {
        let bytes = line_ends(bytes)?;
        let document = parse(&bytes)?;
        let operation = soap::body(&document)?;
        if !is(&operation, DELIVER_FORWARD) {
            return Err(DeliveryError::OtherOperation);
        }
        let inside = soap::only(operation, FORWARD_MESSAGE).ok_or(DeliveryError::NoDelivery)?;
        let mut of = Children::of(inside, "forwardMessage")?;
        let mut covering = header(of.enter((SERVICE_V3, "Header"))?)?;
        let message = of.one((SERVICE_V3, "Message"))?;
        words(Children::of(message, "forwardMessage/Message")?, &mut covering)?;
        let node = of.one(ORIGINAL)?;
        let message_id = of.optional((SERVICE_V3, "MessageIdToForward"))?;
        of.end()?;
        let original = Sealed::read(node)?;
        let form = |_| DeliveryError::Seal(SignatureError::Form(SEAL, "an attribute with a prefix"));
        let document = canonical::text(node, Some(SEALED_DELIVERY)).map_err(form)?;
        let words = canonical::text(message, None).map_err(form)?;
        let payload = |of: &[u8; 32]| {
            let mut context = digest::Context::new(&digest::SHA256);
            context.update(words.as_bytes());
            context.update(of);
            context.finish().as_ref().try_into().unwrap_or_default()
        };
        let payloads = original.payloads.iter().map(payload).collect();
        Ok(Self { covering, message_id, original, document, payloads })
    }

    /// The places in the original of the messages that are forwarded.
    pub fn messages(&self) -> Result<Vec<usize>, Refusal> {
        let all = self.original.delivery.messages.iter().enumerate();
        let Some(wanted) = &self.message_id else { return Ok(all.map(|(at, _)| at).collect()) };
        let chosen: Vec<_> = all.filter(|(_, message)| message.id == *wanted).map(|(at, _)| at).collect();
        if chosen.is_empty() {
            let refusal = Refusal::new(Code::FieldInvalid).because("the original has no message of this Id");
            return Err(refusal.at("/MessageIdToForward"));
        }
        Ok(chosen)
    }
}

impl Covering {
    /// Who forwards, and to whom.
    pub fn addressed(&self) -> Result<(Identity, Vec<Identity>), Refusal> {
        let forwarder =
            Identity::parse(&self.forwarder_id).map_err(|error| number(error, "/Header/Sender/Id"))?;
        let recipients = self.recipient_ids.iter().enumerate().map(|(no, id)| {
            Identity::parse(id).map_err(|error| number(error, &format!("/Header/Recipient[{}]", no + 1)))
        });
        Ok((forwarder, recipients.collect::<Result<_, _>>()?))
    }

    /// As its reader sees it. `operator` is the name of who calls; `body_bytes` bounds the words.
    pub fn forwarded(&self, operator: &str, body_bytes: u64) -> Result<Forwarded, Refusal> {
        const BODY: &str = "/Message/Body";
        if self.body.len() as u64 > body_bytes {
            return Err(Refusal::new(Code::BodyTooLarge).at(BODY));
        }
        Ok(Forwarded {
            by: line(self.forwarder_name.trim(), 256, "/Header/Sender/Name")?,
            operator: operator.to_owned(),
            subject: one_line(&self.subject, 255, "/Message/Subject")?,
            body: body(&self.body_type, &self.body, BODY)?,
            notes: Notes {
                reference: note(&self.reference, "/Header/Reference")?,
                correlation_id: note(&self.correlation_id, "/Header/CorrelationId")?,
                attention: note(&self.attention, "/Header/Attention")?,
                sender_attention: note(&self.forwarder_attention, "/Header/Sender/Attention")?,
                metadata: Vec::new(),
            },
        })
    }

    /// The whole `deliverForward` message around the delivery in a `deliverSecure` message.
    pub fn envelope(&self, secure: &[u8], message_id: Option<&str>) -> Result<String, DeliveryError> {
        let document = parse(secure)?;
        let sealed = soap::only(soap::body(&document)?, crate::DELIVER_SECURE);
        let sealed = sealed.ok_or(DeliveryError::NoDelivery)?;
        let form = |_| DeliveryError::Seal(SignatureError::Form(SEAL, "an attribute with a prefix"));
        let original = canonical::text(sealed, Some(ORIGINAL)).map_err(form)?;
        let mut xml = Xml(String::with_capacity(original.len() + self.body.len() * 4 / 3 + 2048));
        xml.open_in(SERVICE_V3, DELIVER_FORWARD.1);
        xml.open(FORWARD_MESSAGE.1);
        xml.open("Header");
        xml.open_in(MESSAGE_V1, "Sender");
        xml.text_in(SENDER, "Id", &self.forwarder_id);
        xml.text_in(SENDER, "Name", &self.forwarder_name);
        xml.optional_in(SENDER, "Attention", self.forwarder_attention.as_deref());
        xml.close("Sender");
        self.recipient_ids.iter().for_each(|id| xml.text_in(MESSAGE_V1, "Recipient", id));
        xml.optional_in(MESSAGE_V1, "Reference", self.reference.as_deref());
        xml.optional_in(MESSAGE_V1, "CorrelationId", self.correlation_id.as_deref());
        xml.optional_in(MESSAGE_V1, "Attention", self.attention.as_deref());
        xml.close("Header");
        xml.open("Message");
        xml.text_in(MESSAGE_V1, "Subject", &self.subject);
        xml.open_in(MESSAGE_V1, "Body");
        xml.text("ContentType", &self.body_type);
        xml.text("Body", &STANDARD.encode(&self.body));
        xml.close("Body");
        xml.close("Message");
        xml.0.push_str(&original);
        if let Some(id) = message_id {
            xml.text("MessageIdToForward", id);
        }
        xml.close(FORWARD_MESSAGE.1);
        xml.close(DELIVER_FORWARD.1);
        Ok(envelope(&xml.0))
    }
}

/// A `DeliveryHeader`: of version 1, with many recipients.
fn header(mut of: Children<'_, '_>) -> Result<Covering, DeliveryError> {
    let mut sender = of.enter((MESSAGE_V1, "Sender"))?;
    let forwarder_id = sender.text((SENDER, "Id"))?;
    let forwarder_name = sender.text((SENDER, "Name"))?;
    sender.check((2..=256).contains(&forwarder_name.chars().count()), "Name", "2 to 256 characters")?;
    let forwarder_attention = sender.optional((SENDER, "Attention"))?;
    sender.end()?;
    let mut recipient_ids = Vec::new();
    while let Some(id) = of.optional((MESSAGE_V1, "Recipient"))? {
        of.check(recipient_ids.len() < MOST_RECIPIENTS, "Recipient", "at most 1000 are taken")?;
        recipient_ids.push(id);
    }
    of.check(!recipient_ids.is_empty(), "Recipient", "at least one is needed")?;
    let reference = of.optional((MESSAGE_V1, "Reference"))?;
    let correlation_id = of.optional((MESSAGE_V1, "CorrelationId"))?;
    let attention = of.optional((MESSAGE_V1, "Attention"))?;
    of.end()?;
    Ok(Covering {
        forwarder_id,
        forwarder_name,
        forwarder_attention,
        recipient_ids,
        reference,
        correlation_id,
        attention,
        ..Covering::default()
    })
}

/// A `ForwardMessage`.
fn words(mut of: Children<'_, '_>, covering: &mut Covering) -> Result<(), DeliveryError> {
    covering.subject = of.text((MESSAGE_V1, "Subject"))?;
    of.check(covering.subject.chars().count() <= 255, "Subject", "at most 255 characters")?;
    let mut body = of.enter((MESSAGE_V1, "Body"))?;
    covering.body_type = body.text((MESSAGE_V1, "ContentType"))?;
    covering.body = body.binary((MESSAGE_V1, "Body"))?;
    body.end()?;
    Ok(of.end()?)
}

const MOST_RECIPIENTS: usize = 1000;
const FORWARD_MESSAGE: Name<'static> = (SERVICE_V3, "forwardMessage");
/// Spelt so by the interface.
const ORIGINAL: Name<'static> = (SERVICE_V3, "OrginalDelivery");

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
