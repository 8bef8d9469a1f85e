//! Who may sign for an organisation and how many must, as a register outside tells. Today a file that the operator's commands keep;
//! an enum, so that a register over HTTP can stand beside it.
//!
//! The file names people by the keyed hash of their number, never by the number itself.

mod file;
mod follow;
mod rule;
mod sync;

pub use file::{Signatory, SignatoryFile};
pub use follow::{any_signatory, unnamed};
pub use rule::{Authorisation, Company, NotARule, SignatureRule};
pub use sync::{Synced, sync};

use domain::{AddressMac, OrgNumber};
use std::path::PathBuf;

/// Where signatories are asked for.
#[derive(Clone, Debug)]
pub enum Register {
    /// No organisation has signatories.
    None,
    /// A JSON file. One that is not there is no empty register: nothing is known.
    File(PathBuf),
}

/// The register could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    #[error("could not read the register of signatories: {0}")]
    Read(std::io::ErrorKind),
    #[error("the file of the register of signatories is not there")]
    Missing,
    #[error("could not write the register of signatories: {0}")]
    Write(std::io::ErrorKind),
    #[error("the register of signatories is not in its form")]
    Form,
}

impl Register {
    /// Those who may sign for an organisation today.
    pub async fn signatories(&self, organisation: &OrgNumber) -> Result<Vec<Signatory>, RegisterError> {
        Ok(self.read().await?.signatories(organisation).to_vec())
    }

    /// All that the register says of an organisation today; one that it does not know has no signatories.
    pub async fn company(&self, organisation: &OrgNumber) -> Result<Company, RegisterError> {
        Ok(self.read().await?.company(organisation))
    }

    /// The organisations that a person may sign for today, by the address tag of the person's number.
    pub async fn organisations_of(&self, person_mac: &AddressMac) -> Result<Vec<OrgNumber>, RegisterError> {
        Ok(self.read().await?.organisations_of(person_mac))
    }

    pub async fn read(&self) -> Result<SignatoryFile, RegisterError> {
        match self {
            Self::None => Ok(SignatoryFile::default()),
            Self::File(path) => SignatoryFile::read(path).await,
        }
    }
}

#[cfg(test)]
mod tests;
