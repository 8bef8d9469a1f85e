//! Letters as rows of a list.

use crate::{
    acts::initials,
    dates,
    names::BoxNames,
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
        let (facts, header) = (&letter.facts, &letter.header);
        let due = header.reply_by.filter(|day| *day >= self.now.date());
        let at = place_of(letter);
        let may_erase = self.session.govern(facts.mailbox_id).is_ok();
        Row {
            act: act_of(letter),
            initials: initials(&header.sender_name),
            sender: header.sender_name.clone(),
            subject: self.t.subject(&header.subject).to_owned(),
            when: dates::in_row(facts.visible_from, self.now, self.t),
            unread: facts.opened_at.is_none(),
            forwarded: header.forwarded_by.as_deref().map(|name| self.t.forwarded_by(name)),
            owner: self.names.label(self.session, facts.mailbox_id),
            due: due.map(|day| dates::short(day, self.now, self.t)),
            files: header.attachments.len(),
            current: self.current == Some(facts.letter_id),
            bin: (self.folder == Folder::Bin && may_erase)
                .then(|| (format!("{at}/restore"), format!("{at}/erase"))),
        }
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
        Todo {
            act: act_of(letter),
            subject: self.t.subject(&header.subject).to_owned(),
            sender,
            due: header.reply_by.map(|day| dates::short(day, self.now, self.t)).unwrap_or_default(),
            left: header.reply_by.and_then(|day| self.t.days_left(today.days_until(day))),
        }
    }
}

/// One step where nothing has to be said first: an unopened letter whose sender is not told opens by a button,
/// since opening is written down. One whose sender is told goes by the page that says so.
fn act_of(letter: &Listed) -> pages::Act {
    let (facts, at) = (&letter.facts, place_of(letter));
    match facts.opened_at.is_some() || facts.tells_opened {
        true => pages::Act::Link(at),
        false => pages::Act::Post(format!("{at}/open")),
    }
}

fn place_of(letter: &Listed) -> String {
    format!("/letters/{}/{}", letter.facts.mailbox_id, letter.facts.letter_id)
}
