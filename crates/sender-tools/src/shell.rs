//! Commands as they can be pasted into a shell.

use std::{env, path::Path};

/// This program, as it can be called from the current folder.
pub fn program() -> String {
    let called = env::args_os().next().unwrap_or_default();
    match env::current_exe() {
        // Called by a path; a name alone was found on the shell's search path, and is found there again.
        Ok(exe) if Path::new(&called).components().count() > 1 => {
            let typed = path(&exe);
            if typed.contains('/') { typed } else { format!("./{typed}") }
        }
        _ => "kuvert".to_owned(),
    }
}

/// A path, from the current folder where that is shorter.
pub fn path(path: &Path) -> String {
    let here = env::current_dir().unwrap_or_default();
    match path.strip_prefix(here) {
        Ok(inside) if inside.as_os_str().is_empty() => ".".to_owned(),
        Ok(inside) => word(&inside.display().to_string()),
        Err(_) => word(&path.display().to_string()),
    }
}

/// One word, quoted where the shell would read more into it. By hand: `shell-words` leaves what only some shells read
/// (`{a,b}`, `!`) and what a terminal takes for a key (`\r`).
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_told_from_the_current_folder() {
        let here = env::current_dir().unwrap();
        assert_eq!(path(&here.join("a/b.pem")), "a/b.pem");
        assert_eq!(path(&here), ".");
        assert_eq!(path(Path::new("/no/such place")), "'/no/such place'");
    }

    #[test]
    fn a_shell_reads_each_word_back() {
        for text in ["plain-1.pem", "two words", "it's", "$HOME;`id`", "", "a{b,c}", "x!y", "a\rb"] {
            let output =
                std::process::Command::new("sh").args(["-c", &format!("printf %s {}", word(text))]).output();
            assert_eq!(String::from_utf8(output.unwrap().stdout).unwrap(), text);
        }
        assert_eq!(word("plain-1.pem"), "plain-1.pem");
        for text in ["a{b,c}", "x!y", "a\rb", "a*"] {
            assert_eq!(word(text), format!("'{text}'"));
        }
    }
}
