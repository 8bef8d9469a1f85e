//! Addresses that a sender wrote, made links only where it is sure what they lead to. Anything else is text.

/// A link that says where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    pub text: String,
    /// Where it leads; `None` for what is text alone.
    pub href: Option<String>,
}

/// A web address: `http` or `https`, shown from its host on, as the browser itself reads it.
pub(crate) fn web(sent: &str) -> Link {
    let sent = sent.trim();
    let url = url::Url::parse(sent).ok().filter(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.host_str().is_some_and(|host| !host.is_empty())
            && url.username().is_empty()
            && url.password().is_none()
            // A browser reads past these, and people do not.
            && !sent.chars().any(|c| c.is_control() || c.is_whitespace() || c == '\\')
    });
    match url {
        Some(url) => {
            let port = url.port().map(|port| format!(":{port}")).unwrap_or_default();
            let path = url.path().trim_end_matches('/');
            let text = format!("{}{port}{path}", url.host_str().unwrap_or_default());
            Link { text, href: Some(url.into()) }
        }
        None => plain(sent),
    }
}

/// A telephone number, where there is nothing but a number.
pub(crate) fn telephone(sent: &str) -> Link {
    let sent = sent.trim();
    // "+46 (0)8": the nought is not dialled from abroad.
    let number = if sent.starts_with('+') { sent.replacen("(0)", "", 1) } else { sent.to_owned() };
    let abroad = number.starts_with('+');
    let rest = number.strip_prefix('+').unwrap_or(&number);
    let only =
        rest.chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '\u{A0}' | '-' | '–' | '/' | '(' | ')'));
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if !only || !(3..=15).contains(&digits.len()) {
        return plain(sent);
    }
    Link { text: sent.to_owned(), href: Some(format!("tel:{}{digits}", if abroad { "+" } else { "" })) }
}

/// An e-mail address of plain letters, which can add nothing of its own to the mail.
pub(crate) fn mail(sent: &str) -> Link {
    let sent = sent.trim();
    let plainly = |part: &str, more: &str| {
        !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || more.contains(c))
    };
    let holds = sent.split_once('@').is_some_and(|(name, host)| {
        plainly(name, "._+-")
            && plainly(host, ".-")
            && host.split('.').count() > 1
            && !host.split('.').any(str::is_empty)
    });
    if holds { Link { text: sent.to_owned(), href: Some(format!("mailto:{sent}")) } } else { plain(sent) }
}

fn plain(sent: &str) -> Link {
    Link { text: sent.to_owned(), href: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leads(link: Link) -> (String, Option<String>) {
        (link.text, link.href)
    }

    #[test]
    fn web_addresses_say_their_host() {
        for (sent, text, href) in [
            ("https://exempel.se", "exempel.se", "https://exempel.se/"),
            (
                "http://www.exempel.se/fragor/?a=1&b=2",
                "www.exempel.se/fragor",
                "http://www.exempel.se/fragor/?a=1&b=2",
            ),
            (" HTTPS://Exempel.SE:8443/A ", "exempel.se:8443/A", "https://exempel.se:8443/A"),
            // Another alphabet's letters are shown as what they are.
            ("https://еxempel.se/", "xn--xempel-2of.se", "https://xn--xempel-2of.se/"),
        ] {
            assert_eq!(leads(web(sent)), (text.to_owned(), Some(href.to_owned())));
        }
        for sent in [
            "www.exempel.se",
            "javascript:alert(1)",
            "data:text/html,x",
            "ftp://exempel.se/",
            "https://exempel.se@evil.example/",
            "https://",
            "https:\\\\evil.example",
            "java\tscript:alert(1)",
            "https://exempel.se eller https://annat.se",
            "Se vår webbplats",
            "",
        ] {
            assert_eq!(leads(web(sent)), (sent.to_owned(), None));
        }
    }

    #[test]
    fn only_a_number_is_dialled() {
        for (sent, href) in [
            ("000-000 00 00", "tel:0000000000"),
            ("+46 (0)8-000 00 00", "tel:+4680000000"),
            ("(08) 000 00", "tel:0800000"),
            ("112", "tel:112"),
        ] {
            assert_eq!(leads(telephone(sent)), (sent.to_owned(), Some(href.to_owned())));
        }
        for sent in
            ["000-000 00 (vardagar 8–16)", "växeln", "08", "0+1234", "tel:112", "1234567890123456", ""]
        {
            assert_eq!(leads(telephone(sent)), (sent.to_owned(), None));
        }
    }

    #[test]
    fn only_an_address_is_mailed() {
        assert_eq!(leads(mail("fraga.oss@exempel.se")).1.as_deref(), Some("mailto:fraga.oss@exempel.se"));
        for sent in [
            "a@exempel.se?bcc=b@evil.example",
            "a@exempel.se,b@exempel.se",
            "a%0Ab@exempel.se",
            "Anna <a@exempel.se>",
            "a@b",
            "a@.se",
            "@exempel.se",
            "a@b@c.se",
            "åsa@exempel.se",
        ] {
            assert_eq!(leads(mail(sent)), (sent.to_owned(), None));
        }
    }
}
