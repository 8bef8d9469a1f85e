//! What was just done, said at the top of the next page. The address carries a word of ours and ids, nothing else.

use crate::{
    frame::{Done, Undo},
    texts::Texts,
};
use domain::{LetterId, MailboxId};
use serde::Deserialize;

/// The part of an address that says what was done.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct WasDone {
    #[serde(default)]
    pub done: String,
    #[serde(default)]
    pub of: String,
}

impl WasDone {
    /// The sentence, and how to take it back.
    pub(crate) fn say(&self, t: &Texts) -> Option<Done> {
        let l = &t.letters;
        let s = &t.settings;
        let (text, undo) = match self.done.as_str() {
            "archived" => (l.done_archived, self.letter("restore")),
            "binned" => (l.done_binned, self.letter("restore")),
            "done" => (l.done_done, self.letter("undone")),
            "restored" => (l.done_restored, None),
            "erased" => (l.done_erased, None),
            "emptied" => (l.done_emptied, None),
            "opened" => (t.start.welcome_done, None),
            "contact-added" => (s.done_contact_added, None),
            "contact-confirmed" => (s.done_contact_confirmed, None),
            "contact-removed" => (s.done_contact_removed, None),
            "sender-on" => (s.done_on, None),
            "asked" => (s.done_asked, None),
            "accepted" => (s.done_accepted, None),
            "declined" => (s.done_declined, None),
            "withdrawn" => (s.done_withdrawn, None),
            "helper" => (s.done_helper, None),
            "helper-revoked" => (s.done_helper_revoked, None),
            "log-in-ended" => (s.done_log_in_ended, None),
            "log-ins-ended" => (s.done_log_ins_ended, None),
            "saved" => (s.done_saved, None),
            _ => return None,
        };
        Some(Done { text: text.to_owned(), undo })
    }

    /// The form that takes a letter back; none unless the address names one.
    fn letter(&self, act: &str) -> Option<Undo> {
        let (mailbox, letter) = self.of.split_once('.')?;
        let mailbox: MailboxId = mailbox.parse().ok()?;
        let letter: LetterId = letter.parse().ok()?;
        Some(Undo { action: format!("/letters/{mailbox}/{letter}/{act}"), fields: vec![] })
    }
}
