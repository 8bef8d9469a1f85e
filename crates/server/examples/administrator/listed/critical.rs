//! C1, C2 and H1: reading, forging, and reading without a trace.

use super::{events::forget, rights, senders::certified};
use crate::play::{
    agency::OFFICE,
    citizen::Citizen,
    database::{Row, Value, hex},
    format::{self, Original, Pair},
    seen::Seen,
    stage::{ANNA, Id, Kind, Letter, Stage, path},
};
use anyhow::{Context, Result};
use vault::{Key, SystemRandom};

/// C1: letters are sealed to a key of the administrator's, read, and sealed to the true one again.
pub async fn own_key(stage: &mut Stage) -> Result<Seen> {
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let pair = Pair::new()?;
    let mailbox = stage.mailbox_row(&stage.anna.mailbox).await?;
    let own = Value::Bytes(pair.public().to_vec());
    stage.hand().update(&mailbox, &[("public_key", own)]).await?;
    tokio::time::sleep(rights::MEMORY).await;
    let (draft, secret) = stage.draft(ANNA, Kind { file: true, ..Kind::default() });
    let reply = stage.town.send(&draft).await?;
    seen.sweep = stage.watch.sweep(&stage.service).await?;
    if !reply.is_taken() {
        seen.refused.push(format!("a letter: {} {}", reply.status, reply.code));
        return Ok(seen);
    }
    let id = *uuid::Uuid::try_parse(&reply.letter_id)?.as_bytes();
    let mailbox_id = stage.anna.mailbox;
    let receipt = reply.receipt;
    let letter = Letter { id, mailbox: mailbox_id, secret, draft, receipt, by: stage.town.number };
    seen.read += u32::from(read_and_seal_again(stage, &pair, &letter, &mailbox).await?);
    let while_swapped = std::mem::take(&mut seen.sweep);
    stage.undo.take_back(&stage.database).await?;
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    seen.sweep.extend(while_swapped);
    Ok(seen)
}

/// Whether the letter could be read with the administrator's key.
async fn read_and_seal_again(stage: &Stage, pair: &Pair, letter: &Letter, mailbox: &Row) -> Result<bool> {
    let row = stage.one("letter", letter).await?;
    let sealed = stage.one("letter_key", letter).await?;
    let epoch = sealed.int("epoch");
    let parts = row.int("parts");
    let key = pair.open(&sealed.bytes("sealed"), &letter.mailbox, &letter.id, epoch, parts);
    let Some(key) = key else { return Ok(false) };
    let part = stage.one("part", letter).await?;
    let plain = format::open_part_zero(&key, &letter.mailbox, &letter.id, parts, &part.bytes("ciphertext"));
    let truly: [u8; 32] = mailbox.bytes("public_key").as_slice().try_into()?;
    let again = format::seal_key(&key, &truly, (&letter.mailbox, &letter.id), epoch, parts)?;
    let sql = format!(
        "UPDATE letter_key SET sealed = {} WHERE {}",
        stage.database.bytes(&again),
        stage.database.naming(&sealed)
    );
    stage.database.execute(&sql).await?;
    // The text is in the payload, which is base64 there.
    Ok(plain.is_some_and(|plain| plain.len() > 500))
}

