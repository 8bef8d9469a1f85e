//! multipart/form-data as a stream in bounded memory.

use axum::{
    body::{Body, BodyDataStream},
    http::HeaderMap,
};
use bytes::{Bytes, BytesMut};
use domain::{Code, Refusal};
pub use edge::leftover::PATIENCE;
use futures_util::{Stream, StreamExt};
use intake::Arriving;
use multer::{Field, Multipart};
use std::{
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
};
use tokio::time::timeout;

/// The parts of one request.
pub struct Upload {
    parts: Multipart<'static>,
    /// Bytes that may still be read before the next part must have begun.
    headers: Arc<AtomicU64>,
}

/// Part headers longer than this are nonsense.
const HEADER_BYTES: u64 = 64 * 1024;

impl Upload {
    /// Begins to read; nothing is taken from the connection yet.
    pub fn new(headers: &HeaderMap, body: Body) -> Result<Self, Refusal> {
        let content_type = headers.get("content-type").and_then(|v| v.to_str().ok());
        let content_type = content_type.ok_or(Code::UnsupportedMediaType)?;
        let boundary = multer::parse_boundary(content_type).map_err(|error| match error {
            multer::Error::NoBoundary => Refusal::new(Code::MultipartInvalid).because("no boundary"),
            _ => Refusal::new(Code::UnsupportedMediaType),
        })?;
        let headers = Arc::new(AtomicU64::new(HEADER_BYTES));
        let body = Paced { body: body.into_data_stream(), headers: headers.clone(), gave: false };
        Ok(Self { parts: Multipart::new(body, boundary), headers })
    }

    /// The letter part, whole, at most `limit` bytes, for as much of which as there is room.
    pub async fn letter(&mut self, limit: u64, room: &mut Arriving) -> Result<Bytes, Refusal> {
        let mut field = self.next().await?.ok_or(Code::LetterPartMissing)?;
        if field.name() != Some("letter") {
            return Err(Code::LetterPartMissing.into());
        }
        if field.content_type().is_none_or(|t| t.essence_str() != "application/jose+json") {
            return Err(Code::LetterPartType.into());
        }
        let mut letter = BytesMut::new();
        while let Some(chunk) = within(field.chunk()).await? {
            if letter.len() as u64 + chunk.len() as u64 > limit {
                return Err(Code::LetterTooLarge.into());
            }
            room.grow(chunk.len() as u64).map_err(|full| full.refusal())?;
            letter.extend_from_slice(&chunk);
        }
        Ok(letter.freeze())
    }

    /// The next attachment; `None` when the body ends.
    pub async fn attachment(&mut self) -> Result<Option<Part>, Refusal> {
        let Some(field) = self.next().await? else { return Ok(None) };
        if field.name() != Some("attachment") {
            return Err(
                Refusal::new(Code::AttachmentExtra).because("a part with another name than attachment")
            );
        }
        Ok(Some(Part(field)))
    }

    async fn next(&mut self) -> Result<Option<Field<'static>>, Refusal> {
        self.headers.store(HEADER_BYTES, Relaxed);
        let field = within(self.parts.next_field()).await?;
        self.headers.store(u64::MAX, Relaxed);
        Ok(field)
    }
}

/// One attachment as it arrives.
pub struct Part(Field<'static>);

impl Part {
    /// The next bytes; `None` at the end of the part.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>, Refusal> {
        within(self.0.chunk()).await
    }
}

/// Waits for the next bytes, but not for a sender that has stopped.
async fn within<T>(read: impl Future<Output = multer::Result<T>>) -> Result<T, Refusal> {
    match timeout(PATIENCE, read).await {
        Ok(read) => read.map_err(broken),
        Err(_) => Err(Code::RequestTimeout.into()),
    }
}

fn broken(error: multer::Error) -> Refusal {
    // multer's own words can quote the body; only the kind is told.
    let why = match error {
        multer::Error::IncompleteStream
        | multer::Error::IncompleteFieldData { .. }
        | multer::Error::IncompleteHeaders => "the body ended too early",
        multer::Error::StreamReadFailed(_) => "the body could not be read to its end",
        _ => "the body is not in the form of RFC 7578",
    };
    Refusal::new(Code::MultipartInvalid).because(why)
}

/// Gives the parser one piece each time it is polled: multer otherwise reads on as long as bytes are there,
/// and a fast sender's whole attachment would lie in memory.
struct Paced {
    body: BodyDataStream,
    headers: Arc<AtomicU64>,
    gave: bool,
}

impl Stream for Paced {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if std::mem::take(&mut self.gave) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let next = self.body.poll_next_unpin(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            self.gave = true;
            let left = self.headers.load(Relaxed);
            if left == 0 {
                let too_long = std::io::Error::other("part headers are too long");
                return Poll::Ready(Some(Err(axum::Error::new(too_long))));
            }
            // The last piece may be larger than what is left: a connection gives some hundred KiB at once, and
            // most of it may be the part's content.
            if left != u64::MAX {
                self.headers.store(left.saturating_sub(bytes.len() as u64), Relaxed);
            }
        }
        next
    }
}
