use super::*;
use crate::{
    frame::{Frame, Place},
    pages::{Closed, Folder, HowVerified, Letter as LetterPage, LetterBody, Listing},
    texts::Texts,
};
use askama::Template;
use domain::{
    CivilDate, Language,
    letter::{Limits, Matter, MatterEvent, Metadata, Support as Asked},
};

/// Acts, if anything does.
const EVIL: &str = "<script>alert('x')</script>\"><img src=x onerror=y>";

fn letter() -> Letter {
    let payload = r#"{"reference":"r","sender":"164020000016","recipient":"198101052382","subject":"S","language":"sv",
        "body":{"media_type":"text/plain","content":"Hej"}}"#;
    Letter::parse(payload.as_bytes(), &Limits::default()).unwrap()
}

fn matter_of(status: &str) -> Matter {
    Matter {
        id: Some("BYG 2026-7".into()),
        shared_id: None,
        subject: Some("Bygglov".into()),
        status: Some(status.into()),
        event: Some(MatterEvent {
            id: Some("e-2".into()),
            preceding_id: Some("e-1".into()),
            kind: Some("Beslut".into()),
            date: Some(CivilDate::parse("2026-11-22").unwrap()),
        }),
    }
}

fn now() -> Time {
    Time::parse("2026-11-25T12:00:00Z").unwrap()
}

fn pairs(details: &[Detail]) -> Vec<(&str, &str)> {
    details.iter().map(|one| (one.name.as_str(), one.value.as_str())).collect()
}

#[test]
fn the_matter_stands_above_with_who_has_it() {
    let t = Texts::of(Language::Swedish);
    let mut letter = letter();
    assert_eq!((facts(&letter, false, now(), t).len(), matter(&letter, t).len()), (0, 0));
    for (status, said) in [
        ("senderinitiative", "Avsändaren har ärendet"),
        ("RecipientInitiative", "Du behöver göra något"),
        ("closed", "Ärendet är avslutat"),
        ("vilande", "vilande"),
    ] {
        letter.matter = Some(matter_of(status));
        let facts = facts(&letter, false, now(), t);
        assert_eq!(
            (facts.len(), facts[0].name, facts[0].value.as_str()),
            (1, "Ärende", "Bygglov, BYG 2026-7")
        );
        assert_eq!((facts[0].note.as_deref(), facts[0].due), (Some(said), false));
    }
    // A status alone is a fact of its own.
    letter.matter = Some(Matter { status: Some("closed".into()), ..Matter::default() });
    let facts = facts(&letter, false, now(), t);
    assert_eq!((facts[0].name, facts[0].value.as_str()), ("Läge", "Ärendet är avslutat"));
    assert!(matter(&letter, t).is_empty());
}

#[test]
fn a_date_to_keep_says_how_long_is_left() {
    let t = Texts::of(Language::English);
    let mut letter = letter();
    letter.reply_by = Some(CivilDate::parse("2026-11-27").unwrap());
    let facts = facts(&letter, false, now(), t);
    assert!(facts[0].due);
    assert_eq!(facts[0].note.as_deref(), Some("2 days left"));
}

#[test]
fn what_happened_in_the_matter_is_listed_under_its_number() {
    let t = Texts::of(Language::Swedish);
    let mut letter = letter();
    letter.matter = Some(matter_of("closed"));
    assert_eq!(
        pairs(&matter(&letter, t)),
        [
            ("Ärendenummer", "BYG 2026-7"),
            ("Händelse", "Beslut"),
            ("Datum", "22 november 2026"),
            ("Händelsens nummer", "e-2"),
            ("Föregående händelse", "e-1"),
        ]
    );
    // A number alone stands above already; two are told apart here.
    let bare = Matter { event: None, ..matter_of("closed") };
    letter.matter = Some(bare.clone());
    assert!(matter(&letter, t).is_empty());
    letter.matter = Some(Matter { shared_id: Some("G-1".into()), ..bare });
    assert_eq!(
        pairs(&matter(&letter, t)),
        [("Ärendenummer", "BYG 2026-7"), ("Gemensamt ärendenummer", "G-1")]
    );
}

#[test]
fn notes_are_in_the_senders_words_and_empty_ones_left_out() {
    let t = Texts::of(Language::Swedish);
    assert!(notes(&Notes::default(), t).is_empty());
    let said = |tag: &str, value: &str| Metadata { tag: tag.into(), value: value.into() };
    let all = Notes {
        reference: Some("Barn 2".into()),
        correlation_id: Some("KOM-1".into()),
        attention: Some("Anna".into()),
        sender_attention: Some("Eva".into()),
        metadata: vec![said("Enhet", "Förskolan"), said("Tom", " \n"), said("Rader", "ett\ntvå")],
    };
    assert_eq!(
        pairs(&notes(&all, t)),
        [
            ("Till", "Anna"),
            ("Från (handläggare)", "Eva"),
            ("Er referens", "Barn 2"),
            ("Avsändarens beteckning", "KOM-1"),
            ("Enhet", "Förskolan"),
            ("Rader", "ett\ntvå"),
        ]
    );
}

