//! The receipt: what the service signs when it has accepted a letter.
//!
//! It holds the first event of the letter's chain and the nonce that hides it, so its holder can make the
//! public entry again, and show to whom and what without asking us.

use crate::{
    commitment,
    event::{Actor, Event},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{Identity, LetterId, OrgNumber, Time, words::EventType};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use vault::{
    VerifyingKey,
    jws::{CompactJws, sign_compact},
    sign::SigningKey,
};

/// What a receipt says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The `accepted` or `taken_in_charge` event, seq 0.
    pub event: Event,
    pub nonce: [u8; 32],
    pub letter_id: LetterId,
    pub sender: OrgNumber,
    pub reference: String,
    pub accepted_at: Time,
    /// `single-fsync` or `sync-quorum`; what the commit survives.
    pub durability: String,
    /// By when the entry is in the public log; none while there is no log.
    pub include_by: Option<Time>,
}

/// A receipt whose signature and every inner agreement held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    pub receipt: Receipt,
    /// What stands in the public log.
    pub entry: [u8; 32],
}

/// The public keys of receipts, as published at `/log/keys`.
#[derive(Clone, Debug, Default)]
pub struct ReceiptKeys(HashMap<String, VerifyingKey>);

/// Why a receipt is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotVerified {
    #[error("not a receipt in compact JWS")]
    Form,
    #[error("the type is not kuvert-receipt")]
    Type,
    #[error("the key is not one of the published keys")]
    UnknownKey,
    #[error("the signature does not fit")]
    Signature,
    #[error("the payload is not that of a receipt")]
    Payload,
    #[error("the event is not the deterministic encoding of an event")]
    Event,
    #[error("the event and the members beside it do not say the same")]
    Disagrees,
}

/// The text is no JSON Web Key Set with keys that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a JSON Web Key Set of receipt keys")]
pub struct NotAKeySet;

impl Receipt {
    /// Signs as compact JWS, Ed25519, `typ` `kuvert-receipt`, with `kid`. The same receipt gives the same text.
    pub fn sign(&self, key: &SigningKey) -> String {
        let payload = Payload {
            event: URL_SAFE_NO_PAD.encode(self.event.to_cbor()),
            nonce: URL_SAFE_NO_PAD.encode(self.nonce),
            letter_id: self.letter_id,
            sender: self.sender.clone(),
            reference: self.reference.clone(),
            accepted_at: self.accepted_at.to_string(),
            durability: self.durability.clone(),
            include_by: self.include_by.map(|time| time.to_string()),
        };
        let payload = serde_json::to_vec(&payload).expect("texts are JSON");
        sign_compact(key, TYP, &payload)
    }
}

impl ReceiptKeys {
    /// Reads a key set; other members, such as `log_vkey`, are passed over, and so are keys of other types.
    pub fn parse(json: &[u8]) -> Result<Self, NotAKeySet> {
        #[derive(Deserialize)]
        struct Set {
            keys: Vec<serde_json::Value>,
        }
        let set: Set = serde_json::from_slice(json).map_err(|_| NotAKeySet)?;
        let mut keys = Self::default();
        for jwk in &set.keys {
            if let Ok(key) = VerifyingKey::from_jwk(jwk) {
                keys.add(key);
            }
        }
        if keys.0.is_empty() { Err(NotAKeySet) } else { Ok(keys) }
    }

    /// Adds a key under its thumbprint, which is what `kid` must be.
    pub fn add(&mut self, key: VerifyingKey) {
        self.0.insert(key.thumbprint(), key);
    }
}

impl From<VerifyingKey> for ReceiptKeys {
    fn from(key: VerifyingKey) -> Self {
        let mut keys = Self::default();
        keys.add(key);
        keys
    }
}

/// Verifies a receipt with the published keys, offline: signature, form, and that the event says what the
/// members beside it say.
pub fn verify(receipt: &str, keys: &ReceiptKeys) -> Result<Verified, NotVerified> {
    let jws = CompactJws::parse(receipt).map_err(|_| NotVerified::Form)?;
    if jws.header.typ.as_deref() != Some(TYP) {
        return Err(NotVerified::Type);
    }
    let key = jws.header.kid.as_deref().and_then(|kid| keys.0.get(kid)).ok_or(NotVerified::UnknownKey)?;
    jws.verify_ours(key, TYP).map_err(|_| NotVerified::Signature)?;
    let receipt = read(&jws.payload)?;
    let event = &receipt.event;
    let agrees = event.chain == receipt.letter_id
        && event.seq == 0
        && event.previous == [0; 32]
        && matches!(event.kind, EventType::Accepted | EventType::TakenInCharge)
        && event.actor == Actor::Sender
        && event.at == receipt.accepted_at
        && event.sender.as_ref() == Some(&receipt.sender)
        && event.recipient.is_some()
        && event.content.is_some();
    if !agrees {
        return Err(NotVerified::Disagrees);
    }
    let entry = commitment::entry(&receipt.nonce, &event.to_cbor());
    Ok(Verified { receipt, entry })
}

impl Verified {
    /// Whether the letter went to this recipient.
    pub fn is_to(&self, recipient: &Identity) -> bool {
        self.receipt.event.recipient == Some(commitment::recipient(&self.receipt.nonce, recipient))
    }

    /// Whether the letter was these bytes: the decoded payload of the JWS that was sent.
    pub fn is_of(&self, payload: &[u8]) -> bool {
        self.receipt.event.content == Some(commitment::content(&self.receipt.nonce, payload))
    }

    /// What the public log hashes, RFC 6962.
    pub fn leaf(&self) -> [u8; 32] {
        commitment::leaf(&self.entry)
    }
}

fn read(payload: &[u8]) -> Result<Receipt, NotVerified> {
    let payload: Payload = serde_json::from_slice(payload).map_err(|_| NotVerified::Payload)?;
    let bytes = |text: &str| URL_SAFE_NO_PAD.decode(text).map_err(|_| NotVerified::Payload);
    let time = |text: &str| Time::parse(text).map_err(|_| NotVerified::Payload);
    Ok(Receipt {
        event: Event::from_cbor(&bytes(&payload.event)?).map_err(|_| NotVerified::Event)?,
        nonce: bytes(&payload.nonce)?.try_into().map_err(|_| NotVerified::Payload)?,
        letter_id: payload.letter_id,
        sender: payload.sender,
        reference: payload.reference,
        accepted_at: time(&payload.accepted_at)?,
        durability: payload.durability,
        include_by: payload.include_by.as_deref().map(time).transpose()?,
    })
}

/// The members in the order they are written. Later versions may add some; a reader passes over those.
#[derive(Serialize, Deserialize)]
struct Payload {
    event: String,
    nonce: String,
    letter_id: LetterId,
    sender: OrgNumber,
    reference: String,
    accepted_at: String,
    durability: String,
    include_by: Option<String>,
}

const TYP: &str = "kuvert-receipt";

#[cfg(test)]
mod tests;
