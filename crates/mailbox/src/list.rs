//! One list over all mailboxes that a person acts for.

use crate::{
    Header, MailboxError, Mailboxes,
    rights::{self, Actor, LetterFacts, columns, may, may_box},
    search::Search,
};
use domain::{
    LetterId, MailboxId, Time,
    words::{Act, Because},
};
use key_client::KeysError;
use std::{
    collections::{HashMap, VecDeque},
    fmt,
    str::FromStr,
    sync::Arc,
};
use store::args;

/// Where letters lie.
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
    /// Only letters that nobody has opened.
    pub unread: bool,
    /// What [`Page::next`] was.
    pub before: Option<Cursor>,
    pub limit: usize,
}

/// One page, newest first.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub rows: Vec<Listed>,
    /// On the first page of an inbox that is not searched: letters to answer today or later, soonest first.
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
}

/// A place in the list: opaque text for addresses of pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    visible_from: Time,
    letter_id: [u8; 16],
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
        }
    }
}

impl Mailboxes {
    /// Lists letters. Mailboxes that the person may not list are passed over.
    pub async fn list(&self, actor: &Actor, query: &ListQuery) -> Result<Page, MailboxError> {
        let now = self.0.clock.now();
        let search = Search::new(&query.search);
        let limit = query.limit.clamp(1, WINDOW - 1);
        // Without a search every letter is shown, so just the page is fetched; with one, whole windows.
        let window = if search.is_empty() { limit + 1 } else { WINDOW };
        let mut lines = Lines::new(actor, query, now);
        let (mut rows, mut looked_at, mut last) = (Vec::new(), 0, None);
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
            last.filter(|_| more)
        };
        let first = query.before.is_none() && search.is_empty() && !query.unread;
        let todo =
            if first && query.folder == Folder::Inbox { self.todo(actor, query, now).await? } else { vec![] };
        Ok(Page { rows, todo, next })
    }

    /// Letters to answer today or later, among the newest of the inbox.
    async fn todo(&self, actor: &Actor, query: &ListQuery, now: Time) -> Result<Vec<Listed>, MailboxError> {
        let letters = Lines::new(actor, query, now).take(self, WINDOW).await?;
        let mut todo = self.with_headers(actor, letters, now).await?;
        todo.retain(|listed| listed.header.reply_by.is_some_and(|day| day >= now.date()));
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
            Some(Listed { facts: letter.facts, header, because: letter.because })
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
        sealed: Vec<u8>,
    ) -> Result<Option<Listed>, MailboxError> {
        let letter = Candidate { facts, because, sealed };
        Ok(self.with_headers(actor, vec![letter], self.0.clock.now()).await?.pop())
    }
}

/// A letter that may be listed, its header still sealed.
struct Candidate {
    facts: LetterFacts,
    because: Because,
    sealed: Vec<u8>,
}

/// The letters of several mailboxes, merged newest first.
struct Lines<'a> {
    actor: &'a Actor,
    sql: &'static str,
    unread: bool,
    now: Time,
    lines: Vec<Line>,
}

/// The letters of one mailbox.
struct Line {
    mailbox_id: MailboxId,
    because: Because,
    ready: VecDeque<Candidate>,
    /// Where to read on; `None` when all is read.
    from: Option<Cursor>,
}

impl<'a> Lines<'a> {
    fn new(actor: &'a Actor, query: &ListQuery, now: Time) -> Self {
        let start = query.before.unwrap_or(Cursor { visible_from: now, letter_id: Cursor::LAST_ID });
        let wanted = |id: MailboxId| query.mailbox.is_none_or(|only| only == id);
        let mut ids: Vec<MailboxId> =
            actor.rights.boxes.iter().map(|(id, _)| *id).filter(|id| wanted(*id)).collect();
        ids.sort_unstable();
        ids.dedup();
        let line = |mailbox_id| {
            let because = may_box(&actor.rights, mailbox_id, Act::List)?;
            Some(Line { mailbox_id, because, ready: VecDeque::new(), from: Some(start) })
        };
        let sql = match query.folder {
            Folder::Inbox => INBOX,
            Folder::Archive => ARCHIVE,
            Folder::Bin => BIN,
        };
        Self { actor, sql, unread: query.unread, now, lines: ids.into_iter().filter_map(line).collect() }
    }

