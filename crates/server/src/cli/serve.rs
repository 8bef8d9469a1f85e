//! `kuvert serve`: the service, until SIGTERM or SIGINT.

use super::ConfigArg;
use crate::{config::Config, house::House, logs, out};
use anyhow::Result;
use std::{process::ExitCode, sync::Arc};
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
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

/// Cancelled by the first SIGTERM or SIGINT; a second ends the process at once.
pub fn stop_on_signal() -> Result<CancellationToken> {
    let stop = CancellationToken::new();
    let token = stop.clone();
    let mut term = signal(SignalKind::terminate())?;
    let mut int = signal(SignalKind::interrupt())?;
    tokio::spawn(async move {
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        token.cancel();
        tokio::select! { _ = term.recv() => {}, _ = int.recv() => {} }
        out::note("stopped at once");
        std::process::exit(1);
    });
    Ok(stop)
}
