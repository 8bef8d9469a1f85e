//! `deliverForward`: another operator forwards what one of its people got to mailboxes here.

use crate::{Door, call::Call, reply::respond};
use axum::{http::StatusCode, response::Response};
use delivery::{
    names::{SERVICE, SERVICE_V3},
    write::Xml,
};
use intake::{AcceptError, Delivered};
use tracing::info;

/// Answers with a status for each recipient, in their order. `TransId` is the first letter's id.
pub(crate) async fn forward(door: &Door, call: &Call) -> Result<Response, AcceptError> {
    let delivered = door.intake.forward(&call.caller, call.envelope.clone()).await?;
    for refusal in delivered.iter().filter_map(|one| one.letters.as_ref().err()) {
        info!(call.id = call.id.as_str(), code = refusal.code.as_str(), "Not delivered");
    }
    Ok(respond(StatusCode::OK, &result(&delivered, call.id.as_str())))
}

fn result(delivered: &[Delivered], call: &str) -> String {
    let first = delivered.iter().find_map(|one| one.letters.as_ref().ok()?.first());
    let mut xml = Xml(String::with_capacity(512 + 160 * delivered.len()));
    xml.open_in(SERVICE_V3, "deliverForwardResponse");
    xml.open("return");
    let transaction = first.map_or_else(|| call.to_owned(), |answer| answer.letter_id.to_string());
    xml.text_in(SERVICE, "TransId", &transaction);
    for one in delivered {
        xml.open_in(SERVICE, "Status");
        xml.text("RecipientId", one.recipient.expose());
        xml.text("Delivered", if one.letters.is_ok() { "true" } else { "false" });
        xml.close("Status");
    }
    xml.close("return");
    xml.close("deliverForwardResponse");
    xml.0
}
