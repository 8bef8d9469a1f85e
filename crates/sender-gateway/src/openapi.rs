//! The API description, OpenAPI 3.1, made of the types that the door reads and writes and of the words in `domain`.
//!
//! `openapi.json` is what [`describe`] says; it stands in the repository so that a change of the API is seen where it is
//! reviewed, and is served as it stands. The web origin shows it as a page.

pub mod examples;
pub mod letter;
pub mod refusals;
pub mod words;

use self::{
    letter::{FlattenedJws, Letter},
    refusals::{Failed, NotAllowed, OtherMethod, Problem},
};
use crate::{capabilities, events, letters, reachability};
use axum::{
    http::header,
    response::{IntoResponse, Response},
};
use utoipa::{
    Modify, OpenApi,
    openapi::{LicenseBuilder, OpenApi as Document, security::SecurityScheme},
};

/// The description's bytes.
pub fn document() -> &'static str {
    include_str!("../openapi.json")
}

/// The description as the code has it: what `openapi.json` is to hold. An operation is listed here and stands in the router.
pub fn describe() -> Result<String, serde_json::Error> {
    let mut text = Vec::new();
    let form = serde_json::ser::PrettyFormatter::with_indent(b" ");
    serde::Serialize::serialize(
        &Description::openapi(),
        &mut serde_json::Serializer::with_formatter(&mut text, form),
    )?;
    text.push(b'\n');
    Ok(String::from_utf8_lossy(&text).into_owned())
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Kuvert agency API",
        version = "1",
        description = "Send signed letters to citizens and companies, and follow what becomes of them.\n\n\
            The door asks for a client certificate: the caller is the organisation in the certificate's subject \
            `serialNumber`. The organisation is registered with the operator and so is the very certificate, and it is \
            valid and on no revocation list at each request; else every address answers 403 `certificate_unknown`. It may \
            act for itself and for senders that list it as dispatcher. Letters of others are not found.\n\n\
            Every error is an RFC 9457 problem with a stable `code` and a `mend`. Consumers must ignore members, event \
            types and states that they do not know: the known ones of such a list stand in `x-extensible-enum`, and \
            `enum` is only where the list is closed.\n\n\
            The smallest letter, before it is signed: `{\"reference\":\"2026-1482/1\",\"sender\":\"164020000016\",\
            \"recipient\":\"198101052382\",\"subject\":\"Beslut\",\"language\":\"sv\",\"body\":{\"media_type\":\
            \"text/plain\",\"content\":\"Hej\"}}`\n\n\
            The protected header: `{\"alg\":\"PS256\",\"typ\":\"kuvert-letter\",\"kid\":\"the key's RFC 7638 \
            thumbprint\"}`",
    ),
    servers((
        url = "https://{door}",
        description = "The agency door",
        variables(("door" = (
            default = "127.0.0.1:8081",
            description = "Host and port, as the operator tells them; the default is the demo's"
        )))
    )),
    security(("certificate" = [])),
    tags(
        (name = "letters", description = "Send letters and see where they are"),
        (name = "recipients", description = "Ask who can be reached"),
        (name = "events", description = "Follow what happens"),
        (name = "about", description = "What is in force here"),
    ),
    paths(
        letters::accept,
        letters::find,
        letters::show,
        reachability::ask,
        events::read,
        capabilities::show,
        show,
    ),
    // The rest is found from the operations; these stand in what is signed or in refusals, where it does not look.
    components(schemas(FlattenedJws, Letter, Problem)),
    modifiers(&Frame),
)]
struct Description;

/// What the derive has no words for.
struct Frame;

impl Modify for Frame {
    fn modify(&self, document: &mut Document) {
        let licence = LicenseBuilder::new().name("EUPL-1.2").identifier(Some("EUPL-1.2"));
        document.info.license = Some(licence.build());
        let description =
            "An organisation certificate whose subject serialNumber is the organisation's number".to_owned();
        let scheme =
            SecurityScheme::MutualTls { description: Some(description), deprecated: None, extensions: None };
        document.components.get_or_insert_default().add_security_scheme("certificate", scheme);
    }
}

/// Serves it.
#[utoipa::path(
    get,
    path = "/v1/openapi.json",
    tag = "about",
    operation_id = "showDescription",
    summary = "This description",
    description = "The very document that you read.",
    responses(
        (status = 200, description = "OpenAPI 3.1", body = Object),
        NotAllowed, OtherMethod, Failed,
    ),
)]
pub async fn show() -> Response {
    ([(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "max-age=3600")], document())
        .into_response()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
