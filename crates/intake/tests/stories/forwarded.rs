//! What somebody with a mailbox at another operator forwards to mailboxes here.

use crate::{
    deliveries::{Authority, message, sealed, to, world},
    world::{ANNA, BO, COMPANY, DISPATCHER, NOW, OFFICE, TOWN, World, org},
};
use bytes::Bytes;
use delivery::{Delivery, Sealed, XmlSigner, forward::Covering, read::Attachment, read_again, write};
use domain::{
    CertificateDigest, CivilDate, Code, LetterId, Time,
    words::{EventType, ReceiptWish},
};
use intake::{AcceptError, Answer};
use key_client::Role;
use mailbox::Form;
use registry::{declined, dispatch, operators, senders};
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;
use testing::{BREVEN, CLEO, LADAN};

both!(
    a_forwarded_letter_is_read_as_its_sender_signed_it_and_says_who_sent_it_on,
    its_sender_is_told_nothing,
    the_same_again_is_one_letter_and_other_words_are_a_conflict,
    each_recipient_has_a_status_and_one_that_is_not_here_has_nothing,
    messages_are_chosen_and_all_are_forwarded_or_none,
    only_operators_forward_and_only_for_their_own,
    an_original_that_does_not_hold_is_refused_and_leaves_nothing,
    an_old_letter_is_judged_as_of_its_day_and_what_was_revoked_as_of_today,
    what_somebody_turned_off_is_not_told_to_whoever_forwards,
    copies_are_bounded_together,
);

fn words(recipients: &[&str]) -> Covering {
    Covering {
        forwarder_id: CLEO.into(),
        forwarder_name: "Cleo Cederlund".into(),
        recipient_ids: recipients.iter().map(|id| (*id).to_owned()).collect(),
        subject: "Kan du titta?".into(),
        body_type: "text/plain".into(),
        body: "Jag förstår inte.".into(),
        ..Covering::default()
    }
}

fn forward(covering: &Covering, secure: &Bytes) -> Bytes {
    covering.envelope(secure, None).unwrap().into()
}

/// A world with two operators beside ours.
async fn operating(database: Database) -> (World, Authority) {
    let (world, pki) = world(database).await;
    let mut tx = world.store.begin("operators").await.unwrap();
    for (number, domain, name) in [(LADAN, "ladan.example", "Lådan"), (BREVEN, "breven.example", "Breven")] {
        senders::add(&mut tx, &org(number), name, false, Time::parse(NOW).unwrap()).await.unwrap();
        let new = operators::NewOperator {
            number: &org(number),
            domain,
            name,
            service_address: "https://operator.example/service/v3",
            ui_address: None,
        };
        operators::add(&mut tx, &new, Time::parse(NOW).unwrap()).await.unwrap();
    }
    tx.commit().await.unwrap();
    (world, pki)
}

/// What became of it for one recipient.
type One = Result<Vec<Answer>, Code>;

impl World {
    async fn forwards(&self, caller: &str, envelope: Bytes) -> Result<Vec<One>, Code> {
        match self.intake.forward(&org(caller), envelope).await {
            Ok(all) => {
                let one = |one: intake::Delivered| one.letters.map_err(|refusal| refusal.code);
                Ok(all.into_iter().map(one).collect())
            }
            Err(AcceptError::Refused(refusal)) => Err(refusal.code),
            Err(error) => panic!("{error:?}"),
        }
    }

    async fn ids(&self, caller: &str, envelope: Bytes) -> Vec<LetterId> {
        let all = self.forwards(caller, envelope).await.unwrap();
        all.into_iter().flat_map(|one| one.unwrap()).map(|answer| answer.letter_id).collect()
    }
}

