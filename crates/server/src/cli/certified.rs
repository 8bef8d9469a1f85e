//! Certificates on the command line: read, named and described.

use crate::config::Config;
use anyhow::{Context, Result, ensure};
use domain::Time;
use std::path::Path;
use vault::Certificate;

/// A certificate that may be registered, of an organisation.
pub(super) fn read_certificate(config: &Config, file: &Path) -> Result<Certificate> {
    let pem = std::fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
    let certificate =
        Certificate::from_pem(&pem).with_context(|| format!("{} holds no certificate", file.display()))?;
    ensure!(certificate.organisation.is_some(), NAMELESS);
    if config.instance.production {
        crate::demo::pki::refuse_public(&certificate)?;
    }
    Ok(certificate)
}

/// Of a certificate in a file, or as it is written.
pub(super) fn sha256_of(certificate: &str) -> Result<[u8; 32]> {
    match std::fs::read(certificate) {
        Ok(pem) => Ok(Certificate::from_pem(&pem)?.sha256),
        Err(error) => unhex(certificate)
            .with_context(|| format!("{certificate}: {error}; nor is it a SHA-256 in hexadecimal")),
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

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> =
        text.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect::<Option<_>>()?;
    let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
    bytes.try_into().ok().filter(|_| digits.len() == 64)
}
