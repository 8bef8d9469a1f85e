//! The content origin: letters' own HTML and attachments, by capability address, on another site than the pages.
//! It reads and sets no cookie.

mod disposition;
mod ranges;

use crate::{
    body,
    capability::Capability,
    fault::{Fault, trouble},
    state::Web,
    visitor::Session,
};
use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use domain::{chance, letter::AttachmentType, words::Act};
use mailbox::{Actor, Form, may};
use ranges::Wanted;
use tokio::sync::Semaphore;

/// Types that the browser shows by itself without running anything of the sender's.
pub(crate) fn is_shown(media_type: AttachmentType) -> bool {
    matches!(
        media_type,
        AttachmentType::Pdf | AttachmentType::Png | AttachmentType::Jpeg | AttachmentType::Text
    )
}

/// `GET /c/{token}/letter`: the sanitised HTML, sandboxed even when it is opened in a tab of its own.
pub(crate) async fn letter(
    State(web): State<Web>,
    Path(token): Path<String>,
) -> Result<Response, ContentFault> {
    let (capability, _) = find(&web, &token).await?;
    let letter = &capability.opened.letter;
    if body::fits_a_page(&letter.body) {
        return Err(ContentFault::NotFound);
    }
    let nonce = hex::encode(chance::bytes::<16>(web.random()));
    let policy = format!(
        "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'nonce-{nonce}'; \
         img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors {}",
        web.0.parts.origin
    );
    let document = document(&capability, nonce).await?;
    let policy = HeaderValue::from_str(&policy).map_err(|_| ContentFault::Trouble)?;
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    let headers = [(header::CONTENT_TYPE, html), (header::CONTENT_SECURITY_POLICY, policy)];
    Ok((headers, document).into_response())
}

/// Cleaning megabytes takes a while and some times their memory: apart from what others wait for, two at once.
async fn document(capability: &Capability, nonce: String) -> Result<String, ContentFault> {
    let opened = capability.opened.clone();
    let work = move || {
        let letter = &opened.letter;
        body::document(&letter.body, &letter.language, &letter.subject, &nonce)
    };
    if capability.opened.letter.body.content.len() <= LARGE_BYTES {
        return Ok(work());
    }
    let _turn = LARGE.acquire().await.map_err(|_| ContentFault::Trouble)?;
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        trouble(&error);
        ContentFault::Trouble
    })
}

/// `GET /c/{token}/original`: what was signed, exactly as received: a flattened JWS or a `deliverSecure` message; of
/// a forwarded letter the original delivery alone.
pub(crate) async fn original(
    State(web): State<Web>,
    Path(token): Path<String>,
) -> Result<Response, ContentFault> {
    let (capability, _) = find(&web, &token).await?;
    let (ending, media_type) = match capability.opened.original.form {
        Form::Jws => ("jws.json", "application/jose+json"),
        Form::Delivery { .. } => ("xml", "text/xml; charset=utf-8"),
    };
    let name = format!("{}.{ending}", disposition::file_name(&capability.opened.letter.subject));
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
        (header::CONTENT_DISPOSITION, disposition::attachment(&name)),
    ];
    Ok((headers, capability.opened.original.signed.clone()).into_response())
}

