//! Answers in SOAP 1.1.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::Response,
};
use delivery::write::envelope;

/// One element in an envelope.
pub(crate) fn respond(status: StatusCode, inside: &str) -> Response {
    let mut response = Response::new(Body::from(envelope(inside)));
    *response.status_mut() = status;
    let xml = HeaderValue::from_static("text/xml; charset=utf-8");
    response.headers_mut().insert(header::CONTENT_TYPE, xml);
    response
}
