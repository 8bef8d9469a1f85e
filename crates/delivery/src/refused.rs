//! What a client is told of a delivery that is not taken for its form or its signatures.

use crate::{DeliveryError, SignatureError, XmlError};
use domain::{Code, Refusal};

/// What is wrong with a delivery that could not be read or does not hold. The texts name elements, never values.
pub fn refusal(error: &DeliveryError) -> Refusal {
    let code = match error {
        DeliveryError::Xml(XmlError::Encoding | XmlError::Malformed) => Code::XmlMalformed,
        DeliveryError::Xml(_) => Code::XmlNotAllowed,
        DeliveryError::Soap(_) => Code::MalformedRequest,
        DeliveryError::OtherOperation => Code::OperationUnknown,
        DeliveryError::NoDelivery | DeliveryError::Read(_) => Code::DeliveryMalformed,
        DeliveryError::Signature(fault) => signature_code(*fault, Code::SignatureInvalid),
        DeliveryError::Seal(fault) => signature_code(*fault, Code::SealInvalid),
    };
    Refusal::new(code).because(error.to_string())
}

fn signature_code(fault: SignatureError, changed: Code) -> Code {
    match fault {
        SignatureError::Missing(_)
        | SignatureError::Several(_)
        | SignatureError::Form(..)
        | SignatureError::Reference(_) => Code::XmlSignatureNotAllowed,
        SignatureError::Algorithm(_) => Code::XmlAlgorithmNotAllowed,
        SignatureError::Certificate(_) => Code::CertificateUntrusted,
        SignatureError::Digest(_) | SignatureError::Value(_) => changed,
    }
}
