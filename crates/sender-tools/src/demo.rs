//! A demo's folder, as far as its senders read it.

use std::path::{Path, PathBuf};

/// Exempelkommunen, which sends where no other sender is named.
pub const KOMMUNEN: &str = "164020000016";
/// Exempelverket.
pub const VERKET: &str = "164020000024";

/// The folder's certificates and keys, PEM.
pub struct Pki(PathBuf);

impl Pki {
    /// Of a demo's folder. Whether the files are there is seen when they are read.
    pub fn of(folder: &Path) -> Self {
        Self(folder.join("pki"))
    }

    /// The authority that issued all of them, the door's own too.
    pub fn ca(&self) -> PathBuf {
        self.0.join("ca.pem")
    }

    pub fn certificate(&self, number: &str) -> PathBuf {
        self.0.join(format!("{number}.pem"))
    }

    pub fn key(&self, number: &str) -> PathBuf {
        self.0.join(format!("{number}.key"))
    }
}
