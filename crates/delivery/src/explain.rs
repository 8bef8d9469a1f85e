//! Why a delivery does not hold, for whoever writes a client: each part judged on its own, by the functions that the door
//! uses, where [`Sealed::read`](crate::Sealed::read) ends at the first fault.

mod hint;

pub use hint::{Change, Hint};

use crate::{
    DELIVER_SECURE, DELIVERY, Delivery, DeliveryError, ReadError, SEAL, SignatureError, Verified,
    document::is,
    names::{DSIG, SEALED_DELIVERY, SIGNED_DELIVERY},
    read, signature, soap, verify,
};
use roxmltree::{Document, Node};
use vault::Certificate;

/// Which of its forms a delivery was found in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A `deliverSecure` message, as it is sent.
    Envelope,
    /// A `SealedDelivery` alone.
    Sealed,
    /// A `SignedDelivery` alone, before it is sealed.
    Signed,
}

/// A message taken apart as far as it can be.
pub struct Parts<'a, 'i> {
    pub form: Form,
    /// What the dispatcher signs, where there is a seal at all.
    sealed: Option<Node<'a, 'i>>,
    /// What the sender signs, where it is found.
    signed: Option<Node<'a, 'i>>,
    /// All that is in it, or the first place where it differs from its schema.
    pub delivery: Result<Delivery, ReadError>,
}

/// A signature in its form; whether it holds.
pub struct Judged {
    /// Whether the content is what was signed.
    pub content: Result<(), SignatureError>,
    /// Whether the value is made by a certificate that came with it. It may be, though the content was changed.
    pub value: Result<Verified, SignatureError>,
    /// All that came with it, in order.
    pub certificates: Vec<Certificate>,
    /// What it is, or was, over instead; where that is found by trying.
    pub hint: Option<Hint>,
}

impl<'a, 'i> Parts<'a, 'i> {
    /// Of a whole message, or of a delivery alone.
    pub fn of(document: &'a Document<'i>) -> Result<Self, DeliveryError> {
        let root = document.root_element();
        if is(&root, SIGNED_DELIVERY) {
            return Ok(Self {
                form: Form::Signed,
                sealed: None,
                signed: Some(root),
                delivery: read::delivery(root),
            });
        }
        let (form, sealed) = if is(&root, SEALED_DELIVERY) {
            (Form::Sealed, root)
        } else {
            let operation = soap::body(document)?;
            if !is(&operation, DELIVER_SECURE) {
                return Err(DeliveryError::OtherOperation);
            }
            (Form::Envelope, soap::only(operation, DELIVER_SECURE).ok_or(DeliveryError::NoDelivery)?)
        };
        let read = read::sealed(sealed);
        // A fault in the seal's own form need not keep the sender's signature from being judged.
        let found = sealed.children().find(|child| is(child, SIGNED_DELIVERY));
        let signed = read.as_ref().ok().copied().or(found);
        Ok(Self { form, sealed: Some(sealed), signed, delivery: read.and_then(read::delivery) })
    }

    /// The sender's signature; `None` where nothing is found that it could stand in.
    pub fn signature(&self) -> Option<Result<Judged, SignatureError>> {
        self.signed.map(|signed| judge(signed, Whose::Sender))
    }

    /// The dispatcher's; `None` where there is no seal.
    pub fn seal(&self) -> Option<Result<Judged, SignatureError>> {
        self.sealed.map(|sealed| judge(sealed, Whose::Dispatcher))
    }

    /// Algorithms in the sender's signature that are taken in no place.
    pub fn foreign_algorithms(&self) -> Vec<&'a str> {
        self.signed.map(foreign_algorithms).unwrap_or_default()
    }

    /// The same, in the seal's.
    pub fn foreign_algorithms_of_seal(&self) -> Vec<&'a str> {
        self.sealed.map(foreign_algorithms).unwrap_or_default()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Sender,
    Dispatcher,
}

fn judge(signed: Node<'_, '_>, whose: Whose) -> Result<Judged, SignatureError> {
    let (root, what) = match whose {
        Whose::Sender => (SIGNED_DELIVERY, DELIVERY),
        Whose::Dispatcher => (SEALED_DELIVERY, SEAL),
    };
    let parsed = signature::of(signed, what)?;
    let content = verify::content(signed, root, &parsed, what);
    let value = verify::value(&parsed, what);
    let of_content = content.is_err().then(|| hint::of_content(signed, root, &parsed)).flatten();
    let of_value = || value.is_err().then(|| hint::of_value(&parsed)).flatten();
    let hint = of_content.or_else(of_value);
    let certificates = parsed.certificates.iter().filter_map(|der| Certificate::parse(der).ok()).collect();
    Ok(Judged { content, value, certificates, hint })
}

fn foreign_algorithms<'a>(signed: Node<'a, '_>) -> Vec<&'a str> {
    let signatures = signed.children().filter(|child| is(child, (DSIG, "Signature")));
    let algorithms = signatures.flat_map(|one| one.descendants()).filter_map(|n| n.attribute("Algorithm"));
    algorithms.filter(|algorithm| !signature::is_taken(algorithm)).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
