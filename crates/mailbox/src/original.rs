//! Part 0: the signed original exactly as it came, with what is needed to prove it decades later.

use domain::{
    LetterId, MailboxId, Random, Time,
    letter::{Body, BodyType, Forwarded, Notes},
};
use minicbor::{Decoder, Encoder};
use vault::{Key, Opaque};
use zeroize::Zeroizing;

/// What part 0 holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Original {
    /// What was signed, byte for byte as it came.
    pub signed: Vec<u8>,
    pub form: Form,
    /// The signer's certificate, DER, as registered when the letter was accepted.
    pub certificate: Vec<u8>,
    /// The sender's name as it was.
    pub sender_name: String,
    /// The dispatcher's name, when the sender did not send itself.
    pub dispatcher: Option<String>,
    /// Set: it was first sent to somebody else, who forwarded it. That is signed by no one.
    pub forwarded: Option<Forwarded>,
    pub accepted_at: Time,
    /// The key of each attachment, wrapped under the letter's content key.
    pub wrapped_keys: Vec<Vec<u8>>,
}

/// What form the signed original has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A flattened JWS, of the agency API.
    Jws,
    /// A `deliverSecure` message of Mina Meddelanden, or of a forwarded letter its `SealedDelivery` alone: this letter is
    /// message 0, 1 … of it.
    Delivery { message: u32 },
}

impl Original {
    /// As stored, under the letter's content key.
    pub fn seal(
        &self,
        key: &Key,
        (mailbox_id, letter_id): (MailboxId, LetterId),
        parts: i64,
        random: &dyn Random,
    ) -> Vec<u8> {
        let place = crate::places::original(mailbox_id, letter_id, parts);
        let plain = vault::pad(&self.to_cbor());
        vault::seal(crate::places::key_id(letter_id), key, &place, &plain, random)
    }

    /// Opens what [`Original::seal`] made.
    pub fn open(
        key: &Key,
        (mailbox_id, letter_id): (MailboxId, LetterId),
        parts: i64,
        sealed: &[u8],
    ) -> Result<Self, Opaque> {
        let padded = vault::open(key, &crate::places::original(mailbox_id, letter_id, parts), sealed)?;
        Self::from_cbor(vault::unpad(&padded)?).ok_or(Opaque)
    }

    /// Its plain bytes, which the event that accepts the letter commits to.
    pub fn to_cbor(&self) -> Zeroizing<Vec<u8>> {
        let mut out = Encoder::new(Vec::with_capacity(self.signed.len() + self.certificate.len() + 256));
        // Writing to memory does not fail; what were written short would not read back.
        let _ = self.write(&mut out);
        Zeroizing::new(out.into_writer())
    }

    fn write(&self, out: &mut Encoder<Vec<u8>>) -> Written {
        match &self.forwarded {
            None => out.array(MEMBERS)?.u8(VERSION)?,
            Some(_) => out.array(MEMBERS + 1)?.u8(FORWARDED)?,
        };
        match self.form {
            Form::Jws => out.null()?,
            Form::Delivery { message } => out.u32(message)?,
        };
        out.bytes(&self.signed)?.bytes(&self.certificate)?.str(&self.sender_name)?;
        optional(out, self.dispatcher.as_deref())?;
        out.i64(self.accepted_at.millis())?.array(self.wrapped_keys.len() as u64)?;
        for key in &self.wrapped_keys {
            out.bytes(key)?;
        }
        if let Some(forwarded) = &self.forwarded {
            write_forwarded(out, forwarded)?;
        }
        Ok(())
    }

    fn from_cbor(bytes: &[u8]) -> Option<Self> {
        let mut from = Decoder::new(bytes);
        let version = (from.array().ok()??, from.u8().ok()?);
        let with_more = version == (MEMBERS + 1, FORWARDED);
        let form = match version {
            (7, 1) => Form::Jws,
            _ if with_more => Form::Delivery { message: from.u32().ok()? },
            (MEMBERS, VERSION) if from.datatype().ok()? == minicbor::data::Type::Null => {
                from.null().ok().map(|()| Form::Jws)?
            }
            (MEMBERS, VERSION) => Form::Delivery { message: from.u32().ok()? },
            _ => return None,
        };
        let signed = from.bytes().ok()?.to_vec();
        let certificate = from.bytes().ok()?.to_vec();
        let sender_name = from.str().ok()?.to_owned();
        let dispatcher = read_optional(&mut from)?;
        let accepted_at = Time::from_millis(from.i64().ok()?);
        let keys = from.array().ok()??;
        let wrapped_keys = (0..keys).map(|_| from.bytes().ok().map(<[u8]>::to_vec)).collect::<Option<_>>()?;
        let forwarded = if with_more { Some(read_forwarded(&mut from)?) } else { None };
        Some(Self {
            signed,
            form,
            certificate,
            sender_name,
            dispatcher,
            forwarded,
            accepted_at,
            wrapped_keys,
        })
    }
}

type Written = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

