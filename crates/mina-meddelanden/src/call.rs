//! One call as it comes in: who calls, and the whole message within its limit.

use crate::{
    Door,
    fault::{CallId, Fault, Version},
};
use axum::{
    body::Body,
    extract::Request,
    http::{Extensions, HeaderMap},
    response::Response,
};
use bytes::{Bytes, BytesMut};
use domain::{Code, OrgNumber, Refusal};
use edge::{Peer, leftover::PATIENCE};
use futures_util::StreamExt;
use intake::{AcceptError, Arriving, Presented};
use std::time::Instant;
use tokio::time::timeout;

/// A message and who sent it. Nothing of it is judged yet.
pub(crate) struct Call {
    pub id: CallId,
    pub caller: OrgNumber,
    pub envelope: Bytes,
    /// Held for the message until it is answered, or until intake holds its own for it.
    pub room: Option<Arriving>,
}

/// One call while it is answered: its id and how long it takes.
pub(crate) struct Answering {
    pub id: CallId,
    service: &'static str,
    started: Instant,
}

impl Answering {
    /// `service`: as metrics name it.
    pub(crate) fn begin(door: &Door, service: &'static str) -> Self {
        Self { id: CallId::new(&*door.random), service, started: Instant::now() }
    }

    /// What went wrong becomes a fault in the form of `version`, and is logged.
    pub(crate) fn end(
        self,
        answered: Result<Response, AcceptError>,
        version: Version,
    ) -> Result<Response, Fault> {
        let outcome = if answered.is_ok() { "answered" } else { "fault" };
        metrics::histogram!("kuvert_soap_call_seconds", "service" => self.service, "outcome" => outcome)
            .record(self.started.elapsed());
        answered.map_err(|error| Fault::new(&self.id, &error, version))
    }
}

impl Call {
    /// Reads it. `most` bounds the message in bytes; room for it is counted against the caller while it comes.
    pub(crate) async fn read(
        door: &Door,
        id: &CallId,
        request: Request,
        most: u64,
    ) -> Result<Self, AcceptError> {
        let caller = caller(door, request.extensions()).await?;
        let (parts, body) = request.into_parts();
        is_soap(&parts.headers)?;
        let announced =
            parts.headers.get("content-length").and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
        if announced.is_some_and(|length| length > most) {
            return Err(Code::LetterTooLarge.into());
        }
        let mut room = door.intake.arriving(&caller);
        let envelope = whole(&mut room, body, most, announced).await?;
        Ok(Self { id: id.clone(), caller, envelope, room: Some(room) })
    }

    /// The name of the operation that the message seems to ask for.
    pub(crate) fn operation(&self) -> Option<&str> {
        delivery::soap::operation(&self.envelope)
    }
}

/// Who calls, by the certificate of the connection.
pub(crate) async fn caller(door: &Door, request: &Extensions) -> Result<OrgNumber, AcceptError> {
    let certificate = request.get::<Peer>().and_then(|peer| peer.certificate.as_ref());
    let presented = certificate.map(|one| Presented {
        sha256: &one.sha256,
        organisation: one.organisation.as_ref(),
        listed: one.listed,
    });
    door.intake.caller(presented).await
}

async fn whole(
    room: &mut Arriving,
    body: Body,
    most: u64,
    announced: Option<u64>,
) -> Result<Bytes, AcceptError> {
    let mut body = body.into_data_stream();
    // Room for all that is announced, so that nothing is copied: what has not come takes addresses and no memory.
    let mut message = BytesMut::with_capacity(announced.unwrap_or(FIRST) as usize);
    loop {
        match timeout(PATIENCE, body.next()).await {
            Err(_) => return Err(Code::RequestTimeout.into()),
            Ok(None) => return Ok(message.freeze()),
            Ok(Some(Err(_))) => {
                return Err(Refusal::new(Code::MalformedRequest).because("the body ended too early").into());
            }
            Ok(Some(Ok(piece))) => {
                if message.len() as u64 + piece.len() as u64 > most {
                    return Err(Code::LetterTooLarge.into());
                }
                room.grow(piece.len() as u64)?;
                message.extend_from_slice(&piece);
            }
        }
    }
}

/// SOAP 1.1 is `text/xml`; the SOAPAction is not looked at, since it is empty for every operation.
fn is_soap(headers: &HeaderMap) -> Result<(), Refusal> {
    let text = headers.get("content-type").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut parts = text.split(';').map(str::trim);
    let xml = parts.next().is_some_and(|essence| essence.eq_ignore_ascii_case("text/xml"));
    let utf8 = parts.all(|parameter| {
        parameter.split_once('=').is_none_or(|(name, value)| {
            !name.trim().eq_ignore_ascii_case("charset")
                || value.trim().trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    if xml && utf8 {
        return Ok(());
    }
    Err(Refusal::new(Code::UnsupportedMediaType).because("SOAP 1.1 is sent as text/xml in UTF-8"))
}

/// Memory taken before anything has come of a message that does not say how long it is.
const FIRST: u64 = 8 * 1024;
