//! The first time: a mailbox of one's own. Whoever has one at another operator is asked before it moves here.

use crate::{
    acts::{see, start},
    fault::{Fault, trouble},
    frame::Place,
    fresh::{self, NotNow},
    pages::Confirm,
    posted::Sent,
    state::Web,
    visitor::{Visitor, page},
};
use account::{OpenError, Opened};
use axum::{extract::State, response::Response};
use domain::OrgNumber;
use registry::boxes::BoxError;

/// `POST /open-mailbox`
pub(crate) async fn act(State(web): State<Web>, sent: Sent) -> Result<Response, NotNow> {
    if sent.fields.is_set(MOVE) {
        fresh::need(&web, &sent.visitor, "/open-mailbox", &sent.fields).await?;
    }
    Ok(opened(web, sent).await?)
}

async fn opened(web: Web, sent: Sent) -> Result<Response, Fault> {
    let session = sent.visitor.session()?;
    if session.own_box().is_some_and(|own| own.closed_at.is_none()) {
        return Ok(see("/"));
    }
    let language = sent.visitor.language;
    let moves = sent.fields.is_set(MOVE);
    match web.0.parts.accounts.open_mailbox(&session.grant, language, moves).await {
        Ok(Opened::Here(_)) => Ok(see("/contacts?done=opened")),
        Ok(Opened::Elsewhere(operator)) => ask_to_move(&web, &sent.visitor, &operator).await,
        Err(OpenError::Box(BoxError::UnderAge)) => page(start::too_young(&sent.visitor)),
        Err(OpenError::Account(error)) => Err(error.into()),
        Err(OpenError::Box(BoxError::Registry(error))) => Err(trouble(&error)),
        Err(OpenError::Box(_) | OpenError::NotAPerson) => Err(Fault::Frozen),
    }
}

async fn ask_to_move(web: &Web, visitor: &Visitor, from: &OrgNumber) -> Result<Response, Fault> {
    let t = visitor.t();
    let name = web.0.parts.accounts.operator_name(from).await?;
    page(Confirm {
        f: visitor.frame(Place::Elsewhere, t.start.move_title),
        question: t.move_question(&name),
        about: None,
        means: vec![t.start.move_means, t.start.move_keeps, t.start.move_off],
        action: "/open-mailbox".to_owned(),
        fields: vec![(MOVE, "yes".to_owned())],
        yes: t.start.move_yes.to_owned(),
        grave: false,
        back: "/".to_owned(),
        no: t.start.move_no,
    })
}

/// The field of the form that says yes to moving.
const MOVE: &str = "move";
