//! `kuvert keys`: what protects letters, and new keys for old.

use super::{ConfigArg, JsonArg};
use crate::{config::Config, house::Operator, out};
use anyhow::Result;
use clap::Subcommand;
use key_client::Status;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Verb {
    /// Show purposes, versions and how much each protects
    #[command(after_help = "\
Example:
  kuvert keys status --json")]
    Status {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Make a new version of a key and put it to use; can be run while the service runs, and again after a stop
    #[command(after_help = "\
Example:
  kuvert keys rotate mailbox")]
    Rotate {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// A purpose that status shows, such as mailbox
        purpose: String,
    },
}

pub async fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Status { config, json } => {
            let operator = Operator::open(&Config::read(&config.config)?).await?;
            let status = operator.keys.status().await?;
            if json.json {
                out::json(&status);
            } else {
                show(&status);
            }
            operator.close().await;
        }
        Verb::Rotate { config, json, purpose } => {
            let operator = Operator::open(&Config::read(&config.config)?).await?;
            let rotated = operator.keys.rotate(&purpose).await?;
            if json.json {
                out::json(&rotated);
            } else {
                out::line(&format!(
                    "{} has version {}; it seals from {}; {} were sealed anew",
                    rotated.purpose, rotated.version, rotated.seals_from, rotated.rewrapped
                ));
            }
            operator.close().await;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn show(status: &Status) {
    for purpose in &status.purposes {
        let rotates = if purpose.rotates { "" } else { " (does not rotate)" };
        out::line(&format!("{}{rotates}", purpose.purpose));
        for version in &purpose.versions {
            let state = match (version.current, version.retired_at) {
                (true, _) => "seals now".to_owned(),
                (false, Some(at)) => format!("opens only, since {}", at.date()),
                (false, None) => "waits for its turn".to_owned(),
            };
            let wraps = version.wraps.map_or(String::new(), |n| format!(", wraps {n}"));
            let made = version.created_at.date();
            out::line(&format!(
                "  version {} {}  made {made}, {state}{wraps}",
                version.version, version.key_id
            ));
        }
    }
    out::line(&format!(
        "{} private keys of mailboxes and of what waits for other operators",
        status.mailbox_keys
    ));
    if let Some(since) = status.waiting_since {
        let waiting = status.waiting_to_roll;
        out::line(&format!("{waiting} mailboxes wait for a new key after erasures, since {}", since.date()));
    }
}
