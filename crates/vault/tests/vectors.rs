//! The committed vectors: each format is made again where chance can be given, and read in any case.
//!
//! `KUVERT_WRITE_VECTORS=1 cargo test -p vault --test vectors` writes them anew: only when a format changes,
//! and then `tests/vectors/check.py` must agree. They are described in `docs/vectors.md`.
#![allow(clippy::unwrap_used, reason = "tests")]

use domain::Random;
use hpke::{Deserializable as _, Serializable as _};
use serde_json::{Value, json};
use vault::{
    Certificate, Key, KeyId, Place, Purpose, derive,
    jws::{Algorithm, CompactJws, FlattenedJws, LetterSigner, sign_compact},
    mac::Mac,
    pad, padme,
    seal_to::{self, PublicKey},
    sha256,
    sign::SigningKey,
    stream::Sealer,
    unpad,
};

/// Gives the salt that the vector has.
struct Given([u8; 24]);

impl Random for Given {
    fn fill(&self, out: &mut [u8]) {
        out.copy_from_slice(&self.0);
    }
}

fn path(name: &str) -> String {
    format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn read(name: &str) -> Value {
    serde_json::from_slice(&std::fs::read(path(&format!("vectors/{name}"))).unwrap()).unwrap()
}

fn writing() -> bool {
    std::env::var_os("KUVERT_WRITE_VECTORS").is_some()
}

/// What is on file, after writing `made` there when asked to.
fn on_file(name: &str, made: impl FnOnce() -> Value) -> Value {
    if writing() {
        let text = serde_json::to_string_pretty(&made()).unwrap() + "\n";
        std::fs::write(path(&format!("vectors/{name}")), text).unwrap();
    }
    read(name)
}

fn unhex(value: &Value) -> Vec<u8> {
    hex::decode(value.as_str().unwrap()).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// Long plaintexts are not written out: byte `i` is `7·i + ⌊i / 256⌋` modulo 256.
fn plain(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|i| (7 * i + i / 256) as u8).collect()
}

fn place_of(fields: &Value) -> Place {
    let mut fields = fields.as_array().unwrap().iter();
    let mut place = Place::new(text(&fields.next().unwrap()["text"]));
    for field in fields {
        let (kind, value) = field.as_object().unwrap().iter().next().unwrap();
        place = match kind.as_str() {
            "id" => place.id(&unhex(value).try_into().unwrap()),
            "number" => place.number(value.as_u64().unwrap()),
            "text" => place.text(text(value)),
            "bytes" => place.bytes(&unhex(value)),
            other => panic!("{other}"),
        };
    }
    place
}

#[test]
fn sealed_objects() {
    let cases = [
        (0, json!([{"text": "vector/empty"}])),
        (
            11,
            json!([{"text": "letter/header"}, {"id": "0190d8a0000070008000000000000001"}, {"id": "0190d8a0000070008000000000000002"}]),
        ),
        (
            16_383,
            json!([{"text": "letter/part"}, {"id": "0190d8a0000070008000000000000001"}, {"number": 0}, {"number": 2}]),
        ),
        (
            16_384,
            json!([{"text": "letter/part"}, {"id": "0190d8a0000070008000000000000001"}, {"number": 1}, {"number": 2}]),
        ),
        (
            50_000,
            json!([{"text": "vector/all"}, {"bytes": "00ff"}, {"text": "Åäö"}, {"number": 18_446_744_073_709_551_615u64}]),
        ),
    ];
    let made = |(at, (bytes, fields)): (usize, &(usize, Value))| {
        let at = u8::try_from(at).unwrap();
        let key = [0x40 + at; 32];
        let key_id = [0x60 + at; 8];
        let salt = [0x80 + at; 24];
        let place = place_of(fields);
        let sealed = vault::seal(
            KeyId::from_bytes(key_id),
            &Key::from_bytes(key),
            &place,
            &plain(*bytes),
            &Given(salt),
        );
        let mut case = json!({
            "key": hex::encode(key), "key_id": hex::encode(key_id), "salt": hex::encode(salt), "place": fields,
            "place_bytes": hex::encode(place.as_bytes()), "plain_bytes": bytes,
            "sealed_bytes": sealed.len(), "sealed_sha256": hex::encode(sha256(&sealed)),
            "header": hex::encode(&sealed[..vault::stream::HEADER_BYTES]),
        });
        if sealed.len() < 1000 {
            case["sealed"] = hex::encode(&sealed).into();
        }
        case
    };
    let again: Vec<Value> = cases.iter().enumerate().map(made).collect();
    let filed = on_file("sealed.json", || again.clone().into());
    assert_eq!(filed, Value::from(again));
    for case in filed.as_array().unwrap() {
        let place = place_of(&case["place"]);
        let key = Key::from_slice(&unhex(&case["key"])).unwrap();
        let plain = plain(usize::try_from(case["plain_bytes"].as_u64().unwrap()).unwrap());
        let given = Given(unhex(&case["salt"]).try_into().unwrap());
        let (mut sealer, mut sealed) =
            Sealer::new(KeyId::from_slice(&unhex(&case["key_id"])).unwrap(), &key, &place, &given);
        plain.chunks(777).for_each(|piece| sealer.update(piece, &mut sealed));
        sealer.finish(&mut sealed);
        assert_eq!(
            hex::encode(sha256(&sealed)),
            text(&case["sealed_sha256"]),
            "the stream is the same format"
        );
        assert_eq!(*vault::open(&key, &place, &sealed).unwrap(), plain);
        if let Some(sealed) = case.get("sealed") {
            assert_eq!(*vault::open(&key, &place, &unhex(sealed)).unwrap(), plain);
        }
    }
}

#[test]
fn keys_tags_and_padding() {
    let key = [0x21; 32];
    let tag = |parts: &[&[u8]]| hex::encode(Mac::new(Key::from_bytes(key)).tag("vector", parts));
    let padded = |plain: &[u8]| json!({"plain": hex::encode(plain), "padded": hex::encode(pad(plain))});
    let size = |length: u64| json!([length, padme(length)]);
    let made = || {
        json!({
            "derive": {
                "key": hex::encode(key),
                "headers": hex::encode(derive(&Key::from_bytes(key), Purpose::Headers).expose()),
                "content": hex::encode(derive(&Key::from_bytes(key), Purpose::Content).expose()),
            },
            "mac": [
                {"key": hex::encode(key), "label": "vector", "parts": [], "tag": tag(&[])},
                {"key": hex::encode(key), "label": "vector", "parts": ["616263", "", "64"], "tag": tag(&[b"abc", b"", b"d"])},
            ],
            "pad": [padded(b""), padded(b"kuvert"), padded(&[0x5a; 93]), padded(&[0; 100])],
            "padme": [size(0), size(1), size(9), size(100), size(1025), size(48_213), size(104_857_601)],
        })
    };
    let filed = on_file("keys.json", made);
    assert_eq!(filed, made());
    for case in filed["pad"].as_array().unwrap() {
        assert_eq!(unpad(&unhex(&case["padded"])).unwrap(), unhex(&case["plain"]));
    }
}

/// Made once, since `ring` draws the ephemeral key; opened here by another implementation.
#[test]
fn sealed_to_a_mailbox() {
    use hpke::{
        Kem as _, OpModeR, aead::AesGcm256, kdf::HkdfSha256, kem::X25519HkdfSha256 as Kem, single_shot_open,
    };
    let filed = on_file("seal_to.json", || {
        let (private, public) = Kem::gen_keypair();
        let place = Place::new("letter/key").id(&[1; 16]).id(&[2; 16]).number(1);
        let public = PublicKey::from_slice(&public.to_bytes()).unwrap();
        let sealed = seal_to::seal_to(&public, b"kuvert/1 vector", place.as_bytes(), &[0x33; 32]).unwrap();
        json!([{
            "private_key": hex::encode(private.to_bytes()), "public_key": hex::encode(public.as_bytes()),
            "info": hex::encode("kuvert/1 vector"), "aad": hex::encode(place.as_bytes()),
            "plain": hex::encode([0x33; 32]), "sealed": hex::encode(sealed),
        }])
    });
    for case in filed.as_array().unwrap() {
        let sealed = unhex(&case["sealed"]);
        assert_eq!(sealed[0], seal_to::SUITE);
        let plain = single_shot_open::<AesGcm256, HkdfSha256, Kem>(
            &OpModeR::Base,
            &<Kem as hpke::Kem>::PrivateKey::from_bytes(&unhex(&case["private_key"])).unwrap(),
            &<Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed[1..33]).unwrap(),
            &unhex(&case["info"]),
            &sealed[33..],
            &unhex(&case["aad"]),
        );
        assert_eq!(plain.unwrap(), unhex(&case["plain"]));
    }
}

