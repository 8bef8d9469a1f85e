//! `GET /v1/events`: the sender's feed, ordered, replayable and complete.

mod cursor;

use crate::{Gateway, answers, caller::Caller};
use axum::{
    Json,
    extract::{Query, State, rejection::QueryRejection},
};
use cursor::Cursor;
use domain::{
    Code, LetterId, Refusal,
    words::{EventType, ReturnReason},
};
use edge::Problem;
use evidence::feed::{self, Bounds, FeedEvent};
use intake::outbound;
use serde::{Deserialize, Serialize};
use std::time::Duration;
use store::Tx;

/// How to read.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Read {
    after: Option<String>,
    limit: Option<u32>,
    wait: Option<u64>,
    sender: Option<String>,
}

/// A page of the feed.
#[derive(Serialize)]
pub struct Page {
    events: Vec<Entry>,
    next: String,
}

/// One event. Consumers ignore types and members that they do not know.
#[derive(Serialize)]
struct Entry {
    id: String,
    time: String,
    r#type: &'static str,
    letter_id: String,
    reference: Option<String>,
    /// Of `returned` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<&'static str>,
}

/// Reads after a cursor; waits for something to come when asked to and there is nothing yet.
pub async fn read(
    State(gateway): State<Gateway>,
    caller: Caller,
    query: Result<Query<Read>, QueryRejection>,
) -> Result<Json<Page>, Problem> {
    let malformed = |why| Problem::from(Refusal::new(Code::MalformedRequest).because(why));
    let Query(read) = query.map_err(|_| malformed("after, limit, wait and sender, each at most once"))?;
    let (limit, wait) = (read.limit.unwrap_or(100), read.wait.unwrap_or(0));
    if !(1..=1000).contains(&limit) || wait > 60 {
        return Err(malformed("limit is 1 to 1000, wait 0 to 60 seconds"));
    }
    let senders = senders(&gateway, &caller, read.sender.as_deref())?;
    let after = read.after.as_deref().map(|text| Cursor::read(&gateway, text).ok_or(Code::CursorInvalid));
    let after = after.transpose()?;
    let deadline = tokio::time::Instant::now() + Duration::from_secs(wait);
    let mut rounds = gateway.sequencer.subscribe();
    loop {
        rounds.mark_unchanged();
        let page = page(&gateway, &senders, after.as_ref(), limit).await?;
        if !page.events.is_empty() || wait == 0 {
            return Ok(Json(page));
        }
        tokio::select! {
            changed = rounds.changed() => if changed.is_err() { return Ok(Json(page)) },
            () = tokio::time::sleep_until(deadline) => return Ok(Json(page)),
            () = gateway.stopping.cancelled() => return Ok(Json(page)),
        }
    }
}

async fn page(
    gateway: &Gateway,
    senders: &[[u8; 32]],
    given: Option<&Cursor>,
    limit: u32,
) -> Result<Page, Problem> {
    let mut tx = gateway.store.read("read events").await.map_err(answers::store)?;
    let bounds = feed::bounds(&mut tx).await.map_err(answers::store)?;
    if let Some(cursor) = given {
        fits(gateway, &mut tx, cursor, &bounds).await?;
    }
    let after = given.map_or(0, |cursor| cursor.position);
    let events = feed::read(&mut tx, senders, after, limit).await.map_err(answers::store)?;
    // A full page ends at its last event; one that is not full has seen everything up to the newest.
    let full = events.len() >= limit as usize;
    let reached = if full { events.last().map_or(after, |e| e.position) } else { bounds.newest.max(after) };
    let reached = cursor(gateway, &mut tx, reached, bounds.epoch).await?;
    let returned = events.iter().filter(|event| event.kind == EventType::Returned);
    let returned: Vec<_> = returned.map(|event| event.letter_id).collect();
    let reasons = outbound::reasons(&mut tx, &returned).await.map_err(answers::store)?;
    drop(tx);
    let entry = |event: FeedEvent| {
        let why = reasons.get(&event.letter_id).filter(|_| event.kind == EventType::Returned);
        entry(gateway, event, why.copied())
    };
    let events = events.into_iter().map(entry).collect();
    Ok(Page { events, next: reached.write(gateway) })
}

/// Whether a cursor leads on from where its reader was. One that was given before the feed was restored does not: under
/// its position stands, or will stand, another event, and those before it would never be told.
async fn fits(gateway: &Gateway, tx: &mut Tx, cursor: &Cursor, bounds: &Bounds) -> Result<(), Problem> {
    if cursor.epoch != bounds.epoch || cursor.position > bounds.newest {
        return Err(Code::CursorReset.into());
    }
    if cursor.position < bounds.forgotten {
        return Err(Code::CursorExpired.into());
    }
    let stands = feed::at(tx, cursor.position).await.map_err(answers::store)?;
    let stands = stands.map(|(letter, seq)| mark(gateway, letter, seq));
    match cursor.mark.zip(stands) {
        Some((was, is)) if was != is => Err(Code::CursorReset.into()),
        _ => Ok(()),
    }
}

/// The cursor for a position: it names the event that stands there.
async fn cursor(gateway: &Gateway, tx: &mut Tx, position: i64, epoch: i64) -> Result<Cursor, Problem> {
    let stands = feed::at(tx, position).await.map_err(answers::store)?;
    Ok(Cursor { position, epoch, mark: stands.map(|(letter, seq)| mark(gateway, letter, seq)) })
}

fn mark(gateway: &Gateway, letter: LetterId, seq: u64) -> [u8; 8] {
    let tag = gateway.gateway_keys.sender.tag("cursor event", &[letter.as_bytes(), &seq.to_be_bytes()]);
    std::array::from_fn(|at| tag[at])
}

fn entry(gateway: &Gateway, event: FeedEvent, why: Option<ReturnReason>) -> Entry {
    let reference = event.reference.as_deref();
    Entry {
        id: event.public_id(),
        time: event.at.to_string(),
        r#type: event.kind.as_str(),
        letter_id: event.letter_id.to_string(),
        reference: reference.and_then(|sealed| answers::reference(gateway, event.letter_id, sealed)),
        why: why.map(ReturnReason::as_str),
    }
}

/// The tags of the senders whose events are read: the one named, or all that the caller may act for.
fn senders(gateway: &Gateway, caller: &Caller, named: Option<&str>) -> Result<Vec<[u8; 32]>, Problem> {
    let senders = match named {
        Some(number) => {
            let sender = answers::sender(number)?;
            caller.acts_for(gateway, &sender)?;
            vec![sender]
        }
        None => gateway.directory.current().senders_of(&caller.0, gateway.clock.now()),
    };
    Ok(senders.iter().map(|s| gateway.sender_mac(s)).collect())
}
