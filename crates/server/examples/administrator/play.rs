//! The play, from the services that it is played on to what it came to. Shared with the test of the same.

mod agency;
mod batch;
mod boxes;
mod chance;
mod citizen;
mod database;
mod format;
mod honest;
mod listed;
pub mod options;
mod random;
mod report;
mod seen;
mod service;
mod stage;
mod tamper;
mod watch;

use anyhow::{Context, Result, bail, ensure};
use options::{Options, Which};
use report::{Report, progress};
use service::Service;
use sqlx::{AssertSqlSafe, ConnectOptions, Connection, postgres::PgConnectOptions};
use stage::Stage;
use std::path::Path;

/// Plays on every database that is asked for; whether all held.
pub async fn run(options: &Options) -> Result<bool> {
    let program = options.program()?;
    ensure!(program.exists(), "{} is not there: cargo build -p server --bin kuvert", program.display());
    if let Some(folder) = &options.data {
        let service = Service::find(&program, folder, options.database.as_deref(), options.log.as_deref())?;
        return Box::pin(on(service, options)).await.map(|(held, _)| held);
    }
    let mut held = true;
    if options.only != Some(Which::Postgres) {
        held &= Box::pin(own(&program, None, options)).await?;
    }
    match &options.postgres {
        _ if options.only == Some(Which::Sqlite) => {}
        Some(server) => {
            let fresh = Fresh::make(server).await?;
            let outcome = Box::pin(own(&program, Some(&fresh.url), options)).await;
            if !options.keep {
                fresh.remove().await?;
            }
            held &= outcome?;
        }
        None if options.only.is_none() => progress("PostgreSQL is left out: none is named by --postgres"),
        None => bail!("--postgres: which server?"),
    }
    Ok(held)
}

/// A demo of its own, in a temporary folder.
async fn own(program: &Path, database: Option<&str>, options: &Options) -> Result<bool> {
    let folder = tempfile::tempdir()?;
    let data = folder.path().join("demo");
    let service = Service::start(program, &data, database).await.context("a demo of its own")?;
    let outcome = Box::pin(on(service, options)).await;
    if options.keep {
        progress(&format!("kept: {}", folder.keep().display()));
    }
    let (held, mut service) = outcome?;
    service.stop().await?;
    Ok(held)
}

async fn on(service: Service, options: &Options) -> Result<(bool, Service)> {
    let mut stage = Stage::open(service).await?;
    let name = stage.database.name();
    let mut report = Report::new(name, options.is_broken(), options.json);
    if !stage.watch.has_sweep {
        progress(&format!(
            "{name}: this program has no `kuvert evidence check`: nothing is found by a sweep"
        ));
    }
    if options.plays_listed() {
        Box::pin(listed::play(&mut stage, &options.cases, &mut report)).await?;
    }
    let chance = vault::Key::random(&vault::SystemRandom);
    let seed =
        options.seed.unwrap_or_else(|| u64::from(chance.expose()[0]) << 8 | u64::from(chance.expose()[1]));
    if options.random > 0 {
        progress(&format!("{name}: random tamperings by --seed {seed}"));
        Box::pin(batch::play(&mut stage, (options.random, options.boxes), seed, &mut report)).await?;
    }
    if options.honest > 0 {
        Box::pin(honest::play(&mut stage, options.honest, seed, &mut report)).await?;
    }
    let held = report.close(options.honest);
    stage.database.close().await;
    Ok((held, stage.service))
}

/// A database of one run.
struct Fresh {
    server: PgConnectOptions,
    name: String,
    url: String,
}

impl Fresh {
    async fn make(server: &str) -> Result<Self> {
        let server: PgConnectOptions = server.parse().context("--postgres")?;
        let chance = vault::Key::random(&vault::SystemRandom);
        let name = format!("kuvert_administrator_{}", database::hex(&chance.expose()[..6]));
        let mut connection = server.connect().await.context("--postgres")?;
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE DATABASE {name}"))).execute(&mut connection).await?;
        connection.close().await?;
        let url = server.clone().database(&name).to_url_lossy().to_string();
        Ok(Self { server, name, url })
    }

    async fn remove(self) -> Result<()> {
        let mut connection = self.server.connect().await?;
        let sql = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut connection).await?;
        Ok(connection.close().await?)
    }
}
