//! Private keys that stand in this repository, for the demo. Nothing that is meant may trust them.

use anyhow::{Result, bail};
use rcgen::{KeyPair, PKCS_RSA_SHA256, PublicKeyData};
use vault::{Certificate, VerifyingKey};

/// The published keys of the fictional organisations: number, PKCS #8 PEM.
pub const PUBLIC_KEYS: [(&str, &str); 4] = [
    ("164020000016", include_str!("demo/keys/164020000016.pem")),
    ("164020000024", include_str!("demo/keys/164020000024.pem")),
    ("164020000032", include_str!("demo/keys/164020000032.pem")),
    ("164020000040", include_str!("demo/keys/164020000040.pem")),
];

/// Refuses a certificate whose private key is published in this repository.
pub fn refuse_public(certificate: &Certificate) -> Result<()> {
    for (number, pem) in PUBLIC_KEYS {
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(pem, &PKCS_RSA_SHA256)?;
        let public = VerifyingKey::from_spki(&key.subject_public_key_info())?;
        if certificate.verifying_key().is_ok_and(|theirs| theirs.thumbprint() == public.thumbprint()) {
            bail!("this certificate's key is the demo's published key of {number}: anyone can sign with it");
        }
    }
    Ok(())
}
