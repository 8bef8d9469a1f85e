//! The names of mailboxes' owners and of helpers, for those who may see them.

use crate::{fault::Fault, state::Web, visitor::Session};
use account::HolderNames;
use domain::{MailboxId, PersonId, Time};
use mailbox::Listed;
use std::collections::HashMap;

/// What to call each mailbox that the person acts for.
pub(crate) struct BoxNames(HashMap<MailboxId, String>);

impl BoxNames {
    /// All of them. A name that may not be seen, as that of a protected person, is left out.
    pub(crate) async fn read(web: &Web, session: &Session) -> Result<Self, Fault> {
        let accounts = &web.0.parts.accounts;
        Ok(Self(accounts.box_names(&session.grant, &session.view, &session.boxes).await?))
    }

    pub(crate) fn of(&self, mailbox: MailboxId) -> Option<&str> {
        self.0.get(&mailbox).map(String::as_str)
    }

    /// The name to put on a letter: none when there is only one mailbox, for then it says nothing.
    pub(crate) fn label(&self, session: &Session, mailbox: MailboxId) -> Option<String> {
        (session.boxes.len() > 1).then(|| self.of(mailbox).unwrap_or("–").to_owned())
    }
}

/// What those who hold or held a right over a mailbox are called in its history.
pub(crate) async fn people_of(
    web: &Web,
    session: &Session,
    mailbox: MailboxId,
) -> Result<HolderNames, Fault> {
    Ok(web.0.parts.accounts.holder_names(&session.grant, mailbox).await?)
}

/// The names of others who have read letters, by mailbox: opened for those mailboxes alone in which somebody has.
#[derive(Default)]
pub(crate) struct Readers(HashMap<MailboxId, HolderNames>);

impl Readers {
    pub(crate) async fn read<'a>(
        web: &Web,
        session: &Session,
        letters: impl Iterator<Item = &'a Listed>,
    ) -> Result<Self, Fault> {
        let mut all = HashMap::new();
        for letter in letters.filter(|letter| letter.read_by.is_some()) {
            let mailbox = letter.facts.mailbox_id;
            if let std::collections::hash_map::Entry::Vacant(new) = all.entry(mailbox) {
                new.insert(people_of(web, session, mailbox).await?);
            }
        }
        Ok(Self(all))
    }

    pub(crate) fn of(&self, mailbox: MailboxId, person: PersonId, at: Time) -> Option<&str> {
        self.0.get(&mailbox)?.at(person, at)
    }
}
