//! How a person wants to be told of letters.

use crate::{
    acts::{done::WasDone, see},
    address,
    fault::Fault,
    frame::Place,
    fresh::Fresh,
    limit::Key,
    notices,
    pages::{Confirm, Contact, Contacts, Field, SettingsPlace},
    posted::Posted,
    state::{AccountChange, CodeMessage, Web},
    visitor::{Reader, page},
};
use account::{Address, NewAddress};
use axum::{
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use domain::{ContactId, words::Channel};
use registry::contacts::{self, Code, Confirmation};

/// What was wrong with the last form.
#[derive(Default)]
struct Wrong {
    email: Field,
    phone: Field,
    code: Option<(ContactId, &'static str)>,
}

/// `GET /contacts`
pub(crate) async fn show(
    State(web): State<Web>,
    reader: Reader,
    Query(done): Query<WasDone>,
) -> Result<Response, Fault> {
    list(&web, &reader, &done, Wrong::default()).await
}

/// `POST /contacts/email`
pub(crate) async fn add_email(
    State(web): State<Web>,
    Fresh(posted): Fresh<Posted>,
) -> Result<Response, Fault> {
    add(&web, posted, Channel::Email).await
}

/// `POST /contacts/phone`
pub(crate) async fn add_phone(
    State(web): State<Web>,
    Fresh(posted): Fresh<Posted>,
) -> Result<Response, Fault> {
    add(&web, posted, Channel::Sms).await
}

/// `POST /contacts/{contact}/code`: another code for an address that waits.
pub(crate) async fn new_code(
    State(web): State<Web>,
    Path(contact): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let reader = posted.reader;
    let (contact, address) = find(&web, &reader, &contact).await?;
    match send_code(&web, &reader, contact.channel, &address).await? {
        None => Ok(see("/contacts?done=contact-added")),
        Some(Unsent { error, of }) => {
            let of = of.unwrap_or(contact.contact_id);
            wrong(&web, &reader, Wrong { code: Some((of, error)), ..Wrong::default() }).await
        }
    }
}

/// `POST /contacts/{contact}/confirm`
pub(crate) async fn confirm(
    State(web): State<Web>,
    Path(contact): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let Posted { reader, fields } = posted;
    let s = &reader.t().settings;
    let contact: ContactId = contact.parse().map_err(|_| Fault::NotFound)?;
    let failed = |error| Wrong { code: Some((contact, error)), ..Wrong::default() };
    let Some(code) = Code::parse(fields.text("code")) else {
        return wrong(&web, &reader, failed(s.bad_code)).await;
    };
    let before = notices::addresses(&web, &reader.actor).await;
    match web.0.parts.accounts.confirm_contact(&reader.actor, contact, &code).await? {
        Confirmation::Confirmed => {
            notices::tell(&web, AccountChange::AddressAdded, before, reader.visitor.language);
            Ok(see("/contacts?done=contact-confirmed"))
        }
        Confirmation::Wrong { .. } => wrong(&web, &reader, failed(s.bad_code)).await,
        Confirmation::Ended => wrong(&web, &reader, failed(s.old_code)).await,
        Confirmation::Unknown => Err(Fault::NotFound),
    }
}

/// `POST /contacts/{contact}/sender`: whether notices name the sender.
pub(crate) async fn show_sender(
    State(web): State<Web>,
    Path(contact): Path<String>,
    posted: Posted,
) -> Result<Response, Fault> {
    let Posted { reader, fields } = posted;
    let contact: ContactId = contact.parse().map_err(|_| Fault::NotFound)?;
    let set = web.0.parts.accounts.show_sender(&reader.actor, contact, fields.is_set("show")).await?;
    if set { Ok(see("/contacts?done=saved")) } else { Err(Fault::NotFound) }
}

/// `GET /contacts/{contact}/remove`: the question.
pub(crate) async fn ask_remove(
    State(web): State<Web>,
    Path(contact): Path<String>,
    reader: Reader,
) -> Result<Response, Fault> {
    let (contact, address) = find(&web, &reader, &contact).await?;
    let s = &reader.t().settings;
    page(Confirm {
        f: reader.frame(Place::Settings, reader.t().all.remove),
        question: s.remove_contact_title.to_owned(),
        about: Some(shown(contact.channel, &address)),
        means: vec![s.remove_contact_text],
        action: format!("/contacts/{}/remove", contact.contact_id),
        fields: vec![],
        yes: s.remove_contact_yes.to_owned(),
        grave: false,
        back: "/contacts".to_owned(),
        no: s.remove_contact_no,
    })
}

/// `POST /contacts/{contact}/remove`
pub(crate) async fn remove(
    State(web): State<Web>,
    Path(contact): Path<String>,
    Fresh(posted): Fresh<Posted>,
) -> Result<Response, Fault> {
    let contact: ContactId = contact.parse().map_err(|_| Fault::NotFound)?;
    let reader = posted.reader;
    let before = notices::addresses(&web, &reader.actor).await;
    if !web.0.parts.accounts.remove_contact(&reader.actor, contact).await? {
        return Err(Fault::NotFound);
    }
    // The one that is removed too: above all that one.
    notices::tell(&web, AccountChange::AddressRemoved, before, reader.visitor.language);
    Ok(see("/contacts?done=contact-removed"))
}

async fn add(web: &Web, posted: Posted, channel: Channel) -> Result<Response, Fault> {
    let Posted { reader, fields } = posted;
    let s = &reader.t().settings;
    let written = fields.text("address");
    let (address, bad) = match channel {
        Channel::Email => (address::email(written), s.bad_email),
        Channel::Sms => (address::phone(written), s.bad_phone),
    };
    let error = match &address {
        Some(address) => send_code(web, &reader, channel, address).await?.map(|unsent| unsent.error),
        None => Some(bad),
    };
    let Some(error) = error else { return Ok(see("/contacts?done=contact-added")) };
    let field = Field { value: written.to_owned(), error: Some(error) };
    wrong(
        web,
        &reader,
        match channel {
            Channel::Email => Wrong { email: field, ..Wrong::default() },
            Channel::Sms => Wrong { phone: field, ..Wrong::default() },
        },
    )
    .await
}

/// No code is on its way.
struct Unsent {
    error: &'static str,
    /// The contact point that waits all the same.
    of: Option<ContactId>,
}

/// Keeps an address that waits for its code, and sends the code.
async fn send_code(
    web: &Web,
    reader: &Reader,
    channel: Channel,
    address: &str,
) -> Result<Option<Unsent>, Fault> {
    let parts = &web.0.parts;
    let s = &reader.t().settings;
    let person = reader.actor.rights.person;
    let tag = parts.accounts.contact_tag(channel, address);
    // An address can be removed and added again, and anybody's address can be given: neither a person nor all
    // together may have us write to somebody without an end.
    let person_key = Key::Person(*person.as_bytes());
    let contact_key = Key::Contact(tag);
    if !web.0.codes.take(person_key, web.now()) || !web.0.codes.take(contact_key, web.now()) {
        return Ok(Some(Unsent { error: s.codes_too_many, of: None }));
    }
    let error = match parts.accounts.add_contact(&reader.actor, channel, address).await? {
        NewAddress::Waits(to_send) => {
            let message = CodeMessage {
                channel,
                address: address.to_owned(),
                code: to_send.code.expose().to_owned(),
                language: reader.visitor.language,
                id: to_send.id,
                at: web.now(),
            };
            let sent = parts.codes.send(message).await;
            let unsent = Unsent { error: s.code_not_sent, of: Some(to_send.contact_id) };
            return Ok((!sent).then_some(unsent));
        }
        NewAddress::Confirmed => s.same_contact,
        NewAddress::TooSoon => s.code_too_soon,
        NewAddress::TooMany => s.too_many_contacts,
        NewAddress::Abroad => s.phone_abroad,
        NewAddress::NoMoreToday => s.codes_no_more,
    };
    Ok(Some(Unsent { error, of: None }))
}

async fn wrong(web: &Web, reader: &Reader, wrong: Wrong) -> Result<Response, Fault> {
    let page = list(web, reader, &WasDone::default(), wrong).await?;
    Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
}

async fn list(web: &Web, reader: &Reader, done: &WasDone, wrong: Wrong) -> Result<Response, Fault> {
    let session = reader.session()?;
    let t = reader.t();
    let found = web.0.parts.accounts.contacts(&reader.actor).await?;
    let rows = found.into_iter().map(|Address { contact, address }| Contact {
        id: contact.contact_id.to_string(),
        address: address.map_or_else(|| "–".to_owned(), |address| shown(contact.channel, &address)),
        is_phone: contact.channel == Channel::Sms,
        confirmed: contact.confirmed_at.is_some(),
        failing: contact.failed_at.is_some(),
        show_sender: contact.show_sender,
        error: wrong.code.filter(|(id, _)| *id == contact.contact_id).map(|(_, error)| error),
    });
    let mut f = reader.frame(Place::Settings, t.settings.contacts);
    f.path = "/contacts".to_owned();
    f.done = done.say(t);
    page(Contacts {
        f,
        here: Some(SettingsPlace::Contacts),
        contacts: rows.collect(),
        email: wrong.email,
        phone: wrong.phone,
        protected: session.is_protected(),
    })
}

async fn find(web: &Web, reader: &Reader, id: &str) -> Result<(contacts::Contact, String), Fault> {
    let id: ContactId = id.parse().map_err(|_| Fault::NotFound)?;
    let all = web.0.parts.accounts.contacts(&reader.actor).await?;
    let found = all.into_iter().find(|one| one.contact.contact_id == id);
    let Address { contact, address } = found.ok_or(Fault::NotFound)?;
    Ok((contact, address.ok_or(Fault::Trouble)?))
}

fn shown(channel: Channel, address: &str) -> String {
    match channel {
        Channel::Email => address.to_owned(),
        Channel::Sms => address::shown_phone(address),
    }
}
