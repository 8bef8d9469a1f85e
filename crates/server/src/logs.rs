//! Where log lines go: stderr, so that stdout is for facts.

use crate::config::{Log, LogFormat};
use anyhow::{Context, Result};
use tracing_subscriber::{EnvFilter, fmt, layer::SubscriberExt, util::SubscriberInitExt};

/// Starts logging. Libraries that see addresses, statements or bodies are kept quiet whatever is asked for:
/// `sqlx` would write statements, `hyper` and `h2` headers and frames, `lettre` the mail itself.
pub fn start(log: &Log) -> Result<()> {
    let quiet =
        "sqlx=warn,hyper=info,h2=info,rustls=info,lettre=warn,reqwest=info,hyper_util=info,html5ever=off";
    let filter = format!("{},{quiet}", log.level);
    let filter =
        EnvFilter::builder().parse(&filter).with_context(|| format!("log.level: \"{}\"", log.level))?;
    let lines = fmt::layer().with_writer(std::io::stderr).with_target(true);
    let registry = tracing_subscriber::registry().with(filter);
    match log.format {
        LogFormat::Json => registry.with(lines.json().flatten_event(true)).try_init(),
        LogFormat::Text => registry.with(lines.with_ansi(false)).try_init(),
    }
    .context("logging was started twice")
}
