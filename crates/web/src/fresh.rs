//! What somebody does only who has identified within the last minutes: give a right away, change where notices go, erase.
//!
//! Somebody else at an open window, or with a stolen cookie, cannot do it. The key service judges it, by what the e-ID
//! signed. Whoever must identify again comes back to their form; what they typed is sealed on the way
//! ([`ReturnTo`]), shown to them once more, and sent by them.

use crate::{
    fault::Fault,
    frame::Place,
    pages::Message,
    posted::{Fields, Posted},
    return_to::ReturnTo,
    state::Web,
    visitor::{Owner, Visitor},
};
use askama::Template;
use axum::{
    extract::{FromRequest, Request},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use key_client::KeysError;

/// A form from somebody who has identified within the last minutes.
pub(crate) struct Fresh<T>(pub T);

/// Why a form is not taken now.
pub(crate) enum NotNow {
    Fault(Fault),
    /// The page that asks to identify again.
    Again(Box<Response>),
}

impl From<Fault> for NotNow {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl IntoResponse for NotNow {
    fn into_response(self) -> Response {
        match self {
            Self::Fault(fault) => fault.into_response(),
            Self::Again(page) => *page,
        }
    }
}

impl FromRequest<Web> for Fresh<Posted> {
    type Rejection = NotNow;

    async fn from_request(request: Request, web: &Web) -> Result<Self, NotNow> {
        let action = request.uri().path().to_owned();
        let posted = Posted::from_request(request, web).await?;
        need(web, &posted.reader.visitor, &action, &posted.fields).await?;
        Ok(Self(posted))
    }
}

/// Refuses unless the person has identified within the last minutes, with the page that asks them to.
pub(crate) async fn need(web: &Web, visitor: &Visitor, action: &str, fields: &Fields) -> Result<(), NotNow> {
    let session = visitor.session()?;
    match web.0.parts.keys.require_fresh(&session.grant).await {
        Ok(()) => Ok(()),
        Err(KeysError::NotFresh) => Err(NotNow::Again(Box::new(ask(web, visitor, action, fields)?))),
        Err(error) => Err(Fault::from(error).into()),
    }
}

/// A page with a link, not a redirect: a browser lets no form lead to another site, and people want to know why.
fn ask(web: &Web, visitor: &Visitor, action: &str, fields: &Fields) -> Result<Response, Fault> {
    let session = visitor.session()?;
    let t = visitor.t();
    let now = web.now();
    // Who has no mailbox yet has typed nothing.
    let back = match Owner::of(web, session.view.person) {
        Some(owner) => ReturnTo::form(action, fields, owner, now),
        None => ReturnTo::page("/", now),
    };
    let providers = &web.0.parts.providers;
    let same = providers.iter().find(|one| one.config().id == session.view.provider);
    let provider = &same.or(providers.first()).ok_or(Fault::Trouble)?.config().id;
    metrics::counter!("kuvert_logins_total", "outcome" => "asked_again").increment(1);
    let page = Message {
        f: visitor.frame(Place::Elsewhere, t.start.again_title),
        title: t.start.again_title,
        text: t.start.again_text,
        next: Some((format!("/login/{provider}?again=1&back={}", back.seal(web)), t.start.again_yes)),
        reference: None,
    };
    Ok((StatusCode::FORBIDDEN, Html(page.render()?)).into_response())
}
