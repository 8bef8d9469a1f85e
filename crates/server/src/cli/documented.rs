//! What the documents tell people to type exists: each verb and each flag.

use super::Cli;
use clap::{Command, CommandFactory};

#[test]
fn every_verb_and_flag_of_the_documents_exists() {
    let mut program = Cli::command();
    program.build();
    let mut unknown = Vec::new();
    for (file, text) in DOCUMENTS {
        let text = text.replace("\\\n", " ");
        let pieces: Vec<&str> = text.split("kuvert ").collect();
        for around in pieces.windows(2) {
            let said = around[1].split(['`', '\n', '|', '#', ';']).next().unwrap_or_default();
            // Elsewhere the word may be a user, a database or a folder.
            let is_a_command =
                ["`", "\n", "/release/", "/bin/", "-- "].iter().any(|end| around[0].ends_with(end));
            unknown
                .extend(stranger(&program, said, is_a_command).map(|word| format!("{file}: {said}: {word}")));
        }
    }
    assert_eq!(unknown, [""; 0]);
}

/// The first word that no command has.
fn stranger<'a>(program: &Command, said: &'a str, is_a_command: bool) -> Option<&'a str> {
    let mut words = said.split_whitespace();
    let first =
        words.next().filter(|word| !["--version", "--help"].contains(word) && !word.starts_with('/'))?;
    let Some(mut command) = program.find_subcommand(first) else { return is_a_command.then_some(first) };
    for word in words {
        let flag = word.strip_prefix("--");
        if let Some(verb) = command.find_subcommand(word) {
            command = verb;
        } else if flag.is_some() && command.get_arguments().all(|argument| argument.get_long() != flag) {
            return Some(word);
        }
    }
    None
}

#[test]
fn what_no_command_has_is_named() {
    let mut program = Cli::command();
    program.build();
    assert_eq!(stranger(&program, "agency add --dispatcher-only 164020000057 Exempelposten", true), None);
    assert_eq!(stranger(&program, "agency add --dispatcher", true), Some("--dispatcher"));
    assert_eq!(stranger(&program, "backup", true), Some("backup"));
    assert_eq!(stranger(&program, "kuvert_keys", false), None);
}

const DOCUMENTS: [(&str, &str); 11] = [
    ("README.md", include_str!("../../../../README.md")),
    ("CHANGELOG.md", include_str!("../../../../CHANGELOG.md")),
    ("CONTRIBUTING.md", include_str!("../../../../CONTRIBUTING.md")),
    ("docs/architecture.md", include_str!("../../../../docs/architecture.md")),
    ("docs/data-model.md", include_str!("../../../../docs/data-model.md")),
    ("docs/errors.md", include_str!("../../../../docs/errors.md")),
    ("docs/mina-meddelanden.md", include_str!("../../../../docs/mina-meddelanden.md")),
    ("docs/security.md", include_str!("../../../../docs/security.md")),
    ("docs/operate.md", include_str!("../../../../docs/operate.md")),
    ("config/dev.toml", include_str!("../../../../config/dev.toml")),
    ("config/production.toml", include_str!("../../../../config/production.toml")),
];
