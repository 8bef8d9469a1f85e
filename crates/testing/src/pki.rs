//! Certificates of authorities and organisations.

use crate::{COMPANY, DISPATCHER, OFFICE, TOWN, org};
use bytes::Bytes;
use domain::OrgNumber;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd,
};
use vault::{Certificate, jws::LetterSigner};

/// The demo's published RSA keys.
const KEYS: [(&str, &str); 4] = [
    (TOWN, include_str!("../../server/src/demo/keys/164020000016.pem")),
    (OFFICE, include_str!("../../server/src/demo/keys/164020000024.pem")),
    (DISPATCHER, include_str!("../../server/src/demo/keys/164020000032.pem")),
    (COMPANY, include_str!("../../server/src/demo/keys/164020000040.pem")),
];

/// The RSA key of an organisation or a person, PEM; who has none of their own sign with the company's.
pub fn rsa_key(number: &str) -> &'static str {
    KEYS.iter().find(|(of, _)| *of == number).unwrap_or(&KEYS[3]).1
}

/// What a certificate says of an organisation or a person, in force until the year 2100.
pub fn named(number: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
    params.distinguished_name.push(DnType::CommonName, "Någon Exempel");
    params.not_after = date_time_ymd(2100, 1, 1);
    params
}

/// Of an organisation, by a key that nobody keeps: DER.
pub fn self_signed(number: &str) -> Vec<u8> {
    named(number).self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
}

/// An authority of the test's own, and what it certifies.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub pem: Vec<u8>,
    /// The authorities between the root and what is certified.
    pub between: Vec<Certificate>,
}

/// Certificate and key, PEM.
pub struct Pair {
    pub certificate: String,
    pub key: String,
}

impl Authority {
    #[allow(clippy::new_without_default, reason = "another one each time")]
    pub fn new() -> Self {
        let params = authority("An authority");
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self { issuer: Issuer::new(params, key), pem, between: Vec::new() }
    }

    /// Another authority, which this one has certified.
    pub fn below(&self) -> Self {
        let params = authority("In between");
        let key = KeyPair::generate().unwrap();
        let certificate = Certificate::parse(params.signed_by(&key, &self.issuer).unwrap().der()).unwrap();
        let between = [&[certificate], &self.between[..]].concat();
        Self { issuer: Issuer::new(params, key), pem: self.pem.clone(), between }
    }

    pub fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.issuer
    }

    /// Of an organisation or a person, for their [`rsa_key`].
    pub fn certificate(&self, number: &str, not_after_year: i32) -> Certificate {
        let mut params = named(number);
        params.not_after = date_time_ymd(not_after_year, 1, 1);
        let key = KeyPair::from_pem(rsa_key(number)).unwrap();
        Certificate::parse(params.signed_by(&key, &self.issuer).unwrap().der()).unwrap()
    }

    /// Of whoever answers at this address or name.
    pub fn server(&self, name: &str) -> Pair {
        self.pair(&CertificateParams::new([name.to_owned()]).unwrap())
    }

    /// These words for a key of their own.
    pub fn pair(&self, params: &CertificateParams) -> Pair {
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }
}

/// An organisation with the key and the certificate that it signs letters with.
pub struct Organisation {
    pub number: OrgNumber,
    pub certificate: Certificate,
    pub signer: LetterSigner,
}

impl Organisation {
    pub fn new(number: &str) -> Self {
        Self::until(number, 2100)
    }

    /// With a certificate that ends with the year before this one.
    pub fn until(number: &str, not_after_year: i32) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = named(number);
        params.not_after = date_time_ymd(not_after_year, 1, 1);
        let certificate = Certificate::parse(params.self_signed(&key).unwrap().der()).unwrap();
        let signer = LetterSigner::from_pem(key.serialize_pem().as_bytes(), &certificate).unwrap();
        Self { number: org(number), certificate, signer }
    }

    /// A letter as it is sent: a flattened JWS.
    pub fn sign(&self, letter: &serde_json::Value) -> Bytes {
        self.sign_bytes(letter.to_string().as_bytes())
    }

    pub fn sign_bytes(&self, payload: &[u8]) -> Bytes {
        self.signer.sign_flattened(payload).unwrap().into()
    }
}

fn authority(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}
