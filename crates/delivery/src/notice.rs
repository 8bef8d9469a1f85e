//! `notify`: words for e-mail and SMS that an agency sends to many recipients at once. It is not signed; who calls is who
//! answers for it.

use crate::{
    DeliveryError, canonical,
    document::{self, line_ends, parse},
    names::{MESSAGE_V1, MESSAGE_V3, NOTIFICATION_V2, NOTIFICATION_V3, Name, SENDER, SERVICE_V3},
    read::{Children, Message, Read, ReadError, headed, is_address},
    soap,
    write::{Xml, envelope},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use domain::{
    Code, Identity, OrgNumber, Refusal,
    text::{self, TextError},
    words::Channel,
};
use ring::digest;
use roxmltree::Node;

/// `{Service/v3}notify`, the operation and the delivery in it alike.
pub const NOTIFY: Name<'static> = (SERVICE_V3, "notify");

/// A `NotificationDelivery`, as it was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    pub sender_id: String,
    pub sender_name: String,
    /// In the order of the message, which is that of the answer.
    pub recipient_ids: Vec<String>,
    /// Its `Id` is what a repeat is known by. Nothing of it is sent to anybody.
    pub message: Message,
    pub email: Option<EmailMessage>,
    pub sms: Option<SmsMessage>,
    /// SHA-256 of the canonical form: what a repeat is compared by.
    pub payload: [u8; 32],
}

/// The agency's words for an e-mail. `from` must have its form and is not used: mail comes from our own address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmailMessage {
    pub from: String,
    pub subject: String,
    pub text: String,
}

/// The agency's words for a text message. `from` is not used either.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SmsMessage {
    pub from: String,
    pub text: String,
}

/// Who tells: parsed, and judged before anything else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcer {
    pub sender: OrgNumber,
    pub reference: String,
}

/// What is told and to whom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Announcement {
    pub recipients: Vec<Identity>,
    pub words: Words,
}

/// What is said over each channel; a notice has words for one or both.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Words {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Mail>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sms: Option<String>,
}

impl Words {
    /// Whether there are words for this channel.
    pub fn are_for(&self, channel: Channel) -> bool {
        channel == Channel::Email && self.email.is_some() || channel == Channel::Sms && self.sms.is_some()
    }
}

/// The words of an e-mail.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mail {
    pub subject: String,
    pub text: String,
}

impl Notice {
    /// From a whole `notify` message.
    pub fn from_envelope(bytes: &[u8]) -> Result<Self, DeliveryError> {
        let bytes = line_ends(bytes)?;
        let document = parse(&bytes)?;
        let operation = soap::body(&document)?;
        if !document::is(&operation, NOTIFY) {
            return Err(DeliveryError::OtherOperation);
        }
        Ok(read(soap::only(operation, NOTIFY).ok_or(DeliveryError::NoDelivery)?)?)
    }

    pub fn announcer(&self) -> Result<Announcer, Refusal> {
        let sender = OrgNumber::parse(&self.sender_id);
        let sender = sender.map_err(|e| crate::letter::number(e, "/Header/Sender/Id"))?;
        Ok(Announcer { sender, reference: crate::letter::reference(&self.message)? })
    }

    /// The rest. All of it holds, or nothing is sent.
    pub fn announcement(&self) -> Result<Announcement, Refusal> {
        let recipients = self.recipient_ids.iter().enumerate().map(|(no, id)| {
            Identity::parse(id)
                .map_err(|e| crate::letter::number(e, &format!("/Header/Recipient[{}]", no + 1)))
        });
        let recipients = recipients.collect::<Result<_, _>>()?;
        let mail = |of: &EmailMessage| -> Result<Mail, Refusal> {
            let subject = told(&of.subject, text::line(&of.subject, 1, 254), "/EmailMessage/header/Subject")?;
            let text = told(&of.text, text::lines(&of.text, 1, MAIL_CHARACTERS), "/EmailMessage/text")?;
            Ok(Mail { subject, text })
        };
        let sms = |of: &SmsMessage| told(&of.text, text::lines(&of.text, 1, 160), "/SmsMessage/text");
        let words = Words {
            email: self.email.as_ref().map(mail).transpose()?,
            sms: self.sms.as_ref().map(sms).transpose()?,
        };
        if words == Words::default() {
            return Err(Refusal::new(Code::FieldMissing).because("EmailMessage, SmsMessage or both"));
        }
        Ok(Announcement { recipients, words })
    }

