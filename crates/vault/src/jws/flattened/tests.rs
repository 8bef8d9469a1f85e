use super::*;
use crate::{Certificate, jws::LetterSigner, strict::to_base64url};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

fn certificate(name: &str) -> Certificate {
    Certificate::from_pem(&file(&format!("{name}.pem"))).unwrap()
}

fn signed(name: &str, payload: &[u8]) -> Vec<u8> {
    let signer = LetterSigner::from_pem(&file(&format!("{name}.key")), &certificate(name)).unwrap();
    signer.sign_flattened(payload).unwrap()
}

/// A letter with a right header, changed by `change`, and no real signature.
fn with_header(change: impl FnOnce(&mut Map<String, Value>)) -> Result<FlattenedJws, Error> {
    let mut header = json!({"alg": "ES256", "typ": "kuvert-letter", "x5t#S256": to_base64url(&[1; 32])});
    change(header.as_object_mut().unwrap());
    with_header_text(&header.to_string())
}

fn with_header_text(header: &str) -> Result<FlattenedJws, Error> {
    let jws = json!({"protected": to_base64url(header.as_bytes()), "payload": "e30", "signature": "AAAA"});
    FlattenedJws::parse(jws.to_string().as_bytes())
}

fn with_member(name: &str, value: Value) -> Result<FlattenedJws, Error> {
    let mut jws: Value = serde_json::from_slice(&signed("p256", b"{}")).unwrap();
    jws[name] = value;
    FlattenedJws::parse(jws.to_string().as_bytes())
}

#[test]
fn a_signed_letter_is_read_and_verified() {
    for (name, alg) in [
        ("rsa", Algorithm::Ps256),
        ("p256", Algorithm::Es256),
        ("p384", Algorithm::Es384),
        ("ed25519", Algorithm::EdDsa),
    ] {
        let certificate = certificate(name);
        let key = certificate.verifying_key().unwrap();
        let jws = FlattenedJws::parse(&signed(name, "{\"subject\":\"Å\"}".as_bytes())).unwrap();
        assert_eq!(jws.payload, "{\"subject\":\"Å\"}".as_bytes());
        assert_eq!(jws.protected.alg, alg);
        assert_eq!(jws.protected.x5t_s256, Some(certificate.sha256));
        assert_eq!(jws.protected.kid, Some(key.thumbprint()));
        assert_eq!(jws.verify(&key), Ok(()), "{name}");
    }
}

#[test]
fn another_key_does_not_verify() {
    let mut jws = FlattenedJws::parse(&signed("p256", b"{}")).unwrap();
    let other = certificate("p384").verifying_key().unwrap();
    assert_eq!(jws.verify(&other), Err(Error::WrongKid));
    jws.protected.kid = None;
    assert_eq!(jws.verify(&other), Err(Error::KeyDoesNotFit));
}

#[test]
fn a_changed_payload_does_not_verify() {
    let jws = with_member("payload", json!("eyJ9")).unwrap();
    assert_eq!(jws.verify(&certificate("p256").verifying_key().unwrap()), Err(Error::BadSignature));
}

#[test]
fn each_member_has_its_form() {
    assert_eq!(with_member("header", json!({})), Err(Error::UnprotectedHeader));
    assert_eq!(with_member("signatures", json!([])), Err(Error::UnknownMember));
    for name in ["protected", "payload", "signature"] {
        assert_eq!(with_member(name, json!(1)), Err(Error::Value(name)));
        assert_eq!(with_member(name, json!(null)), Err(Error::Value(name)));
        for text in ["e30=", "e31", "e3 0", "e+0", "e30\n", "é"] {
            assert_eq!(with_member(name, json!(text)), Err(Error::Base64(name)), "{text}");
        }
        let mut jws: Value = serde_json::from_slice(&signed("p256", b"{}")).unwrap();
        jws.as_object_mut().unwrap().remove(name);
        assert_eq!(FlattenedJws::parse(jws.to_string().as_bytes()), Err(Error::Missing(name)));
    }
    for bytes in [&b""[..], b"[]", b"\"a.b.c\"", b"a.b.c", b"{}{}", b"\xff"] {
        assert_eq!(FlattenedJws::parse(bytes), Err(Error::Form));
    }
}

