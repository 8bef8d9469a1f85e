//! One helper may read the person's mailbox until a day that the person sets.

use crate::{
    acts::{done::WasDone, see},
    dates,
    fault::Fault,
    frame::Place,
    fresh::Fresh,
    limit::Key,
    names::BoxNames,
    pages::{AskedRow, AsksRow, Confirm, Field, HelperRow, Helpers, Helping, SettingsPlace},
    posted::Posted,
    state::Web,
    visitor::{Reader, page},
};
use account::{Holder, InviteError, WantedHelper};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{CivilDate, Identity, MandateId, Time, text, words::Because};
use registry::mandates::MandateKind;
use std::time::Duration;

/// What was wrong with the last form.
#[derive(Default)]
struct Wrong {
    name: Field,
    number: Field,
    until: Field,
}

/// `GET /helpers`
pub(crate) async fn show(
    State(web): State<Web>,
    reader: Reader,
    Query(done): Query<WasDone>,
) -> Result<Response, Fault> {
    list(&web, &reader, &done, Wrong::default()).await
}

/// `POST /helpers`
pub(crate) async fn add(State(web): State<Web>, Fresh(posted): Fresh<Posted>) -> Result<Response, Fault> {
    let Posted { reader, fields } = posted;
    let s = &reader.t().settings;
    let now = web.now();
    let name = text::line(fields.text("name"), 1, 80);
    let number = number(fields.text("number"));
    let until = CivilDate::parse(fields.text("until")).ok().map(end_of).filter(|end| fits(*end, now));
    let mut wrong = Wrong {
        name: Field { value: fields.text("name").to_owned(), error: name.is_err().then_some(s.bad_name) },
        number: Field { value: String::new(), error: number.is_none().then_some(s.bad_number) },
        until: Field {
            value: fields.text("until").to_owned(),
            error: until.is_none().then_some(s.bad_until),
        },
    };
    let (Ok(name), Some(number), Some(valid_to)) = (name, number, until) else {
        return refused(&web, &reader, wrong).await;
    };
    let session = reader.session()?;
    let own = session.own_box().filter(|_| !session.is_protected()).ok_or(Fault::NotFound)?.mailbox_id;
    if !web.0.lookups.take(Key::Person(*reader.actor.rights.person.as_bytes()), web.now()) {
        return Err(Fault::Slow);
    }
    let wanted = WantedHelper { number, label: name, valid_to };
    let accounts = &web.0.parts.accounts;
    let owner_name = &session.view.name;
    wrong.number.error = match accounts.invite(&reader.actor, owner_name, own, &wanted).await {
        Ok(()) => return Ok(see("/helpers?done=asked")),
        Err(InviteError::Oneself) => Some(s.helper_self),
        Err(InviteError::Another) => Some(s.helper_one),
        Err(InviteError::TooMany) => Some(s.helper_too_many),
        Err(InviteError::Frozen) => return Err(Fault::Frozen),
        Err(InviteError::Account(error)) => return Err(error.into()),
    };
    refused(&web, &reader, wrong).await
}

/// `GET /helpers/{mandate}/revoke`: the question.
pub(crate) async fn ask_revoke(
    State(web): State<Web>,
    Path(mandate): Path<String>,
    reader: Reader,
) -> Result<Response, Fault> {
    let id: MandateId = mandate.parse().map_err(|_| Fault::NotFound)?;
    let s = &reader.t().settings;
    let rows = rows(&web, &reader).await?;
    let row = rows.into_iter().find(|row| row.id == id.to_string() && row.revocable);
    let row = row.ok_or(Fault::NotFound)?;
    page(Confirm {
        f: reader.frame(Place::Settings, s.helper_revoke),
        question: s.helper_revoke_title.to_owned(),
        about: Some(row.name),
        means: vec![s.helper_revoke_text],
        action: format!("/helpers/{id}/revoke"),
        fields: vec![],
        yes: s.helper_revoke_yes.to_owned(),
        grave: false,
        back: "/helpers".to_owned(),
        no: s.helper_revoke_no,
    })
}

/// `POST /helpers/{mandate}/revoke`
pub(crate) async fn revoke(
    State(web): State<Web>,
    Path(mandate): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let id: MandateId = mandate.parse().map_err(|_| Fault::NotFound)?;
    let own = posted.reader.session()?.own_box().ok_or(Fault::NotFound)?.mailbox_id;
    let revoked = web.0.parts.accounts.revoke_helper(&posted.reader.actor, own, id).await?;
    if revoked { Ok(see("/helpers?done=helper-revoked")) } else { Err(Fault::NotFound) }
}

