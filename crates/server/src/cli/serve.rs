//! `kuvert serve`: the service, until SIGTERM or SIGINT.

use super::ConfigArg;
use crate::{config::Config, house::House, logs, out, signals::stop_on_signal};
use anyhow::Result;
use std::{process::ExitCode, sync::Arc};
use tracing::info;

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArg,
    /// Bring the databases to this program's version first
    #[arg(long)]
    migrate: bool,
    /// Log at this level instead of the configuration's: error, warn, info, debug, trace
    #[arg(long, value_name = "LEVEL")]
    log: Option<String>,
}

pub async fn run(args: Args) -> Result<ExitCode> {
    let mut config = Config::read(&args.config.config)?;
    if let Some(level) = args.log {
        config.log.level = level;
    }
    logs::start(&config.log)?;
    let stop = stop_on_signal()?;
    let operator = config.instance.id.clone();
    let version = env!("CARGO_PKG_VERSION");
    info!(operator, version, production = config.instance.production, "Starting");
    let house = House::open(config, Arc::new(domain::SystemClock), args.migrate).await?;
    let doors = house.bind().await?;
    for line in doors.addresses() {
        out::line(&line);
    }
    Box::pin(house.serve(doors, stop, || out::line("ready"))).await?;
    Ok(ExitCode::SUCCESS)
}
