//! Letters as rows of a list.

use crate::{
    acts::initials,
    dates,
    names::{BoxNames, Readers},
    pages::{self, Folder, Group, Row, Todo},
    texts::Texts,
    visitor::Session,
};
use domain::{LetterId, Time, words::Because};
use mailbox::Listed;

/// What rows are made with.
pub(crate) struct View<'a> {
    pub t: &'static Texts,
    pub now: Time,
    pub current: Option<LetterId>,
    pub folder: Folder,
    pub names: &'a BoxNames,
    pub session: &'a Session,
    pub readers: &'a Readers,
}

impl View<'_> {
    pub(crate) fn groups(&self, letters: &[Listed]) -> Vec<Group> {
        let mut groups: Vec<Group> = Vec::new();
        for letter in letters {
            let title = dates::heading(letter.facts.visible_from, self.now, self.t);
            match groups.last_mut() {
                Some(group) if group.title == title => group.rows.push(self.row(letter)),
                _ => groups.push(Group { title, rows: vec![self.row(letter)] }),
            }
        }
        groups
    }

    fn row(&self, letter: &Listed) -> Row {
        let facts = &letter.facts;
        let header = &letter.header;
        let is_late = header.reply_by.is_some_and(|day| day < self.now.date());
        let done = letter.done_at.is_some();
        // A date that has passed stays, until it is said that the thing is done or the letter is put away.
        let due = header.reply_by.filter(|_| !done && (!is_late || self.folder == Folder::Inbox));
        let at = place_of(letter);
        let may_erase = self.session.govern(facts.mailbox_id).is_ok();
        Row {
            act: act_of(letter),
            initials: initials(&header.sender_name),
            sender: header.sender_name.clone(),
            subject: self.t.subject(&header.subject).to_owned(),
            when: dates::in_row(facts.visible_from, self.now, self.t),
            unread: letter.unread,
            read_by: self.read_by(letter),
            forwarded: header.forwarded_by.as_deref().map(|name| self.t.forwarded_by(name)),
            owner: self.names.label(self.session, facts.mailbox_id),
            late: is_late,
            done: done && header.reply_by.is_some(),
            due: due.map(|day| dates::short(day, self.now, self.t)),
            files: header.attachments.len(),
            current: self.current == Some(facts.letter_id),
            bin: (self.folder == Folder::Bin && may_erase)
                .then(|| (format!("{at}/restore"), format!("{at}/erase"))),
        }
    }

    /// Who else has read a letter that this person has not.
    pub(crate) fn read_by(&self, letter: &Listed) -> Option<String> {
        let (person, at) = letter.read_by?;
        let name = self.readers.of(letter.facts.mailbox_id, person, at).unwrap_or(self.t.letters.someone);
        Some(self.t.read_by(name, &dates::day(at, self.now, self.t)))
    }

    pub(crate) fn todo(&self, letter: &Listed) -> Todo {
        let header = &letter.header;
        // One's own goes without saying, up here where there is little room.
        let owner = self.names.label(self.session, letter.facts.mailbox_id);
        let sender = match owner.filter(|_| letter.because != Because::Owner) {
            Some(owner) => format!("{} · {owner}", header.sender_name),
            None => header.sender_name.clone(),
        };
        let today = self.now.date();
        let due = header.reply_by.map(|day| dates::short(day, self.now, self.t)).unwrap_or_default();
        let late = header.reply_by.is_some_and(|day| day < today);
        let may_say = self.session.govern(letter.facts.mailbox_id).is_ok();
        Todo {
            late: late.then(|| self.t.late(&due)),
            done: may_say.then(|| format!("{}/done", place_of(letter))),
            act: act_of(letter),
            subject: self.t.subject(&header.subject).to_owned(),
            sender,
            due,
            left: header.reply_by.and_then(|day| self.t.days_left(today.days_until(day))),
        }
    }
}

/// One step where nothing has to be said first: an unread letter whose sender is not told opens by a button, since
/// opening is written down. One whose sender is told goes by the page that says so, and one that is somebody else's by
/// the page that says whose.
fn act_of(letter: &Listed) -> pages::Act {
    let at = place_of(letter);
    match !letter.unread || letter.facts.tells_opened || letter.because == Because::Helper {
        true => pages::Act::Link(at),
        false => pages::Act::Post(format!("{at}/open")),
    }
}

fn place_of(letter: &Listed) -> String {
    format!("/letters/{}/{}", letter.facts.mailbox_id, letter.facts.letter_id)
}
