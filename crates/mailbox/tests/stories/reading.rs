//! Lists, letters, attachments and histories, as their readers see them.

use domain::{
    Clock as _, LetterId, Time,
    words::{Because, EventType},
};
use mailbox::{Actor, Folder, ListQuery, MailboxError, Page};
use serde_json::json;
use std::{sync::atomic::Ordering, time::Duration};
use store::{args, both, testing::Database};
use testing::{ANNA, BO, COMPANY, Rows as _, attaching, letter, with, world::World};

const PDF: &[u8] = b"%PDF-1.4\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n";

both!(
    a_letter_is_listed_peeked_at_opened_and_remembered,
    attachments_are_read_by_ranges,
    a_long_letter_is_an_object_of_its_own,
    another_persons_letter_is_not_there,
    a_helper_reads_what_is_not_confidential_and_changes_nothing,
    a_company_letter_stands_in_its_signatorys_list,
    a_letter_is_not_there_before_its_time,
    a_search_finds_by_subject_sender_and_date,
    a_box_of_many_letters_is_paged_through_without_gaps,
    letters_to_answer_stand_first_soonest_on_top,
    a_row_that_was_moved_or_changed_does_not_open,
);

async fn all(world: &World, actor: &Actor, query: &ListQuery) -> Page {
    world.mailboxes.list(actor, query).await.unwrap()
}

fn subjects(page: &Page) -> Vec<&str> {
    page.rows.iter().map(|row| row.header.subject.as_str()).collect()
}

async fn a_letter_is_listed_peeked_at_opened_and_remembered(database: Database) {
    let world = World::new(database).await;
    let sent = with(letter("r"), "receipt", "opened".into());
    let sent = with(sent, "matter", json!({"id": "2026-1482", "subject": "Bygglov"}));
    let id = world
        .send(&attaching(sent.clone(), &[("a.pdf", "application/pdf", PDF)]), &[PDF])
        .await
        .unwrap()
        .letter_id;
    let anna = world.actor(world.anna.0).await;
    let page = all(&world, &anna, &ListQuery::default()).await;
    assert_eq!(subjects(&page), ["Beslut om bygglov"]);
    let row = &page.rows[0];
    assert_eq!((row.facts.letter_id, row.facts.opened_at, row.because), (id, None, Because::Owner));
    assert_eq!(row.header.sender_name, "Exempelkommunen");
    assert_eq!(row.header.attachments[0].name, "a.pdf");
    assert_eq!(row.header.attachments[0].bytes, PDF.len() as u64);
    assert!(row.facts.tells_opened);
    let peek = world.mailboxes.peek(&anna, world.anna.1, id).await.unwrap().unwrap();
    assert_eq!(peek.header.matter.as_ref().unwrap().subject.as_deref(), Some("Bygglov"));
    assert_eq!(world.keys.opened.load(Ordering::SeqCst), 0, "a look at the header opens nothing");

    world.clock.advance(Duration::from_secs(60));
    let opened = world.mailboxes.open(&anna, world.anna.1, id).await.unwrap().unwrap();
    assert_eq!(opened.letter.body.content, "Vi har beviljat ditt bygglov.");
    assert!(opened.doubt.is_none());
    assert_eq!(opened.original.certificate, world.town.certificate.der);
    assert_eq!(opened.facts.opened_at, None, "as it was before");
    let page = all(&world, &anna, &ListQuery::default()).await;
    assert_eq!(page.rows[0].facts.opened_at, Some(world.clock.now()));
    assert!(all(&world, &anna, &ListQuery { unread: true, ..ListQuery::default() }).await.rows.is_empty());
    let found = world.mailboxes.peek(&anna, world.anna.1, id).await.unwrap().unwrap();
    let history = world.mailboxes.history(&anna, &found.facts).await.unwrap().unwrap();
    let kinds: Vec<_> = history.iter().map(|entry| (entry.kind, entry.actor, entry.because)).collect();
    assert_eq!(
        kinds,
        [(EventType::Opened, Some(world.anna.0), Some(Because::Owner)), (EventType::Accepted, None, None)]
    );
    let opened = world.mailboxes.mailbox_history(&anna, world.anna.1, 10).await.unwrap().unwrap();
    assert!(opened.iter().any(|entry| entry.kind == EventType::Opened && entry.chain == id));
}

