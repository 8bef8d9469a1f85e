//! `kuvert send --save`: the request to a file instead of to the door, and the command that sends it.

use super::Sending;
use crate::{
    compose::{BOUNDARY, Draft},
    out, shell,
};
use anyhow::{Context, Result};
use serde_json::json;
use std::path::Path;

/// The command stands alone on stdout, so that it can be kept as a script.
pub(super) fn run(sending: &Sending, draft: &Draft, file: &Path) -> Result<()> {
    let body = draft.sign(&sending.signer)?.multipart();
    std::fs::write(file, &body).with_context(|| format!("cannot write {}", file.display()))?;
    let curl = curl(sending, file);
    if sending.json {
        out::json(&json!({"reference": draft.reference, "bytes": body.len(), "file": file, "curl": curl}));
        return Ok(());
    }
    let (reference, file) = (&draft.reference, file.display());
    out::note(&format!("{reference} is signed and not sent: {} bytes in {file}. To send it:", body.len()));
    out::line(&curl);
    Ok(())
}

fn curl(sending: &Sending, file: &Path) -> String {
    let door = &sending.door;
    format!(
        "curl --silent --show-error --cert {} --key {} --cacert {} --header {} --data-binary {} --write-out {} {}",
        shell::path(&door.certificate),
        shell::path(&door.key),
        shell::path(&door.ca),
        shell::word(&format!("Content-Type: multipart/form-data; boundary={BOUNDARY}")),
        shell::word(&format!("@{}", file.display())),
        shell::word(r"\n%{http_code}\n"),
        shell::word(&format!("{}/v1/letters", door.url)),
    )
}
