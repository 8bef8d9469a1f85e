//! The authorization endpoint: a page to pick a person on, and what they picked. It holds no state between the
//! two: the request travels in the form, and is checked again.

use super::{
    DemoClient, House,
    grants::{Grant, Known},
    page,
};
use crate::UNCERTIFIED_LOA3;
use axum::{
    Form,
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use std::{collections::BTreeMap, sync::Arc};
use url::{Url, form_urlencoded};

/// The parameters of one authorization request, none twice.
pub(super) type Parameters = BTreeMap<String, String>;

pub(super) async fn ask(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Response {
    let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes()).into_owned().collect();
    match check(&house, pairs) {
        Ok(request) => match (known(&house, &headers, &request), request.prompt()) {
            (Some(known), _) => sent_back(&house, &request, known),
            (None, "none") => request.back.with(&[("error", "login_required")]),
            (None, _) => page::pick(&house, &request),
        },
        Err(Refused::Here(sentence)) => page::broken(sentence),
        Err(Refused::Back(back, error)) => back.with(&[("error", error)]),
    }
}

/// Who has identified in this browser, if the request lets that count (OpenID Connect Core §3.1.2.1: `prompt`, `max_age`).
fn known(house: &House, headers: &HeaderMap, request: &Request) -> Option<Known> {
    let cookies = headers.get(header::COOKIE)?.to_str().ok()?;
    let cookie = cookies.split("; ").find_map(|pair| pair.strip_prefix(COOKIE)?.strip_prefix('='))?;
    let known = house.grants.known(cookie, house.clock.now())?;
    let age = house.clock.now().since(known.auth_time).as_secs();
    (request.prompt() != "login" && request.max_age().is_none_or(|most| age < most)).then_some(known)
}

fn sent_back(house: &House, request: &Request, known: Known) -> Response {
    let grant = Grant {
        client_id: request.client_id.clone(),
        redirect_uri: request.parameters["redirect_uri"].clone(),
        scope: request.scope(),
        nonce: request.parameters.get("nonce").cloned(),
        code_challenge: request.parameters["code_challenge"].clone(),
        person: known.person,
        auth_time: known.auth_time,
    };
    let code = house.grants.new_code(grant, house.clock.now(), &*house.random);
    request.back.with(&[("code", code.as_str())])
}

pub(super) async fn answer(
    State(house): State<Arc<House>>,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Response {
    let mut person = None;
    let mut cancelled = false;
    let mut rest = Vec::new();
    for (name, value) in pairs {
        match name.as_str() {
            "person" => person = Some(value),
            "cancel" => cancelled = true,
            _ => rest.push((name, value)),
        }
    }
    let request = match check(&house, rest) {
        Ok(request) => request,
        Err(Refused::Here(sentence)) => return page::broken(sentence),
        Err(Refused::Back(back, error)) => return back.with(&[("error", error)]),
    };
    if cancelled {
        return request.back.with(&[("error", "access_denied")]);
    }
    let picked =
        person.and_then(|number| house.settings.people.iter().position(|p| p.identity.expose() == number));
    let Some(person) = picked else { return page::broken("Den personen finns inte här.") };
    let known = Known { person, auth_time: house.clock.now() };
    let cookie =
        format!("{COOKIE}={}; Path=/; HttpOnly; SameSite=Lax", house.grants.remember(known, &*house.random));
    let mut response = sent_back(&house, &request, known);
    response
        .headers_mut()
        .extend(HeaderValue::from_str(&cookie).ok().map(|value| (header::SET_COOKIE, value)));
    response
}

/// A request that may be answered.
pub(super) struct Request {
    pub client_id: String,
    pub parameters: Parameters,
    pub back: Back,
}

impl Request {
    fn prompt(&self) -> &str {
        self.parameters.get("prompt").map(String::as_str).unwrap_or_default()
    }

    fn max_age(&self) -> Option<u64> {
        self.parameters.get("max_age")?.parse().ok()
    }

    fn scope(&self) -> Vec<String> {
        let text = self.parameters.get("scope").map(String::as_str).unwrap_or_default();
        text.split(' ').map(str::to_owned).collect()
    }
}

/// The way back to the client.
pub(super) struct Back {
    pub redirect_uri: Url,
    state: Option<String>,
    issuer: String,
}

impl Back {
    fn with(&self, answer: &[(&str, &str)]) -> Response {
        let mut url = self.redirect_uri.clone();
        let mut query = url.query_pairs_mut();
        query.extend_pairs(answer);
        if let Some(state) = &self.state {
            query.append_pair("state", state);
        }
        query.append_pair("iss", &self.issuer);
        drop(query);
        let headers = [(header::LOCATION, url.to_string()), (header::CACHE_CONTROL, "no-store".to_owned())];
        (StatusCode::SEE_OTHER, headers).into_response()
    }
}

enum Refused {
    /// The way back is not known, so the person stays here.
    Here(&'static str),
    Back(Box<Back>, &'static str),
}

fn check(house: &House, pairs: Vec<(String, String)>) -> Result<Request, Refused> {
    let mut parameters = Parameters::new();
    for (name, value) in pairs {
        if parameters.insert(name, value).is_some() {
            return Err(Refused::Here("Frågan innehåller samma uppgift två gånger."));
        }
    }
    let given = |name: &str| parameters.get(name).map(String::as_str);
    let client = client(house, given("client_id")).ok_or(Refused::Here("Tjänsten som frågar är okänd."))?;
    let back_to = given("redirect_uri").filter(|uri| client.redirect_uris.iter().any(|known| known == uri));
    let redirect_uri = back_to.and_then(|uri| Url::parse(uri).ok());
    let Some(redirect_uri) = redirect_uri else {
        return Err(Refused::Here("Adressen att komma tillbaka till är inte tjänstens."));
    };
    let back = Back {
        redirect_uri,
        state: given("state").map(str::to_owned),
        issuer: house.settings.issuer.clone(),
    };
    let challenge = given("code_challenge").unwrap_or_default();
    let error = if given("request").is_some() {
        Some("request_not_supported")
    } else if given("request_uri").is_some() {
        Some("request_uri_not_supported")
    } else if given("response_type") != Some("code") {
        Some("unsupported_response_type")
    } else if !given("scope").unwrap_or_default().split(' ').any(|scope| scope == "openid") {
        Some("invalid_scope")
    } else if given("code_challenge_method") != Some("S256")
        || challenge.len() != 43
        || given("max_age").is_some_and(|seconds| seconds.parse::<u64>().is_err())
        || given("response_mode").is_some_and(|mode| mode != "query")
        || given("acr_values").is_some_and(|levels| !levels.split(' ').any(|level| level == UNCERTIFIED_LOA3))
    {
        Some("invalid_request")
    } else {
        None
    };
    match error {
        Some(error) => Err(Refused::Back(Box::new(back), error)),
        None => Ok(Request { client_id: client.client_id.clone(), parameters, back }),
    }
}

pub(super) fn client<'a>(house: &'a House, id: Option<&str>) -> Option<&'a DemoClient> {
    house.settings.clients.iter().find(|client| Some(client.client_id.as_str()) == id)
}

/// By which the provider knows a browser again.
const COOKIE: &str = "pretend-e-id";
