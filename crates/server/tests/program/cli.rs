//! Every verb of the command line, beside a running service.

mod agency;
mod delivery;
mod doctor;
mod help;
mod keys;
mod listing;
mod mailbox;
mod operator;
mod send;
mod send_soap;
mod serve;

use crate::process::{Demo, PATIENCE};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer,
    KeyPair, KeyUsagePurpose,
};
use std::{path::PathBuf, time::Duration};
// An operator of the demo's that is no sender there, and one that lists nobody and is listed by both of its senders.
pub use testing::{DISPATCHER, OWN as NEW};

/// What the registry changes holds at the door within seconds; here other tests run beside it.
pub const SOON: Duration = Duration::from_secs(10);
const _: () = assert!(SOON.as_secs() < PATIENCE.as_secs());

/// A certificate of an organisation, made by an authority of this name: the demo's own, or one that nobody trusts.
pub fn certificate(demo: &Demo, authority: Authority, number: &str, years: [i32; 2]) -> (PathBuf, PathBuf) {
    let issuer = issuer(demo, authority);
    let key = KeyPair::generate().unwrap();
    let mut own = params("Ny myndighet");
    own.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
    own.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    own.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    own.use_authority_key_identifier_extension = true;
    own.not_before = rcgen::date_time_ymd(years[0], 1, 1);
    own.not_after = rcgen::date_time_ymd(years[1], 1, 1);
    let made = own.signed_by(&key, &issuer).unwrap();
    let name = format!("{number}-{authority:?}-{}", years[1]);
    let pem = demo.path().join(format!("{name}.pem"));
    let key_file = demo.path().join(format!("{name}.key"));
    std::fs::write(&pem, made.pem()).unwrap();
    std::fs::write(&key_file, key.serialize_pem()).unwrap();
    (pem, key_file)
}

/// An authority of that name.
pub fn issuer(demo: &Demo, authority: Authority) -> Issuer<'static, KeyPair> {
    let key = match authority {
        Authority::OfTheDemo => {
            KeyPair::from_pem(&std::fs::read_to_string(demo.pki("ca.key")).unwrap()).unwrap()
        }
        Authority::Unknown => KeyPair::generate().unwrap(),
    };
    let mut params = params("Kuvert Demo CA");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Issuer::new(params, key)
}

#[derive(Clone, Copy, Debug)]
pub enum Authority {
    OfTheDemo,
    Unknown,
}

pub const IN_FORCE: [i32; 2] = [2020, 2100];
pub const EXPIRED: [i32; 2] = [2020, 2021];

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}
