//! One list over all mailboxes that a person acts for.

mod cursor;
mod lines;

pub use cursor::{Cursor, NotACursor};

use crate::{
    Header, MailboxError, Mailboxes,
    reading::Reading,
    rights::{Actor, LetterFacts},
    search::Search,
};
use domain::{LetterId, MailboxId, PersonId, Time, words::Because};
use key_client::KeysError;
use lines::{Candidate, Lines};
use std::{collections::HashMap, sync::Arc};

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Folder {
    #[default]
    Inbox,
    Archive,
    Bin,
}

/// What is asked for.
#[derive(Clone, Debug)]
pub struct ListQuery {
    pub folder: Folder,
    /// One mailbox, or all that the person acts for.
    pub mailbox: Option<MailboxId>,
    /// Words to be found in subject, sender and date; empty finds all.
    pub search: String,
    /// Only letters that are unread: see [`Listed::unread`].
    pub unread: bool,
    pub before: Option<Cursor>,
    pub limit: usize,
    /// Whether [`Page::todo`] is wanted.
    pub todo: bool,
}

/// One page, newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub rows: Vec<Listed>,
    /// Where [`ListQuery::todo`] is set, on the first page of an inbox that is not searched: letters to answer that nobody has said are done, the date
    /// that is first or long past standing first.
    pub todo: Vec<Listed>,
    /// Where the next page begins. A search that has looked at thousands of letters stops there, even if it
    /// found none among them.
    pub next: Option<Cursor>,
}

/// One letter in a list.
#[derive(Clone, Debug)]
pub struct Listed {
    pub facts: LetterFacts,
    pub header: Arc<Header>,
    /// By what right the person sees it.
    pub because: Because,
    /// For owners and signatories: that none of them has opened it. For a helper: that this helper has not. So nobody's
    /// letter is read because somebody else helped.
    pub unread: bool,
    /// Who else opened it last, while this person has not. Helpers are not told.
    pub read_by: Option<(PersonId, Time)>,
    /// Since when the owner or a signatory says that what it asks for is done.
    pub done_at: Option<Time>,
}

impl Listed {
    fn of(letter: Candidate, header: Arc<Header>) -> Self {
        let Candidate { facts, because, reading, .. } = letter;
        let helps = because == Because::Helper;
        Self {
            unread: if helps { reading.own.is_none() } else { facts.opened_at.is_none() },
            read_by: reading.other.filter(|_| !helps && reading.own.is_none()),
            done_at: reading.done_at,
            facts,
            header,
            because,
        }
    }
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            folder: Folder::Inbox,
            mailbox: None,
            search: String::new(),
            unread: false,
            before: None,
            limit: DEFAULT_LIMIT,
            todo: true,
        }
    }
}

impl Mailboxes {
    /// Lists letters. Mailboxes that the person may not list are passed over.
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page, MailboxError> {
        let now = self.0.clock.now();
        let search = Search::new(&query.search);
        // One row more than the page tells whether there is a next one, and a window is all that the key
        // service gives.
        let limit = query.limit.clamp(1, WINDOW - 1);
        // Without a search every letter is shown, so just the page is fetched; with one, whole windows.
        let window = if search.is_empty() { limit + 1 } else { WINDOW };
        let mut lines = Lines::new(actor, query, now);
        let mut rows = Vec::new();
        let mut looked_at = 0;
        let mut last = None;
        let mut more = true;
        while more && rows.len() <= limit && looked_at < MOST_SEARCHED {
            let letters = lines.take(self, window).await?;
            more = letters.len() == window;
            looked_at += letters.len();
            last = letters.last().map(|letter| Cursor::of(&letter.facts));
            let shown = self.with_headers(actor, letters, now).await?;
            rows.extend(shown.into_iter().filter(|l| search.finds(&l.header, l.facts.visible_from)));
        }
        let next = if rows.len() > limit {
            rows.truncate(limit);
            rows.last().map(|listed| Cursor::of(&listed.facts))
        } else {
            // From where it stopped looking, not from the last that it found: or each page would search the
            // same letters again.
            last.filter(|_| more)
        };
        let first = query.todo && query.before.is_none() && search.is_empty() && !query.unread;
        let todo =
            if first && query.folder == Folder::Inbox { self.todo(actor, query, now).await? } else { vec![] };
        Ok(Page { rows, todo, next })
    }

