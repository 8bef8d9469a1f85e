//! The service that is measured: the one that runs on DIR, or a child process of our own.

use super::LoadArgs;
use crate::{config::Config, out};
use anyhow::{Context, Result, bail, ensure};
use domain::chance;
use std::{
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use vault::SystemRandom;

/// A running service.
pub struct Service {
    folder: PathBuf,
    config: Config,
    child: Option<Own>,
    run: String,
}

struct Own {
    process: Child,
    port_base: u16,
    database: Option<String>,
}

/// Uses the service that runs on the folder, or prepares the folder and starts one on free ports.
pub async fn find_or_start(args: &LoadArgs) -> Result<Service> {
    std::fs::create_dir_all(&args.data)?;
    let folder = args.data.canonicalize()?;
    let run = hex(&chance::bytes::<4>(&SystemRandom));
    if let Ok(config) = Config::read(&folder.join("kuvert.toml"))
        && let Some(address) = config.internal.listen.first()
        && alive(*address).await
    {
        return Ok(Service { folder, config, child: None, run });
    }
    let port_base = free_ports()?;
    let process = start(&folder, port_base, args.database.as_deref()).await?;
    let config = Config::read(&folder.join("kuvert.toml"))?;
    let own = Own { process, port_base, database: args.database.clone() };
    Ok(Service { folder, config, child: Some(own), run })
}

impl Service {
    pub fn folder(&self) -> &Path {
        &self.folder
    }
    pub fn config(&self) -> &Config {
        &self.config
    }
    /// New in every run, so that references are.
    pub fn run_id(&self) -> &str {
        &self.run
    }
    /// The agency door's origin.
    pub fn door(&self) -> String {
        let port = self.config.agency.listen.first().map_or(0, SocketAddr::port);
        format!("https://127.0.0.1:{port}")
    }
    pub fn is_ours(&self) -> bool {
        self.child.is_some()
    }
    pub fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_none_or(|own| matches!(own.process.try_wait(), Ok(None)))
    }
    pub fn describe(&self) -> String {
        let whose = if self.is_ours() { "started for this run" } else { "already running" };
        format!("{} on {} ({whose})", self.door(), self.folder.display())
    }

    /// The highest resident memory so far, MiB, as the kernel counts it.
    pub fn resident_mib(&self) -> Option<u64> {
        let pid = match &self.child {
            Some(own) => own.process.id()?,
            None => std::fs::read_to_string(self.folder.join("kuvert.pid")).ok()?.trim().parse().ok()?,
        };
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
    }

    /// Between 50 ms and 1.2 s: within start-up, in the middle of commits, and in between.
    pub fn random_pause(&self) -> Duration {
        let chance = u16::from_be_bytes(chance::bytes(&SystemRandom));
        Duration::from_millis(50 + u64::from(chance) * 1150 / u64::from(u16::MAX))
    }

    /// SIGKILL, then the same start again. PostgreSQL is left running; SQLite is inside the process and dies with it.
    pub async fn kill_and_restart(&mut self) -> Result<()> {
        let Some(own) = &mut self.child else { bail!("only a service of our own is killed") };
        own.process.start_kill()?;
        own.process.wait().await?;
        own.process = start(&self.folder, own.port_base, own.database.as_deref()).await?;
        Ok(())
    }

    /// Waits until the service has placed its events and is quiet, at most `longest`.
    pub async fn settle(&self, longest: Duration) -> Result<()> {
        let Some(address) = self.config.internal.listen.first() else { return Ok(()) };
        let deadline = Instant::now() + longest;
        while Instant::now() < deadline {
            if alive(*address).await {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("the service does not answer")
    }

    /// Ends a service of our own with SIGTERM and sees that it exits with 0.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(mut own) = self.child.take() else { return Ok(()) };
        if let Some(pid) = own.process.id() {
            let sent = Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
            ensure!(sent.success(), "cannot stop the service");
        }
        let ended = tokio::time::timeout(Duration::from_secs(60), own.process.wait()).await;
        let status = ended.context("the service does not stop")??;
        ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }
}

async fn start(folder: &Path, port_base: u16, database: Option<&str>) -> Result<Child> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("demo").arg("--data").arg(folder).arg("--port-base").arg(port_base.to_string());
    if let Some(database) = database {
        command.arg("--database").arg(database);
    }
    command.stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true);
    let mut process = command.spawn()?;
    let stdout = process.stdout.take().context("the child has no stdout")?;
    let mut lines = BufReader::new(stdout).lines();
    let ready = async {
        while let Some(line) = lines.next_line().await? {
            if line == "ready" {
                return Ok(true);
            }
        }
        Ok::<_, std::io::Error>(false)
    };
    let ready = tokio::time::timeout(Duration::from_secs(60), ready)
        .await
        .context("the service does not start")??;
    ensure!(ready, "the service ended before it was ready; see its messages above");
    // Whatever it says later is read and let go, so that it never waits for us.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(process)
}

async fn alive(address: SocketAddr) -> bool {
    let url = format!("http://{address}/health/ready");
    let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(2)).build();
    match client {
        Ok(client) => client.get(url).send().await.is_ok_and(|r| r.status().is_success()),
        Err(error) => {
            out::note(&format!("cannot ask for the service's health: {error}"));
            false
        }
    }
}

/// Five ports in a row that are free now.
fn free_ports() -> Result<u16> {
    for _ in 0..100 {
        let base = 20_000 + u16::from_be_bytes(chance::bytes(&SystemRandom)) % 20_000;
        if (0..5).all(|n| TcpListener::bind(("127.0.0.1", base + n)).is_ok()) {
            return Ok(base);
        }
    }
    bail!("no five free ports in a row")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
