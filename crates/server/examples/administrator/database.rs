//! The letter database as its administrator has it: every row of every table, to be read, changed and put back.

use anyhow::{Context, Result, bail};
use sqlx::{
    AssertSqlSafe, Column, PgPool, Row as _, SqlitePool, TypeInfo, ValueRef,
    postgres::PgPoolOptions,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions},
};
use std::{collections::BTreeMap, time::Duration};

/// What stands in a column.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Value {
    Null,
    Int(i64),
    Text(String),
    Bytes(Vec<u8>),
}

/// One row, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    pub table: &'static str,
    pub values: BTreeMap<String, Value>,
}

/// The administrator's connection. The key store is another database, or another schema, and is not touched.
#[derive(Clone)]
pub enum Database {
    Sqlite(SqlitePool),
    Postgres(PgPool),
}

/// The tables that are tampered with, and what names one row of each.
pub const KEYS: [(&str, &[&str]); 22] = [
    ("letter", &["mailbox_id", "letter_id"]),
    ("letter_key", &["mailbox_id", "letter_id"]),
    ("part", &["mailbox_id", "letter_id", "part_no"]),
    ("event", &["mailbox_id", "letter_id", "seq"]),
    ("submission", &["sender_mac", "reference_mac"]),
    ("reading", &["mailbox_id", "letter_id", "person_id"]),
    ("feed", &["position"]),
    ("feed_waiting", &["letter_id", "seq"]),
    ("job", &["job_id"]),
    ("mailbox", &["mailbox_id"]),
    ("declined", &["mailbox_id", "sender_mac"]),
    ("mandate", &["mandate_id"]),
    ("person", &["person_id"]),
    ("organisation", &["organisation_id"]),
    ("identity", &["mac", "valid_from"]),
    ("login", &["mac"]),
    ("contact", &["contact_id"]),
    ("operator", &["number"]),
    ("registration", &["address_mac", "registered_at"]),
    ("sender", &["number"]),
    ("dispatch", &["sender", "dispatcher", "valid_from"]),
    ("certificate", &["sha256"]),
];