    /// Letters to answer, among the newest of the inbox. A date that has passed is no less to be seen.
    async fn todo(&self, actor: &Actor, query: &ListQuery, now: Time) -> Result<Vec<Listed>, MailboxError> {
        let letters = Lines::new(actor, query, now).take(self, WINDOW).await?;
        let mut todo = self.with_headers(actor, letters, now).await?;
        todo.retain(|listed| listed.header.reply_by.is_some() && listed.done_at.is_none());
        todo.sort_by_key(|listed| (listed.header.reply_by, listed.facts.letter_id));
        Ok(todo)
    }

    /// Opens headers: those of late from memory, the others by the key service, a mailbox at a time. Keeps the
    /// order; a letter that was erased meanwhile is left out.
    async fn with_headers(
        &self,
        actor: &Actor,
        letters: Vec<Candidate>,
        now: Time,
    ) -> Result<Vec<Listed>, MailboxError> {
        let mut missing: HashMap<MailboxId, Vec<&Candidate>> = HashMap::new();
        let mut opened = HashMap::with_capacity(letters.len());
        for letter in &letters {
            match self.0.headers.get(&actor.grant, letter.facts.letter_id, now) {
                Some(header) => drop(opened.insert(letter.facts.letter_id, header)),
                None => missing.entry(letter.facts.mailbox_id).or_default().push(letter),
            }
        }
        for (mailbox_id, letters) in missing {
            self.open_headers(actor, mailbox_id, &letters, now, &mut opened).await?;
        }
        let listed = letters.into_iter().filter_map(|letter| {
            let header = opened.remove(&letter.facts.letter_id)?;
            Some(Listed::of(letter, header))
        });
        Ok(listed.collect())
    }

    async fn open_headers(
        &self,
        actor: &Actor,
        mailbox_id: MailboxId,
        letters: &[&Candidate],
        now: Time,
        opened: &mut HashMap<LetterId, Arc<Header>>,
    ) -> Result<(), MailboxError> {
        let ids = letters.iter().map(|letter| letter.facts.letter_id).collect();
        let keys = match self.0.keys.headers(&actor.grant, mailbox_id, ids).await {
            Ok(keys) => keys,
            // The right ended a moment ago.
            Err(KeysError::NotAllowed | KeysError::Gone) => return Ok(()),
            Err(error) => return Err(MailboxError::Keys(error)),
        };
        let keys: HashMap<_, _> = keys.into_iter().collect();
        for letter in letters {
            let letter_id = letter.facts.letter_id;
            let Some(Some(key)) = keys.get(&letter_id) else { continue };
            match Header::open(key, mailbox_id, letter_id, &letter.sealed) {
                Ok(header) => {
                    let header = Arc::new(header);
                    self.0.headers.put(&actor.grant, letter_id, now, Arc::clone(&header));
                    opened.insert(letter_id, header);
                }
                // One damaged row must not hide all others.
                Err(_) => {
                    metrics::counter!("kuvert_unvouched_total", "table" => "letter").increment(1);
                    tracing::error!(letter.id = %letter_id, "The header of letter {letter_id} does not open")
                }
            }
        }
        Ok(())
    }

    /// The header of one letter, as [`Mailboxes::list`] shows it.
    pub(crate) async fn header_of(
        &self,
        actor: &Actor,
        facts: LetterFacts,
        because: Because,
        reading: Reading,
        sealed: Vec<u8>,
    ) -> Result<Option<Listed>, MailboxError> {
        let letter = Candidate { facts, because, reading, sealed };
        Ok(self.with_headers(actor, vec![letter], self.0.clock.now()).await?.pop())
    }
}

/// Letters whose headers are asked for at once; the key service gives no more.
const WINDOW: usize = 500;
/// Letters that one search looks at before it answers with what it has.
const MOST_SEARCHED: usize = 5000;
const DEFAULT_LIMIT: usize = 50;
