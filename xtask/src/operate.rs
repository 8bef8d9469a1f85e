//! `docs/operate.md` is true if its commands run: this runs them, as they stand, on a server that is thrown away.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

use crate::{
    command::{is_root, output, program, run as run_command},
    needs::where_is,
    outside::kuvert,
};

/// Text of `cargo xtask operate --help`.
pub const HELP: &str = "
Usage: cargo xtask operate [--show]

Takes the blocks marked `sh test=operate` out of docs/operate.md and runs them in order, as root, in namespaces of
their own: /etc, /var/lib, /usr/local and /run are copies that vanish afterwards, the network has loopback alone,
PostgreSQL is a fresh cluster, and a stand-in for systemctl does what the unit says. Needs root.
--show prints the script instead.";

const DOCUMENT: &str = "docs/operate.md";
const MARK: &str = "```sh test=operate";
const STAGE: &str = include_str!("operate/stage.sh");
const SYSTEMCTL: &str = include_str!("operate/systemctl.sh");
const PROGRAMS: &[&str] = &[
    "unshare",
    "ip",
    "mount",
    "runuser",
    "setsid",
    "curl",
    "openssl",
    "systemd-sysusers",
    "systemd-tmpfiles",
];

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    let script =
        script(&std::fs::read_to_string(DOCUMENT).with_context(|| format!("could not read {DOCUMENT}"))?)?;
    match arguments {
        [] => {}
        [flag] if flag == "--show" => {
            print!("{script}");
            return Ok(());
        }
        _ => bail!("operate takes --show and nothing else, not {arguments:?}"),
    }
    if let Some(lack) = lacks()? {
        bail!("{DOCUMENT} cannot be run here: {lack}");
    }
    let scratch =
        PathBuf::from(output(program("mktemp").args(["-d", "-t", "kuvert-operate-XXXXXX"]))?.trim_end());
    let outcome = stage(&scratch, &script);
    std::fs::remove_dir_all(&scratch)?;
    outcome
}

/// What is missing for running it, in words.
pub fn lacks() -> Result<Option<String>> {
    if !is_root()? {
        return Ok(Some("only root can lay a copy over /etc".to_owned()));
    }
    let missing: Vec<_> = PROGRAMS.iter().copied().filter(|name| where_is(name).is_none()).collect();
    if !missing.is_empty() {
        return Ok(Some(format!("missing: {}", missing.join(", "))));
    }
    let mut unshare = program("unshare");
    unshare.args(["--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
    let allowed = unshare.output()?.status.success();
    Ok((!allowed).then(|| "namespaces with mounts are not allowed here".to_owned()))
}

fn stage(scratch: &Path, script: &str) -> Result<()> {
    let sources = scratch.join("kuvert");
    std::fs::create_dir_all(sources.join("target/release"))?;
    for folder in ["deploy", "config", "docs"] {
        std::os::unix::fs::symlink(std::env::current_dir()?.join(folder), sources.join(folder))?;
    }
    std::os::unix::fs::symlink(kuvert()?, sources.join("target/release/kuvert"))?;
    for (name, text) in [("stage.sh", STAGE), ("systemctl", SYSTEMCTL), ("operate.sh", script)] {
        std::fs::write(scratch.join(name), text)?;
    }
    let postgres = where_is("initdb").context("initdb is not here; Debian package: postgresql")?;
    let mut unshare = program("unshare");
    unshare.args(["--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "bash"]);
    unshare
        .arg(scratch.join("stage.sh"))
        .arg(scratch)
        .arg(postgres.parent().unwrap_or(Path::new("/usr/bin")));
    run_command(&mut unshare).with_context(|| format!("{DOCUMENT} does not hold"))
}

/// The marked blocks as one script: each line is shown before it runs, and the first that fails ends it.
fn script(document: &str) -> Result<String> {
    let mut script = String::from("set -euo pipefail\n");
    let mut blocks = 0;
    let mut inside = false;
    for (number, line) in document.lines().enumerate() {
        match (inside, line) {
            (false, MARK) => {
                (inside, blocks) = (true, blocks + 1);
                script.push_str(&format!("echo '--- {DOCUMENT}:{}'\nset -x\n", number + 2));
            }
            (true, "```") => {
                inside = false;
                script.push_str("{ set +x; } 2>/dev/null\n");
            }
            (true, line) => {
                script.push_str(line);
                script.push('\n');
            }
            (false, _) => {}
        }
    }
    if blocks == 0 || inside {
        bail!("{DOCUMENT} has no block {MARK}, or one that does not end");
    }
    script.push_str(&format!("echo 'ran {blocks} blocks of {DOCUMENT}'\n"));
    Ok(script)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn only_marked_blocks_run_and_in_their_order() {
        let document = "# T\n```sh\nrm -r /\n```\n\n```sh test=operate\nfirst \\\n  --flag\n```\ntext\n```sh test=operate\nsecond\n```\n";
        let script = script(document).unwrap();
        assert!(!script.contains("rm -r"));
        let first = script.find("first \\\n  --flag\n").unwrap();
        assert!(first < script.find("second\n").unwrap());
        assert!(script.ends_with("echo 'ran 2 blocks of docs/operate.md'\n"));
    }

    /// What is measured and not told of is no use to whoever runs it; what is told of and not measured misleads.
    #[test]
    fn the_document_names_each_metric_of_the_code_and_no_other() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let document = std::fs::read_to_string(root.join(DOCUMENT)).unwrap();
        let words = document.split(|c: char| !c.is_ascii_lowercase() && c != '_');
        let told: BTreeSet<_> =
            words.filter(|word| word.starts_with("kuvert_") && *word != DATABASE).collect();
        let files =
            output(program("git").current_dir(&root).args(["ls-files", "crates/*/src/*.rs"])).unwrap();
        let code: String =
            files.lines().map(|file| std::fs::read_to_string(root.join(file)).unwrap()).collect();
        let measured: BTreeSet<_> = code.split("metrics::").filter_map(metric).collect();
        let one_sided: Vec<_> = told.symmetric_difference(&measured).collect();
        assert_eq!(one_sided, [&""; 0]);
    }

    /// The name in `counter!("kuvert_…"`.
    fn metric(code: &str) -> Option<&str> {
        let (kind, rest) = code.split_once("!(")?;
        let name = rest.trim_start().strip_prefix('"')?;
        ["counter", "gauge", "histogram"].contains(&kind).then(|| name.split('"').next())?
    }

    /// Of the keys: the one other thing that is named so.
    const DATABASE: &str = "kuvert_keys";

    #[test]
    fn a_document_without_commands_fails() {
        assert!(script("# Nothing\n```sh\nls\n```\n").is_err());
        assert!(script("```sh test=operate\nls\n").is_err());
    }
}
