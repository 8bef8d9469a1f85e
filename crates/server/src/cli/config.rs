//! `kuvert config`: is it right, and what is in force.

use super::ConfigArg;
use crate::{config::Config, out};
use anyhow::Result;
use clap::Subcommand;
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Verb {
    /// Check a configuration without starting anything
    Check(ConfigArg),
    /// Show the configuration in force, with every default written out
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
        Verb::Check(ConfigArg { config }) => {
            let read = Config::read(&config)?;
            let kind = if read.instance.production { "production" } else { "development" };
            out::line(&format!("{}: good ({kind}, operator {})", config.display(), read.instance.id));
        }
        Verb::Show { config, json } => {
            let read = Config::read(&config.config)?;
            if json {
                out::json(&read);
            } else {
                out::line(&toml::to_string_pretty(&read)?);
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
