use super::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, DnType, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

const NOW: &str = "2026-11-25T12:00:00Z";

fn authority(name: &str) -> (Issuer<'static, KeyPair>, Vec<u8>) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem().into_bytes();
    (Issuer::new(params, key), pem)
}

fn leaf(issuer: &Issuer<'static, KeyPair>, serial: u64, to: i32) -> Certificate {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), "164020000016");
    params.serial_number = Some(SerialNumber::from(serial));
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(to, 1, 1));
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.crl_distribution_points = Vec::<CrlDistributionPoint>::new();
    let certificate = params.signed_by(&KeyPair::generate().unwrap(), issuer).unwrap();
    Certificate::parse(certificate.der()).unwrap()
}

fn list(issuer: &Issuer<'static, KeyPair>, serial: u64, next: i32) -> Vec<u8> {
    let revoked = RevokedCertParams {
        serial_number: SerialNumber::from(serial),
        revocation_time: date_time_ymd(2025, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2025, 1, 2),
        next_update: date_time_ymd(next, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(issuer).unwrap().pem().unwrap().into_bytes()
}

#[test]
fn only_valid_certificates_of_a_trusted_authority_are_trusted() {
    let now = Time::parse(NOW).unwrap();
    let (ours, pem) = authority("ours");
    let (other, _) = authority("other");
    let authorities = Authorities::from_pem(&pem).unwrap();
    assert_eq!(authorities.trust(&leaf(&ours, 1, 2100), &[], now), Ok(()));
    assert_eq!(authorities.trust(&leaf(&other, 1, 2100), &[], now), Err(Untrusted::Issuer));
    assert_eq!(authorities.trust(&leaf(&ours, 1, 2021), &[], now), Err(Untrusted::Expired));
    assert!(Authorities::from_pem(b"nothing").is_err());
}

#[test]
fn a_revoked_certificate_is_not_trusted_and_a_stale_list_is_told() {
    let now = Time::parse(NOW).unwrap();
    let (ours, pem) = authority("ours");
    let mut authorities = Authorities::from_pem(&pem).unwrap();
    authorities.add_list(&list(&ours, 7, 2100)).unwrap();
    assert_eq!(authorities.trust(&leaf(&ours, 7, 2100), &[], now), Err(Untrusted::Revoked));
    assert_eq!(authorities.trust(&leaf(&ours, 8, 2100), &[], now), Ok(()));
    let mut stale = Authorities::from_pem(&pem).unwrap();
    stale.add_list(&list(&ours, 7, 2026)).unwrap();
    assert_eq!(stale.trust(&leaf(&ours, 8, 2100), &[], now), Err(Untrusted::StaleList));
    assert_eq!(stale.add_list(b"nothing"), Err(AuthoritiesError::RevocationList));
}
