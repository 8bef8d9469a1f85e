//! The demo's certificates: an authority made at first start, a server certificate, and one certificate for
//! each fictional organisation, for TLS, letters and seals alike, as real organisation certificates are.

use crate::published_keys::PUBLIC_KEYS;
use anyhow::{Context, Result};
use domain::{OrgNumber, Time};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, SanType,
};
use std::{fs, path::Path, time::Duration};

/// Makes what is missing in `folder`; leaves what is there.
pub fn prepare(folder: &Path, organisations: &[(OrgNumber, &str)], now: Time) -> Result<()> {
    if folder.join("ready").exists() {
        return Ok(());
    }
    fs::create_dir_all(folder)?;
    let authority_key = KeyPair::generate()?;
    let mut params = named("Kuvert Demo CA", now);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let authority = params.self_signed(&authority_key)?;
    write(folder, "ca.pem", &authority.pem())?;
    write(folder, "ca.key", &authority_key.serialize_pem())?;
    let issuer = Issuer::new(params, authority_key);

    let server_key = KeyPair::generate()?;
    let mut params = named("Kuvert demo", now);
    params.subject_alt_names = vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress([127, 0, 0, 1].into()),
        SanType::IpAddress(std::net::Ipv6Addr::LOCALHOST.into()),
    ];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    write(folder, "server.pem", &params.signed_by(&server_key, &issuer)?.pem())?;
    write(folder, "server.key", &server_key.serialize_pem())?;

    for (number, name) in organisations {
        let pem = public_key(number).with_context(|| format!("no demo key for {number}"))?;
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(pem, &PKCS_RSA_SHA256)?;
        let certificate = organisation(number, name, now).signed_by(&key, &issuer)?;
        write(folder, &format!("{number}.pem"), &certificate.pem())?;
        write(folder, &format!("{number}.key"), pem)?;
    }
    write(folder, "ready", "")
}

fn organisation(number: &OrgNumber, name: &str, now: Time) -> CertificateParams {
    let mut params = named(name, now);
    params.distinguished_name.push(DnType::OrganizationName, name);
    params.distinguished_name.push(DnType::CountryName, "SE");
    // id-at-serialNumber, where Swedish organisation certificates carry the number
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number.as_str());
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
    params
}

fn named(name: &str, now: Time) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    let day = |time: Time| {
        let (year, month, day) = time.date().parts();
        rcgen::date_time_ymd(i32::from(year), month.unsigned_abs(), day.unsigned_abs())
    };
    // Early enough for the letters of the demo's past.
    params.not_before = day(now.minus(YEAR / 2));
    params.not_after = day(now.plus(5 * YEAR));
    params
}

fn public_key(number: &OrgNumber) -> Option<&'static str> {
    PUBLIC_KEYS.iter().find(|(n, _)| *n == number.as_str()).map(|(_, pem)| *pem)
}

/// Readable by the owner alone where it is a key.
fn write(folder: &Path, name: &str, text: &str) -> Result<()> {
    let path = folder.join(name);
    fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    #[cfg(unix)]
    if name.ends_with(".key") {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
    }
    Ok(())
}

const YEAR: Duration = Duration::from_secs(365 * 24 * 3600);
