//! Where letters may be sent at all.

use anyhow::{Result, bail, ensure};
use reqwest::Url;

/// The door's address as it is used, if a letter may go there: `https`, a host, perhaps a port and a path. Letters and
/// personal numbers never leave unencrypted, so nothing at all is tried at another address, and it is not tried again.
pub fn secure_origin(door: &str) -> Result<String> {
    let door = door.trim();
    let Some((scheme, rest)) = door.split_once("://") else {
        bail!("the door's address has no scheme: write https://HOST:PORT, such as https://127.0.0.1:8081");
    };
    ensure!(
        !scheme.eq_ignore_ascii_case("http"),
        "the door's address is plain HTTP, and letters are never sent unencrypted: write https:// and the port of the \
         agency door, which always speaks TLS"
    );
    ensure!(
        scheme.eq_ignore_ascii_case("https"),
        "the door's address must begin with https://, such as https://127.0.0.1:8081"
    );
    let bare = !rest.contains(['?', '#', '@', '\\']);
    match Url::parse(door) {
        Ok(url) if bare && url.host_str().is_some() => Ok(url.as_str().trim_end_matches('/').to_owned()),
        _ => bail!("the door's address is not one: give scheme, host and port alone, https://HOST:PORT"),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn letters_go_to_an_address_over_tls_and_nowhere_else() {
        for (given, used) in [
            ("https://127.0.0.1:8081", "https://127.0.0.1:8081"),
            ("https://door.example.se/", "https://door.example.se"),
            (" HTTPS://Door.example.se:8443 ", "https://door.example.se:8443"),
            ("https://[::1]:8081", "https://[::1]:8081"),
            ("https://door.example.se/behind/", "https://door.example.se/behind"),
        ] {
            assert_eq!(secure_origin(given).unwrap(), used);
        }
        for (given, says) in [
            ("http://127.0.0.1:9", "plain HTTP"),
            ("HTTP://door.example.se", "plain HTTP"),
            ("127.0.0.1:8081", "no scheme"),
            ("door.example.se", "no scheme"),
            ("localhost:8081", "no scheme"),
            ("", "no scheme"),
            ("ftp://door.example.se", "must begin with https"),
            ("https://", "is not one"),
            ("https://kuvert:hemligt@door.example.se", "is not one"),
            ("https://door.example.se?x", "is not one"),
        ] {
            let error = secure_origin(given).unwrap_err().to_string();
            assert!(error.contains(says) && error.contains("https://"), "{given}: {error}");
            assert!(!error.contains("hemligt"), "{error}");
        }
    }
}
