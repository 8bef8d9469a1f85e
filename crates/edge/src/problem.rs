//! RFC 9457 problems with a stable code.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{Code, Refusal};
use serde::Serialize;
use std::time::Duration;

/// A refusal on its way out of an HTTP door.
#[derive(Debug)]
pub struct Problem {
    refusal: Refusal,
    retry_after: Option<Duration>,
    allow: Option<&'static str>,
}

/// The members of the JSON object, in this order.
#[derive(Serialize)]
struct Wire<'a> {
    r#type: String,
    title: &'a str,
    status: u16,
    code: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<&'a str>,
    mend: &'a str,
}

impl Problem {
    /// With `Retry-After`, whole seconds, at least one.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// With `Allow`, for 405.
    #[must_use]
    pub fn allow(mut self, methods: &'static str) -> Self {
        self.allow = Some(methods);
        self
    }

    pub fn code(&self) -> Code {
        self.refusal.code
    }
}

impl From<Refusal> for Problem {
    fn from(refusal: Refusal) -> Self {
        let retry_after = matches!(refusal.code.status(), 429 | 503).then_some(Duration::from_secs(1));
        Self { refusal, retry_after, allow: None }
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Refusal::new(code).into()
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let Refusal { code, detail, pointer } = &self.refusal;
        let wire = Wire {
            r#type: format!("urn:kuvert:problem:{code}", code = code.as_str()),
            title: code.title(),
            status: code.status(),
            code: code.as_str(),
            detail: detail.as_deref(),
            pointer: pointer.as_deref(),
            mend: code.mend(),
        };
        let body = serde_json::to_vec(&wire).unwrap_or_default();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(wait) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        if let Some(methods) = self.allow {
            headers.insert(header::ALLOW, HeaderValue::from_static(methods));
        }
        response.extensions_mut().insert(*code);
        response
    }
}

/// The fallback of a router: nothing is at this address.
pub async fn not_found() -> Problem {
    Code::NotFound.into()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_problem_names_its_code_and_what_to_mend() {
        let refusal = Refusal::new(Code::FieldInvalid).at("/subject").because("not empty");
        let response = Problem::from(refusal).into_response();
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let value: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(value["code"], "field_invalid");
        assert_eq!(value["pointer"], "/subject");
        assert_eq!(value["type"], "urn:kuvert:problem:field_invalid");
    }

    #[test]
    fn a_busy_service_says_when_to_come_back() {
        let response = Problem::from(Code::Overloaded).into_response();
        assert_eq!(response.headers()["retry-after"], "1");
    }
}
