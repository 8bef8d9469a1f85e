//! What happens to senders, dispatchers and mailbox operators: a chain for each, that the key service alone writes.
//!
//! Who may send, by which certificate and through whom is public; so these events hold it as it is, beside the links that
//! make a chain of them. Formats: `docs/evidence.md`.

use crate::{
    chain::Flaw,
    rings::{EventKeys, Writer},
};
use domain::{CertificateDigest, OrgNumber, Random, Time, chance, words::RegistryEventType};
use key_client::KeyRing;
use minicbor::{Decoder, Encoder};
use vault::Place;

/// As what an organisation is registered. One that is both has two chains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A sender or dispatcher.
    Sender,
    Operator,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registered {
    pub party: Party,
    pub number: OrgNumber,
    /// 0, 1, 2 … without holes.
    pub seq: u64,
    pub at: Time,
    pub kind: RegistryEventType,
    /// The entry of `seq - 1`; zeros when this is the first.
    pub previous: [u8; 32],
    pub particulars: Particulars,
}

/// What was registered; what does not apply is not there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Particulars {
    /// From then on.
    pub name: Option<String>,
    /// Whether it sends letters of its own.
    pub may_send: Option<bool>,
    /// SHA-256 of the certificate.
    pub certificate: Option<CertificateDigest>,
    pub dispatcher: Option<OrgNumber>,
    pub domain: Option<String>,
    pub service_address: Option<String>,
    pub ui_address: Option<String>,
}

/// An event as stored.
#[derive(Clone, Debug)]
pub struct Sealed {
    /// Nonce and event, sealed for this row.
    pub body: Vec<u8>,
    pub entry: [u8; 32],
}

impl Party {
    /// The word in the database; rows that stand there hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sender => "sender",
            Self::Operator => "operator",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Sender, Self::Operator].into_iter().find(|party| party.as_str() == text)
    }
}

impl Registered {
    /// Deterministic CBOR, by the rules of [`Event::to_cbor`](crate::Event::to_cbor).
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut out = Encoder::new(Vec::with_capacity(256));
        self.write(&mut out).expect("writing to memory does not fail");
        out.into_writer()
    }

    /// Sealed for its row, under a nonce of its own.
    pub fn seal(&self, ring: &KeyRing, random: &dyn Random) -> Sealed {
        let nonce = chance::bytes::<NONCE_BYTES>(random);
        let cbor = self.to_cbor();
        let body = [nonce.as_slice(), &cbor].concat();
        let place = place(self.party, &self.number, self.seq);
        Sealed { body: ring.seal(&place, &body, random), entry: entry(&nonce, &cbor) }
    }

    /// The event of a row, when it was sealed by the key service for just this place and its entry is the hash of it.
    pub fn open(
        keys: &dyn EventKeys,
        (party, number, seq): (Party, &OrgNumber, u64),
        sealed: &Sealed,
    ) -> Result<Self, Flaw> {
        let opened = keys.open_event(&place(party, number, seq), &sealed.body);
        let (plain, writer) = opened.ok_or(Flaw::Unopenable)?;
        if writer.is_some_and(|writer| writer != Writer::Keys) {
            return Err(Flaw::Writer);
        }
        let (nonce, cbor) = plain.split_first_chunk::<NONCE_BYTES>().ok_or(Flaw::NotAnEvent)?;
        if entry(nonce, cbor) != sealed.entry {
            return Err(Flaw::WrongEntry);
        }
        let event = Self::from_cbor(cbor).ok_or(Flaw::NotAnEvent)?;
        if (event.party, &event.number, event.seq) == (party, number, seq) {
            Ok(event)
        } else {
            Err(Flaw::Disagrees)
        }
    }

    /// `None` for every other encoding of the same facts, since its entry would differ.
    pub fn from_cbor(bytes: &[u8]) -> Option<Self> {
        let mut from = Decoder::new(bytes);
        let event = Self::read(&mut from)?;
        (event.to_cbor() == bytes).then_some(event)
    }

    fn write(&self, out: &mut Encoder<Vec<u8>>) -> Written {
        let of = &self.particulars;
        let optional = [
            of.name.is_some(),
            of.may_send.is_some(),
            of.certificate.is_some(),
            of.dispatcher.is_some(),
            of.domain.is_some(),
            of.service_address.is_some(),
            of.ui_address.is_some(),
        ];
        out.map(REQUIRED + optional.iter().filter(|there| **there).count() as u64)?;
        out.u8(PARTY)?.str(self.party.as_str())?;
        out.u8(NUMBER)?.str(self.number.as_str())?;
        out.u8(SEQ)?.u64(self.seq)?;
        out.u8(AT)?.i64(self.at.millis())?;
        out.u8(KIND)?.str(self.kind.as_str())?;
        out.u8(PREVIOUS)?.bytes(&self.previous)?;
        if let Some(name) = &of.name {
            out.u8(NAME)?.str(name)?;
        }
        if let Some(may_send) = of.may_send {
            out.u8(MAY_SEND)?.bool(may_send)?;
        }
        if let Some(certificate) = &of.certificate {
            out.u8(CERTIFICATE)?.bytes(certificate.as_bytes())?;
        }
        let dispatcher = of.dispatcher.as_ref().map(|number| number.as_str().to_owned());
        let texts = [
            (DISPATCHER, &dispatcher),
            (DOMAIN, &of.domain),
            (SERVICE_ADDRESS, &of.service_address),
            (UI_ADDRESS, &of.ui_address),
        ];
        for (key, text) in texts {
            if let Some(text) = text {
                out.u8(key)?.str(text)?;
            }
        }
        Ok(())
    }

    fn read(from: &mut Decoder<'_>) -> Option<Self> {
        let members = from.map().ok()??;
        let party = Party::parse(text(from, PARTY)?)?;
        let number = OrgNumber::parse(text(from, NUMBER)?).ok()?;
        let seq = key(from, SEQ)?.u64().ok()?;
        let at = Time::from_millis(key(from, AT)?.i64().ok()?);
        let kind = RegistryEventType::parse(text(from, KIND)?)?;
        let previous = key(from, PREVIOUS)?.bytes().ok()?.try_into().ok()?;
        let mut particulars = Particulars::default();
        for _ in REQUIRED..members {
            particulars.take(from)?;
        }
        Some(Self { party, number, seq, at, kind, previous, particulars })
    }
}

