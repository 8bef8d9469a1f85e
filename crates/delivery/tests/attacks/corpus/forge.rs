//! Deliveries with one thing about them wrong, signed as if nothing were.

use base64::{Engine, engine::general_purpose::STANDARD};
use delivery::{
    canonical,
    names::{DSIG, MESSAGE_V1, MESSAGE_V3, SERVICE_V3, SOAP},
    parse,
    read::{Attachment, Delivery, Message, Support},
    write::{self, XmlSigner},
};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, date_time_ymd,
};
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use std::cell::Cell;
use testing::delivery::plain;
use vault::{
    Certificate,
    jws::{Algorithm, LetterSigner},
};

/// An organisation with an RSA key.
pub struct Party {
    pub number: String,
    pub key: String,
    pub der: Vec<u8>,
    signer: LetterSigner,
}

impl Party {
    pub fn new(number: &str, key: &str, der: &[u8]) -> Self {
        let certificate = Certificate::parse(der).unwrap();
        let signer = LetterSigner::from_pem(key.as_bytes(), &certificate).unwrap();
        let signer = signer.with_algorithm(Algorithm::Rs256).unwrap();
        Self { number: number.into(), key: key.into(), der: der.to_vec(), signer }
    }

    fn xml_signer(&self) -> XmlSigner {
        XmlSigner::from_pem(self.key.as_bytes(), &[Certificate::parse(&self.der).unwrap()]).unwrap()
    }

    pub fn base64(&self) -> String {
        STANDARD.encode(&self.der)
    }

    pub fn pair(&self) -> KeyPair {
        KeyPair::from_pkcs8_pem_and_sign_algo(&self.key, &PKCS_RSA_SHA256).unwrap()
    }
}

/// Who is in the play. The authority's key is at hand, for certificates that it should not have issued.
pub struct Cast {
    pub sender: Party,
    pub dispatcher: Party,
    /// Registered, and neither listed by the sender nor asked by it.
    pub other: Party,
    pub recipient: String,
    pub authority: Issuer<'static, KeyPair>,
    /// Certificates of the sender's and the dispatcher's own keys, which were revoked.
    pub revoked: [Vec<u8>; 2],
}

/// Good certificates for two, before they are revoked.
pub fn revocable(of: [&Party; 2], authority: &Issuer<'static, KeyPair>) -> [Vec<u8>; 2] {
    of.map(|party| {
        let mut parameters = subject(&party.number);
        parameters.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        parameters.signed_by(&party.pair(), authority).unwrap().der().to_vec()
    })
}

/// Makes messages of the cast.
pub struct Forge {
    pub cast: Cast,
    /// Bytes of the largest messages.
    pub most: usize,
    run: String,
    made: Cell<u32>,
}

/// How one thing is signed.
#[derive(Clone)]
pub struct Shape {
    /// Attributes of the signed root.
    pub root: String,
    /// What stands in `SignedInfo`; `{digest}` is put in.
    pub info: String,
    pub key_info: String,
    /// SHA-1 for the digest, whatever is named.
    pub sha1: bool,
    /// Instead of the signature's value.
    pub value: Option<Vec<u8>>,
    /// Makes the value over `SignedInfo`, instead of rsa-sha256.
    pub made: fn(&Party, &[u8]) -> Vec<u8>,
}

impl Shape {
    /// With one piece of `SignedInfo` changed.
    pub fn with(mut self, from: &str, to: &str) -> Self {
        assert!(self.info.contains(from), "{from} is not there to be changed");
        self.info = self.info.replacen(from, to, 1);
        self
    }

    pub fn key_info(mut self, key_info: impl Into<String>) -> Self {
        self.key_info = key_info.into();
        self
    }

    pub fn root(mut self, root: &str) -> Self {
        self.root = root.into();
        self
    }

    /// As the root is found by its Id.
    pub fn by_id(self, id: &str) -> Self {
        self.root(&format!(" Id=\"{id}\"")).with("URI=\"\"", &format!("URI=\"#{id}\""))
    }
}

impl Forge {
    /// `run` tells the letters of one run from those of others.
    pub fn new(cast: Cast, run: &str, most: usize) -> Self {
        Self { cast, most, run: run.into(), made: Cell::new(0) }
    }

    /// As senders sign.
    pub fn shape(&self) -> Shape {
        Self::shape_of(&self.cast.sender)
    }

