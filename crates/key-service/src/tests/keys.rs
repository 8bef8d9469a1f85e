//! Keys: made, kept, handed out, renewed.

use super::world::{START, World};
use crate::{KeksError, KeyService, OpenError, Parts, Purpose, Root, Settings};
use domain::{Clock as _, Identity, MailboxId};
use evidence::{EventKeys, Writer};
use key_client::{Column, KeysError};
use std::{sync::Arc, time::Duration};
use store::{both, testing::Database};
use testing::{ANNA, Rows as _};
use vault::{Place, SystemRandom};

both!(
    a_mailbox_key_is_made_once_whoever_asks_and_survives_a_restart,
    many_mailbox_keys_are_made_at_once,
    another_root_or_a_lost_key_store_is_noticed,
    rotation_of_mailbox_keys_wraps_them_all_anew,
    a_rotation_that_was_cut_short_is_ended,
    a_process_that_does_not_know_the_new_version_finds_it,
    a_key_that_is_handed_out_seals_only_after_all_know_it,
    columns_stay_readable_after_a_rotation,
    indexes_do_not_rotate_and_receipt_keys_stay_published,
    tags_are_keyed_ordered_and_metered,
    who_asks_after_the_end_is_told_so,
);

async fn a_mailbox_key_is_made_once_whoever_asks_and_survives_a_restart(database: Database) {
    let world = World::new(database).await;
    let mailbox = MailboxId::new(&SystemRandom);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let web = world.web.clone();
        tasks.spawn(async move { web.make_mailbox_key(mailbox).await.unwrap() });
    }
    let made: std::collections::HashSet<_> = tasks.join_all().await.into_iter().collect();
    assert_eq!(made.len(), 1);
    assert_eq!(world.keys_store.count("SELECT COUNT(*) AS n FROM mailbox_key").await, 1);
    let world = world.restarted(vec![]).await;
    assert!(made.contains(&world.web.make_mailbox_key(mailbox).await.unwrap()));
    assert_eq!(world.gateway.make_mailbox_key(mailbox).await.err(), Some(KeysError::NotAllowed));
}

async fn many_mailbox_keys_are_made_at_once(database: Database) {
    let world = World::new(database).await;
    let old = MailboxId::new(&SystemRandom);
    let made = world.operator.make_mailbox_key(old).await.unwrap();
    let mut mailboxes: Vec<_> = (0..200).map(|_| MailboxId::new(&SystemRandom)).collect();
    mailboxes.insert(100, old);
    let keys = world.operator.make_mailbox_keys(&mailboxes).await.unwrap();
    assert_eq!((keys.len(), keys[100]), (201, made));
    assert_eq!(keys.iter().map(|(_, key)| key).collect::<std::collections::HashSet<_>>().len(), 201);
    assert_eq!(world.operator.make_mailbox_keys(&mailboxes).await.unwrap(), keys);
    let too_many = vec![old; 1001];
    assert_eq!(world.operator.make_mailbox_keys(&too_many).await.err(), Some(KeysError::Budget));
}

async fn another_root_or_a_lost_key_store_is_noticed(database: Database) {
    let world = World::new(database).await;
    world.citizen(ANNA).await;
    let open = async |root| {
        let parts = Parts {
            root,
            letters: world.letters.clone(),
            keys: world.keys_store.clone(),
            verifiers: vec![],
            register: None,
            settings: Settings::default(),
            clock: Arc::clone(&world.clock) as Arc<dyn domain::Clock>,
            random: Arc::new(SystemRandom),
        };
        KeyService::open(parts).await
    };
    let other = Root::init(&world.root_path().with_extension("other"), &SystemRandom).unwrap();
    assert!(matches!(open(other).await, Err(OpenError::Keks(KeksError::WrongRoot))));
    assert!(open(Root::load(&world.root_path()).unwrap()).await.is_ok());
    world.keys_store.tamper("DELETE FROM kek", &[]).await;
    let lost = open(Root::load(&world.root_path()).unwrap()).await;
    assert!(matches!(lost, Err(OpenError::Keks(KeksError::Lost))));
    assert_eq!(world.keys_store.count("SELECT COUNT(*) AS n FROM kek").await, 0, "nothing new was made");
}

