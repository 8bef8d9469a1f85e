//! Serves every page from made-up view models, so that its look can be judged without keys, database or log-in:
//! `cargo run -p web --example preview`, then <http://127.0.0.1:8900/>. Another port may be given as argument.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for those who draw the pages")]

use askama::Template;
use axum::{
    Router,
    extract::Path,
    http::header,
    response::{Html, IntoResponse},
    routing::get,
};
use web::{
    frame::{Done, Frame, Place, Undo, Who},
    icons,
    pages::*,
    style,
    texts::Language,
};

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let app = Router::new()
        .route("/", get(|| async { Html(index()) }))
        .route("/static/icon.svg", get(|| async { ([(header::CONTENT_TYPE, "image/svg+xml")], style::ICON) }))
        .route("/static/{name}", get(|| async { ([(header::CONTENT_TYPE, "text/css")], style::CSS) }))
        .route(
            "/html-letter",
            get(|| async {
                Html(format!(
                    "<style>{}</style>{}",
                    style::LETTER_CSS,
                    "<h2>Hej Anna</h2><p>Välkommen till <a href=https://exempel.se/x>oss</a>.</p>"
                ))
            }),
        )
        .route(
            "/{language}/{page}",
            get(|Path((language, page)): Path<(String, String)>| async move { show(&language, &page) }),
        );
    let port: u16 = std::env::args().nth(1).map_or(8900, |port| port.parse().unwrap());
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await.unwrap();
    println!("http://127.0.0.1:{port}/");
    axum::serve(listener, app).await.unwrap();
}

const PAGES: &[&str] = &[
    "welcome",
    "welcome-cancelled",
    "moving-on",
    "open-mailbox",
    "too-young",
    "inbox",
    "inbox-many",
    "inbox-empty",
    "no-hits",
    "no-contact",
    "letter",
    "letter-html",
    "letter-forged",
    "closed",
    "archive",
    "bin",
    "bin-empty",
    "empty-bin",
    "settings",
    "senders",
    "turn-off",
    "contacts",
    "contacts-error",
    "helpers",
    "helpers-error",
    "history",
    "profile",
    "not-found",
    "trouble",
    "expired",
    "about",
    "tillganglighet",
    "integritet",
];

fn index() -> String {
    PAGES
        .iter()
        .map(|page| format!("<p><a href=/sv/{page}>{page}</a> <a href=/en/{page}>en</a></p>"))
        .collect()
}

