use super::*;
use crate::key::Key;
use serde_json::{Value, json};

fn key(byte: u8) -> SigningKey {
    SigningKey::from_seed(&Key::from_bytes([byte; 32]))
}

fn with_header(header: &Value) -> String {
    let key = key(1);
    let input = format!("{}.e30", to_base64url(header.to_string().as_bytes()));
    let signature = to_base64url(&key.sign(input.as_bytes()));
    format!("{input}.{signature}")
}

#[test]
fn a_receipt_is_verified_by_its_key_and_kind() {
    let text = sign_compact(&key(1), "kuvert-receipt", b"{\"a\":1}");
    let jws = CompactJws::parse(&text).unwrap();
    assert_eq!(jws.payload, b"{\"a\":1}");
    assert_eq!(jws.verify_ours(&key(1).public(), "kuvert-receipt"), Ok(()));
    assert_eq!(jws.verify_ours(&key(1).public(), "kuvert-other"), Err(Error::Type));
    assert_eq!(jws.verify_ours(&key(2).public(), "kuvert-receipt"), Err(Error::WrongKid));
    assert_eq!(jws.verify(&key(2).public(), &[Algorithm::EdDsa]), Err(Error::BadSignature));
    assert_eq!(jws.verify(&key(1).public(), &[Algorithm::Es256]), Err(Error::Algorithm));
    assert_eq!(sign_compact(&key(1), "kuvert-receipt", b"{\"a\":1}"), text);
}

#[test]
fn every_changed_character_is_noticed() {
    let text = sign_compact(&key(1), "kuvert-receipt", b"{}");
    for at in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        let verified = CompactJws::parse(std::str::from_utf8(&bytes).unwrap())
            .and_then(|jws| jws.verify_ours(&key(1).public(), "kuvert-receipt"));
        assert!(verified.is_err(), "{at}");
    }
}

#[test]
fn an_id_token_may_say_more_but_not_bring_its_key() {
    let known = json!({"alg": "EdDSA", "kid": "1", "x5t": "AAAA", "x5c": ["AAAA"], "hello": {"a": 1}});
    let jws = CompactJws::parse(&with_header(&known)).unwrap();
    assert_eq!(jws.header, CompactHeader { alg: Algorithm::EdDsa, typ: None, kid: Some("1".into()) });
    assert_eq!(jws.verify(&key(1).public(), &[Algorithm::EdDsa]), Ok(()));
    for name in ["crit", "b64", "jwk", "jku", "x5u", "zip"] {
        let mut header = json!({"alg": "EdDSA"});
        header[name] = json!(true);
        assert_eq!(CompactJws::parse(&with_header(&header)), Err(Error::Forbidden(name)));
    }
    for alg in ["none", "HS256", "RS512", "eddsa"] {
        assert_eq!(CompactJws::parse(&with_header(&json!({"alg": alg}))), Err(Error::Algorithm), "{alg}");
    }
    assert_eq!(CompactJws::parse(&with_header(&json!({"kid": "1"}))), Err(Error::Missing("alg")));
    assert_eq!(CompactJws::parse(&with_header(&json!({"alg": "EdDSA", "kid": 1}))), Err(Error::Value("kid")));
}

#[test]
fn three_parts_are_needed() {
    let text = sign_compact(&key(1), "kuvert-receipt", b"{}");
    let (input, _) = text.rsplit_once('.').unwrap();
    for text in ["", ".", "..", "a.b", input, &format!("{text}."), &format!("{text}.AAAA")] {
        assert!(CompactJws::parse(text).is_err(), "{text}");
    }
    assert_eq!(CompactJws::parse(&format!("{text}=")), Err(Error::Base64("signature")));
    assert_eq!(CompactJws::parse(&format!(" {text}")), Err(Error::Base64("protected")));
}

/// RFC 7515 Appendix A.3, ES256 with the RFC's own key.
#[test]
fn the_example_of_rfc_7515_verifies() {
    let key = VerifyingKey::from_jwk(&json!({
        "kty": "EC", "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    }))
    .unwrap();
    let jws = CompactJws::parse(concat!(
        "eyJhbGciOiJFUzI1NiJ9",
        ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ",
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q",
    ))
    .unwrap();
    assert_eq!(jws.verify(&key, &[Algorithm::Es256]), Ok(()));
}
