//! What a page could not do, decided once as a status and a page.

use crate::{
    acts::see,
    cookies,
    frame::Place,
    pages::Message,
    return_to::{self, Kept, ReturnTo},
    state::Web,
    visitor::Visitor,
};
use account::AccountError;
use askama::Template;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    middleware::Next,
    response::{Html, IntoResponse, Response},
};
use key_client::KeysError;
use mailbox::MailboxError;

/// Why there is no page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing here, or not for this person.
    NotFound,
    /// There was a log-in; it has ended.
    Expired,
    /// Nobody is logged in.
    NotLoggedIn,
    /// The form was not sent from our page in this log-in.
    StaleForm,
    /// Too many attempts from one place.
    Slow,
    /// Too many letters opened at once.
    ReadingSlow,
    /// The mailbox cannot be changed.
    Frozen,
    /// Ours. Logged where it happened.
    Trouble,
}

impl Fault {
    fn status(self) -> StatusCode {
        match self {
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::Expired => StatusCode::UNAUTHORIZED,
            Self::NotLoggedIn => StatusCode::SEE_OTHER,
            Self::StaleForm | Self::Frozen => StatusCode::FORBIDDEN,
            Self::Slow | Self::ReadingSlow => StatusCode::TOO_MANY_REQUESTS,
            Self::Trouble => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The page that says it.
    fn page(self, visitor: &Visitor, back: Option<&ReturnTo>, href: String) -> Message {
        let all = &visitor.t().all;
        let (title, text, next) = match self {
            Self::NotFound => (all.not_found_title, all.not_found_text, all.to_start),
            Self::Expired if back.is_some_and(ReturnTo::has_form) => {
                (all.expired_title, all.expired_kept, all.log_in)
            }
            Self::Expired | Self::NotLoggedIn => (all.expired_title, all.expired_text, all.log_in),
            Self::StaleForm => (all.stale_form_title, all.stale_form_text, all.to_start),
            Self::Slow => (all.slow_title, all.slow_text, all.to_start),
            Self::ReadingSlow => (all.slow_title, all.reading_slow_text, all.to_inbox),
            Self::Frozen => (all.frozen_title, all.frozen_text, all.to_inbox),
            Self::Trouble => (all.trouble_title, all.trouble_text, all.to_start),
        };
        let reads = visitor.session.as_ref().is_some_and(|session| !session.boxes.is_empty());
        let next = if reads && next == all.to_start { all.to_inbox } else { next };
        let f = visitor.frame(Place::Elsewhere, title);
        Message { f, title, text, next: Some((href, next)), reference: None }
    }
}

impl IntoResponse for Fault {
    /// Carried in the extensions; [`show`] knows the reader's language and makes the page.
    fn into_response(self) -> Response {
        let mut response = self.status().into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// Turns faults, and whatever the router itself refuses, into pages.
pub(crate) async fn show(State(web): State<Web>, mut request: Request, next: Next) -> Response {
    let headers = request.headers().clone();
    // Only pages that can be asked for again may be come back to; of a form, the page it stands on.
    let is_safe = request.method().is_safe();
    let path = if is_safe { request.uri().path().to_owned() } else { "/".to_owned() };
    let page = match request.uri().path_and_query() {
        Some(asked) if is_safe => asked.as_str().to_owned(),
        _ => return_to::page_of(request.uri().path()).to_owned(),
    };
    let kept = Kept::default();
    request.extensions_mut().insert(kept.clone());
    let response = next.run(request).await;
    let status = response.status();
    let carried = response.extensions().get::<Fault>().copied();
    let fault = match carried {
        Some(fault) => fault,
        None if !status.is_client_error() && !status.is_server_error() => return response,
        None if response.headers().get(header::CONTENT_TYPE).is_some_and(is_page) => return response,
        None if status.is_server_error() => Fault::Trouble,
        None => Fault::NotFound,
    };
    let back = match fault {
        Fault::Expired => Some(kept.take().unwrap_or_else(|| ReturnTo::page(&page, web.now()))),
        // Somebody who is logged in and has no mailbox is told on the first page how to get one.
        Fault::NotLoggedIn if cookies::read(&headers, cookies::SESSION).is_none() => {
            Some(ReturnTo::page(&page, web.now()))
        }
        _ => None,
    };
    let href = back.as_ref().map_or_else(|| "/".to_owned(), |back| back.by_log_in(&web));
    if fault == Fault::NotLoggedIn {
        return see(&href);
    }
    let visitor = visitor(&web, fault, &headers, &path).await;
    let page = fault.page(&visitor, back.as_ref(), href).render().unwrap_or_default();
    let mut page = (status, Html(page)).into_response();
    let headers = page.headers_mut();
    if fault == Fault::Expired {
        headers.append(header::SET_COOKIE, cookies::gone(cookies::SESSION));
    }
    if status == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("60"));
    }
    if let Some(allow) = response.headers().get(header::ALLOW) {
        headers.insert(header::ALLOW, allow.clone());
    }
    page
}

/// Who reads the page that says it: somebody logged in keeps the menu, unless the log-in or the database is what fails.
async fn visitor(web: &Web, fault: Fault, headers: &HeaderMap, path: &str) -> Visitor {
    if !matches!(fault, Fault::Expired | Fault::Trouble)
        && let Ok(visitor) = Visitor::read(web, headers, path).await
    {
        return visitor;
    }
    Visitor::logged_out(headers, path)
}

fn is_page(value: &HeaderValue) -> bool {
    value.as_bytes().starts_with(b"text/html")
}

impl From<KeysError> for Fault {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::NoGrant => Self::Expired,
            // It was fresh when the form came.
            KeysError::NotFresh => Self::StaleForm,
            KeysError::NotAllowed | KeysError::Gone => Self::NotFound,
            KeysError::Budget | KeysError::Spent(_) => Self::ReadingSlow,
            KeysError::Unavailable | KeysError::Unvouched(_) | KeysError::Rejected(_) => {
                tracing::error!(code = error.code(), "The key service did not answer a page");
                Self::Trouble
            }
        }
    }
}

impl From<MailboxError> for Fault {
    fn from(error: MailboxError) -> Self {
        match error {
            MailboxError::Keys(error) => error.into(),
            error => trouble(&error),
        }
    }
}

impl From<AccountError> for Fault {
    fn from(error: AccountError) -> Self {
        match error {
            AccountError::NotFound => Self::NotFound,
            AccountError::Keys(error) => error.into(),
            error => trouble(&error),
        }
    }
}

impl From<askama::Error> for Fault {
    fn from(error: askama::Error) -> Self {
        trouble(&error)
    }
}

/// Logs an error of ours, once. None of them speaks of a person.
pub(crate) fn trouble(error: &dyn std::error::Error) -> Fault {
    tracing::error!(error = %Chain(error), "A page could not be made");
    Fault::Trouble
}

struct Chain<'a>(&'a dyn std::error::Error);

impl std::fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0)?;
        let mut source = self.0.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}