#[test]
fn letters_and_receipts() {
    let certificate = |name: &str| {
        Certificate::from_pem(&std::fs::read(path(&format!("keys/{name}.pem"))).unwrap()).unwrap()
    };
    let payload = r#"{"reference":"1","subject":"Åtgärd"}"#;
    let letter = |name: &str, algorithm: Algorithm| {
        let key = std::fs::read(path(&format!("keys/{name}.key"))).unwrap();
        let signer =
            LetterSigner::from_pem(&key, &certificate(name)).unwrap().with_algorithm(algorithm).unwrap();
        let jws: Value = serde_json::from_slice(&signer.sign_flattened(payload.as_bytes()).unwrap()).unwrap();
        json!({"certificate": format!("{name}.pem"), "alg": algorithm.as_str(), "payload": payload, "jws": jws})
    };
    let seed = [0x11; 32];
    let signing = SigningKey::from_seed(&Key::from_bytes(seed));
    let receipt = sign_compact(&signing, "kuvert-receipt", b"{\"letter_id\":\"1\"}");
    let filed = on_file("jws.json", || {
        json!({
            "letters": [
                letter("rsa", Algorithm::Ps256), letter("rsa", Algorithm::Rs256), letter("p256", Algorithm::Es256),
                letter("p384", Algorithm::Es384), letter("ed25519", Algorithm::EdDsa), letter("ed25519", Algorithm::Ed25519),
            ],
            "receipt": {
                "seed": hex::encode(seed), "jwk": signing.jwk(), "payload": "{\"letter_id\":\"1\"}", "jws": receipt,
            },
        })
    });
    assert_eq!(filed["receipt"]["jws"], receipt.as_str());
    assert_eq!(filed["receipt"]["jwk"], signing.jwk());
    let jws = CompactJws::parse(text(&filed["receipt"]["jws"])).unwrap();
    assert_eq!(jws.verify_ours(&signing.public(), "kuvert-receipt"), Ok(()));
    // Those of the second file are made by check.py.
    let theirs = read("jws-python.json");
    for case in filed["letters"].as_array().unwrap().iter().chain(theirs["letters"].as_array().unwrap()) {
        let name = text(&case["certificate"]).strip_suffix(".pem").unwrap();
        let key = certificate(name).verifying_key().unwrap();
        let jws = FlattenedJws::parse(case["jws"].to_string().as_bytes()).unwrap();
        assert_eq!(jws.verify(&key), Ok(()), "{name}");
        assert_eq!(jws.payload, text(&case["payload"]).as_bytes());
        assert_eq!(jws.protected.alg.as_str(), text(&case["alg"]));
        assert_eq!(jws.protected.x5t_s256, Some(certificate(name).sha256));
        assert_eq!(jws.protected.kid, Some(key.thumbprint()));
    }
}
