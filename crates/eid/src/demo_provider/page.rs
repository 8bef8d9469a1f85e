//! The two pages that people see here. No script, one style sheet of its own, and it says what it is.

use super::{House, authorize::Request};
use askama::Template;
use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_STANDARD};
use ring::digest;

#[derive(Template)]
#[template(path = "demo_login.html")]
struct Pick<'a> {
    style: &'static str,
    parameters: Vec<(&'a str, &'a str)>,
    people: Vec<Choice<'a>>,
}

struct Choice<'a> {
    number: &'a str,
    shown_number: String,
    given_name: &'a str,
    family_name: &'a str,
}

#[derive(Template)]
#[template(path = "demo_broken.html")]
struct Broken {
    style: &'static str,
    sentence: &'static str,
}

pub(super) fn pick(house: &House, request: &Request) -> Response {
    let people = house.settings.people.iter().map(|person| {
        let number = person.identity.expose();
        let shown_number = format!("{}-{}", &number[..8], &number[8..]);
        Choice { number, shown_number, given_name: &person.given_name, family_name: &person.family_name }
    });
    let page = Pick {
        style: STYLE,
        parameters: request.parameters.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect(),
        people: people.collect(),
    };
    // Browsers hold the address that a form's answer redirects to against form-action too.
    let form_action = format!("'self' {}", request.back.redirect_uri.origin().ascii_serialization());
    respond(StatusCode::OK, &page, &form_action)
}

pub(super) fn broken(sentence: &'static str) -> Response {
    respond(StatusCode::BAD_REQUEST, &Broken { style: STYLE, sentence }, "'none'")
}

fn respond(status: StatusCode, page: &impl Template, form_action: &str) -> Response {
    let Ok(html) = page.render() else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let style = BASE64_STANDARD.encode(digest::digest(&digest::SHA256, STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{style}'; form-action {form_action}; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy.as_str()),
        (header::CACHE_CONTROL, "no-store"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (status, headers, Html(html)).into_response()
}

const STYLE: &str = include_str!("../../templates/demo.css");
