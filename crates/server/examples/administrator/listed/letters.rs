//! Tampering with letters, their keys and parts.

use crate::play::{
    database::Value,
    seen::Seen,
    stage::{ANNA, Kind, Letter, Stage},
    tamper::flipped,
};
use anyhow::{Result, bail};

/// Everything of a letter but its chain.
const OF_A_LETTER: [&str; 6] = ["letter", "letter_key", "part", "job", "feed_waiting", "reading"];

/// 1 to 10 and 37: rows of a letter that Anna has opened before.
pub async fn rows(stage: &mut Stage, id: &str) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind { file: true, ..Kind::default() }).await?;
    let other = stage.letter(ANNA, Kind { file: true, ..Kind::default() }).await?;
    let mut seen = Seen::default();
    stage.settled(&letter).await?;
    stage.settled(&other).await?;
    stage.reads(ANNA, &[&letter, &other], &mut seen).await?;
    let mark = stage.mark().await?;
    change(stage, id, &letter, &other).await?;
    stage.reads(ANNA, &[&letter, &other], &mut seen).await?;
    if id == "6" {
        stage.intrudes_in(&stage.bo.mailbox.clone(), &letter, &mut seen).await?;
    }
    // The answer 404 to a letter that is gone is what the thief wants, and nobody asks for it who does not know of it.
    if matches!(id, "7" | "9" | "10" | "37") {
        seen.unreadable.clear();
    }
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

async fn change(stage: &mut Stage, id: &str, letter: &Letter, other: &Letter) -> Result<()> {
    let row = stage.one("letter", letter).await?;
    let key = stage.one("letter_key", letter).await?;
    let parts = stage.rows("part", letter).await?;
    let other_key = stage.one("letter_key", other).await?;
    let others = (stage.one("letter", other).await?, stage.one("part", other).await?);
    let chain = stage.rows("event", letter).await?;
    let most = stage.all_rows(letter, &OF_A_LETTER).await?;
    let rest = stage.all_rows(letter, &["submission", "feed"]).await?;
    let bo = Value::Bytes(stage.bo.mailbox.to_vec());
    let mut hand = stage.hand();
    match id {
        "1" => drop(hand.update(&row, &[("header", flipped(&row.bytes("header"), 90))]).await?),
        "2" => {
            let text = flipped(&parts[0].bytes("ciphertext"), 200);
            hand.update(&parts[0], &[("ciphertext", text)]).await?;
        }
        "3" => drop(hand.update(&key, &[("sealed", flipped(&key.bytes("sealed"), 50))]).await?),
        "4" => hand.swap(&key, &other_key, &["sealed"]).await?,
        "5" => {
            hand.swap(&key, &other_key, &["sealed", "epoch"]).await?;
            hand.swap(&row, &others.0, &["header"]).await?;
            hand.swap(&parts[0], &others.1, &["ciphertext", "stored_bytes"]).await?;
        }
        "6" => {
            let old: Vec<_> = [vec![row, key], parts, chain].concat();
            let new: Vec<_> = old.iter().map(|row| row.with("mailbox_id", bo.clone())).collect();
            hand.exchange(&old, &new).await?;
        }
        "7" => hand.delete(&[key]).await?,
        "8" => hand.delete(&parts[1..2]).await?,
        "9" => hand.delete(&[most, chain, rest].concat()).await?,
        "10" => hand.delete(&[most, chain].concat()).await?,
        "37" => {
            hand.delete(&[vec![key], parts].concat()).await?;
            hand.update(&row, &[("header", Value::Bytes(Vec::new()))]).await?;
        }
        _ => bail!("there is no case {id}"),
    }
    Ok(())
}

/// 22 to 24 and 39: columns of a letter that Anna has opened before.
pub async fn flags(stage: &mut Stage, id: &str) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind { confidential: id == "24", ..Kind::default() }).await?;
    let mut seen = Seen::default();
    stage.settled(&letter).await?;
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    let mark = stage.mark().await?;
    let row = stage.one("letter", &letter).await?;
    let (column, value) = match id {
        "22" => ("opened_at", row.int("opened_at") - 3_600_000),
        "23" => ("visible_from", NEW_YEAR_2099),
        "24" => ("confidential", 0),
        _ => ("tells_opened", 1 - row.int("tells_opened")),
    };
    stage.hand().update(&row, &[(column, Value::Int(value))]).await?;
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    if id == "23" {
        seen.unreadable.clear();
    }
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 38: a letter for later, whose recipient is not to be told of it.
pub async fn no_notice(stage: &mut Stage) -> Result<Seen> {
    let (mut draft, secret) = stage.draft(ANNA, Kind::default());
    draft.visible_from = Some("2027-03-01T08:00:00.000Z".to_owned());
    let letter = stage.send(draft, secret).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let row = stage.one("letter", &letter).await?;
    let jobs = stage.rows("job", &letter).await?;
    let mut hand = stage.hand();
    hand.update(&row, &[("notice_state", Value::Text("not_needed".to_owned()))]).await?;
    hand.delete(&jobs).await?;
    stage.reads(ANNA, &[], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 42: who sends a letter again is given the receipt of another.
pub async fn receipts(stage: &mut Stage) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind::default()).await?;
    let other = stage.letter(ANNA, Kind::default()).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let one = stage.one("submission", &letter).await?;
    let another = stage.one("submission", &other).await?;
    stage.hand().swap(&one, &another, &["receipt"]).await?;
    let reply = stage.town.send(&letter.draft).await?;
    match reply.is_taken() {
        true if reply.receipt != letter.receipt => seen.forged += 1,
        true => {}
        false => seen.refused.push(format!("sent again: {} {}", reply.status, reply.code)),
    }
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

const NEW_YEAR_2099: i64 = 4_070_908_800_000;
