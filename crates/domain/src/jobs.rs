//! What the work after a commit is about: one type for each kind of job. The queue (`store::jobs`) keeps a kind and bytes
//! and knows nothing of what they mean; whoever enqueues and whoever works read them here.

use crate::{AnnouncementId, LetterId, MailboxId};

/// The subject of one kind of job.
pub trait JobSubject: Sized {
    /// As in `job.kind`.
    const KIND: &'static str;

    /// As in `job.subject`.
    fn encode(&self) -> Vec<u8>;

    /// `None` when the bytes are not of this kind.
    fn decode(bytes: &[u8]) -> Option<Self>;
}

/// The recipient of a letter is told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoticeJob {
    pub mailbox_id: MailboxId,
    pub letter_id: LetterId,
}

/// A letter is handed over to another operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandOverJob(pub LetterId);

/// An announcement is sent to all whom it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AnnouncementJob(pub AnnouncementId);

/// The owner is told that their mailbox has moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MoveJob(pub MailboxId);

impl JobSubject for NoticeJob {
    const KIND: &'static str = "notice";

    fn encode(&self) -> Vec<u8> {
        [*self.mailbox_id.as_bytes(), *self.letter_id.as_bytes()].concat()
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (mailbox, letter) = bytes.split_at_checked(16)?;
        Some(Self {
            mailbox_id: MailboxId::from_slice(mailbox).ok()?,
            letter_id: LetterId::from_slice(letter).ok()?,
        })
    }
}

macro_rules! by_id {
    ($($job:ident, $id:ident, $kind:literal);+ $(;)?) => {$(
        impl JobSubject for $job {
            const KIND: &'static str = $kind;

            fn encode(&self) -> Vec<u8> {
                self.0.as_bytes().to_vec()
            }

            fn decode(bytes: &[u8]) -> Option<Self> {
                $id::from_slice(bytes).ok().map(Self)
            }
        }
    )+};
}
by_id!(
    HandOverJob, LetterId, "hand_over";
    AnnouncementJob, AnnouncementId, "announcement";
    MoveJob, MailboxId, "moved";
);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_decoded_and_nothing_else() {
        let notice = NoticeJob {
            mailbox_id: MailboxId::from_slice(&[1; 16]).unwrap(),
            letter_id: LetterId::from_slice(&[2; 16]).unwrap(),
        };
        assert_eq!(NoticeJob::decode(&notice.encode()), Some(notice));
        assert_eq!(NoticeJob::decode(&notice.encode()[1..]), None);
        assert_eq!(HandOverJob::decode(&notice.encode()), None);
        let letter = HandOverJob(notice.letter_id);
        assert_eq!(HandOverJob::decode(&letter.encode()), Some(letter));
    }
}
