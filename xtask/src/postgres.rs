//! A PostgreSQL of our own: a fresh cluster on a free port in a temporary folder, gone when xtask is.

use std::{
    io::{Read, Write},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
};

use anyhow::{Context, Result, bail};

use crate::{
    command::{is_root, output, program, run as run_command},
    needs::where_is,
};

/// Text of `cargo xtask postgres --help`.
pub const HELP: &str = "
Usage: cargo xtask postgres -- COMMAND [ARGUMENTS]

Starts a temporary PostgreSQL on a free port, runs COMMAND with KUVERT_TEST_POSTGRES set to the URL of its
superuser, and removes it again, however COMMAND ends.";

/// The variable in which tests find the server.
pub const URL_VARIABLE: &str = "KUVERT_TEST_POSTGRES";

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    let words = match arguments {
        [dashes, words @ ..] if dashes == "--" && !words.is_empty() => words,
        _ => bail!("say what to run: cargo xtask postgres -- COMMAND"),
    };
    let cluster = Cluster::start()?;
    run_command(program(&words[0]).args(&words[1..]).env(URL_VARIABLE, &cluster.url))
}

/// A running server. Dropping it stops the server and removes its folder.
pub struct Cluster {
    /// Where its superuser connects.
    pub url: String,
    guard: Child,
}

impl Cluster {
    /// Makes and starts one.
    pub fn start() -> Result<Self> {
        let user = User::find()?;
        let folder = PathBuf::from(
            output(user.command("mktemp").args(["-d", "-t", "kuvert-postgres-XXXXXX"]))?.trim_end(),
        );
        let pg_ctl = where_is("pg_ctl").context("pg_ctl is not here; Debian package: postgresql")?;
        // From here on the folder and the server are the guard's to remove.
        let guard = guard(&user, &pg_ctl, &folder)?;
        let password = password()?;
        let mut cluster = Self { url: String::new(), guard };
        initialise(&user, &folder, &password)?;
        let port = launch(&user, &pg_ctl, &folder)?;
        cluster.url = format!("postgres://postgres:{password}@127.0.0.1:{port}/postgres");
        Ok(cluster)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.guard.stdin.take());
        if let Err(error) = self.guard.wait() {
            eprintln!("could not wait for PostgreSQL to stop: {error}");
        }
    }
}

/// Whom the server runs as: ourselves, or `postgres` when we are root, which the server refuses to be.
struct User {
    root: bool,
}

impl User {
    fn find() -> Result<Self> {
        Ok(Self { root: is_root()? })
    }

    fn command(&self, name: impl AsRef<Path>) -> Command {
        let mut command = if self.root {
            let mut command = program("runuser");
            command.args(["-u", "postgres", "--"]).arg(name.as_ref());
            command
        } else {
            program(name)
        };
        // The folder we stand in may be closed to that user.
        command.current_dir("/");
        command
    }
}

/// Waits for the end of its input, which comes when xtask ends in whatever way, killed included; then it cleans up.
/// Its own process group keeps a Ctrl-C at the terminal away from it.
fn guard(user: &User, pg_ctl: &Path, folder: &Path) -> Result<Child> {
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
        .context("could not start the guard of the temporary PostgreSQL")
}

fn initialise(user: &User, folder: &Path, password: &str) -> Result<()> {
    let secret = folder.join("password");
    let mut write = user
        .command("sh")
        .args(["-c", r#"umask 077; cat >"$1""#, "sh"])
        .arg(&secret)
        .stdin(Stdio::piped())
        .spawn()?;
    if let Some(mut stdin) = write.stdin.take() {
        writeln!(stdin, "{password}")?;
    }
    if !write.wait()?.success() {
        bail!("could not write into {}", folder.display());
    }
    let initdb = where_is("initdb").context("initdb is not here; Debian package: postgresql")?;
    let pwfile = format!("--pwfile={}", secret.display());
    output(user.command(initdb).arg("-D").arg(folder.join("data")).arg(pwfile).args([
        "--no-sync",
        "--username=postgres",
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
    ]))
    .context("could not make a PostgreSQL cluster")?;
    Ok(())
}

/// Starts the server and returns its port. A port that is free now may be taken in a moment: so more than one try.
fn launch(user: &User, pg_ctl: &Path, folder: &Path) -> Result<u16> {
    for _ in 0..5 {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={} -c max_connections=300",
            folder.display()
        );
        let status = user
            .command(pg_ctl)
            .arg("-D")
            .arg(folder.join("data"))
            .arg("-l")
            .arg(folder.join("log"))
            .args(["-w", "-s", "-o", &options, "start"])
            .status()?;
        if status.success() {
            eprintln!("PostgreSQL runs on port {port} in {}", folder.display());
            return Ok(port);
        }
    }
    let log = output(user.command("cat").arg(folder.join("log"))).unwrap_or_default();
    bail!("PostgreSQL does not start:\n{log}")
}

/// Nobody else on this machine is to be superuser in the tests' database.
fn password() -> Result<String> {
    let mut bytes = [0; 16];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(bytes.iter().map(|byte| format!("{byte:02x}")).collect())
}
