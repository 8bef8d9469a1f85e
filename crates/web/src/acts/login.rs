//! To the e-ID and back.

use crate::{
    acts::{see, start},
    cookies, device,
    fault::Fault,
    frame::{Frame, Place},
    notices,
    pages::{Message, MovingOn, Trouble},
    posted::Sent,
    return_to::ReturnTo,
    state::{AccountChange, Web},
    visitor::{Session, Visitor, page},
};
use askama::Template;
use axum::{
    Extension,
    extract::{Path, Query, RawQuery, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::Time;
use eid::{Callback, LoginRequest, Provider, Rejection};
use key_client::{GrantToken, KeysError, LoggedIn};
use serde::{Deserialize, Serialize};
use vault::Place as Context;

/// What only the browser that began a log-in knows, sealed in its cookie.
#[derive(Serialize, Deserialize)]
struct Attempt {
    provider: String,
    state: String,
    nonce: String,
    verifier: String,
    ends_at: Time,
    /// Where the log-in leads.
    #[serde(default)]
    back: Option<ReturnTo>,
    /// The log-in that this one takes the place of, when the same person identifies again.
    #[serde(default)]
    instead_of: Option<GrantToken>,
}

/// What the address of a log-in may say.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    /// A [`ReturnTo`], sealed.
    #[serde(default)]
    back: String,
    /// Somebody who is logged in identifies again.
    #[serde(default)]
    again: String,
}

/// `GET /login/{provider}`
pub(crate) async fn begin(
    State(web): State<Web>,
    Path(provider): Path<String>,
    Query(asked): Query<Asked>,
    peer: Option<Extension<edge::Peer>>,
    headers: HeaderMap,
    visitor: Visitor,
) -> Result<Response, Fault> {
    let parts = &web.0.parts;
    let provider = find(&web, &provider).ok_or(Fault::NotFound)?;
    if let Some(Extension(peer)) = peer
        // By where it comes from, since nobody is known yet.
        && !web.0.logins.take(peer.client(&headers, &parts.limits.proxies), web.now())
    {
        return Err(Fault::Slow);
    }
    let id = provider.config().id.clone();
    let nonce = parts.keys.begin_login(&id).await.map_err(too_often)?;
    let again = visitor.session.as_ref().filter(|_| !asked.again.is_empty());
    let instead_of = again.map(|session| session.grant.clone());
    let state = eid::word(web.random());
    let verifier = eid::word(web.random());
    let request = LoginRequest {
        state: &state,
        nonce: &nonce.nonce,
        code_challenge: &eid::code_challenge(&verifier),
        redirect_uri: &redirect_uri(&web),
        locale: visitor.language.as_str(),
        anew: instead_of.is_some(),
    };
    let back = ReturnTo::open(&web, &asked.back);
    let url = match provider.authorization_url(&request).await {
        Ok(url) => url,
        Err(rejection) => {
            return refused(&web, &visitor, rejection.code(), rejection.is_transient(), back.as_ref());
        }
    };
    let ends_at = nonce.ends_at;
    let nonce = nonce.nonce.clone();
    let attempt = Attempt { provider: id, state, nonce, verifier, ends_at, back, instead_of };
    let mut response = see(url.as_str());
    // The attempt stays with the browser, sealed: beginning log-ins costs us no memory, and only this browser
    // can finish it.
    response.headers_mut().append(header::SET_COOKIE, cookies::login(&seal(&web, &attempt)?));
    Ok(response)
}

/// `GET /login/callback`: 200 and a page that moves on, since the log-in's cookie is not sent on a way that began
/// at the e-ID.
pub(crate) async fn finish(
    State(web): State<Web>,
    headers: HeaderMap,
    RawQuery(query): RawQuery,
) -> Result<Response, Fault> {
    // The cookie of an older log-in does not come along on this way, and is not wanted.
    let visitor = Visitor::logged_out(&headers, "/");
    let mut response = match attempt(&web, &headers) {
        Some((attempt, provider)) => answered(&web, &visitor, &headers, (&attempt, provider), query).await?,
        None => {
            let t = &visitor.t().start;
            let trouble = Trouble { title: t.too_late_title, text: t.too_late_text };
            start::no_login(&web, &visitor, StatusCode::FORBIDDEN, trouble, None)?
        }
    };
    response.headers_mut().append(header::SET_COOKIE, cookies::gone(cookies::LOGIN));
    Ok(response)
}

/// `POST /logout`
pub(crate) async fn end(State(web): State<Web>, sent: Sent) -> Result<Response, Fault> {
    let Sent { visitor, .. } = sent;
    if let Some(session) = &visitor.session {
        // First what is held here: it is to be gone even when the key service does not answer.
        web.0.capabilities.forget_login(&session.grant);
        web.0.parts.mailboxes.forget(&session.grant);
        web.0.parts.keys.end_grant(&session.grant).await?;
    }
    let all = &visitor.t().all;
    let f = Frame::new(visitor.language, "/", Place::Elsewhere, all.logged_out_title, None);
    let next = Some(("/".to_owned(), all.to_start));
    let message =
        Message { f, title: all.logged_out_title, text: all.logged_out_text, next, reference: None };
    let mut response = page(message)?;
    let headers = response.headers_mut();
    headers.append(header::SET_COOKIE, cookies::gone(cookies::SESSION));
    // What was shown must not come back from the browser's memory. Cookies stay: the language is one.
    headers.insert("clear-site-data", HeaderValue::from_static("\"cache\""));
    Ok(response)
}

async fn answered(
    web: &Web,
    visitor: &Visitor,
    headers: &HeaderMap,
    (attempt, provider): (&Attempt, &Provider),
    query: Option<String>,
) -> Result<Response, Fault> {
    let back = attempt.back.as_ref();
    let code = match provider.callback(&query.unwrap_or_default(), &attempt.state).await {
        Ok(Callback::Code(code)) => code,
        Ok(Callback::Cancelled) => {
            metrics::counter!("kuvert_logins_total", "outcome" => "cancelled").increment(1);
            let t = &visitor.t().start;
            if let (Some(_), Some(back)) = (&attempt.instead_of, back) {
                // Still logged in: back to the page that the form stands on.
                return moving_on(visitor, back.stands_on().to_owned());
            }
            let trouble = Trouble { title: t.cancelled_title, text: t.cancelled_text };
            return start::no_login(web, visitor, StatusCode::OK, trouble, back);
        }
        Err(rejection) => return refused(web, visitor, rejection.code(), rejection.is_transient(), back),
    };
    match redeem(web, attempt, provider, &code, &device::word(headers)).await {
        Ok(logged_in) => {
            if let Some(old) = &attempt.instead_of {
                // The new log-in took the old one's place, so what the old one had opened goes with it.
                web.0.capabilities.forget_login(old);
                web.0.parts.mailboxes.forget(old);
            }
            welcome_in(web, visitor, headers, logged_in, back).await
        }
        Err(KeysError::Rejected(code)) if code == "other_person" => {
            let t = &visitor.t().start;
            let f = Frame::new(visitor.language, "/", Place::Elsewhere, t.other_person_title, None);
            let next = Some(("/".to_owned(), t.go_on));
            let title = t.other_person_title;
            let text = t.other_person_text;
            let page = Message { f, title, text, next, reference: None };
            Ok((StatusCode::FORBIDDEN, Html(page.render()?)).into_response())
        }
        Err(KeysError::Rejected(code)) => {
            let transient = code == Rejection::ProviderUnreachable.code();
            refused(web, visitor, &code, transient, back)
        }
        Err(error) => Err(too_often(error)),
    }
}

/// Nobody has read anything yet, so what is too much here are log-ins.
fn too_often(error: KeysError) -> Fault {
    if error == KeysError::Budget { Fault::Slow } else { error.into() }
}

async fn redeem(
    web: &Web,
    attempt: &Attempt,
    provider: &Provider,
    code: &str,
    device: &str,
) -> Result<LoggedIn, KeysError> {
    let rejected = |rejection: Rejection| KeysError::Rejected(rejection.code().to_owned());
    let answer = provider.redeem(code, &attempt.verifier, &redirect_uri(web)).await.map_err(rejected)?;
    let answer = serde_json::to_value(&answer).map_err(|_| KeysError::Unavailable)?;
    let provider = &attempt.provider;
    let nonce = &attempt.nonce;
    let before = attempt.instead_of.clone();
    web.0.parts.keys.finish_login_on(provider, answer, nonce, device, before).await
}

async fn welcome_in(
    web: &Web,
    visitor: &Visitor,
    headers: &HeaderMap,
    logged_in: LoggedIn,
    back: Option<&ReturnTo>,
) -> Result<Response, Fault> {
    metrics::counter!("kuvert_logins_total", "outcome" => "logged_in").increment(1);
    if logged_in.person.is_some() {
        web.0.parts.accounts.sync_person(&logged_in.applicant.address_mac).await;
    }
    let href = back.map_or_else(|| "/".to_owned(), |back| back.after(web, logged_in.person));
    let mut response = moving_on(visitor, href)?;
    let cookie = cookies::session(&logged_in.grant.expose());
    let (known, device) = device::seen(web, headers, &logged_in.applicant.login_mac);
    response.headers_mut().append(header::SET_COOKIE, cookie);
    response.headers_mut().append(header::SET_COOKIE, device);
    if !known && logged_in.person.is_some() {
        tell_of_new_device(web, logged_in.grant).await;
    }
    Ok(response)
}

/// Whoever cannot be told is logged in all the same.
async fn tell_of_new_device(web: &Web, grant: GrantToken) {
    let Ok(session) = Session::of(web, grant).await else { return };
    let (Some(actor), Some(person)) = (session.actor(), &session.person) else { return };
    let language = person.language;
    notices::tell(web, AccountChange::NewDevice, notices::addresses(web, &actor).await, language);
}

fn moving_on(visitor: &Visitor, href: String) -> Result<Response, Fault> {
    let mut f = Frame::new(visitor.language, "/", Place::Elsewhere, visitor.t().start.moving_on_title, None);
    f.moves_to = Some(href.clone());
    page(MovingOn { f, href })
}

/// The e-ID's answer is no log-in. The code says why without saying whom, so it may be logged.
fn refused(
    web: &Web,
    visitor: &Visitor,
    code: &str,
    transient: bool,
    back: Option<&ReturnTo>,
) -> Result<Response, Fault> {
    metrics::counter!("kuvert_logins_total", "outcome" => "refused").increment(1);
    tracing::warn!(eid.rejection = code, "A log-in was refused: {code}");
    let t = &visitor.t().start;
    if transient {
        let trouble = Trouble { title: t.provider_silent_title, text: t.provider_silent_text };
        return start::no_login(web, visitor, StatusCode::SERVICE_UNAVAILABLE, trouble, back);
    }
    let trouble = Trouble { title: t.refused_title, text: t.refused_text };
    start::no_login(web, visitor, StatusCode::FORBIDDEN, trouble, back)
}

fn find<'a>(web: &'a Web, id: &str) -> Option<&'a Provider> {
    web.0.parts.providers.iter().find(|provider| provider.config().id == id)
}

fn redirect_uri(web: &Web) -> String {
    format!("{}/login/callback", web.0.parts.origin)
}

/// The attempt that this browser began, if it is not too late.
fn attempt<'a>(web: &'a Web, headers: &HeaderMap) -> Option<(Attempt, &'a Provider)> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(cookies::read(headers, cookies::LOGIN)?).ok()?;
    let plain = web.0.parts.web_keys.session.open(&context(), &sealed).ok()?;
    let attempt: Attempt = serde_json::from_slice(&plain).ok()?;
    let provider = find(web, &attempt.provider)?;
    (web.now() < attempt.ends_at).then_some((attempt, provider))
}

fn seal(web: &Web, attempt: &Attempt) -> Result<String, Fault> {
    let plain = serde_json::to_vec(attempt).map_err(|_| Fault::Trouble)?;
    let sealed = web.0.parts.web_keys.session.seal(&context(), &plain, web.random());
    Ok(BASE64_URL_SAFE_NO_PAD.encode(sealed))
}

fn context() -> Context {
    Context::new("web/login")
}
