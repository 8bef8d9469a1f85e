//! Programs that xtask starts: shown before they run, and never with the environment that `cargo run` gave xtask.

use std::{
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

use anyhow::{Context, Result, bail};

/// A program. `cargo run` tells xtask which package it is; were a nested cargo told the same, build scripts that
/// watch those variables (`ring`'s does) would run again each time.
pub fn program(name: impl AsRef<Path>) -> Command {
    let mut command = Command::new(name.as_ref());
    for (variable, _) in std::env::vars_os() {
        let told_by_cargo = variable.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_MANIFEST_")
                || name.starts_with("CARGO_BIN_")
                || matches!(name, "CARGO_CRATE_NAME" | "CARGO_PRIMARY_PACKAGE" | "OUT_DIR")
        });
        if told_by_cargo {
            command.env_remove(variable);
        }
    }
    command
}

/// The cargo that started xtask.
pub fn cargo() -> Command {
    program(std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from))
}

/// Shows the command and runs it; any other end than exit 0 is an error that names it.
pub fn run(command: &mut Command) -> Result<()> {
    eprintln!("+ {}", line(command));
    let status = command.status().with_context(|| format!("could not start {}", line(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", line(command));
    }
    Ok(())
}

/// What the command prints on stdout; its stderr passes through.
pub fn output(command: &mut Command) -> Result<String> {
    let output = command
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("could not start {}", line(command)))?;
    if !output.status.success() {
        bail!("{} ended with {}", line(command), output.status);
    }
    String::from_utf8(output.stdout).with_context(|| format!("{} did not print UTF-8", line(command)))
}

/// Runs the command, passes on what it prints and hands each line to `listen`. Returns whether it exited with 0.
pub fn listen(command: &mut Command, listen: impl Fn(&str) + Sync) -> Result<bool> {
    eprintln!("+ {}", line(command));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("could not start {}", line(command)))?;
    let stdout = child.stdout.take();
    let stderr = child.stderr.take();
    thread::scope(|scope| {
        if let Some(stdout) = stdout {
            scope.spawn(|| pass_on(stdout, &mut std::io::stdout(), &listen));
        }
        if let Some(stderr) = stderr {
            scope.spawn(|| pass_on(stderr, &mut std::io::stderr(), &listen));
        }
    });
    Ok(child.wait()?.success())
}

/// Where a program is: on the path or in one of the other folders.
pub fn find(name: &str, beside_path: &[PathBuf]) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(beside_path.iter().cloned())
        .map(|folder| folder.join(name))
        .find(|file| file.is_file())
}

/// Whether we are root. PostgreSQL's server refuses to be; apt-get must be.
pub fn is_root() -> Result<bool> {
    Ok(output(program("id").arg("-u"))?.trim() == "0")
}

fn pass_on(from: impl Read, to: &mut impl Write, listen: &(impl Fn(&str) + Sync)) {
    let mut from = BufReader::new(from);
    let mut bytes = Vec::new();
    while from.read_until(b'\n', &mut bytes).is_ok_and(|read| read > 0) {
        // A closed terminal must not stop the tests from ending in order.
        let _ = to.write_all(&bytes).and_then(|()| to.flush());
        listen(String::from_utf8_lossy(&bytes).trim_end());
        bytes.clear();
    }
}

fn line(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_name().unwrap_or(command.get_program());
    let mut line = name.to_string_lossy().into_owned();
    for argument in command.get_args() {
        line.push(' ');
        line.push_str(&argument.to_string_lossy());
    }
    line
}