impl Database {
    /// By the address that the service itself has in its configuration.
    pub async fn open(address: &str) -> Result<Self> {
        if let Some(path) = address.strip_prefix("sqlite:") {
            let options = SqliteConnectOptions::new()
                .filename(path.trim_start_matches("//"))
                // Whoever administers a database is held up by none of its rules.
                .foreign_keys(false)
                .busy_timeout(Duration::from_secs(20));
            let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await;
            return Ok(Self::Sqlite(pool.context("the letter database cannot be opened")?));
        }
        let pool = PgPoolOptions::new().max_connections(1).after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::raw_sql("SET session_replication_role = replica").execute(connection).await.map(drop)
            })
        });
        Ok(Self::Postgres(pool.connect(address).await.context("the letter database cannot be opened")?))
    }

    pub fn name(&self) -> &'static str {
        match self {
            Self::Sqlite(_) => "SQLite",
            Self::Postgres(_) => "PostgreSQL",
        }
    }

    pub async fn close(&self) {
        match self {
            Self::Sqlite(pool) => pool.close().await,
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Runs statements, all or none of them.
    pub async fn execute(&self, sql: &str) -> Result<()> {
        let sql = format!("BEGIN; {sql}; COMMIT");
        let done = match self {
            Self::Sqlite(pool) => sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(pool).await.map(drop),
            Self::Postgres(pool) => sqlx::raw_sql(AssertSqlSafe(sql.clone())).execute(pool).await.map(drop),
        };
        if let Err(error) = done {
            let rolled = match self {
                Self::Sqlite(pool) => sqlx::raw_sql("ROLLBACK").execute(pool).await.map(drop),
                Self::Postgres(pool) => sqlx::raw_sql("ROLLBACK").execute(pool).await.map(drop),
            };
            drop(rolled);
            let start: String = sql.chars().take(200).collect();
            return Err(error).with_context(|| format!("in: {start}"));
        }
        Ok(())
    }

    /// Rows of a table; `rest` is what follows its name: a condition, an order.
    pub async fn rows(&self, table: &'static str, rest: &str) -> Result<Vec<Row>> {
        let sql = format!("SELECT * FROM {table} {rest}");
        let values = match self {
            Self::Sqlite(pool) => {
                let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(pool).await?;
                rows.iter().map(of_sqlite).collect::<Result<Vec<_>>>()?
            }
            Self::Postgres(pool) => {
                let rows = sqlx::raw_sql(AssertSqlSafe(sql)).fetch_all(pool).await?;
                rows.iter().map(of_postgres).collect::<Result<Vec<_>>>()?
            }
        };
        Ok(values.into_iter().map(|values| Row { table, values }).collect())
    }

    /// The one row that fits.
    pub async fn row(&self, table: &'static str, rest: &str) -> Result<Row> {
        let mut rows = self.rows(table, rest).await?;
        match (rows.pop(), rows.is_empty()) {
            (Some(row), true) => Ok(row),
            _ => bail!("not one row of {table} {rest}"),
        }
    }

    /// All tables of the letters.
    pub async fn tables(&self) -> Result<Vec<String>> {
        let sql = match self {
            Self::Sqlite(_) => {
                "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
            }
            Self::Postgres(_) => "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = 'public'",
        };
        let names: Vec<String> = match self {
            Self::Sqlite(pool) => sqlx::query_scalar(sql).fetch_all(pool).await?,
            Self::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await?,
        };
        Ok(names.into_iter().filter(|name| !name.starts_with('_') && !name.contains("migration")).collect())
    }

    /// As it is written in a statement.
    pub fn literal(&self, value: &Value) -> String {
        match (value, self) {
            (Value::Null, _) => "NULL".to_owned(),
            (Value::Int(number), _) => number.to_string(),
            (Value::Text(text), _) => format!("'{}'", text.replace('\'', "''")),
            (Value::Bytes(bytes), Self::Sqlite(_)) => format!("X'{}'", hex(bytes)),
            (Value::Bytes(bytes), Self::Postgres(_)) => format!("'\\x{}'::bytea", hex(bytes)),
        }
    }

    pub fn bytes(&self, bytes: &[u8]) -> String {
        self.literal(&Value::Bytes(bytes.to_vec()))
    }

    /// The condition that names this row alone.
    pub fn naming(&self, row: &Row) -> String {
        let columns = keys(row.table).iter().map(|column| {
            let value = row.values.get(*column).unwrap_or(&Value::Null);
            format!("{column} = {}", self.literal(value))
        });
        columns.collect::<Vec<_>>().join(" AND ")
    }

    pub fn insertion(&self, row: &Row) -> String {
        let columns: Vec<_> = row.values.keys().map(String::as_str).collect();
        let values: Vec<_> = row.values.values().map(|value| self.literal(value)).collect();
        format!("INSERT INTO {} ({}) VALUES ({})", row.table, columns.join(", "), values.join(", "))
    }
}

impl Row {
    pub fn get(&self, column: &str) -> &Value {
        self.values.get(column).unwrap_or(&Value::Null)
    }

    pub fn bytes(&self, column: &str) -> Vec<u8> {
        match self.get(column) {
            Value::Bytes(bytes) => bytes.clone(),
            _ => Vec::new(),
        }
    }

    pub fn int(&self, column: &str) -> i64 {
        match self.get(column) {
            Value::Int(number) => *number,
            _ => 0,
        }
    }

    pub fn text(&self, column: &str) -> String {
        match self.get(column) {
            Value::Text(text) => text.clone(),
            _ => String::new(),
        }
    }

    /// The same with another value in a column.
    #[must_use]
    pub fn with(&self, column: &str, value: Value) -> Self {
        let mut row = self.clone();
        row.values.insert(column.to_owned(), value);
        row
    }
}

/// The columns that name a row.
pub fn keys(table: &str) -> &'static [&'static str] {
    KEYS.iter().find(|(name, _)| *name == table).map_or(&[], |(_, keys)| *keys)
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn of_sqlite(row: &sqlx::sqlite::SqliteRow) -> Result<BTreeMap<String, Value>> {
    let one = |at: usize| -> Result<Value> {
        let raw = row.try_get_raw(at)?;
        let kind = raw.type_info().name().to_owned();
        Ok(match kind.as_str() {
            _ if raw.is_null() => Value::Null,
            "INTEGER" => Value::Int(row.try_get_unchecked(at)?),
            "TEXT" => Value::Text(row.try_get_unchecked(at)?),
            "BLOB" => Value::Bytes(row.try_get_unchecked(at)?),
            other => bail!("a column of another kind: {other}"),
        })
    };
    row.columns().iter().map(|column| Ok((column.name().to_owned(), one(column.ordinal())?))).collect()
}

fn of_postgres(row: &sqlx::postgres::PgRow) -> Result<BTreeMap<String, Value>> {
    let one = |at: usize| -> Result<Value> {
        let raw = row.try_get_raw(at)?;
        let kind = raw.type_info().name().to_owned();
        Ok(match kind.as_str() {
            _ if raw.is_null() => Value::Null,
            "INT8" => Value::Int(row.try_get(at)?),
            "TEXT" => Value::Text(row.try_get(at)?),
            "BYTEA" => Value::Bytes(row.try_get(at)?),
            other => bail!("a column of another kind: {other}"),
        })
    };
    row.columns().iter().map(|column| Ok((column.name().to_owned(), one(column.ordinal())?))).collect()
}
