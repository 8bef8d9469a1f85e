//! Making deliveries: as a sender signs them, as a dispatcher seals them, as they travel.
//!
//! Everything is written in canonical form at once, so what is digested is what is sent.

use crate::{
    canonical::escape_text,
    names::{DSIG, MESSAGE_V1, MESSAGE_V2, MESSAGE_V3, OFFICIAL_MATTER_V3, SENDER, SERVICE_V3, SOAP},
    read::{Attachment, Delivery, Message, OfficialMatter},
};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::CivilDate;
use md5::{Digest, Md5};
use vault::{
    Certificate,
    jws::{Algorithm, LetterSigner, SignerError},
    sha256,
};

/// An organisation's RSA key and certificate, and the authorities that stand between it and those that others trust.
/// No `Debug`, no `Clone`.
pub struct XmlSigner {
    key: LetterSigner,
    certificate: Certificate,
    /// `X509Data` as each signature has it.
    x509_data: String,
}

/// Why a delivery cannot be signed with this key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum XmlSignerError {
    #[error("deliveries are signed with RSA; this key is of another kind")]
    NotRsa,
    #[error(
        "a signature carries one to {} certificates: the signer's own, and the authorities in between",
        CERTIFICATES
    )]
    Chain,
    #[error(transparent)]
    Key(#[from] SignerError),
}

impl XmlSigner {
    /// The key's PEM and the certificate that goes with it, first in its chain. All of the chain is sent along: whoever
    /// trusts the root alone has the authorities in between from nowhere else.
    pub fn from_pem(key: &[u8], chain: &[Certificate]) -> Result<Self, XmlSignerError> {
        let own = chain.first().filter(|_| chain.len() <= CERTIFICATES).ok_or(XmlSignerError::Chain)?;
        let key = LetterSigner::from_pem(key, own)?;
        let key = key.with_algorithm(Algorithm::Rs256).map_err(|_| XmlSignerError::NotRsa)?;
        let mut x509_data = Xml(String::new());
        x509_data.open("X509Data");
        chain.iter().for_each(|one| x509_data.text("X509Certificate", &STANDARD.encode(&one.der)));
        x509_data.close("X509Data");
        Ok(Self { key, certificate: own.clone(), x509_data: x509_data.0 })
    }

    /// The one whose key signs.
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// Signs a canonical document: the signature becomes the last child of its root.
    pub fn sign(&self, document: &str) -> Result<String, SignerError> {
        let signature = self.signature(document)?;
        let (inside, end) = document.split_at(document.rfind("</").unwrap_or(document.len()));
        Ok([inside, &signature, end].concat())
    }

    /// The `Signature` over a canonical document, which it will stand in as last child.
    fn signature(&self, document: &str) -> Result<String, SignerError> {
        let digest = STANDARD.encode(sha256(document.as_bytes()));
        let inside = format!(
            "<CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></CanonicalizationMethod>\
             <SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></SignatureMethod>\
             <Reference URI=\"\"><Transforms>\
             <Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></Transform></Transforms>\
             <DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></DigestMethod>\
             <DigestValue>{digest}</DigestValue></Reference></SignedInfo>"
        );
        let value = self.key.sign(format!("<SignedInfo xmlns=\"{DSIG}\">{inside}").as_bytes())?;
        Ok(format!(
            "<Signature xmlns=\"{DSIG}\"><SignedInfo>{inside}<SignatureValue>{}</SignatureValue><KeyInfo>{}</KeyInfo></Signature>",
            STANDARD.encode(value),
            self.x509_data
        ))
    }
}

/// The canonical `SignedDelivery`, as its sender signs it.
pub fn sign(delivery: &Delivery, sender: &XmlSigner) -> Result<String, SignerError> {
    let size: usize = delivery.messages.iter().map(size).sum();
    let mut xml = Xml(String::with_capacity(size + 8 * 1024));
    xml.0.push_str(&format!("<SignedDelivery xmlns=\"{MESSAGE_V3}\">"));
    write(delivery, &mut xml);
    xml.0.push_str("</SignedDelivery>");
    sender.sign(&xml.0)
}

/// The whole `deliverSecure` message: a canonical `SignedDelivery` sealed on `received` and put into SOAP.
pub fn seal(signed: &str, received: CivilDate, dispatcher: &XmlSigner) -> Result<String, SignerError> {
    let own = format!(" xmlns=\"{MESSAGE_V3}\"");
    // Within SealedDelivery the namespace is inherited, on the way it is not.
    let inherited = signed.replacen(&own, "", 1);
    let parts = format!(
        "<ReceivedTime xmlns=\"{MESSAGE_V1}\">{received}</ReceivedTime>\
         <SignaturesOK xmlns=\"{MESSAGE_V1}\">true</SignaturesOK></Seal>"
    );
    let document =
        format!("<SealedDelivery xmlns=\"{MESSAGE_V3}\">{inherited}<Seal>{parts}</SealedDelivery>");
    let signature = dispatcher.signature(&document)?;
    drop(document);
    Ok(envelope(&format!(
        "<deliverSecure xmlns=\"{SERVICE_V3}\"><deliverSecure>{signed}<Seal{own}>{parts}{signature}</deliverSecure></deliverSecure>"
    )))
}

/// SOAP 1.1 around one element.
pub fn envelope(inside: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <S:Envelope xmlns:S=\"{SOAP}\"><S:Body>{inside}</S:Body></S:Envelope>"
    )
}

/// Elements in canonical form, one after the other.
pub struct Xml(pub String);

impl Xml {
    pub fn open(&mut self, name: &str) {
        self.0.push_str(&format!("<{name}>"));
    }

