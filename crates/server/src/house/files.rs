//! Files that the configuration names.

use anyhow::{Context, Result};
use std::path::Path;

/// The whole of one. An error says which key names it.
pub fn read(key: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{key}: cannot read {}", path.display()))
}
