//! The service that is measured: the one that runs on a folder, or a child process of our own, of this program or another.

use crate::out;
use anyhow::{Context, Result, bail, ensure};
use domain::chance;
use std::{
    ffi::OsString,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};
use vault::SystemRandom;

pub struct Service {
    folder: PathBuf,
    config: PathBuf,
    addresses: Addresses,
    child: Option<Own>,
}

pub struct Addresses {
    /// The agency door's origin.
    pub door: String,
    pub web: String,
    pub internal: Option<SocketAddr>,
}

/// A child process of our own, and how it is started again.
pub struct Own {
    process: Child,
    program: PathBuf,
    arguments: Vec<OsString>,
}

impl Own {
    /// Returns when it says that it is ready.
    pub async fn start(program: &Path, arguments: Vec<OsString>) -> Result<Self> {
        let process = start(program, &arguments).await?;
        Ok(Self { process, program: program.to_owned(), arguments })
    }
}

impl Service {
    /// One that was started for this run.
    pub fn ours(folder: PathBuf, config: PathBuf, addresses: Addresses, own: Own) -> Self {
        Self { folder, config, addresses, child: Some(own) }
    }

    /// One that runs already, if it answers.
    pub async fn running(folder: PathBuf, config: PathBuf, addresses: Addresses) -> Option<Self> {
        let is_alive = alive(addresses.internal?).await;
        is_alive.then_some(Self { folder, config, addresses, child: None })
    }

    /// What it keeps, and the certificates to call it with.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Its configuration's file, which only a program of the same version can read.
    pub fn config(&self) -> &Path {
        &self.config
    }

    /// The agency door's origin.
    pub fn door(&self) -> &str {
        &self.addresses.door
    }

    pub fn web(&self) -> &str {
        &self.addresses.web
    }

    /// Whether it was started for this run, and may be killed.
    pub fn is_ours(&self) -> bool {
        self.child.is_some()
    }

    /// False once a service of our own has ended.
    pub fn is_alive(&mut self) -> bool {
        self.child.as_mut().is_none_or(|own| matches!(own.process.try_wait(), Ok(None)))
    }

    /// For people: where it is and whose.
    pub fn describe(&self) -> String {
        let whose = match &self.child {
            Some(own) => format!("{}, started for this run", own.program.display()),
            None => "already running".to_owned(),
        };
        format!("{} on {} ({whose})", self.door(), self.folder.display())
    }

    /// The highest resident memory so far, MiB, as the kernel counts it.
    pub fn resident_mib(&self) -> Option<u64> {
        let status = self.of_kernel("status")?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
        Some(line.split_whitespace().next()?.parse::<u64>().ok()? / 1024)
    }

    /// The processor time it has used, ms: what else the machine does is not in it.
    pub fn used_ms(&self) -> Option<u64> {
        let stat = self.of_kernel("stat")?;
        let (_, after) = stat.rsplit_once(") ")?;
        let ticks = after.split(' ').skip(11).take(2).map(|n| n.parse::<u64>().ok());
        Some(ticks.sum::<Option<u64>>()? * TICK_MS)
    }

    /// What the kernel says of its process.
    fn of_kernel(&self, file: &str) -> Option<String> {
        let pid = match &self.child {
            Some(own) => own.process.id()?,
            None => std::fs::read_to_string(self.folder.join("kuvert.pid")).ok()?.trim().parse().ok()?,
        };
        std::fs::read_to_string(format!("/proc/{pid}/{file}")).ok()
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
        own.process = start(&own.program, &own.arguments).await?;
        Ok(())
    }

    /// Waits until the service has placed its events and is quiet, at most `longest`.
    pub async fn settle(&self, longest: Duration) -> Result<()> {
        let Some(address) = self.addresses.internal else { return Ok(()) };
        let deadline = Instant::now() + longest;
        while Instant::now() < deadline {
            if alive(address).await {
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

async fn start(program: &Path, arguments: &[OsString]) -> Result<Child> {
    let mut command = Command::new(program);
    command.args(arguments).stdout(Stdio::piped()).stdin(Stdio::null()).kill_on_drop(true);
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

/// Of Linux, on every machine that it counts this for.
const TICK_MS: u64 = 10;
