//! What nobody touches is found by the sweep that the service makes by itself.

use crate::play::{
    seen::Seen,
    stage::{ANNA, Kind, Stage},
    tamper::flipped,
};
use anyhow::{Context, Result};
use std::time::{Duration, Instant};

pub async fn found(stage: &mut Stage) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind::default()).await?;
    let mut seen = Seen::default();
    stage.settled(&letter).await?;
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    // As long as it may take, so that it is nothing new.
    let before = stage.watch.found_in_background(&stage.service).await?;
    let chain = stage.rows("event", &letter).await?;
    let last = chain.last().context("no events")?;
    let body = flipped(&last.bytes("body"), 90);
    stage.hand().update(last, &[("body", body)]).await?;
    let began = Instant::now();
    // Where there is no sweep, there is none to wait for.
    while stage.watch.has_sweep && began.elapsed() < WITHIN {
        if stage.watch.found_in_background(&stage.service).await? > before {
            seen.sweep.push(format!("by itself, after {} s", began.elapsed().as_secs()));
            break;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    Ok(seen)
}

/// A demo's size is gone through in a minute; some seconds are for a machine that does other things too.
const WITHIN: Duration = Duration::from_secs(75);