    /// The whole message, as a client writes it, with no more in the header of `Message` than must be there.
    pub fn envelope(&self) -> String {
        let mut xml = Xml(String::with_capacity(4096 + 64 * self.recipient_ids.len()));
        xml.open_in(SERVICE_V3, "notify");
        xml.open("notify");
        xml.open_in(NOTIFICATION_V3, "Header");
        xml.open_in(MESSAGE_V1, "Sender");
        xml.text_in(SENDER, "Id", &self.sender_id);
        xml.text_in(SENDER, "Name", &self.sender_name);
        xml.close("Sender");
        self.recipient_ids.iter().for_each(|id| xml.text_in(MESSAGE_V1, "Recipient", id));
        xml.close("Header");
        xml.open_in(NOTIFICATION_V3, "Message");
        xml.open("header");
        xml.text_in(MESSAGE_V3, "Id", &self.message.id);
        xml.text_in(MESSAGE_V3, "Subject", &self.message.subject);
        xml.open_in(MESSAGE_V3, "Supportinfo");
        xml.text("Text", &self.message.support.text);
        xml.close("Supportinfo");
        xml.text_in(MESSAGE_V3, "Language", &self.message.language);
        xml.close("header");
        xml.open("body");
        xml.text_in(MESSAGE_V1, "ContentType", &self.message.body_type);
        xml.text_in(MESSAGE_V1, "Body", &STANDARD.encode(&self.message.body));
        xml.close("body");
        xml.close("Message");
        if let Some(EmailMessage { from, subject, text }) = &self.email {
            xml.open_in(NOTIFICATION_V3, "EmailMessage");
            xml.open_in(NOTIFICATION_V2, "header");
            xml.text("From", from);
            xml.text("Subject", subject);
            xml.close("header");
            xml.text_in(NOTIFICATION_V2, "text", text);
            xml.close("EmailMessage");
        }
        if let Some(SmsMessage { from, text }) = &self.sms {
            xml.open_in(NOTIFICATION_V3, "SmsMessage");
            xml.open_in(NOTIFICATION_V2, "header");
            xml.text("From", from);
            xml.close("header");
            xml.text_in(NOTIFICATION_V2, "text", text);
            xml.close("SmsMessage");
        }
        xml.close("notify");
        xml.close("notify");
        envelope(&xml.0)
    }
}

fn read(node: Node<'_, '_>) -> Read<Notice> {
    let mut of = Children::of(node, "notify")?;
    let mut header = of.enter((NOTIFICATION_V3, "Header"))?;
    let mut sender = header.enter((MESSAGE_V1, "Sender"))?;
    let sender_id = sender.text((SENDER, "Id"))?;
    let sender_name = sender.text((SENDER, "Name"))?;
    sender.check((2..=256).contains(&sender_name.chars().count()), "Name", "2 to 256 characters")?;
    sender.optional((SENDER, "Attention"))?;
    sender.end()?;
    let mut recipient_ids = vec![header.text((MESSAGE_V1, "Recipient"))?];
    while let Some(id) = header.optional((MESSAGE_V1, "Recipient"))? {
        recipient_ids.push(id);
    }
    header.check(recipient_ids.len() <= RECIPIENTS, "Recipient", "at most 1000 at once")?;
    for name in ["Reference", "CorrelationId", "Attention"] {
        header.optional((MESSAGE_V1, name))?;
    }
    header.end()?;
    let mut inside = of.enter((NOTIFICATION_V3, "Message"))?;
    let head = inside.enter((NOTIFICATION_V3, "header"))?;
    let message = headed(head, inside.enter((NOTIFICATION_V3, "body"))?)?;
    inside.end()?;
    let email = wording(&mut of, "EmailMessage", email)?;
    let sms = wording(&mut of, "SmsMessage", sms)?;
    of.end()?;
    Ok(Notice { sender_id, sender_name, recipient_ids, message, email, sms, payload: payload(node)? })
}

