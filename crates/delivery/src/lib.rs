//! The delivery of Mina Meddelanden (*försändelse*): its XML read strictly, its two signatures verified and made, its
//! messages as letters.
//!
//! A sender signs `SignedDelivery`; a dispatcher puts it into `SealedDelivery` with a seal and signs that. Both are
//! signed as documents of their own, without prefixes ([`canonical`]). [`Sealed::read`] verifies both over the very
//! nodes that it then reads: nothing is parsed twice, and nothing is read that was not signed. A [`Notice`] is not signed.

pub mod agreement;
pub mod canonical;
pub mod document;
pub mod explain;
pub mod forward;
pub mod from_letter;
pub mod letter;
pub mod names;
pub mod notice;
pub mod read;
pub mod soap;
pub mod write;

mod refused;
mod signature;
mod verify;

pub use document::{XmlError, line_ends, parse, parse_within};
pub use forward::Forward;
pub use notice::Notice;
pub use read::{Delivery, Message, ReadError};
pub use refused::refusal;
pub use signature::{Hash, SignatureError};
pub use soap::SoapError;
pub use verify::{Verified, verify};
pub use write::{XmlSigner, XmlSignerError};

use domain::CivilDate;
use names::{MESSAGE_V3, Name, SEALED_DELIVERY, SERVICE_V3, SIGNED_DELIVERY};
use ring::digest;
use roxmltree::Node;

/// A delivery of which both signatures hold. Who may sign and seal is for others to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub delivery: Delivery,
    /// The sender's, or that of the dispatcher who signs for it.
    pub signature: Verified,
    /// The dispatcher's.
    pub seal: Verified,
    /// The day on which it was sealed, as the dispatcher says.
    pub received: CivilDate,
    /// For each message, SHA-256 of its canonical form with the delivery's header: what a letter is compared and
    /// committed to by. See `docs/evidence.md`.
    pub payloads: Vec<[u8; 32]>,
}

/// Why a delivery is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeliveryError {
    #[error(transparent)]
    Xml(#[from] XmlError),
    #[error(transparent)]
    Soap(#[from] SoapError),
    #[error("the body asks for another operation")]
    OtherOperation,
    #[error("the operation does not hold one delivery")]
    NoDelivery,
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error(transparent)]
    Signature(SignatureError),
    /// As [`DeliveryError::Signature`], of the seal.
    #[error(transparent)]
    Seal(SignatureError),
}

/// `{Service/v3}deliverSecure`, the operation and the delivery in it alike.
pub const DELIVER_SECURE: Name<'static> = (SERVICE_V3, "deliverSecure");

impl Sealed {
    /// From a whole `deliverSecure` message.
    pub fn from_envelope(bytes: &[u8]) -> Result<Self, DeliveryError> {
        let bytes = line_ends(bytes)?;
        let document = parse(&bytes)?;
        let operation = soap::body(&document)?;
        if !document::is(&operation, DELIVER_SECURE) {
            return Err(DeliveryError::OtherOperation);
        }
        Self::read(soap::only(operation, DELIVER_SECURE).ok_or(DeliveryError::NoDelivery)?)
    }

    /// From the element that is a `SealedDelivery`, whatever it is called where it stands.
    pub fn read(sealed: Node<'_, '_>) -> Result<Self, DeliveryError> {
        let signed = read::sealed(sealed)?;
        let seal = verify(sealed, SEALED_DELIVERY, SEAL).map_err(DeliveryError::Seal)?;
        let signature = verify(signed, SIGNED_DELIVERY, DELIVERY).map_err(DeliveryError::Signature)?;
        let delivery = read::delivery(signed)?;
        let received = read::received(sealed).ok_or(DeliveryError::NoDelivery)?;
        Ok(Self { delivery, signature, seal, received, payloads: payloads(signed).unwrap_or_default() })
    }
}

/// Reads a message that was taken before, or a [`Forward::document`], and says who signed it if both signatures still
/// hold: what is taken today may be less than it was then.
pub fn read_again(message: &[u8]) -> Result<(Delivery, Option<Verified>), DeliveryError> {
    let Again { delivery, signature, .. } = again(message)?;
    Ok((delivery, signature))
}

/// A message that was taken before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Again {
    pub delivery: Delivery,
    /// Who signed it, if both signatures still hold.
    pub signature: Option<Verified>,
    /// As [`Sealed::payloads`].
    pub payloads: Vec<[u8; 32]>,
}

/// As [`read_again`], with what its letters are committed to by.
pub fn again(message: &[u8]) -> Result<Again, DeliveryError> {
    let message = line_ends(message)?;
    let document = parse(&message)?;
    let inside = match document.root_element() {
        root if document::is(&root, SEALED_DELIVERY) => root,
        _ => soap::only(soap::body(&document)?, DELIVER_SECURE).ok_or(DeliveryError::NoDelivery)?,
    };
    let signed = read::sealed(inside)?;
    let seal = verify(inside, SEALED_DELIVERY, SEAL);
    let signature = verify(signed, SIGNED_DELIVERY, DELIVERY).ok().filter(|_| seal.is_ok());
    Ok(Again { delivery: read::delivery(signed)?, signature, payloads: payloads(signed).unwrap_or_default() })
}

/// The canonical `SignedDelivery` of a whole message: what another dispatcher seals anew.
pub fn signed_delivery(envelope: &[u8]) -> Result<String, DeliveryError> {
    let envelope = line_ends(envelope)?;
    let document = parse(&envelope)?;
    let operation = soap::body(&document)?;
    let inside = soap::only(operation, DELIVER_SECURE).ok_or(DeliveryError::NoDelivery)?;
    let signed = read::sealed(inside)?;
    let form = |_| DeliveryError::Signature(SignatureError::Form(DELIVERY, "an attribute with a prefix"));
    canonical::text(signed, Some(SIGNED_DELIVERY)).map_err(form)
}

/// For each message, the hash of a `Delivery` that holds the header and that message alone.
fn payloads(signed: Node<'_, '_>) -> Option<Vec<[u8; 32]>> {
    let (header, messages) = read::nodes(signed)?;
    let payload = |message: Node<'_, '_>| {
        let mut context = digest::Context::new(&digest::SHA256);
        for node in [header, message] {
            canonical::write(node, Some((MESSAGE_V3, node.tag_name().name())), None, &mut context).ok()?;
        }
        context.finish().as_ref().try_into().ok()
    };
    messages.into_iter().map(payload).collect()
}

/// How the two signed parts are called in errors.
pub(crate) const SEAL: &str = "the sealed delivery";
pub(crate) const DELIVERY: &str = "the signed delivery";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