async fn attachments_are_read_by_ranges(database: Database) {
    let world = World::new(database).await;
    let small = b"hello, world".to_vec();
    let large: Vec<u8> = [PDF, &(0u32..200_000).flat_map(u32::to_le_bytes).collect::<Vec<_>>(), PDF].concat();
    let files: [(&str, &str, &[u8]); 3] = [
        ("small.txt", "text/plain", &small),
        ("large.pdf", "application/pdf", &large),
        ("empty.csv", "text/csv", b""),
    ];
    let sent = attaching(letter("r"), &files);
    let id = world.send(&sent, &[&small, &large, b""]).await.unwrap().letter_id;
    assert_eq!(world.objects_stored(), 1);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM part WHERE object IS NOT NULL").await, 1);
    let anna = world.actor(world.anna.0).await;
    for (part_no, (name, _, bytes)) in (1..).zip(files) {
        let reader = world.mailboxes.attachment(&anna, world.anna.1, id, part_no).await.unwrap().unwrap();
        assert_eq!((reader.header().name.as_str(), reader.header().bytes), (name, bytes.len() as u64));
        let length = bytes.len();
        for range in [
            0..length,
            0..1,
            length / 2..length / 2 + 40_000,
            length.saturating_sub(5)..length,
            length..length,
        ] {
            let start = range.start.min(length);
            let end = range.end.min(length);
            let read = reader.read(range.start as u64..range.end as u64).await.unwrap();
            assert_eq!(read.as_slice(), &bytes[start..end], "{name} {range:?}");
        }
        assert!(reader.read(0..u64::MAX).await.unwrap().as_slice() == bytes);
        use futures_util::TryStreamExt;
        let from = (length / 3) as u64;
        let pieces: Vec<_> = reader.stream(from..u64::MAX).try_collect().await.unwrap();
        assert!(pieces.concat() == bytes[length / 3..], "{name}");
    }
    assert!(world.mailboxes.attachment(&anna, world.anna.1, id, 4).await.unwrap().is_none());
    assert!(world.mailboxes.attachment(&anna, world.anna.1, id, 0).await.unwrap().is_none());
    assert_eq!(world.keys.opened.load(Ordering::SeqCst), 1, "many ranges are one opening");
    // Another log-in is another opening; so is this one after a while.
    let again = world.actor(world.anna.0).await;
    world.mailboxes.attachment(&again, world.anna.1, id, 1).await.unwrap().unwrap();
    world.clock.advance(Duration::from_secs(3600));
    world.mailboxes.attachment(&anna, world.anna.1, id, 1).await.unwrap().unwrap();
    assert_eq!(world.keys.opened.load(Ordering::SeqCst), 3);
}

async fn a_long_letter_is_an_object_of_its_own(database: Database) {
    let world = World::new(database).await;
    let text = "Så här lång text får ett brev ha. ".repeat(6500);
    let long = with(letter("long"), "body", json!({"media_type": "text/plain", "content": text}));
    let id = world.send(&long, &[]).await.unwrap().letter_id;
    assert_eq!(world.objects_stored(), 1);
    let anna = world.actor(world.anna.0).await;
    let opened = world.mailboxes.open(&anna, world.anna.1, id).await.unwrap().unwrap();
    assert!(opened.letter.body.content == text && opened.doubt.is_none());
    // A twin that lost leaves no object behind.
    let drafts = [
        world.draft(&with(long.clone(), "reference", "x".into())).await.unwrap(),
        world.draft(&with(long, "reference", "x".into())).await.unwrap(),
    ];
    for draft in drafts {
        world.intake.accept(draft).await.unwrap();
    }
    world.objects_become(2).await;
}

