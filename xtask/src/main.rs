//! The project's own commands. `cargo xtask` lists them; several can stand in one line: `cargo xtask lint test`.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line speaks on its streams")]

mod asvs;
mod command;
mod config;
mod deny;
mod doc;
mod errors;
mod layers;
mod lint;
mod needs;
mod openapi;
mod operate;
mod outside;
mod peers;
mod postgres;
mod tally;
mod test;
mod words;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, Result, bail};

/// One word of the command line: what it is for, and the function that does it.
struct Task {
    name: &'static str,
    summary: &'static str,
    help: &'static str,
    run: fn(&[String]) -> Result<()>,
}

/// In the order in which they help someone who is new.
const TASKS: &[Task] = &[
    Task {
        name: "test",
        summary: "run every test on SQLite and PostgreSQL",
        help: test::HELP,
        run: test::run,
    },
    Task {
        name: "lint",
        summary: "formatting and clippy, warnings denied",
        help: lint::HELP,
        run: lint::run,
    },
    Task { name: "doc", summary: "build the documentation, warnings denied", help: doc::HELP, run: doc::run },
    Task {
        name: "deny",
        summary: "licences, banned crates, known vulnerabilities",
        help: deny::HELP,
        run: deny::run,
    },
    Task {
        name: "layers",
        summary: "imports between the crates go down only",
        help: layers::HELP,
        run: layers::run,
    },
    Task {
        name: "errors",
        summary: "write docs/errors.md from the catalogue",
        help: errors::HELP,
        run: errors::run,
    },
    Task {
        name: "openapi",
        summary: "write the API description from the door's types",
        help: openapi::HELP,
        run: openapi::run,
    },
    Task {
        name: "config",
        summary: "write the comments of config/*.toml from the fields' docs",
        help: config::HELP,
        run: config::run,
    },
    Task {
        name: "asvs",
        summary: "forty requirements of the OWASP ASVS, by their tests",
        help: asvs::HELP,
        run: asvs::run,
    },
    Task {
        name: "words",
        summary: "no path of one machine in the repository",
        help: words::HELP,
        run: words::run,
    },
    Task {
        name: "postgres",
        summary: "run a command with a PostgreSQL of its own",
        help: postgres::HELP,
        run: postgres::run,
    },
    Task {
        name: "operate",
        summary: "run the commands of docs/operate.md",
        help: operate::HELP,
        run: operate::run,
    },
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match act(&words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn act(words: &[String]) -> Result<()> {
    if words.first().is_none_or(|first| matches!(first.as_str(), "help" | "--help" | "-h")) {
        println!("{}", overview());
        return Ok(());
    }
    let plan = plan(words)?;
    if let Some((task, _)) = plan.iter().find(|(_, arguments)| asks_for_help(arguments)) {
        println!("cargo xtask {}: {}\n\n{}", task.name, task.summary, task.help.trim());
        return Ok(());
    }
    std::env::set_current_dir(root()?)?;
    plan.into_iter().try_for_each(|(task, arguments)| (task.run)(arguments))
}

/// Splits the command line: each task takes the flags after it, and the last one all that stands after `--`.
fn plan(words: &[String]) -> Result<Vec<(&'static Task, &[String])>> {
    let end = words.iter().position(|word| word == "--").unwrap_or(words.len());
    let mut starts = Vec::new();
    for (place, word) in words.iter().enumerate().take(end) {
        // What --without leaves out can have the name of a task.
        let is_value = place > 0 && words[place - 1] == "--without";
        match TASKS.iter().find(|task| task.name == word.as_str() && !is_value) {
            Some(task) => starts.push((place, task)),
            None if starts.is_empty() => bail!("there is no task {word:?}\n\n{}", overview()),
            None => {}
        }
    }
    let stops = starts.iter().skip(1).map(|(place, _)| *place).chain([words.len()]);
    Ok(starts.iter().zip(stops).map(|((start, task), stop)| (*task, &words[start + 1..stop])).collect())
}

fn asks_for_help(arguments: &[String]) -> bool {
    arguments.iter().take_while(|word| *word != "--").any(|word| word == "--help" || word == "-h")
}

fn overview() -> String {
    let mut text = String::from("Usage: cargo xtask TASK [FLAGS] [TASK [FLAGS] ...]\n\nTasks:\n");
    for task in TASKS {
        text.push_str(&format!("  {:<9} {}\n", task.name, task.summary));
    }
    text.push_str("\ncargo xtask TASK --help says more.");
    text
}

/// The repository's root, wherever cargo was called.
fn root() -> Result<PathBuf> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    let root = here.parent().context("xtask does not lie in the repository")?;
    Ok(root.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn several_tasks_each_take_the_flags_after_them() {
        let line = words("errors --check test --without operate -- lint -p vault");
        let plan = plan(&line).unwrap();
        let read: Vec<_> = plan.iter().map(|(task, arguments)| (task.name, arguments.join(" "))).collect();
        assert_eq!(
            read,
            [("errors", "--check".to_owned()), ("test", "--without operate -- lint -p vault".to_owned())]
        );
    }

    #[test]
    fn an_unknown_task_is_named() {
        let line = words("tset");
        assert!(plan(&line).err().unwrap().to_string().contains("\"tset\""));
    }
}