/// C2: a letter that nobody sent, with or without an event of another letter.
pub async fn forged(stage: &mut Stage, with_event: bool) -> Result<Seen> {
    let like = stage.letter(ANNA, Kind { office: true, ..Kind::default() }).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let (rows, letter, secret) = forged_rows(stage, &like, with_event).await?;
    let mailbox = like.mailbox;
    let sweep = format!("DELETE FROM event WHERE letter_id = {}", stage.database.bytes(&letter));
    let mut hand = stage.hand();
    hand.afterwards(sweep);
    hand.insert(&rows).await?;
    let mut anna = Citizen::log_in(&stage.service.urls.web, ANNA).await?;
    anna.page("/").await?;
    let page = anna.open(&path(&mailbox, &letter)).await?;
    match page.status {
        200 if page.certifies() && page.text.contains(&secret) => seen.forged += 1,
        200 if page.warns() => seen.at_once.push("the page says that it is not verified".to_owned()),
        200 => {}
        status => seen.unreadable.push(format!("the page answers {status}")),
    }
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// Rows of a letter in the mailbox of another one, its id, and what its text says.
pub async fn forged_rows(stage: &Stage, like: &Letter, with_event: bool) -> Result<(Vec<Row>, Id, String)> {
    let mailbox = like.mailbox;
    let owner = stage.mailbox_row(&mailbox).await?;
    let to: [u8; 32] = owner.bytes("public_key").as_slice().try_into()?;
    let epoch = owner.int("epoch");
    // Of the same millisecond, so that it looks like any other.
    let mut letter: Id = like.id;
    letter[8..].copy_from_slice(&Key::random(&SystemRandom).expose()[..8]);
    letter[8] = letter[8] & 0x3f | 0x80;
    let secret = format!("falskt-{}-slut", hex(&letter[8..]));
    let mut draft = like.draft.clone();
    (draft.body, draft.subject, draft.file) = (format!("Betala nu: {secret}"), "Falskt".to_owned(), None);
    draft.reference = format!("falsk-{}", hex(&letter[8..]));
    let own = certified(OFFICE, None)?;
    let row = stage.one("letter", like).await?;
    let accepted_at = row.int("accepted_at");
    let jws = own.signer.sign_flattened(&draft.payload())?;
    let original =
        Original { jws: &jws, certificate: &own.certificate.der, sender_name: "Exempelverket", accepted_at };
    let key = Key::random(&SystemRandom);
    let part = format::part_zero(&key, &mailbox, &letter, &original);
    let header = format::header(&key, &mailbox, &letter, OFFICE, "Exempelverket", "Falskt");
    let here = Value::Bytes(letter.to_vec());
    let mut rows = vec![
        row.with("letter_id", here.clone())
            .with("header", Value::Bytes(header))
            .with("parts", Value::Int(1))
            .with("opened_at", Value::Null),
        stage
            .one("letter_key", like)
            .await?
            .with("letter_id", here.clone())
            .with("epoch", Value::Int(epoch))
            .with("sealed", Value::Bytes(format::seal_key(&key, &to, (&mailbox, &letter), epoch, 1)?)),
        stage
            .one("part", like)
            .await?
            .with("letter_id", here.clone())
            .with("stored_bytes", Value::Int(i64::try_from(part.len())?))
            .with("ciphertext", Value::Bytes(part)),
    ];
    if with_event {
        rows.push(stage.one("event", like).await?.with("letter_id", here));
    }
    Ok((rows, letter, secret))
}

/// H1: Bo makes himself a signatory of Anna, reads, and takes every trace away.
pub async fn reads_and_cleans_up(stage: &mut Stage) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind { confidential: true, ..Kind::default() }).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let from = stage.one("letter", &letter).await?.int("accepted_at") - 1;
    let mandate = rights::mandate_row(stage, "signatory", from);
    stage.hand().insert(std::slice::from_ref(&mandate)).await?;
    stage.intrudes(&[&letter], &mut seen).await?;
    let of_bo = Value::Bytes(stage.bo.id.to_vec());
    let opened = stage.rows("event", &letter).await?;
    let mailbox = stage.database.bytes(&stage.anna.mailbox);
    let listed = format!("WHERE mailbox_id = {mailbox} AND letter_id = {mailbox} ORDER BY seq");
    let own_chain = stage.database.rows("event", &listed).await?;
    let traces = [opened, own_chain].concat().into_iter().filter(|row| row.get("actor") == &of_bo);
    let traces: Vec<_> = traces.collect();
    forget(stage, &letter, traces).await.context("the traces")?;
    stage.hand().delete(&[mandate]).await?;
    // The list alone: who opens it leaves a trace of their own.
    stage.reads(ANNA, &[], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}
