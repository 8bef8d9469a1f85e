//! Finding letters by words, without a word of it in any address or log.

use crate::{
    acts::{
        list::{self, Asked, address},
        see,
    },
    fault::Fault,
    pages::Folder,
    posted::Posted,
    state::Web,
    visitor::Reader,
};
use axum::{
    extract::{Path, Query, State},
    response::Response,
};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};

/// `POST /search`: leads to an address that holds the words sealed, so that back and reload work and neither the
/// address nor a log says what was sought.
pub(crate) async fn begin(State(web): State<Web>, posted: Posted) -> Result<Response, Fault> {
    lead(&web, &posted, Folder::Inbox)
}

/// `POST /archive/search`
pub(crate) async fn begin_in_archive(State(web): State<Web>, posted: Posted) -> Result<Response, Fault> {
    lead(&web, &posted, Folder::Archive)
}

/// `GET /search/{sought}`
pub(crate) async fn found(
    State(web): State<Web>,
    Path(sought): Path<String>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    sought_in(&web, reader, Folder::Inbox, sought, asked).await
}

/// `GET /archive/search/{sought}`
pub(crate) async fn found_in_archive(
    State(web): State<Web>,
    Path(sought): Path<String>,
    reader: Reader,
    Query(asked): Query<Asked>,
) -> Result<Response, Fault> {
    sought_in(&web, reader, Folder::Archive, sought, asked).await
}

/// `GET /search` and `GET /archive/search`: there is nothing to seek.
pub(crate) async fn forget() -> Response {
    see("/")
}

fn lead(web: &Web, posted: &Posted, folder: Folder) -> Result<Response, Fault> {
    let fields = &posted.fields;
    let words: String = fields.text("q").chars().take(MOST_WORDS).collect();
    let unread = fields.is_set("unread");
    let mailbox = fields.text("mailbox").parse().ok();
    if words.is_empty() {
        return Ok(see(&address(folder.href(), unread, mailbox, None)));
    }
    let place = sought_place(&posted.reader);
    let sealed = web.0.parts.web_keys.session.seal(&place, &vault::pad(words.as_bytes()), web.random());
    let sought = BASE64_URL_SAFE_NO_PAD.encode(sealed);
    Ok(see(&address(&format!("{}/{sought}", folder.search_href()), unread, mailbox, None)))
}

async fn sought_in(
    web: &Web,
    reader: Reader,
    folder: Folder,
    sought: String,
    asked: Asked,
) -> Result<Response, Fault> {
    let words = unseal(web, &reader, &sought);
    match words {
        Some(words) => list::list(web, reader, folder, asked, Some(Sought { words, sealed: sought })).await,
        // Of an earlier log-in: the words are gone, the letters are not.
        None => Ok(see(folder.href())),
    }
}

fn unseal(web: &Web, reader: &Reader, sought: &str) -> Option<String> {
    let sealed = BASE64_URL_SAFE_NO_PAD.decode(sought).ok()?;
    let padded = web.0.parts.web_keys.session.open(&sought_place(reader), &sealed).ok()?;
    String::from_utf8(vault::unpad(&padded).ok()?.to_vec()).ok()
}

/// Bound to the log-in: in another one the address says nothing.
fn sought_place(reader: &Reader) -> vault::Place {
    vault::Place::new("web/search").bytes(&reader.actor.grant.hash())
}

/// What is sought, in clear and as it stands in the address.
pub(crate) struct Sought {
    pub words: String,
    pub sealed: String,
}

/// Beyond this nobody seeks.
const MOST_WORDS: usize = 100;
