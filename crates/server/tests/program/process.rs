//! `kuvert` as a child process, its ports, its folder and its databases.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Ipv6Addr, TcpListener},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, Command, ExitStatus, Stdio},
    sync::{Arc, Condvar, Mutex, atomic::AtomicU16, atomic::Ordering},
    time::{Duration, Instant},
};
use store::{DatabaseKind, testing::Database};
use tempfile::TempDir;

/// Long enough for a crowded machine, and for a letter that is tried again after a minute; a wait ends as soon as its fact
/// is there.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// What a finished command said.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The last line of stdout as JSON.
    pub fn json(&self) -> serde_json::Value {
        let line = self.out.lines().last().unwrap_or_else(|| panic!("nothing on stdout: {self:?}"));
        serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    pub fn good(self) -> Self {
        assert_eq!(self.code, 0, "{self:?}");
        self
    }

    /// Ended with this code, naming all of this on stderr.
    pub fn bad(self, code: i32, names: &[&str]) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        for name in names {
            assert!(self.err.contains(name), "\"{name}\" is not named: {self:?}");
        }
        self
    }
}

pub fn kuvert() -> Command {
    // Where this is part of an example, that is the program itself.
    let built = option_env!("CARGO_BIN_EXE_kuvert").map(PathBuf::from);
    let mut command = Command::new(built.unwrap_or_else(|| std::env::current_exe().unwrap()));
    command.env_remove("KUVERT_CONFIG").env_remove("RUST_LOG");
    command
}

/// Runs a command to its end.
pub fn run(arguments: &[&str]) -> Said {
    run_with(arguments, "")
}

/// Runs a command to its end with this on its standard input.
pub fn run_with(arguments: &[&str], input: &str) -> Said {
    let mut command = kuvert();
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin: ChildStdin = child.stdin.take().unwrap();
    // A command that does not read its input has closed it.
    let _ = stdin.write_all(input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    Said {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Lines of a pipe as they come.
#[derive(Clone, Default)]
pub struct Heard(Arc<(Mutex<Hearing>, Condvar)>);

#[derive(Default)]
struct Hearing {
    bytes: Vec<u8>,
    ended: bool,
}

impl Heard {
    fn listen(pipe: impl Read + Send + 'static) -> Self {
        let heard = Self::default();
        let own = heard.clone();
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(pipe);
            let mut line = Vec::new();
            while pipe.read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                own.0.0.lock().unwrap().bytes.append(&mut line);
                own.0.1.notify_all();
            }
            own.0.0.lock().unwrap().ended = true;
            own.0.1.notify_all();
        });
        heard
    }

    pub fn bytes(&self) -> Vec<u8> {
        self.0.0.lock().unwrap().bytes.clone()
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes()).into_owned()
    }

    /// Waits for a line; false when the pipe ended without it.
    pub fn wait_for(&self, line: &str) -> bool {
        let deadline = Instant::now() + PATIENCE;
        let mut hearing = self.0.0.lock().unwrap();
        loop {
            if String::from_utf8_lossy(&hearing.bytes).lines().any(|one| one == line) {
                return true;
            }
            if hearing.ended {
                return false;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "\"{line}\" did not come in {PATIENCE:?}");
            hearing = self.0.1.wait_timeout(hearing, left).unwrap().0;
        }
    }

    fn wait_for_end(&self) {
        let mut hearing = self.0.0.lock().unwrap();
        while !hearing.ended {
            hearing = self.0.1.wait(hearing).unwrap();
        }
    }
}

/// A running service.
pub struct Service {
    child: Child,
    pub out: Heard,
    pub err: Heard,
    pub base: u16,
    /// From the start to `ready`.
    pub took: Duration,
}

