//! What stands on the larger pages.

use web::{frame::Frame, links::Link, pages::*};

pub fn list(f: Frame, folder: Folder, many: bool) -> List {
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
                    late: true,
                    read_by: Some(t.read_by("Bo, min bror", t.letters.on_today)),
                    ..row("Exempelkommunen", "Plats i förskola erbjuds", "08.02", true)
                },
            ],
        },
        Group {
            title: t.letters.this_week.into(),
            rows: vec![
                Row {
                    files: 2,
                    forwarded: Some(t.forwarded_by("Bo Bengtsson")),
                    ..row("Exempelverket", "Slutskattebesked 2026", "tis", false)
                },
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
        banners: vec![],
        notice: None,
        todo: vec![
            Todo {
                act: Act::Link("#".into()),
                subject: "Plats i förskola erbjuds".into(),
                sender: "Exempelkommunen".into(),
                due: "5 dec".into(),
                left: t.days_left(-3),
                late: Some(t.late("5 dec")),
                done: Some("#".into()),
            },
            Todo {
                act: Act::Post("#".into()),
                subject: "Beslut om din ansökan".into(),
                sender: "Exempelverket".into(),
                due: "31 jan".into(),
                left: None,
                late: None,
                done: Some("#".into()),
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

pub fn letter(f: Frame, framed: bool, forged: bool) -> Letter {
    let t = f.t;
    Letter {
        listing: list(f.clone(), Folder::Inbox, false).listing,
        list_title: t.all.inbox,
        href: "/letters/a/b".into(),
        initials: "Ev".into(),
        sender: "Exempelverket".into(),
        via: Some("Exempelförmedlaren".into()),
        forwarded: None,
        owner: Some("Anna Andersson".into()),
        received: "22 november 2026".into(),
        kind: Some(t.kind(domain::words::Kind::Decision)),
        subject: "Beslut om din ansökan".into(),
        subject_language: "sv".into(),
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
            LetterBody::Framed { src: "/html-letter".into(), height: 12 }
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
            phone: Some(link("000-000 00 00", "tel:0000000000")),
            email: Some(link("fraga@exempel.se", "mailto:fraga@exempel.se")),
            url: Some(link("exempel.se", "https://exempel.se/")),
        }),
        reply: None,
        matter: vec![],
        notes: vec![],
        history: Trace::Lines(vec![OpenedBy {
            who: t.letters.you.into(),
            because: Some(t.letters.as_owner),
            what: t.event(domain::words::EventType::Opened),
            when: "idag 09.20".into(),
        }]),
        genuine: !forged,
        verified: HowVerified {
            text: t.how_verified("Exempelverket", "402000-0024", "22 november 2026 09.14", None),
            original: Some(KeepCopy {
                href: "#".into(),
                what: "JSON, 4 kB".into(),
                about: t.letters.keep_copy_jws,
            }),
        },
        may_move: true,
        done: Some(false),
        confidential: false,
        folder: Folder::Inbox,
        held: false,
        f,
    }
}

/// A delivery of Mina Meddelanden with all that it may carry, or with next to nothing.
pub fn delivery(f: Frame, bare: bool) -> Letter {
    let t = f.t;
    let l = &t.letters;
    let letter = letter(f, false, false);
    if bare {
        return Letter {
            subject: l.no_subject.into(),
            subject_language: t.lang.as_str().into(),
            facts: vec![],
            kind: None,
            body: LetterBody::Empty,
            support: None,
            reply: Some(l.reply_accepted),
            ..letter
        };
    }
    let detail = |name: &str, value: &str| Detail { name: name.into(), value: value.into() };
    Letter {
        facts: vec![Fact {
            name: l.matter,
            value: "Plats i förskola, FSK 2026-77".into(),
            note: Some(t.matter_status("recipientinitiative").into()),
            due: false,
        }],
        reply: Some(l.reply_requested),
        support: Some(Support {
            text: Some("Ring eller skriv om tiden inte passar.\nVi svarar inom två dagar.".into()),
            url: Some(link(
                "www.exempel.se/forskola/fragor-och-svar",
                "http://www.exempel.se/forskola/fragor-och-svar",
            )),
            phone: Some(Link { text: "000-000 00 10 (vardagar 9–16)".into(), href: None }),
            ..letter.support.clone().unwrap_or_default()
        }),
        matter: vec![
            detail(l.matter_id, "FSK 2026-77"),
            detail(l.event_kind, "Erbjudande"),
            detail(l.event_date, "22 november 2026"),
            detail(l.event_id, "7f2c1d9e-33a8-4f0e-9a53-0c7d1b7a4e55"),
            detail(l.event_before, "51a0b7c2-9a1f-4c43-b6aa-6d2a7c0d1f00"),
        ],
        notes: vec![
            detail(l.note_attention, "Anna Andersson"),
            detail(l.note_from, "Eva Exempel, förskoleenheten"),
            detail(l.note_reference, "Barn 2"),
            detail(l.note_correlation, "KOM-2026-000481"),
            detail("Enhet", "Förskoleenheten"),
            detail("EttMycketLångtNamnSomEttSystemHarGettUppgiften", "Rad ett\nRad två"),
        ],
        verified: HowVerified {
            original: Some(KeepCopy {
                href: "#".into(),
                what: "XML, 12 kB".into(),
                about: l.keep_copy_delivery,
            }),
            ..letter.verified.clone()
        },
        ..letter
    }
}

/// A letter that somebody at another operator sent on.
pub fn forwarded(f: Frame) -> Letter {
    let t = f.t;
    let letter = letter(f, false, false);
    let note = Detail { name: t.letters.note_attention.into(), value: "Anna Andersson".into() };
    Letter {
        forwarded: Some(Forwarded {
            title: t.forwarded_by("Bo Bengtsson"),
            says: t.forwarded_says("Lådan"),
            subject: "Kan du titta på det här?".into(),
            words: "Hej!\nJag förstår inte vad de menar.\n\nBo".into(),
            notes: vec![note],
        }),
        verified: HowVerified {
            text: t.how_verified("Exempelverket", "402000-0024", "22 november 2026 09.14", Some("Lådan")),
            original: Some(KeepCopy {
                href: "#".into(),
                what: "XML, 12 kB".into(),
                about: t.letters.keep_copy_forwarded,
            }),
        },
        ..letter
    }
}

fn link(text: &str, href: &str) -> Link {
    Link { text: text.into(), href: Some(href.into()) }
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
        forwarded: None,
        owner: None,
        read_by: None,
        late: false,
        done: false,
        due: None,
        files: 0,
        current: false,
        bin: None,
    }
}