#[test]
fn an_answer_is_spoken_of_only_where_one_is_wanted_or_taken() {
    let t = Texts::of(Language::Swedish);
    let mut letter = letter();
    for (wish, said) in [
        (ReplyWish::NotAllowed, None),
        (ReplyWish::Requested, Some("Avsändaren vill ha ett svar.")),
        (ReplyWish::Accepted, Some("Avsändaren tar emot svar.")),
    ] {
        letter.reply = wish;
        assert_eq!(reply(&letter, t), said);
    }
}

#[test]
fn whom_to_ask_is_linked_only_where_it_is_sure_what_it_leads_to() {
    let good = support(&Asked {
        text: Some("Ring oss".into()),
        url: Some("http://exempel.se/fraga".into()),
        phone: Some("010-123 45 67".into()),
        email: Some("fraga@exempel.se".into()),
    });
    let href = |link: Option<links::Link>| link.unwrap().href;
    assert_eq!(good.text.as_deref(), Some("Ring oss"));
    assert_eq!(href(good.url).as_deref(), Some("http://exempel.se/fraga"));
    assert_eq!(href(good.phone).as_deref(), Some("tel:0101234567"));
    assert_eq!(href(good.email).as_deref(), Some("mailto:fraga@exempel.se"));
    let evil = support(&Asked {
        text: None,
        url: Some("javascript:alert(1)".into()),
        phone: Some("010;ext=1".into()),
        email: Some("a@b.se?bcc=c@d.se".into()),
    });
    for link in [evil.url, evil.phone, evil.email] {
        assert_eq!(href(link), None);
    }
}

/// Whatever a sender writes beside its letter is shown as text, and never as part of the page.
#[test]
fn nothing_a_sender_writes_becomes_part_of_the_page() {
    let t = Texts::of(Language::Swedish);
    let mut letter = letter();
    let evil = || Some(EVIL.to_owned());
    letter.reply = ReplyWish::Requested;
    letter.support = Some(Asked { text: evil(), url: evil(), phone: evil(), email: evil() });
    letter.matter = Some(Matter {
        id: evil(),
        shared_id: evil(),
        subject: evil(),
        status: evil(),
        event: Some(MatterEvent { id: evil(), preceding_id: evil(), kind: evil(), date: None }),
    });
    letter.notes = Notes {
        reference: evil(),
        correlation_id: evil(),
        attention: evil(),
        sender_attention: evil(),
        metadata: vec![Metadata { tag: EVIL.into(), value: EVIL.into() }],
    };
    let page = shown(&letter, t);
    // Four of support, two in the fact and its note, five of the matter, six of the notes.
    assert_eq!(page.matches("alert(").count(), 18, "{page}");
    assert!(page.contains("Avsändaren vill ha ett svar."), "{page}");
    for acting in ["<script>alert", "<img"] {
        assert!(!page.contains(acting), "{acting} in {page}");
    }
}

#[test]
fn before_a_letter_is_opened_the_reader_learns_whether_the_sender_will_know() {
    for (tells, said) in [(true, true), (false, false)] {
        let page = closed(tells).render().unwrap();
        assert_eq!(page.contains("Avsändaren får veta när du öppnar brevet."), said, "{page}");
    }
}

fn listing() -> Listing {
    Listing { folder: Folder::Inbox, groups: vec![], older: None, paged: false, href: "/" }
}

fn frame() -> Frame {
    Frame::new(Language::Swedish, "/", Place::Inbox, "Brev", None)
}

/// The page of an opened letter, as the act makes it.
fn shown(letter: &Letter, t: &Texts) -> String {
    let page = LetterPage {
        f: frame(),
        listing: listing(),
        list_title: "Inkorg",
        href: "/letters/a/b".into(),
        initials: "Ex".into(),
        sender: "Exempelkommunen".into(),
        via: None,
        forwarded: None,
        owner: None,
        received: "22 november 2026".into(),
        kind: None,
        subject: "Brev".into(),
        subject_language: "sv".into(),
        language: "sv".into(),
        facts: facts(letter, false, now(), t),
        body: LetterBody::Empty,
        attachments: vec![],
        support: letter.support.as_ref().map(support),
        reply: reply(letter, t),
        matter: matter(letter, t),
        notes: notes(&letter.notes, t),
        history: crate::pages::Trace::NotShown,
        genuine: true,
        verified: HowVerified { text: String::new(), original: None },
        may_move: false,
        done: None,
        confidential: false,
        folder: Folder::Inbox,
        held: false,
    };
    page.render().unwrap()
}

fn closed(tells: bool) -> Closed {
    Closed {
        f: frame(),
        listing: listing(),
        list_title: "Inkorg",
        href: "/letters/a/b".into(),
        initials: "Ex".into(),
        sender: "Exempelkommunen".into(),
        owner: None,
        forwarded: None,
        received: "22 november 2026".into(),
        subject: "Brev".into(),
        due: None,
        late: false,
        tells,
        helps: None,
        read_by: None,
    }
}