async fn a_forwarded_letter_is_read_as_its_sender_signed_it_and_says_who_sent_it_on(database: Database) {
    let (world, pki) = operating(database).await;
    let secure = sealed(&to(CLEO, vec![message("m-1")]), &pki.signer(TOWN), &pki.signer(DISPATCHER));
    let id = world.ids(LADAN, forward(&words(&[ANNA]), &secure)).await[0];
    let anna = world.actor(world.anna.0).await;
    let listed = world.mailboxes.peek(&anna, world.anna.1, id).await.unwrap().unwrap();
    assert_eq!(listed.header.subject, "Beslut om bygglov");
    assert_eq!(listed.header.forwarded_by.as_deref(), Some("Cleo Cederlund"));
    let opened = world.mailboxes.open(&anna, world.anna.1, id).await.unwrap().unwrap();
    assert!(opened.doubt.is_none());
    assert_eq!(opened.letter.body.content, "Vi har beviljat ditt bygglov.");
    assert_eq!(opened.letter.recipient.expose(), CLEO);
    assert_eq!(opened.attachments()[0].name, "a.txt");
    let original = &opened.original;
    assert_eq!(original.form, Form::Delivery { message: 0 });
    assert!(original.dispatcher.is_some());
    let forwarded = original.forwarded.as_ref().unwrap();
    assert_eq!((forwarded.by.as_str(), forwarded.operator.as_str()), ("Cleo Cederlund", "Lådan"));
    assert_eq!(
        (forwarded.subject.as_str(), forwarded.body.content.as_str()),
        ("Kan du titta?", "Jag förstår inte.")
    );
    // What is kept is what was sealed, with both signatures and nothing of who else it went to.
    let (kept, signer) = read_again(&original.signed).unwrap();
    assert_eq!(kept, Sealed::from_envelope(&secure).unwrap().delivery);
    assert_eq!(signer.unwrap().certificate.der, original.certificate);
    assert!(!std::str::from_utf8(&original.signed).unwrap().contains(ANNA));
    // Told of as any letter is.
    assert_eq!(world.store.count("SELECT count(*) AS n FROM job WHERE kind = 'notice'").await, 1);
}

async fn its_sender_is_told_nothing(database: Database) {
    let (world, pki) = operating(database).await;
    let mut asks = message("m-1");
    asks.receipt_request = Some("SIGNED".into());
    let secure = sealed(&to(CLEO, vec![asks]), &pki.signer(TOWN), &pki.signer(TOWN));
    let id = world.ids(LADAN, forward(&words(&[ANNA]), &secure)).await[0];
    let anna = world.actor(world.anna.0).await;
    let opened = world.mailboxes.open(&anna, world.anna.1, id).await.unwrap().unwrap();
    assert_eq!((opened.letter.receipt, opened.facts.tells_opened), (ReceiptWish::Nothing, false));
    let keys = world.connector.keys(Role::Gateway).gateway_keys().await.unwrap();
    let town = intake::submission::sender_mac(&keys.sender, &org(TOWN));
    let mut tx = world.store.read("events").await.unwrap();
    for sql in [
        "SELECT count(*) AS n FROM feed_waiting WHERE sender_mac = $1",
        "SELECT count(*) AS n FROM submission WHERE sender_mac = $1",
        "SELECT count(*) AS n FROM letter WHERE sender_mac = $1",
    ] {
        assert_eq!(tx.one(sql, store::args![&town]).await.unwrap().unwrap().int("n").unwrap(), 0, "{sql}");
    }
    assert_eq!(
        tx.one("SELECT count(*) AS n FROM feed_waiting WHERE type = 'opened'", &[])
            .await
            .unwrap()
            .unwrap()
            .int("n")
            .unwrap(),
        0
    );
    // What happened is on record all the same, as what it was.
    let chain = evidence::read_chain(&mut tx, &keys.events, world.anna.1, id).await.unwrap();
    let accepted = &chain[0];
    assert_eq!((accepted.kind, accepted.detail.as_deref()), (EventType::Accepted, Some("forwarded")));
    assert_eq!(accepted.sender, Some(org(LADAN)));
    assert_eq!(
        accepted.certificate,
        Some(CertificateDigest::from_bytes(vault::sha256(&opened.original.certificate)))
    );
    assert_eq!(chain[1].kind, EventType::Opened);
    drop(tx);
    evidence::audit(&world.store, &keys.events).await.unwrap();
}

