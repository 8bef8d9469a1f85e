//! Certificates on the command line: read, named and described.

use crate::{config::Config, published_keys::refuse_public};
use anyhow::{Context, Result, ensure};
use domain::{CertificateDigest, Time};
use std::path::Path;
use vault::Certificate;

/// A certificate that may be registered, of an organisation.
pub(super) fn read_certificate(config: &Config, file: &Path) -> Result<Certificate> {
    let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificate =
        Certificate::from_pem(&pem).with_context(|| format!("{} holds no certificate", file.display()))?;
    ensure!(certificate.organisation.is_some(), NAMELESS);
    if config.instance.production {
        refuse_public(&certificate)?;
    }
    Ok(certificate)
}

/// Of a certificate in a file, or as it is written.
pub(super) fn sha256_of(certificate: &str) -> Result<CertificateDigest> {
    match std::fs::read(certificate) {
        Ok(pem) => Ok(Certificate::from_pem(&pem)?.sha256),
        Err(error) => {
            let mut sha256 = [0; 32];
            hex::decode_to_slice(certificate, &mut sha256)
                .with_context(|| format!("{certificate}: {error}; nor is it a SHA-256 in hexadecimal"))?;
            Ok(CertificateDigest::from_bytes(sha256))
        }
    }
}

pub(super) const NAMELESS: &str =
    "the certificate's subject has no serialNumber with an organisation's number";

pub(super) fn certificate_state(usable: Result<(), domain::Code>) -> &'static str {
    match usable {
        Ok(()) => "in force",
        Err(domain::Code::CertificateRevoked) => "revoked",
        Err(_) => "expired",
    }
}

pub(super) fn date(time: Time) -> String {
    time.date().to_string()
}
