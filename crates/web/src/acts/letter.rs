//! Reading a letter.

mod details;

use crate::{
    acts::{initials, list, rows::View, see},
    body,
    capability::Capability,
    dates,
    fault::Fault,
    language,
    names::{self, BoxNames, Readers},
    pages::{Attachment, Closed, Folder, HowVerified, KeepCopy, Letter, LetterBody, OpenedBy, Trace},
    posted::Posted,
    security,
    state::Web,
    texts::Texts,
    visitor::{Reader, page},
};
use axum::{
    extract::{Path, State},
    response::Response,
};
use domain::{
    LetterId, MailboxId,
    letter::{AttachmentType, BodyType},
    words::{Act, Because, EventType},
};
use key_client::HistoryLine;
use mailbox::{Form, MailboxError, OpenedLetter, Peek, may};
use serde::Deserialize;
use std::{fmt, sync::Arc};

/// The two ids in a letter's address, as written.
#[derive(Deserialize)]
pub(crate) struct Address {
    mailbox: String,
    letter: String,
}

impl Address {
    /// Anything that is no id is not found.
    pub(crate) fn ids(&self) -> Result<(MailboxId, LetterId), Fault> {
        let ids = self.mailbox.parse().ok().zip(self.letter.parse().ok());
        ids.ok_or(Fault::NotFound)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "/letters/{}/{}", self.mailbox, self.letter)
    }
}

/// `GET /letters/{mailbox}/{letter}`: an unopened letter stays so, and its page says what opening means. An opened
/// one is shown; that is written in its history too, once for each reading.
pub(crate) async fn show(
    State(web): State<Web>,
    Path(at): Path<Address>,
    reader: Reader,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    let found = web.0.parts.mailboxes.peek(&reader.actor, mailbox, letter).await?.ok_or(Fault::NotFound)?;
    let names = BoxNames::read(&web, reader.session()?).await?;
    if found.unread {
        return closed(&web, &reader, &names, &found).await;
    }
    let capability = open(&web, &reader, &found).await?;
    opened(&web, &reader, &names, &found, capability).await
}

/// `POST /letters/{mailbox}/{letter}/open`
pub(crate) async fn act(
    State(web): State<Web>,
    Path(at): Path<Address>,
    posted: Posted,
) -> Result<Response, Fault> {
    let (mailbox, letter) = at.ids()?;
    let reader = posted.reader;
    let found = web.0.parts.mailboxes.peek(&reader.actor, mailbox, letter).await?.ok_or(Fault::NotFound)?;
    open(&web, &reader, &found).await?;
    Ok(see(&at.to_string()))
}

/// Opens, or goes on with what this log-in opened some minutes ago. Whether it may is decided anew.
async fn open(web: &Web, reader: &Reader, found: &Peek) -> Result<Capability, Fault> {
    let actor = &reader.actor;
    let facts = &found.facts;
    let now = web.now();
    may(&actor.rights, facts, Act::Open, now).ok_or(Fault::NotFound)?;
    if let Some(recent) = web.0.capabilities.recent(&actor.grant, facts.letter_id, now) {
        return Ok(recent);
    }
    let opened = web.0.parts.mailboxes.open_found(actor, facts.clone()).await?;
    let opened = opened.ok_or(Fault::NotFound)?;
    Ok(web.0.capabilities.add(&actor.grant, opened, now, web.random()))
}

async fn closed(web: &Web, reader: &Reader, names: &BoxNames, found: &Peek) -> Result<Response, Fault> {
    let facts = &found.facts;
    let header = &found.header;
    let t = reader.t();
    let folder = Folder::of(facts);
    let session = reader.session()?;
    let readers = Readers::read(web, session, std::iter::once(found)).await?;
    let view = View { t, now: web.now(), current: None, folder, names, session, readers: &readers };
    let helps = found.because == Because::Helper;
    page(Closed {
        f: reader.frame(folder.place(), t.subject(&header.subject)),
        listing: list::beside(web, reader, names, folder, facts.letter_id).await?,
        list_title: folder.title(t),
        href: format!("/letters/{}/{}", facts.mailbox_id, facts.letter_id),
        initials: initials(&header.sender_name),
        sender: header.sender_name.clone(),
        forwarded: header.forwarded_by.as_deref().map(|name| t.forwarded_by(name)),
        owner: names.label(session, facts.mailbox_id),
        received: dates::long(facts.visible_from.date(), t),
        subject: t.subject(&header.subject).to_owned(),
        due: header.reply_by.filter(|_| found.done_at.is_none()).map(|day| dates::long(day, t)),
        late: header.reply_by.is_some_and(|day| day < web.now().date()),
        tells: facts.tells_opened,
        helps: helps.then(|| names.of(facts.mailbox_id).unwrap_or(t.letters.someone).to_owned()),
        read_by: view.read_by(found),
    })
}

