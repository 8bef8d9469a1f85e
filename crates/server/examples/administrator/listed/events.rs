//! Tampering with the evidence: 11 to 21.

use crate::play::{
    boxes,
    database::{Row, Value},
    seen::Seen,
    stage::{CLEO, Letter, Stage},
    tamper::flipped,
};
use anyhow::{Context, Result, bail};

/// A letter that its reader has opened twice, and its chain. In a mailbox of its own: what the next reading adds stands on
/// what was tampered with, and cannot be put back.
pub async fn tampered(stage: &mut Stage, id: &str) -> Result<Seen> {
    let mailbox = boxes::open(stage, &[CLEO]).await?.pop().context("no mailbox")?;
    let [letter, other] = &mailbox.letters[..] else { bail!("not two letters") };
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    change(stage, id, letter, other).await?;
    // What the sweep finds before anybody has read; then somebody reads.
    let found = stage.watch.sweep(&stage.service).await?;
    stage.opens(CLEO, &[letter], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    seen.sweep = found;
    stage.watch.ignore(&mailbox.names());
    Ok(seen)
}

async fn change(stage: &mut Stage, id: &str, letter: &Letter, other: &Letter) -> Result<()> {
    let chain = stage.rows("event", letter).await?;
    let opened: Vec<_> = chain.iter().filter(|row| row.text("type") == "opened").cloned().collect();
    let [first, last] = &opened[..] else { bail!("{} openings are in the chain", opened.len()) };
    let bo = Value::Bytes(stage.bo.id.to_vec());
    let text = |text: &str| Value::Text(text.to_owned());
    if id == "12b" {
        return cut_off(stage, letter, &chain, first).await;
    }
    let theirs = stage.rows("event", other).await?;
    let mut hand = stage.hand();
    match id {
        "11" => hand.delete(std::slice::from_ref(first)).await?,
        "12" => {
            let behind: Vec<_> =
                chain.iter().filter(|row| row.int("seq") > first.int("seq")).cloned().collect();
            hand.delete(std::slice::from_ref(first)).await?;
            let closer = behind.iter().map(|row| row.with("seq", Value::Int(row.int("seq") - 1)));
            let closer: Vec<_> = closer.collect();
            hand.exchange(&behind, &closer).await?;
        }
        "13" => hand.delete(&chain).await?,
        "14" => drop(hand.update(first, &[("at", Value::Int(first.int("at") - 1))]).await?),
        "15" => drop(hand.update(first, &[("actor", bo)]).await?),
        "16" => drop(hand.update(first, &[("because", text("helper"))]).await?),
        "17" => drop(hand.update(first, &[("type", text("archived"))]).await?),
        "18" => drop(hand.update(first, &[("body", flipped(&first.bytes("body"), 120))]).await?),
        "19" => drop(hand.update(first, &[("entry", flipped(&first.bytes("entry"), 3))]).await?),
        "20" => hand.swap(first, last, &["seq"]).await?,
        "21" => {
            let here = |row: &Row| row.with("letter_id", Value::Bytes(letter.id.to_vec()));
            let theirs: Vec<_> = theirs.iter().map(here).collect();
            hand.exchange(&chain, &theirs).await?;
        }
        _ => bail!("there is no case {id}"),
    }
    Ok(())
}

/// 12b: the letter is as if nobody had opened it.
async fn cut_off(stage: &mut Stage, letter: &Letter, chain: &[Row], from: &Row) -> Result<()> {
    let cut: Vec<_> = chain.iter().filter(|row| row.int("seq") >= from.int("seq")).cloned().collect();
    forget(stage, letter, cut).await
}

/// Takes events away, and everything else that speaks of an opening.
pub async fn forget(stage: &mut Stage, letter: &Letter, events: Vec<Row>) -> Result<()> {
    // The sequencer moves it within a second.
    tokio::time::sleep(std::time::Duration::from_millis(1500)).await;
    let row = stage.one("letter", letter).await?;
    let told = stage.all_rows(letter, &["feed", "feed_waiting"]).await?;
    let told: Vec<_> = told.into_iter().filter(|row| row.text("type") == "opened").collect();
    let reading = stage.rows("reading", letter).await?;
    let mut hand = stage.hand();
    hand.delete(&[events, told, reading].concat()).await.context("cut off")?;
    hand.update(&row, &[("opened_at", Value::Null)]).await.map(drop)
}
