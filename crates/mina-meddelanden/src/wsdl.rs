//! The contract as files: `?wsdl`, and the schemas that it names as `?xsd=`. Every caller may read it.

use crate::{Door, far::Far};
use axum::{
    extract::{RawQuery, State},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// `GET /Service/v3`.
pub(crate) async fn service(State(door): State<Door>, RawQuery(query): RawQuery) -> Response {
    serve(&door, query.as_deref(), "/Service/v3", include_str!("../wsdl/service.wsdl"))
}

/// `GET /Recipient/v3`.
pub(crate) async fn recipient(State((door, _)): State<(Door, Far)>, RawQuery(query): RawQuery) -> Response {
    serve(&door, query.as_deref(), "/Recipient/v3", include_str!("../wsdl/recipient.wsdl"))
}

/// `GET /Authority`.
pub(crate) async fn authority(State((door, _)): State<(Door, Far)>, RawQuery(query): RawQuery) -> Response {
    serve(&door, query.as_deref(), "/Authority", include_str!("../wsdl/authority.wsdl"))
}

fn serve(door: &Door, query: Option<&str>, path: &str, wsdl: &'static str) -> Response {
    let xml = [(header::CONTENT_TYPE, "text/xml; charset=utf-8")];
    let query = query.unwrap_or_default();
    if query.eq_ignore_ascii_case("wsdl") {
        return (xml, wsdl.replace("{address}", &format!("{}{path}", door.origin))).into_response();
    }
    let named = query.strip_prefix("xsd=").and_then(|name| SCHEMAS.iter().find(|(known, _)| *known == name));
    match named {
        Some((_, schema)) => (xml, *schema).into_response(),
        None => {
            let text = [(header::CONTENT_TYPE, "text/plain; charset=utf-8")];
            (StatusCode::NOT_FOUND, text, "SOAP 1.1 by POST; the contract is at ?wsdl\n").into_response()
        }
    }
}

macro_rules! schemas {
    ($($name:literal),* $(,)?) => {
        &[$(($name, include_str!(concat!("../wsdl/", $name, ".xsd")))),*]
    };
}

const SCHEMAS: &[(&str, &str)] = schemas![
    "authority",
    "authority-older",
    "authority-port",
    "common",
    "common-v3",
    "dispatcher",
    "message",
    "message-v2",
    "message-v3",
    "notification-v2",
    "notification-v3",
    "official-matter-v3",
    "recipient",
    "recipient-v2",
    "recipient-v3",
    "sender",
    "service",
    "service-v3",
    "signature",
];
