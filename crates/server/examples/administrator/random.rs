//! One random tampering: what is done, chosen by chance among everything that decides.
//!
//! Not chosen are rows that decide nothing by what `docs/security.md` says: `reading`, `letter.done_at`, `letter.hold_until`,
//! `part.stored_bytes`, jobs and notices under way, the feed.

mod insert;

use crate::play::{
    boxes::Mailbox,
    chance::Chance,
    database::{Row, Value},
    stage::{Letter, Stage},
    tamper::flipped,
};
use anyhow::{Context, Result};

/// What was done, and what must be touched besides the pages.
#[derive(Clone, Debug, Default)]
pub struct Done {
    pub what: String,
    /// Somebody may have got a right: Bo tries.
    pub intrude: bool,
    /// A letter is sent once more.
    pub resend: bool,
    /// Bo's person is in it, and may be named in place of the mailbox.
    pub names_bo: bool,
    /// A letter that was forged, and what it says.
    pub forged: Option<([u8; 16], String)>,
}

impl Done {
    fn of(what: impl Into<String>) -> Self {
        Self { what: what.into(), ..Self::default() }
    }
}

/// What is tampered with. Whoever reads a letter adds to its chain: what stands on a chain that was tampered with cannot be
/// put back as it was, so these are done apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Letters, keys, parts, rights, numbers, references.
    Rows,
    /// Events.
    Evidence,
}

/// Does something to the first mailbox, or to both. `None` where chance has chosen what is not there.
pub async fn tamper(
    stage: &mut Stage,
    chance: &mut Chance,
    family: Family,
    one: &Mailbox,
    other: &Mailbox,
) -> Result<Option<Done>> {
    let letter = chance.one_of(&one.letters).context("no letters")?.clone();
    let evidence = family == Family::Evidence;
    match chance.below(7) {
        0 => flip(stage, chance, one, evidence).await,
        1 if evidence => delete_event(stage, chance, one).await,
        1 => delete(stage, chance, &letter, one).await,
        2 => swap(stage, chance, (one, other), evidence).await,
        3 => reorder(stage, chance, one, &letter, evidence).await,
        4 => backdate(stage, chance, one, evidence).await,
        5 if evidence => restore(stage, chance, one, &letter).await,
        5 => unread(stage, &letter).await,
        _ if evidence => insert::event(stage, chance, one, &letter).await,
        _ => insert::insert(stage, chance, one, &letter).await,
    }
}

/// Another value in a column.
async fn flip(stage: &mut Stage, chance: &mut Chance, one: &Mailbox, evidence: bool) -> Result<Option<Done>> {
    let columns: &[_] = if evidence { &OF_EVENTS } else { &COLUMNS };
    let Some(&(table, column)) = chance.one_of(columns) else { return Ok(None) };
    let rows = one.rows(stage, table).await?;
    let Some(row) = chance.one_of(&rows) else { return Ok(None) };
    let value = match row.get(column) {
        Value::Bytes(bytes) => flipped(bytes, chance.below(bytes.len())),
        Value::Int(number) => Value::Int(match column {
            "confidential" | "tells_opened" => 1 - number,
            "parts" | "epoch" => number + 1 - 2 * i64::from(chance.below(2) == 0),
            _ if chance.below(8) == 0 && nullable(column) => return set_null(stage, row, column).await,
            _ => number + 1 + i64::try_from(chance.below(1_000_000_000))?,
        }),
        Value::Text(text) => Value::Text(another(text)),
        Value::Null if column == "actor" => Value::Bytes(stage.bo.id.to_vec()),
        Value::Null if column == "because" => Value::Text("helper".to_owned()),
        Value::Null => Value::Int(NOW + i64::try_from(chance.below(1_000_000))?),
    };
    if stage.hand().update(row, &[(column, value)]).await.is_err() {
        return Ok(None);
    }
    let intrude = matches!(table, "mandate" | "identity" | "mailbox");
    let what = format!("flip {table}.{column}");
    Ok(Some(Done { what, intrude, resend: table == "submission", ..Done::default() }))
}

async fn set_null(stage: &mut Stage, row: &Row, column: &str) -> Result<Option<Done>> {
    // In some tables it may not be empty.
    if stage.hand().update(row, &[(column, Value::Null)]).await.is_err() {
        return Ok(None);
    }
    Ok(Some(Done::of(format!("empty {}.{column}", row.table))))
}

