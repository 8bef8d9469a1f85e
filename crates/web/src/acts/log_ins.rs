//! Where one is logged in, and ending what one does not know or has left open.

use crate::{
    acts::{done::WasDone, see},
    dates, device,
    fault::Fault,
    frame::Place,
    pages::{LogInRow, LogIns, SettingsPlace},
    posted::Posted,
    state::Web,
    visitor::{Reader, page},
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use domain::Language;
use key_client::LogIn;

/// `GET /log-ins`
pub(crate) async fn show(
    State(web): State<Web>,
    reader: Reader,
    Query(done): Query<WasDone>,
) -> Result<Response, Fault> {
    let t = reader.t();
    let now = web.now();
    let all = web.0.parts.keys.log_ins(&reader.session()?.grant).await?;
    let rows = all.into_iter().map(|one: LogIn| LogInRow {
        name: t.browser_on(device::names(&one.device)),
        provider: provider_name(&web, reader.visitor.language, &one.provider),
        began: t.logged_in_since(&dates::moment(one.logged_in_at, now, t)),
        used: t.last_used(&dates::moment(one.used_at, now, t)),
        is_own: one.is_own,
        id: one.id,
    });
    let mut f = reader.frame(Place::Settings, t.settings.log_ins);
    f.path = "/log-ins".to_owned();
    f.done = done.say(t);
    page(LogIns { f, here: Some(SettingsPlace::LogIns), rows: rows.collect() })
}

/// `POST /log-ins/{id}/end`
pub(crate) async fn end(
    State(web): State<Web>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    web.0.parts.keys.end_log_in(&posted.reader.session()?.grant, &id).await?;
    Ok(see("/log-ins?done=log-in-ended"))
}

/// `POST /log-ins/end-others`
pub(crate) async fn end_others(State(web): State<Web>, posted: Posted) -> Result<Response, Fault> {
    web.0.parts.keys.end_other_log_ins(&posted.reader.session()?.grant).await?;
    Ok(see("/log-ins?done=log-ins-ended"))
}

/// As the log-in button has it.
pub(crate) fn provider_name(web: &Web, language: Language, id: &str) -> String {
    let configured = web.0.parts.providers.iter().map(eid::Provider::config).find(|one| one.id == id);
    configured.map_or_else(
        || id.to_owned(),
        |one| if language == Language::Swedish { one.name.sv.clone() } else { one.name.en.clone() },
    )
}