#[test]
fn a_member_stands_once() {
    let doubled = br#"{"payload":"e30","payload":"e30","protected":"e30","signature":"AAAA"}"#;
    assert_eq!(FlattenedJws::parse(doubled), Err(Error::Duplicate));
    let kid = to_base64url(&[1; 32]);
    let header = format!(r#"{{"alg":"ES256","typ":"kuvert-letter","kid":"{kid}","\u0061lg":"ES256"}}"#);
    assert_eq!(with_header_text(&header), Err(Error::Duplicate));
}

#[test]
fn the_header_is_exactly_what_it_may_be() {
    assert!(with_header(|_| ()).is_ok());
    assert!(
        with_header(|h| {
            h.insert("iat".into(), json!(1_800_000_000));
        })
        .is_ok()
    );
    for name in ["crit", "b64", "jwk", "jku", "x5u", "x5c"] {
        assert_eq!(
            with_header(|h| {
                h.insert(name.into(), json!([]));
            }),
            Err(Error::Forbidden(name))
        );
    }
    assert_eq!(
        with_header(|h| {
            h.insert("nonce".into(), json!("a"));
        }),
        Err(Error::UnknownHeader)
    );
    for name in ["alg", "typ"] {
        assert_eq!(
            with_header(|h| {
                h.remove(name);
            }),
            Err(Error::Missing(name))
        );
        assert_eq!(
            with_header(|h| {
                h.insert(name.into(), json!(1));
            }),
            Err(Error::Value(name))
        );
    }
    for typ in ["JOSE", "kuvert-letter-2", "Kuvert-Letter", ""] {
        assert_eq!(
            with_header(|h| {
                h.insert("typ".into(), json!(typ));
            }),
            Err(Error::Type),
            "{typ}"
        );
    }
    for alg in ["none", "None", "HS256", "ES512", "RS1", "ps256", "ES256K", ""] {
        assert_eq!(
            with_header(|h| {
                h.insert("alg".into(), json!(alg));
            }),
            Err(Error::Algorithm),
            "{alg}"
        );
    }
    assert_eq!(
        with_header(|h| {
            h.remove("x5t#S256");
        }),
        Err(Error::NoKeyNamed)
    );
    for name in ["x5t#S256", "kid"] {
        for value in [json!("AAAA"), json!(null), json!(""), json!(to_base64url(&[1; 20])), json!(1)] {
            assert_eq!(
                with_header(|h| {
                    h.insert(name.into(), value.clone());
                }),
                Err(Error::Value(name)),
                "{value}"
            );
        }
    }
    for iat in [json!("1800000000"), json!(1.5), json!(-1), json!(1e30), json!(u64::MAX), json!(null)] {
        assert_eq!(
            with_header(|h| {
                h.insert("iat".into(), iat.clone());
            }),
            Err(Error::Value("iat")),
            "{iat}"
        );
    }
    assert_eq!(with_header_text("[]"), Err(Error::Form));
    assert_eq!(with_header_text(""), Err(Error::Form));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn any_changed_byte_is_noticed(at in any::<prop::sample::Index>(), by in 1u8..) {
        let whole = signed("ed25519", b"{\"subject\":\"Beslut\"}");
        let original = FlattenedJws::parse(&whole).unwrap();
        let mut bytes = whole.clone();
        let at = at.index(bytes.len());
        bytes[at] ^= by;
        if let Ok(changed) = FlattenedJws::parse(&bytes) {
            let verified = changed.verify(&certificate("ed25519").verifying_key().unwrap()).is_ok();
            // White space and escapes of JSON may change; what is signed may not.
            prop_assert!(!verified || changed == original);
        }
    }

    #[test]
    fn noise_is_refused_without_a_panic(noise in proptest::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(FlattenedJws::parse(&noise).is_err());
    }
}
