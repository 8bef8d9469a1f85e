//! What the service says about itself, and the files that pages need.

use crate::{
    fault::Fault,
    frame::Place,
    pages::{About, Accessibility, Privacy},
    state::Web,
    style,
    visitor::{Visitor, page},
};
use axum::{
    extract::{Path, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// `GET /about`
pub(crate) async fn about(State(web): State<Web>, visitor: Visitor) -> Result<Response, Fault> {
    let f = visitor.frame(Place::Elsewhere, visitor.t().all.about);
    page(About { f, operator: web.0.parts.operator.clone() })
}

/// `GET /tillganglighet`
pub(crate) async fn accessibility(State(web): State<Web>, visitor: Visitor) -> Result<Response, Fault> {
    let f = visitor.frame(Place::Elsewhere, visitor.t().all.accessibility);
    page(Accessibility { f, operator: web.0.parts.operator.clone() })
}

/// `GET /integritet`
pub(crate) async fn privacy(State(web): State<Web>, visitor: Visitor) -> Result<Response, Fault> {
    let f = visitor.frame(Place::Elsewhere, visitor.t().all.privacy);
    page(Privacy { f, operator: web.0.parts.operator.clone() })
}

/// `GET /static/{name}`: the style sheet under the name of its present content, and the icon.
pub(crate) async fn file(Path(name): Path<String>) -> Response {
    let for_ever = (header::CACHE_CONTROL, "public, max-age=31536000, immutable");
    let for_a_day = (header::CACHE_CONTROL, "public, max-age=86400");
    match name.as_str() {
        "icon.svg" => ([(header::CONTENT_TYPE, "image/svg+xml"), for_a_day], style::ICON).into_response(),
        name if name == style::file_name() => {
            ([(header::CONTENT_TYPE, "text/css; charset=utf-8"), for_ever], style::CSS).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    }
}

/// `GET /favicon.ico`: browsers ask for one where a file is shown; the pages name theirs.
pub(crate) async fn no_icon() -> StatusCode {
    StatusCode::NO_CONTENT
}

/// `GET /robots.txt`
pub(crate) async fn robots() -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], "User-agent: *\nDisallow: /\nAllow: /about\n")
        .into_response()
}
