//! A PostgreSQL server for one test process.

use std::{
    env,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::OnceLock,
};

/// The address of a server where tests may create databases.
pub(super) fn server_url() -> String {
    static CLUSTER: OnceLock<String> = OnceLock::new();
    match env::var("KUVERT_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => url,
        _ => CLUSTER.get_or_init(start).clone(),
    }
}

/// Starts a cluster that ends with this process, however it ends: a shell waits for our end of a pipe to close.
#[allow(clippy::panic, reason = "a test without its database has failed")]
fn start() -> String {
    let bin = binaries().unwrap_or_else(|| {
        panic!("PostgreSQL is missing: set KUVERT_TEST_POSTGRES to a server's URL or install postgresql (15 or later)")
    });
    match launch(&bin) {
        Ok(url) => url,
        Err(what) => panic!("could not start PostgreSQL from {}: {what}", bin.display()),
    }
}

fn launch(bin: &Path) -> Result<String, String> {
    let home = tempfile::Builder::new().prefix("kuvert-pg-").tempdir().map_err(|e| e.to_string())?.keep();
    let script = format!(
        r#"as() {{ if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }}
        down() {{
            as {bin}/pg_ctl -D {home}/data -m immediate stop >/dev/null 2>&1
            cd / && rm -rf {home}
        }}
        trap '' INT TERM HUP
        trap down EXIT
        cd {home} || exit
        if [ "$(id -u)" = 0 ]; then chown postgres {home}; fi
        {{
            as {bin}/initdb -D {home}/data -U postgres --auth=trust --encoding=UTF8 --locale=C --no-sync &&
            as {bin}/pg_ctl -D {home}/data -l {home}/server.log -w -t 60 \
                -o "-c listen_addresses= -c unix_socket_directories={home} -c max_connections=400" start
        }} >{home}/log 2>&1 || {{ cat {home}/log; exit; }}
        echo up
        cat >/dev/null"#,
        home = home.display(),
        bin = bin.display(),
    );
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    // A group of its own: what ends the tests (Ctrl-C, a time limit) must not end the one who cleans up.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut shell, 0);
    let mut child = shell.spawn().map_err(|e| e.to_string())?;
    let mut said = String::new();
    if let Some(out) = child.stdout.take() {
        let mut out = BufReader::new(out);
        out.read_line(&mut said).map_err(|e| e.to_string())?;
        if said.trim() != "up" {
            let _ = out.read_to_string(&mut said);
            return Err(said);
        }
    }
    // Open until this process ends; the shell then stops the server and cleans up.
    std::mem::forget(child.stdin.take());
    Ok(format!("postgres://postgres@localhost/postgres?host={}", home.display()))
}

fn binaries() -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let debian = (15..30).rev().map(|version| PathBuf::from(format!("/usr/lib/postgresql/{version}/bin")));
    env::split_paths(&path)
        .chain(debian)
        .find(|dir| dir.join("initdb").is_file() && dir.join("pg_ctl").is_file())
}
