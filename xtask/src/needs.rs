//! What the tests need from the machine, and how it comes there: Debian's packages as root, words otherwise.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::command::{find, is_root, output, program, run};

/// A program the tests call, and the Debian package that brings it.
pub struct Need {
    program: &'static str,
    package: &'static str,
    purpose: &'static str,
    only_for: Option<&'static str>,
}

const NEEDS: &[Need] = &[
    Need { program: "initdb", package: "postgresql", purpose: "the database in production", only_for: None },
    Need {
        program: "postfix",
        package: "postfix",
        purpose: "a real mail server for notices",
        only_for: None,
    },
    Need {
        program: "node",
        package: "nodejs",
        purpose: "independent peers and browser tests",
        only_for: None,
    },
    Need { program: "npm", package: "npm", purpose: "installs those peers", only_for: None },
    Need {
        program: "python3",
        package: "python3-venv",
        purpose: "generated and SOAP clients and schema libraries of others",
        only_for: Some("peers"),
    },
    Need {
        program: "javac",
        package: "default-jdk-headless",
        purpose: "a SOAP client with the JDK's XMLDSig",
        only_for: Some("peers"),
    },
    Need {
        program: "xmlsec1",
        package: "xmlsec1",
        purpose: "verifies what we sign",
        only_for: Some("peers"),
    },
    Need { program: "chromium", package: "chromium", purpose: "a real browser", only_for: Some("browser") },
];

/// Sees to it that everything is there, but for what serves only the parts left out.
pub fn provide(left_out: &[String]) -> Result<()> {
    let wanted = |need: &Need| need.only_for.is_none_or(|part| !left_out.iter().any(|name| name == part));
    let missing = || NEEDS.iter().filter(|need| wanted(need) && where_is(need.program).is_none());
    if missing().next().is_none() {
        return node_is_new_enough();
    }
    if is_root()? && find("apt-get", &[]).is_some() {
        install(missing().map(|need| need.package))?;
    }
    let still: Vec<_> = missing().collect();
    if still.is_empty() {
        return node_is_new_enough();
    }
    let mut words = String::from("the tests need programs that are not here:\n");
    for need in &still {
        words.push_str(&format!("  {} ({}), Debian package {}\n", need.program, need.purpose, need.package));
    }
    let packages: Vec<_> = still.iter().map(|need| need.package).collect();
    words.push_str(&format!("On Debian, as root: apt-get install {}", packages.join(" ")));
    if still.iter().any(|need| need.only_for.is_some()) {
        words.push_str("\nOr leave a part out by name, as in: cargo xtask test --without browser");
    }
    bail!("{words}")
}

/// Where a program is, also in the folders that Debian keeps off the path: PostgreSQL's (newest first) and /usr/sbin.
pub fn where_is(name: &str) -> Option<PathBuf> {
    let mut versions: Vec<(u32, PathBuf)> = std::fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version = path.file_name()?.to_str()?.parse().ok()?;
            Some((version, path.join("bin")))
        })
        .collect();
    versions.sort();
    let mut folders: Vec<PathBuf> = versions.into_iter().rev().map(|(_, folder)| folder).collect();
    folders.extend([PathBuf::from("/usr/sbin"), PathBuf::from("/usr/local/sbin")]);
    find(name, &folders)
}

/// Debian 12 has Node.js 18; the peers want 20.
fn node_is_new_enough() -> Result<()> {
    let version = output(program("node").arg("--version"))?;
    let mut numbers =
        version.trim().trim_start_matches('v').split('.').map_while(|number| number.parse::<u32>().ok());
    if numbers.next().zip(numbers.next()).is_none_or(|found| found < (20, 19)) {
        bail!("the tests need Node.js 20.19 or newer; this is {}", version.trim());
    }
    Ok(())
}

fn install(packages: impl Iterator<Item = &'static str>) -> Result<()> {
    // Without an answer Debian's postfix asks which kind of server this is; this one listens on loopback only.
    let answer = "postfix postfix/main_mailer_type select Local only";
    let script = format!(
        "command -v debconf-set-selections >/dev/null && echo '{answer}' | debconf-set-selections || true"
    );
    run(program("sh").arg("-c").arg(script))?;
    let mut update = program("apt-get");
    run(update.args(["update", "-q"]))?;
    let mut install = program("apt-get");
    install.env("DEBIAN_FRONTEND", "noninteractive");
    install.args(["install", "-y", "-q", "--no-install-recommends"]).args(packages);
    run(&mut install)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_on_the_path_is_found_and_an_invented_one_is_not() {
        assert!(where_is("sh").is_some());
        assert!(where_is("kuvert-no-such-program").is_none());
    }
}
