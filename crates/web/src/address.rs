//! E-mail addresses and telephone numbers as people write them, in the one form that they are kept in.

/// An e-mail address: its domain in small letters. Only what a mail server of today takes without negotiation.
pub(crate) fn email(text: &str) -> Option<String> {
    let (local, domain) = text.rsplit_once('@')?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let dots = |text: &str| text.starts_with('.') || text.ends_with('.') || text.contains("..");
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')
    };
    let fits = !local.is_empty()
        && local.len() <= 64
        && domain.len() <= 189
        && local.chars().all(allowed)
        && !dots(local)
        && domain.contains('.')
        && domain.split('.').all(label)
        && domain.rsplit('.').next().is_some_and(|top| !top.bytes().all(|b| b.is_ascii_digit()));
    fits.then(|| format!("{local}@{}", domain.to_ascii_lowercase()))
}

/// A telephone number in E.164. Without a country it is Swedish.
pub(crate) fn phone(text: &str) -> Option<String> {
    let bare: String = text.chars().filter(|c| !" -()./\u{a0}".contains(*c)).collect();
    let number = match bare.strip_prefix("00").or_else(|| bare.strip_prefix('+')) {
        Some(international) => international.to_owned(),
        None => format!("46{}", bare.strip_prefix('0')?),
    };
    let digits = number.len();
    let fits =
        (8..=15).contains(&digits) && number.bytes().all(|b| b.is_ascii_digit()) && !number.starts_with('0');
    // Swedish mobiles have nine digits after the country and begin with 7.
    let mobile = number.strip_prefix("46").is_none_or(|rest| rest.len() == 9 && rest.starts_with('7'));
    (fits && mobile).then(|| format!("+{number}"))
}

/// As it is read: "070-174 06 05" for a Swedish mobile.
pub(crate) fn shown_phone(number: &str) -> String {
    match number.strip_prefix("+46").filter(|rest| rest.len() == 9 && rest.is_ascii()) {
        Some(rest) => format!("0{}-{} {} {}", &rest[..2], &rest[2..5], &rest[5..7], &rest[7..]),
        None => number.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for text in ["070-174 06 05", "0701740605", "+46 70 174 06 05", "0046701740605", "(070) 174.06.05"] {
            assert_eq!(phone(text).as_deref(), Some("+46701740605"), "{text}");
        }
        assert_eq!(phone("+47 40 12 34 56").as_deref(), Some("+4740123456"));
        assert_eq!(shown_phone("+46701740605"), "070-174 06 05");
        assert_eq!(shown_phone("+4740123456"), "+4740123456");
        for text in
            ["", "08-123 456 78", "12345", "+0123456789", "070-174 06 0x", "+1234567890123456", "070174060"]
        {
            assert_eq!(phone(text), None, "{text}");
        }
    }

    #[test]
    fn e_mail_addresses_are_kept_in_one_form() {
        assert_eq!(email("Anna.A@Exempel.SE").as_deref(), Some("Anna.A@exempel.se"));
        for text in [
            "",
            "anna",
            "anna@",
            "@exempel.se",
            "anna@exempel",
            "a b@exempel.se",
            "anna@exem pel.se",
            "a@b@c.se ",
            "anna@-x.se",
            "anna@192.0.2.1",
            ".a@b.se",
            "a..b@c.se",
            "anna@exempel.se\r\nBcc: x@y.se",
            "å@exempel.se",
        ] {
            assert_eq!(email(text), None, "{text}");
        }
    }
}
