//! A PostgreSQL of one process's own: a fresh cluster on a free port in a temporary folder, gone when the process is,
//! however it ends. Written with what the machine has: no library is worth linking for it.

use std::{
    env,
    fmt::{self, Display},
    fs::File,
    io::{Read, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

/// A running server. Dropping it stops the server and removes its folder.
pub struct Cluster {
    /// Where its superuser connects.
    pub url: String,
    pub port: u16,
    pub folder: PathBuf,
    guard: Child,
}

/// Why there is none.
#[derive(Debug)]
pub struct Failed(String);

impl Cluster {
    /// Makes and starts one.
    pub fn start() -> Result<Self, Failed> {
        let binaries = binaries().ok_or_else(|| {
            Failed("PostgreSQL is missing: install postgresql (15 or later), or set KUVERT_TEST_POSTGRES to a server's URL".into())
        })?;
        let user = User::find()?;
        let made = output(user.command("mktemp").args(["-d", "-t", "kuvert-postgres-XXXXXX"]))?;
        let folder = PathBuf::from(made.trim_end());
        let pg_ctl = binaries.join("pg_ctl");
        // From here on the folder and the server are the guard's to remove.
        let guard = guard(&user, &pg_ctl, &folder)?;
        let password = password()?;
        let mut cluster = Self { url: String::new(), port: 0, folder, guard };
        initialise(&user, &binaries.join("initdb"), &cluster.folder, &password)?;
        cluster.port = launch(&user, &pg_ctl, &cluster.folder)?;
        cluster.url = format!("postgres://postgres:{password}@127.0.0.1:{}/postgres", cluster.port);
        Ok(cluster)
    }

    /// For the rest of this process's life: its address.
    pub fn keep(self) -> String {
        let url = self.url.clone();
        // The guard waits for the end of the pipe that this holds.
        std::mem::forget(self);
        url
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        // Nobody is left to be told.
        let _ = self.guard.wait();
    }
}

/// Whom the server runs as: ourselves, or `postgres` when we are root, which the server refuses to be.
struct User {
    root: bool,
}

impl User {
    fn find() -> Result<Self, Failed> {
        Ok(Self { root: output(Command::new("id").arg("-u"))?.trim() == "0" })
    }

    fn command(&self, name: impl AsRef<Path>) -> Command {
        let name = name.as_ref();
        let mut command = if self.root {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(name);
            command
        } else {
            Command::new(name)
        };
        // The folder we stand in may be closed to that user.
        command.current_dir("/");
        command
    }
}

/// Waits for the end of its input, which comes when this process ends in whatever way, killed included; then it cleans
/// up. Its own process group keeps a Ctrl-C at the terminal away from it, and a test runner that ends a whole group.
fn guard(user: &User, pg_ctl: &Path, folder: &Path) -> Result<Child, Failed> {
    let script = r#"trap "" INT TERM HUP
        cat >/dev/null
        if [ -e "$2/data/postmaster.pid" ]; then "$1" -D "$2/data" -m immediate -s stop; fi
        rm -rf "$2""#;
    user.command("sh")
        .args(["-c", script, "kuvert-postgres-guard"])
        .args([pg_ctl, folder])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .process_group(0)
        .spawn()
        .map_err(|error| Failed(format!("could not start the guard of the temporary PostgreSQL: {error}")))
}

fn initialise(user: &User, initdb: &Path, folder: &Path, password: &str) -> Result<(), Failed> {
    let secret = folder.join("password");
    let mut write = user.command("sh");
    write.args(["-c", r#"umask 077; cat >"$1""#, "sh"]).arg(&secret).stdin(Stdio::piped());
    let mut write = write.spawn()?;
    if let Some(mut stdin) = write.stdin.take() {
        writeln!(stdin, "{password}")?;
    }
    if !write.wait()?.success() {
        return Err(Failed(format!("could not write into {}", folder.display())));
    }
    let pwfile = format!("--pwfile={}", secret.display());
    output(user.command(initdb).arg("-D").arg(folder.join("data")).arg(pwfile).args([
        "--no-sync",
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
    ]))?;
    Ok(())
}

/// Starts the server and returns its port. A port that is free now may be taken in a moment: so more than one try.
fn launch(user: &User, pg_ctl: &Path, folder: &Path) -> Result<u16, Failed> {
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=400",
            folder.display()
        );
        let mut start = user.command(pg_ctl);
        start.arg("-D").arg(folder.join("data")).arg("-l").arg(folder.join("log"));
        start.args(["-w", "-s", "-t", "60", "-o", &options, "start"]);
        if start.status()?.success() {
            return Ok(port);
        }
    }
    let log = output(user.command("cat").arg(folder.join("log"))).unwrap_or_default();
    Err(Failed(format!("PostgreSQL does not start:\n{log}")))
}

/// Nobody else on this machine is to be superuser in the tests' database.
fn password() -> Result<String, Failed> {
    let mut bytes = [0; 16];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}

/// Where the server's programs are: on the path, or where Debian keeps them off it, newest first.
fn binaries() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = (15..30).rev().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    env::split_paths(&path)
        .chain(debian)
        .find(|dir| dir.join("initdb").is_file() && dir.join("pg_ctl").is_file())
}

fn output(command: &mut Command) -> Result<String, Failed> {
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        let name = command.get_program().to_string_lossy();
        return Err(Failed(format!("{name} ended with {}", output.status)));
    }
    String::from_utf8(output.stdout).map_err(|error| Failed(error.to_string()))
}

impl From<std::io::Error> for Failed {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}

impl Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "could not start PostgreSQL: {}", self.0)
    }
}

impl std::error::Error for Failed {}
