//! The client's own account of what it sent and what it was promised: on disk before each letter goes and
//! after each receipt, so that nothing the service says later can change it.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    sync::Mutex,
};

/// One line of it. A letter has its place in the order of signing as its number.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Line {
    /// The letter with this number is about to be sent.
    Sending { no: usize },
    /// A receipt has come.
    Promised { no: usize, letter_id: String, receipt: String },
    /// A refusal that repeating does not change.
    Refused { no: usize, code: String },
}

/// The file, one JSON value a line.
pub struct Ledger {
    path: PathBuf,
    file: Mutex<File>,
    sync: bool,
}

impl Ledger {
    /// Starts a new ledger in `folder`. With `sync`, each line is fsynced before the call returns.
    pub fn create(folder: &Path, sync: bool) -> Result<Self> {
        let path = folder.join("ledger.jsonl");
        let file = OpenOptions::new().create(true).write(true).truncate(true).open(&path);
        let file = file.with_context(|| format!("cannot write {}", path.display()))?;
        Ok(Self { path, file: Mutex::new(file), sync })
    }

    /// Writes a line; returns when it is on disk.
    pub fn write(&self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        let mut file = self.file.lock().map_err(|_| anyhow::anyhow!("the ledger is poisoned"))?;
        file.write_all(&text)?;
        if self.sync {
            file.sync_data()?;
        }
        Ok(())
    }

    /// All lines, read back from the file.
    pub fn read(&self) -> Result<Vec<Line>> {
        let lines = BufReader::new(File::open(&self.path)?).lines();
        lines.map(|line| Ok(serde_json::from_str(&line?)?)).collect()
    }
}
