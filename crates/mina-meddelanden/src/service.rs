//! `Service/v3`: what a mailbox operator serves. The operation is the Body's element; the SOAPAction is empty for all.

mod deliver_forward;
mod deliver_secure;
mod notify;

#[cfg(test)]
pub(crate) use deliver_secure::result;

use crate::{
    Door,
    call::{Answering, Call},
    fault::{CallId, Fault, Version},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use intake::AcceptError;

pub(crate) async fn serve(State(door): State<Door>, request: Request) -> Result<Response, Fault> {
    let answering = Answering::begin(&door, "service");
    let answered = answer(&door, &answering.id, request).await;
    answering.end(answered, Version::V3)
}

async fn answer(door: &Door, id: &CallId, request: Request) -> Result<Response, AcceptError> {
    let mut call = Call::read(door, id, request, door.intake.settings().envelope_bytes).await?;
    // Intake takes as much room as reading the message needs, all of it.
    drop(call.room.take());
    // Each reads the message itself, so that it is parsed once, and refuses what is another operation after all.
    match call.operation() {
        Some("deliverForward") => deliver_forward::forward(door, &call).await,
        Some("notify") => notify::notify(door, &call).await,
        _ => deliver_secure::deliver(door, &call).await,
    }
}
