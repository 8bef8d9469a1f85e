//! One event and its bytes.

use crate::commitment::{self, Belongings};
use domain::{
    AddressMac, CertificateDigest, EventId, Identity, LetterId, OrgNumber, Random, Time,
    words::{Because, EventType},
};
use minicbor::{Decoder, Encoder};

/// The detail of a letter's first event, where somebody it was first sent to forwarded it. Its `sender` is then the
/// operator that handed it over; whose words it holds, `certificate` says.
pub const FORWARDED: &str = "forwarded";

/// Something that happened to a letter, or to a mailbox. Holds no personal data in clear: people are a
/// class of actor here, the recipient and the content are salted commitments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub id: EventId,
    /// The letter, or [`MailboxId::own_chain`](domain::MailboxId::own_chain).
    pub chain: LetterId,
    /// 0, 1, 2 … without holes.
    pub seq: u64,
    pub at: Time,
    pub kind: EventType,
    /// The entry of `seq - 1`; zeros when this is the first.
    pub previous: [u8; 32],
    pub actor: Actor,
    /// [`recipient`](crate::recipient) commitment.
    pub recipient: Option<[u8; 32]>,
    /// [`content`](crate::content) commitment.
    pub content: Option<[u8; 32]>,
    /// The sender concerned: of the letter, or the one that was turned off or on.
    pub sender: Option<OrgNumber>,
    /// SHA-256 of the certificate (`x5t#S256`) whose key signed the letter.
    pub certificate: Option<CertificateDigest>,
    /// A word of a closed list, `[a-z0-9_]{1,64}`. Never free text.
    pub detail: Option<String>,
    /// [`actor`](crate::actor) commitment, where a person acted. Salted apart from the nonce, so that whoever is shown the
    /// event need not be shown who.
    pub by: Option<[u8; 32]>,
    /// [`Belongings`] commitment: what belongs to the letter and decides. In the event that accepts it.
    pub letter: Option<[u8; 32]>,
    /// [`original`](crate::original) commitment: part 0, whole. In the event that accepts a letter to a mailbox here.
    pub original: Option<[u8; 32]>,
    /// [`address`](crate::address) commitment: the tag under which the recipient was found.
    pub address: Option<[u8; 32]>,
}

/// What the first event of a letter is made of.
#[derive(Clone, Copy, Debug)]
pub struct Accepted<'a> {
    pub letter_id: LetterId,
    pub at: Time,
    pub recipient: &'a Identity,
    /// The decoded payload of the JWS, exactly as signed.
    pub payload: &'a [u8],
    pub sender: &'a OrgNumber,
    /// SHA-256 of the certificate whose key signed.
    pub certificate: CertificateDigest,
    pub belongings: &'a Belongings,
    /// The tag under which the recipient was found.
    pub address_mac: &'a AddressMac,
    /// The plain bytes of part 0, where the letter is for a mailbox here.
    pub original: Option<&'a [u8]>,
}

/// What class of actor did it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Actor {
    Sender,
    Service,
    Owner,
    Signatory,
    Helper,
}

/// The bytes are not the deterministic CBOR of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the deterministic encoding of an event")]
pub struct NotAnEvent;

impl Actor {
    pub const ALL: &'static [Self] =
        &[Self::Sender, Self::Service, Self::Owner, Self::Signatory, Self::Helper];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Service => "service",
            Self::Owner => "owner",
            Self::Signatory => "signatory",
            Self::Helper => "helper",
        }
    }

    /// The right by which this actor acts; the sender and the service need none.
    pub const fn because(self) -> Option<Because> {
        match self {
            Self::Sender | Self::Service => None,
            Self::Owner => Some(Because::Owner),
            Self::Signatory => Some(Because::Signatory),
            Self::Helper => Some(Because::Helper),
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|actor| actor.as_str() == text)
    }
}

impl From<Because> for Actor {
    fn from(because: Because) -> Self {
        match because {
            Because::Owner => Self::Owner,
            Because::Signatory => Self::Signatory,
            Because::Helper => Self::Helper,
        }
    }
}

impl Event {
    /// The first event of a letter. Recipient and content are hidden by `nonce`, which the caller keeps for
    /// [`first`](crate::first) and for the receipt.
    pub fn accepted(letter: Accepted<'_>, nonce: &[u8; 32], random: &dyn Random) -> Self {
        Self {
            id: EventId::new(letter.at, random),
            chain: letter.letter_id,
            seq: 0,
            at: letter.at,
            kind: EventType::Accepted,
            previous: [0; 32],
            actor: Actor::Sender,
            recipient: Some(commitment::recipient(nonce, letter.recipient)),
            content: Some(commitment::content(nonce, letter.payload)),
            sender: Some(letter.sender.clone()),
            certificate: Some(letter.certificate),
            detail: None,
            by: None,
            letter: Some(letter.belongings.commitment(nonce)),
            original: letter.original.map(|bytes| commitment::original(nonce, bytes)),
            address: Some(commitment::address(nonce, letter.address_mac)),
        }
    }

    /// Deterministic CBOR (RFC 8949 §4.2.1): one map, integer keys ascending, shortest heads, definite
    /// lengths. Members that are `None` are left out.
    pub fn to_cbor(&self) -> Vec<u8> {
        let optional = [
            self.recipient.is_some(),
            self.content.is_some(),
            self.sender.is_some(),
            self.certificate.is_some(),
            self.detail.is_some(),
            self.by.is_some(),
            self.letter.is_some(),
            self.original.is_some(),
            self.address.is_some(),
        ];
        let members = REQUIRED + optional.iter().filter(|there| **there).count() as u64;
        let mut out = Encoder::new(Vec::with_capacity(384));
        self.write(members, &mut out).expect("writing to memory does not fail");
        out.into_writer()
    }