async fn the_same_again_is_one_letter_and_other_words_are_a_conflict(database: Database) {
    let (world, pki) = operating(database).await;
    let delivery = to(CLEO, vec![message("m-1")]);
    let secure = sealed(&delivery, &pki.signer(TOWN), &pki.signer(TOWN));
    let first = world.forwards(LADAN, forward(&words(&[ANNA]), &secure)).await.unwrap();
    let first = first[0].as_ref().unwrap()[0].clone();
    // Sealed anew and to one more, it is the same for the one who has it.
    let anew = sealed(&delivery, &pki.signer(TOWN), &pki.signer(DISPATCHER));
    let again = world.forwards(LADAN, forward(&words(&[BO, ANNA]), &anew)).await.unwrap();
    let of_anna = &again[1].as_ref().unwrap()[0];
    assert_eq!((&of_anna.receipt, of_anna.repeated), (&first.receipt, true));
    assert!(!again[0].as_ref().unwrap()[0].repeated);
    assert_eq!(world.letters().await, 2);
    let other = Covering { body: "Nu förstår jag.".into(), ..words(&[ANNA]) };
    assert_eq!(world.forwards(LADAN, forward(&other, &secure)).await, Err(Code::ReferenceConflict));
    let mut changed = message("m-1");
    changed.subject = "Avslag".into();
    let changed = sealed(&to(CLEO, vec![changed]), &pki.signer(TOWN), &pki.signer(TOWN));
    assert_eq!(world.forwards(LADAN, forward(&words(&[ANNA]), &changed)).await, Err(Code::ReferenceConflict));
    // Another forwarder, another operator, or the sender itself: another letter.
    let by_another = Covering { forwarder_id: COMPANY.into(), ..words(&[ANNA]) };
    let company = world.forwards(LADAN, forward(&by_another, &secure)).await;
    assert_eq!(company, Err(Code::CallerNotAllowed), "its mailbox is here");
    assert_eq!(world.ids(BREVEN, forward(&words(&[ANNA]), &secure)).await.len(), 1);
    let direct = sealed(&to(ANNA, vec![message("m-1")]), &pki.signer(TOWN), &pki.signer(TOWN));
    world.intake.deliver(&org(TOWN), direct).await.unwrap().letters.unwrap();
    assert_eq!(world.letters().await, 4);
    // Named twice in one call, a recipient has it once.
    let twice = Covering { forwarder_id: "164020000081".into(), ..words(&[BO, BO]) };
    let twice = world.ids(LADAN, forward(&twice, &secure)).await;
    assert_eq!((twice.len(), twice[0]), (2, twice[1]));
    assert_eq!(world.letters().await, 5);
}

async fn each_recipient_has_a_status_and_one_that_is_not_here_has_nothing(database: Database) {
    let (world, pki) = operating(database).await;
    let secure = sealed(&to(CLEO, vec![message("a"), message("b")]), &pki.signer(TOWN), &pki.signer(TOWN));
    world.moves_away(BO).await;
    let covering = words(&[CLEO, ANNA, "201501012387", BO, COMPANY]);
    let all = world.forwards(LADAN, forward(&covering, &secure)).await.unwrap();
    let outcomes: Vec<_> = all.iter().map(|one| one.as_ref().map(Vec::len)).collect();
    assert_eq!(
        outcomes,
        [
            Err(&Code::RecipientUnknown),
            Ok(2),
            Err(&Code::RecipientUnderAge),
            Err(&Code::RecipientElsewhere),
            Ok(2)
        ]
    );
    assert_eq!((world.letters().await, world.letters_in(world.company).await), (4, 2));
    for bad in ["198101052383", "1981"] {
        assert!(world.forwards(LADAN, forward(&words(&[ANNA, bad]), &secure)).await.is_err(), "{bad}");
    }
}