async fn rotation_of_mailbox_keys_wraps_them_all_anew(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    let mailboxes: Vec<_> = (0..600).map(|_| MailboxId::new(&SystemRandom)).collect();
    world.operator.make_mailbox_keys(&mailboxes).await.unwrap();
    let rotated = world.operator.rotate("mailbox").await.unwrap();
    assert_eq!((rotated.version, rotated.rewrapped, rotated.seals_from), (2, 601, START));
    let status = world.operator.status().await.unwrap();
    let mailbox = status.purposes.iter().find(|purpose| purpose.purpose == "mailbox").unwrap();
    let told: Vec<_> =
        mailbox.versions.iter().map(|v| (v.version, v.current, v.retired_at, v.wraps)).collect();
    assert_eq!(told, [(1, false, Some(START), Some(0)), (2, true, None, Some(601))]);
    assert_eq!(status.mailbox_keys, 601);
    // The old version is not needed for anything any more.
    world.keys_store.tamper("DELETE FROM kek WHERE purpose = 'mailbox' AND version = 1", &[]).await;
    let world = world.restarted(vec![]).await;
    world.content(&world.log_in(Some(anna.person)), anna, &sent).await.unwrap();
    assert_eq!(world.operator.rotate("mailbox").await.unwrap().version, 3);
    assert_eq!(world.web.rotate("mailbox").await.err(), Some(KeysError::NotAllowed));
}

async fn a_rotation_that_was_cut_short_is_ended(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    let inner = &world.service.0;
    inner.keks.add(Purpose::Mailbox, Duration::ZERO, START, &SystemRandom).await.unwrap();
    world.content(&world.log_in(Some(anna.person)), anna, &sent).await.unwrap();
    let rotated = world.operator.rotate("mailbox").await.unwrap();
    assert_eq!((rotated.version, rotated.rewrapped), (2, 1), "gone on with, not begun anew");
    inner.keks.add(Purpose::Mailbox, Duration::ZERO, START, &SystemRandom).await.unwrap();
    assert_eq!(world.sweep().await.rewrapped, 1, "or ended by the sweep");
    world.content(&world.log_in(Some(anna.person)), anna, &sent).await.unwrap();
}

async fn a_process_that_does_not_know_the_new_version_finds_it(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    let parts = Parts {
        root: Root::load(&world.root_path()).unwrap(),
        letters: world.letters.clone(),
        keys: world.keys_store.clone(),
        verifiers: vec![],
        register: None,
        settings: Settings::default(),
        clock: Arc::clone(&world.clock) as Arc<dyn domain::Clock>,
        random: Arc::new(SystemRandom),
    };
    let other = KeyService::open(parts).await.unwrap();
    assert_eq!(other.0.rotate("mailbox").await.unwrap().rewrapped, 1);
    world.content(&world.log_in(Some(anna.person)), anna, &sent).await.unwrap();
}

async fn a_key_that_is_handed_out_seals_only_after_all_know_it(database: Database) {
    let world = World::new(database).await;
    let place = Place::new("test");
    let gateway = world.gateway.gateway_keys().await.unwrap();
    let web = world.web.web_keys().await.unwrap();
    let old = gateway.events.seal(&place, b"old", &SystemRandom);
    assert!(world.operator.rotate("events").await.is_err(), "it seals nothing any more");
    let rotated = world.operator.rotate("events-gateway").await.unwrap();
    assert_eq!(rotated.seals_from, START.plus(Duration::from_secs(600)));
    assert_eq!(
        world.operator.rotate("events-gateway").await.err(),
        Some(KeysError::Rejected("rotation_under_way".into()))
    );
    gateway.refresh(&world.gateway).await.unwrap();
    let between = gateway.events.seal(&place, b"between", &SystemRandom);
    assert_eq!(vault::key_id(&between), vault::key_id(&old), "known, but not used yet");
    web.refresh(&world.web).await.unwrap();
    world.clock.advance(Duration::from_secs(600));
    world.service.tend().await.unwrap();
    gateway.refresh(&world.gateway).await.unwrap();
    let new = gateway.events.seal(&place, b"new", &SystemRandom);
    assert_ne!(vault::key_id(&new), vault::key_id(&old));
    assert_eq!(gateway.events.open(&place, &old).unwrap().as_slice(), b"old");
    // Nobody else has it, but for the key service.
    let notifier = world.notifier.notifier_keys().await.unwrap();
    for (name, ring) in
        [("web", &web.events), ("notifier", &notifier.events), ("keys", &world.service.0.events)]
    {
        assert!(ring.open(&place, &new).is_err() && ring.open(&place, &old).is_err(), "{name}");
        assert!(gateway.events.open(&place, &ring.seal(&place, b"x", &SystemRandom)).is_err(), "{name}");
    }
    let rings = world.service.0.keks.event_rings(world.clock.now()).unwrap();
    for (sealed, plain) in [(&old, b"old".as_slice()), (&new, b"new")] {
        let (opened, writer) = rings.open_event(&place, sealed).unwrap();
        assert_eq!((opened.as_slice(), writer), (plain, Some(Writer::Gateway)));
    }
    assert_eq!(notifier.sender.tag("sender", &[b"x"]), gateway.sender.tag("sender", &[b"x"]));
    assert_eq!(world.operator.rotate("events-gateway").await.unwrap().version, 3);
    assert!(world.web.gateway_keys().await.is_err() && world.gateway.web_keys().await.is_err());
}

