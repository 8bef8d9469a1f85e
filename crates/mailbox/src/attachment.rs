//! Attachments, by ranges, in bounded memory.

use crate::{
    AttachmentHeader, MailboxError, Mailboxes, Objects, places,
    rights::{Actor, LetterFacts},
};
use bytes::Bytes;
use domain::{LetterId, MailboxId};
use futures_util::Stream;
use std::{ops::Range, sync::Arc};
use store::args;
use vault::{
    Key,
    stream::{CHUNK_BYTES, HEADER_BYTES, Opener},
};
use zeroize::Zeroizing;

pub(crate) enum Sealed {
    Row(Bytes),
    Object { objects: Objects, name: String, bytes: u64 },
}

/// One attachment, opened chunk by chunk. Its length was proved when it was made.
pub struct AttachmentReader {
    header: AttachmentHeader,
    opener: Opener,
    sealed: Sealed,
}

impl Mailboxes {
    /// Attachment `part_no` (1, 2 …) of a letter. Opens the letter unless this log-in did so a moment ago, so
    /// many ranges of a file are one opening in the history.
    pub async fn attachment(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letter_id: LetterId,
        part_no: i64,
    ) -> Result<Option<AttachmentReader>, MailboxError> {
        let Some(opened) = self.open_or_recent(actor, mailbox_id, letter_id).await? else { return Ok(None) };
        let Some(header) = opened.attachments().into_iter().find(|header| header.part_no == part_no) else {
            return Ok(None);
        };
        let Some(sealed) = self.part(&opened.facts, part_no).await? else { return Ok(None) };
        let at = usize::try_from(part_no - 1).map_err(|_| MailboxError::Damaged)?;
        let wrapped = opened.original.wrapped_keys.get(at).ok_or(MailboxError::Damaged)?;
        let parts = opened.facts.parts;
        let place = places::attachment_key(mailbox_id, letter_id, part_no, parts);
        let key = Key::from_slice(&vault::open(&opened.content, &place, wrapped)?)?;
        let place = places::attachment(mailbox_id, letter_id, part_no, parts);
        let mut opener =
            Opener::new(&key, &place, &sealed.read(0..HEADER_BYTES as u64).await?, sealed.bytes())?;
        opener.confirm_length(&sealed.read(opener.last_chunk()).await?)?;
        if opener.plain_bytes() != vault::padme(header.bytes) {
            return Err(MailboxError::Damaged);
        }
        Ok(Some(AttachmentReader { header, opener, sealed }))
    }

    pub(crate) async fn part(
        &self,
        facts: &LetterFacts,
        part_no: i64,
    ) -> Result<Option<Sealed>, MailboxError> {
        let which = args![facts.mailbox_id, facts.letter_id, part_no];
        let Some(row) = self.0.store.ask_one("read part", PART, which).await? else { return Ok(None) };
        Ok(Some(match (row.opt_bytes("ciphertext")?, row.opt_text("object")?) {
            (Some(bytes), _) => Sealed::Row(Bytes::copy_from_slice(bytes)),
            (None, Some(name)) => Sealed::Object {
                objects: self.0.objects.clone(),
                name: name.to_owned(),
                bytes: row.number("stored_bytes")?,
            },
            (None, None) => return Err(MailboxError::Damaged),
        }))
    }
}

impl AttachmentReader {
    /// Name, type and true size.
    pub fn header(&self) -> &AttachmentHeader {
        &self.header
    }

    /// The bytes of a range, cut to what there is. Ask for a few hundred KiB at a time, or use
    /// [`AttachmentReader::stream`].
    pub async fn read(&self, range: Range<u64>) -> Result<Zeroizing<Vec<u8>>, MailboxError> {
        let end = range.end.min(self.header.bytes);
        let start = range.start.min(end);
        let sealed = self.sealed.read(self.opener.chunk_range(start, end - start)?).await?;
        Ok(self.opener.open_range(start, end - start, &sealed)?)
    }

    /// A range as a stream of pieces. What has been sent was verified; a damaged chunk ends the stream with an
    /// error.
    pub fn stream(
        self,
        range: Range<u64>,
    ) -> impl Stream<Item = Result<Bytes, MailboxError>> + Send + 'static {
        let end = range.end.min(self.header.bytes);
        futures_util::stream::try_unfold((Arc::new(self), range.start), move |(reader, at)| async move {
            if at >= end {
                return Ok(None);
            }
            // Up to a chunk's edge, so that no chunk is opened twice.
            let next = ((at / PIECE_BYTES + 1) * PIECE_BYTES).min(end);
            let mut piece = reader.read(at..next).await?;
            let piece = Bytes::from(std::mem::take(&mut *piece));
            Ok(Some((piece, (reader, next))))
        })
    }
}

impl Sealed {
    fn bytes(&self) -> u64 {
        match self {
            Self::Row(bytes) => bytes.len() as u64,
            Self::Object { bytes, .. } => *bytes,
        }
    }

    pub(crate) async fn whole(&self) -> Result<Bytes, MailboxError> {
        self.read(0..self.bytes()).await
    }

    async fn read(&self, range: Range<u64>) -> Result<Bytes, MailboxError> {
        match self {
            _ if range.is_empty() => Ok(Bytes::new()),
            Self::Object { objects, name, .. } => Ok(objects.read(name, range).await?),
            Self::Row(bytes) => {
                let start = usize::try_from(range.start).map_err(|_| MailboxError::Damaged)?;
                let end = usize::try_from(range.end).map_err(|_| MailboxError::Damaged)?;
                if start > end || end > bytes.len() {
                    return Err(MailboxError::Damaged);
                }
                Ok(bytes.slice(start..end))
            }
        }
    }
}

const PIECE_BYTES: u64 = 16 * CHUNK_BYTES as u64;
const PART: &str = "SELECT stored_bytes, ciphertext, object FROM part WHERE mailbox_id = $1 AND letter_id = $2 AND part_no = $3";
