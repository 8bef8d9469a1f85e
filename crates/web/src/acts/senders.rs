//! Which senders may send: turned off and on again, a mailbox at a time.

use crate::{
    acts::{done::WasDone, initials, see},
    dates,
    fault::Fault,
    frame::{Done, Place, Undo},
    names::BoxNames,
    pages::{Confirm, Filter, SenderRow, Senders, SettingsPlace},
    posted::Posted,
    state::Web,
    visitor::{Reader, page},
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domain::{MailboxId, OrgNumber};
use registry::{mandates::BoxAccess, senders::Sender};
use serde::Deserialize;

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default, rename = "box")]
    mailbox: String,
    /// A sender that was just turned off: public bodies are no personal data, but which of them one does not want
    /// is, so the address holds no name, and nothing that lasts.
    #[serde(default)]
    off: String,
    #[serde(flatten)]
    done: WasDone,
}

/// `GET /senders`
pub(crate) async fn show(
    State(web): State<Web>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    let session = reader.session()?;
    let t = reader.t();
    let chosen = asked.mailbox.parse().ok();
    let access = session.governed().find(|one| chosen.is_none_or(|id| one.mailbox_id == id));
    let access = access.ok_or(Fault::NotFound)?;
    let names = BoxNames::read(&web, session).await?;
    let mut f = reader.frame(Place::Settings, t.settings.senders);
    f.done = asked.done.say(t);
    let mut rows = Vec::new();
    for (sender, since) in web.0.parts.accounts.senders(&reader.actor, access.mailbox_id).await? {
        if since.is_some() && asked.off == sender.number.as_str() {
            f.done = Some(turned_off(&sender, access, t.turned_off(&sender.name)));
        }
        rows.push(SenderRow {
            number: sender.number.as_str().to_owned(),
            initials: initials(&sender.name),
            off: since.map(|at| t.off_since(&dates::long(at.date(), t))),
            name: sender.name,
        });
    }
    rows.sort_by_key(|row| (row.off.is_none(), row.name.to_lowercase()));
    let governed: Vec<_> = session.governed().collect();
    let filter = |one: &&BoxAccess| Filter {
        href: format!("/senders?box={}", one.mailbox_id),
        name: names.of(one.mailbox_id).unwrap_or("–").to_owned(),
        chosen: one.mailbox_id == access.mailbox_id,
    };
    let boxes = if governed.len() > 1 { governed.iter().map(filter).collect() } else { vec![] };
    page(Senders {
        f,
        here: Some(SettingsPlace::Senders),
        boxes,
        mailbox: access.mailbox_id.to_string(),
        senders: rows,
    })
}

/// `GET /senders/off/{mailbox}/{sender}`: what it means, before it is done.
pub(crate) async fn ask_off(
    State(web): State<Web>,
    Path((mailbox, sender)): Path<(String, String)>,
    reader: Reader,
) -> Result<Response, Fault> {
    let (mailbox, number) = parse(&mailbox, &sender)?;
    let sender = web.0.parts.accounts.sender(&reader.actor, mailbox, &number).await?;
    let t = reader.t();
    let number = sender.number.as_str().to_owned();
    let s = &t.settings;
    page(Confirm {
        f: reader.frame(Place::Settings, s.turn_off),
        question: t.turn_off_question(&sender.name),
        about: None,
        means: vec![s.off_means, s.off_keeps, s.off_undo],
        action: "/senders/off".to_owned(),
        fields: vec![("mailbox", mailbox.to_string()), ("sender", number)],
        yes: t.turn_off_yes(&sender.name),
        grave: false,
        back: format!("/senders?box={mailbox}"),
        no: s.off_no,
    })
}

/// `POST /senders/off`
pub(crate) async fn off(State(web): State<Web>, posted: Posted) -> Result<Response, Fault> {
    let Posted { reader, fields } = posted;
    let (mailbox, sender) = parse(fields.text("mailbox"), fields.text("sender"))?;
    web.0.parts.accounts.turn_off(&reader.actor, mailbox, &sender).await?;
    Ok(see(&format!("/senders?box={mailbox}&off={sender}")))
}

/// `POST /senders/on`
pub(crate) async fn on(State(web): State<Web>, posted: Posted) -> Result<Response, Fault> {
    let Posted { reader, fields } = posted;
    let (mailbox, sender) = parse(fields.text("mailbox"), fields.text("sender"))?;
    web.0.parts.accounts.turn_on(&reader.actor, mailbox, &sender).await?;
    Ok(see(&format!("/senders?box={mailbox}&done=sender-on")))
}

/// A mailbox and a sender, as an address or a form names them.
fn parse(mailbox: &str, sender: &str) -> Result<(MailboxId, OrgNumber), Fault> {
    let mailbox = mailbox.parse().map_err(|_| Fault::NotFound)?;
    Ok((mailbox, OrgNumber::parse(sender).map_err(|_| Fault::NotFound)?))
}

fn turned_off(sender: &Sender, access: &BoxAccess, text: String) -> Done {
    let fields =
        vec![("mailbox", access.mailbox_id.to_string()), ("sender", sender.number.as_str().to_owned())];
    Done { text, undo: Some(Undo { action: "/senders/on".to_owned(), fields }) }
}
