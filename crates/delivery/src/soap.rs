//! SOAP 1.1 around a message.

use crate::{
    document::{elements, is},
    names::{Name, SOAP},
};
use roxmltree::{Document, Node};

/// Why a message is no SOAP 1.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SoapError {
    #[error("the root is no Envelope of SOAP 1.1")]
    Envelope,
    #[error("the Body does not hold exactly one element")]
    Body,
    #[error("a Header must be understood that is not")]
    MustUnderstand,
}

/// The one element in the Body. Headers are passed over, unless they must be understood.
pub fn body<'a, 'i>(document: &'a Document<'i>) -> Result<Node<'a, 'i>, SoapError> {
    let envelope = Some(document.root_element()).filter(|root| is(root, (SOAP, "Envelope")));
    let envelope = envelope.ok_or(SoapError::Envelope)?;
    let mut parts = elements(envelope).ok_or(SoapError::Envelope)?;
    let mut next = parts.next();
    if let Some(header) = next.filter(|node| is(node, (SOAP, "Header"))) {
        let needed = |node: Node<'_, '_>| {
            node.attribute((SOAP, "mustUnderstand")).is_some_and(|v| ["1", "true"].contains(&v.trim()))
        };
        if header.children().filter(Node::is_element).any(needed) {
            return Err(SoapError::MustUnderstand);
        }
        next = parts.next();
    }
    let body = next.filter(|node| is(node, (SOAP, "Body"))).ok_or(SoapError::Envelope)?;
    if parts.next().is_some() {
        return Err(SoapError::Envelope);
    }
    let mut inside = elements(body).ok_or(SoapError::Body)?;
    match (inside.next(), inside.next()) {
        (Some(element), None) => Ok(element),
        _ => Err(SoapError::Body),
    }
}

/// The one child element of an operation's element, where it has this name.
pub fn only<'a, 'i>(operation: Node<'a, 'i>, name: Name<'_>) -> Option<Node<'a, 'i>> {
    let mut inside = elements(operation)?;
    match (inside.next(), inside.next()) {
        (Some(element), None) if is(&element, name) => Some(element),
        _ => None,
    }
}