async fn another_persons_letter_is_not_there(database: Database) {
    let world = World::new(database).await;
    let id = world.send(&letter("r"), &[]).await.unwrap().letter_id;
    let bo = world.actor(world.bo.0).await;
    let boxes = &world.mailboxes;
    let anna = world.anna.1;
    assert!(all(&world, &bo, &ListQuery::default()).await.rows.is_empty());
    assert!(
        all(&world, &bo, &ListQuery { mailbox: Some(anna), ..ListQuery::default() }).await.rows.is_empty()
    );
    let hers = boxes.peek(&world.actor(world.anna.0).await, anna, id).await.unwrap().unwrap();
    assert!(boxes.history(&bo, &hers.facts).await.unwrap().is_none());
    assert!(boxes.open_found(&bo, hers.facts).await.unwrap().is_none());
    for mailbox in [anna, world.bo.1] {
        assert!(boxes.peek(&bo, mailbox, id).await.unwrap().is_none());
        assert!(boxes.open(&bo, mailbox, id).await.unwrap().is_none());
        assert!(boxes.attachment(&bo, mailbox, id, 1).await.unwrap().is_none());
        assert!(boxes.archive(&bo, mailbox, id).await.unwrap().is_none());
        assert!(boxes.bin(&bo, mailbox, id).await.unwrap().is_none());
        assert!(boxes.erase(&bo, mailbox, id).await.unwrap().is_none());
    }
    assert!(boxes.mailbox_history(&bo, anna, 10).await.unwrap().is_none());
    assert!(boxes.empty_bin(&bo, anna).await.unwrap().is_none());
    assert_eq!(world.keys.opened.load(Ordering::SeqCst), 0, "the key service was not even asked");
    // Bo claims a right that the key service does not see.
    let mut liar = bo.clone();
    liar.rights.boxes.push((anna, Because::Owner));
    assert!(boxes.open(&liar, anna, id).await.unwrap().is_none());
    assert!(all(&world, &liar, &ListQuery::default()).await.rows.is_empty());
}

async fn a_helper_reads_what_is_not_confidential_and_changes_nothing(database: Database) {
    let world = World::new(database).await;
    let open = world.send(&letter("open"), &[]).await.unwrap().letter_id;
    let secret = with(with(letter("secret"), "confidential", true.into()), "subject", "Hemligt".into());
    let secret = world.send(&secret, &[]).await.unwrap().letter_id;
    world.mandate(world.bo.0, world.anna.1, Because::Helper).await;
    let bo = world.actor(world.bo.0).await;
    let page = all(&world, &bo, &ListQuery::default()).await;
    assert_eq!(subjects(&page), ["Beslut om bygglov"]);
    assert_eq!(page.rows[0].because, Because::Helper);
    let boxes = &world.mailboxes;
    let anna = world.anna.1;
    assert!(boxes.open(&bo, anna, secret).await.unwrap().is_none());
    assert!(boxes.peek(&bo, anna, secret).await.unwrap().is_none());
    assert!(boxes.open(&bo, anna, open).await.unwrap().is_some());
    assert!(boxes.archive(&bo, anna, open).await.unwrap().is_none());
    assert!(boxes.bin(&bo, anna, open).await.unwrap().is_none());
    assert!(boxes.restore(&bo, anna, open).await.unwrap().is_none());
    assert!(boxes.erase(&bo, anna, open).await.unwrap().is_none());
    let found = boxes.peek(&bo, anna, open).await.unwrap().unwrap();
    assert!(boxes.history(&bo, &found.facts).await.unwrap().is_none());
    // Anna sees who it was.
    let owner = world.actor(world.anna.0).await;
    let history = boxes.history(&owner, &found.facts).await.unwrap().unwrap();
    assert_eq!((history[0].actor, history[0].because), (Some(world.bo.0), Some(Because::Helper)));
}

async fn a_company_letter_stands_in_its_signatorys_list(database: Database) {
    let world = World::new(database).await;
    world.send(&with(letter("1"), "subject", "Till Anna".into()), &[]).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    let company = with(with(letter("2"), "recipient", COMPANY.into()), "subject", "Till bolaget".into());
    let id = world.send(&company, &[]).await.unwrap().letter_id;
    let anna = world.actor(world.anna.0).await;
    let page = all(&world, &anna, &ListQuery::default()).await;
    assert_eq!(subjects(&page), ["Till bolaget", "Till Anna"]);
    assert_eq!(page.rows[0].because, Because::Signatory);
    let one = all(&world, &anna, &ListQuery { mailbox: Some(world.anna.1), ..ListQuery::default() }).await;
    assert_eq!(subjects(&one), ["Till Anna"]);
    assert_eq!(world.mailboxes.bin(&anna, world.company, id).await.unwrap(), Some(true));
    assert_eq!(world.mailboxes.erase(&anna, world.company, id).await.unwrap(), Some(mailbox::Erased::Done));
    assert!(all(&world, &world.actor(world.bo.0).await, &ListQuery::default()).await.rows.is_empty());
}

