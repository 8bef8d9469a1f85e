//! What was promised against what is stored. The operator cannot read letters and need not: a receipt commits to
//! payload and recipient, the evidence chain to the receipt, and every row of the letter must be there.

use crate::{config::Config, house::Operator};
use anyhow::{Context, Result};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use domain::{LetterId, MailboxId, OrgNumber};
use evidence::receipt::{self, ReceiptKeys};
use sender_tools::load::{Ledger, Line, Ready, SENDERS, Wire};
use serde_json::Value;
use std::collections::HashMap;
use store::{Tx, args};

#[derive(Default)]
pub struct Checked {
    /// Promised, and not stored as promised.
    pub lost: usize,
    /// Stored more than once, or promised twice with different receipts.
    pub doubled: usize,
    /// Stored in part: a row, a key, an event or a job is missing, or something is there that was never sent.
    pub torn: usize,
    /// The first of each, in words.
    pub findings: Vec<String>,
}

/// A promise of the ledger.
struct Promise {
    letter_id: String,
    receipt: String,
}

/// Compares every line of the ledger.
pub async fn run(config: &Config, letters: &[Ready], ledger: &Ledger) -> Result<Checked> {
    let operator = Operator::open(config).await?;
    let keys = serde_json::to_vec(&operator.keys.public_keys().await?)?;
    let keys = ReceiptKeys::parse(&keys).context("the receipt keys")?;
    let mut sent = 0;
    let mut promised = HashMap::<usize, Promise>::new();
    let mut checked = Checked::default();
    for line in ledger.read()? {
        match line {
            Line::Sending { .. } => sent += 1,
            Line::Refused { .. } => {}
            Line::Promised { no, letter_id, receipt } => {
                let before = promised.insert(no, Promise { letter_id, receipt });
                if before.is_some() {
                    checked.find(Kind::Doubled, format!("letter {no} was promised twice"));
                }
            }
        }
    }
    let mut tx = operator.store.read("check the ledger").await?;
    for (no, promise) in &promised {
        let Some(letter) = letters.get(*no) else { continue };
        if let Some((kind, what)) = one(&mut tx, letter, promise, &keys).await? {
            checked.find(kind, format!("letter {no}: {what}"));
        }
    }
    drop(tx);
    let mut tx = operator.store.read("check for strays").await?;
    for (sql, what) in STRAYS {
        let count: u64 = tx.one(sql, &[]).await?.map_or(Ok(0), |row| row.number("n"))?;
        if count > 0 {
            checked.torn += count as usize;
            checked.findings.push(format!("{count} {what}"));
        }
    }
    drop(tx);
    let evidence = operator.check_evidence(None, &mut |_| {}).await?;
    checked.findings.push(format!(
        "{sent} sent, {} promised; {} mailboxes with {} events checked, {} of them not counted yet",
        promised.len(),
        evidence.mailboxes,
        evidence.events,
        evidence.uncounted
    ));
    for fault in &evidence.faults {
        checked
            .find(Kind::Torn, format!("the evidence does not hold: {}", crate::cli::evidence_fault(fault)));
    }
    for fault in &evidence.sets {
        checked.find(Kind::Torn, format!("{} of {} is not vouched for", fault.table, fault.set));
    }
    operator.close().await;
    Ok(checked)
}

enum Kind {
    Lost,
    Doubled,
    Torn,
}

impl Checked {
    fn find(&mut self, kind: Kind, what: String) {
        match kind {
            Kind::Lost => self.lost += 1,
            Kind::Doubled => self.doubled += 1,
            Kind::Torn => self.torn += 1,
        }
        if self.findings.len() < 10 {
            self.findings.push(what);
        }
    }
}

