//! `kuvert send --save`: the request to a file instead of to the door, and the command that sends it.

use super::Sending;
use crate::{
    compose::{BOUNDARY, Draft},
    out, shell,
};
use anyhow::{Context, Result, anyhow};
use serde_json::json;
use std::path::Path;

/// The command stands alone on stdout, so that it can be kept as a script.
pub(super) fn run(sending: &Sending, draft: &Draft, file: &Path) -> Result<()> {
    let (body, media_type, path) = match &sending.soap {
        None => {
            let media_type = format!("multipart/form-data; boundary={BOUNDARY}");
            (draft.sign(&sending.signer)?.multipart(), media_type, "/v1/letters")
        }
        Some(soap) => {
            let message = soap.envelope(draft, &sending.sender)?;
            let message = message.map_err(|broken| anyhow!("it would be refused: {}", broken.line(0)))?;
            (message, "text/xml; charset=utf-8".to_owned(), "/Service/v3")
        }
    };
    std::fs::write(file, &body).with_context(|| format!("cannot write {}", file.display()))?;
    let curl = curl(sending, file, &media_type, path);
    if sending.json {
        out::json(&json!({"reference": draft.reference, "bytes": body.len(), "file": file, "curl": curl}));
        return Ok(());
    }
    let reference = &draft.reference;
    let file = file.display();
    out::note(&format!("{reference} is signed and not sent: {} bytes in {file}. To send it:", body.len()));
    out::line(&curl);
    Ok(())
}

fn curl(sending: &Sending, file: &Path, media_type: &str, path: &str) -> String {
    let door = &sending.door;
    format!(
        "curl --silent --show-error --cert {} --key {} --cacert {} --header {} --data-binary {} --write-out {} {}",
        shell::path(&door.certificate),
        shell::path(&door.key),
        shell::path(&door.ca),
        shell::word(&format!("Content-Type: {media_type}")),
        shell::word(&format!("@{}", file.display())),
        shell::word(r"\n%{http_code}\n"),
        shell::word(&format!("{}{path}", door.url)),
    )
}
