//! The words of a notice. No content, no link; the sender's name only where the person chose it.

use domain::Language;

/// The subject of an e-mail.
pub fn subject(language: Language) -> &'static str {
    match language {
        Language::Swedish => "Nytt brev i Kuvert",
        Language::English => "New letter in Kuvert",
    }
}

/// The text of an e-mail or SMS.
pub fn text(language: Language, sender: Option<&str>) -> String {
    match (language, sender) {
        (Language::Swedish, None) => {
            "Du har ett nytt brev i Kuvert. Logga in som du brukar för att läsa det. Vi skickar aldrig länkar.".into()
        }
        (Language::Swedish, Some(sender)) => format!(
            "Du har ett nytt brev från {sender} i Kuvert. Logga in som du brukar för att läsa det. \
             Vi skickar aldrig länkar."
        ),
        (Language::English, None) => {
            "You have a new letter in Kuvert. Log in as you usually do to read it. We never send links.".into()
        }
        (Language::English, Some(sender)) => format!(
            "You have a new letter from {sender} in Kuvert. Log in as you usually do to read it. \
             We never send links."
        ),
    }
}

/// What stands first in the words of an announcement: whose they are.
pub fn announced_by(language: Language, sender: &str) -> String {
    match language {
        Language::Swedish => format!("{sender} via Kuvert:"),
        Language::English => format!("{sender} through Kuvert:"),
    }
}

/// What stands below the words of an announcement in an e-mail: they are not ours, and a link in a copy of it is not from
/// us.
pub fn announced(language: Language, sender: &str) -> String {
    match language {
        Language::Swedish => {
            format!("Texten är skriven av {sender} och skickad genom Kuvert. Vi skickar aldrig länkar.")
        }
        Language::English => {
            format!("The text is written by {sender} and sent through Kuvert. We never send links.")
        }
    }
}

/// The text that tells of a move.
pub fn moved(language: Language) -> &'static str {
    match language {
        Language::Swedish => {
            "Platsen för din digitala brevlåda har ändrats efter en underskrift. Var det inte du? Logga in i Kuvert som \
             du brukar. Vi skickar aldrig länkar."
        }
        Language::English => {
            "The place of your digital mailbox was changed after a signature. Was it not you? Log in to Kuvert as you \
             usually do. We never send links."
        }
    }
}

/// The subject of that e-mail.
pub fn moved_subject(language: Language) -> &'static str {
    match language {
        Language::Swedish => "Din digitala brevlåda har flyttats",
        Language::English => "Your digital mailbox has moved",
    }
}

/// The code that confirms a contact point.
pub fn code(language: Language, code: &str) -> String {
    match language {
        Language::Swedish => format!("Din kod i Kuvert är {code}. Lämna den inte till någon annan."),
        Language::English => format!("Your code in Kuvert is {code}. Do not give it to anyone."),
    }
}

/// The subject of the e-mail with the code.
pub fn code_subject(language: Language) -> &'static str {
    match language {
        Language::Swedish => "Bekräfta din adress i Kuvert",
        Language::English => "Confirm your address in Kuvert",
    }
}

/// What was changed in somebody's account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Notices go to another address too.
    AddressAdded,
    /// Notices go to one address less.
    AddressRemoved,
    /// Somebody logged in with a browser that had not been used for it.
    NewDevice,
    /// They have said yes to reading another's mailbox.
    HelpAccepted,
    /// Somebody may read their mailbox.
    HelperGranted,
}

/// The subject of an e-mail that tells of a change.
pub fn change_subject(language: Language, change: Change) -> &'static str {
    match (language, change) {
        (Language::Swedish, Change::NewDevice) => "Ny inloggning i Kuvert",
        (Language::English, Change::NewDevice) => "New log-in to Kuvert",
        (Language::Swedish, Change::HelpAccepted) => "Du har tackat ja i Kuvert",
        (Language::English, Change::HelpAccepted) => "You said yes in Kuvert",
        (Language::Swedish, Change::HelperGranted) => "Läsrätt till din brevlåda i Kuvert",
        (Language::English, Change::HelperGranted) => "Somebody may read your mailbox in Kuvert",
        (Language::Swedish, _) => "Dina aviseringar i Kuvert har ändrats",
        (Language::English, _) => "Your notices from Kuvert were changed",
    }
}

/// What was changed, and what to do if that was not oneself.
pub fn change(language: Language, change: Change) -> &'static str {
    match (language, change) {
        (Language::Swedish, Change::AddressAdded) => {
            "Aviseringar från Kuvert går nu även till en ny adress. Var det inte du? Logga in som du brukar och se efter. Vi skickar aldrig länkar."
        }
        (Language::Swedish, Change::AddressRemoved) => {
            "En adress för aviseringar från Kuvert har tagits bort. Var det inte du? Logga in som du brukar och se efter. Vi skickar aldrig länkar."
        }
        (Language::Swedish, Change::NewDevice) => {
            "Någon loggade in i din brevlåda i Kuvert i en ny webbläsare. Var det inte du? Logga in som du brukar och se efter. Vi skickar aldrig länkar."
        }
        (Language::Swedish, Change::HelpAccepted) => {
            "Du har tackat ja till att läsa någon annans post i Kuvert. Var det inte du? Logga in som du brukar och se efter. Vi skickar aldrig länkar."
        }
        (Language::Swedish, Change::HelperGranted) => {
            "Någon har fått läsrätt till din brevlåda i Kuvert. Var det inte du som gav den? Logga in som du brukar och se efter. Vi skickar aldrig länkar."
        }
        (Language::English, Change::AddressAdded) => {
            "Notices from Kuvert now go to a new address too. Was it not you? Log in as you usually do and have a look. We never send links."
        }
        (Language::English, Change::AddressRemoved) => {
            "An address for notices from Kuvert was removed. Was it not you? Log in as you usually do and have a look. We never send links."
        }
        (Language::English, Change::NewDevice) => {
            "Somebody logged in to your mailbox in Kuvert in a new browser. Was it not you? Log in as you usually do and have a look. We never send links."
        }
        (Language::English, Change::HelpAccepted) => {
            "You said yes to reading somebody else's mailbox in Kuvert. Was it not you? Log in as you usually do and have a look. We never send links."
        }
        (Language::English, Change::HelperGranted) => {
            "Somebody may now read your mailbox in Kuvert. Was it not you who allowed it? Log in as you usually do and have a look. We never send links."
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notices_hold_no_link_and_fit_a_text_message() {
        for language in [Language::Swedish, Language::English] {
            for sender in [None, Some("Exempelkommunen")] {
                let text = text(language, sender);
                assert!(!text.contains("http") && !text.contains("www") && !text.contains('/'));
                assert!(text.chars().count() <= 160, "{text}");
            }
        }
        for text in [moved(Language::Swedish), moved(Language::English)] {
            assert!(!text.contains('/') && text.chars().count() <= 160, "{text}");
        }
        assert!(!text(Language::Swedish, None).contains("från"));
    }

    #[test]
    fn what_tells_of_a_change_holds_no_link_and_fits_a_text_message() {
        for language in [Language::Swedish, Language::English] {
            for one in [
                Change::AddressAdded,
                Change::AddressRemoved,
                Change::NewDevice,
                Change::HelpAccepted,
                Change::HelperGranted,
            ] {
                let text = change(language, one);
                assert!(
                    !text.contains("http")
                        && !text.contains("www")
                        && !text.contains('/')
                        && !text.contains('@')
                );
                assert!(text.chars().count() <= 160, "{}: {text}", text.chars().count());
                assert!(!change_subject(language, one).is_empty());
            }
        }
    }
}
