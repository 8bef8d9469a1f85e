//! The first address: welcome, the way to a mailbox, or the inbox.

use crate::{
    acts::{list, see},
    fault::Fault,
    frame::Place,
    pages::{Folder, Message, OpenBox, Provider, Trouble, Welcome},
    return_to::ReturnTo,
    state::Web,
    visitor::{Reader, Visitor, page},
};
use askama::Template;
use axum::{
    extract::{Query, State},
    http::StatusCode,
    response::{Html, IntoResponse, Response},
};
use domain::Language;

/// `GET /`
pub(crate) async fn show(
    State(web): State<Web>,
    visitor: Visitor,
    Query(query): Query<list::Asked>,
) -> Result<Response, Fault> {
    let back = ReturnTo::open(&web, &query.back);
    let Some(session) = &visitor.session else { return page(welcome(&web, &visitor, None, back.as_ref())) };
    if let Some(back) = back {
        // Logged in meanwhile, in another tab.
        return Ok(see(&back.after(&web, session.view.person)));
    }
    if !session.boxes.is_empty() {
        return list::show(&web, Reader::of(visitor)?, Folder::Inbox, query).await;
    }
    if web.0.parts.keys.applicant(&session.grant).await?.adult {
        let f = visitor.frame(Place::Elsewhere, visitor.t().start.open_title);
        return page(OpenBox { f, name: session.view.name.clone() });
    }
    page(too_young(&visitor))
}

/// Said to those who are under age.
pub(crate) fn too_young(visitor: &Visitor) -> Message {
    let t = visitor.t();
    Message {
        f: visitor.frame(Place::Elsewhere, t.start.young_title),
        title: t.start.young_title,
        text: t.start.young_text,
        next: None,
        reference: None,
    }
}

/// The first page for those who are not logged in, and what went wrong with a log-in.
/// `back` is where the log-in leads.
pub(crate) fn welcome(
    web: &Web,
    visitor: &Visitor,
    trouble: Option<Trouble>,
    back: Option<&ReturnTo>,
) -> Welcome {
    let sealed = back.map(|back| format!("?back={}", back.seal(web))).unwrap_or_default();
    let shown = |provider: &eid::Provider| {
        let config = provider.config();
        let name = if visitor.language == Language::Swedish { &config.name.sv } else { &config.name.en };
        Provider { href: format!("/login/{}{sealed}", config.id), name: name.clone() }
    };
    let mut f = visitor.frame(Place::Elsewhere, visitor.t().all.log_in);
    f.path = format!("/{sealed}");
    let t = &visitor.t().start;
    let why = back.map(|back| match (back.has_form(), back.is_letter()) {
        (true, _) => t.why_form,
        (_, true) => t.why_letter,
        _ => t.why_page,
    });
    Welcome { f, providers: web.0.parts.providers.iter().map(shown).collect(), trouble, why }
}

/// The same page with a status that says that there was no log-in.
pub(crate) fn no_login(
    web: &Web,
    visitor: &Visitor,
    status: StatusCode,
    trouble: Trouble,
    back: Option<&ReturnTo>,
) -> Result<Response, Fault> {
    Ok((status, Html(welcome(web, visitor, Some(trouble), back).render()?)).into_response())
}