async fn refused(web: &Web, reader: &Reader, wrong: Wrong) -> Result<Response, Fault> {
    let page = list(web, reader, &WasDone::default(), wrong).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn list(web: &Web, reader: &Reader, done: &WasDone, mut wrong: Wrong) -> Result<Response, Fault> {
    let session = reader.session()?;
    let t = reader.t();
    let now = web.now();
    let names = BoxNames::read(web, session).await?;
    let helping = session.boxes.iter().filter(|one| one.because != Because::Owner).map(|one| Helping {
        name: names.of(one.mailbox_id).unwrap_or(t.letters.someone).to_owned(),
        until: match (one.because, one.ends_at) {
            (Because::Helper, Some(end)) => t.until(&last_day(end, t)),
            _ => t.settings.signatory.to_owned(),
        },
    });
    if wrong.until.value.is_empty() {
        wrong.until.value = now.plus(HALF_A_YEAR).date().to_string();
    }
    let mut f = reader.frame(Place::Settings, t.settings.helpers);
    f.path = "/helpers".to_owned();
    f.done = done.say(t);
    page(Helpers {
        f,
        here: Some(SettingsPlace::Helpers),
        helpers: rows(web, reader).await?,
        asked: asked(web, reader).await?,
        asks: asks(web, reader).await?,
        helping: helping.collect(),
        protected: session.is_protected(),
        own: session.own_box().is_some(),
        name: wrong.name,
        number: wrong.number,
        until: wrong.until,
        dates: (now.plus(DAY).date().to_string(), now.plus(LONGEST).date().to_string()),
    })
}

/// Those who may read the person's own mailbox now.
async fn rows(web: &Web, reader: &Reader) -> Result<Vec<HelperRow>, Fault> {
    let session = reader.session()?;
    let t = reader.t();
    let now = web.now();
    let Some(own) = session.own_box() else { return Ok(vec![]) };
    let holders = web.0.parts.accounts.holders(&session.grant, own.mailbox_id).await?;
    let row = |Holder { mandate, name }| HelperRow {
        id: mandate.mandate_id.to_string(),
        name: name.unwrap_or_else(|| t.letters.someone.to_owned()),
        until: mandate.valid_to.map_or_else(String::new, |end| t.until(&last_day(end, t))),
        revocable: mandate.kind == MandateKind::Helper,
    };
    Ok(holders.into_iter().filter(|one| one.mandate.holds(now)).map(row).collect())
}

/// Whom the person has asked.
async fn asked(web: &Web, reader: &Reader) -> Result<Vec<AskedRow>, Fault> {
    let t = reader.t();
    let Some(own) = reader.session()?.own_box() else { return Ok(vec![]) };
    let found = web.0.parts.accounts.asked(&reader.actor, own.mailbox_id).await?;
    let row = |one: account::Asked| AskedRow {
        id: one.invitation_id.to_string(),
        label: one.label.unwrap_or_else(|| t.letters.someone.to_owned()),
        until: t.until(&last_day(one.valid_to, t)),
        answered: one.helper.is_some(),
    };
    Ok(found.into_iter().map(row).collect())
}

/// Who asks the person.
async fn asks(web: &Web, reader: &Reader) -> Result<Vec<AsksRow>, Fault> {
    let t = reader.t();
    let found = web.0.parts.accounts.asks(&reader.actor).await?;
    let row = |one: account::Asks| AsksRow {
        id: one.invitation_id.to_string(),
        name: one.owner.unwrap_or_else(|| t.letters.someone.to_owned()),
        until: t.until(&last_day(one.valid_to, t)),
    };
    Ok(found.into_iter().map(row).collect())
}

/// A person's number as people write it: twelve digits, with or without a hyphen or spaces.
fn number(text: &str) -> Option<Identity> {
    let digits: String = text.chars().filter(|c| !matches!(c, '-' | ' ' | '\u{a0}')).collect();
    Identity::parse(&digits).ok().filter(Identity::is_person)
}

/// A right that lasts a day lasts until midnight in Stockholm.
fn end_of(day: CivilDate) -> Time {
    day.start().plus(DAY + DAY / 2).date().start()
}

pub(crate) fn last_day(end: Time, t: &crate::texts::Texts) -> String {
    dates::long(end.minus(Duration::from_millis(1)).date(), t)
}

fn fits(end: Time, now: Time) -> bool {
    end > now.plus(DAY).date().start() && end <= end_of(now.plus(LONGEST).date())
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const HALF_A_YEAR: Duration = Duration::from_secs(182 * 24 * 60 * 60);
const LONGEST: Duration = Duration::from_secs(364 * 24 * 60 * 60);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_with_and_without_a_hyphen() {
        for text in ["198101052382", "19810105-2382", "1981 0105 2382"] {
            assert_eq!(number(text).unwrap().expose(), "198101052382");
        }
        for text in ["8101052382", "164020000016", "19810105-2383", ""] {
            assert!(number(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_day_ends_at_midnight_also_when_the_clocks_change() {
        for (day, end) in [("2026-03-29", "2026-03-29T22:00:00Z"), ("2026-10-25", "2026-10-25T23:00:00Z")] {
            assert_eq!(end_of(CivilDate::parse(day).unwrap()), Time::parse(end).unwrap(), "{day}");
        }
    }

    #[test]
    fn the_end_lies_from_tomorrow_to_a_year_ahead() {
        let now = Time::parse("2026-11-22T12:00:00Z").unwrap();
        let ok = |day: &str| fits(end_of(CivilDate::parse(day).unwrap()), now);
        assert!(!ok("2026-11-21") && !ok("2026-11-22") && ok("2026-11-23") && ok("2027-11-21"));
        assert!(!ok("2027-11-22") && !ok("2099-01-01"));
    }
}
