//! What a list shows of a letter, sealed apart from its content.

use domain::{
    CivilDate, LetterId, MailboxId, OrgNumber, Random, Time,
    letter::{AttachmentType, Letter, Matter},
    words::Kind,
};
use serde::{Deserialize, Serialize};
use vault::{Key, Opaque};

/// The header of a letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    pub subject: String,
    pub sender: OrgNumber,
    /// The name as it was registered when the letter came.
    pub sender_name: String,
    pub language: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<Kind>,
    /// The last day to answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reply_by: Option<CivilDate>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible_from: Option<Time>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub matter: Option<Matter>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub attachments: Vec<AttachmentHeader>,
    /// The name of the dispatcher that signed or sent it, when that was not the sender itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dispatcher: Option<String>,
    /// Who forwarded it, when it was first sent to somebody else: a name that another operator says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forwarded_by: Option<String>,
}

/// One attachment, as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachmentHeader {
    pub name: String,
    pub media_type: AttachmentType,
    /// The true size; the stored one is padded.
    pub bytes: u64,
    /// 1, 2 … in manifest order.
    pub part_no: i64,
}

impl Header {
    /// Of a letter that is being accepted.
    pub fn of(letter: &Letter, sender_name: &str, dispatcher: Option<&str>) -> Self {
        let attachments = (1..).zip(&letter.attachments).map(|(part_no, entry)| AttachmentHeader {
            name: entry.name.clone(),
            media_type: entry.media_type,
            bytes: entry.bytes,
            part_no,
        });
        Self {
            subject: letter.subject.clone(),
            sender: letter.sender.clone(),
            sender_name: sender_name.to_owned(),
            language: letter.language.clone(),
            kind: letter.kind,
            reply_by: letter.reply_by,
            visible_from: letter.visible_from,
            matter: letter.matter.clone(),
            attachments: attachments.collect(),
            dispatcher: dispatcher.map(str::to_owned),
            forwarded_by: None,
        }
    }

    /// The same of a letter that somebody forwards.
    #[must_use]
    pub fn forwarded_by(self, name: Option<&str>) -> Self {
        Self { forwarded_by: name.map(str::to_owned), ..self }
    }

    /// As stored, under the letter's headers key.
    pub fn seal(
        &self,
        key: &Key,
        mailbox_id: MailboxId,
        letter_id: LetterId,
        random: &dyn Random,
    ) -> Vec<u8> {
        // A struct of strings and numbers always becomes JSON.
        let json = serde_json::to_vec(self).unwrap_or_default();
        let place = crate::places::header(mailbox_id, letter_id);
        vault::seal(crate::places::key_id(letter_id), key, &place, &vault::pad(&json), random)
    }

    /// Opens what [`Header::seal`] made.
    pub fn open(
        key: &Key,
        mailbox_id: MailboxId,
        letter_id: LetterId,
        sealed: &[u8],
    ) -> Result<Self, Opaque> {
        let padded = vault::open(key, &crate::places::header(mailbox_id, letter_id), sealed)?;
        serde_json::from_slice(vault::unpad(&padded)?).map_err(|_| Opaque)
    }
}
