//! Sealing one letter: its random key, what is derived from it, and its attachments while they stream in.

use crate::{
    Header, Original,
    deliver::PreparedPart,
    objects::{Objects, ObjectsError, Writer},
    places,
};
use domain::{LetterId, MailboxId, Random, SenderMac, Time};
use evidence::Belongings;
use vault::{
    Key, KeyId, Opaque, Purpose,
    seal_to::{PublicKey, seal_to},
    stream::{Sealer, sealed_bytes},
};

/// Ciphertexts up to this size are rows, larger ones objects.
pub const ROW_BYTES: u64 = 256 * 1024;

/// What the row of a letter says in clear and that decides.
#[derive(Clone, Copy, Debug)]
pub struct Says {
    pub accepted_at: Time,
    pub visible_from: Time,
    pub confidential: bool,
    pub tells_opened: bool,
    pub sender_mac: SenderMac,
}

/// The keys of a letter that is being accepted. Nothing sealed with them can be opened here: the letter key is
/// sealed to the mailbox and wiped.
pub struct LetterSeal {
    mailbox_id: MailboxId,
    letter_id: LetterId,
    parts: i64,
    letter: Key,
    headers: Key,
    content: Key,
}

impl LetterSeal {
    /// A new letter with so many attachments.
    pub fn new(mailbox_id: MailboxId, letter_id: LetterId, attachments: usize, random: &dyn Random) -> Self {
        let letter = Key::random(random);
        let headers = vault::derive(&letter, Purpose::Headers);
        let content = vault::derive(&letter, Purpose::Content);
        let parts = i64::try_from(attachments).unwrap_or(i64::MAX - 1) + 1;
        Self { mailbox_id, letter_id, parts, letter, headers, content }
    }

    /// What the event that accepts the letter commits to.
    pub fn belongings(&self, says: &Says) -> Belongings {
        Belongings {
            key: *vault::derive(&self.letter, Purpose::Commitment).expose(),
            mailbox_id: self.mailbox_id,
            letter_id: self.letter_id,
            accepted_at: says.accepted_at,
            visible_from: says.visible_from,
            confidential: says.confidential,
            tells_opened: says.tells_opened,
            parts: self.parts,
            sender_mac: says.sender_mac,
        }
    }

    /// The signed original and the attachments.
    pub fn parts(&self) -> i64 {
        self.parts
    }

    /// `letter.header`.
    pub fn header(&self, header: &Header, random: &dyn Random) -> Vec<u8> {
        header.seal(&self.headers, self.mailbox_id, self.letter_id, random)
    }

    /// Part 0; durable as an object when it is large.
    pub async fn original(
        &self,
        original: &Original,
        objects: &Objects,
        random: &dyn Random,
    ) -> Result<PreparedPart, ObjectsError> {
        let sealed = original.seal(&self.content, (self.mailbox_id, self.letter_id), self.parts, random);
        if sealed.len() as u64 <= ROW_BYTES {
            return Ok(PreparedPart::Row(sealed));
        }
        Ok(objects.put(sealed).await?.into())
    }

    /// `letter_key.sealed`.
    pub fn key(&self, epoch: i64, to: &PublicKey) -> Result<Vec<u8>, Opaque> {
        let aad = key_client::letter_aad(self.mailbox_id, self.letter_id, epoch, self.parts);
        seal_to(to, key_client::seal_info(), &aad, self.letter.expose())
    }

    /// Begins attachment `part_no` (1, 2 …) of exactly `bytes`. The second value is its wrapped key, for
    /// [`Original::wrapped_keys`].
    pub async fn attachment(
        &self,
        part_no: i64,
        bytes: u64,
        objects: &Objects,
        random: &dyn Random,
    ) -> Result<(AttachmentWriter, Vec<u8>), ObjectsError> {
        let mailbox_id = self.mailbox_id;
        let letter_id = self.letter_id;
        let parts = self.parts;
        let key = Key::random(random);
        let place = places::attachment_key(mailbox_id, letter_id, part_no, parts);
        let wrapped = vault::seal(places::key_id(letter_id), &self.content, &place, key.expose(), random);
        let place = places::attachment(mailbox_id, letter_id, part_no, parts);
        let (sealer, held) = Sealer::new(KeyId::random(random), &key, &place, random);
        let padding = vault::padme(bytes).saturating_sub(bytes);
        let object = match sealed_bytes(bytes + padding) {
            small if small <= ROW_BYTES => None,
            _ => Some(objects.writer().await?),
        };
        Ok((AttachmentWriter { sealer, held, object, padding }, wrapped))
    }
}

/// An attachment on its way into storage; a large one is held by pieces only.
pub struct AttachmentWriter {
    sealer: Sealer,
    held: Vec<u8>,
    object: Option<Writer>,
    padding: u64,
}

impl AttachmentWriter {
    /// What it will hold in memory at most, in bytes.
    pub fn in_memory(bytes: u64) -> u64 {
        sealed_bytes(vault::padme(bytes)).min(OBJECT_MEMORY_BYTES)
    }

    /// Takes more of the plaintext.
    pub async fn write(&mut self, bytes: &[u8]) -> Result<(), ObjectsError> {
        self.sealer.update(bytes, &mut self.held);
        self.pass_on().await
    }

    /// Pads, and makes it durable when it is an object.
    pub async fn finish(mut self) -> Result<PreparedPart, ObjectsError> {
        while self.padding > 0 {
            let now = usize::try_from(self.padding).unwrap_or(ZEROS.len()).min(ZEROS.len());
            self.sealer.update(&ZEROS[..now], &mut self.held);
            self.padding -= now as u64;
            self.pass_on().await?;
        }
        self.sealer.finish(&mut self.held);
        match self.object {
            None => Ok(PreparedPart::Row(self.held)),
            Some(mut object) => {
                object.write(&self.held).await?;
                Ok(object.finish().await?.into())
            }
        }
    }

    async fn pass_on(&mut self) -> Result<(), ObjectsError> {
        if let Some(object) = &mut self.object {
            object.write(&self.held).await?;
            self.held.clear();
        }
        Ok(())
    }
}

static ZEROS: [u8; 16 * 1024] = [0; 16 * 1024];
/// The piece of an object that is being gathered, and the one that is being written.
const OBJECT_MEMORY_BYTES: u64 = 2 * 1024 * 1024 + 64 * 1024;
