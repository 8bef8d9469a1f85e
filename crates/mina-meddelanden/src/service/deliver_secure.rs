//! `deliverSecure`: a sealed delivery for one of our mailboxes. The synchronous answer is the receipt.

use crate::{Door, call::Call, reply::respond};
use axum::{http::StatusCode, response::Response};
use delivery::{
    names::{SERVICE, SERVICE_V3},
    write::Xml,
};
use intake::AcceptError;
use tracing::info;

/// Answers with the first letter's id as `TransId`. `Delivered` is false when the recipient cannot be reached here:
/// `TransId` is the call's id then, under which the log says why.
pub(crate) async fn deliver(door: &Door, call: &Call) -> Result<Response, AcceptError> {
    let delivered = door.intake.deliver(&call.caller, call.envelope.clone()).await?;
    let transaction = match &delivered.letters {
        Ok(answers) => answers.first().map(|answer| answer.letter_id.to_string()),
        Err(refusal) => {
            info!(call.id = call.id.as_str(), code = refusal.code.as_str(), "Not delivered");
            None
        }
    };
    let transaction = transaction.unwrap_or_else(|| call.id.as_str().to_owned());
    Ok(respond(
        StatusCode::OK,
        &result(
            "deliverSecureResponse",
            &transaction,
            delivered.recipient.expose(),
            delivered.letters.is_ok(),
        ),
    ))
}

/// A `DeliveryResult` for one recipient.
pub(crate) fn result(operation: &str, transaction: &str, recipient: &str, delivered: bool) -> String {
    let mut xml = Xml(String::with_capacity(512));
    xml.0.push_str(&format!("<{operation} xmlns=\"{SERVICE_V3}\"><return>"));
    xml.text_in(SERVICE, "TransId", transaction);
    xml.0.push_str(&format!("<Status xmlns=\"{SERVICE}\">"));
    xml.text("RecipientId", recipient);
    xml.text("Delivered", if delivered { "true" } else { "false" });
    xml.0.push_str(&format!("</Status></return></{operation}>"));
    xml.0
}
