//! Invitations to help: answered by whoever was asked, and confirmed by the owner who has seen who that is.

use crate::{
    acts::{helpers::last_day, see},
    fault::Fault,
    frame::Place,
    fresh::Fresh,
    notices,
    pages::Confirm,
    posted::Posted,
    state::{AccountChange, Web},
    visitor::{Reader, page},
};
use account::{Asked, GrantError};
use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::{MailboxId, MandateId};

/// `GET /helpers/{invitation}/accept`: the question to whoever was asked.
pub(crate) async fn ask_accept(
    State(web): State<Web>,
    Path(invitation): Path<String>,
    reader: Reader,
) -> Result<Response, Fault> {
    let id = parse(&invitation)?;
    let asks = web.0.parts.accounts.asks(&reader.actor).await?;
    let asks = asks.into_iter().find(|one| one.invitation_id == id).ok_or(Fault::NotFound)?;
    let t = reader.t();
    let session = reader.session()?;
    let owner = asks.owner.ok_or(Fault::Trouble)?;
    let until = t.until(&last_day(asks.valid_to, t));
    page(Confirm {
        f: reader.frame(Place::Settings, t.settings.asks),
        question: t.asks_question(&owner),
        about: Some(format!("{} {}", t.asks_means(&until), t.asks_shows(&session.view.name))),
        means: vec![t.settings.asks_trace, t.settings.asks_then],
        action: format!("/helpers/{id}/accept"),
        fields: vec![],
        yes: t.settings.asks_yes.to_owned(),
        grave: false,
        back: "/helpers".to_owned(),
        no: t.settings.asks_no,
    })
}

/// `POST /helpers/{invitation}/accept`
pub(crate) async fn accept(
    State(web): State<Web>,
    Path(invitation): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let id = parse(&invitation)?;
    let reader = posted.reader;
    let name = &reader.session()?.view.name;
    let accepted = web.0.parts.accounts.accept_invitation(&reader.actor, name, id).await?;
    if !accepted {
        return Err(Fault::NotFound);
    }
    tell(&web, &reader, AccountChange::HelpAccepted).await;
    Ok(see("/helpers?done=accepted"))
}

/// `POST /helpers/{invitation}/decline`
pub(crate) async fn decline(
    State(web): State<Web>,
    Path(invitation): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let id = parse(&invitation)?;
    let declined = web.0.parts.accounts.decline_invitation(&posted.reader.actor, id).await?;
    if declined { Ok(see("/helpers?done=declined")) } else { Err(Fault::NotFound) }
}

/// `POST /helpers/{invitation}/withdraw`
pub(crate) async fn withdraw(
    State(web): State<Web>,
    Path(invitation): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let id = parse(&invitation)?;
    let own = own_box(&posted.reader)?;
    let withdrawn = web.0.parts.accounts.withdraw_invitation(&posted.reader.actor, own, id).await?;
    if withdrawn { Ok(see("/helpers?done=withdrawn")) } else { Err(Fault::NotFound) }
}

/// `GET /helpers/{invitation}/confirm`: who said yes, before they can read.
pub(crate) async fn ask_confirm(
    State(web): State<Web>,
    Path(invitation): Path<String>,
    reader: Reader,
) -> Result<Response, Fault> {
    let id = parse(&invitation)?;
    let asked = web.0.parts.accounts.asked(&reader.actor, own_box(&reader)?).await?;
    let found = asked.into_iter().find(|one| one.invitation_id == id).ok_or(Fault::NotFound)?;
    let Asked { label, valid_to, helper: Some((person, Some(name))), .. } = found else {
        return Err(Fault::NotFound);
    };
    let t = reader.t();
    let label = label.map(|label| format!(" ({label})")).unwrap_or_default();
    let s = &t.settings;
    page(Confirm {
        f: reader.frame(Place::Settings, s.helper_waits),
        question: s.helper_confirm_title.to_owned(),
        about: Some(format!("{name}{label}, {}", t.until(&last_day(valid_to, t)))),
        means: vec![s.helper_confirm_text, s.helper_can, s.helper_confidential],
        action: format!("/helpers/{id}/confirm"),
        fields: vec![("helper", person.to_string())],
        yes: s.helper_confirm_yes.to_owned(),
        grave: false,
        back: "/helpers".to_owned(),
        no: s.helper_confirm_no,
    })
}

/// `POST /helpers/{invitation}/confirm`
pub(crate) async fn confirm(
    State(web): State<Web>,
    Path(invitation): Path<String>,
    Fresh(posted): Fresh<Posted>,
) -> Result<Response, Fault> {
    let Posted { reader, fields } = posted;
    let id = parse(&invitation)?;
    let own = own_box(&reader)?;
    let helper = fields.text("helper").parse().map_err(|_| Fault::NotFound)?;
    match web.0.parts.accounts.grant_helper(&reader.actor, own, id, helper).await {
        Ok(()) => {
            tell(&web, &reader, AccountChange::HelperGranted).await;
            Ok(see("/helpers?done=helper"))
        }
        Err(GrantError::Account(error)) => Err(error.into()),
        Err(GrantError::Unknown) => Err(Fault::NotFound),
        Err(_) => Err(Fault::Frozen),
    }
}

/// Whoever holds somebody's log-in could have done it; so they learn of it outside of the pages too.
async fn tell(web: &Web, reader: &Reader, what: AccountChange) {
    let to = notices::addresses(web, &reader.actor).await;
    notices::tell(web, what, to, reader.visitor.language);
}

fn parse(invitation: &str) -> Result<MandateId, Fault> {
    invitation.parse().map_err(|_| Fault::NotFound)
}

/// The reader's own mailbox, unless a protected identity forbids that anybody helps.
fn own_box(reader: &Reader) -> Result<MailboxId, Fault> {
    let session = reader.session()?;
    let own = session.own_box().filter(|_| !session.is_protected());
    Ok(own.ok_or(Fault::NotFound)?.mailbox_id)
}
