//! `kuvert config`: is it right, and what is in force.

use super::ConfigArg;
use crate::{config::Config, out};
use anyhow::{Context, Result};
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Verb {
    /// Check a configuration without starting anything: its values and, in production, the files and folders it names
    #[command(after_help = "\
Example:
  kuvert config check --config /etc/kuvert/kuvert.toml

Run it as the user that the service runs as. What would stop the service is refused here too, but for databases, ports and
what other machines say: for those there is kuvert doctor --config.")]
    Check {
        #[command(flatten)]
        config: ConfigArg,
        /// Look at the values alone, and at no file: on another machine than the one it is for
        #[arg(long)]
        values_only: bool,
    },
    /// Show the configuration in force, with every default written out
    #[command(after_help = "\
Example:
  kuvert config show --config /etc/kuvert/kuvert.toml

Nothing secret stands in a configuration; passwords in database addresses, allowed outside production, are hidden.")]
    Show {
        #[command(flatten)]
        config: ConfigArg,
        /// Print JSON instead of TOML
        #[arg(long)]
        json: bool,
    },
}

pub fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Check { config: ConfigArg { config }, values_only } => {
            let read = Config::read(&config)?;
            // Outside production the first start makes what is missing.
            if read.instance.production && !values_only {
                read.check_files().with_context(|| format!("in {}", config.display()))?;
            }
            let kind = if read.instance.production { "production" } else { "development" };
            for warning in read.warnings() {
                out::note(&format!("warning: {warning}"));
            }
            out::line(&format!("{}: good ({kind}, operator {})", config.display(), read.instance.id));
        }
        Verb::Show { config, json } => {
            let mut read = Config::read(&config.config)?;
            for database in [&mut read.store.database, &mut read.keys.database] {
                hide_password(database);
            }
            if json {
                out::json(&read);
            } else {
                out::line(&toml::to_string_pretty(&read)?);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Outside production an address may hold a password; it is for the database alone.
fn hide_password(database: &mut String) {
    let Ok(mut url) = reqwest::Url::parse(database) else { return };
    let parameters: Vec<_> = url.query_pairs().into_owned().collect();
    let hidden = parameters.iter().any(|(name, _)| name == "password");
    if url.password().is_none() && !hidden {
        return;
    }
    if url.password().is_some() && url.set_password(Some("hidden")).is_err() {
        return;
    }
    if hidden {
        let shown = parameters.iter().map(|(n, v)| (n, if n == "password" { "hidden" } else { v }));
        url.query_pairs_mut().clear().extend_pairs(shown);
    }
    *database = url.into();
}