async fn a_letter_is_not_there_before_its_time(database: Database) {
    let world = World::new(database).await;
    let later = with(letter("later"), "visible_from", "2026-11-23T08:00:00Z".into());
    let id = world.send(&later, &[]).await.unwrap().letter_id;
    let past = with(letter("past"), "visible_from", "2020-01-01T00:00:00Z".into());
    world.send(&past, &[]).await.unwrap();
    let anna = world.actor(world.anna.0).await;
    assert_eq!(all(&world, &anna, &ListQuery::default()).await.rows.len(), 1);
    assert!(world.mailboxes.peek(&anna, world.anna.1, id).await.unwrap().is_none());
    assert!(world.mailboxes.open(&anna, world.anna.1, id).await.unwrap().is_none());
    let job = "SELECT count(*) AS n FROM job j JOIN letter l ON l.letter_id = substr(j.subject, 17) \
               WHERE j.run_at = l.visible_from";
    assert_eq!(world.store.count(job).await, 2);
    world.clock.advance(Duration::from_secs(24 * 3600));
    let page = all(&world, &anna, &ListQuery::default()).await;
    assert_eq!(page.rows.len(), 2);
    assert_eq!(page.rows[0].facts.letter_id, id);
    assert_eq!(page.rows[0].facts.visible_from, Time::parse("2026-11-23T08:00:00Z").unwrap());
    assert_eq!(page.rows[1].facts.visible_from, Time::parse(testing::NOW).unwrap());
}

async fn a_search_finds_by_subject_sender_and_date(database: Database) {
    let world = World::new(database).await;
    for (reference, subject) in
        [("1", "Slutskattebesked"), ("2", "Kallelse till besiktning"), ("3", "Bygglov beviljat")]
    {
        world.send(&with(letter(reference), "subject", subject.into()), &[]).await.unwrap();
        world.clock.advance(Duration::from_secs(24 * 3600));
    }
    let anna = world.actor(world.anna.0).await;
    for (search, found) in [
        ("bygglov", vec!["Bygglov beviljat"]),
        ("BESKED exempel", vec!["Slutskattebesked"]),
        ("23 november", vec!["Kallelse till besiktning"]),
        ("2026-11-22", vec!["Slutskattebesked"]),
        ("exempelkommunen", vec!["Bygglov beviljat", "Kallelse till besiktning", "Slutskattebesked"]),
        ("finns inte", vec![]),
    ] {
        let page = all(&world, &anna, &ListQuery { search: search.into(), ..ListQuery::default() }).await;
        assert_eq!(subjects(&page), found, "{search}");
        assert!(page.next.is_none() && page.todo.is_empty());
    }
}

async fn a_box_of_many_letters_is_paged_through_without_gaps(database: Database) {
    let world = std::sync::Arc::new(World::new(database).await);
    const MANY: usize = 620;
    let sends = (0..MANY).map(|n| {
        let world = std::sync::Arc::clone(&world);
        tokio::spawn(async move {
            // Several at the same instant, and some for the company.
            let recipient = if n % 5 == 0 { COMPANY } else { ANNA };
            let letter = with(letter(&format!("{n}")), "recipient", recipient.into());
            world.send(&with(letter, "subject", format!("Brev {n}").into()), &[]).await.unwrap()
        })
    });
    for send in sends.collect::<Vec<_>>() {
        send.await.unwrap();
    }
    let anna = world.actor(world.anna.0).await;
    let mut query = ListQuery { limit: 70, ..ListQuery::default() };
    let mut seen: Vec<(Time, LetterId)> = Vec::new();
    let mut pages = 0;
    loop {
        let page = all(&world, &anna, &query).await;
        pages += 1;
        assert!(page.rows.len() <= 70);
        seen.extend(page.rows.iter().map(|row| (row.facts.visible_from, row.facts.letter_id)));
        let Some(next) = page.next else { break };
        query.before = Some(next.to_string().parse().unwrap());
    }
    assert_eq!((seen.len(), pages), (MANY, 9));
    assert!(seen.is_sorted_by(|a, b| a > b), "newest first, none twice");
    // What stands beyond one window of headers is found as well, and what was opened of late is not asked again.
    let oldest =
        all(&world, &anna, &ListQuery { search: "brev 3".into(), limit: 500, ..ListQuery::default() }).await;
    let expected = (0..MANY).filter(|n| format!("brev {n}").contains('3')).count();
    assert_eq!(oldest.rows.len(), expected);
    let asked = world.keys.listed.load(Ordering::SeqCst);
    all(&world, &anna, &ListQuery { search: "brev 4".into(), ..ListQuery::default() }).await;
    assert_eq!(world.keys.listed.load(Ordering::SeqCst), asked);
}

