//! What stands around a letter's text: dates, the matter, whom to ask, and what else the sender wrote.

use crate::{
    body, dates, links,
    pages::{Detail, Fact, Forwarded, Support},
    texts::Texts,
};
use domain::{
    Time,
    letter::{Letter, Notes},
    words::ReplyWish,
};

pub(super) fn facts(letter: &Letter, done: bool, now: Time, t: &Texts) -> Vec<Fact> {
    let mut facts = Vec::new();
    if let Some(day) = letter.reply_by {
        let left = t.days_left(now.date().days_until(day));
        let note = if done { Some(t.letters.is_done.to_owned()) } else { left };
        facts.push(Fact { name: t.letters.due, value: dates::long(day, t), note, due: !done });
    }
    if let Some(matter) = &letter.matter {
        let words = [matter.subject.as_ref(), matter.id.as_ref().or(matter.shared_id.as_ref())];
        let value = words.into_iter().flatten().map(String::as_str).collect::<Vec<_>>().join(", ");
        let status = matter.status.as_deref().map(|status| t.matter_status(status).to_owned());
        if !value.is_empty() {
            facts.push(Fact { name: t.letters.matter, value, note: status, due: false });
        } else if let Some(status) = status {
            facts.push(Fact { name: t.letters.matter_status, value: status, note: None, due: false });
        }
    }
    facts
}

/// What happened in the matter, where the sender says it. Subject and status stand above already.
pub(super) fn matter(letter: &Letter, t: &Texts) -> Vec<Detail> {
    let l = &t.letters;
    let Some(matter) = &letter.matter else { return vec![] };
    let event = matter.event.clone().unwrap_or_default();
    let date = event.date.map(|date| dates::long(date, t));
    let mut of_event: Vec<Detail> = present([
        (l.event_kind, event.kind.as_ref()),
        (l.event_date, date.as_ref()),
        (l.event_id, event.id.as_ref()),
        (l.event_before, event.preceding_id.as_ref()),
    ]);
    let both = matter.id.is_some() && matter.shared_id.is_some();
    if of_event.is_empty() && !both {
        return vec![];
    }
    let mut all = present([(l.matter_id, matter.id.as_ref()), (l.matter_shared, matter.shared_id.as_ref())]);
    all.append(&mut of_event);
    all
}

/// Of the sender's own words, names and all.
pub(super) fn notes(notes: &Notes, t: &Texts) -> Vec<Detail> {
    let l = &t.letters;
    let mut all = present([
        (l.note_attention, notes.attention.as_ref()),
        (l.note_from, notes.sender_attention.as_ref()),
        (l.note_reference, notes.reference.as_ref()),
        (l.note_correlation, notes.correlation_id.as_ref()),
    ]);
    let said = notes.metadata.iter().filter(|one| !one.value.trim().is_empty());
    all.extend(said.map(|one| Detail { name: one.tag.clone(), value: one.value.clone() }));
    all
}

/// Who forwarded it, and with what words.
pub(super) fn forwarded(of: &domain::letter::Forwarded, t: &Texts) -> Forwarded {
    Forwarded {
        title: t.forwarded_by(&of.by),
        says: t.forwarded_says(&of.operator),
        subject: of.subject.clone(),
        words: body::words(&of.body),
        notes: notes(&of.notes, t),
    }
}

pub(super) fn support(support: &domain::letter::Support) -> Support {
    Support {
        text: support.text.clone(),
        phone: support.phone.as_deref().map(links::telephone),
        email: support.email.as_deref().map(links::mail),
        url: support.url.as_deref().map(links::web),
    }
}

/// That an answer is wanted or taken, and that none can be sent from here.
pub(super) fn reply(letter: &Letter, t: &Texts) -> Option<&'static str> {
    match letter.reply {
        ReplyWish::Requested => Some(t.letters.reply_requested),
        ReplyWish::Accepted => Some(t.letters.reply_accepted),
        ReplyWish::NotAllowed => None,
    }
}

fn present<const N: usize>(pairs: [(&str, Option<&String>); N]) -> Vec<Detail> {
    let known = pairs.into_iter().filter_map(|(name, value)| Some((name, value?)));
    known.map(|(name, value)| Detail { name: name.to_owned(), value: value.clone() }).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
