//! What people sign when they open, leave or move a mailbox, or choose senders; and how their signatures are verified.
//!
//! The interface carries an e-ID's signature as bytes and does not say of which kind. [`Agreements`] is the place for
//! each kind. The one that is built is an XML signature by a person's certificate over a small document that says the
//! whole request, so that a signature cannot be used for another one. docs/mina-meddelanden.md describes it.

use base64::{Engine, engine::general_purpose::STANDARD};
use delivery::{Hash, XmlSigner, document, names::DSIG, read::Children, write::Xml};
use domain::{CivilDate, Code, Identity, Refusal, Time};
use std::collections::BTreeSet;
use vault::{Authorities, Untrusted, jws::SignerError};

/// How signatures are verified.
pub enum Agreements {
    /// No kind of signature is taken: nothing can be changed by this interface.
    None,
    /// XML signatures by certificates of these authorities, whose subject has the person's number.
    Xml(Authorities),
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    pub id: String,
    pub act: &'static str,
    /// The operator's internet domain; empty where none is named.
    pub supplier: String,
    /// As the request has it; where it has none, that of the signed document counts.
    pub date: Option<String>,
    pub accepted: BTreeSet<String>,
    pub text: String,
}

/// `SignatureData` as it came.
#[derive(Clone, Debug)]
pub(crate) struct SignatureData {
    pub signature: Vec<u8>,
    pub certificate: String,
}

/// Who signed. No `Debug`: it names a person.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Signer {
    pub identity: Identity,
    pub name: String,
}

/// The name of the signed document's root.
pub const ROOT: (&str, &str) = (NAMESPACE, "Agreement");
/// Its namespace.
const NAMESPACE: &str = "urn:kuvert:agreement";
pub(crate) const REGISTER: &str = "register";
pub(crate) const DEREGISTER: &str = "deregister";
pub(crate) const MOVE: &str = "move";
pub(crate) const PREFERENCES: &str = "preferences";
/// The two of `verifyAuthorizedSignatures`.
pub(crate) const OWNERSHIP: &str = "ownership";
pub(crate) const CANCEL_CONSENT: &str = "cancel-consent";
/// What can stand as `Act`.
pub const ACTS: [&str; 6] = [REGISTER, DEREGISTER, MOVE, PREFERENCES, OWNERSHIP, CANCEL_CONSENT];
/// A signature is good for this long: as long as a request waits for others.
const DAYS: i32 = 30;

impl SignatureData {
    /// Reads one.
    pub(crate) fn read(mut of: Children<'_, '_>) -> Result<Self, delivery::ReadError> {
        const NS: &str = delivery::names::COMMON;
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
    pub date: CivilDate,
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
    let signature = delivery::line_ends(signature).ok()?;
    let document = delivery::parse(&signature).ok()?;
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
        date: CivilDate::parse(&word("Timestamp")?).ok()?,
        accepted: words("AcceptedSender").collect(),
        text: word("Text")?,
    })
}

impl Agreements {
    /// Who signed the agreement; or what is wrong.
    pub(crate) fn signer(
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
    let xml = delivery::line_ends(&signature.signature).map_err(|error| refused(error.to_string()))?;
    let document = delivery::parse(&xml).map_err(|error| refused(error.to_string()))?;
    let root = document.root_element();
    if !document::is(&root, ROOT) {
        return Err(refused("the signed document is no Agreement"));
    }
    let verified =
        delivery::verify(root, ROOT, "the agreement").map_err(|error| refused(error.to_string()))?;
    if verified.hash != Hash::Sha256 {
        return Err(Code::XmlAlgorithmNotAllowed.into());
    }
    let signed =
        signed(Children::of(root, "Agreement").map_err(|error| refused(error.to_string()))?, agreement.act)
            .map_err(|error| refused(error.to_string()))?;
    let date = signed.date.as_deref().and_then(|date| CivilDate::parse(date).ok());
    let age = date.map(|date| date.days_until(now.date()));
    if !age.is_some_and(|days| (0..=DAYS).contains(&days)) {
        return Err(refused("the signature's date is in the future or more than 30 days ago"));
    }
    let asked =
        Agreement { date: agreement.date.clone().or_else(|| signed.date.clone()), ..agreement.clone() };
    if signed != asked {
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
    Ok(Signer { identity, name: verified.certificate.subject_common_name.unwrap_or_default() })
}

fn signed(mut of: Children<'_, '_>, act: &'static str) -> Result<Agreement, delivery::ReadError> {
    let id = of.text((NAMESPACE, "Id"))?;
    let said = of.text((NAMESPACE, "Act"))?;
    of.check(said == act, "Act", "is another act")?;
    let supplier = of.text((NAMESPACE, "ServiceSupplier"))?;
    let date = of.text((NAMESPACE, "Timestamp"))?;
    let mut accepted = BTreeSet::new();
    while let Some(sender) = of.optional((NAMESPACE, "AcceptedSender"))? {
        accepted.insert(sender);
    }
    let text = of.text((NAMESPACE, "Text"))?;
    of.one((DSIG, "Signature"))?;
    of.end()?;
    Ok(Agreement { id, act, supplier, date: Some(date), accepted, text })
}

fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Refusal {
    Refusal::new(Code::AgreementInvalid).because(why)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
