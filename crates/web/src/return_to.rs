//! The way back after a log-in: a page of ours and, where somebody had typed something, the form, sealed.
//!
//! The address carries it through the e-ID and back. It is sealed by us, so nobody else can choose where a log-in
//! leads; what it holds is checked once more when it is opened. What was typed is shown to the person who typed it
//! and to nobody who logs in after them.

use crate::{
    posted::Fields,
    state::Web,
    visitor::{Owner, own_path},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{PersonId, Time};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use std::{sync::Arc, time::Duration};

/// Where somebody goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReturnTo {
    page: String,
    form: Option<Form>,
    ends_at: Time,
}

/// A form that was on its way when a log-in was asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Form {
    pub action: String,
    /// Its fields, without the token: that belongs to the log-in.
    pub fields: Vec<(String, String)>,
    owner: Owner,
}

impl ReturnTo {
    /// To a page of ours. An address that is none leads to the first page.
    pub(crate) fn page(path: &str, now: Time) -> Self {
        // What was done is said once.
        let path = if path.contains("done=") { path.split('?').next().unwrap_or("/") } else { path };
        let path = Some(own_path(path)).filter(|path| path.len() <= MOST_BYTES).unwrap_or("/");
        Self { page: path.to_owned(), form: None, ends_at: now.plus(LASTS) }
    }

    /// To the form that was posted to `action`. More than a person types is not carried along: then it is the page
    /// alone.
    pub(crate) fn form(action: &str, fields: &Fields, owner: Owner, now: Time) -> Self {
        let fields: Vec<_> =
            fields.pairs().filter(|(name, _)| *name != "csrf").map(|(n, v)| (n.into(), v.into())).collect();
        let bytes: usize =
            fields.iter().map(|(name, value): &(String, String)| name.len() + value.len()).sum();
        let form = Form { action: own_path(action).to_owned(), fields, owner };
        Self { form: (bytes <= MOST_BYTES).then_some(form), ..Self::page(page_of(action), now) }
    }

    /// As an address carries it.
    pub(crate) fn seal(&self, web: &Web) -> String {
        let plain = serde_json::to_vec(self).unwrap_or_default();
        let sealed = web.0.parts.web_keys.session.seal(&context(), &vault::pad(&plain), web.random());
        BASE64_URL_SAFE_NO_PAD.encode(sealed)
    }

    /// What an address carries; `None` when we did not seal it, or too long ago.
    pub(crate) fn open(web: &Web, sealed: &str) -> Option<Self> {
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let plain = web.0.parts.web_keys.session.open(&context(), &sealed).ok()?;
        let one: Self = serde_json::from_slice(vault::unpad(&plain).ok()?).ok()?;
        let own = one.form.iter().map(|form| &form.action).chain([&one.page]).all(|at| own_path(at) == at);
        (own && web.now() < one.ends_at).then_some(one)
    }

    /// The first page, with this behind it; bare when there is nothing to come back to.
    pub(crate) fn by_log_in(&self, web: &Web) -> String {
        if self.page == "/" && self.form.is_none() {
            "/".to_owned()
        } else {
            format!("/?back={}", self.seal(web))
        }
    }

    /// Where somebody goes on who has logged in.
    pub(crate) fn after(&self, web: &Web, person: Option<PersonId>) -> String {
        match self.form_of(web, person) {
            Some(_) => format!("/continue/{}", self.seal(web)),
            None if self.form.is_some() => "/".to_owned(),
            None => self.page.clone(),
        }
    }

    /// What was typed, for the one who typed it.
    pub(crate) fn form_of(&self, web: &Web, person: Option<PersonId>) -> Option<&Form> {
        self.form.as_ref().filter(|form| Some(&form.owner) == Owner::of(web, person).as_ref())
    }

    /// The page that the form stands on, or the page itself.
    pub(crate) fn stands_on(&self) -> &str {
        &self.page
    }

    pub(crate) fn is_letter(&self) -> bool {
        self.page.starts_with("/letters/")
    }

    pub(crate) fn has_form(&self) -> bool {
        self.form.is_some()
    }
}

/// What a request that met an ended log-in leaves for the page that says so.
#[derive(Clone, Default)]
pub(crate) struct Kept(Arc<Mutex<Option<ReturnTo>>>);

impl Kept {
    pub(crate) fn put(&self, one: ReturnTo) {
        *self.0.lock() = Some(one);
    }

    pub(crate) fn take(&self) -> Option<ReturnTo> {
        self.0.lock().take()
    }
}

/// Forms in which a person types; of others the page is enough.
pub(crate) fn is_typed(action: &str) -> bool {
    matches!(action, "/helpers" | "/contacts/email" | "/contacts/phone" | "/search" | "/archive/search")
}

/// The page on which a form stands.
pub(crate) fn page_of(action: &str) -> &str {
    let mut parts = action.split('/').skip(1);
    match (parts.next(), parts.next(), parts.next()) {
        (Some("letters"), Some(mailbox), Some(letter)) => {
            &action[.."/letters/".len() + mailbox.len() + 1 + letter.len()]
        }
        (Some(first @ ("helpers" | "contacts" | "senders" | "archive" | "bin")), ..) => {
            &action[..=first.len()]
        }
        _ => "/",
    }
}

fn context() -> vault::Place {
    vault::Place::new("web/return")
}

/// As long as a log-in lasts: whoever comes back to an open window next day begins anew.
const LASTS: Duration = Duration::from_secs(60 * 60);
/// An address and a cookie hold it, and neither is to be long.
const MOST_BYTES: usize = 1000;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const NOW: Time = Time::from_millis(1_700_000_000_000);

    #[test]
    fn no_address_of_another_site_is_kept() {
        for path in ["//evil.example/", "/\\evil.example", "https://evil.example", "/a\r\nb: c", "", "evil"] {
            assert_eq!(ReturnTo::page(path, NOW).page, "/", "{path:?}");
        }
        assert_eq!(ReturnTo::page("/letters/a/b", NOW).page, "/letters/a/b");
        assert_eq!(ReturnTo::page("/archive?done=archived&of=a.b", NOW).page, "/archive");
        assert_eq!(ReturnTo::page(&format!("/{}", "x".repeat(2000)), NOW).page, "/");
    }

    #[test]
    fn a_form_leads_to_the_page_it_stands_on() {
        for (action, page) in [
            ("/letters/m/l/open", "/letters/m/l"),
            ("/letters/m/l", "/letters/m/l"),
            ("/letters/m", "/"),
            ("/helpers", "/helpers"),
            ("/helpers/x/revoke", "/helpers"),
            ("/contacts/email", "/contacts"),
            ("/archive/search", "/archive"),
            ("/search", "/"),
            ("/language", "/"),
            ("/helpersx", "/"),
            ("", "/"),
        ] {
            assert_eq!(page_of(action), page, "{action}");
        }
    }
}
