//! Rows that were never there, made with full knowledge of the format.

use super::{Done, NOW};
use crate::play::{
    boxes::Mailbox,
    chance::Chance,
    database::{Row, Value},
    listed::forged_rows,
    stage::{Letter, Stage},
};
use anyhow::Result;

pub async fn insert(
    stage: &mut Stage,
    chance: &mut Chance,
    one: &Mailbox,
    letter: &Letter,
) -> Result<Option<Done>> {
    match chance.below(6) {
        n @ 0..=1 => forged(stage, one, letter, n == 1).await,
        n @ 2..=3 => mandate(stage, chance, one, n == 3).await,
        4 => part(stage, letter).await,
        _ => identity_or_declined(stage, chance, one).await,
    }
}

async fn forged(stage: &mut Stage, one: &Mailbox, like: &Letter, with_event: bool) -> Result<Option<Done>> {
    debug_assert_eq!(one.id, like.mailbox);
    let (rows, id, secret) = forged_rows(stage, like, with_event).await?;
    let sweep = format!("DELETE FROM event WHERE letter_id = {}", stage.database.bytes(&id));
    let mut hand = stage.hand();
    hand.afterwards(sweep);
    hand.insert(&rows).await?;
    let what =
        format!("insert a letter sealed to the mailbox{}", if with_event { ", with an event" } else { "" });
    Ok(Some(Done { what, forged: Some((id, secret)), ..Done::default() }))
}

async fn mandate(
    stage: &mut Stage,
    chance: &mut Chance,
    one: &Mailbox,
    signatory: bool,
) -> Result<Option<Done>> {
    let Some(like) = one.rows(stage, "mandate").await?.into_iter().next() else { return Ok(None) };
    let until = if signatory { Value::Null } else { Value::Int(NOW + 10_000_000_000) };
    let kind = if signatory { "signatory" } else { "helper" };
    let row = like
        .with("mandate_id", Value::Bytes(chance.bytes(16)))
        .with("person_id", Value::Bytes(stage.bo.id.to_vec()))
        .with("kind", Value::Text(kind.to_owned()))
        .with("valid_to", until);
    stage.hand().insert(&[row]).await?;
    Ok(Some(Done { what: format!("insert a mandate of a {kind}"), intrude: true, ..Done::default() }))
}

/// One more at the end of a chain, or in a chain that there is none of.
pub async fn event(
    stage: &mut Stage,
    chance: &mut Chance,
    one: &Mailbox,
    letter: &Letter,
) -> Result<Option<Done>> {
    let chain = one.chain(stage, (chance.below(2) == 0).then_some(letter)).await?;
    let (Some(like), Some(last)) = (chance.one_of(&chain), chain.last()) else { return Ok(None) };
    let row = like.with("seq", Value::Int(last.int("seq") + 1));
    stage.hand().insert(&[row]).await?;
    Ok(Some(Done::of("insert an event at the end of a chain")))
}

async fn part(stage: &mut Stage, letter: &Letter) -> Result<Option<Done>> {
    let parts = stage.rows("part", letter).await?;
    let Some(last) = parts.last() else { return Ok(None) };
    let row = last.with("part_no", Value::Int(last.int("part_no") + 1));
    stage.hand().insert(&[row]).await?;
    Ok(Some(Done::of("insert a part")))
}

async fn identity_or_declined(stage: &mut Stage, chance: &mut Chance, one: &Mailbox) -> Result<Option<Done>> {
    let Some(like) = one.rows(stage, "identity").await?.into_iter().next() else { return Ok(None) };
    let (row, what) = match chance.below(3) {
        0 => {
            let values = [
                ("mailbox_id", Value::Bytes(one.id.to_vec())),
                ("sender_mac", Value::Bytes(chance.bytes(32))),
                ("sender", Value::Bytes(chance.bytes(60))),
                ("declined_at", Value::Int(NOW)),
            ];
            let values = values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
            (Row { table: "declined", values }, "insert a sender turned off")
        }
        1 => (like.with("mac", Value::Bytes(chance.bytes(32))), "insert a number of a mailbox's owner"),
        _ => {
            let bo = like
                .with("valid_from", Value::Int(like.int("valid_from") + 1))
                .with("owner_kind", Value::Text("person".to_owned()))
                .with("owner_id", Value::Bytes(stage.bo.id.to_vec()));
            (bo, "insert a number that leads to another")
        }
    };
    stage.hand().insert(&[row]).await?;
    let names_bo = what.ends_with("another");
    Ok(Some(Done { what: what.to_owned(), intrude: true, names_bo, ..Done::default() }))
}
