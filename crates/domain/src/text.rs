//! What may stand in a subject, a name or a reference.

mod fold;
mod link;
mod told;

pub use link::has_link;
pub use told::{has_dear_number, imitates_us};

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    #[error("the length is outside what is allowed")]
    Length,
    #[error("control or direction-changing characters are not allowed")]
    Characters,
    #[error("a file name may not hold / or \\ or begin with a dot")]
    FileName,
}

/// One line of text of `min..=max` Unicode scalar values without control or bidirectional characters,
/// which could make it read as something else than it is.
pub fn line(text: &str, min: usize, max: usize) -> Result<String, TextError> {
    let length = text.chars().count();
    if length < min || length > max || text.trim().is_empty() && min > 0 {
        return Err(TextError::Length);
    }
    if text.chars().any(is_deceptive) {
        return Err(TextError::Characters);
    }
    Ok(text.to_owned())
}

/// Text of several lines, for the rest as [`line()`]; every line break becomes one newline.
pub fn lines(text: &str, min: usize, max: usize) -> Result<String, TextError> {
    let text = text.replace("\r\n", "\n");
    let length = text.chars().count();
    if length < min || length > max || text.trim().is_empty() && min > 0 {
        return Err(TextError::Length);
    }
    if text.chars().any(|c| is_deceptive(c) && !matches!(c, '\n' | '\t')) {
        return Err(TextError::Characters);
    }
    Ok(text)
}

/// A file name: a line of at most 255 that no file system can take for a path or hide.
pub fn file_name(text: &str) -> Result<String, TextError> {
    let name = line(text, 1, 255)?;
    if name.contains(['/', '\\']) || name.starts_with('.') {
        return Err(TextError::FileName);
    }
    Ok(name)
}

fn is_deceptive(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{061C}' | '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}' | '\u{2029}' | '\u{FEFF}'
            | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E007F}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_that_could_deceive_are_refused() {
        for text in ["a\nb", "a\u{202E}fdp.exe", "a\u{2066}b", "a\u{0}", "a\u{7f}", "a\u{200F}b"] {
            assert_eq!(line(text, 1, 255), Err(TextError::Characters), "{text:?}");
        }
        assert_eq!(line("", 1, 255), Err(TextError::Length));
        assert_eq!(line("   ", 1, 255), Err(TextError::Length));
        assert_eq!(line(&"å".repeat(256), 1, 255), Err(TextError::Length));
        assert_eq!(line(&"å".repeat(255), 1, 255).map(|t| t.chars().count()), Ok(255));
    }

    #[test]
    fn lines_may_break_and_are_else_as_strict() {
        assert_eq!(lines("Hej!\r\n\tVi ses.\n", 1, 20).as_deref(), Ok("Hej!\n\tVi ses.\n"));
        for text in ["a\rb", "a\u{202E}b", "a\u{0}", "a\u{200B}b", "a\u{1b}[2J"] {
            assert_eq!(lines(text, 1, 20), Err(TextError::Characters), "{text:?}");
        }
        // A line break that came as two characters counts as one.
        assert_eq!(lines("a\r\nb", 1, 3).as_deref(), Ok("a\nb"));
        for text in ["", " \n ", "abcd"] {
            assert_eq!(lines(text, 1, 3), Err(TextError::Length), "{text:?}");
        }
    }

    #[test]
    fn file_names_that_are_paths_are_refused() {
        for text in ["../x", "a\\b", ".htaccess", "a/b"] {
            assert_eq!(file_name(text), Err(TextError::FileName), "{text}");
        }
        assert!(file_name("Beslut 2026-1482 åäö.pdf").is_ok());
    }
}
