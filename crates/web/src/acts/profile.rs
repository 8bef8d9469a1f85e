//! Who one is here, and the language.

use crate::{
    acts::{log_ins::provider_name, see},
    cookies, dates,
    fault::Fault,
    frame::Place,
    names::BoxNames,
    pages::{Profile, ProfileBox, SettingsPlace, SettingsRoot},
    posted::Sent,
    state::Web,
    visitor::{Reader, own_path, page},
};
use axum::{
    extract::{Query, State},
    http::header,
    response::Response,
};
use domain::{Language, words::Because};

use super::done::WasDone;

/// `GET /settings`
pub(crate) async fn menu(reader: Reader) -> Result<Response, Fault> {
    page(SettingsRoot { f: reader.frame(Place::Settings, reader.t().all.settings), here: None })
}

/// `GET /profile`
pub(crate) async fn show(
    State(web): State<Web>,
    reader: Reader,
    Query(done): Query<WasDone>,
) -> Result<Response, Fault> {
    let session = reader.session()?;
    let t = reader.t();
    let now = web.now();
    let names = BoxNames::read(&web, session).await?;
    let provider = provider_name(&web, reader.visitor.language, &session.view.provider);
    let boxes = session.boxes.iter().map(|one| ProfileBox {
        name: names.of(one.mailbox_id).unwrap_or(t.letters.someone).to_owned(),
        note: match one.because {
            Because::Owner => String::new(),
            Because::Signatory => t.settings.signatory.to_owned(),
            Because::Helper => t.letters.as_helper.to_owned(),
        },
    });
    let mut f = reader.frame(Place::Settings, t.settings.profile);
    f.path = "/profile".to_owned();
    f.done = done.say(t);
    page(Profile {
        f,
        here: Some(SettingsPlace::Profile),
        name: session.view.name.clone(),
        provider,
        ends: dates::moment(session.view.ends_at, now, t),
        boxes: boxes.collect(),
        open: session.own_box().map(|own| own.closed_at.is_none()),
    })
}

/// `POST /language`: kept in the browser, and for somebody logged in also for notices.
pub(crate) async fn language(State(web): State<Web>, sent: Sent) -> Result<Response, Fault> {
    let Sent { visitor, fields } = sent;
    let language = Language::parse(fields.text("language")).unwrap_or_default();
    if let Some(person) = visitor.session.as_ref().and_then(|session| session.person.as_ref()) {
        web.0.parts.accounts.set_language(person.person_id, language).await?;
    }
    let mut response = see(own_path(fields.text("back")));
    response.headers_mut().append(header::SET_COOKIE, cookies::language(language.as_str()));
    Ok(response)
}

#[cfg(test)]
mod tests {
    use crate::visitor::own_path;

    #[test]
    fn one_comes_back_to_our_own_pages_only() {
        assert_eq!(own_path("/letters/a/b?x=1"), "/letters/a/b?x=1");
        for path in
            ["//evil.example", "/\\evil.example", "https://evil.example", "", "/\r\nSet-Cookie: a", "/\t/x"]
        {
            assert_eq!(own_path(path), "/", "{path}");
        }
    }
}