fn show(language: &str, page: &str) -> axum::response::Response {
    let language = Language::from_code(language);
    let t = language.texts();
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
        "welcome" => html(Welcome { f: nobody(t.all.log_in), providers: providers(), trouble: None }),
        "welcome-cancelled" => html(Welcome {
            f: nobody(t.all.log_in),
            providers: providers(),
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
        "closed" => html(Closed {
            listing: list(frame(Place::Inbox, ""), Folder::Inbox, false).listing,
            f: frame(Place::Inbox, "Plats i förskola erbjuds"),
            list_title: t.all.inbox,
            href: "/letters/a/b".into(),
            initials: "Ek".into(),
            sender: "Exempelkommunen".into(),
            owner: Some("Anna Andersson".into()),
            received: "22 november 2026".into(),
            subject: "Plats i förskola erbjuds".into(),
            due: Some("5 december 2026".into()),
            tells: true,
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

fn html(page: impl Template) -> axum::response::Response {
    Html(page.render().unwrap()).into_response()
}

fn row(sender: &str, subject: &str, when: &str, unread: bool) -> Row {
    let initials = if sender == "Exempelverket" { "Ev" } else { "Ek" };
    let href = "/sv/letter".to_owned();
    let act = if unread && sender == "Exempelverket" { Act::Post(href) } else { Act::Link(href) };
    Row {
        act,
        initials: initials.into(),
        sender: sender.into(),
        subject: subject.into(),
        when: when.into(),
        unread,
        owner: None,
        due: None,
        files: 0,
        current: false,
        bin: None,
    }
}

fn list(f: Frame, folder: Folder, many: bool) -> List {
    let t = f.t;
    let mut groups = vec![
        Group {
            title: t.letters.today.into(),
            rows: vec![
                Row {
                    files: 1,
                    due: Some("31 jan".into()),
                    current: true,
                    ..row("Exempelverket", "Beslut om din ansökan", "09.14", true)
                },
                Row {
                    due: Some("5 dec".into()),
                    ..row("Exempelkommunen", "Plats i förskola erbjuds", "08.02", true)
                },
            ],
        },
        Group {
            title: t.letters.this_week.into(),
            rows: vec![
                Row { files: 2, ..row("Exempelverket", "Slutskattebesked 2026", "tis", false) },
                row("Exempelkommunen", "Kallelse till möte den 9 december", "mån", false),
                Row {
                    owner: Some("Exempelbolaget AB".into()),
                    ..row(
                        "Exempelverket",
                        "Föreläggande om komplettering av årsredovisning för räkenskapsåret 2025",
                        "mån",
                        false,
                    )
                },
            ],
        },
        Group {
            title: "Oktober".into(),
            rows: vec![
                row("Exempelverket", "Kvitto på din anmälan", "28 okt", false),
                row("Exempelkommunen", "Så här sorterar du matavfall (lättläst)", "12 okt", false),
                Row { files: 1, ..row("Exempelverket", "Komplettera din ansökan", "3 okt", false) },
            ],
        },
    ];
    if many {
        let months = ["September", "Augusti", "Juli", "Juni", "Maj", "April"];
        groups.extend(months.map(|month| {
            Group {
                title: month.into(),
                rows: (1..8)
                    .map(|n| {
                        row(
                            if n % 2 == 0 { "Exempelverket" } else { "Exempelkommunen" },
                            "Information om din ansökan",
                            &format!("{} {}", 29 - n, &month[..3].to_lowercase()),
                            false,
                        )
                    })
                    .collect(),
            }
        }));
    }
    if folder != Folder::Inbox {
        for row in groups.iter_mut().flat_map(|group| &mut group.rows) {
            row.unread = false;
            row.act = Act::Link("/sv/letter".into());
            row.current = false;
            row.bin = (folder == Folder::Bin).then(|| ("/x".into(), "/sv/empty-bin".into()));
        }
    }
    let filter = |name: &str, chosen| Filter { href: "#".into(), name: name.into(), chosen };
    List {
        title: t.all.inbox,
        notice: None,
        todo: vec![
            Todo {
                act: Act::Link("#".into()),
                subject: "Plats i förskola erbjuds".into(),
                sender: "Exempelkommunen".into(),
                due: "5 dec".into(),
                left: t.days_left(13),
            },
            Todo {
                act: Act::Post("#".into()),
                subject: "Beslut om din ansökan".into(),
                sender: "Exempelverket".into(),
                due: "31 jan".into(),
                left: None,
            },
        ],
        filters: vec![filter(t.letters.filter_all, true), filter(&t.unread_filter(2, 100), false)],
        boxes: vec![
            filter(t.letters.all_boxes, true),
            filter("Anna Andersson", false),
            filter("Exempelbolaget AB", false),
        ],
        search: Search::default(),
        listing: Listing {
            folder,
            groups,
            older: many.then(|| "/?before=x".into()),
            paged: false,
            href: match folder {
                Folder::Inbox => "/",
                Folder::Archive => "/archive",
                Folder::Bin => "/bin",
            },
        },
        empty: None,
        f,
    }
}

fn letter(f: Frame, framed: bool, forged: bool) -> Letter {
    let t = f.t;
    Letter {
        listing: list(f.clone(), Folder::Inbox, false).listing,
        list_title: t.all.inbox,
        href: "/letters/a/b".into(),
        initials: "Ev".into(),
        sender: "Exempelverket".into(),
        via: Some("Exempelförmedlaren".into()),
        owner: Some("Anna Andersson".into()),
        received: "22 november 2026".into(),
        kind: Some(t.kind(domain::words::Kind::Decision)),
        subject: "Beslut om din ansökan".into(),
        language: "sv".into(),
        facts: vec![
            Fact { name: t.letters.due, value: "31 januari 2027".into(), note: None, due: true },
            Fact {
                name: t.letters.matter,
                value: "2026/1482".into(),
                note: Some("Beviljad".into()),
                due: false,
            },
        ],
        body: if framed {
            LetterBody::Framed { src: "/html-letter".into(), height: 3 }
        } else {
            LetterBody::Plain(vec![
            "Hej Anna,".into(),
            "Vi har beviljat din ansökan. Beslutet i sin helhet finns i det bifogade dokumentet. Du behöver meddela oss senast den 31 januari om du vill ändra någon uppgift.".into(),
            "Om du inte är nöjd med beslutet kan du överklaga det. Hur du gör står på sista sidan i beslutet. Läs mer på <a href=\"https://exempel.se/\">https://exempel.se/</a>.".into(),
            "Med vänlig hälsning<br>Exempelverket".into(),
        ])
        },
        attachments: vec![
            Attachment {
                name: "Beslut 2026-1482.pdf".into(),
                what: "PDF, 48 kB".into(),
                show: Some("#".into()),
                download: "#".into(),
            },
            Attachment {
                name: "Så här överklagar du ett beslut från Exempelverket.pdf".into(),
                what: "PDF, 112 kB".into(),
                show: Some("#".into()),
                download: "#".into(),
            },
        ],
        support: Some(Support {
            text: Some("Ring oss vardagar 9–16.".into()),
            phone: Some("000-000 00 00".into()),
            email: Some("fraga@exempel.se".into()),
            url: Some("https://exempel.se/".into()),
        }),
        history: Some(vec![OpenedBy {
            who: t.letters.you.into(),
            because: Some(t.letters.as_owner),
            what: t.event(domain::words::EventType::Opened),
            when: "idag 09.20".into(),
        }]),
        genuine: !forged,
        verified: HowVerified {
            text: t.how_verified("Exempelverket", "402000-0024", "22 november 2026 09.14"),
            original: Some("#".into()),
        },
        may_move: true,
        confidential: false,
        folder: Folder::Inbox,
        held: false,
        f,
    }
}

const _: &str = icons::MARK;
