use super::*;
use proptest::prelude::*;

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_pem(&file(name)).unwrap()
}

#[test]
fn the_facts_are_those_that_openssl_prints() {
    let rsa = certificate("rsa");
    assert_eq!(
        hex::encode_upper(rsa.sha256),
        "9D2046D1D1BF5C908E03B5D6944E5A27356A7CE033B85FC2A8C46AD1A0D89CCC"
    );
    assert_eq!(rsa.not_before, Time::parse("2026-11-22T03:47:18Z").unwrap());
    assert_eq!(rsa.not_after, Time::parse("2046-11-17T03:47:18Z").unwrap());
    assert_eq!(rsa.organisation.unwrap().as_str(), "164020000016");
    assert_eq!(rsa.subject_common_name.as_deref(), Some("Exempelkommunen"));
    assert!(rsa.may_sign);
}

#[test]
fn the_organisation_is_found_where_issuers_put_it() {
    for name in ["ten-digits", "multi-rdn"] {
        assert_eq!(certificate(name).organisation.unwrap().as_str(), "164020000016", "{name}");
    }
    for name in ["two-numbers", "person", "no-number"] {
        assert_eq!(certificate(name).organisation, None, "{name}");
    }
}

#[test]
fn a_key_usage_without_signatures_is_seen() {
    assert!(!certificate("may-not-sign").may_sign);
    assert!(certificate("no-number").may_sign);
}

#[test]
fn it_is_valid_to_the_end_of_its_last_second() {
    let rsa = certificate("rsa");
    let at = |text| rsa.valid_at(Time::parse(text).unwrap());
    assert!(!at("2026-11-22T03:47:17.999Z"));
    assert!(at("2026-11-22T03:47:18Z"));
    assert!(at("2046-11-17T03:47:18.999Z"));
    assert!(!at("2046-11-17T03:47:19Z"));
}

#[test]
fn a_chain_keeps_its_order() {
    let chain = Certificate::chain_from_pem(&[file("rsa"), file("p256")].concat()).unwrap();
    assert_eq!(chain, [certificate("rsa"), certificate("p256")]);
    assert_eq!(Certificate::chain_from_pem(b"nothing here"), Err(NotACertificate));
}

#[test]
fn what_is_no_certificate_is_refused() {
    let der = certificate("rsa").der;
    assert_eq!(Certificate::parse(&[&der[..], &[0]].concat()), Err(NotACertificate));
    for length in 0..der.len() {
        assert_eq!(Certificate::parse(&der[..length]), Err(NotACertificate), "{length}");
    }
    let key = std::fs::read(format!("{}/tests/keys/rsa.key", env!("CARGO_MANIFEST_DIR"))).unwrap();
    assert_eq!(Certificate::from_pem(&key), Err(NotACertificate));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]
    #[test]
    fn a_damaged_certificate_is_refused_or_another_and_never_a_panic(
        at in any::<prop::sample::Index>(), by in 1u8..,
    ) {
        let whole = certificate("rsa");
        let mut der = whole.der.clone();
        let at = at.index(der.len());
        der[at] ^= by;
        if let Ok(other) = Certificate::parse(&der) {
            prop_assert_ne!(other.sha256, whole.sha256);
            let _ = other.verifying_key();
        }
    }
}
