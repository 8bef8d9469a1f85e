//! What people sign when they open, leave or move a mailbox, or choose senders; and how their signatures are verified.
//!
//! The interface carries an e-ID's signature as bytes and does not say of which kind. [`Agreements`] is the place for
//! each kind. The one that is built is an XML signature by a person's certificate over a small document that says the
//! whole request, so that a signature cannot be used for another one. docs/mina-meddelanden.md describes it.

use crate::{Hash, ReadError, XmlSigner, document, names::DSIG, read::Children, write::Xml};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{AgreementDigest, CivilDate, Code, Identity, Refusal, Time};
use std::{collections::BTreeSet, fmt, time::Duration};
use vault::{Authorities, Untrusted, jws::SignerError};

/// How signatures are verified.
pub enum Agreements {
    /// No kind of signature is taken: nothing can be changed by this interface.
    None,
    /// XML signatures by certificates of these authorities, whose subject has the person's number.
    Xml(Authorities),
}

/// When something was signed, as it says itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signed {
    /// Some time on that day, Swedish time.
    On(CivilDate),
    At(Time),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    pub id: String,
    pub act: &'static str,
    /// The operator's internet domain; empty where none is named.
    pub supplier: String,
    /// The day, as the request has it; where it has none, that of the signed document counts.
    pub date: Option<String>,
    pub accepted: BTreeSet<String>,
    pub text: String,
}

/// `SignatureData` as it came.
#[derive(Clone, Debug)]
pub struct SignatureData {
    pub signature: Vec<u8>,
    pub certificate: String,
}

/// Who signed. No `Debug`: it names a person.
#[derive(Clone, PartialEq, Eq)]
pub struct Signer {
    pub identity: Identity,
    pub name: String,
    pub signed: Signed,
    /// [`digest`] of what was agreed to, by this person, then.
    pub digest: AgreementDigest,
}

/// The name of the signed document's root.
pub const ROOT: (&str, &str) = (NAMESPACE, "Agreement");
const NAMESPACE: &str = "urn:kuvert:agreement";
pub const REGISTER: &str = "register";
pub const DEREGISTER: &str = "deregister";
pub const MOVE: &str = "move";
pub const PREFERENCES: &str = "preferences";
/// The two of `verifyAuthorizedSignatures`.
pub const OWNERSHIP: &str = "ownership";
pub const CANCEL_CONSENT: &str = "cancel-consent";
/// What can stand as `Act`.
pub const ACTS: [&str; 6] = [REGISTER, DEREGISTER, MOVE, PREFERENCES, OWNERSHIP, CANCEL_CONSENT];
/// A signature is good for this many days: as long as a request waits for others.
pub const DAYS: i32 = 30;

/// How far ahead of ours a signer's clock may be.
const AHEAD: Duration = Duration::from_secs(120);

impl Signed {
    /// `YYYY-MM-DD`, or RFC 3339.
    pub fn parse(text: &str) -> Option<Self> {
        let day = CivilDate::parse(text).map(Self::On);
        day.or_else(|_| Time::parse(text).map(Self::At)).ok()
    }

    /// The day, Swedish time.
    pub fn date(self) -> CivilDate {
        match self {
            Self::On(day) => day,
            Self::At(time) => time.date(),
        }
    }

    fn is_after(self, now: Time) -> bool {
        matches!(self, Self::At(time) if time > now.plus(AHEAD))
    }
}

/// As it stands in what is signed.
impl fmt::Display for Signed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::On(day) => day.fmt(f),
            Self::At(time) => time.fmt(f),
        }
    }
}

impl SignatureData {
    pub fn read(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        const NS: &str = crate::names::COMMON;
        let signature = of.binary((NS, "Signature"))?;
        let certificate = of.text((NS, "Certificate"))?;
        // A nonce stands in what is signed where the kind of signature has one; ours has the whole request instead.
        of.optional((NS, "Nonce"))?;
        let encoding = of.optional((NS, "EncodingOfSignedText"))?;
        let utf8 = encoding.is_none_or(|name| name.trim().eq_ignore_ascii_case("utf-8"));
        of.check(utf8, "EncodingOfSignedText", "is not UTF-8")?;
        of.end()?;
        Ok(Self { signature, certificate })
    }
}

/// What a signed document of our form says, or shall say. Nothing that was read is verified: that is for the register.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Said {
    /// One of [`ACTS`].
    pub act: String,
    pub recipient: Identity,
    /// The operator's internet domain; empty where none is named.
    pub supplier: String,
    pub date: Signed,
    /// Numbers of senders, for `preferences`.
    pub accepted: Vec<String>,
    pub text: String,
}

impl Said {
    /// The document, signed. Whose the certificate is, and whether the act can be said like this, the register judges.
    pub fn signed(&self, signer: &XmlSigner) -> Result<String, SignerError> {
        let mut xml = Xml(String::new());
        xml.open_in(NAMESPACE, "Agreement");
        xml.text("Id", self.recipient.expose());
        xml.text("Act", &self.act);
        xml.text("ServiceSupplier", &self.supplier);
        xml.text("Timestamp", &self.date.to_string());
        self.accepted.iter().for_each(|sender| xml.text("AcceptedSender", sender));
        xml.text("Text", &self.text);
        xml.close("Agreement");
        signer.sign(&xml.0)
    }
}

