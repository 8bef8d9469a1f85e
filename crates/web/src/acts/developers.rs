//! The agency API as a page to read.

use crate::{
    api::Developers,
    fault::Fault,
    frame::Place,
    state::Web,
    visitor::{Visitor, page},
};
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use std::sync::Arc;

/// `GET /developers`
pub(crate) async fn show(State(web): State<Web>, visitor: Visitor) -> Result<Response, Fault> {
    let f = visitor.frame(Place::Elsewhere, visitor.t().all.developers);
    page(Developers { f, api: Arc::clone(&web.0.api) })
}

/// `GET /developers/openapi.json`: the same for machines that have no client certificate.
pub(crate) async fn document(State(web): State<Web>) -> Response {
    let json = web.0.parts.openapi.to_string();
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "public, max-age=3600")], json)
        .into_response()
}
