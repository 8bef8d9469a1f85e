//! Archive, bin and back; erase one letter.

use crate::{
    acts::{letter::Address, see},
    fault::Fault,
    frame::Place,
    fresh::Fresh,
    pages::{Confirm, Folder},
    posted::Posted,
    state::Web,
    visitor::{Reader, page},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::words::Act;
use mailbox::{Erased, may};

/// `POST /letters/{mailbox}/{letter}/archive`
pub(crate) async fn archive(
    State(web): State<Web>,
    Path(at): Path<Address>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    let moved = web.0.parts.mailboxes.archive(&posted.reader.actor, mailbox, letter).await?;
    moved.ok_or(Fault::NotFound)?;
    Ok(see(&format!("/?done=archived&of={mailbox}.{letter}")))
}

/// `POST /letters/{mailbox}/{letter}/bin`
pub(crate) async fn bin(
    State(web): State<Web>,
    Path(at): Path<Address>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    let moved = web.0.parts.mailboxes.bin(&posted.reader.actor, mailbox, letter).await?;
    moved.ok_or(Fault::NotFound)?;
    Ok(see(&format!("/?done=binned&of={mailbox}.{letter}")))
}

/// `POST /letters/{mailbox}/{letter}/restore`: out of the bin to where it lay, or out of the archive.
pub(crate) async fn restore(
    State(web): State<Web>,
    Path(at): Path<Address>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    let house = &web.0.parts.mailboxes;
    house.restore(&posted.reader.actor, mailbox, letter).await?.ok_or(Fault::NotFound)?;
    let now_at = house.peek(&posted.reader.actor, mailbox, letter).await?.ok_or(Fault::NotFound)?;
    Ok(see(match Folder::of(&now_at.facts) {
        Folder::Archive => "/archive?done=archived",
        Folder::Inbox | Folder::Bin => "/?done=restored",
    }))
}

/// `POST /letters/{mailbox}/{letter}/done`: what it asks for is done. It says so in the list, and changes nothing else.
pub(crate) async fn done(
    State(web): State<Web>,
    Path(at): Path<Address>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    let marked = web.0.parts.mailboxes.set_done(&posted.reader.actor, mailbox, letter, true).await?;
    marked.ok_or(Fault::NotFound)?;
    Ok(match posted.fields.is_set("stay") {
        true => see(&at.to_string()),
        false => see(&format!("/?done=done&of={mailbox}.{letter}")),
    })
}

/// `POST /letters/{mailbox}/{letter}/undone`
pub(crate) async fn undone(
    State(web): State<Web>,
    Path(at): Path<Address>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    let marked = web.0.parts.mailboxes.set_done(&posted.reader.actor, mailbox, letter, false).await?;
    marked.ok_or(Fault::NotFound)?;
    Ok(if posted.fields.is_set("stay") { see(&at.to_string()) } else { see("/") })
}

/// `GET /letters/{mailbox}/{letter}/erase`: the question.
pub(crate) async fn ask_erase(
    State(web): State<Web>,
    Path(at): Path<Address>,
    reader: Reader,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    let found = web.0.parts.mailboxes.peek(&reader.actor, mailbox, letter).await?.ok_or(Fault::NotFound)?;
    let allowed = may(&reader.actor.rights, &found.facts, Act::Erase, web.now()).is_some();
    if !allowed || found.facts.binned_at.is_none() {
        return Err(Fault::NotFound);
    }
    let l = &reader.t().letters;
    page(Confirm {
        f: reader.frame(Place::Bin, l.do_erase),
        question: l.erase_title.to_owned(),
        about: Some(reader.t().subject(&found.header.subject).to_owned()),
        means: vec![l.erase_text],
        action: format!("{at}/erase"),
        fields: vec![],
        yes: l.erase_yes.to_owned(),
        grave: true,
        back: "/bin".to_owned(),
        no: l.erase_no,
    })
}

/// `POST /letters/{mailbox}/{letter}/erase`
pub(crate) async fn erase(
    State(web): State<Web>,
    Path(at): Path<Address>,
    Fresh(posted): Fresh<Posted>,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    match web.0.parts.mailboxes.erase(&posted.reader.actor, mailbox, letter).await? {
        Some(Erased::Done) => {
            web.0.capabilities.forget_letter(letter);
            Ok(see("/bin?done=erased"))
        }
        Some(Erased::Held(_)) => Ok(see(&at.to_string())),
        Some(Erased::NotInBin) | None => Err(Fault::NotFound),
    }
}