/// Reads a signed document of our form; `None` where it is another kind of signature.
pub fn said(signature: &[u8]) -> Option<Said> {
    let signature = crate::line_ends(signature).ok()?;
    let document = crate::parse(&signature).ok()?;
    let root = document.root_element();
    let words = |local| {
        let nodes = root.children().filter(move |node| document::is(node, (NAMESPACE, local)));
        nodes.filter_map(document::text).map(std::borrow::Cow::into_owned)
    };
    let word = |local| words(local).next();
    document::is(&root, ROOT).then_some(())?;
    Some(Said {
        act: word("Act")?,
        recipient: Identity::parse(&word("Id")?).ok()?,
        supplier: word("ServiceSupplier")?,
        date: Signed::parse(&word("Timestamp")?)?,
        accepted: words("AcceptedSender").collect(),
        text: word("Text")?,
    })
}

impl Agreements {
    /// Who signed the agreement; or what is wrong.
    pub fn signer(
        &self,
        agreement: &Agreement,
        signature: &SignatureData,
        now: Time,
    ) -> Result<Signer, Refusal> {
        match self {
            Self::None => Err(refused("this register takes no signatures of persons")),
            Self::Xml(authorities) => xml(authorities, agreement, signature, now),
        }
    }
}

fn xml(
    authorities: &Authorities,
    agreement: &Agreement,
    signature: &SignatureData,
    now: Time,
) -> Result<Signer, Refusal> {
    let xml = crate::line_ends(&signature.signature).map_err(|error| refused(error.to_string()))?;
    let document = crate::parse(&xml).map_err(|error| refused(error.to_string()))?;
    let root = document.root_element();
    if !document::is(&root, ROOT) {
        return Err(refused("the signed document is no Agreement"));
    }
    let verified = crate::verify(root, ROOT, "the agreement").map_err(|error| refused(error.to_string()))?;
    if verified.hash != Hash::Sha256 {
        return Err(Code::XmlAlgorithmNotAllowed.into());
    }
    let read =
        signed(Children::of(root, "Agreement").map_err(|error| refused(error.to_string()))?, agreement.act);
    let (said, signed) = read.map_err(|error| refused(error.to_string()))?;
    let day = signed.date();
    if !(0..=DAYS).contains(&day.days_until(now.date())) || signed.is_after(now) {
        return Err(refused("the signature's date is in the future or more than 30 days ago"));
    }
    let same_day = agreement.date.as_ref().is_none_or(|date| *date == day.to_string());
    if !same_day || said != (Agreement { date: None, ..agreement.clone() }) {
        return Err(refused("what was signed is another request"));
    }
    authorities.trust(&verified.certificate, &verified.others, now).map_err(|why| match why {
        Untrusted::Expired => Code::CertificateExpired,
        Untrusted::Revoked => Code::CertificateRevoked,
        Untrusted::Issuer | Untrusted::Usage => Code::CertificateUntrusted,
        Untrusted::StaleList => Code::Unavailable,
    })?;
    // The certificate beside the signature says the same as the one in it, or nothing.
    let beside: String = signature.certificate.split_whitespace().collect();
    if !beside.is_empty() && STANDARD.decode(beside).ok().as_deref() != Some(&verified.certificate.der) {
        return Err(refused("Certificate is not the one that signed"));
    }
    let identity =
        verified.certificate.person.clone().ok_or_else(|| refused("the certificate names no person"))?;
    let digest = digest(agreement, &identity, signed);
    Ok(Signer {
        identity,
        name: verified.certificate.subject_common_name.unwrap_or_default(),
        signed,
        digest,
    })
}

/// What somebody agreed to, and when, however it is written and signed: a hash of all that was said and of who said it.
/// The same consent written anew, signed anew or sent another way has the same digest.
pub fn digest(agreement: &Agreement, signer: &Identity, signed: Signed) -> AgreementDigest {
    let date = signed.to_string();
    let parts =
        [agreement.id.as_str(), agreement.act, &agreement.supplier, &date, &agreement.text, signer.expose()];
    let mut bytes = b"kuvert agreement 1".to_vec();
    for part in parts.into_iter().chain(agreement.accepted.iter().map(String::as_str)) {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    AgreementDigest::from_bytes(vault::sha256(&bytes))
}

/// All that is said, without its date; and its date.
fn signed(mut of: Children<'_, '_>, act: &'static str) -> Result<(Agreement, Signed), ReadError> {
    let id = of.text((NAMESPACE, "Id"))?;
    let said = of.text((NAMESPACE, "Act"))?;
    of.check(said == act, "Act", "is another act")?;
    let supplier = of.text((NAMESPACE, "ServiceSupplier"))?;
    let date = Signed::parse(&of.text((NAMESPACE, "Timestamp"))?);
    of.check(date.is_some(), "Timestamp", "is neither a day nor an instant")?;
    let mut accepted = BTreeSet::new();
    while let Some(sender) = of.optional((NAMESPACE, "AcceptedSender"))? {
        accepted.insert(sender);
    }
    let text = of.text((NAMESPACE, "Text"))?;
    of.one((DSIG, "Signature"))?;
    of.end()?;
    let signed = date.unwrap_or(Signed::At(Time::from_millis(0)));
    Ok((Agreement { id, act, supplier, date: None, accepted, text }, signed))
}

fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::AgreementInvalid).because(why)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
