//! The owner closes the own mailbox, after its meaning was told. It is opened again as it was opened first.

use crate::{
    acts::see,
    fault::Fault,
    frame::Place,
    fresh::Fresh,
    pages::Confirm,
    posted::Posted,
    state::Web,
    visitor::{Reader, page},
};
use axum::{extract::State, response::Response};

/// `GET /close-mailbox`: what it means.
pub(crate) async fn ask(reader: Reader) -> Result<Response, Fault> {
    let own = reader.session()?.own_box().ok_or(Fault::NotFound)?;
    if own.closed_at.is_some() {
        return Ok(see("/"));
    }
    let s = &reader.t().settings;
    page(Confirm {
        f: reader.frame(Place::Settings, s.close_title),
        question: s.close_question.to_owned(),
        about: None,
        means: vec![s.close_means, s.close_keeps, s.close_undo],
        action: "/close-mailbox".to_owned(),
        fields: vec![],
        yes: s.close_yes.to_owned(),
        grave: true,
        back: "/profile".to_owned(),
        no: s.close_no,
    })
}

/// `POST /close-mailbox`
pub(crate) async fn act(State(web): State<Web>, Fresh(posted): Fresh<Posted>) -> Result<Response, Fault> {
    let own = posted.reader.session()?.own_box().ok_or(Fault::NotFound)?.mailbox_id;
    if web.0.parts.accounts.close_mailbox(&posted.reader.actor, own).await? {
        tracing::info!("A mailbox was closed by its owner");
    }
    Ok(see("/"))
}