    /// The next letters, `count` unless there are no more.
    async fn take(&mut self, house: &Mailboxes, count: usize) -> Result<Vec<Candidate>, MailboxError> {
        let mut taken = Vec::with_capacity(count);
        let mut tx = None;
        while taken.len() < count {
            for at in 0..self.lines.len() {
                if self.lines[at].ready.is_empty() && self.lines[at].from.is_some() {
                    let tx = match &mut tx {
                        Some(tx) => tx,
                        none => none.insert(house.0.store.read("list letters").await?),
                    };
                    self.read_on(at, tx, count).await?;
                }
            }
            let newest = |line: &&mut Line| line.ready.front().map(|letter| Cursor::of(&letter.facts).key());
            let Some(line) = self.lines.iter_mut().filter(|l| !l.ready.is_empty()).max_by_key(newest) else {
                break;
            };
            taken.extend(line.ready.pop_front());
        }
        Ok(taken)
    }

    async fn read_on(&mut self, at: usize, tx: &mut store::Tx, count: usize) -> Result<(), MailboxError> {
        let line = &mut self.lines[at];
        let Some(from) = line.from else { return Ok(()) };
        let (unread, helper) = (self.unread, line.because == Because::Helper);
        let limit = i64::try_from(count).unwrap_or(i64::MAX);
        let values =
            args![line.mailbox_id, from.visible_from, &from.letter_id, unread, helper, limit, self.now];
        let rows = tx.query(self.sql, values).await?;
        line.from = None;
        for row in &rows {
            let facts = rights::read(line.mailbox_id, row)?;
            if rows.len() == count {
                line.from = Some(Cursor::of(&facts));
            }
            // The statement already holds to it; here it is decided.
            if let Some(because) = may(&self.actor.rights, &facts, Act::List, self.now) {
                line.ready.push_back(Candidate { facts, because, sealed: row.bytes(11)?.to_vec() });
            }
        }
        Ok(())
    }
}

impl Cursor {
    /// Above every id.
    const LAST_ID: [u8; 16] = [0xff; 16];

    fn of(facts: &LetterFacts) -> Self {
        Self { visible_from: facts.visible_from, letter_id: *facts.letter_id.as_bytes() }
    }
    fn key(self) -> (Time, [u8; 16]) {
        (self.visible_from, self.letter_id)
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.visible_from.millis())?;
        self.letter_id.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The text is no cursor of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a list")]
pub struct NotACursor;

impl FromStr for Cursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        if text.len() != 48 || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
            return Err(NotACursor);
        }
        let millis = i64::from_str_radix(&text[..16], 16).map_err(|_| NotACursor)?;
        let id = u128::from_str_radix(&text[16..], 16).map_err(|_| NotACursor)?;
        Ok(Self { visible_from: Time::from_millis(millis), letter_id: id.to_be_bytes() })
    }
}

/// Letters whose headers are asked for at once; the key service gives no more.
const WINDOW: usize = 500;
/// Letters that one search looks at before it answers with what it has.
const MOST_SEARCHED: usize = 5000;
const DEFAULT_LIMIT: usize = 50;

/// The letters of one folder that come after a place, newest first. `$2` is not after `$7`, now.
macro_rules! folder {
    ($lies:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", header FROM letter WHERE mailbox_id = $1 AND visible_from <= $2 AND visible_from <= $7 \
             AND (visible_from < $2 OR letter_id < $3) AND (opened_at IS NULL OR $4 = 0) \
             AND (confidential = 0 OR $5 = 0) AND length(header) > 0 AND ",
            $lies,
            " ORDER BY visible_from DESC, letter_id DESC LIMIT $6"
        )
    };
}
const INBOX: &str = folder!("archived_at IS NULL AND binned_at IS NULL");
const ARCHIVE: &str = folder!("archived_at IS NOT NULL AND binned_at IS NULL");
const BIN: &str = folder!("binned_at IS NOT NULL");