impl Service {
    /// Starts and waits for `ready`.
    pub fn start(mut command: Command, base: u16) -> Result<Self, Said> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let began = Instant::now();
        let mut child = command.spawn().unwrap();
        let out = Heard::listen(child.stdout.take().unwrap());
        let err = Heard::listen(child.stderr.take().unwrap());
        let ready = out.wait_for("ready");
        let mut service = Self { child, out, err, base, took: began.elapsed() };
        if ready {
            return Ok(service);
        }
        let code = service.wait().code().unwrap_or(-1);
        Err(Said { code, out: service.out.text(), err: service.err.text() })
    }

    pub fn url(&self, offset: u16) -> String {
        let scheme = if offset == 1 { "https" } else { "http" };
        let host = if offset >= 3 { "localhost" } else { "127.0.0.1" };
        format!("{scheme}://{host}:{}", self.base + offset)
    }

    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill").args([format!("-{name}"), self.child.id().to_string()]).status();
        assert!(sent.unwrap().success());
    }

    pub fn wait(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        // Both pipes end with the process.
        self.out.wait_for_end();
        self.err.wait_for_end();
        assert!(Instant::now() < deadline, "it did not end");
        self.child.wait().unwrap()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// SIGTERM, and exit 0.
    pub fn stop(mut self) -> String {
        self.signal("TERM");
        let status = self.wait();
        assert_eq!(status.code(), Some(0), "{status}: {}", self.err.text());
        self.err.text()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A demo's folder, on one of the two databases.
pub struct Demo {
    pub dir: TempDir,
    pub base: u16,
    pub database: Option<Database>,
    pub log: &'static str,
}

impl Demo {
    pub async fn on(kind: DatabaseKind) -> Self {
        // Once for the process; another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let database = match kind {
            DatabaseKind::Sqlite => None,
            DatabaseKind::Postgres => Some(
                Database::fresh(kind).await.unwrap_or_else(|e| panic!("no PostgreSQL for this test: {e}")),
            ),
        };
        Self { dir: tempfile::tempdir().unwrap(), base: free_ports(5), database, log: "info" }
    }

    pub fn path(&self) -> &Path {
        self.dir.path()
    }

    pub fn config(&self) -> String {
        self.path().join("kuvert.toml").display().to_string()
    }

    /// Its configuration with one text for another, in a file of its own.
    pub fn with(&self, name: &str, from: &str, to: &str) -> String {
        let text = std::fs::read_to_string(self.config()).unwrap();
        assert!(text.contains(from), "{from}: {text}");
        let path = self.path().join(name);
        std::fs::write(&path, text.replacen(from, to, 1)).unwrap();
        path.display().to_string()
    }

    pub fn pki(&self, name: &str) -> PathBuf {
        self.path().join("pki").join(name)
    }

    pub fn command(&self) -> Command {
        let mut command = kuvert();
        command.arg("demo").arg("--data").arg(self.path()).args(["--log", self.log]);
        command.args(["--port-base", &self.base.to_string()]);
        if let Some(database) = &self.database {
            command.args(["--database", &database.url]);
        }
        command
    }

    pub fn start(&self) -> Service {
        Service::start(self.command(), self.base).unwrap_or_else(|said| panic!("it does not start: {said:?}"))
    }

    /// Takes the database away again.
    pub async fn end(self) {
        if let Some(database) = self.database {
            database.remove().await;
        }
    }
}

/// So many ports in a row that are free on both loopback addresses, and that no other test of this process has.
pub fn free_ports(count: u16) -> u16 {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let start = u16::try_from(std::process::id() % 1000).unwrap() * 20;
    for _ in 0..1000 {
        let base = 22_000 + (start + NEXT.fetch_add(count, Ordering::Relaxed)) % 9_000;
        let free = |port: u16| {
            TcpListener::bind(("127.0.0.1", port)).is_ok()
                && TcpListener::bind((Ipv6Addr::LOCALHOST, port)).is_ok()
        };
        if (base..base + count).all(free) {
            return base;
        }
    }
    panic!("no {count} free ports in a row");
}

/// Asks until the answer is there.
pub async fn until<T, F: Future<Output = Option<T>>>(what: &str, ask: impl Fn() -> F) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask().await {
            return answer;
        }
        assert!(Instant::now() < deadline, "waited in vain: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}