async fn opened(
    web: &Web,
    reader: &Reader,
    names: &BoxNames,
    found: &Peek,
    capability: Capability,
) -> Result<Response, Fault> {
    let facts = &found.facts;
    let t = reader.t();
    let now = web.now();
    let opened: &Arc<OpenedLetter> = &capability.opened;
    let letter = &opened.letter;
    let original = &opened.original;
    let folder = Folder::of(facts);
    let session = reader.session()?;
    let base = format!("{}/c/{}", web.0.parts.content_origin, capability.token);
    let because = may(&reader.actor.rights, facts, Act::Bin, now);
    let mut response = page(Letter {
        f: reader.frame(folder.place(), t.subject(&letter.subject)),
        listing: list::beside(web, reader, names, folder, facts.letter_id).await?,
        list_title: folder.title(t),
        href: format!("/letters/{}/{}", facts.mailbox_id, facts.letter_id),
        initials: initials(&original.sender_name),
        sender: original.sender_name.clone(),
        via: original.dispatcher.clone(),
        forwarded: original.forwarded.as_ref().map(|one| details::forwarded(one, t)),
        owner: names.label(session, facts.mailbox_id),
        received: dates::long(facts.visible_from.date(), t),
        kind: letter.kind.map(|kind| t.kind(kind)),
        subject: t.subject(&letter.subject).to_owned(),
        subject_language: match letter.subject.is_empty() {
            true => t.lang.as_str().to_owned(),
            false => language::tag(&letter.language).into_owned(),
        },
        language: language::tag(&letter.language).into_owned(),
        facts: details::facts(letter, found.done_at.is_some(), now, t),
        done: letter.reply_by.filter(|_| because.is_some()).map(|_| found.done_at.is_some()),
        body: match body::fits_a_page(&letter.body) {
            _ if body::is_empty(&letter.body) => LetterBody::Empty,
            true if letter.body.media_type == BodyType::Html => {
                LetterBody::Html(body::html(&letter.body.content))
            }
            true => LetterBody::Plain(body::plain(&letter.body.content)),
            false => LetterBody::Framed {
                src: format!("{base}/letter"),
                height: body::height(&letter.body.content),
            },
        },
        attachments: opened.attachments().iter().map(|file| attachment(file, &base, t)).collect(),
        support: letter.support.as_ref().map(details::support),
        reply: details::reply(letter, t),
        matter: details::matter(letter, t),
        notes: details::notes(&letter.notes, t),
        history: history(web, reader, found, opened).await?,
        genuine: opened.doubt.is_none(),
        verified: HowVerified {
            text: t.how_verified(
                signer_name(opened),
                &short_number(signer(opened)),
                &dates::exact(original.accepted_at, t),
                original.forwarded.as_ref().map(|one| one.operator.as_str()),
            ),
            original: Some(keep_copy(opened, &base, t)),
        },
        may_move: because.is_some(),
        confidential: facts.confidential,
        folder,
        held: facts.hold_until.is_some_and(|until| until > now),
    })?;
    // The letter's own pictures, as data: shown in its page, and nothing is fetched for them.
    if body::fits_a_page(&letter.body) && body::has_pictures(&letter.body) {
        security::show_own_pictures(&mut response, &web.0.page_policy);
    }
    Ok(response)
}

fn attachment(file: &mailbox::AttachmentHeader, base: &str, t: &Texts) -> Attachment {
    let address = format!("{base}/{}", file.part_no);
    let what = match file.media_type {
        AttachmentType::Pdf => "PDF",
        AttachmentType::Png => "PNG",
        AttachmentType::Jpeg => "JPEG",
        AttachmentType::Text => "TXT",
        AttachmentType::Csv => "CSV",
        AttachmentType::Xml => "XML",
        AttachmentType::Calendar => "ICS",
    };
    Attachment {
        name: file.name.clone(),
        what: format!("{what}, {}", size(file.bytes, t)),
        show: crate::content::is_shown(file.media_type).then(|| address.clone()),
        download: format!("{address}/download"),
    }
}

