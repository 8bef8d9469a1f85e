//! `Service/v3`: what a mailbox operator serves. The operation is the Body's element; the SOAPAction is empty for all.

mod deliver_forward;
mod deliver_secure;
mod notify;

#[cfg(test)]
pub(crate) use deliver_secure::result;

use crate::{
    Door,
    call::Call,
    fault::{CallId, Fault, Version},
};
use axum::{
    extract::{Request, State},
    response::Response,
};
use intake::AcceptError;

/// Serves one call.
pub(crate) async fn serve(State(door): State<Door>, request: Request) -> Result<Response, Fault> {
    let id = CallId::new(&*door.random);
    let started = std::time::Instant::now();
    let answered = answer(&door, &id, request).await.map_err(|error| Fault::new(&id, &error, Version::V3));
    let outcome = if answered.is_ok() { "answered" } else { "fault" };
    metrics::histogram!("kuvert_soap_call_seconds", "service" => "service", "outcome" => outcome)
        .record(started.elapsed());
    answered
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
