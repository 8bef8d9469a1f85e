//! The token and userinfo endpoints.

use super::{
    DemoPerson, House, authorize,
    grants::{ACCESS_LIVES, Grant},
};
use crate::{SCOPE_INFO, SCOPE_NUMBER, UNCERTIFIED_LOA3, claims, code_challenge};
use axum::{
    Form, Json,
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{
    Engine,
    prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD},
};
use domain::IdentityKind;
use ring::digest;
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use subtle::ConstantTimeEq;
use url::form_urlencoded;

#[derive(Deserialize)]
pub(super) struct TokenRequest {
    grant_type: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    redirect_uri: String,
    #[serde(default)]
    code_verifier: String,
    client_id: Option<String>,
    client_secret: Option<String>,
}

pub(super) async fn redeem(
    State(house): State<Arc<House>>,
    headers: HeaderMap,
    Form(request): Form<TokenRequest>,
) -> Response {
    let Some(client_id) = client(&house, &headers, &request) else {
        return error(StatusCode::UNAUTHORIZED, "invalid_client");
    };
    if request.grant_type != "authorization_code" {
        return error(StatusCode::BAD_REQUEST, "unsupported_grant_type");
    }
    let now = house.clock.now();
    let fits = |grant: &Grant| {
        grant.client_id == client_id
            && grant.redirect_uri == request.redirect_uri
            && same(&grant.code_challenge, &code_challenge(&request.code_verifier))
    };
    let Some((grant, access_token)) = house.grants.redeem(&request.code, now, &*house.random, fits) else {
        return error(StatusCode::BAD_REQUEST, "invalid_grant");
    };
    let hash = digest::digest(house.id_tokens.algorithm().hash(), access_token.as_bytes());
    let mut claims = person_claims(&house, &grant);
    claims["exp"] = (now.seconds() + ID_TOKEN_SECONDS).into();
    claims["iat"] = now.seconds().into();
    claims["auth_time"] = grant.auth_time.seconds().into();
    claims["acr"] = UNCERTIFIED_LOA3.into();
    claims["at_hash"] = BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2]).into();
    if let Some(nonce) = grant.nonce {
        claims["nonce"] = nonce.into();
    }
    let Ok(id_token) = house.id_tokens.sign(&claims) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    let body = json!({
        "access_token": access_token, "token_type": "Bearer", "expires_in": ACCESS_LIVES.as_secs(),
        "id_token": id_token, "scope": grant.scope.join(" "),
    });
    (NO_STORE, Json(body)).into_response()
}

pub(super) async fn userinfo(State(house): State<Arc<House>>, headers: HeaderMap) -> Response {
    let bearer =
        headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()?.strip_prefix("Bearer "));
    let now = house.clock.now();
    let Some(grant) = bearer.and_then(|token| house.grants.by_access_token(token, now)) else {
        let challenge = [(header::WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
        return (StatusCode::UNAUTHORIZED, challenge).into_response();
    };
    let mut claims = person_claims(&house, &grant);
    claims["iat"] = now.seconds().into();
    match house.userinfo.sign(&claims) {
        Ok(jwt) => ([(header::CONTENT_TYPE, "application/jwt"), NO_STORE[0].clone()], jwt).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}

/// Issuer, audience, subject, and of the person what the scopes ask for.
fn person_claims(house: &House, grant: &Grant) -> Value {
    let person: &DemoPerson = &house.settings.people[grant.person];
    let asked = |scope: &str| grant.scope.iter().any(|asked| asked == scope);
    let mut claims = json!({
        "iss": house.settings.issuer, "aud": grant.client_id, "sub": person.subject,
    });
    if asked(SCOPE_NUMBER) {
        let name = match person.identity.kind() {
            IdentityKind::Samordningsnummer => claims::COORDINATION_NUMBER,
            _ => claims::PERSONAL_NUMBER,
        };
        claims[name] = person.identity.expose().into();
    }
    if asked(SCOPE_INFO) || asked("profile") {
        claims["given_name"] = person.given_name.as_str().into();
        claims["family_name"] = person.family_name.as_str().into();
        claims["name"] = format!("{} {}", person.given_name, person.family_name).into();
    }
    claims
}

/// The client's id, when it has proved who it is.
fn client(house: &House, headers: &HeaderMap, request: &TokenRequest) -> Option<String> {
    let (id, secret) = match headers.get(header::AUTHORIZATION) {
        Some(value) => {
            let pair = BASE64_STANDARD.decode(value.to_str().ok()?.strip_prefix("Basic ")?).ok()?;
            let pair = String::from_utf8(pair).ok()?;
            let (id, secret) = pair.split_once(':')?;
            (form_decoded(id), Some(form_decoded(secret)))
        }
        None => (request.client_id.clone()?, request.client_secret.clone()),
    };
    let known = authorize::client(house, Some(&id))?;
    let proved = match (&known.secret, secret) {
        (None, None) => true,
        (Some(known), Some(given)) => same(known, &given),
        _ => false,
    };
    proved.then_some(id)
}

fn form_decoded(text: &str) -> String {
    let field = format!("v={}", text.replace('&', "%26"));
    form_urlencoded::parse(field.as_bytes()).next().map(|(_, value)| value.into_owned()).unwrap_or_default()
}

fn error(status: StatusCode, code: &str) -> Response {
    (status, NO_STORE, Json(json!({"error": code}))).into_response()
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

const NO_STORE: [(header::HeaderName, &str); 1] = [(header::CACHE_CONTROL, "no-store")];
const ID_TOKEN_SECONDS: i64 = 300;