/// `GET /c/{token}/{part}`: an attachment to look at, if its type can be; else a download.
pub(crate) async fn show(
    State(web): State<Web>,
    Path((token, part)): Path<(String, i64)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ContentFault> {
    file(&web, &token, part, true, &method, &headers).await
}

/// `GET /c/{token}/{part}/download`
pub(crate) async fn download(
    State(web): State<Web>,
    Path((token, part)): Path<(String, i64)>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, ContentFault> {
    file(&web, &token, part, false, &method, &headers).await
}

async fn file(
    web: &Web,
    token: &str,
    part: i64,
    show: bool,
    method: &Method,
    asked: &HeaderMap,
) -> Result<Response, ContentFault> {
    let (capability, actor) = find(web, token).await?;
    let house = &web.0.parts.mailboxes;
    let reader = house.attachment(&actor, capability.mailbox, capability.letter, part).await;
    let reader = reader.map_err(Fault::from)?.ok_or(ContentFault::NotFound)?;
    let info = reader.header().clone();
    let tag = entity_tag(&capability, part)?;
    let wanted = ranges::read(asked, &tag, info.bytes);
    let show = show && is_shown(info.media_type);
    let name = disposition::typed(&info.name, info.media_type);
    let disposition = if show { disposition::inline(&name) } else { disposition::attachment(&name) };
    let mut response = match wanted {
        Wanted::None => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            response.headers_mut().insert(header::CONTENT_RANGE, value(&format!("bytes */{}", info.bytes))?);
            return Ok(response);
        }
        Wanted::All => sized(StatusCode::OK, info.bytes),
        Wanted::Part { first, last } => {
            let mut response = sized(StatusCode::PARTIAL_CONTENT, last - first + 1);
            let range = format!("bytes {first}-{last}/{}", info.bytes);
            response.headers_mut().insert(header::CONTENT_RANGE, value(&range)?);
            response
        }
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, value(&content_type(info.media_type))?);
    headers.insert(header::CONTENT_DISPOSITION, disposition);
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::ETAG, tag);
    if info.media_type != AttachmentType::Pdf {
        // A PDF is shown by the browser's own viewer, which a sandbox would turn off.
        let policy = format!("sandbox; {}", web.0.content_policy);
        headers.insert(header::CONTENT_SECURITY_POLICY, value(&policy)?);
    }
    if method != Method::HEAD {
        let range = match wanted {
            Wanted::Part { first, last } => first..last + 1,
            _ => 0..info.bytes,
        };
        *response.body_mut() = Body::from_stream(reader.stream(range));
    }
    Ok(response)
}

/// What an address opens, to whom, and whether they still may.
async fn find(web: &Web, token: &str) -> Result<(Capability, Actor), ContentFault> {
    let now = web.now();
    let capability = web.0.capabilities.find(token, now).ok_or(ContentFault::NotFound)?;
    let session = Session::of(web, capability.grant.clone()).await?;
    let actor = session.actor().ok_or(ContentFault::NotFound)?;
    may(&actor.rights, &capability.opened.facts, Act::Open, now).ok_or(ContentFault::NotFound)?;
    // Somebody else, or another process, may have erased it since.
    let there = web.0.parts.mailboxes.is_there(&actor, capability.mailbox, capability.letter).await;
    if !there.map_err(Fault::from)? {
        web.0.capabilities.forget_letter(capability.letter);
        return Err(ContentFault::NotFound);
    }
    Ok((capability, actor))
}

/// The same bytes for ever: a letter's attachment never changes.
fn entity_tag(capability: &Capability, part: i64) -> Result<HeaderValue, ContentFault> {
    value(&format!("\"{}-{part}\"", capability.letter))
}

fn sized(status: StatusCode, bytes: u64) -> Response {
    let mut response = status.into_response();
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    response
}

fn content_type(media_type: AttachmentType) -> String {
    match media_type {
        AttachmentType::Text | AttachmentType::Csv | AttachmentType::Calendar => {
            format!("{}; charset=utf-8", media_type.as_str())
        }
        other => other.as_str().to_owned(),
    }
}

fn value(text: &str) -> Result<HeaderValue, ContentFault> {
    HeaderValue::from_str(text).map_err(|error| {
        trouble(&error);
        ContentFault::Trouble
    })
}

/// Why there is no content. Said in plain text: this origin has no pages.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ContentFault {
    NotFound,
    Slow,
    Trouble,
}

impl From<Fault> for ContentFault {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Trouble => Self::Trouble,
            Fault::Slow | Fault::ReadingSlow => Self::Slow,
            _ => Self::NotFound,
        }
    }
}

impl IntoResponse for ContentFault {
    fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::NotFound => (
                StatusCode::NOT_FOUND,
                "Adressen gäller inte längre. Gå tillbaka till brevet och öppna bilagan igen.\n\
                 This address is no longer valid. Go back to the letter and open the attachment again.\n",
            ),
            Self::Slow => (StatusCode::TOO_MANY_REQUESTS, "Vänta en stund.\nWait a moment.\n"),
            Self::Trouble => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Något gick fel hos oss. Försök igen om en stund.\nSomething went wrong. Try again in a moment.\n",
            ),
        };
        (status, [(HeaderName::from_static("content-type"), "text/plain; charset=utf-8")], text)
            .into_response()
    }
}

static LARGE: Semaphore = Semaphore::const_new(2);
const LARGE_BYTES: usize = 256 * 1024;
