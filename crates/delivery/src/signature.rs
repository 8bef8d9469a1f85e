//! One XML Signature, read strictly: a single reference to the element that holds it, and nothing that could make a
//! verifier look elsewhere.

use crate::{
    canonical,
    document::{elements, is, text},
    names::DSIG,
};
use base64::{Engine, engine::general_purpose::STANDARD};
use roxmltree::Node;

/// The hash that a signature and its digest use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Hash {
    /// rsa-sha256 over a SHA-256 digest.
    Sha256,
    /// SHA-1 in the signature, the digest or both: broken; only for senders that an operator lets.
    Sha1,
}

/// Why a signature is none that we take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    #[error("{0} has no signature")]
    Missing(&'static str),
    #[error("{0} has more than one signature")]
    Several(&'static str),
    #[error("the signature of {0} is not in the form asked for: {1}")]
    Form(&'static str, &'static str),
    #[error("the signature of {0} uses an algorithm that is not taken")]
    Algorithm(&'static str),
    #[error("the signature of {0} does not refer to it alone")]
    Reference(&'static str),
    #[error("the signature of {0} carries no usable certificate")]
    Certificate(&'static str),
    #[error("{0} was changed after it was signed")]
    Digest(&'static str),
    #[error("the signature of {0} does not verify")]
    Value(&'static str),
}

/// A signature's parts; nothing of it is verified yet.
pub(crate) struct Parsed<'a, 'i> {
    /// The element itself, to be left out of the digest.
    pub element: Node<'a, 'i>,
    pub signed_info: Node<'a, 'i>,
    pub signature_hash: Hash,
    pub digest_hash: Hash,
    pub digest: Vec<u8>,
    pub value: Vec<u8>,
    /// DER, in the order in which they stand; at least one.
    pub certificates: Vec<Vec<u8>>,
}

/// Whether an algorithm is one that is taken in some place of a signature.
pub(crate) fn is_taken(algorithm: &str) -> bool {
    [EXCLUSIVE, INCLUSIVE, ENVELOPED, SHA256, SHA1, RSA_SHA256, RSA_SHA1].contains(&algorithm)
}

/// Reads the one signature that is a child of `signed`. `what` names the signed thing in errors.
pub(crate) fn of<'a, 'i>(signed: Node<'a, 'i>, what: &'static str) -> Result<Parsed<'a, 'i>, SignatureError> {
    // A child, and the only one: a signature further in, or a second, is how a verifier is made to check one
    // element while another is read (signature wrapping).
    let mut found = signed.children().filter(|child| is(child, (DSIG, "Signature")));
    let element = found.next().ok_or(SignatureError::Missing(what))?;
    if found.next().is_some() {
        return Err(SignatureError::Several(what));
    }
    Reader { what }.signature(element, signed)
}

struct Reader {
    what: &'static str,
}

impl Reader {
    fn signature<'a, 'i>(
        &self,
        element: Node<'a, 'i>,
        signed: Node<'a, 'i>,
    ) -> Result<Parsed<'a, 'i>, SignatureError> {
        self.bare(element)?;
        let [signed_info, value, key_info] =
            self.exactly(element, ["SignedInfo", "SignatureValue", "KeyInfo"])?;
        self.bare(signed_info)?;
        // Exactly one reference: with more, what was verified and what is read could be two things.
        let [canonicalization, method, reference] =
            self.exactly(signed_info, ["CanonicalizationMethod", "SignatureMethod", "Reference"])?;
        if ![EXCLUSIVE, INCLUSIVE].contains(&self.algorithm(canonicalization)?) {
            return Err(SignatureError::Algorithm(self.what));
        }
        let signature_hash = match self.algorithm(method)? {
            RSA_SHA256 => Hash::Sha256,
            RSA_SHA1 => Hash::Sha1,
            _ => return Err(SignatureError::Algorithm(self.what)),
        };
        let (digest_hash, digest) = self.reference(reference, signed)?;
        self.bare(value)?;
        Ok(Parsed {
            element,
            signed_info,
            signature_hash,
            digest_hash,
            digest,
            value: self.binary(value)?,
            certificates: self.certificates(key_info)?,
        })
    }

    fn reference(
        &self,
        reference: Node<'_, '_>,
        signed: Node<'_, '_>,
    ) -> Result<(Hash, Vec<u8>), SignatureError> {
        let mut attributes = reference.attributes();
        let uri = attributes.next().filter(|a| a.namespace().is_none() && a.name() == "URI");
        let (Some(uri), None) = (uri, attributes.next()) else {
            return Err(SignatureError::Reference(self.what));
        };
        // The whole document, which the signed element is when it stands alone; or its own Id. Nothing is looked up.
        let own = match uri.value().strip_prefix('#') {
            None => uri.value().is_empty(),
            Some(id) => !id.is_empty() && signed.attribute("Id") == Some(id) && !self.twice(signed, id),
        };
        if !own {
            return Err(SignatureError::Reference(self.what));
        }
        let [transforms, method, value] =
            self.exactly(reference, ["Transforms", "DigestMethod", "DigestValue"])?;
        self.transforms(transforms)?;
        let hash = match self.algorithm(method)? {
            SHA256 => Hash::Sha256,
            SHA1 => Hash::Sha1,
            _ => return Err(SignatureError::Algorithm(self.what)),
        };
        Ok((hash, self.binary(value)?))
    }

    /// Whether anything else in the whole document bears the same id, in any spelling of the attribute's name.
    fn twice(&self, signed: Node<'_, '_>, id: &str) -> bool {
        let bears = |node: &Node<'_, '_>| {
            node.attributes().any(|a| a.name().eq_ignore_ascii_case("id") && a.value() == id)
        };
        signed.document().descendants().filter(bears).nth(1).is_some()
    }

    /// The enveloped signature is left out, and then at most the form is chosen. In this order.
    fn transforms(&self, transforms: Node<'_, '_>) -> Result<(), SignatureError> {
        self.bare(transforms)?;
        let form = || SignatureError::Form(self.what, "Transforms");
        let mut algorithms = Vec::with_capacity(2);
        for transform in elements(transforms).ok_or_else(form)? {
            if !is(&transform, (DSIG, "Transform")) || algorithms.len() == 2 {
                return Err(SignatureError::Algorithm(self.what));
            }
            algorithms.push(self.algorithm(transform)?);
        }
        match algorithms[..] {
            // Any other transform, such as XPath or XSLT, would let the signer choose what is looked at.
            [ENVELOPED] | [ENVELOPED, EXCLUSIVE | INCLUSIVE] => Ok(()),
            _ => Err(SignatureError::Algorithm(self.what)),
        }
    }

    /// The certificates of `X509Data`. Names beside them are decoration, written differently by each sender.
    fn certificates(&self, key_info: Node<'_, '_>) -> Result<Vec<Vec<u8>>, SignatureError> {
        self.bare(key_info)?;
        let form = || SignatureError::Form(self.what, "KeyInfo");
        let mut certificates = Vec::new();
        for data in elements(key_info).ok_or_else(form)? {
            // A bare key says nothing of whose it is; only certificates do.
            if is(&data, (DSIG, "KeyName")) || is(&data, (DSIG, "KeyValue")) {
                continue;
            }
            if !is(&data, (DSIG, "X509Data")) {
                return Err(form());
            }
            for entry in elements(data).ok_or_else(form)? {
                match entry.tag_name().name() {
                    _ if entry.tag_name().namespace() != Some(DSIG) => return Err(form()),
                    // Each is parsed and tried, so their number is bounded.
                    "X509Certificate" if certificates.len() == CERTIFICATES => return Err(form()),
                    "X509Certificate" => certificates.push(self.binary(entry)?),
                    "X509SubjectName" | "X509IssuerSerial" | "X509SKI" => {}
                    _ => return Err(form()),
                }
            }
        }
        if certificates.is_empty() { Err(SignatureError::Certificate(self.what)) } else { Ok(certificates) }
    }

    /// An `Algorithm` attribute on an element that holds nothing: no parameters are taken.
    fn algorithm<'a>(&self, of: Node<'a, '_>) -> Result<&'a str, SignatureError> {
        let mut attributes = of.attributes();
        let algorithm = attributes.next().filter(|a| a.namespace().is_none() && a.name() == "Algorithm");
        let alone =
            attributes.next().is_none() && elements(of).is_some_and(|mut inside| inside.next().is_none());
        match algorithm {
            Some(algorithm) if alone => Ok(algorithm.value()),
            _ => Err(SignatureError::Algorithm(self.what)),
        }
    }

    fn exactly<'a, 'i, const N: usize>(
        &self,
        of: Node<'a, 'i>,
        names: [&'static str; N],
    ) -> Result<[Node<'a, 'i>; N], SignatureError> {
        let form = |name| SignatureError::Form(self.what, name);
        let mut inside = elements(of).ok_or_else(|| form(names[0]))?;
        let mut found = [of; N];
        for (place, name) in found.iter_mut().zip(names) {
            *place = inside.next().filter(|node| is(node, (DSIG, name))).ok_or_else(|| form(name))?;
        }
        if inside.next().is_some() { Err(form("an element too many")) } else { Ok(found) }
    }

    /// An `Id` is the only attribute that is let be.
    fn bare(&self, of: Node<'_, '_>) -> Result<(), SignatureError> {
        let other = of.attributes().any(|a| a.namespace().is_some() || a.name() != "Id");
        if other { Err(SignatureError::Form(self.what, "an attribute too many")) } else { Ok(()) }
    }

    fn binary(&self, of: Node<'_, '_>) -> Result<Vec<u8>, SignatureError> {
        let form = || SignatureError::Form(self.what, "base64");
        base64(&text(of).ok_or_else(form)?).ok_or_else(form)
    }
}

/// Base64 with line breaks wherever the sender put them.
pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let blank = |b: &u8| matches!(b, b' ' | b'\t' | b'\n' | b'\r');
    if text.bytes().any(|b| blank(&b)) {
        let bare: Vec<u8> = text.bytes().filter(|b| !blank(b)).collect();
        return STANDARD.decode(bare).ok();
    }
    STANDARD.decode(text).ok()
}

impl Parsed<'_, '_> {
    /// The bytes that the signature value is over.
    pub(crate) fn signed_info_bytes(&self, what: &'static str) -> Result<String, SignatureError> {
        canonical::text(self.signed_info, None)
            .map_err(|_| SignatureError::Form(what, "an attribute with a prefix"))
    }
}

const EXCLUSIVE: &str = "http://www.w3.org/2001/10/xml-exc-c14n#";
const INCLUSIVE: &str = "http://www.w3.org/TR/2001/REC-xml-c14n-20010315";
const ENVELOPED: &str = "http://www.w3.org/2000/09/xmldsig#enveloped-signature";
const SHA256: &str = "http://www.w3.org/2001/04/xmlenc#sha256";
const SHA1: &str = "http://www.w3.org/2000/09/xmldsig#sha1";
const RSA_SHA256: &str = "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256";
const RSA_SHA1: &str = "http://www.w3.org/2000/09/xmldsig#rsa-sha1";
/// A leaf and the authorities above it.
const CERTIFICATES: usize = 6;
