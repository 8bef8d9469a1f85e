//! Each page by its name.

use crate::made_up::{delivery, forwarded, letter, list};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use domain::Language;
use web::{
    frame::{Done, Frame, Place, Undo, Who},
    pages::*,
    texts::Texts,
};

pub fn page(language: &str, page: &str) -> Response {
    let language = Language::parse(language).unwrap_or_default();
    let t = Texts::of(language);
    let who = Some(Who { name: "Anna Andersson".into(), csrf: "token".into(), has_box: true });
    let frame = |place, title: &str| Frame::new(language, "/", place, title, who.clone());
    let nobody = |title: &str| Frame::new(language, "/", Place::Elsewhere, title, None);
    let message = |title, text, next: &'static str| {
        html(Message { f: nobody(title), title, text, next: Some(("/".into(), next)), reference: None })
    };
    let providers = || {
        vec![
            Provider { href: "/login/a".into(), name: "BankID".into() },
            Provider { href: "/login/b".into(), name: "Freja".into() },
        ]
    };
    match page {
        "welcome" => {
            html(Welcome { f: nobody(t.all.log_in), providers: providers(), trouble: None, why: None })
        }
        "welcome-cancelled" => html(Welcome {
            f: nobody(t.all.log_in),
            providers: providers(),
            why: None,
            trouble: Some(Trouble { title: t.start.cancelled_title, text: t.start.cancelled_text }),
        }),
        "moving-on" => {
            let mut f = nobody(t.start.moving_on_title);
            f.moves_to = Some("/".into());
            html(MovingOn { f, href: "/".into() })
        }
        "open-mailbox" => {
            let who = Who { name: "Anna Andersson".into(), csrf: String::new(), has_box: false };
            html(OpenBox {
                f: Frame::new(language, "/", Place::Elsewhere, t.start.open_title, Some(who)),
                name: "Anna Andersson".into(),
            })
        }
        "too-young" => message(t.start.young_title, t.start.young_text, t.all.to_start),
        "inbox" | "inbox-many" | "inbox-empty" | "no-hits" | "no-contact" => {
            let mut list = list(frame(Place::Inbox, t.all.inbox), Folder::Inbox, page == "inbox-many");
            if page == "no-contact" {
                list.notice = Some(t.letters.no_contact);
            }
            if page == "inbox-empty" {
                list = List {
                    todo: vec![],
                    filters: vec![],
                    boxes: vec![],
                    empty: Some(Empty { title: t.letters.empty_inbox, text: t.letters.empty_inbox_text }),
                    ..list
                };
                list.listing.groups.clear();
            }
            if page == "no-hits" {
                list = List {
                    todo: vec![],
                    search: Search {
                        words: "körkort".into(),
                        says: Some(t.hit_count(&0, &false, "körkort")),
                        elsewhere: Some(("#".into(), t.letters.search_archive)),
                        ..Search::default()
                    },
                    empty: Some(Empty { title: t.letters.no_hits, text: t.letters.no_hits_text }),
                    ..list
                };
                list.listing.groups.clear();
            }
            html(list)
        }
        "archive" => {
            let mut f = frame(Place::Archive, t.all.archive);
            f.done = Some(Done {
                text: t.letters.done_archived.into(),
                undo: Some(Undo { action: "/x".into(), fields: vec![] }),
            });
            html(List {
                todo: vec![],
                filters: vec![],
                title: t.all.archive,
                ..list(f, Folder::Archive, false)
            })
        }
        "bin" | "bin-empty" => {
            let mut list = List {
                todo: vec![],
                filters: vec![],
                boxes: vec![],
                title: t.all.bin,
                ..list(frame(Place::Bin, t.all.bin), Folder::Bin, false)
            };
            if page == "bin-empty" {
                list.empty = Some(Empty { title: t.letters.empty_bin, text: t.letters.empty_bin_text });
            }
            html(list)
        }
        "letter" | "letter-html" | "letter-forged" => html(letter(
            frame(Place::Inbox, "Beslut om din ansökan"),
            page == "letter-html",
            page == "letter-forged",
        )),
        "letter-delivery" | "letter-bare" => {
            html(delivery(frame(Place::Inbox, "Plats i förskola"), page == "letter-bare"))
        }
        "letter-forwarded" => html(forwarded(frame(Place::Inbox, "Beslut om din ansökan"))),
        "closed" | "closed-late" | "closed-helps" => html(Closed {
            listing: list(frame(Place::Inbox, ""), Folder::Inbox, false).listing,
            f: frame(Place::Inbox, "Plats i förskola erbjuds"),
            list_title: t.all.inbox,
            href: "/letters/a/b".into(),
            initials: "Ek".into(),
            sender: "Exempelkommunen".into(),
            forwarded: None,
            owner: Some("Anna Andersson".into()),
            received: "22 november 2026".into(),
            subject: "Plats i förskola erbjuds".into(),
            due: Some("5 december 2026".into()),
            late: page == "closed-late",
            tells: true,
            helps: (page == "closed-helps").then(|| "Anna Andersson".into()),
            read_by: (page == "closed-late").then(|| t.read_by("Bo, min bror", t.letters.on_today)),
        }),
        "continue" => html(Continue {
            f: frame(Place::Elsewhere, t.start.continue_title),
            typed: vec![
                (t.settings.helper_name, "Bo, min bror".into()),
                (t.settings.helper_number, "199001012385".into()),
            ],
            action: "/helpers".into(),
            fields: vec![("name".into(), "Bo, min bror".into())],
            back: "/helpers".into(),
        }),
        "stay" | "stay-soon" => html(Stay {
            f: frame(Place::Elsewhere, t.all.stay_title),
            says: if page == "stay" { t.logged_out_at("11.49") } else { t.logged_out_soon("11.49") },
            can_stay: true,
            urgent: page == "stay-soon",
            ended: false,
            then: None,
        }),
        "empty-bin" => html(Confirm {
            f: frame(Place::Bin, t.letters.empty_the_bin),
            question: t.empty_question(&4),
            about: None,
            means: vec![t.letters.empty_text],
            action: "/bin/empty".into(),
            fields: vec![],
            yes: t.empty_yes(&4),
            grave: true,
            back: "/bin".into(),
            no: t.letters.empty_no,
        }),
        "turn-off" => html(Confirm {
            f: frame(Place::Settings, t.settings.turn_off),
            question: t.turn_off_question("Exempelkommunen"),
            about: None,
            means: vec![t.settings.off_means, t.settings.off_keeps, t.settings.off_undo],
            action: "/senders/off".into(),
            fields: vec![],
            yes: t.turn_off_yes("Exempelkommunen"),
            grave: false,
            back: "/senders".into(),
            no: t.settings.off_no,
        }),
        "settings" => html(SettingsRoot { f: frame(Place::Settings, t.all.settings), here: None }),
        "senders" => html(Senders {
            f: frame(Place::Settings, t.settings.senders),
            here: Some(SettingsPlace::Senders),
            boxes: vec![],
            mailbox: "m".into(),
            senders: vec![
                SenderRow {
                    number: "1".into(),
                    name: "Exempelkommunen".into(),
                    initials: "Ek".into(),
                    off: Some(t.off_since("12 oktober 2026")),
                },
                SenderRow {
                    number: "2".into(),
                    name: "Exempelverket".into(),
                    initials: "Ev".into(),
                    off: None,
                },
            ],
        }),
        "contacts" | "contacts-error" => {
            let wrong = page == "contacts-error";
            html(Contacts {
                f: frame(Place::Settings, t.settings.contacts),
                here: Some(SettingsPlace::Contacts),
                contacts: vec![
                    Contact {
                        id: "1".into(),
                        address: "anna.andersson@exempel.se".into(),
                        is_phone: false,
                        confirmed: true,
                        failing: false,
                        show_sender: false,
                        error: None,
                    },
                    Contact {
                        id: "2".into(),
                        address: "070-174 06 05".into(),
                        is_phone: true,
                        confirmed: false,
                        failing: false,
                        show_sender: false,
                        error: wrong.then_some(t.settings.bad_code),
                    },
                ],
                email: Field {
                    value: if wrong { "anna@".into() } else { String::new() },
                    error: wrong.then_some(t.settings.bad_email),
                },
                phone: Field::default(),
                protected: false,
            })
        }
        "helpers" | "helpers-error" => {
            let wrong = page == "helpers-error";
            html(Helpers {
                f: frame(Place::Settings, t.settings.helpers),
                here: Some(SettingsPlace::Helpers),
                helpers: if wrong {
                    vec![]
                } else {
                    vec![HelperRow {
                        id: "1".into(),
                        name: "Bo, min bror".into(),
                        until: t.until("31 maj 2027"),
                        revocable: true,
                    }]
                },
                asked: vec![],
                asks: vec![AsksRow {
                    id: "2".into(),
                    name: "Cleo Exempel".into(),
                    until: t.until("31 maj 2027"),
                }],
                helping: vec![Helping {
                    name: "Exempelbolaget AB".into(),
                    until: t.settings.signatory.into(),
                }],
                protected: false,
                own: true,
                name: Field { value: "Bo".into(), error: None },
                number: Field { value: String::new(), error: Some(t.settings.bad_number).filter(|_| wrong) },
                until: Field { value: "2027-05-22".into(), error: None },
                dates: ("2026-11-23".into(), "2027-11-22".into()),
            })
        }
        "history" => {
            let row = |when: &str, what, letter: Option<&str>| HistoryRow {
                when: when.into(),
                who: t.letters.you.into(),
                because: Some(t.letters.as_owner),
                what: t.event(what),
                times: None,
                letter: letter.map(|l| (l.to_owned(), "/letters/a/b".to_owned())),
                owner: None,
            };
            use domain::words::EventType::*;
            html(History {
                broken: false,
                f: frame(Place::Settings, t.settings.history),
                here: Some(SettingsPlace::History),
                days: vec![
                    HistoryDay {
                        title: t.letters.today.into(),
                        rows: vec![
                            row("09.20", Opened, Some("Beslut om din ansökan")),
                            row("09.19", Listed, None),
                        ],
                    },
                    HistoryDay {
                        title: "12 oktober 2026".into(),
                        rows: vec![
                            HistoryRow {
                                who: "Bo Bengtsson".into(),
                                because: Some(t.letters.as_helper),
                                ..row("17.02", Opened, Some("Kallelse till möte den 9 december"))
                            },
                            row("08.15", SenderDeclined, None),
                        ],
                    },
                ],
                older: None,
            })
        }
        "profile" => html(Profile {
            f: frame(Place::Settings, t.settings.profile),
            here: Some(SettingsPlace::Profile),
            name: "Anna Andersson".into(),
            provider: "BankID".into(),
            ends: "idag 10.20".into(),
            boxes: vec![
                ProfileBox { name: "Anna Andersson".into(), note: "öppnad 12 oktober 2026".into() },
                ProfileBox { name: "Exempelbolaget AB".into(), note: t.settings.signatory.into() },
            ],
            open: Some(true),
        }),
        "trouble" => message(t.all.trouble_title, t.all.trouble_text, t.all.to_start),
        "expired" => message(t.all.expired_title, t.all.expired_text, t.all.log_in),
        "about" => html(About { f: nobody(t.all.about), operator: operator() }),
        "tillganglighet" => html(Accessibility { f: nobody(t.all.accessibility), operator: operator() }),
        "integritet" => html(Privacy { f: nobody(t.all.privacy), operator: operator() }),
        _ => message(t.all.not_found_title, t.all.not_found_text, t.all.to_start),
    }
}

fn operator() -> Operator {
    Operator { name: "Exempeloperatören".into(), email: "hjalp@exempel.se".into(), number: String::new() }
}

fn html(page: impl Template) -> Response {
    Html(page.render().unwrap()).into_response()
}
