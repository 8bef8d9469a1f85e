//! One attachment on its way in.

use crate::{AcceptError, content::Check, draft::counted, room::Place, scanner::Session, sealing::Sealing};
use domain::{Code, Refusal, letter::Attachment};
use mailbox::{AttachmentWriter, PreparedPart};
use ring::digest;

/// One attachment on its way: hashed, judged and sealed as it comes; a large one is never whole in memory.
pub struct AttachmentSink<'a> {
    sealing: &'a mut Sealing,
    place: &'a mut Place,
    at: usize,
    entry: Attachment,
    seen: u64,
    hash: digest::Context,
    content: Check,
    scan: Session,
    goes: Goes,
}

/// Where an attachment's bytes go.
pub(crate) enum Goes {
    /// Into a part of their own, with its wrapped key.
    Sealed(Box<AttachmentWriter>, Vec<u8>),
    /// With the letter, to another operator.
    Along(Vec<u8>),
}

impl<'a> AttachmentSink<'a> {
    pub(crate) fn new(
        sealing: &'a mut Sealing,
        place: &'a mut Place,
        entry: Attachment,
        scan: Session,
        goes: Goes,
    ) -> Self {
        Self {
            at: sealing.taken(),
            seen: 0,
            hash: digest::Context::new(&digest::SHA256),
            content: Check::of(entry.media_type),
            scan,
            goes,
            entry,
            sealing,
            place,
        }
    }

    /// The next bytes. After an error the draft is of no use.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), AcceptError> {
        counted(self.take(bytes).await)
    }

    /// The whole has come: size, checksum, content, scanner. Durable afterwards if it is large.
    pub async fn finish(self) -> Result<(), AcceptError> {
        counted(self.close().await)
    }

    /// [`Self::write`], where whoever calls counts what is refused.
    pub(crate) async fn take(&mut self, bytes: &[u8]) -> Result<(), AcceptError> {
        self.seen += bytes.len() as u64;
        if self.seen > self.entry.bytes {
            return Err(self.refuse(Code::AttachmentSizeMismatch));
        }
        self.hash.update(bytes);
        self.content.update(bytes);
        let scanned = self.scan.update(bytes).await;
        scanned.map_err(|code| self.refuse(code))?;
        match &mut self.goes {
            Goes::Sealed(writer, _) => writer.write(bytes).await?,
            Goes::Along(file) => file.extend_from_slice(bytes),
        }
        Ok(())
    }

    /// [`Self::finish`], where whoever calls counts what is refused.
    pub(crate) async fn close(self) -> Result<(), AcceptError> {
        let at = self.at;
        let refuse = |code: Code| AcceptError::Refused(at_entry(at, code));
        if self.seen != self.entry.bytes {
            return Err(refuse(Code::AttachmentSizeMismatch));
        }
        if self.hash.finish().as_ref() != self.entry.sha256 {
            return Err(refuse(Code::AttachmentChecksumMismatch));
        }
        self.content.finish().map_err(refuse)?;
        self.scan.finish().await.map_err(refuse)?;
        match self.goes {
            Goes::Sealed(writer, wrapped_key) => {
                let part = writer.finish().await?;
                if let PreparedPart::Object { .. } = part {
                    self.place.shrink(AttachmentWriter::in_memory(self.entry.bytes));
                }
                self.sealing.parts.push(part);
                self.sealing.wrapped_keys.push(wrapped_key);
            }
            Goes::Along(file) => {
                if let Some(leaving) = &mut self.sealing.filed.leaving {
                    leaving.files.push(file);
                }
            }
        }
        Ok(())
    }

    fn refuse(&self, code: Code) -> AcceptError {
        AcceptError::Refused(at_entry(self.at, code))
    }
}

fn at_entry(at: usize, code: Code) -> Refusal {
    Refusal::new(code).at(format!("/attachments/{at}"))
}
