//! A small JSON body, counted against the room for what comes in while it is held.

use axum::{
    body::Body,
    http::{HeaderMap, header},
};
use bytes::{Bytes, BytesMut};
use domain::{Code, Refusal};
use futures_util::StreamExt;
use intake::Arriving;
use serde::de::DeserializeOwned;

/// Reads all of it. More than `most` bytes are refused, and so is what there is no room for.
pub async fn json<T: DeserializeOwned>(
    headers: &HeaderMap,
    body: Body,
    most: usize,
    room: &mut Arriving,
) -> Result<T, Refusal> {
    if !is_json(headers) {
        return Err(Refusal::new(Code::UnsupportedMediaType).because(WANTED));
    }
    let announced = headers.get(header::CONTENT_LENGTH);
    let announced = announced.and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|length| length > most) {
        return Err(too_large(most));
    }
    let bytes = whole(body, most, room).await?;
    // The parser's own words can quote the body.
    serde_json::from_slice(&bytes).map_err(|_| Refusal::new(Code::MalformedRequest).because(WANTED))
}

async fn whole(body: Body, most: usize, room: &mut Arriving) -> Result<Bytes, Refusal> {
    let mut body = body.into_data_stream();
    let mut held = BytesMut::new();
    while let Some(piece) = body.next().await {
        let cut = |_| Refusal::new(Code::MalformedRequest).because("the body ended too early");
        let piece = piece.map_err(cut)?;
        if held.len() + piece.len() > most {
            return Err(too_large(most));
        }
        room.grow(piece.len() as u64).map_err(|full| full.refusal())?;
        held.extend_from_slice(&piece);
    }
    Ok(held.freeze())
}

fn is_json(headers: &HeaderMap) -> bool {
    let text = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence == "application/json" || essence.starts_with("application/") && essence.ends_with("+json")
}

fn too_large(most: usize) -> Refusal {
    Refusal::new(Code::LetterTooLarge).because(format!("the body has at most {} KiB", most / 1024))
}

const WANTED: &str = "the body is JSON as the API description says";