/// The receipt fits the letter and its recipient; every row is there once.
async fn one(
    tx: &mut Tx,
    letter: &Ready,
    promise: &Promise,
    keys: &ReceiptKeys,
) -> Result<Option<(Kind, &'static str)>> {
    let promised = match &letter.wire {
        // The answer of the SOAP door names the letter and has no receipt: its rows and its chain are looked at.
        Wire::Soap(_) => None,
        Wire::Rest(signed) => {
            let Ok(verified) = receipt::verify(&promise.receipt, keys) else {
                return Ok(Some((Kind::Lost, "its receipt does not verify")));
            };
            let jws: Value = serde_json::from_slice(&signed.jws)?;
            let payload = URL_SAFE_NO_PAD.decode(jws["payload"].as_str().unwrap_or_default())?;
            let fits = verified.is_of(&payload)
                && verified.is_to(&letter.recipient)
                && verified.receipt.reference == letter.reference
                && verified.receipt.sender == OrgNumber::parse(SENDERS[letter.sender])?
                && verified.receipt.letter_id.to_string() == promise.letter_id;
            if !fits {
                return Ok(Some((Kind::Lost, "its receipt is for something else")));
            }
            Some(verified.entry)
        }
    };
    let id: LetterId = promise.letter_id.parse()?;
    let Some(row) = tx.one(LETTER, args![id]).await? else {
        return Ok(Some((Kind::Lost, "it is not in the database")));
    };
    let mailbox: MailboxId = row.id("mailbox_id")?;
    let counts = tx.one(ROWS, args![mailbox, id]).await?.context("no counts")?;
    let found: u64 = counts.number("letters")?;
    let sealed: u64 = counts.number("sealed")?;
    let parts: u64 = counts.number("parts")?;
    let wanted: u64 = counts.number("last_part")?;
    let entry = tx.one(FIRST, args![mailbox, id]).await?;
    let same = |entry: &[u8]| promised.as_ref().is_none_or(|promised| entry == promised);
    let entry_fits = entry.is_some_and(|row| row.bytes("entry").is_ok_and(same));
    Ok(match (found, sealed, parts == wanted, entry_fits) {
        (1, 1, true, true) => None,
        (2.., ..) => Some((Kind::Doubled, "it is there more than once")),
        (_, _, _, false) => Some((Kind::Torn, "its first event is not the receipt's")),
        _ => Some((Kind::Torn, "a key or part is missing")),
    })
}

const LETTER: &str = "SELECT mailbox_id FROM submission WHERE letter_id = $1";
const ROWS: &str = "SELECT (SELECT count(*) FROM letter WHERE mailbox_id = $1 AND letter_id = $2) AS letters, \
    (SELECT count(*) FROM letter_key WHERE mailbox_id = $1 AND letter_id = $2) AS sealed, \
    (SELECT count(*) FROM part WHERE mailbox_id = $1 AND letter_id = $2) AS parts, \
    (SELECT coalesce(max(parts), -1) FROM letter WHERE mailbox_id = $1 AND letter_id = $2) AS last_part";
const FIRST: &str = "SELECT entry FROM event WHERE mailbox_id = $1 AND letter_id = $2 AND seq = 0";

/// What there must be none of.
const STRAYS: [(&str, &str); 5] = [
    (
        "SELECT count(*) AS n FROM letter l WHERE NOT EXISTS (SELECT 1 FROM submission s WHERE s.letter_id = l.letter_id)",
        "letters without a submission",
    ),
    (
        "SELECT count(*) AS n FROM submission s WHERE NOT EXISTS (SELECT 1 FROM letter l \
         WHERE l.mailbox_id = s.mailbox_id AND l.letter_id = s.letter_id)",
        "submissions without a letter",
    ),
    (
        "SELECT count(*) AS n FROM (SELECT mailbox_id, letter_id FROM letter WHERE notice_state = 'pending' EXCEPT \
         SELECT substr(subject, 1, 16), substr(subject, 17) FROM job WHERE kind = 'notice') AS strays",
        "letters that wait for a notice without a job",
    ),
    (
        "SELECT count(*) AS n FROM submission s WHERE NOT EXISTS (SELECT 1 FROM feed f WHERE f.letter_id = s.letter_id \
         AND f.seq = 0) AND NOT EXISTS (SELECT 1 FROM feed_waiting w WHERE w.letter_id = s.letter_id AND w.seq = 0)",
        "letters without an accepted event in the feed",
    ),
    (
        "SELECT count(*) AS n FROM (SELECT letter_id, seq FROM feed GROUP BY letter_id, seq HAVING count(*) > 1) AS twice",
        "events twice in the feed",
    ),
];