impl Particulars {
    /// The next member, whatever it is: order and shortness are found by writing it again.
    fn take(&mut self, from: &mut Decoder<'_>) -> Option<()> {
        let key = from.u8().ok()?;
        if key == MAY_SEND {
            self.may_send = Some(from.bool().ok()?);
        } else if key == CERTIFICATE {
            self.certificate = Some(from.bytes().ok()?.try_into().ok()?);
        } else {
            let text = from.str().ok()?;
            match key {
                NAME => self.name = Some(text.to_owned()),
                DISPATCHER => self.dispatcher = Some(OrgNumber::parse(text).ok()?),
                DOMAIN => self.domain = Some(text.to_owned()),
                SERVICE_ADDRESS => self.service_address = Some(text.to_owned()),
                UI_ADDRESS => self.ui_address = Some(text.to_owned()),
                _ => return None,
            }
        }
        Some(())
    }
}

fn key<'a, 'b>(from: &'a mut Decoder<'b>, key: u8) -> Option<&'a mut Decoder<'b>> {
    (from.u8().ok()? == key).then_some(from)
}

fn text<'b>(from: &mut Decoder<'b>, wanted: u8) -> Option<&'b str> {
    key(from, wanted)?.str().ok()
}

fn entry(nonce: &[u8; NONCE_BYTES], cbor: &[u8]) -> [u8; 32] {
    vault::sha256(&[LABEL, nonce, cbor].concat())
}

fn place(party: Party, number: &OrgNumber, seq: u64) -> Place {
    Place::new("registry_event/body").text(party.as_str()).text(number.as_str()).number(seq)
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

const LABEL: &[u8] = b"kuvert-registry-event/1";
const NONCE_BYTES: usize = 32;
const REQUIRED: u64 = 6;
const PARTY: u8 = 1;
const NUMBER: u8 = 2;
const SEQ: u8 = 3;
const AT: u8 = 4;
const KIND: u8 = 5;
const PREVIOUS: u8 = 6;
const NAME: u8 = 7;
const MAY_SEND: u8 = 8;
const CERTIFICATE: u8 = 9;
const DISPATCHER: u8 = 10;
const DOMAIN: u8 = 11;
const SERVICE_ADDRESS: u8 = 12;
const UI_ADDRESS: u8 = 13;

#[cfg(test)]
mod tests;