    /// Reads back exactly what [`Event::to_cbor`] writes; any other encoding of the same facts is refused,
    /// since the entry would differ.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, NotAnEvent> {
        let (event, rest) = Self::from_start(bytes)?;
        if rest.is_empty() { Ok(event) } else { Err(NotAnEvent) }
    }

    /// The event that `bytes` begin with, and what stands behind it.
    pub(crate) fn from_start(bytes: &[u8]) -> Result<(Self, &[u8]), NotAnEvent> {
        let mut from = Decoder::new(bytes);
        let event = Self::read(&mut from).ok_or(NotAnEvent)?;
        let (own, rest) = bytes.split_at_checked(from.position()).ok_or(NotAnEvent)?;
        if event.to_cbor() == own { Ok((event, rest)) } else { Err(NotAnEvent) }
    }

    fn write(&self, members: u64, out: &mut Encoder<Vec<u8>>) -> Written {
        out.map(members)?;
        out.u8(ID)?.bytes(self.id.as_bytes())?;
        out.u8(CHAIN)?.bytes(self.chain.as_bytes())?;
        out.u8(SEQ)?.u64(self.seq)?;
        out.u8(AT)?.i64(self.at.millis())?;
        out.u8(KIND)?.str(self.kind.as_str())?;
        out.u8(PREVIOUS)?.bytes(&self.previous)?;
        out.u8(ACTOR)?.str(self.actor.as_str())?;
        if let Some(recipient) = &self.recipient {
            out.u8(RECIPIENT)?.bytes(recipient)?;
        }
        if let Some(content) = &self.content {
            out.u8(CONTENT)?.bytes(content)?;
        }
        if let Some(sender) = &self.sender {
            out.u8(SENDER)?.str(sender.as_str())?;
        }
        if let Some(certificate) = &self.certificate {
            out.u8(CERTIFICATE)?.bytes(certificate.as_bytes())?;
        }
        if let Some(detail) = &self.detail {
            out.u8(DETAIL)?.str(detail)?;
        }
        let hashes =
            [(BY, &self.by), (LETTER, &self.letter), (ORIGINAL, &self.original), (ADDRESS, &self.address)];
        for (key, hash) in hashes {
            if let Some(hash) = hash {
                out.u8(key)?.bytes(hash)?;
            }
        }
        Ok(())
    }

    fn read(from: &mut Decoder<'_>) -> Option<Self> {
        let mut left = from.map().ok()??.checked_sub(REQUIRED)?;
        let event = Self {
            id: EventId::from_slice(member(from, ID)?.bytes().ok()?).ok()?,
            chain: LetterId::from_slice(member(from, CHAIN)?.bytes().ok()?).ok()?,
            seq: member(from, SEQ)?.u64().ok()?,
            at: Time::from_millis(member(from, AT)?.i64().ok()?),
            kind: EventType::parse(member(from, KIND)?.str().ok()?)?,
            previous: hash(member(from, PREVIOUS)?)?,
            actor: Actor::parse(member(from, ACTOR)?.str().ok()?)?,
            recipient: optional(from, &mut left, RECIPIENT, hash)?,
            content: optional(from, &mut left, CONTENT, hash)?,
            sender: optional(from, &mut left, SENDER, |from| OrgNumber::parse(from.str().ok()?).ok())?,
            certificate: optional(from, &mut left, CERTIFICATE, hash)?.map(CertificateDigest::from_bytes),
            detail: optional(from, &mut left, DETAIL, |from| from.str().ok().map(str::to_owned))?,
            by: optional(from, &mut left, BY, hash)?,
            letter: optional(from, &mut left, LETTER, hash)?,
            original: optional(from, &mut left, ORIGINAL, hash)?,
            address: optional(from, &mut left, ADDRESS, hash)?,
        };
        let detail_is_a_word = event.detail.as_deref().is_none_or(is_word);
        (left == 0 && detail_is_a_word).then_some(event)
    }
}

/// Whether `text` can be a word of a closed list: no sentence, name or number of twelve digits with a dash fits.
pub(crate) fn is_word(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

/// The decoder, standing behind `key`.
fn member<'a, 'b>(from: &'a mut Decoder<'b>, key: u8) -> Option<&'a mut Decoder<'b>> {
    (from.u8().ok()? == key).then_some(from)
}

/// `Some(None)` when another key follows, `None` when the value is wrong.
fn optional<'b, T>(
    from: &mut Decoder<'b>,
    left: &mut u64,
    key: u8,
    value: impl FnOnce(&mut Decoder<'b>) -> Option<T>,
) -> Option<Option<T>> {
    if *left == 0 || from.probe().u8().ok()? != key {
        return Some(None);
    }
    *left -= 1;
    value(member(from, key)?).map(Some)
}

fn hash(from: &mut Decoder<'_>) -> Option<[u8; 32]> {
    from.bytes().ok()?.try_into().ok()
}

const REQUIRED: u64 = 7;
const ID: u8 = 1;
const CHAIN: u8 = 2;
const SEQ: u8 = 3;
const AT: u8 = 4;
const KIND: u8 = 5;
const PREVIOUS: u8 = 6;
const ACTOR: u8 = 7;
const RECIPIENT: u8 = 8;
const CONTENT: u8 = 9;
const SENDER: u8 = 10;
const CERTIFICATE: u8 = 11;
const DETAIL: u8 = 12;
const BY: u8 = 13;
const LETTER: u8 = 14;
const ORIGINAL: u8 = 15;
const ADDRESS: u8 = 16;

#[cfg(test)]
mod tests;
