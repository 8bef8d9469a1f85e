//! One file for each thing that a person can do on the pages.

pub(crate) mod about;
pub(crate) mod banners;
pub(crate) mod bin;
pub(crate) mod close_mailbox;
pub(crate) mod contacts;
pub(crate) mod developers;
pub(crate) mod done;
pub(crate) mod go_on;
pub(crate) mod helpers;
pub(crate) mod history;
pub(crate) mod invitations;
pub(crate) mod keep;
pub(crate) mod letter;
pub(crate) mod list;
pub(crate) mod log_ins;
pub(crate) mod login;
pub(crate) mod open_mailbox;
pub(crate) mod profile;
pub(crate) mod public_keys;
pub(crate) mod rows;
pub(crate) mod search;
pub(crate) mod senders;
pub(crate) mod start;
pub(crate) mod stay;

use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};

/// After a form: the page to go on with, asked for by GET.
pub(crate) fn see(path: &str) -> Response {
    (StatusCode::SEE_OTHER, [(header::LOCATION, path)]).into_response()
}

/// Two letters that stand for a sender.
pub(crate) fn initials(name: &str) -> String {
    let mut words =
        name.split_whitespace().filter_map(|word| word.chars().next()).filter(|c| c.is_alphanumeric());
    let first = words.next().unwrap_or('?').to_uppercase();
    let second = words.next().or_else(|| {
        // One word: the first letter of its last part says most, as k in Exempelkommunen; else its second letter.
        let parts = ["kommun", "verk", "myndighet", "region", "förmedlar", "styrelse", "kassa", "domstol"];
        let lower = name.to_lowercase();
        let part = parts.iter().filter_map(|part| lower.rfind(part).filter(|at| *at > 0)).min();
        part.and_then(|at| lower[at..].chars().next()).or_else(|| name.chars().nth(1))
    });
    first.chain(second.into_iter().flat_map(char::to_lowercase)).collect()
}

#[cfg(test)]
mod tests {
    use super::initials;

    #[test]
    fn two_letters_tell_senders_apart() {
        for (name, letters) in [
            ("Exempelkommunen", "Ek"),
            ("Exempelverket", "Ev"),
            ("Region Exempel", "Re"),
            ("Skatten", "Sk"),
            ("Å", "Å"),
            ("", "?"),
            ("İ", "İ"),
        ] {
            assert_eq!(initials(name), letters, "{name}");
        }
    }
}