async fn messages_are_chosen_and_all_are_forwarded_or_none(database: Database) {
    let (world, pki) = operating(database).await;
    let town = pki.signer(TOWN);
    let secure = sealed(&to(CLEO, vec![message("a"), message("b")]), &town, &town);
    let choosing = |id| Bytes::from(words(&[ANNA]).envelope(&secure, Some(id)).unwrap());
    assert_eq!(world.forwards(LADAN, choosing("c")).await, Err(Code::FieldInvalid));
    let mut broken = message("d");
    broken.attachments = vec![Attachment::new("a.pdf", "application/pdf", b"no pdf".to_vec())];
    let with_broken = sealed(&to(CLEO, vec![message("e"), broken]), &town, &town);
    let refused = world.forwards(LADAN, forward(&words(&[ANNA, BO]), &with_broken)).await;
    assert_eq!(refused, Err(Code::AttachmentContentMismatch));
    world.nothing_is_stored().await;
    // The good one of the two can go alone.
    let alone = words(&[ANNA]).envelope(&with_broken, Some("e")).unwrap();
    world.ids(LADAN, alone.into()).await;
    let id = world.ids(LADAN, choosing("b")).await[0];
    assert_eq!(world.letters().await, 2);
    let anna = world.actor(world.anna.0).await;
    let opened = world.mailboxes.open(&anna, world.anna.1, id).await.unwrap().unwrap();
    assert_eq!(opened.original.form, Form::Delivery { message: 1 });
    // One that is there already, one that conflicts: nothing more is stored.
    let mut other = message("a");
    other.subject = "Något annat".into();
    let other = sealed(&to(CLEO, vec![message("g"), other]), &town, &town);
    world.ids(LADAN, choosing("a")).await;
    assert_eq!(
        world.forwards(LADAN, forward(&words(&[BO, ANNA]), &other)).await,
        Err(Code::ReferenceConflict)
    );
    assert_eq!(world.letters().await, 3);
}

