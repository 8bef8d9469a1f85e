//! The comments in `config/*.toml`: written from the doc comments of the sections' types, so that a key is explained once.

mod docs;

use anyhow::{Result, bail};
use docs::Docs;

/// Text of `cargo xtask config --help`.
pub const HELP: &str = "
Usage: cargo xtask config [--check]

Writes above each key of config/production.toml and config/dev.toml what the doc comment of its field says. Values, order
and headings stay, and so does a remark of one file alone: comment lines from one that begins with `# Here: ` on.
--check writes nothing and fails when a file is not what would be written.";

const FILES: [&str; 2] = ["config/production.toml", "config/dev.toml"];
/// As wide as code.
const WIDTH: usize = 120;
/// Begins what is said of a key in one file alone.
const HERE: &str = "# Here: ";

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    let writes = match arguments {
        [] => true,
        [flag] if flag == "--check" => false,
        _ => bail!("config takes --check and nothing else, not {arguments:?}"),
    };
    let docs = Docs::read()?;
    for file in FILES {
        let text = std::fs::read_to_string(file)?;
        let commented = commented(&text, &docs)?;
        if text == commented {
            continue;
        }
        if !writes {
            bail!("{file} does not say what the fields' doc comments say; run: cargo xtask config");
        }
        std::fs::write(file, commented)?;
        println!("wrote {file}");
    }
    Ok(())
}

/// The file with each key's comment anew.
fn commented(text: &str, docs: &Docs) -> Result<String> {
    let mut section = String::new();
    let mut above: Vec<&str> = Vec::new();
    let mut out: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(key) = key(line) {
            out.extend(docs.of(&section, key)?.map(wrapped).unwrap_or_default());
            out.extend(above.drain(..).skip_while(|line| !line.starts_with(HERE)).map(str::to_owned));
        } else if line.starts_with('#') && heading(line).is_none() {
            above.push(line);
            continue;
        }
        if let Some(name) = heading(line) {
            section = name.to_owned();
        }
        // What stands above a heading or alone is the file's own.
        out.extend(above.drain(..).map(str::to_owned));
        out.push(line.to_owned());
    }
    out.extend(above.into_iter().map(str::to_owned));
    Ok(out.join("\n") + "\n")
}

/// `key = value`, also where it is commented out.
fn key(line: &str) -> Option<&str> {
    let (name, _) = line.strip_prefix("# ").unwrap_or(line).split_once(" = ")?;
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')).then_some(name)
}

/// `[section]` or `[[section]]`, also where it is commented out.
fn heading(line: &str) -> Option<&str> {
    let line = line.strip_prefix("# ").unwrap_or(line);
    let name = line.strip_prefix('[')?.strip_suffix(']')?;
    let name = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.bytes().all(|b| b.is_ascii_lowercase() || b == b'.' || b == b'_').then_some(name)
}

fn wrapped(doc: &str) -> Vec<String> {
    let mut lines = vec![String::from("#")];
    for word in doc.split_whitespace() {
        let last = lines.len() - 1;
        if lines[last].chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(format!("# {word}"));
        } else {
            lines[last].push_str(&format!(" {word}"));
        }
    }
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_key_says_what_its_field_says_and_a_remark_stays() {
        let docs = Docs::of_text(
            "/// All.\npub struct Config { /// Whom.\n pub a: A, pub b: Option<B> }
             pub struct A { /// Said\n/// once.\n pub one: u32, pub bare: u32 }
             #[serde(tag = \"kind\", rename_all = \"lowercase\")]
             pub enum B { /// None of it.\n Off, /// Another.\n Http(C) }
             pub struct C { /// The way.\n pub url: String }",
        );
        let text = "# The file's own.\n\n[a]\n# Old.\n# Here: a remark.\none = 1\nbare = 2\n\n# Its heading.\n# [b]\nkind = \"off\"\n# url = \"x\"\n";
        let expected = "# The file's own.\n\n[a]\n# Said once.\n# Here: a remark.\none = 1\nbare = 2\n\n# Its heading.\n# [b]\n\
                        # `off`: None of it. `http`: Another.\nkind = \"off\"\n# The way.\n# url = \"x\"\n";
        assert_eq!(commented(text, &docs.unwrap()).unwrap(), expected);
    }

    #[test]
    fn a_key_that_no_type_has_is_named() {
        let docs = Docs::of_text("pub struct Config { pub a: A } pub struct A { pub one: u32 }").unwrap();
        let error = commented("[a]\ntwo = 1\n", &docs).unwrap_err().to_string();
        assert!(error.contains("a.two"), "{error}");
    }
}
