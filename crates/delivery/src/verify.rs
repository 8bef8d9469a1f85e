//! Whether a signature holds over the element that it stands in.

use crate::{
    canonical,
    names::Name,
    signature::{self, Hash, Parsed, SignatureError},
};
use ring::{
    digest,
    signature::{
        RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
    },
};
use roxmltree::Node;
use vault::Certificate;

/// A signature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The certificate whose key signed. Whether it is trusted and whose it is, is for others to say.
    pub certificate: Certificate,
    /// The other certificates that came with it, DER: perhaps its authorities.
    pub others: Vec<Vec<u8>>,
    /// The weaker of the hashes used.
    pub hash: Hash,
}

/// Verifies the one signature in `signed`, which is signed as a document of its own under the name `root`.
/// `what` names it in errors.
pub fn verify(signed: Node<'_, '_>, root: Name<'_>, what: &'static str) -> Result<Verified, SignatureError> {
    let parsed = signature::of(signed, what)?;
    // The value is over little, the digest over all: what nobody signed is told before the whole is digested.
    let verified = value(&parsed, what)?;
    content(signed, root, &parsed, what)?;
    Ok(verified)
}

/// Whether `signed` is what the signature's digest is of.
pub(crate) fn content(
    signed: Node<'_, '_>,
    root: Name<'_>,
    parsed: &Parsed<'_, '_>,
    what: &'static str,
) -> Result<(), SignatureError> {
    let mut context = digest::Context::new(algorithm(parsed.digest_hash));
    canonical::write(signed, Some(root), Some(parsed.element.id()), &mut context)
        .map_err(|_| SignatureError::Form(what, "an attribute with a prefix"))?;
    if context.finish().as_ref() == parsed.digest { Ok(()) } else { Err(SignatureError::Digest(what)) }
}

/// Whether the signature's value is made by one of its certificates, over its `SignedInfo`.
pub(crate) fn value(parsed: &Parsed<'_, '_>, what: &'static str) -> Result<Verified, SignatureError> {
    let message = parsed.signed_info_bytes(what)?;
    // Authorities may stand beside the signer's own certificate, in any order: the one whose key verifies is it.
    let signer = parsed
        .certificates
        .iter()
        .position(|der| holds(der, parsed.signature_hash, message.as_bytes(), &parsed.value));
    let signer = signer.ok_or_else(|| {
        let usable = parsed.certificates.iter().any(|der| rsa_key(der).is_some());
        if usable { SignatureError::Value(what) } else { SignatureError::Certificate(what) }
    })?;
    let mut others = parsed.certificates.clone();
    let certificate = others.remove(signer);
    let certificate = Certificate::parse(&certificate).map_err(|_| SignatureError::Certificate(what))?;
    let weak = [parsed.signature_hash, parsed.digest_hash].contains(&Hash::Sha1);
    Ok(Verified { certificate, others, hash: if weak { Hash::Sha1 } else { Hash::Sha256 } })
}

/// As `ring` knows it.
pub(crate) fn algorithm(hash: Hash) -> &'static digest::Algorithm {
    match hash {
        Hash::Sha256 => &digest::SHA256,
        Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
    }
}

/// Whether the key of this certificate made `value` over `message`.
pub(crate) fn holds(der: &[u8], hash: Hash, message: &[u8], value: &[u8]) -> bool {
    let Some(key) = rsa_key(der) else { return false };
    // Keys of 1024 bits come with SHA-1 alone, which is told as weak; whoever trusts a certificate asks for 2048.
    let parameters = match hash {
        Hash::Sha256 => &RSA_PKCS1_2048_8192_SHA256,
        Hash::Sha1 => &RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY,
    };
    UnparsedPublicKey::new(parameters, key).verify(message, value).is_ok()
}

/// The RSAPublicKey in a certificate.
fn rsa_key(der: &[u8]) -> Option<Vec<u8>> {
    let certificate = Certificate::parse(der).ok()?;
    certificate.rsa_public_key().map(<[u8]>::to_vec)
}
