//! `notify`: words for e-mail and SMS to many recipients. The answer says how each is told; it is sent afterwards.

use crate::{Door, call::Call, reply::respond};
use axum::{http::StatusCode, response::Response};
use delivery::{
    names::{NOTIFICATION_V3, SERVICE_V3},
    write::Xml,
};
use intake::{AcceptError, Announced};

/// Answers with the announcement's id as `TransId`.
pub(crate) async fn notify(door: &Door, call: &Call) -> Result<Response, AcceptError> {
    let announced = door.intake.announce(&call.caller, call.envelope.clone()).await?;
    Ok(respond(StatusCode::OK, &result(&announced)))
}

/// A `NotifyResult`: one status for each recipient, in order.
fn result(announced: &Announced) -> String {
    let mut xml = Xml(String::with_capacity(512 + 256 * announced.recipients.len()));
    xml.open_in(SERVICE_V3, "notifyResponse");
    xml.open("return");
    xml.text_in(NOTIFICATION_V3, "TransId", &announced.id.to_string());
    for (recipient, told) in &announced.recipients {
        xml.open_in(NOTIFICATION_V3, "Status");
        xml.text("RecipientId", recipient);
        xml.open("DeliveryStatus");
        xml.text("DeliveredFlag", if told.is_any() { "true" } else { "false" });
        for (told, channel) in [(told.sms, "SMS"), (told.email, "EMail")] {
            if told {
                xml.text("NotifiedByChannel", channel);
            }
        }
        xml.close("DeliveryStatus");
        xml.close("Status");
    }
    xml.close("return");
    xml.close("notifyResponse");
    xml.0
}
