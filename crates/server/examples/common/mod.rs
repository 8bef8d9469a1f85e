//! What the examples that measure share: the command line, a demo of their own, and how busy the machine is.

#![allow(dead_code, reason = "no example needs all of it")]

use anyhow::{Context, Result, bail, ensure};
use std::{
    path::{Path, PathBuf},
    process::{ExitCode, Stdio},
    str::FromStr,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

/// The words after the program's name.
pub struct Words(Vec<String>);

impl Words {
    /// What follows this word.
    pub fn after(&self, name: &str) -> Option<&str> {
        let at = self.0.iter().position(|word| word == name)?;
        self.0.get(at + 1).map(String::as_str)
    }

    pub fn number<T: FromStr>(&self, name: &str, otherwise: T) -> Result<T>
    where
        T::Err: std::error::Error + Send + Sync + 'static,
    {
        self.after(name).map_or(Ok(otherwise), |text| text.parse().with_context(|| name.to_owned()))
    }
}

/// Runs the example, or the service, which is this very program. Exit 0 only if it held.
pub fn main<F: Future<Output = Result<bool>>>(name: &str, run: impl FnOnce(Words) -> F) -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().is_some_and(|word| !word.starts_with("--")) {
        return server::cli::run();
    }
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    match runtime.block_on(run(Words(words))) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{name}: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// A demo as a child process.
pub struct Demo {
    pub base: u16,
    pub program: PathBuf,
    folder: PathBuf,
    temporary: Option<TempDir>,
    child: Child,
    pid: u32,
}

impl Demo {
    /// On the folder that `--data` names or a temporary one, by the program that `--kuvert` names or this one.
    pub async fn start(words: &Words) -> Result<Self> {
        let temporary = words.after("--data").is_none().then(tempfile::tempdir).transpose()?;
        let folder = temporary.as_ref().map(|folder| folder.path().to_owned());
        let folder = folder.or(words.after("--data").map(PathBuf::from)).context("no folder")?;
        let program = words.after("--kuvert").map_or_else(std::env::current_exe, |path| Ok(path.into()))?;
        let base = free_ports()?;
        let mut command = Command::new(&program);
        command.arg("demo").arg("--data").arg(&folder).args(["--port-base", &base.to_string()]);
        command.args(["--log", "error"]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let pid = child.id().context("the service has ended")?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        while lines.next_line().await?.context("the service ended before it was ready")? != "ready" {}
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        Ok(Self { base, program, folder, temporary, child, pid })
    }

    pub fn path(&self) -> &Path {
        &self.folder
    }

    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// An error once it has ended.
    pub fn is_running(&mut self) -> Result<()> {
        self.child.try_wait()?.map_or(Ok(()), |status| bail!("the service ended with {status}"))
    }

    /// MiB by this line of its status: `VmRSS:` now, `VmHWM:` at most.
    pub fn resident(&self, line: &str) -> Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid))?;
        let line = status.lines().find_map(|l| l.strip_prefix(line)).context("no such line")?;
        Ok(line.split_whitespace().next().context("no number")?.parse::<u64>()? / 1024)
    }

    /// SIGTERM, exit 0; a temporary folder goes.
    pub async fn stop(mut self) -> Result<()> {
        Command::new("kill").args(["-TERM", &self.pid.to_string()]).status().await?;
        let status = self.child.wait().await?;
        ensure!(status.success(), "the service ended with {status}");
        self.temporary.map_or(Ok(()), TempDir::close)?;
        Ok(())
    }
}

/// The machine's time since then, in ticks of the kernel.
pub struct Busy {
    all: u64,
    idle: u64,
    own: u64,
}

impl Busy {
    pub fn since_now(demo: &Demo) -> Result<Self> {
        let stat = std::fs::read_to_string("/proc/stat")?;
        let line = stat.lines().next().context("no line")?;
        let ticks: Vec<u64> = line.split_whitespace().skip(1).filter_map(|n| n.parse().ok()).collect();
        let all = ticks.iter().take(8).sum();
        let idle = ticks.iter().skip(3).take(2).sum();
        Ok(Self { all, idle, own: used("self")? + used(&demo.pid.to_string())? })
    }

    /// How much of the machine nobody used, and how much the service and this program did: others may be at work too.
    pub fn told(&self, demo: &Demo) -> Result<String> {
        let now = Self::since_now(demo)?;
        let share = |ticks: u64| ticks * 100 / (now.all - self.all).max(1);
        let idle = share(now.idle - self.idle);
        let own = share(now.own - self.own);
        Ok(format!("service and client used {own} % of the machine, {idle} % was idle"))
    }
}

/// Of one process.
fn used(pid: &str) -> Result<u64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, after) = stat.rsplit_once(") ").context("no name")?;
    Ok(after.split(' ').skip(11).take(2).filter_map(|n| n.parse::<u64>().ok()).sum())
}

/// Of the last minutes, as the kernel has it.
pub fn load() -> Result<String> {
    Ok(std::fs::read_to_string("/proc/loadavg")?.split(' ').take(3).collect::<Vec<_>>().join(" "))
}

fn free_ports() -> Result<u16> {
    for _ in 0..100 {
        let chance = u16::from_be_bytes(domain::chance::bytes(&vault::SystemRandom));
        let base = 22_000 + chance % 30_000;
        if (0..5).all(|n| std::net::TcpListener::bind(("127.0.0.1", base + n)).is_ok()) {
            return Ok(base);
        }
    }
    bail!("no five free ports in a row")
}
