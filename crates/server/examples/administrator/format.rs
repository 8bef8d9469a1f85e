//! What anyone can know of how letters are stored, from `docs/vectors.md`: enough to seal a letter to a mailbox as the door
//! does, and to open one that was sealed to a key of one's own.

use anyhow::{Result, anyhow};
use hpke::{
    Deserializable, Kem, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::X25519HkdfSha256,
    setup_receiver,
};
use serde_json::json;
use vault::{
    Key, KeyId, Place, Purpose, SystemRandom,
    seal_to::{ENCAPSULATED_BYTES, PublicKey, seal_to},
};

type Id = [u8; 16];

/// A pair of the administrator's own.
pub struct Pair(<X25519HkdfSha256 as Kem>::PrivateKey);

impl Pair {
    pub fn new() -> Result<Self> {
        let bytes = *Key::random(&SystemRandom).expose();
        let private = <X25519HkdfSha256 as Kem>::PrivateKey::from_bytes(&bytes);
        private.map(Self).map_err(|_| anyhow!("no key pair"))
    }

    pub fn public(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        X25519HkdfSha256::sk_to_pk(&self.0).write_exact(&mut bytes);
        bytes
    }

    /// The letter key that was sealed to this pair; `None` where it was sealed to another.
    pub fn open(&self, sealed: &[u8], mailbox: &Id, letter: &Id, epoch: i64, parts: i64) -> Option<Key> {
        let (encapsulated, text) = sealed.get(1..)?.split_at_checked(ENCAPSULATED_BYTES)?;
        let encapsulated = <X25519HkdfSha256 as Kem>::EncappedKey::from_bytes(encapsulated).ok()?;
        let mode = OpModeR::Base;
        let context =
            setup_receiver::<AesGcm256, HkdfSha256, X25519HkdfSha256>(&mode, &self.0, &encapsulated, INFO);
        let plain = context.ok()?.open(text, &aad(mailbox, letter, epoch, parts)).ok()?;
        Key::from_slice(&plain).ok()
    }
}

/// Seals a letter key to a mailbox: `letter_key.sealed`.
pub fn seal_key(
    key: &Key,
    to: &[u8; 32],
    (mailbox, letter): (&Id, &Id),
    epoch: i64,
    parts: i64,
) -> Result<Vec<u8>> {
    let to = PublicKey::from_bytes(*to);
    Ok(seal_to(&to, INFO, &aad(mailbox, letter, epoch, parts), key.expose())?)
}

/// `letter.header`.
pub fn header(key: &Key, mailbox: &Id, letter: &Id, sender: &str, name: &str, subject: &str) -> Vec<u8> {
    let header = json!({"subject": subject, "sender": sender, "sender_name": name, "language": "sv"});
    let place = Place::new("letter/header").id(mailbox).id(letter);
    let key = vault::derive(key, Purpose::Headers);
    vault::seal(name_of(letter), &key, &place, &vault::pad(header.to_string().as_bytes()), &SystemRandom)
}

/// What part 0 is made of.
pub struct Original<'a> {
    pub jws: &'a [u8],
    pub certificate: &'a [u8],
    pub sender_name: &'a str,
    pub accepted_at: i64,
}

/// Part 0 of a letter without attachments.
pub fn part_zero(key: &Key, mailbox: &Id, letter: &Id, original: &Original<'_>) -> Vec<u8> {
    let place = Place::new("letter/part").id(mailbox).id(letter).number(0).number(1);
    let key = vault::derive(key, Purpose::Content);
    vault::seal(name_of(letter), &key, &place, &vault::pad(&cbor(original)), &SystemRandom)
}

/// The plain bytes of part 0, for whoever has the letter's key.
pub fn open_part_zero(key: &Key, mailbox: &Id, letter: &Id, parts: i64, sealed: &[u8]) -> Option<Vec<u8>> {
    let place = Place::new("letter/part").id(mailbox).id(letter).number(0).number(parts.cast_unsigned());
    let plain = vault::open(&vault::derive(key, Purpose::Content), &place, sealed).ok()?;
    vault::unpad(&plain).ok().map(<[u8]>::to_vec)
}

/// Version 1, which is read by every version since.
fn cbor(original: &Original<'_>) -> Vec<u8> {
    let mut out = vec![0x87, 0x01];
    head(&mut out, 2, original.jws.len() as u64);
    out.extend_from_slice(original.jws);
    head(&mut out, 2, original.certificate.len() as u64);
    out.extend_from_slice(original.certificate);
    head(&mut out, 3, original.sender_name.len() as u64);
    out.extend_from_slice(original.sender_name.as_bytes());
    out.push(0xf6);
    head(&mut out, 0, original.accepted_at.cast_unsigned());
    out.push(0x80);
    out
}

/// Major type and argument, RFC 8949 §3.
fn head(out: &mut Vec<u8>, major: u8, argument: u64) {
    let [.., a, b, c, d] = argument.to_be_bytes();
    match argument {
        0..=23 => out.push(major << 5 | d),
        24..=0xff => out.extend_from_slice(&[major << 5 | 24, d]),
        0x100..=0xffff => out.extend_from_slice(&[major << 5 | 25, c, d]),
        0x1_0000..=0xffff_ffff => out.extend_from_slice(&[major << 5 | 26, a, b, c, d]),
        _ => {
            out.push(major << 5 | 27);
            out.extend_from_slice(&argument.to_be_bytes());
        }
    }
}

fn aad(mailbox: &Id, letter: &Id, epoch: i64, parts: i64) -> Vec<u8> {
    let place = Place::new("letter/key").id(mailbox).id(letter);
    place.number(epoch.cast_unsigned()).number(parts.cast_unsigned()).as_bytes().to_vec()
}

/// The name of a letter's derived keys: the random half of its id.
fn name_of(letter: &Id) -> KeyId {
    let mut name = [0; 8];
    name.copy_from_slice(&letter[8..]);
    KeyId::from_bytes(name)
}

const INFO: &[u8] = b"kuvert/1 letter key";