fn write_forwarded(out: &mut Encoder<Vec<u8>>, of: &Forwarded) -> Written {
    out.array(9)?.str(&of.by)?.str(&of.operator)?.str(&of.subject)?;
    out.bool(of.body.media_type == BodyType::Html)?.str(&of.body.content)?;
    let Notes { reference, correlation_id, attention, sender_attention, metadata: _ } = &of.notes;
    for note in [reference, correlation_id, attention, sender_attention] {
        optional(out, note.as_deref())?;
    }
    Ok(())
}

fn read_forwarded(from: &mut Decoder<'_>) -> Option<Forwarded> {
    if from.array().ok()?? != 9 {
        return None;
    }
    let text = |from: &mut Decoder<'_>| from.str().ok().map(str::to_owned);
    let by = text(from)?;
    let operator = text(from)?;
    let subject = text(from)?;
    let media_type = if from.bool().ok()? { BodyType::Html } else { BodyType::Plain };
    let body = Body { media_type, content: text(from)? };
    let notes = Notes {
        reference: read_optional(from)?,
        correlation_id: read_optional(from)?,
        attention: read_optional(from)?,
        sender_attention: read_optional(from)?,
        metadata: Vec::new(),
    };
    Some(Forwarded { by, operator, subject, body, notes })
}

fn optional(out: &mut Encoder<Vec<u8>>, text: Option<&str>) -> Written {
    match text {
        Some(text) => out.str(text)?,
        None => out.null()?,
    };
    Ok(())
}

/// `None` is what cannot be read.
fn read_optional(from: &mut Decoder<'_>) -> Option<Option<String>> {
    match from.datatype().ok()? {
        minicbor::data::Type::Null => from.null().ok().map(|()| None),
        _ => Some(Some(from.str().ok()?.to_owned())),
    }
}

/// Version 1 had no form: all were JWS.
const VERSION: u8 = 2;
const MEMBERS: u64 = 8;
/// Has one member more, and is written for forwarded letters alone.
const FORWARDED: u8 = 3;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::SystemRandom;

    fn sample() -> Original {
        Original {
            signed: b"{\"payload\":\"\"}".to_vec(),
            form: Form::Jws,
            certificate: vec![0x30, 0x82, 0, 1],
            sender_name: "Exempelkommunen".into(),
            dispatcher: None,
            forwarded: None,
            accepted_at: Time::from_millis(1_700_000_000_123),
            wrapped_keys: vec![vec![1; 100], vec![2; 100]],
        }
    }

    fn forwarded(media_type: BodyType) -> Forwarded {
        Forwarded {
            by: "Bo Bengtsson".into(),
            operator: "Lådan".into(),
            subject: String::new(),
            body: Body { media_type, content: "Titta på det här".into() },
            notes: Notes { attention: Some("Anna".into()), ..Notes::default() },
        }
    }

    #[test]
    fn what_was_sealed_opens_in_its_own_place_only() {
        let key = Key::random(&SystemRandom);
        let here = (MailboxId::new(&SystemRandom), LetterId::new(Time::from_millis(1), &SystemRandom));
        for original in [
            sample(),
            Original { dispatcher: Some("Exempelförmedlaren".into()), ..sample() },
            Original { form: Form::Delivery { message: 0 }, ..sample() },
            Original { form: Form::Delivery { message: 300 }, ..sample() },
            Original {
                form: Form::Delivery { message: 1 },
                forwarded: Some(forwarded(BodyType::Plain)),
                ..sample()
            },
            Original {
                form: Form::Delivery { message: 0 },
                dispatcher: Some("Exempelförmedlaren".into()),
                forwarded: Some(forwarded(BodyType::Html)),
                ..sample()
            },
        ] {
            let sealed = original.seal(&key, here, 3, &SystemRandom);
            assert_eq!(Original::open(&key, here, 3, &sealed).unwrap(), original);
            assert!(Original::open(&key, here, 2, &sealed).is_err());
            assert!(Original::open(&key, (MailboxId::new(&SystemRandom), here.1), 3, &sealed).is_err());
            assert!(Original::open(&Key::random(&SystemRandom), here, 3, &sealed).is_err());
            assert!(Original::open(&key, here, 3, &sealed[..sealed.len() - 1]).is_err());
        }
    }

    #[test]
    fn what_the_first_version_wrote_is_still_read() {
        let old = Encoder::new(Vec::new());
        let sample = sample();
        let mut old = old;
        old.array(7)
            .unwrap()
            .u8(1)
            .unwrap()
            .bytes(&sample.signed)
            .unwrap()
            .bytes(&sample.certificate)
            .unwrap();
        old.str(&sample.sender_name).unwrap().null().unwrap().i64(sample.accepted_at.millis()).unwrap();
        old.array(2).unwrap().bytes(&[1; 100]).unwrap().bytes(&[2; 100]).unwrap();
        assert_eq!(Original::from_cbor(&old.into_writer()), Some(sample));
    }
}
