//! Inbox, archive and bin.

use crate::{
    acts::{banners, done::WasDone, rows::View, search::Sought},
    fault::Fault,
    frame::Place,
    names::{BoxNames, Readers},
    pages::{Empty, Filter, Folder, List, Listing, Search},
    state::Web,
    texts::Texts,
    visitor::{Reader, page},
};
use account::Notices;
use axum::{
    extract::{Query, State},
    response::Response,
};
use domain::{LetterId, MailboxId};
use mailbox::ListQuery;
use serde::Deserialize;

/// What the address asks for. Words that are sought never stand in it.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    unread: String,
    #[serde(default, rename = "box")]
    mailbox: String,
    #[serde(default)]
    before: String,
    /// Where a log-in leads, sealed: see `return_to`.
    #[serde(default)]
    pub(crate) back: String,
    #[serde(flatten)]
    done: WasDone,
}

/// `GET /archive`
pub(crate) async fn archive(
    State(web): State<Web>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    show(&web, reader, Folder::Archive, asked).await
}

/// `GET /bin`
pub(crate) async fn bin(
    State(web): State<Web>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    show(&web, reader, Folder::Bin, asked).await
}

/// A folder's page without a search.
pub(crate) async fn show(web: &Web, reader: Reader, folder: Folder, asked: Asked) -> Result<Response, Fault> {
    list(web, reader, folder, asked, None).await
}

pub(crate) async fn list(
    web: &Web,
    reader: Reader,
    folder: Folder,
    asked: Asked,
    sought: Option<Sought>,
) -> Result<Response, Fault> {
    let t = reader.t();
    let session = reader.session()?;
    let mailbox: Option<MailboxId> = asked.mailbox.parse().ok();
    let unread = folder == Folder::Inbox && !asked.unread.is_empty();
    let here = match &sought {
        Some(sought) => format!("{}/{}", folder.search_href(), sought.sealed),
        None => folder.href().to_owned(),
    };
    let elsewhere = sought.as_ref().map(|sought| match folder {
        Folder::Archive => {
            (format!("{}/{}", Folder::Inbox.search_href(), sought.sealed), t.letters.search_inbox)
        }
        _ => (format!("{}/{}", Folder::Archive.search_href(), sought.sealed), t.letters.search_archive),
    });
    let words = sought.map(|sought| sought.words).unwrap_or_default();
    let query = ListQuery {
        folder: folder.into(),
        mailbox,
        search: words.clone(),
        unread,
        before: asked.before.parse().ok(),
        ..ListQuery::default()
    };
    let found = web.0.parts.mailboxes.list(&reader.actor, &query).await?;
    let names = BoxNames::read(web, session).await?;
    let readers = Readers::read(web, session, found.rows.iter().chain(&found.todo)).await?;
    let view = View { t, now: web.now(), current: None, folder, names: &names, session, readers: &readers };
    let older = found.next.map(|cursor| address(&here, unread, mailbox, Some(cursor.to_string())));
    let says = (!words.is_empty()).then(|| t.hit_count(&found.rows.len(), &older.is_some(), &words));
    let empty = found.rows.is_empty().then(|| why_empty(t, folder, unread, !words.is_empty()));
    let mut f = reader.frame(folder.place(), folder.title(t));
    f.done = asked.done.say(t);
    let first = folder == Folder::Inbox && words.is_empty() && query.before.is_none();
    let filters = match folder {
        Folder::Inbox => {
            let unread_in_all = count_unread(web, &reader, mailbox).await?;
            let filter = |only: bool, name: String| Filter {
                href: address(&here, only, mailbox, None),
                name,
                chosen: unread == only,
            };
            vec![
                filter(false, t.letters.filter_all.to_owned()),
                filter(true, t.unread_filter(unread_in_all, MOST_COUNTED)),
            ]
        }
        _ => vec![],
    };
    page(List {
        title: folder.title(t),
        banners: if first { banners::of(web, &reader).await? } else { vec![] },
        notice: if first { no_notices(web, &reader).await? } else { None },
        todo: found.todo.iter().map(|letter| view.todo(letter)).collect(),
        filters,
        boxes: box_filters(&view, &here, mailbox, unread),
        search: Search { words, unread, mailbox: mailbox.map(|id| id.to_string()), says, elsewhere },
        listing: Listing {
            folder,
            groups: view.groups(&found.rows),
            older,
            paged: query.before.is_some(),
            href: folder.href(),
        },
        empty,
        f,
    })
}

