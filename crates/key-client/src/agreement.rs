//! What recipients sign to the register of addresses, as the key service is asked to take it.

use crate::{SecretBytes, wire};
use domain::AgreementDigest;
use serde::{Deserialize, Serialize};

/// An agreement that is to be used: what was asked for, and the signatures as they came. The key service verifies them
/// itself. No `Debug`: it names people.
#[derive(Clone, Serialize, Deserialize)]
pub struct AgreementUse {
    /// Whose mailbox: twelve digits.
    pub recipient: String,
    /// `register`, `deregister`, `move` or `preferences`.
    pub act: String,
    pub supplier: String,
    /// The day, where the request has one.
    pub date: Option<String>,
    pub accepted: Vec<String>,
    pub text: String,
    /// At least one.
    pub signatures: Vec<AgreementSignature>,
    /// Digests of those by others that came before and wait for these.
    #[serde(with = "wire::byte_lists")]
    pub earlier: Vec<AgreementDigest>,
    /// True: the request is fulfilled, and none of them can be used again. False: they wait for more.
    pub acts: bool,
}

/// A signature as the interface carries it.
#[derive(Clone, Serialize, Deserialize)]
pub struct AgreementSignature {
    pub signature: SecretBytes,
    /// Base64 of the signer's certificate, or empty.
    pub certificate: String,
}
