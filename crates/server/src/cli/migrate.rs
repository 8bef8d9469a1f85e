//! `kuvert migrate`: the databases to this program's version.

use super::ConfigArg;
use crate::{config::Config, house, out};
use anyhow::Result;
use std::{process::ExitCode, sync::Arc};

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
    // A new instance may not have its root key yet, and has nothing that anybody could vouch for.
    if key_service::decides_anything(&stores.letters).await? {
        let clock: Arc<dyn domain::Clock> = Arc::new(domain::SystemClock);
        let random: Arc<dyn domain::Random> = Arc::new(vault::SystemRandom);
        let service = house::open_keys(&config, &stores, &clock, &random).await?;
        if let Some(sets) = house::take_over(&service, true).await? {
            out::line(&format!(
                "took over what an older version wrote: {sets} sets of senders, people, organisations and mailboxes; \
                 from now on each row that decides is vouched for"
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}