    pub fn shape_of(party: &Party) -> Shape {
        Shape {
            root: String::new(),
            info: INFO.into(),
            key_info: x509(&party.base64()),
            sha1: false,
            value: None,
            made: |party, info| party.signer.sign(info).unwrap(),
        }
    }

    /// A `Delivery` of the sender that was not sent before; `subject` tells a forged one.
    pub fn letter(&self, subject: &str) -> String {
        self.made.set(self.made.get() + 1);
        let id = format!("attack-{}-{}", self.run, self.made.get());
        let file = Attachment::new("a.pdf", "application/pdf", include_bytes!("small.pdf").to_vec());
        // ASCII alone, so that in other encodings it is read as the attacks mean it.
        let support = Support { text: "Ring oss".into(), ..Support::default() };
        let message = Message { support, attachments: vec![file], ..plain(&id, subject, "Betala till 1234") };
        let sender_id = self.cast.sender.number.clone();
        let delivery = Delivery { sender_id, ..testing::delivery::to(&self.cast.recipient, vec![message]) };
        let signed = write::sign(&delivery, &self.cast.sender.xml_signer()).unwrap();
        let end = signed.find("</Delivery>").unwrap() + "</Delivery>".len();
        signed[signed.find("<Delivery>").unwrap()..end].to_owned()
    }

    pub fn good_letter(&self) -> String {
        self.letter(SUBJECT)
    }

    pub fn forged_letter(&self) -> String {
        self.letter(FORGED)
    }

    /// `SignedDelivery` around `inside`, signed by the sender.
    pub fn sign(&self, shape: &Shape, inside: &str) -> String {
        self.sign_as(&self.cast.sender, shape, inside)
    }

    pub fn sign_as(&self, party: &Party, shape: &Shape, inside: &str) -> String {
        let signature = self.signature(
            party,
            shape,
            &format!("<SignedDelivery xmlns=\"{MESSAGE_V3}\"{}>{inside}</SignedDelivery>", shape.root),
        );
        signed_delivery(&shape.root, &format!("{inside}{signature}"))
    }

    /// What stands in the inner `deliverSecure`, sealed by the dispatcher.
    pub fn seal(&self, inside: &str) -> String {
        self.seal_as(
            &self.cast.dispatcher,
            &Self::shape_of(&self.cast.dispatcher),
            &format!("{inside}{SEAL}"),
        )
    }

    /// `inside` with its seal, signed by whom it is given.
    pub fn seal_as(&self, party: &Party, shape: &Shape, inside: &str) -> String {
        let inside = inside.replace("{m3}", MESSAGE_V3).replace("{m1}", MESSAGE_V1);
        let root = format!("<SealedDelivery xmlns=\"{MESSAGE_V3}\"{}>{inside}</SealedDelivery>", shape.root);
        let signature = self.signature(party, shape, &root);
        format!("{inside}{signature}")
    }

    /// A message that is taken.
    pub fn good(&self) -> String {
        envelope(&self.seal(&self.sign(&self.shape(), &self.good_letter())))
    }

    /// A message that is taken, nearly as large as it may be: its body's base64 stands in lines that end so.
    pub fn large(&self, end: &str) -> String {
        envelope(&self.seal(&self.sign(&self.shape(), &self.large_letter(end))))
    }

    pub fn large_letter(&self, end: &str) -> String {
        // "ABC" nineteen times over.
        let line = format!("{}{end}", "QUJD".repeat(19));
        let most = if end.contains('&') { self.most.min(MOST_BY_NUMBER) } else { self.most };
        let lines = line.repeat((most - 64 * 1024) / line.len());
        let small = "QmV0YWxhIHRpbGwgMTIzNA==";
        self.good_letter().replacen(small, &lines, 1)
    }

    /// Signed as `shape` has it, and sealed as it should be.
    pub fn shaped(&self, shape: &Shape) -> String {
        envelope(&self.seal(&self.sign(shape, &self.good_letter())))
    }

    /// The signature over a document.
    pub fn signature(&self, party: &Party, shape: &Shape, document: &str) -> String {
        let bytes = canonical(document);
        let algorithm = if shape.sha1 { &SHA1_FOR_LEGACY_USE_ONLY } else { &SHA256 };
        let sum = STANDARD.encode(digest(algorithm, bytes.as_bytes()));
        let info = shape.info.replace("{digest}", &sum);
        let signed = canonical(&format!("<SignedInfo xmlns=\"{DSIG}\">{info}</SignedInfo>"));
        let value = shape.value.clone().unwrap_or_else(|| (shape.made)(party, signed.as_bytes()));
        let value = STANDARD.encode(value);
        let key_info = &shape.key_info;
        format!(
            "<Signature xmlns=\"{DSIG}\"><SignedInfo>{info}</SignedInfo><SignatureValue>{value}</SignatureValue>{key_info}</Signature>"
        )
    }