/// An element of wording, where it stands next.
fn wording<'a, 'i, T>(
    of: &mut Children<'a, 'i>,
    name: &str,
    read: impl Fn(Children<'a, 'i>) -> Read<T>,
) -> Read<Option<T>> {
    let node = of.maybe((NOTIFICATION_V3, name));
    node.map(|node| read(Children::of(node, &format!("{}/{name}", of.path))?)).transpose()
}

fn email(mut of: Children<'_, '_>) -> Read<EmailMessage> {
    let mut header = of.enter((NOTIFICATION_V2, "header"))?;
    let from = header.text((NOTIFICATION_V2, "From"))?;
    header.check(is_address(&from), "From", "an e-mail address of 5 to 256 characters")?;
    let subject = header.text((NOTIFICATION_V2, "Subject"))?;
    header.check(subject.chars().count() <= 254, "Subject", "at most 254 characters")?;
    header.end()?;
    let text = of.text((NOTIFICATION_V2, "text"))?;
    of.end()?;
    Ok(EmailMessage { from, subject, text })
}

fn sms(mut of: Children<'_, '_>) -> Read<SmsMessage> {
    let mut header = of.enter((NOTIFICATION_V2, "header"))?;
    let from = header.text((NOTIFICATION_V2, "From"))?;
    header.check(from.chars().count() <= 11, "From", "at most 11 characters")?;
    header.end()?;
    let text = of.text((NOTIFICATION_V2, "text"))?;
    of.check(text.chars().count() <= 160, "text", "at most 160 characters")?;
    of.end()?;
    Ok(SmsMessage { from, text })
}

fn payload(node: Node<'_, '_>) -> Read<[u8; 32]> {
    let mut context = digest::Context::new(&digest::SHA256);
    let written = canonical::write(node, None, None, &mut context);
    let digest = written.ok().and_then(|()| context.finish().as_ref().try_into().ok());
    digest.ok_or_else(|| ReadError { path: "notify".to_owned(), fault: "an attribute with a prefix" })
}

/// A text that may be sent in our name: `judged` is what became of `raw`.
fn told(raw: &str, judged: Result<String, TextError>, at: &str) -> Result<String, Refusal> {
    let refused = |error| match error {
        TextError::Length if raw.trim().is_empty() => {
            Refusal::new(Code::FieldInvalid).because("an empty text tells nothing")
        }
        TextError::Length => {
            Refusal::new(Code::BodyTooLarge).because(format!("at most {MAIL_CHARACTERS} characters"))
        }
        TextError::Characters | TextError::FileName => Code::CharactersNotAllowed.into(),
    };
    let text = judged.map_err(|error| refused(error).at(at))?;
    let found = [
        (text::has_link(&text), Code::LinkNotAllowed),
        (text::has_dear_number(&text), Code::PhoneNotAllowed),
        (text::imitates_us(&text), Code::ImitatesService),
    ];
    match found.into_iter().find(|(found, _)| *found) {
        Some((_, code)) => Err(Refusal::new(code).at(at)),
        None => Ok(text),
    }
}

/// Recipients of one message.
pub const RECIPIENTS: usize = 1000;
/// The interface has no limit. What is longer is a letter.
const MAIL_CHARACTERS: usize = 10_000;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
