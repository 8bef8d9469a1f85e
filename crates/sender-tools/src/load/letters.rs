//! Signing, before the clock starts.

use super::service::Service;
use crate::{
    compose::{Draft, Signed, signer},
    compose_soap,
    demo::{KOMMUNEN, Pki, VERKET},
};
use anyhow::Result;
use bytes::Bytes;
use delivery::XmlSigner;
use domain::{Clock, Identity, SystemClock, chance};
use vault::{SystemRandom, jws::LetterSigner};

/// A letter ready to send, and what the check needs to know of it.
pub struct Ready {
    pub reference: String,
    /// Which of the two senders, 0 or 1.
    pub sender: usize,
    pub recipient: Identity,
    pub wire: Wire,
}

/// What goes over the wire.
pub enum Wire {
    /// `POST /v1/letters`.
    Rest(Signed),
    /// `POST /Service/v3`.
    Soap(Bytes),
}

/// Which door letters are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Door {
    Rest,
    Soap,
}

impl Door {
    /// What its letters are signed with: RSA of 2048 bits, as real organisation certificates have.
    pub const fn algorithm(self) -> &'static str {
        match self {
            Self::Rest => "PS256",
            Self::Soap => "rsa-sha256",
        }
    }
}

/// The senders that take part, in turn.
pub const SENDERS: [&str; 2] = [KOMMUNEN, VERKET];

/// Signs `count` letters on all cores. References are new each time, also where one service is measured in rounds: a letter
/// that was sent before is answered from what is stored.
pub fn sign(
    service: &Service,
    recipients: &[Identity],
    (count, bytes): (usize, usize),
    door: Door,
) -> Result<Vec<Ready>> {
    let pki = Pki::of(service.folder());
    let signers: Vec<LetterSigner> =
        SENDERS.iter().map(|n| signer(&pki.certificate(n), &pki.key(n))).collect::<Result<_>>()?;
    let xml: Vec<XmlSigner> = SENDERS
        .iter()
        .map(|n| compose_soap::signer(&pki.certificate(n), &pki.key(n)))
        .collect::<Result<_>>()?;
    let today = SystemClock.now().date();
    let run = hex::encode(chance::bytes::<4>(&SystemRandom));
    let body: String = TEXT.chars().cycle().take(bytes).collect();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = count.div_ceil(threads).max(1);
    let one = |no: usize| -> Result<Ready> {
        let sender = no % SENDERS.len();
        let recipient = &recipients[no % recipients.len()];
        let draft = Draft {
            reference: format!("load-{run}-{}-{no}", door.algorithm()),
            sender: SENDERS[sender].to_owned(),
            recipient: recipient.expose().to_owned(),
            subject: format!("Provbrev {no}"),
            body: body.clone(),
            ..Draft::default()
        };
        let wire = match door {
            Door::Rest => Wire::Rest(draft.sign(&signers[sender])?),
            Door::Soap => {
                let signer = &xml[sender];
                Wire::Soap(compose_soap::deliver_secure(&draft, "Exempelkommunen", today, signer, signer)?)
            }
        };
        Ok(Ready { reference: draft.reference, sender, recipient: recipient.clone(), wire })
    };
    std::thread::scope(|scope| {
        let handles: Vec<_> = (0..count)
            .step_by(share)
            .map(|from| {
                scope.spawn(move || (from..(from + share).min(count)).map(one).collect::<Result<Vec<_>>>())
            })
            .collect();
        let mut letters = Vec::with_capacity(count);
        for handle in handles {
            letters.extend(handle.join().map_err(|_| anyhow::anyhow!("a signing thread panicked"))??);
        }
        Ok(letters)
    })
}

/// Ordinary Swedish, so that the letter is as compressible and as long in bytes as a real one.
const TEXT: &str = "Vi har tagit emot din ansökan och behöver några uppgifter till. Du kan lämna dem i vår \
e-tjänst eller skicka dem till oss. Om du har frågor är du välkommen att höra av dig. ";
