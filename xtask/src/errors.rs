//! `docs/errors.md`: the published catalogue, written from the code that is in force.

use std::fmt::Write as _;

use anyhow::{Result, bail};
use domain::{Code, words};

/// Text of `cargo xtask errors --help`.
pub const HELP: &str = "
Usage: cargo xtask errors [--check]

Writes docs/errors.md from the codes and closed lists in crates/domain. --check writes nothing and fails when the
file is not what would be written.";

const FILE: &str = "docs/errors.md";

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    let page = page();
    match arguments {
        [] => {
            std::fs::write(FILE, &page)?;
            println!("wrote {FILE}: {} codes", Code::ALL.len());
            Ok(())
        }
        [flag] if flag == "--check" => {
            if std::fs::read_to_string(FILE).is_ok_and(|text| text == page) {
                return Ok(());
            }
            bail!("{FILE} is not what the catalogue says; run: cargo xtask errors")
        }
        _ => bail!("errors takes --check and nothing else, not {arguments:?}"),
    }
}

fn page() -> String {
    let mut page = String::from(
        "# Errors, states and reasons\n\n\
         Generated from `crates/domain` by `cargo xtask errors`; do not edit.\n\n\
         Every error is an RFC 9457 problem, `application/problem+json`, with a stable `code`. Codes and words are\n\
         added, never renamed or given another meaning: treat a code you do not know as its HTTP status says, and\n\
         ignore a type, state or reason you do not know. `pointer`, where present, names the member of the letter\n\
         (RFC 6901); `detail` says more about the case and never holds what the letter says.\n\n\
         ## Codes\n\n| code | status | what happened | what to do |\n| --- | --- | --- | --- |\n",
    );
    for code in Code::ALL {
        row(&mut page, &[&tick(code.as_str()), &code.status().to_string(), code.title(), code.mend()]);
    }
    page.push_str(
        "\n## Event types\n\n| type | in the sender's feed | what it means |\n| --- | --- | --- |\n",
    );
    for event in words::EventType::ALL {
        let reaches = if event.reaches_sender() { "yes" } else { "no" };
        row(&mut page, &[&tick(event.as_str()), reaches, event.says()]);
    }
    macro_rules! list {
        ($title:literal, $words:ty) => {
            let words = <$words>::ALL.iter().map(|word| (word.as_str(), word.says()));
            list(&mut page, $title, words);
        };
    }
    list!("Events of senders and operators (`kuvert agency history`)", words::RegistryEventType);
    list!("States of a letter (`state`)", words::LetterState);
    list!("States of a notice", words::NoticeState);
    list!("Reasons why a recipient cannot be reached (`reason`)", words::Unreachable);
    list!("How a recipient is reached (`how`)", words::Way);
    list!("Why a letter was returned (`why`)", words::ReturnReason);
    list!("Kinds of letters (`kind`)", words::Kind);
    list!("Wishes for a receipt (`receipt`)", words::ReceiptWish);
    list!("Acts that the owner's history tells of", words::Act);
    list!("Rights by which someone acts", words::Because);
    list!("Channels", words::Channel);
    page
}

fn list(page: &mut String, title: &str, words: impl Iterator<Item = (&'static str, &'static str)>) {
    // Writing to a String cannot fail.
    let _ = write!(page, "\n## {title}\n\n| word | what it means |\n| --- | --- |\n");
    for (word, says) in words {
        row(page, &[&tick(word), says]);
    }
}

fn tick(word: &str) -> String {
    format!("`{word}`")
}

fn row(page: &mut String, cells: &[&str]) {
    for cell in cells {
        page.push_str("| ");
        page.push_str(&cell.replace('|', "\\|"));
        page.push(' ');
    }
    page.push_str("|\n");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_stands_in_the_page_once_with_its_status() {
        let page = page();
        for code in Code::ALL {
            let start = format!("| `{}` | {} | ", code.as_str(), code.status());
            assert_eq!(page.matches(&start).count(), 1, "{start}");
        }
    }

    #[test]
    fn a_bar_does_not_break_a_row() {
        let mut page = String::new();
        row(&mut page, &["a|b", "c"]);
        assert_eq!(page, "| a\\|b | c |\n");
    }
}