async fn only_operators_forward_and_only_for_their_own(database: Database) {
    let (world, pki) = operating(database).await;
    let secure = sealed(&to(CLEO, vec![message("m-1")]), &pki.signer(TOWN), &pki.signer(TOWN));
    for caller in [TOWN, DISPATCHER, OFFICE] {
        let refused = world.forwards(caller, forward(&words(&[ANNA]), &secure)).await;
        assert_eq!(refused, Err(Code::CallerNotAllowed), "{caller}");
    }
    // Bo has his mailbox here, or elsewhere: not where this operator says.
    let by_bo = Covering { forwarder_id: BO.into(), ..words(&[ANNA]) };
    assert_eq!(world.forwards(LADAN, forward(&by_bo, &secure)).await, Err(Code::CallerNotAllowed));
    world.moves_away(BO).await;
    assert_eq!(world.forwards(BREVEN, forward(&by_bo, &secure)).await, Err(Code::CallerNotAllowed));
    world.nothing_is_stored().await;
    assert_eq!(world.ids(LADAN, forward(&by_bo, &secure)).await.len(), 1);
    let mut tx = world.store.begin("end").await.unwrap();
    operators::end(&mut tx, &org(LADAN), Time::parse(NOW).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    world.directory.refresh(&world.store).await.unwrap();
    assert_eq!(world.forwards(LADAN, forward(&by_bo, &secure)).await, Err(Code::CallerNotAllowed));
}

async fn an_original_that_does_not_hold_is_refused_and_leaves_nothing(database: Database) {
    let (world, pki) = operating(database).await;
    let town = pki.signer(TOWN);
    let office = pki.signer(OFFICE);
    let dispatcher = pki.signer(DISPATCHER);
    let stranger = Authority::new();
    let delivery = to(CLEO, vec![message("m-1")]);
    let good = forward(&words(&[ANNA]), &sealed(&delivery, &town, &town));
    let changed = |from: &str, to: &str| {
        let text = std::str::from_utf8(&good).unwrap();
        assert!(text.contains(from));
        Bytes::from(text.replace(from, to))
    };
    let mut of_stranger = delivery.clone();
    of_stranger.sender_id = "164020000081".into();
    let envelope = |delivery: &Delivery, signer: &XmlSigner, sealer: &XmlSigner| {
        forward(&words(&[ANNA]), &sealed(delivery, signer, sealer))
    };
    let cases = [
        ("altered", changed("Beslut om bygglov", "Beslut om rivning"), Code::SealInvalid),
        ("another day in the seal", changed("2026-11-22", "2020-11-22"), Code::SealInvalid),
        ("a dispatcher not listed", envelope(&delivery, &town, &office), Code::SealerNotAllowed),
        ("signed by one not listed", envelope(&delivery, &office, &town), Code::SignerNotAllowed),
        ("an unknown sender", envelope(&of_stranger, &town, &town), Code::SenderUnknown),
        (
            "a signer nobody trusts",
            envelope(&delivery, &stranger.signer(TOWN), &town),
            Code::CertificateUntrusted,
        ),
        (
            "a sealer nobody trusts",
            envelope(&delivery, &town, &stranger.signer(DISPATCHER)),
            Code::CertificateUntrusted,
        ),
        ("no forward at all", sealed(&delivery, &town, &town), Code::OperationUnknown),
        ("a name that turns round", changed("Cleo", "C\u{202E}leo"), Code::CharactersNotAllowed),
        (
            "words that are a program",
            changed("text/plain</ContentType><Body>SmFn", "text/x</ContentType><Body>SmFn"),
            Code::BodyTypeNotAllowed,
        ),
    ];
    for (name, message, code) in cases {
        assert_eq!(world.forwards(LADAN, message).await, Err(code), "{name}");
    }
    let mut tx = world.store.begin("suspend").await.unwrap();
    senders::suspend(&mut tx, &org(DISPATCHER), Time::parse(NOW).unwrap()).await.unwrap();
    tx.commit().await.unwrap();
    world.directory.refresh(&world.store).await.unwrap();
    let suspended = envelope(&delivery, &town, &dispatcher);
    assert_eq!(world.forwards(LADAN, suspended).await, Err(Code::SenderSuspended));
    world.nothing_is_stored().await;
    world.ids(LADAN, good).await;
}

async fn an_old_letter_is_judged_as_of_its_day_and_what_was_revoked_as_of_today(database: Database) {
    let (world, pki) = operating(database).await;
    // Valid until the first of January 2026.
    let expired = |number: &str| pki.signer_alone(number, 2026);
    let town = expired(TOWN);
    let sealed_on = |id: &str, day: &str| {
        let signed = write::sign(&to(CLEO, vec![message(id)]), &town).unwrap();
        let secure = write::seal(&signed, CivilDate::parse(day).unwrap(), &expired(DISPATCHER)).unwrap();
        forward(&words(&[ANNA]), &secure.into())
    };
    // The listing began today: it is as good for what was sealed before.
    world.ids(LADAN, sealed_on("m-1", "2024-05-02")).await;
    world.ids(LADAN, sealed_on("m-2", "2026-01-01")).await;
    for day in ["2026-01-02", "2026-11-22", "2030-01-01"] {
        assert_eq!(
            world.forwards(LADAN, sealed_on("m-3", day)).await,
            Err(Code::CertificateExpired),
            "{day}"
        );
    }
    // A dispatcher that is no longer listed was listed then.
    let now = Time::parse(NOW).unwrap();
    let mut tx = world.store.begin("unlist").await.unwrap();
    dispatch::unlist(&mut tx, &org(TOWN), &org(DISPATCHER), now.plus(Duration::from_secs(2 * DAY)))
        .await
        .unwrap();
    let later = now.plus(Duration::from_secs(10 * DAY));
    dispatch::list(&mut tx, &org(TOWN), &org(OFFICE), later).await.unwrap();
    tx.commit().await.unwrap();
    world.directory.refresh(&world.store).await.unwrap();
    // Nor does a day to come make anything good that is to come.
    let signed = write::sign(&to(CLEO, vec![message("m-3")]), &pki.signer(TOWN)).unwrap();
    let ahead = write::seal(&signed, later.date(), &pki.signer(OFFICE)).unwrap();
    let ahead = forward(&words(&[ANNA]), &ahead.into());
    assert_eq!(world.forwards(LADAN, ahead).await, Err(Code::SealerNotAllowed));
    world.clock.advance(Duration::from_secs(40 * DAY));
    world.directory.refresh(&world.store).await.unwrap();
    let fresh = |id: &str, day: &str| {
        let signed = write::sign(&to(CLEO, vec![message(id)]), &pki.signer(TOWN)).unwrap();
        let dispatcher = pki.signer(DISPATCHER);
        let secure = write::seal(&signed, CivilDate::parse(day).unwrap(), &dispatcher).unwrap();
        forward(&words(&[ANNA]), &secure.into())
    };
    world.ids(LADAN, fresh("m-4", "2026-11-23")).await;
    assert_eq!(world.forwards(LADAN, fresh("m-5", "2026-12-20")).await, Err(Code::SealerNotAllowed));
    // What it signed itself in its sender's place it could have written today.
    let dispatcher = pki.signer(DISPATCHER);
    let signed = write::sign(&to(CLEO, vec![message("m-5")]), &dispatcher).unwrap();
    let dated_back = write::seal(&signed, CivilDate::parse("2026-11-23").unwrap(), &dispatcher).unwrap();
    let dated_back = forward(&words(&[ANNA]), &dated_back.into());
    assert_eq!(world.forwards(LADAN, dated_back).await, Err(Code::SignerNotAllowed));
    // Revoked since: whenever it was sealed.
    let certificate = pki.certificate(TOWN, 2026);
    let signed = write::sign(
        &to(CLEO, vec![message("m-6")]),
        &XmlSigner::from_pem(testing::pki::rsa_key(TOWN).as_bytes(), std::slice::from_ref(&certificate))
            .unwrap(),
    );
    let secure =
        write::seal(&signed.unwrap(), CivilDate::parse("2024-05-02").unwrap(), &pki.signer(TOWN)).unwrap();
    let mut tx = world.store.begin("revoke").await.unwrap();
    let then = Time::parse("2025-01-01T00:00:00.000Z").unwrap();
    registry::certificates::add(&mut tx, &org(TOWN), &certificate.der, then).await.unwrap();
    registry::certificates::revoke(
        &mut tx,
        &CertificateDigest::from_bytes(vault::sha256(&certificate.der)),
        now,
    )
    .await
    .unwrap();
    tx.commit().await.unwrap();
    world.directory.refresh(&world.store).await.unwrap();
    let revoked = forward(&words(&[ANNA]), &secure.into());
    assert_eq!(world.forwards(LADAN, revoked).await, Err(Code::CertificateRevoked));
    assert_eq!(world.letters().await, 3);
}

async fn what_somebody_turned_off_is_not_told_to_whoever_forwards(database: Database) {
    let (world, pki) = operating(database).await;
    let keys = world.connector.keys(Role::Gateway).gateway_keys().await.unwrap();
    let mac = declined::sender_mac(&keys.sender, world.anna.1, &org(TOWN));
    let decline = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 0)";
    world.store.change(decline, store::args![world.anna.1, &mac, &b"sealed"[..]]).await;
    let town = pki.signer(TOWN);
    let direct =
        world.intake.deliver(&org(TOWN), sealed(&to(ANNA, vec![message("m-1")]), &town, &town)).await;
    assert_eq!(direct.unwrap().letters.unwrap_err().code, Code::SenderDeclined);
    let secure = sealed(&to(CLEO, vec![message("m-1")]), &town, &town);
    assert_eq!(world.ids(LADAN, forward(&words(&[ANNA]), &secure)).await.len(), 1);
}

async fn copies_are_bounded_together(database: Database) {
    let (world, pki) = operating(database).await;
    let mut large = message("m-1");
    large.attachments = vec![Attachment::new("a.txt", "text/plain", vec![b'a'; 2_000_000])];
    let town = pki.signer(TOWN);
    let secure = sealed(&to(CLEO, vec![large]), &town, &town);
    let to_many = |count: usize| forward(&words(&vec![ANNA; count]), &secure);
    assert_eq!(world.forwards(LADAN, to_many(26)).await, Err(Code::LetterTooLarge));
    world.nothing_is_stored().await;
    assert_eq!(world.objects_stored(), 0);
    assert_eq!(world.forwards(LADAN, forward(&words(&[ANNA, BO]), &secure)).await.unwrap().len(), 2);
    let too_long = Covering { body: vec![b'a'; 256 * 1024 + 1], ..words(&[ANNA]) };
    assert_eq!(world.forwards(LADAN, forward(&too_long, &secure)).await, Err(Code::BodyTooLarge));
}

const DAY: u64 = 24 * 3600;