    /// Begins an element in a namespace that its parent is not in.
    pub fn open_in(&mut self, namespace: &str, name: &str) {
        self.0.push_str(&format!("<{name} xmlns=\"{namespace}\">"));
    }

    /// Ends the element that was begun last.
    pub fn close(&mut self, name: &str) {
        self.0.push_str(&format!("</{name}>"));
    }

    /// An element with text.
    pub fn text(&mut self, name: &str, text: &str) {
        self.0.push_str(&format!("<{name}>"));
        escape_text(text, &mut self.0);
        self.0.push_str(&format!("</{name}>"));
    }

    /// An element with text, in a namespace that its parent is not in.
    pub fn text_in(&mut self, namespace: &str, name: &str, text: &str) {
        self.0.push_str(&format!("<{name} xmlns=\"{namespace}\">"));
        escape_text(text, &mut self.0);
        self.0.push_str(&format!("</{name}>"));
    }

    /// The same where there is a text.
    pub fn optional_in(&mut self, namespace: &str, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text_in(namespace, name, text);
        }
    }

    fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn base64(&mut self, bytes: &[u8]) {
        self.0.push_str(&format!("<Body xmlns=\"{MESSAGE_V1}\">"));
        STANDARD.encode_string(bytes, &mut self.0);
        self.0.push_str("</Body>");
    }
}

fn write(delivery: &Delivery, xml: &mut Xml) {
    xml.0.push_str(&format!("<Delivery><Header><Sender xmlns=\"{MESSAGE_V2}\">"));
    xml.text_in(SENDER, "Id", &delivery.sender_id);
    xml.text_in(SENDER, "Name", &delivery.sender_name);
    xml.optional_in(SENDER, "Attention", delivery.sender_attention.as_deref());
    xml.0.push_str("</Sender>");
    xml.text_in(MESSAGE_V2, "Recipient", &delivery.recipient_id);
    xml.optional_in(MESSAGE_V2, "Reference", delivery.reference.as_deref());
    xml.optional_in(MESSAGE_V2, "CorrelationId", delivery.correlation_id.as_deref());
    xml.optional_in(MESSAGE_V2, "Attention", delivery.attention.as_deref());
    xml.0.push_str("</Header>");
    for one in &delivery.messages {
        message(one, xml);
    }
    xml.0.push_str("</Delivery>");
}

fn message(of: &Message, xml: &mut Xml) {
    xml.0.push_str("<Message><Header>");
    xml.text("Id", &of.id);
    xml.text("Subject", &of.subject);
    xml.0.push_str("<Supportinfo>");
    xml.text("Text", &of.support.text);
    xml.optional("URL", of.support.url.as_deref());
    xml.optional("PhoneNumber", of.support.phone.as_deref());
    xml.optional("EmailAdress", of.support.email.as_deref());
    xml.0.push_str("</Supportinfo>");
    if let Some(matter) = &of.matter {
        official_matter(matter, xml);
    }
    for (tag, value) in &of.metadata {
        xml.0.push_str("<Metadata>");
        xml.text_in(MESSAGE_V1, "Tag", tag);
        xml.text_in(MESSAGE_V1, "Value", value);
        xml.0.push_str("</Metadata>");
    }
    xml.text("Language", &of.language);
    xml.optional("Reply", of.reply.as_deref());
    xml.optional("ReceiptRequest", of.receipt_request.as_deref());
    xml.0.push_str("</Header><Body>");
    xml.text_in(MESSAGE_V1, "ContentType", &of.body_type);
    xml.base64(&of.body);
    xml.0.push_str("</Body>");
    for file in &of.attachments {
        xml.0.push_str("<Attachment>");
        xml.text_in(MESSAGE_V1, "ContentType", &file.content_type);
        xml.base64(&file.content);
        xml.text_in(MESSAGE_V1, "Checksum", &file.checksum);
        xml.text_in(MESSAGE_V1, "Filename", &file.name);
        xml.0.push_str("</Attachment>");
    }
    xml.0.push_str("</Message>");
}

/// The extension needs a date; a matter without one is not written.
fn official_matter(of: &OfficialMatter, xml: &mut Xml) {
    let Some(date) = &of.date else { return };
    xml.0.push_str("<OfficialMatter><OfficialMatterExtension>");
    const NS: &str = OFFICIAL_MATTER_V3;
    xml.text_in(NS, "Timestamp", date);
    let ids = [
        ("EventId", &of.event_id),
        ("OfficialMatterId", &of.matter_id),
        ("PrecedingEventId", &of.preceding_event_id),
    ];
    if ids.iter().any(|(_, id)| id.is_some()) {
        xml.0.push_str(&format!("<Identity xmlns=\"{NS}\">"));
        ids.iter().for_each(|(name, id)| xml.optional(name, id.as_deref()));
        xml.0.push_str("</Identity>");
    }
    xml.optional_in(NS, "MatterSubject", of.subject.as_deref());
    xml.optional_in(NS, "EventType", of.event_type.as_deref());
    xml.optional_in(NS, "MatterStatus", of.status.as_deref());
    xml.0.push_str("</OfficialMatterExtension></OfficialMatter>");
}

impl Attachment {
    /// With the checksum that the interface asks for.
    pub fn new(name: impl Into<String>, content_type: impl Into<String>, content: Vec<u8>) -> Self {
        let checksum = hex::encode(Md5::digest(&content)).to_ascii_uppercase();
        Self { content_type: content_type.into(), content, checksum, name: name.into() }
    }
}

fn size(message: &Message) -> usize {
    let files: usize = message.attachments.iter().map(|file| file.content.len() * 4 / 3 + 512).sum();
    message.body.len() * 4 / 3 + files + 2048
}

/// Readers take no more in one signature.
const CERTIFICATES: usize = 6;
