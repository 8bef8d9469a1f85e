//! Changes to rows, remembered so that each can be taken back exactly.

use crate::play::database::{Database, Row, Value, keys};
use anyhow::Result;

/// What was done, in order.
#[derive(Default)]
pub struct Undo(Vec<Done>);

enum Done {
    /// Columns of a row that had other values before; `after` names the row as it is now.
    Updated {
        after: Row,
        before: Vec<(String, Value)>,
    },
    Deleted(Row),
    Inserted(Row),
    /// What the service may have added to rows of ours, to be swept away.
    Also(String),
}

/// An administrator at work.
pub struct Hand<'a> {
    pub database: &'a Database,
    pub undo: &'a mut Undo,
}

impl Undo {
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes everything back, the last first. What the service wrote meanwhile stays: only the columns that were changed get
    /// the values that they had.
    pub async fn take_back(&mut self, database: &Database) -> Result<()> {
        if self.0.is_empty() {
            return Ok(());
        }
        let mut statements = Vec::new();
        for done in self.0.iter().rev() {
            statements.push(match done {
                Done::Inserted(row) => format!("DELETE FROM {} WHERE {}", row.table, database.naming(row)),
                // The service may have filled the gap.
                Done::Deleted(row) => format!(
                    "DELETE FROM {} WHERE {}; {}",
                    row.table,
                    database.naming(row),
                    database.insertion(row)
                ),
                Done::Updated { after, before } => update(database, after, before),
                Done::Also(sql) => sql.clone(),
            });
        }
        database.execute(&statements.join("; ")).await?;
        self.0.clear();
        Ok(())
    }
}

impl Hand<'_> {
    pub async fn update(&mut self, row: &Row, set: &[(&str, Value)]) -> Result<Row> {
        let set: Vec<_> = set.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        let before = set.iter().map(|(name, _)| (name.clone(), row.get(name).clone())).collect();
        self.database.execute(&update(self.database, row, &set)).await?;
        let mut after = row.clone();
        after.values.extend(set);
        self.undo.0.push(Done::Updated { after: after.clone(), before });
        Ok(after)
    }

    pub async fn delete(&mut self, rows: &[Row]) -> Result<()> {
        for row in rows {
            let sql = format!("DELETE FROM {} WHERE {}", row.table, self.database.naming(row));
            self.database.execute(&sql).await?;
            self.undo.0.push(Done::Deleted(row.clone()));
        }
        Ok(())
    }

    pub async fn insert(&mut self, rows: &[Row]) -> Result<()> {
        for row in rows {
            self.database.execute(&self.database.insertion(row)).await?;
            self.undo.0.push(Done::Inserted(row.clone()));
        }
        Ok(())
    }

    /// Something that is to be run when everything is taken back.
    pub fn afterwards(&mut self, sql: String) {
        self.undo.0.push(Done::Also(sql));
    }

    /// Puts other rows in the place of these, where a rule of the database forbids doing it one by one.
    pub async fn exchange(&mut self, old: &[Row], new: &[Row]) -> Result<()> {
        self.delete(old).await?;
        self.insert(new).await
    }

    /// Exchanges what stands in some columns of two rows.
    pub async fn swap(&mut self, one: &Row, other: &Row, columns: &[&str]) -> Result<()> {
        let of = |row: &Row| -> Vec<(&str, Value)> {
            columns.iter().map(|column| (*column, row.get(column).clone())).collect()
        };
        if columns.iter().any(|column| keys(one.table).contains(column)) {
            let mixed = |row: &Row, from: &Row| {
                columns.iter().fold(row.clone(), |row, column| row.with(column, from.get(column).clone()))
            };
            return self
                .exchange(&[one.clone(), other.clone()], &[mixed(one, other), mixed(other, one)])
                .await;
        }
        self.update(one, &of(other)).await?;
        self.update(other, &of(one)).await.map(drop)
    }
}

fn update(database: &Database, row: &Row, set: &[(String, Value)]) -> String {
    let set = set.iter().map(|(name, value)| format!("{name} = {}", database.literal(value)));
    let set = set.collect::<Vec<_>>().join(", ");
    format!("UPDATE {} SET {set} WHERE {}", row.table, database.naming(row))
}

/// The same bytes with one bit another.
pub fn flipped(bytes: &[u8], at: usize) -> Value {
    let mut bytes = bytes.to_vec();
    let length = bytes.len().max(1);
    match bytes.get_mut(at % length) {
        Some(byte) => *byte ^= 1,
        None => bytes.push(1),
    }
    Value::Bytes(bytes)
}
