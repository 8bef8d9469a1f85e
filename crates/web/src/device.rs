//! Roughly what a person logs in on, and whether they have done so there before.
//!
//! Of what the browser says of itself a family is kept, such as *Firefox on Windows*, with the log-in and as long as it.
//! That somebody has logged in here before is known to the browser alone, by a cookie that we seal: it holds a keyed tag
//! for each of the last persons, so nothing is kept of devices here, and the cookie tells nobody who has logged in.

use crate::{cookies, state::Web};
use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::LoginMac;

/// `firefox/windows`: browser and system, each one of a few.
pub(crate) fn word(headers: &HeaderMap) -> String {
    let said = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = |list: &[(&str, &'static str)]| {
        list.iter().find(|(mark, _)| said.contains(mark)).map(|(_, word)| *word)
    };
    format!("{}/{}", first(&BROWSERS).unwrap_or("other"), first(&SYSTEMS).unwrap_or("other"))
}

/// The names of a word's two parts; `None` for what is not told apart.
pub(crate) fn names(word: &str) -> (Option<&'static str>, Option<&'static str>) {
    let (browser, system) = word.split_once('/').unwrap_or_default();
    let name = |word: &str| NAMES.iter().find(|(known, _)| *known == word).map(|(_, name)| *name);
    (name(browser), name(system))
}

/// Whether this person has logged in here before, and the cookie that says from now on that they have.
pub(crate) fn seen(web: &Web, headers: &HeaderMap, login_mac: &LoginMac) -> (bool, HeaderValue) {
    let tag: Tag =
        web.0.parts.web_keys.csrf.tag(LABEL, &[login_mac.as_bytes()])[..TAG].try_into().unwrap_or_default();
    let mut tags =
        cookies::read(headers, cookies::DEVICE).and_then(|held| open(web, held)).unwrap_or_default();
    let before = tags.contains(&tag);
    tags.retain(|one| *one != tag);
    tags.insert(0, tag);
    tags.truncate(MOST);
    let mut plain = tags.concat();
    // As long for one as for several.
    plain.resize(MOST * TAG, 0);
    let sealed = web.0.parts.web_keys.session.seal(&place(), &plain, web.random());
    (before, cookies::device(&BASE64_URL_SAFE_NO_PAD.encode(sealed)))
}

fn open(web: &Web, held: &str) -> Option<Vec<Tag>> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(held).ok()?;
    let plain = web.0.parts.web_keys.session.open(&place(), &sealed).ok()?;
    let (tags, _) = plain.as_chunks::<TAG>();
    Some(tags.iter().copied().filter(|tag| *tag != Tag::default()).collect())
}

fn place() -> vault::Place {
    vault::Place::new("web/device")
}

type Tag = [u8; TAG];
const TAG: usize = 16;
const LABEL: &str = "device";
/// A family at one computer.
const MOST: usize = 6;

/// In this order: most browsers also name others.
const BROWSERS: [(&str, &str); 12] = [
    ("Edg/", "edge"),
    ("EdgA/", "edge"),
    ("EdgiOS/", "edge"),
    ("OPR/", "opera"),
    ("SamsungBrowser/", "samsung"),
    ("Vivaldi/", "vivaldi"),
    ("FxiOS/", "firefox"),
    ("Firefox/", "firefox"),
    ("CriOS/", "chrome"),
    ("Chrome/", "chrome"),
    ("Chromium/", "chrome"),
    ("Safari/", "safari"),
];
const SYSTEMS: [(&str, &str); 7] = [
    ("iPhone", "iphone"),
    ("iPad", "ipad"),
    ("Android", "android"),
    ("CrOS", "chromeos"),
    ("Windows", "windows"),
    ("Macintosh", "mac"),
    ("Linux", "linux"),
];
const NAMES: [(&str, &str); 14] = [
    ("edge", "Edge"),
    ("opera", "Opera"),
    ("samsung", "Samsung Internet"),
    ("vivaldi", "Vivaldi"),
    ("firefox", "Firefox"),
    ("chrome", "Chrome"),
    ("safari", "Safari"),
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("android", "Android"),
    ("chromeos", "ChromeOS"),
    ("windows", "Windows"),
    ("mac", "Mac"),
    ("linux", "Linux"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn of_what_a_browser_says_a_family_is_kept() {
        for (said, kept) in [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "firefox/windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) \
                 Version/18.5 Mobile/15E148 Safari/604.1",
                "safari/iphone",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 \
                 Safari/537.36 Edg/138.0.0.0",
                "edge/windows",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile \
                 Safari/537.36",
                "chrome/android",
            ),
            ("curl/8.5.0", "other/other"),
            ("", "other/other"),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(header::USER_AGENT, said.parse().unwrap());
            assert_eq!(word(&headers), kept);
        }
        assert_eq!(names("firefox/windows"), (Some("Firefox"), Some("Windows")));
        assert_eq!(names("other/linux"), (None, Some("Linux")));
        assert_eq!(names(""), (None, None));
        let told =
            |list: &[(&str, &str)]| list.iter().all(|(_, word)| names(&format!("{word}/")).0.is_some());
        assert!(told(&BROWSERS) && told(&SYSTEMS));
    }
}
