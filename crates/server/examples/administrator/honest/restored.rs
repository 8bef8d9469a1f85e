//! An older letter database is put back, as after a loss; the operator says so.

use super::Day;
use crate::play::{
    database::Database,
    report::Report,
    stage::{ANNA, Kind},
    watch::Watch,
};
use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

/// Copies every table, lets things happen, puts the copies back, and accepts the restore.
pub async fn restore(day: &mut Day<'_>, report: &mut Report) -> Result<()> {
    if day.stage.service.command(&["evidence", "accept-restore", "--help"], "").await?.code != 0 {
        return Ok(());
    }
    day.look(report).await?;
    let backup = Backup::make(&day.stage.database).await?;
    let lost = day.stage.letter(ANNA, Kind::default()).await?;
    let kept = day.letters.first().context("no letters")?.0.clone();
    let page = day.reader(ANNA).await?.open(&lost.path()).await?;
    ensure!(page.certifies(), "an honest letter answers {}", page.status);
    // What was written is counted in the key store within seconds.
    tokio::time::sleep(std::time::Duration::from_secs(5)).await;
    // The service is stopped meanwhile, as the command asks.
    day.stage.service.kill().await?;
    backup.put_back(&day.stage.database).await?;
    let found = day.stage.watch.sweep(&day.stage.service).await?;
    if found.is_empty() {
        report.after("a restore", &["a letter was lost, and the check finds nothing missing".to_owned()]);
    }
    accept(day, report).await?;
    day.stage.service.restart().await?;
    day.readers.clear();
    day.mark = Watch::anew(&day.stage.service);
    let left = day.stage.watch.sweep(&day.stage.service).await?;
    report.after("an accepted restore", &left);
    day.stage.watch.forget(left);
    let reader = if kept.mailbox == day.stage.anna.mailbox {
        ANNA
    } else if kept.mailbox == day.stage.bo.mailbox {
        crate::play::stage::BO
    } else {
        crate::play::stage::CLEO
    };
    let page = day.reader(reader).await?.open(&kept.path()).await?;
    ensure!(page.certifies(), "a letter of before the restore answers {}", page.status);
    day.count("restores");
    Ok(())
}

/// The operator's command. It may leave nothing, but what was tampered with before and could not be put back.
async fn accept(day: &Day<'_>, report: &mut Report) -> Result<()> {
    let words = ["evidence", "accept-restore", "--json", "--reason", "prov: an older backup was put back"];
    let said = day.stage.service.command(&words, "").await?;
    let told: Value = serde_json::from_str(said.out.trim())
        .with_context(|| format!("accepting a restore ends with {}: {}", said.code, said.err.trim()))?;
    let list =
        |name: &str| told[name].as_array().cloned().with_context(|| format!("it does not tell {name}"));
    let mut left: Vec<String> = list("left")?.iter().map(Value::to_string).collect();
    for set in list("unknown")? {
        left.push(json!({"fault": "set", "table": set["table"], "set": set["set"]}).to_string());
    }
    ensure!((said.code == 0) == left.is_empty(), "it ends with {} and leaves {left:?}", said.code);
    left.retain(|fault| !day.stage.watch.knows(fault));
    report.after("what an accepted restore leaves", &left);
    Ok(())
}

/// Copies of all tables beside them.
struct Backup {
    tables: Vec<String>,
}

impl Backup {
    async fn make(database: &Database) -> Result<Self> {
        let tables = database.tables().await?;
        let mut statements = Vec::new();
        for table in &tables {
            statements.push(format!("CREATE TABLE backup_of_{table} AS SELECT * FROM {table}"));
        }
        database.execute(&statements.join("; ")).await?;
        Ok(Self { tables })
    }

    async fn put_back(&self, database: &Database) -> Result<()> {
        let mut statements = Vec::new();
        for table in &self.tables {
            statements.push(format!("DELETE FROM {table}"));
            statements.push(format!("INSERT INTO {table} SELECT * FROM backup_of_{table}"));
            statements.push(format!("DROP TABLE backup_of_{table}"));
        }
        database.execute(&statements.join("; ")).await
    }
}
