use super::*;
use crate::{Certificate, jws::LetterSigner};

fn certificate(name: &str) -> Certificate {
    Certificate::from_pem(&file(&format!("{name}.pem"))).unwrap()
}

fn file(name: &str) -> Vec<u8> {
    std::fs::read(format!("{}/tests/keys/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// RFC 7638 §3.1.
#[test]
fn thumbprint_of_the_rfc() {
    let jwk = json!({
        "kty": "RSA", "alg": "RS256", "kid": "2011-04-29", "e": "AQAB",
        "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
    });
    let key = VerifyingKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.thumbprint(), "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs");
}

#[test]
fn a_jwk_and_a_certificate_give_the_same_key() {
    for name in ["rsa", "p256", "p384", "ed25519"] {
        let key = certificate(name).verifying_key().unwrap();
        assert_eq!(VerifyingKey::from_jwk(&key.jwk()).unwrap(), key, "{name}");
    }
}

#[test]
fn keys_that_are_too_small_or_of_other_kinds_are_refused() {
    for name in ["rsa1024", "p521"] {
        assert_eq!(certificate(name).verifying_key(), Err(UnusableKey), "{name}");
    }
    for bytes in [&b""[..], b"\x30\x00", &[0x30; 40]] {
        assert_eq!(VerifyingKey::from_spki(bytes), Err(UnusableKey));
    }
    let spki = certificate("rsa").spki;
    assert_eq!(VerifyingKey::from_spki(&[&spki[..], &[0]].concat()), Err(UnusableKey));
    assert_eq!(VerifyingKey::from_spki(&spki[..spki.len() - 1]), Err(UnusableKey));
}

#[test]
fn each_flaw_of_a_jwk_is_refused() {
    let ec = certificate("p256").verifying_key().unwrap().jwk();
    let rsa = certificate("rsa").verifying_key().unwrap().jwk();
    let change = |jwk: &Value, name: &str, value: Value| {
        let mut jwk = jwk.clone();
        jwk[name] = value;
        VerifyingKey::from_jwk(&jwk)
    };
    assert!(change(&ec, "use", json!("sig")).is_ok());
    for (jwk, name, value) in [
        (&ec, "use", json!("enc")),
        (&ec, "use", json!(null)),
        (&ec, "kty", json!("RSA")),
        (&ec, "kty", json!("oct")),
        (&ec, "crv", json!("P-384")),
        (&ec, "crv", json!("secp256k1")),
        (&ec, "x", json!("AQAB")),
        (&ec, "x", json!(1)),
        (&ec, "y", json!(format!("{}=", ec["y"].as_str().unwrap()))),
        (&rsa, "e", json!("AQ")),
        (&rsa, "e", json!("AAAA")),
        (&rsa, "e", json!("AQAA")),
        (&rsa, "e", json!("AQABAQAB")),
        (&rsa, "n", json!("")),
        (&rsa, "n", json!("AQAB")),
        (&rsa, "n", json!(to_base64url(&[0xff; 1025]))),
        (&rsa, "n", json!(to_base64url(&[0xfe; 256]))),
        (&json!({}), "kty", json!("OKP")),
        (&json!({"kty": "OKP", "crv": "X25519"}), "x", json!(to_base64url(&[9; 32]))),
    ] {
        assert_eq!(change(jwk, name, value.clone()), Err(UnusableKey), "{name} {value}");
    }
}

#[test]
fn leading_zeros_do_not_make_another_key() {
    let jwk = certificate("rsa").verifying_key().unwrap().jwk();
    let padded = [&[0], &base64url(jwk["n"].as_str().unwrap()).unwrap()[..]].concat();
    let other = json!({"kty": "RSA", "n": to_base64url(&padded), "e": "AAEAAQ"});
    assert_eq!(
        VerifyingKey::from_jwk(&other).unwrap().thumbprint(),
        VerifyingKey::from_jwk(&jwk).unwrap().thumbprint()
    );
}

#[test]
fn every_algorithm_verifies_with_its_own_kind_of_key_alone() {
    for (name, fitting) in [
        ("rsa", &[Algorithm::Ps256, Algorithm::Rs256][..]),
        ("p256", &[Algorithm::Es256]),
        ("p384", &[Algorithm::Es384]),
        ("ed25519", &[Algorithm::EdDsa, Algorithm::Ed25519]),
    ] {
        let certificate = certificate(name);
        let key = certificate.verifying_key().unwrap();
        for algorithm in Algorithm::ALL {
            let signer = LetterSigner::from_pem(&file(&format!("{name}.key")), &certificate).unwrap();
            if !fitting.contains(&algorithm) {
                assert_eq!(key.verify(algorithm, b"beslut", &[0; 64]), Err(Error::KeyDoesNotFit));
                assert!(signer.with_algorithm(algorithm).is_err());
                continue;
            }
            let mut signature = signer.with_algorithm(algorithm).unwrap().sign(b"beslut").unwrap();
            assert_eq!(key.verify(algorithm, b"beslut", &signature), Ok(()), "{name} {algorithm:?}");
            assert_eq!(key.verify(algorithm, b"beslut!", &signature), Err(Error::BadSignature));
            assert_eq!(key.verify(algorithm, b"beslut", &signature[1..]), Err(Error::BadSignature));
            signature[9] ^= 1;
            assert_eq!(key.verify(algorithm, b"beslut", &signature), Err(Error::BadSignature));
        }
    }
}

/// A signature for one RSA padding must not pass for the other.
#[test]
fn the_rsa_paddings_are_told_apart() {
    let certificate = certificate("rsa");
    let signer = LetterSigner::from_pem(&file("rsa.key"), &certificate).unwrap();
    let signature = signer.sign(b"beslut").unwrap();
    let key = certificate.verifying_key().unwrap();
    assert_eq!(key.verify(Algorithm::Rs256, b"beslut", &signature), Err(Error::BadSignature));
}

#[test]
fn a_point_off_the_curve_verifies_nothing() {
    let jwk = json!({"kty": "EC", "crv": "P-256", "x": to_base64url(&[1; 32]), "y": to_base64url(&[1; 32])});
    let key = VerifyingKey::from_jwk(&jwk).unwrap();
    assert_eq!(key.verify(Algorithm::Es256, b"beslut", &[1; 64]), Err(Error::BadSignature));
}
