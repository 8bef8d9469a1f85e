//! `kuvert migrate`: the databases to this program's version.

use super::ConfigArg;
use crate::{config::Config, house, out};
use anyhow::Result;
use std::process::ExitCode;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArg,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let config = Config::read(&args.config.config)?;
    let stores = house::Stores::open(&config).await?;
    stores.migrate().await?;
    out::line("letters and keys are at this program's version");
    Ok(ExitCode::SUCCESS)
}
