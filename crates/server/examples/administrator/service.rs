//! The service under attack: a demo that runs already, or one of our own as a child process.

use anyhow::{Context, Result, bail, ensure};
use std::{
    fs::OpenOptions,
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

/// A demo on its folder.
pub struct Service {
    program: PathBuf,
    pub folder: PathBuf,
    /// Where its log goes, if that is known.
    pub log: Option<PathBuf>,
    pub urls: Urls,
    /// The letter database, as the configuration in force has it.
    pub database: String,
    own: Option<Own>,
}

/// Where it answers.
pub struct Urls {
    pub web: String,
    pub agency: String,
    pub internal: String,
}

struct Own {
    child: Child,
    base: u16,
    database: Option<String>,
}

/// What a command said.
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Service {
    /// The demo that runs on a folder.
    pub fn find(program: &Path, folder: &Path, database: Option<&str>, log: Option<&Path>) -> Result<Self> {
        let (urls, found) = read(folder)?;
        let database = database.map_or(found, str::to_owned);
        let program = program.to_owned();
        let folder = folder.to_owned();
        let log = log.map(Path::to_owned);
        Ok(Self { program, folder, log, urls, database, own: None })
    }

    /// Starts one on a folder of its own.
    pub async fn start(program: &Path, folder: &Path, database: Option<&str>) -> Result<Self> {
        std::fs::create_dir_all(folder)?;
        let base = free_ports()?;
        let log = folder.with_extension("log");
        let child = spawn(program, folder, base, database, &log).await?;
        let (urls, found) = read(folder)?;
        let own = Own { child, base, database: database.map(str::to_owned) };
        let program = program.to_owned();
        let folder = folder.to_owned();
        Ok(Self { program, folder, log: Some(log), urls, database: found, own: Some(own) })
    }

    pub fn is_ours(&self) -> bool {
        self.own.is_some()
    }

    /// SIGKILL in the middle of whatever it does, and the same start again.
    pub async fn kill_and_restart(&mut self) -> Result<()> {
        self.kill().await?;
        self.restart().await
    }

    pub async fn kill(&mut self) -> Result<()> {
        let Some(own) = &mut self.own else { bail!("only a service of our own is killed") };
        own.child.start_kill()?;
        own.child.wait().await.map(drop).map_err(Into::into)
    }

    pub async fn restart(&mut self) -> Result<()> {
        let Some(own) = &mut self.own else { bail!("only a service of our own is started") };
        let log = self.log.clone().context("its log has no place")?;
        own.child = spawn(&self.program, &self.folder, own.base, own.database.as_deref(), &log).await?;
        Ok(())
    }

    /// Ends one of our own as an operator does.
    pub async fn stop(&mut self) -> Result<()> {
        let Some(mut own) = self.own.take() else { return Ok(()) };
        let pid = own.child.id().context("the service has ended")?;
        Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        let ended = tokio::time::timeout(Duration::from_secs(60), own.child.wait()).await;
        let status = ended.context("the service does not stop")??;
        ensure!(status.success(), "the service ended with {status}");
        Ok(())
    }

    /// Runs one of its commands with the configuration in force.
    pub async fn command(&self, words: &[&str], input: &str) -> Result<Said> {
        let mut command = Command::new(&self.program);
        command.args(words).env("KUVERT_CONFIG", self.folder.join("kuvert.toml")).env_remove("RUST_LOG");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        let mut child =
            command.spawn().with_context(|| format!("{} does not start", self.program.display()))?;
        if let Some(mut stdin) = child.stdin.take() {
            // A command that does not read has closed it.
            let _ = stdin.write_all(input.as_bytes()).await;
        }
        let output = child.wait_with_output().await?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let code = output.status.code().unwrap_or(-1);
        Ok(Said { code, out: text(&output.stdout), err: text(&output.stderr) })
    }

    /// The same, and it must go well.
    pub async fn must(&self, words: &[&str], input: &str) -> Result<Said> {
        let said = self.command(words, input).await?;
        ensure!(said.code == 0, "kuvert {}: {} {}", words.join(" "), said.err.trim(), said.out.trim());
        Ok(said)
    }
}

async fn spawn(
    program: &Path,
    folder: &Path,
    base: u16,
    database: Option<&str>,
    log: &Path,
) -> Result<Child> {
    let mut command = Command::new(program);
    command.arg("demo").arg("--data").arg(folder).args(["--port-base", &base.to_string()]);
    if let Some(database) = database {
        command.args(["--database", database]);
    }
    let log = OpenOptions::new().create(true).append(true).open(log)?;
    command.env_remove("RUST_LOG").env_remove("KUVERT_CONFIG");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log).kill_on_drop(true);
    let mut child = command.spawn().with_context(|| format!("{} does not start", program.display()))?;
    let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let ready = async {
        while lines.next_line().await?.context("it ended before it was ready")? != "ready" {}
        anyhow::Ok(())
    };
    tokio::time::timeout(Duration::from_secs(180), ready).await.context("it does not become ready")??;
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(child)
}

/// Addresses and database, from what the demo writes for people to read.
fn read(folder: &Path) -> Result<(Urls, String)> {
    let text = |name: &str| {
        let path = folder.join(name);
        std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read {}: is it a demo's folder?", path.display()))
    };
    let demo: serde_json::Value = serde_json::from_str(&text("demo.json")?)?;
    let url =
        |name: &str| demo["urls"][name].as_str().map(str::to_owned).context("demo.json has no such URL");
    let urls = Urls { web: url("web")?, agency: url("agency")?, internal: url("internal")? };
    let config: toml::Table = text("kuvert.toml")?.parse()?;
    let database = config.get("store").and_then(|store| store.get("database")).and_then(toml::Value::as_str);
    Ok((urls, database.context("kuvert.toml has no store.database")?.to_owned()))
}

fn free_ports() -> Result<u16> {
    for _ in 0..100 {
        let chance = vault::Key::random(&vault::SystemRandom);
        let base = 22_000 + u16::from_be_bytes([chance.expose()[0], chance.expose()[1]]) % 30_000;
        if (0..5).all(|n| TcpListener::bind(("127.0.0.1", base + n)).is_ok()) {
            return Ok(base);
        }
    }
    bail!("no five free ports in a row")
}
