//! Headers that every answer carries, and where a form may come from.

use crate::state::Web;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

/// The pages' policy: no script at all, nothing from elsewhere; framed are letters from the content origin and, from
/// here, what says when the log-in ends.
pub(crate) fn page_policy(content_origin: &str) -> String {
    format!(
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-src 'self' {content_origin}; \
         base-uri 'none'; frame-ancestors 'none'"
    )
}

/// The one page of ours that our own pages frame: when the log-in ends.
pub(crate) const STAY_POLICY: &str = "default-src 'none'; style-src 'self'; form-action 'none'; base-uri 'none'; \
                                      frame-ancestors 'self'";

/// The content origin's policy for what is not a letter's HTML: shown by the browser alone, framed by nobody but us.
pub(crate) fn content_policy(origin: &str) -> String {
    format!("default-src 'none'; style-src 'unsafe-inline'; object-src 'self'; frame-ancestors {origin}")
}

/// Lets one page show pictures that stand in it, as data.
pub(crate) fn show_own_pictures(response: &mut Response, policy: &str) {
    if let Ok(policy) = HeaderValue::from_str(&policy.replace("img-src 'self'", "img-src 'self' data:")) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
}

/// Adds to every page what it does not have.
pub(crate) async fn pages(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&web.0.page_policy) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    common(headers, web.0.https);
    response
}

/// The same for the content origin.
pub(crate) async fn content(State(web): State<Web>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    if let Ok(policy) = HeaderValue::from_str(&web.0.content_policy) {
        headers.entry(header::CONTENT_SECURITY_POLICY).or_insert(policy);
    }
    for (name, value) in [
        (header::CACHE_CONTROL, "no-store"),
        // The pages show this in a frame, which is no embedding of a resource; nobody may embed it as one.
        (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    common(headers, web.0.https);
    response
}

fn common(headers: &mut HeaderMap, https: bool) {
    for (name, value) in [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        ),
    ] {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    }
    if https {
        let value = HeaderValue::from_static("max-age=63072000; includeSubDomains");
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(value);
    }
}

/// Whether a form was sent from one of our own pages. Browsers say so by `Sec-Fetch-Site`, older ones by `Origin`;
/// a program that says neither has no cookies that others could use.
pub(crate) fn is_own_form(headers: &HeaderMap, origin: &str) -> bool {
    match (headers.get("sec-fetch-site"), headers.get(header::ORIGIN)) {
        (Some(site), _) => site == "same-origin",
        (None, Some(from)) => from == origin,
        (None, None) => true,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn from(pairs: &[(&'static str, &'static str)]) -> bool {
        let headers =
            pairs.iter().map(|(n, v)| (HeaderName::from_static(n), HeaderValue::from_static(v))).collect();
        is_own_form(&headers, "https://kuvert.example.se")
    }

    #[test]
    fn browsers_are_told_to_come_by_https_alone_wherever_the_origin_is_https() {
        let told = |https| {
            let mut headers = HeaderMap::new();
            common(&mut headers, https);
            headers.get(header::STRICT_TRANSPORT_SECURITY).cloned()
        };
        let told_https = told(true).unwrap();
        let told_https = told_https.to_str().unwrap();
        let seconds = told_https.strip_prefix("max-age=").unwrap().split(';').next().unwrap();
        assert!(seconds.parse::<u64>().unwrap() >= 31_536_000 && told_https.contains("includeSubDomains"));
        assert!(told(false).is_none());
    }

    #[test]
    fn only_our_own_pages_send_forms() {
        assert!(from(&[("sec-fetch-site", "same-origin"), ("origin", "null")]));
        assert!(from(&[("origin", "https://kuvert.example.se")]));
        assert!(from(&[]));
        for site in ["cross-site", "same-site", "none", ""] {
            assert!(!from(&[("sec-fetch-site", site), ("origin", "https://kuvert.example.se")]), "{site}");
        }
        for origin in ["https://kuvert.example.se.evil.example", "http://kuvert.example.se", "null"] {
            assert!(!from(&[("origin", origin)]), "{origin}");
        }
    }
}
