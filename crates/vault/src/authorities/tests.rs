use super::*;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CrlDistributionPoint, DnType, IsCa,
    Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, date_time_ymd,
};

const NOW: &str = "2026-11-25T12:00:00Z";

pub(crate) fn authority(name: &str) -> (Issuer<'static, KeyPair>, Vec<u8>) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let pem = params.self_signed(&key).unwrap().pem().into_bytes();
    (Issuer::new(params, key), pem)
}

/// An authority that another one has certified, and its certificate.
fn between(
    issuer: &Issuer<'static, KeyPair>,
    name: &str,
    serial: u64,
    to: i32,
) -> (Issuer<'static, KeyPair>, Vec<u8>) {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.serial_number = Some(SerialNumber::from(serial));
    (params.not_before, params.not_after) = (date_time_ymd(2020, 1, 1), date_time_ymd(to, 1, 1));
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().unwrap();
    let der = params.signed_by(&key, issuer).unwrap().der().to_vec();
    (Issuer::new(params, key), der)
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

pub(crate) fn list(issuer: &Issuer<'static, KeyPair>, serial: u64, next: i32) -> Vec<u8> {
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
fn an_authority_in_between_comes_with_the_certificate() {
    let now = Time::parse(NOW).unwrap();
    let (root, pem) = authority("root");
    let mut authorities = Authorities::from_pem(&pem).unwrap();
    let (upper, upper_der) = between(&root, "upper", 7, 2100);
    let (lower, lower_der) = between(&upper, "lower", 8, 2100);
    let own = leaf(&lower, 1, 2100);
    let foreign = authority("foreign").0;
    let more = between(&foreign, "more", 9, 2100).1;
    let trust = |others: &[&Vec<u8>]| {
        let others: Vec<_> = others.iter().map(|der| der.to_vec()).collect();
        authorities.trust(&own, &others, now)
    };
    // In any order, and beside what has nothing to do with it.
    assert_eq!(trust(&[&lower_der, &upper_der]), Ok(()));
    assert_eq!(trust(&[&more, &upper_der, &lower_der, &own.der]), Ok(()));
    for missing in [&[][..], &[&lower_der], &[&upper_der], &[&more]] {
        assert_eq!(trust(missing), Err(Untrusted::Issuer));
    }
    let (expired, der) = between(&root, "expired", 9, 2021);
    assert_eq!(authorities.trust(&leaf(&expired, 1, 2100), &[der], now), Err(Untrusted::Expired));
    // A certificate that may not certify is no authority.
    let organisation = leaf(&root, 2, 2100);
    assert_eq!(
        authorities.trust(&own, &[organisation.der.clone(), lower_der.clone()], now),
        Err(Untrusted::Issuer)
    );
    authorities.add_list(&list(&root, 7, 2100)).unwrap();
    assert_eq!(authorities.trust(&own, &[lower_der, upper_der], now), Err(Untrusted::Revoked));
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
