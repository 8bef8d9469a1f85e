//! When the log-in ends, said in a small frame at the top of each page: so it can be put off without losing what
//! stands half written below, and without script.

use crate::{
    dates,
    fault::Fault,
    frame::Place,
    pages::Stay,
    security,
    state::Web,
    visitor::{Visitor, page},
};
use axum::{
    extract::{Query, State},
    http::{HeaderMap, HeaderValue, header},
    response::Response,
};
use domain::Time;
use serde::Deserialize;
use std::time::Duration;

/// The instant that the frame counts down to; nothing depends on it but what the frame says.
#[derive(Debug, Deserialize)]
pub(crate) struct Until {
    at: i64,
}

/// `GET /stay`: counts as use, so the log-in goes on from now.
pub(crate) async fn show(State(web): State<Web>, headers: HeaderMap) -> Result<Response, Fault> {
    let visitor = match Visitor::read(&web, &headers, "/").await {
        Err(Fault::Expired) => Visitor::logged_out(&headers, "/"),
        visitor => visitor?,
    };
    let Some(session) = &visitor.session else { return ended(&visitor) };
    let now = web.now();
    let view = &session.view;
    let at = view.idle_ends_at;
    let last = view.idle_ends_at >= view.ends_at;
    let t = visitor.t();
    let clock = dates::clock(at, t);
    let warns_in = at.minus(WARNING).since(now).as_secs();
    framed(Stay {
        f: visitor.frame(Place::Elsewhere, t.all.stay_title),
        says: if last { t.logged_out_for_sure(&clock) } else { t.logged_out_at(&clock) },
        can_stay: !last,
        urgent: false,
        ended: false,
        then: Some((warns_in, format!("/stay/soon?at={}", at.millis()))),
    })
}

/// `GET /stay/soon`: asks no log-in, since asking would put it off.
pub(crate) async fn soon(
    State(web): State<Web>,
    headers: HeaderMap,
    Query(until): Query<Until>,
) -> Result<Response, Fault> {
    let visitor = Visitor::logged_out(&headers, "/");
    let now = web.now();
    let at = Time::from_millis(until.at);
    if at <= now || at.since(now) > LONGEST {
        return ended(&visitor);
    }
    let t = visitor.t();
    framed(Stay {
        f: visitor.frame(Place::Elsewhere, t.all.stay_title),
        says: t.logged_out_soon(&dates::clock(at, t)),
        can_stay: true,
        urgent: true,
        ended: false,
        then: Some((at.since(now).as_secs() + 1, format!("/stay/soon?at={}", at.millis()))),
    })
}

/// Another tab may have put it off, so this is not said for sure.
fn ended(visitor: &Visitor) -> Result<Response, Fault> {
    let all = &visitor.t().all;
    framed(Stay {
        f: visitor.frame(Place::Elsewhere, all.stay_title),
        says: all.stay_ended.to_owned(),
        can_stay: false,
        urgent: true,
        ended: true,
        then: None,
    })
}

/// Framed by our own pages and nobody else's.
fn framed(stay: Stay) -> Result<Response, Fault> {
    let mut response = page(stay)?;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(security::STAY_POLICY));
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN"));
    Ok(response)
}

/// How long before the end it is said aloud.
const WARNING: Duration = Duration::from_secs(120);
/// No log-in lasts longer.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