fn nullable(column: &str) -> bool {
    matches!(
        column,
        "opened_at" | "archived_at" | "binned_at" | "closed_at" | "valid_to" | "revoked_at" | "ended_at"
    )
}

fn another(text: &str) -> String {
    let pairs = [
        ("opened", "listed"),
        ("accepted", "opened"),
        ("signatory", "helper"),
        ("owner", "signatory"),
        ("organisation", "person"),
    ];
    let found = pairs.iter().find(|(from, _)| *from == text).map(|(_, to)| (*to).to_owned());
    found.unwrap_or_else(|| format!("{text}_"))
}

async fn delete_event(stage: &mut Stage, chance: &mut Chance, one: &Mailbox) -> Result<Option<Done>> {
    let rows = one.rows(stage, "event").await?;
    let Some(row) = chance.one_of(&rows) else { return Ok(None) };
    stage.hand().delete(std::slice::from_ref(row)).await?;
    Ok(Some(Done::of("delete an event")))
}

async fn delete(
    stage: &mut Stage,
    chance: &mut Chance,
    letter: &Letter,
    one: &Mailbox,
) -> Result<Option<Done>> {
    let (rows, what) = match chance.below(7) {
        0 => (stage.rows("letter_key", letter).await?, "a letter's key"),
        1 => (stage.rows("letter", letter).await?, "a letter's row"),
        2 => {
            let tables = ["letter", "letter_key", "part", "reading"];
            (stage.all_rows(letter, &tables).await?, "a letter, its events left")
        }
        3 => {
            let tables = ["letter", "letter_key", "part", "reading", "event", "submission", "feed"];
            (stage.all_rows(letter, &tables).await?, "a letter with all its rows")
        }
        4 => (stage.rows("submission", letter).await?, "a letter's reference"),
        5 => {
            let mut parts = stage.rows("part", letter).await?;
            let at = chance.below(parts.len());
            (vec![parts.swap_remove(at)], "a part")
        }
        _ => (one.rows(stage, "mandate").await?, "a mandate"),
    };
    stage.hand().delete(&rows).await?;
    Ok(Some(Done::of(format!("delete {what}"))))
}

