//! Whether a letter is what the door accepted for its reader.
//!
//! A signature alone says that somebody signed something once. That it is *this letter*, for *this reader*, says the event
//! that accepted it: the door checked the signer against the registry, and committed to what it took. Anyone who can write
//! rows can seal something to a mailbox; nobody but the door can seal that event.

use crate::Original;
use domain::{CertificateDigest, letter::Letter};
use evidence::Event;
use key_client::AcceptedEvent;

/// Why a letter is not shown as verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    #[error("its signature does not hold")]
    Signature,
    #[error("it was not accepted by the door")]
    Event,
    #[error("it is signed with another certificate than was accepted")]
    Certificate,
    #[error("it is not what was accepted")]
    Content,
    #[error("it was accepted for another recipient")]
    Recipient,
}

/// What was read out of a letter's original.
pub(crate) struct Read {
    pub letter: Letter,
    pub signature_holds: bool,
    /// What the content commitment is made of. `None` for a forwarded letter: what covered it is not kept, and
    /// [`Event::original`] says that all of it is as it was.
    pub payload: Option<Vec<u8>>,
}

pub(crate) fn doubt(
    read: &Read,
    original: &Original,
    accepted: &AcceptedEvent,
    owners: Option<bool>,
) -> Option<Doubt> {
    judge(read, original, accepted, owners).err()
}

fn judge(
    read: &Read,
    original: &Original,
    accepted: &AcceptedEvent,
    owners: Option<bool>,
) -> Result<(), Doubt> {
    let hold = |holds: bool, doubt: Doubt| if holds { Ok(()) } else { Err(doubt) };
    hold(read.signature_holds, Doubt::Signature)?;
    let event = Event::from_cbor(&accepted.event).map_err(|_| Doubt::Event)?;
    let nonce = &accepted.nonce;
    hold(
        event.certificate == Some(CertificateDigest::from_bytes(vault::sha256(&original.certificate))),
        Doubt::Certificate,
    )?;
    let as_it_was = match event.original {
        Some(committed) => committed == evidence::original(nonce, &original.to_cbor()),
        // What was accepted before events committed to it.
        None => !accepted.commits,
    };
    hold(as_it_was, Doubt::Content)?;
    if let Some(payload) = &read.payload {
        hold(event.content == Some(evidence::content(nonce, payload)), Doubt::Content)?;
    }
    if original.forwarded.is_none() {
        // A forwarded letter names whom it was first sent to.
        let named = evidence::recipient(nonce, &read.letter.recipient);
        hold(event.recipient == Some(named), Doubt::Recipient)?;
        hold(event.sender.as_ref() == Some(&read.letter.sender), Doubt::Content)?;
    }
    hold(owners.unwrap_or(!accepted.commits), Doubt::Recipient)
}
