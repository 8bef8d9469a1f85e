//! What the browser brings back from the provider: RFC 6749 §4.1.2 and RFC 9207.

use crate::{Rejection, discovery::Metadata};
use std::collections::BTreeMap;
use subtle::ConstantTimeEq;

/// How the person came back.
#[derive(PartialEq, Eq)]
pub enum Callback {
    /// With a code to redeem.
    Code(String),
    /// They changed their mind at the provider. Nothing is wrong.
    Cancelled,
}

/// Reads the callback's raw query. Everything that stands twice is refused (RFC 6749 §3.1).
pub(crate) fn read(
    query: &str,
    state: &str,
    issuer: &str,
    provider: &Metadata,
) -> Result<Callback, Rejection> {
    let mut parameters = BTreeMap::new();
    for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
        if parameters.insert(name.into_owned(), value.into_owned()).is_some() {
            return Err(Rejection::ResponseMalformed);
        }
    }
    let given = parameters.get("state").map_or("", String::as_str);
    if state.is_empty() || !bool::from(given.as_bytes().ct_eq(state.as_bytes())) {
        return Err(Rejection::StateMismatch);
    }
    match parameters.get("iss") {
        Some(iss) if iss == issuer => {}
        None if !provider.names_itself => {}
        _ => return Err(Rejection::ResponseIssuer),
    }
    match (parameters.remove("code"), parameters.get("error").map(String::as_str)) {
        (Some(code), None) if !code.is_empty() => Ok(Callback::Code(code)),
        (None, Some("access_denied")) => Ok(Callback::Cancelled),
        (None, Some(_)) => Err(Rejection::ProviderRefused),
        _ => Err(Rejection::ResponseMalformed),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use url::Url;

    fn back(query: &str, names_itself: bool) -> Result<Callback, Rejection> {
        let url = Url::parse("https://op.example.se/x").unwrap();
        let metadata = Metadata {
            authorization: url.clone(),
            token: url.clone(),
            jwks: url,
            userinfo: None,
            names_itself,
        };
        read(query, "s1", "https://op.example.se", &metadata)
    }

    #[test]
    fn a_code_and_a_change_of_mind_are_told_apart() {
        assert!(back("code=a%2Bb&state=s1", false) == Ok(Callback::Code("a+b".into())));
        assert!(
            back("code=c&state=s1&iss=https%3A%2F%2Fop.example.se", true) == Ok(Callback::Code("c".into()))
        );
        assert!(back("error=access_denied&state=s1", false) == Ok(Callback::Cancelled));
    }

    #[test]
    fn whatever_else_comes_back_is_refused_by_its_name() {
        for (query, names_itself, rejection) in [
            ("code=c&state=s2", false, Rejection::StateMismatch),
            ("code=c", false, Rejection::StateMismatch),
            ("error=access_denied&state=s2", false, Rejection::StateMismatch),
            ("code=c&state=s1&iss=https%3A%2F%2Fother.example.se", false, Rejection::ResponseIssuer),
            ("code=c&state=s1", true, Rejection::ResponseIssuer),
            ("error=server_error&state=s1", false, Rejection::ProviderRefused),
            ("code=c&code=d&state=s1", false, Rejection::ResponseMalformed),
            ("code=c&state=s1&state=s1", false, Rejection::ResponseMalformed),
            ("code=c&error=access_denied&state=s1", false, Rejection::ResponseMalformed),
            ("code=&state=s1", false, Rejection::ResponseMalformed),
            ("state=s1", false, Rejection::ResponseMalformed),
        ] {
            assert!(back(query, names_itself) == Err(rejection), "{query}");
        }
    }
}