/// Between two mailboxes.
async fn swap(
    stage: &mut Stage,
    chance: &mut Chance,
    (one, other): (&Mailbox, &Mailbox),
    evidence: bool,
) -> Result<Option<Done>> {
    let swaps: &[(&'static str, &[&str])] = if evidence { &SWAPS_OF_EVENTS } else { &SWAPS };
    let Some(&(table, columns)) = chance.one_of(swaps) else { return Ok(None) };
    let ours = one.rows(stage, table).await?;
    let theirs = other.rows(stage, table).await?;
    let (Some(ours), Some(theirs)) = (chance.one_of(&ours), chance.one_of(&theirs)) else { return Ok(None) };
    if columns.iter().all(|column| ours.get(column) == theirs.get(column)) {
        return Ok(None);
    }
    // A row with the same key may be there already.
    if stage.hand().swap(ours, theirs, columns).await.is_err() {
        return Ok(None);
    }
    let what = format!("swap {table}.{} of two mailboxes", columns.join("+"));
    let intrude = matches!(table, "mandate" | "identity" | "mailbox");
    Ok(Some(Done { what, intrude, resend: table == "submission", ..Done::default() }))
}

async fn reorder(
    stage: &mut Stage,
    chance: &mut Chance,
    one: &Mailbox,
    letter: &Letter,
    evidence: bool,
) -> Result<Option<Done>> {
    let (rows, column, what) = match (evidence, chance.below(2)) {
        (true, 0) => (one.chain(stage, Some(letter)).await?, "seq", "events of a letter"),
        (true, _) => (one.chain(stage, None).await?, "seq", "events of a mailbox"),
        (false, _) => (stage.rows("part", letter).await?, "part_no", "parts"),
    };
    if rows.len() < 2 {
        return Ok(None);
    }
    let at = chance.below(rows.len() - 1);
    let with = at + 1 + chance.below(rows.len() - at - 1);
    stage.hand().swap(&rows[at], &rows[with], &[column]).await?;
    Ok(Some(Done::of(format!("re-order {what}"))))
}

async fn backdate(
    stage: &mut Stage,
    chance: &mut Chance,
    one: &Mailbox,
    evidence: bool,
) -> Result<Option<Done>> {
    let instants: &[_] = if evidence { &[("event", "at")] } else { &INSTANTS };
    let Some(&(table, column)) = chance.one_of(instants) else { return Ok(None) };
    let rows = one.rows(stage, table).await?;
    let Some(row) = chance.one_of(&rows) else { return Ok(None) };
    let Value::Int(at) = row.get(column) else { return Ok(None) };
    let earlier = at - 1 - i64::try_from(chance.below(90 * 86_400_000))?;
    stage.hand().update(row, &[(column, Value::Int(earlier))]).await?;
    Ok(Some(Done::of(format!("back-date {table}.{column}"))))
}

/// What stood there some time ago.
async fn restore(
    stage: &mut Stage,
    chance: &mut Chance,
    one: &Mailbox,
    letter: &Letter,
) -> Result<Option<Done>> {
    let which = chance.below(3);
    let chain = one.chain(stage, (which != 1).then_some(letter)).await?;
    let Some(most) = chain.len().checked_sub(1).filter(|most| *most > 0) else { return Ok(None) };
    let newest = 1 + chance.below(most.min(6));
    let kept = if which == 2 { 1 } else { chain.len() - newest };
    let row = stage.one("letter", letter).await?;
    let reading = stage.rows("reading", letter).await?;
    let mut hand = stage.hand();
    hand.delete(&chain[kept..]).await?;
    if which < 2 {
        let whose = if which == 0 { "letter" } else { "mailbox" };
        return Ok(Some(Done::of(format!("restore the older chain of a {whose}"))));
    }
    hand.delete(&reading).await?;
    hand.update(&row, &[("opened_at", Value::Null)]).await?;
    Ok(Some(Done::of("restore a letter as before it was opened")))
}

/// The row alone as it was before anybody had read it.
async fn unread(stage: &mut Stage, letter: &Letter) -> Result<Option<Done>> {
    let row = stage.one("letter", letter).await?;
    let reading = stage.rows("reading", letter).await?;
    let mut hand = stage.hand();
    hand.delete(&reading).await?;
    hand.update(&row, &[("opened_at", Value::Null)]).await?;
    Ok(Some(Done::of("restore the row of a letter as before it was opened")))
}

/// Any instant of these years.
pub const NOW: i64 = 1_790_000_000_000;

const OF_EVENTS: [(&str, &str); 6] = [
    ("event", "at"),
    ("event", "type"),
    ("event", "actor"),
    ("event", "because"),
    ("event", "body"),
    ("event", "entry"),
];

const SWAPS_OF_EVENTS: [(&str, &[&str]); 3] =
    [("event", &["body", "entry"]), ("event", &["at", "actor"]), ("event", &["mailbox_id", "letter_id"])];

const COLUMNS: [(&str, &str); 27] = [
    ("letter", "header"),
    ("letter", "sender_mac"),
    ("letter", "accepted_at"),
    ("letter", "visible_from"),
    ("letter", "confidential"),
    ("letter", "tells_opened"),
    ("letter", "parts"),
    ("letter", "opened_at"),
    ("letter", "archived_at"),
    ("letter", "binned_at"),
    ("letter_key", "epoch"),
    ("letter_key", "sealed"),
    ("part", "ciphertext"),
    ("mailbox", "owner_id"),
    ("mailbox", "opened_at"),
    ("mailbox", "closed_at"),
    ("mailbox", "public_key"),
    ("mailbox", "epoch"),
    ("mandate", "person_id"),
    ("mandate", "kind"),
    ("mandate", "valid_from"),
    ("mandate", "revoked_at"),
    ("organisation", "ended_at"),
    ("identity", "valid_to"),
    ("identity", "owner_id"),
    ("submission", "receipt"),
    ("submission", "payload_mac"),
];

const SWAPS: [(&str, &[&str]); 8] = [
    ("letter_key", &["sealed"]),
    ("letter", &["header"]),
    ("letter", &["mailbox_id"]),
    ("letter_key", &["mailbox_id"]),
    ("part", &["ciphertext", "stored_bytes"]),
    ("mandate", &["mailbox_id"]),
    ("identity", &["owner_id"]),
    ("submission", &["receipt"]),
];

const INSTANTS: [(&str, &str); 6] = [
    ("letter", "accepted_at"),
    ("letter", "visible_from"),
    ("letter", "opened_at"),
    ("mandate", "valid_from"),
    ("mailbox", "opened_at"),
    ("identity", "valid_from"),
];
