//! Mailboxes that random tamperings are done to, side by side: companies, whose signatory is Anna or Cleo.

use crate::play::{
    database::{Row, Value, hex},
    seen::Seen,
    stage::{ANNA, CLEO, Id, Kind, Letter, Stage, id},
};
use anyhow::{Context, Result, ensure};
use uuid::Uuid;

/// One of them.
pub struct Mailbox {
    pub id: Id,
    pub owner: Id,
    pub number: String,
    pub reader: &'static str,
    pub letters: Vec<Letter>,
}

impl Mailbox {
    /// By which the log or the sweep may call it, or something in it.
    pub fn names(&self) -> Vec<String> {
        let ids = [self.id, self.owner].into_iter().chain(self.letters.iter().map(|letter| letter.id));
        ids.flat_map(|id| [hex(&id), Uuid::from_bytes(id).to_string()]).collect()
    }

    pub fn is_named_in(&self, line: &str) -> bool {
        self.names().iter().any(|name| line.contains(name))
    }

    /// Its rows in a table, those of its letters and of whoever owns it.
    pub async fn rows(&self, stage: &Stage, table: &'static str) -> Result<Vec<Row>> {
        let database = &stage.database;
        let column = match table {
            "organisation" => ("organisation_id", self.owner),
            "identity" => ("owner_id", self.owner),
            _ => ("mailbox_id", self.id),
        };
        let order = crate::play::database::keys(table).join(", ");
        let rest = format!("WHERE {} = {} ORDER BY {order}", column.0, database.bytes(&column.1));
        database.rows(table, &rest).await
    }

    /// The chain of one of its letters, or with `None` its own.
    pub async fn chain(&self, stage: &Stage, letter: Option<&Letter>) -> Result<Vec<Row>> {
        let chain = letter.map_or(self.id, |letter| letter.id);
        let events = self.rows(stage, "event").await?;
        Ok(events.into_iter().filter(|row| row.get("letter_id") == &Value::Bytes(chain.to_vec())).collect())
    }
}

/// Opens one for each reader; sends two letters to each, and has them read twice.
pub async fn open(stage: &mut Stage, readers: &[&'static str]) -> Result<Vec<Mailbox>> {
    let mut all = Vec::with_capacity(readers.len());
    for reader in readers {
        let name = if *reader == ANNA { "Anna Exempel" } else { "Cleo Exempel" };
        let number = organisation(stage.next_box());
        let words = ["mailbox", "open", "--name", &format!("Prov {number} AB"), "--signatory", name];
        stage.service.must(&words, &format!("{number}\n{reader}\n")).await?;
        let with_file = stage.letter(&number, Kind { file: true, ..Kind::default() }).await?;
        let office = stage.letter(&number, Kind { office: true, ..Kind::default() }).await?;
        let row = stage.mailbox_row(&with_file.mailbox).await?;
        let owner = id(&row.bytes("owner_id"))?;
        all.push(Mailbox { id: with_file.mailbox, owner, number, reader, letters: vec![with_file, office] });
    }
    for letter in all.iter().flat_map(|one| &one.letters) {
        stage.settled(letter).await?;
    }
    for reader in [ANNA, CLEO, ANNA, CLEO] {
        let letters: Vec<_> =
            all.iter().filter(|one| one.reader == reader).flat_map(|one| &one.letters).collect();
        let mut seen = Seen::default();
        stage.opens(reader, &letters, &mut seen).await.context("the first reading")?;
        ensure!(!seen.is_noticed(), "letters cannot be read before anything is done: {}", seen.ways());
    }
    Ok(all)
}

/// Numbers of companies that there are none of: of the same family as the demo's.
fn organisation(n: usize) -> String {
    let start = format!("4020{:05}", 10_000 + n % 90_000);
    let sum: u32 = start
        .bytes()
        .enumerate()
        .map(|(at, digit)| {
            let product = u32::from(digit - b'0') * if at % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    format!("16{start}{}", (10 - sum % 10) % 10)
}