/// What to say to somebody who will not learn of new letters: a letter that nobody knows of is a letter missed.
async fn no_notices(web: &Web, reader: &Reader) -> Result<Option<&'static str>, Fault> {
    let session = reader.session()?;
    if session.own_box().is_none_or(|own| own.closed_at.is_some()) {
        return Ok(None);
    }
    let l = &reader.t().letters;
    Ok(match web.0.parts.accounts.notices(&reader.actor).await? {
        Notices::Arrive => None,
        Notices::Nowhere => Some(l.no_contact),
        Notices::Fail => Some(l.contact_fails),
    })
}

/// The list that stands beside a letter: the newest of its folder.
pub(crate) async fn beside(
    web: &Web,
    reader: &Reader,
    names: &BoxNames,
    folder: Folder,
    current: LetterId,
) -> Result<Listing, Fault> {
    let query = ListQuery { folder: folder.into(), todo: false, ..ListQuery::default() };
    let found = web.0.parts.mailboxes.list(&reader.actor, &query).await?;
    let session = reader.session()?;
    let readers = Readers::read(web, session, found.rows.iter()).await?;
    let t = reader.t();
    let now = web.now();
    let current = Some(current);
    let view = View { t, now, current, folder, names, session, readers: &readers };
    let older = found.next.map(|_| folder.href().to_owned());
    Ok(Listing { folder, groups: view.groups(&found.rows), older, paged: false, href: folder.href() })
}

/// How many unread letters there are, as far as one cares to count.
async fn count_unread(web: &Web, reader: &Reader, mailbox: Option<MailboxId>) -> Result<usize, Fault> {
    let query = ListQuery { mailbox, unread: true, limit: MOST_COUNTED, ..ListQuery::default() };
    Ok(web.0.parts.mailboxes.list(&reader.actor, &query).await?.rows.len())
}

fn box_filters(view: &View<'_>, here: &str, chosen: Option<MailboxId>, unread: bool) -> Vec<Filter> {
    let session = view.session;
    if session.boxes.len() < 2 {
        return vec![];
    }
    let all = Filter {
        href: address(here, unread, None, None),
        name: view.t.letters.all_boxes.to_owned(),
        chosen: chosen.is_none(),
    };
    let one = |id: MailboxId| Filter {
        href: address(here, unread, Some(id), None),
        name: view.names.of(id).unwrap_or("–").to_owned(),
        chosen: chosen == Some(id),
    };
    std::iter::once(all).chain(session.boxes.iter().map(|access| one(access.mailbox_id))).collect()
}

fn why_empty(t: &Texts, folder: Folder, unread: bool, sought: bool) -> Empty {
    let l = &t.letters;
    let (title, text) = match (folder, unread, sought) {
        (_, _, true) => (l.no_hits, l.no_hits_text),
        (_, true, _) => (l.empty_unread, l.empty_unread_text),
        (Folder::Inbox, ..) => (l.empty_inbox, l.empty_inbox_text),
        (Folder::Archive, ..) => (l.empty_archive, l.empty_archive_text),
        (Folder::Bin, ..) => (l.empty_bin, l.empty_bin_text),
    };
    Empty { title, text }
}

pub(crate) fn address(
    path: &str,
    unread: bool,
    mailbox: Option<MailboxId>,
    before: Option<String>,
) -> String {
    let parts = [
        unread.then(|| "unread=1".to_owned()),
        mailbox.map(|id| format!("box={id}")),
        before.map(|cursor| format!("before={cursor}")),
    ];
    let query: Vec<String> = parts.into_iter().flatten().collect();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{}", query.join("&")) }
}

impl Folder {
    /// Where a letter lies.
    pub(crate) fn of(facts: &mailbox::LetterFacts) -> Self {
        match (facts.binned_at, facts.archived_at) {
            (Some(_), _) => Self::Bin,
            (None, Some(_)) => Self::Archive,
            (None, None) => Self::Inbox,
        }
    }

    pub(crate) fn href(self) -> &'static str {
        match self {
            Self::Inbox => "/",
            Self::Archive => "/archive",
            Self::Bin => "/bin",
        }
    }

    pub(crate) fn search_href(self) -> &'static str {
        match self {
            Self::Archive => "/archive/search",
            Self::Inbox | Self::Bin => "/search",
        }
    }

    pub(crate) fn title(self, t: &Texts) -> &'static str {
        match self {
            Self::Inbox => t.all.inbox,
            Self::Archive => t.all.archive,
            Self::Bin => t.all.bin,
        }
    }

    pub(crate) fn place(self) -> Place {
        match self {
            Self::Inbox => Place::Inbox,
            Self::Archive => Place::Archive,
            Self::Bin => Place::Bin,
        }
    }
}

impl From<Folder> for mailbox::Folder {
    fn from(folder: Folder) -> Self {
        match folder {
            Folder::Inbox => Self::Inbox,
            Folder::Archive => Self::Archive,
            Folder::Bin => Self::Bin,
        }
    }
}

const MOST_COUNTED: usize = 100;