/// As people say it: "48 kB", "1,2 MB".
fn size(bytes: u64, t: &Texts) -> String {
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{} kB", bytes.div_ceil(1_000)),
        _ => {
            let tenths = bytes.div_ceil(100_000);
            let comma = if t.lang == domain::Language::Swedish { ',' } else { '.' };
            format!("{}{comma}{} MB", tenths / 10, tenths % 10)
        }
    }
}

/// The organisation in the certificate that signed, or the sender.
fn signer(opened: &OpenedLetter) -> domain::OrgNumber {
    let certificate = vault::Certificate::parse(&opened.original.certificate).ok();
    certificate.and_then(|one| one.organisation).unwrap_or_else(|| opened.letter.sender.clone())
}

/// Its name. A dispatcher that only carried what the sender signed itself has not signed it.
fn signer_name(opened: &OpenedLetter) -> &str {
    let original = &opened.original;
    match &original.dispatcher {
        Some(dispatcher) if signer(opened) != opened.letter.sender => dispatcher,
        _ => &original.sender_name,
    }
}

fn keep_copy(opened: &OpenedLetter, base: &str, t: &Texts) -> KeepCopy {
    let (kind, about) = match opened.original.form {
        Form::Jws => ("JSON", t.letters.keep_copy_jws),
        Form::Delivery { .. } if opened.original.forwarded.is_some() => {
            ("XML", t.letters.keep_copy_forwarded)
        }
        Form::Delivery { .. } => ("XML", t.letters.keep_copy_delivery),
    };
    let bytes = opened.original.signed.len() as u64;
    KeepCopy { href: format!("{base}/original"), what: format!("{kind}, {}", size(bytes, t)), about }
}

/// As organisation numbers are written: "402000-0024".
fn short_number(number: domain::OrgNumber) -> String {
    let digits = number.as_str();
    format!("{}-{}", &digits[2..8], &digits[8..])
}

/// Who did what with the letter, newest first. Helpers do not see it.
async fn history(web: &Web, reader: &Reader, found: &Peek, opened: &OpenedLetter) -> Result<Trace, Fault> {
    let forwarded = opened.original.forwarded.as_ref();
    let entries = match web.0.parts.mailboxes.history(&reader.actor, &found.facts).await {
        Ok(Some(entries)) => entries,
        Ok(None) => return Ok(Trace::NotShown),
        Err(MailboxError::HistoryBroken) => return Ok(Trace::Broken),
        Err(error) => return Err(error.into()),
    };
    let t = reader.t();
    let now = web.now();
    let is_another =
        |entry: &HistoryLine| entry.actor.is_some_and(|person| person != reader.actor.rights.person);
    let names = match entries.iter().any(is_another) {
        true => names::people_of(web, reader.session()?, found.facts.mailbox_id).await?,
        false => account::HolderNames::default(),
    };
    let line = |entry: &HistoryLine| OpenedBy {
        who: match forwarded {
            // It was not the sender that sent it here.
            Some(forwarded) if entry.kind == EventType::Accepted => forwarded.operator.clone(),
            _ => who(entry, reader, &names, t),
        },
        because: entry.because.and_then(|because| by_right(because, t)),
        what: t.event(entry.kind),
        when: dates::moment(entry.at, now, t),
    };
    Ok(Trace::Lines(entries.iter().filter(|entry| entry.kind != EventType::Listed).map(line).collect()))
}

/// Who did something: the reader, someone by name, or the service.
pub(crate) fn who(entry: &HistoryLine, reader: &Reader, names: &account::HolderNames, t: &Texts) -> String {
    match entry.actor {
        Some(person) if person == reader.actor.rights.person => t.letters.you.to_owned(),
        Some(person) => names.at(person, entry.at).unwrap_or(t.letters.someone).to_owned(),
        None if entry.kind == EventType::Accepted => t.letters.by_sender.to_owned(),
        None => t.letters.by_service.to_owned(),
    }
}

/// By what right, where that is worth saying.
pub(crate) fn by_right(because: Because, t: &Texts) -> Option<&'static str> {
    match because {
        Because::Owner => None,
        Because::Signatory => Some(t.letters.as_signatory),
        Because::Helper => Some(t.letters.as_helper),
    }
}
