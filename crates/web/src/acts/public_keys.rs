//! The keys that receipts are checked with.

use crate::{fault::Fault, state::Web};
use axum::{
    Json,
    extract::State,
    http::{HeaderName, header},
    response::{IntoResponse, Response},
};
use serde_json::Value;

/// `GET /log/keys`: a JWKS with one more member, the key of the evidence log, null while there is no log.
pub(crate) async fn show(State(web): State<Web>) -> Result<Response, Fault> {
    let mut keys = web.0.parts.keys.public_keys().await?;
    if let Some(members) = keys.as_object_mut() {
        members.entry("log_vkey").or_insert(Value::Null);
    }
    let headers = [
        (header::CACHE_CONTROL, "public, max-age=300"),
        // For anyone who checks a receipt, from anywhere.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, "*"),
        (HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"),
    ];
    Ok((headers, Json(keys)).into_response())
}