    /// A certificate of the authority for an organisation's own key.
    pub fn issue(&self, party: &Party, change: impl FnOnce(&mut CertificateParams)) -> Vec<u8> {
        let mut parameters = subject(&party.number);
        change(&mut parameters);
        parameters.signed_by(&party.pair(), &self.cast.authority).unwrap().der().to_vec()
    }
}

/// An organisation's certificate as it should be.
pub fn subject(number: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, "Prov");
    parameters.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
    parameters.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    parameters.use_authority_key_identifier_extension = true;
    (parameters.not_before, parameters.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(2050, 1, 1));
    parameters
}

/// An authority of one's own.
pub fn authority(name: &str) -> (Issuer<'static, KeyPair>, Vec<u8>) {
    let key = KeyPair::generate().unwrap();
    let der = named(name).self_signed(&key).unwrap().der().to_vec();
    (Issuer::new(named(name), key), der)
}

/// Whoever has an authority's key can issue in its name.
pub fn issuer(name: &str, key: KeyPair) -> Issuer<'static, KeyPair> {
    Issuer::new(named(name), key)
}

fn named(name: &str) -> CertificateParams {
    let mut parameters = CertificateParams::default();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::CommonName, name);
    parameters.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    parameters.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    parameters
}

/// `SignedDelivery` with what it is given, signature included.
pub fn signed_delivery(root: &str, inside: &str) -> String {
    format!("<SignedDelivery xmlns=\"{MESSAGE_V3}\"{root}>{inside}</SignedDelivery>")
}

/// The whole message.
pub fn envelope(sealed: &str) -> String {
    body(&operation(sealed))
}
pub fn operation(sealed: &str) -> String {
    format!("<deliverSecure xmlns=\"{SERVICE_V3}\"><deliverSecure>{sealed}</deliverSecure></deliverSecure>")
}
pub fn body(inside: &str) -> String {
    format!("<S:Envelope xmlns:S=\"{SOAP}\"><S:Body>{inside}</S:Body></S:Envelope>")
}
pub fn x509(certificate: &str) -> String {
    format!("<KeyInfo><X509Data><X509Certificate>{certificate}</X509Certificate></X509Data></KeyInfo>")
}

/// Where it has no canonical form, an attacker digests what there is.
fn canonical(document: &str) -> String {
    let Ok(read) = parse(document.as_bytes()) else { return document.to_owned() };
    canonical::text(read.root_element(), None).unwrap_or_else(|_| document.to_owned())
}

/// Bytes of a text with characters by number.
const MOST_BY_NUMBER: usize = 2 * 1024 * 1024;
/// How senders break the lines of base64, and what the breaks are called.
pub const LINE_ENDS: [(&str, &str); 4] = [
    ("no line breaks", ""),
    ("line breaks", "\n"),
    ("carriage returns", "\r\n"),
    ("carriage returns by number", "&#13;\n"),
];
pub const SUBJECT: &str = "Beslut om bygglov";
pub const FORGED: &str = "Betala genast";
pub const SEAL: &str = "<Seal xmlns=\"{m3}\"><ReceivedTime xmlns=\"{m1}\">2026-11-25</ReceivedTime>\
                        <SignaturesOK xmlns=\"{m1}\">true</SignaturesOK></Seal>";
pub const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
pub const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
pub const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
pub const SHA256_URI: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
pub const TRANSFORM: &str =
    "<Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\"></Transform>";
const INFO: &str = "<CanonicalizationMethod Algorithm=\"http://www.w3.org/2001/10/xml-exc-c14n#\"></CanonicalizationMethod>\
    <SignatureMethod Algorithm=\"http://www.w3.org/2001/04/xmldsig-more#rsa-sha256\"></SignatureMethod>\
    <Reference URI=\"\"><Transforms><Transform Algorithm=\"http://www.w3.org/2000/09/xmldsig#enveloped-signature\">\
    </Transform></Transforms><DigestMethod Algorithm=\"http://www.w3.org/2001/04/xmlenc#sha256\"></DigestMethod>\
    <DigestValue>{digest}</DigestValue></Reference>";
