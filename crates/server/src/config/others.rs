//! The sections of whom the instance asks and hands over to: registers and other operators.

use super::defaults::Defaults;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// Who signs for companies.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Who signs for companies: a JSON file, kept by `kuvert mailbox open --signatory`.
    pub file: Option<PathBuf>,
}

/// The register of who has a mailbox at which operator (FaR).
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FarSection {
    /// Who keeps the register of who has a mailbox at which operator (FaR). `own`: this instance does, and serves
    /// `Recipient/v3` and `Authority` on the agency door. `external`: another one does, and is followed.
    #[serde(default)]
    pub mode: FarMode,
    /// The authorities of persons' certificates, PEM, whose signatures may open, leave and move mailboxes through the
    /// interface. Without it nothing is changed by it. For `own`.
    pub person_authorities: Option<PathBuf>,
    /// URL of the other register's `Authority`: senders and dispatchers are taken from there every five minutes. For
    /// `external`, as all below.
    pub authority_address: Option<String>,
    /// For external: the address of its Recipient/v3, which is asked where a recipient's mailbox is.
    pub recipient_address: Option<String>,
    /// What it says of a recipient counts so long without asking again; 0 asks each time.
    #[serde(default = "Defaults::fresh")]
    pub fresh_seconds: u64,
    /// While it is silent, what it said counts so long; then only letters for mailboxes that are open here are taken.
    #[serde(default = "Defaults::stale")]
    pub stale_hours: u64,
    /// Our certificate chain, PEM, to call it with.
    pub certificate: Option<PathBuf>,
    /// Its private key, PEM.
    pub key_file: Option<PathBuf>,
    /// The authorities of the register's server certificate, PEM.
    pub authorities: Option<PathBuf>,
}

impl Default for FarSection {
    /// We are the register, and take no signatures.
    fn default() -> Self {
        Self {
            mode: FarMode::Own,
            person_authorities: None,
            authority_address: None,
            recipient_address: None,
            fresh_seconds: Defaults::fresh(),
            stale_hours: Defaults::stale(),
            certificate: None,
            key_file: None,
            authorities: None,
        }
    }
}

/// Who the register is.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
pub enum FarMode {
    #[default]
    Own,
    External,
}

/// How letters are handed over to other operators.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Outgoing {
    /// Our certificate chain, PEM, our own first, of `instance.number` and with an RSA key: letters are sealed and other
    /// operators called with it, and letters carry it.
    pub certificate: PathBuf,
    /// Its private key, PEM.
    pub key_file: PathBuf,
    /// The authorities of other operators' server certificates, PEM.
    pub authorities: PathBuf,
    /// A whole message, attachments in base64, in MiB, 1 to 10. Not all operators take more than 2.
    #[serde(default = "Defaults::outgoing_envelope")]
    pub max_envelope_mib: u64,
    /// A letter that could not be handed over for so long is returned to its sender. 1 to 240.
    #[serde(default = "Defaults::give_up")]
    pub give_up_after_hours: u64,
    /// How long another operator's answer may take, 1 to 600.
    #[serde(default = "Defaults::outgoing_timeout")]
    pub timeout_seconds: u64,
}