async fn columns_stay_readable_after_a_rotation(database: Database) {
    let world = World::new(database).await;
    let item = |text: &[u8]| vec![(Column::Note, Place::new("test"), text.to_vec())];
    let old = world.web.seal_columns(item(b"old")).await.unwrap().remove(0);
    world.operator.rotate("column-note").await.unwrap();
    let new = world.web.seal_columns(item(b"new")).await.unwrap().remove(0);
    assert_ne!(vault::key_id(&new), vault::key_id(&old));
    for (sealed, plain) in [(old, b"old"), (new, b"new")] {
        let opened = world.operator.open_columns(key_client::Access::Operator, item(&sealed)).await.unwrap();
        assert_eq!(opened[0].as_deref(), Some(plain.as_slice()));
    }
}

async fn indexes_do_not_rotate_and_receipt_keys_stay_published(database: Database) {
    let world = World::new(database).await;
    for purpose in ["index-address", "index-login", "index-sender", "index-contact", "csrf", "notice"] {
        let refused = world.operator.rotate(purpose).await.err();
        assert_eq!(refused, Some(KeysError::Rejected("purpose_does_not_rotate".into())), "{purpose}");
    }
    assert_eq!(
        world.operator.rotate("root").await.err(),
        Some(KeysError::Rejected("purpose_unknown".into()))
    );
    let kid = world.gateway.gateway_keys().await.unwrap().receipt.kid().to_owned();
    world.operator.rotate("receipt").await.unwrap();
    world.clock.advance(Duration::from_secs(600));
    let new_kid = world.gateway.gateway_keys().await.unwrap().receipt.kid().to_owned();
    assert_ne!(kid, new_kid);
    let published = world.web.public_keys().await.unwrap();
    let kids: Vec<_> =
        published["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids, [kid, new_kid]);
    assert!(!published.to_string().contains("\"d\""), "no private half");
}

async fn tags_are_keyed_ordered_and_metered(database: Database) {
    let settings = Settings { address_tags_per_second: 10, address_tags_burst: 20, ..Settings::default() };
    // Of callers that nobody knows the small common quota is not used up here.
    let world = World::with(database, settings).await;
    let people = [ANNA, "199001012385", "164020000016"].map(|number| Identity::parse(number).unwrap());
    let macs = world.gateway.address_macs("a", &people).await.unwrap();
    let both = world.operator.person_macs(&people).await.unwrap();
    for (mac, both) in macs.iter().zip(&both) {
        assert_eq!(*mac, both.address_mac);
        assert_ne!(mac.as_bytes(), both.login_mac.as_bytes(), "addressing and log-in cannot be joined");
    }
    let all: std::collections::HashSet<_> = macs.iter().collect();
    assert_eq!(all.len(), 3);
    assert_eq!(
        world.gateway.address_macs("a", &people[..1]).await.unwrap()[0],
        macs[0],
        "the same each time"
    );
    let sixteen = vec![people[0].clone(); 16];
    world.gateway.address_macs("a", &sixteen).await.unwrap();
    assert_eq!(world.gateway.address_macs("a", &people[..1]).await.err(), Some(KeysError::Budget));
    world.gateway.address_macs("b", &sixteen).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    world.gateway.address_macs("a", &sixteen[..10]).await.unwrap();
    let too_many = vec![people[0].clone(); 1001];
    assert_eq!(world.gateway.address_macs("c", &too_many).await.err(), Some(KeysError::Budget));
    assert_eq!(world.notifier.address_macs("n", &people).await.err(), Some(KeysError::NotAllowed));
}

async fn who_asks_after_the_end_is_told_so(database: Database) {
    let world = World::new(database).await;
    let mailbox = MailboxId::new(&SystemRandom);
    let web = world.web.clone();
    let asked = tokio::spawn(async move { web.make_mailbox_key(mailbox).await });
    asked.await.unwrap().unwrap();
    world.stop.cancel();
    world.running.await.unwrap();
    assert_eq!(world.web.make_mailbox_key(mailbox).await.err(), Some(KeysError::Unavailable));
}
