//! Tampering with who may do what: 25 to 31, 36, 40, 41.

use crate::play::{
    database::{Row, Value},
    seen::Seen,
    stage::{ANNA, BO, CLEO, Kind, Letter, Stage},
    tamper::flipped,
};
use anyhow::{Context, Result};
use std::time::Duration;
use vault::{Key, SystemRandom};

fn random(bytes: usize) -> Vec<u8> {
    Key::random(&SystemRandom).expose()[..bytes].to_vec()
}

/// A right of Bo's over Anna's mailbox.
pub fn mandate_row(stage: &Stage, kind: &str, from: i64) -> Row {
    let values = [
        ("mandate_id", Value::Bytes(random(16))),
        ("mailbox_id", Value::Bytes(stage.anna.mailbox.to_vec())),
        ("person_id", Value::Bytes(stage.bo.id.to_vec())),
        ("kind", Value::Text(kind.to_owned())),
        ("note", Value::Bytes(random(32))),
        ("valid_from", Value::Int(from)),
        ("valid_to", if kind == "helper" { Value::Int(from + 90 * 86_400_000) } else { Value::Null }),
        ("revoked_at", Value::Null),
    ];
    Row {
        table: "mandate",
        values: values.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
    }
}

/// 25, 26: Bo gives himself a right, and reads with it.
pub async fn mandate(stage: &mut Stage, signatory: bool) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind { confidential: signatory, ..Kind::default() }).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let from = stage.one("letter", &letter).await?.int("accepted_at") - 1;
    let row = mandate_row(stage, if signatory { "signatory" } else { "helper" }, from);
    stage.hand().insert(&[row]).await?;
    stage.intrudes(&[&letter], &mut seen).await?;
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 27: Bo's e-ID leads to Anna.
pub async fn login(stage: &mut Stage) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind { confidential: true, ..Kind::default() }).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let of_bo = format!("WHERE person_id = {}", stage.database.bytes(&stage.bo.id));
    let row = stage.database.row("login", &of_bo).await?;
    let anna = Value::Bytes(stage.anna.id.to_vec());
    stage.hand().update(&row, &[("person_id", anna)]).await?;
    stage.intrudes(&[&letter], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 28: Anna's mailbox is Bo's, and the other way round.
pub async fn owner(stage: &mut Stage) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind { confidential: true, ..Kind::default() }).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let anna = stage.mailbox_row(&stage.anna.mailbox).await?;
    let bo = stage.mailbox_row(&stage.bo.mailbox).await?;
    let new = [
        anna.with("owner_id", bo.get("owner_id").clone()),
        bo.with("owner_id", anna.get("owner_id").clone()),
    ];
    stage.hand().exchange(&[anna, bo], &new).await?;
    stage.intrudes(&[&letter], &mut seen).await?;
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 29: the copy of the public key, for a while.
pub async fn public_key(stage: &mut Stage) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind::default()).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let row = stage.mailbox_row(&stage.anna.mailbox).await?;
    let key = flipped(&row.bytes("public_key"), 5);
    stage.hand().update(&row, &[("public_key", key)]).await?;
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 36: what is sent to Anna goes to Bo.
pub async fn identity(stage: &mut Stage) -> Result<Seen> {
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let of_anna = format!("WHERE owner_id = {}", stage.database.bytes(&stage.anna.id));
    let row = stage.database.row("identity", &of_anna).await?;
    let bo = Value::Bytes(stage.bo.id.to_vec());
    stage.hand().update(&row, &[("owner_id", bo)]).await?;
    let (draft, secret) = stage.draft(ANNA, Kind::default());
    let reply = stage.town.send(&draft).await?;
    if reply.is_taken() {
        let id = *uuid::Uuid::try_parse(&reply.letter_id)?.as_bytes();
        let letter = Letter {
            id,
            mailbox: stage.bo.mailbox,
            secret,
            draft,
            receipt: reply.receipt,
            by: stage.town.number,
        };
        stage.intrudes(&[&letter], &mut seen).await?;
    } else {
        seen.refused.push(format!("a letter: {} {}", reply.status, reply.code));
    }
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 40, 41: dead, or with a protected identity.
pub async fn state(stage: &mut Stage, id: &str) -> Result<Seen> {
    let letter = stage.letter(ANNA, Kind::default()).await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let at = stage.one("letter", &letter).await?.int("accepted_at");
    let of_anna = format!("WHERE person_id = {}", stage.database.bytes(&stage.anna.id));
    let row = stage.database.row("person", &of_anna).await?;
    let column = if id == "40" { "deceased_at" } else { "protected_at" };
    let value = if row.get(column) == &Value::Null { Value::Int(at) } else { Value::Null };
    stage.hand().update(&row, &[(column, value)]).await?;
    let (draft, _) = stage.draft(ANNA, Kind::default());
    let reply = stage.town.send(&draft).await?;
    // A refusal that says what the row says is what the row was changed for.
    if reply.status >= 500 {
        seen.refused.push(format!("a letter: {} {}", reply.status, reply.code));
    }
    stage.reads(ANNA, &[&letter], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 30: Bo's address at Anna. 31: Cleo's address with Bo's ciphertext. Then a letter comes.
pub async fn contact(stage: &mut Stage, id: &str) -> Result<Seen> {
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let of = |person: &[u8; 16]| {
        format!("WHERE person_id = {} AND channel = 'email'", stage.database.bytes(person))
    };
    let bo = stage.database.row("contact", &of(&stage.bo.id)).await?;
    let cleo = stage.database.row("contact", &of(&stage.cleo.id)).await?;
    let anna = Value::Bytes(stage.anna.id.to_vec());
    let to = if id == "30" { ANNA } else { CLEO };
    let before = letters_to(stage, "bo@example.com")?;
    let mut hand = stage.hand();
    match id {
        "30" => drop(hand.update(&bo, &[("person_id", anna)]).await?),
        _ => drop(hand.update(&cleo, &[("address", bo.get("address").clone())]).await?),
    }
    let (draft, secret) = stage.draft(to, Kind::default());
    let reply = stage.town.send(&draft).await?;
    if reply.is_taken() {
        let id = *uuid::Uuid::try_parse(&reply.letter_id)?.as_bytes();
        let mailbox = if to == ANNA { stage.anna.mailbox } else { stage.cleo.mailbox };
        let reference = draft.reference.clone();
        let letter = Letter { id, mailbox, secret, draft, receipt: reply.receipt, by: stage.town.number };
        let state = told(stage, &reference).await?;
        if state != "notice_sent" {
            seen.refused.push(format!("the notice: {state}"));
        }
        seen.access += u32::from(letters_to(stage, "bo@example.com")? > before);
        stage.opens(to, &[&letter], &mut seen).await?;
    } else {
        seen.refused.push(format!("a letter: {} {}", reply.status, reply.code));
    }
    stage.reads(BO, &[], &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// What became of a letter's notice, as its sender is told; waits some seconds for it.
async fn told(stage: &Stage, reference: &str) -> Result<String> {
    for _ in 0..50 {
        let history = stage.town.told(reference).await?;
        let state = history.iter().find(|kind| kind.starts_with("notice_") || *kind == "no_contact_point");
        if let Some(state) = state {
            return Ok(state.clone());
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok("none after ten seconds".to_owned())
}

fn letters_to(stage: &Stage, address: &str) -> Result<usize> {
    let mut count = 0;
    for entry in std::fs::read_dir(stage.service.folder.join("outbox")).context("no outbox")? {
        count += usize::from(std::fs::read_to_string(entry?.path()).is_ok_and(|text| text.contains(address)));
    }
    Ok(count)
}

/// A little longer than the door uses an answer of the key service.
pub const MEMORY: Duration = Duration::from_secs(11);
