//! The cookies: the log-in, the attempt to log in, that one has logged in here before, the language.

use axum::http::{HeaderMap, HeaderValue, header};

/// Stands for the log-in. Sent to our own pages from our own pages only.
pub(crate) const SESSION: &str = "__Host-kuvert";
/// An attempt to log in, sealed. Must come along when the e-ID sends the person back.
pub(crate) const LOGIN: &str = "__Host-login";
/// Who has logged in here before, sealed.
pub(crate) const DEVICE: &str = "__Host-device";
/// The language chosen by the switch.
pub(crate) const LANGUAGE: &str = "__Host-language";

/// A cookie's value. Of several with one name none is believed.
pub(crate) fn read<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let pairs = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut found = pairs
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(key, _)| *key == name)
        .map(|(_, value)| value);
    found.next().filter(|_| found.next().is_none())
}

/// Until the browser is closed or the log-in ends.
pub(crate) fn session(token: &str) -> HeaderValue {
    value(&format!("{SESSION}={token}; Path=/; Secure; HttpOnly; SameSite=Strict"))
}

/// Ten minutes, for the way to the e-ID and back.
pub(crate) fn login(sealed: &str) -> HeaderValue {
    value(&format!("{LOGIN}={sealed}; Path=/; Max-Age=600; Secure; HttpOnly; SameSite=Lax"))
}

/// As long as browsers keep any.
pub(crate) fn device(sealed: &str) -> HeaderValue {
    value(&format!("{DEVICE}={sealed}; Path=/; Max-Age=34560000; Secure; HttpOnly; SameSite=Lax"))
}

pub(crate) fn language(code: &str) -> HeaderValue {
    value(&format!("{LANGUAGE}={code}; Path=/; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax"))
}

pub(crate) fn gone(name: &str) -> HeaderValue {
    let site = if name == SESSION { "Strict" } else { "Lax" };
    value(&format!("{name}=; Path=/; Max-Age=0; Secure; HttpOnly; SameSite={site}"))
}

/// All parts are ours: letters, digits, hyphens and underscores.
fn value(text: &str) -> HeaderValue {
    HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_read_by_its_whole_name_and_only_once() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=1; __Host-kuvert=abc; x__Host-kuvert=no"));
        assert_eq!(read(&headers, SESSION), Some("abc"));
        headers.append(header::COOKIE, HeaderValue::from_static("__Host-kuvert=def"));
        assert_eq!(read(&headers, SESSION), None);
    }
}