async fn letters_to_answer_stand_first_soonest_on_top(database: Database) {
    let world = World::new(database).await;
    for (reference, reply_by) in
        [("1", "2026-12-24"), ("2", "2026-11-22"), ("3", "2026-11-21"), ("4", "2026-12-01")]
    {
        let letter = with(with(letter(reference), "reply_by", reply_by.into()), "subject", reply_by.into());
        world.send(&letter, &[]).await.unwrap();
    }
    let anna = world.actor(world.anna.0).await;
    let page = all(&world, &anna, &ListQuery::default()).await;
    let todo: Vec<_> = page.todo.iter().map(|row| row.header.subject.as_str()).collect();
    // A date that has passed is no less to be seen.
    assert_eq!(todo, ["2026-11-21", "2026-11-22", "2026-12-01", "2026-12-24"]);
    let done = page.todo[0].facts.letter_id;
    world.mailboxes.archive(&anna, world.anna.1, done).await.unwrap();
    let page = all(&world, &anna, &ListQuery::default()).await;
    assert_eq!((page.todo.len(), page.rows.len()), (3, 3));
    let archive = all(&world, &anna, &ListQuery { folder: Folder::Archive, ..ListQuery::default() }).await;
    assert_eq!((subjects(&archive), archive.todo.len()), (vec!["2026-11-21"], 0));
    let done = page.todo[0].facts.letter_id;
    world.mailboxes.set_done(&anna, world.anna.1, done, true).await.unwrap().unwrap();
    let page = all(&world, &anna, &ListQuery::default()).await;
    assert_eq!((page.todo.len(), page.rows.len()), (2, 3), "done, and still in the inbox");
    let row = page.rows.iter().find(|row| row.facts.letter_id == done).unwrap();
    assert_eq!(row.done_at, Some(world.clock.now()));
}

async fn a_row_that_was_moved_or_changed_does_not_open(database: Database) {
    let world = World::new(database).await;
    let first = world.send(&letter("1"), &[]).await.unwrap().letter_id;
    let second = world.send(&with(letter("2"), "subject", "Annat".into()), &[]).await.unwrap().letter_id;
    let anna = world.actor(world.anna.0).await;
    let copy = "UPDATE part SET ciphertext = (SELECT p.ciphertext FROM part p WHERE p.letter_id = $1) WHERE letter_id = $2";
    world.store.change(copy, args![first, second]).await;
    let moved = world.mailboxes.open(&anna, world.anna.1, second).await;
    assert!(matches!(moved, Err(MailboxError::Damaged)));
    let copy = "UPDATE letter SET header = (SELECT l.header FROM letter l WHERE l.letter_id = $1) WHERE letter_id = $2";
    world.store.change(copy, args![first, second]).await;
    // One damaged header does not hide the other letter.
    assert_eq!(subjects(&all(&world, &anna, &ListQuery::default()).await), ["Beslut om bygglov"]);
    assert!(world.mailboxes.peek(&anna, world.anna.1, second).await.unwrap().is_none());
    let bo = with(with(letter("3"), "recipient", BO.into()), "subject", "Till Bo".into());
    let third = world.send(&bo, &[]).await.unwrap().letter_id;
    assert!(world.mailboxes.open(&anna, world.anna.1, third).await.unwrap().is_none());
}
