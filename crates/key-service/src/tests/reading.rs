//! Nobody reads without a right, and nobody reads without a trace.

use super::world::{Citizen, Wishes, World};
use crate::Settings;
use domain::{LetterId, MailboxId, words::EventType};
use key_client::KeysError;
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::{Purpose, SystemRandom, derive};

const TELLS: Wishes = Wishes { tells_opened: true, confidential: false, visible_after: Duration::ZERO };

both!(
    an_owner_reads_and_each_reading_stands_in_the_history,
    a_sender_that_did_not_ask_is_not_told,
    the_letters_of_others_are_not_there,
    many_headers_are_one_line_in_the_mailboxs_history,
    a_helper_reads_what_is_not_confidential_until_the_right_ends,
    a_letter_is_not_there_before_its_time,
    a_key_moved_to_another_letter_opens_nothing_and_leaves_no_trace,
    one_log_in_opens_sixty_letters_in_ten_seconds,
    who_has_not_logged_in_opens_nothing,
    twenty_who_open_at_once_are_all_on_record_and_the_sender_is_told_once,
    an_erased_letter_is_gone,
);

async fn an_owner_reads_and_each_reading_stands_in_the_history(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send_as(anna, TELLS).await;
    let grant = world.log_in(Some(anna.person));
    let key = world.content(&grant, anna, &sent).await.unwrap();
    assert_eq!(key.expose(), derive(&sent.key, Purpose::Content).expose());
    let first = "SELECT opened_at AS n FROM letter";
    let opened_at = world.letters.count(first).await;
    world.clock.advance(Duration::from_secs(60));
    world.content(&grant, anna, &sent).await.unwrap();

    let chain = world.chain(anna.mailbox, sent.letter).await;
    assert_eq!(chain, [EventType::Accepted, EventType::Opened, EventType::Opened]);
    assert_eq!(world.letters.count(first).await, opened_at, "the first opening counts");
    assert_eq!(
        world.letters.count("SELECT COUNT(*) AS n FROM feed_waiting WHERE type = 'opened' AND seq = 1").await,
        1
    );
    assert_eq!(
        world.letters.count("SELECT COUNT(*) AS n FROM feed_waiting").await,
        1,
        "only the first opening is told"
    );
    assert_eq!(
        world
            .letters
            .count("SELECT COUNT(*) AS n FROM event WHERE because = 'owner' AND actor IS NOT NULL")
            .await,
        2
    );
}

async fn a_sender_that_did_not_ask_is_not_told(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    world.content(&world.log_in(Some(anna.person)), anna, &sent).await.unwrap();
    assert_eq!(world.letters.count("SELECT COUNT(*) AS n FROM feed_waiting").await, 0);
    assert_eq!(world.chain(anna.mailbox, sent.letter).await.len(), 2);
}

async fn the_letters_of_others_are_not_there(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let sent = world.send(anna).await;
    let grant = world.log_in(Some(bo.person));
    assert_eq!(world.content(&grant, anna, &sent).await.err(), Some(KeysError::Gone));
    assert_eq!(
        world.content(&grant, bo, &sent).await.err(),
        Some(KeysError::Gone),
        "nor in one's own mailbox"
    );
    let unknown = LetterId::new(super::world::START, &SystemRandom);
    assert_eq!(world.web.content(&grant, bo.mailbox, unknown).await.err(), Some(KeysError::Gone));
    let headers = world.web.headers(&grant, anna.mailbox, vec![sent.letter]).await;
    assert_eq!(headers.err(), Some(KeysError::NotAllowed));
    assert_eq!(world.chain(anna.mailbox, sent.letter).await, [EventType::Accepted]);
    assert!(world.chain(anna.mailbox, anna.mailbox.own_chain()).await.is_empty());
}

async fn many_headers_are_one_line_in_the_mailboxs_history(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let mut sent = vec![];
    for _ in 0..30 {
        sent.push(world.send(anna).await);
    }
    let grant = world.log_in(Some(anna.person));
    let unknown = LetterId::new(super::world::START, &SystemRandom);
    let mut wanted: Vec<_> = sent.iter().map(|sent| sent.letter).collect();
    wanted.insert(7, unknown);
    let keys = world.web.headers(&grant, anna.mailbox, wanted.clone()).await.unwrap();
    assert_eq!(keys.iter().map(|(letter, _)| *letter).collect::<Vec<_>>(), wanted, "in the order asked");
    for (letter, key) in &keys {
        let of = sent.iter().find(|sent| sent.letter == *letter);
        let right = of.map(|sent| *derive(&sent.key, Purpose::Headers).expose());
        assert_eq!(key.as_ref().map(|key| *key.expose()), right);
    }
    assert_eq!(world.chain(anna.mailbox, anna.mailbox.own_chain()).await, [EventType::Listed]);
    assert_eq!(world.letters.count("SELECT COUNT(*) AS n FROM letter WHERE opened_at IS NOT NULL").await, 0);

    assert!(world.web.headers(&grant, anna.mailbox, vec![]).await.unwrap().is_empty());
    let too_many = vec![unknown; 501];
    assert_eq!(world.web.headers(&grant, anna.mailbox, too_many).await.err(), Some(KeysError::Budget));
    world.web.headers(&grant, anna.mailbox, vec![unknown; 3]).await.unwrap();
    let listed = world.chain(anna.mailbox, anna.mailbox.own_chain()).await;
    assert_eq!(listed, [EventType::Listed], "nothing was given, nothing is said");
}

async fn a_helper_reads_what_is_not_confidential_until_the_right_ends(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let open = world.send(anna).await;
    let secret = world.send_as(anna, Wishes { confidential: true, ..Wishes::default() }).await;
    let grant = world.log_in(Some(bo.person));
    world.mandate(anna, bo, b"note").await;
    world.content(&grant, anna, &open).await.unwrap();
    assert_eq!(world.content(&grant, anna, &secret).await.err(), Some(KeysError::Gone));
    let keys = world.web.headers(&grant, anna.mailbox, vec![open.letter, secret.letter]).await.unwrap();
    assert!(keys[0].1.is_some() && keys[1].1.is_none());
    assert_eq!(world.letters.count("SELECT COUNT(*) AS n FROM event WHERE because = 'helper'").await, 2);

    world.change("UPDATE mandate SET revoked_at = $1", args![super::world::START]).await;
    assert_eq!(world.content(&grant, anna, &open).await.err(), Some(KeysError::Gone), "at once");
    let headers = world.web.headers(&grant, anna.mailbox, vec![open.letter]).await;
    assert_eq!(headers.err(), Some(KeysError::NotAllowed));
    let owner = world.log_in(Some(anna.person));
    world.content(&owner, anna, &secret).await.unwrap();
}

async fn a_letter_is_not_there_before_its_time(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let hour = Duration::from_secs(600);
    let sent = world.send_as(anna, Wishes { visible_after: hour, ..Wishes::default() }).await;
    let grant = world.log_in(Some(anna.person));
    assert_eq!(world.content(&grant, anna, &sent).await.err(), Some(KeysError::Gone));
    assert!(world.web.headers(&grant, anna.mailbox, vec![sent.letter]).await.unwrap()[0].1.is_none());
    world.clock.advance(hour);
    world.content(&grant, anna, &sent).await.unwrap();
}

async fn a_key_moved_to_another_letter_opens_nothing_and_leaves_no_trace(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let of_anna = world.send(anna).await;
    let also_of_anna = world.send(anna).await;
    let of_bo = world.send(bo).await;
    let copy = "UPDATE letter_key SET sealed = (SELECT k.sealed FROM letter_key k WHERE k.letter_id = $1) \
        WHERE letter_id = $2";
    world.change(copy, args![of_anna.letter, also_of_anna.letter]).await;
    world.change(copy, args![of_anna.letter, of_bo.letter]).await;
    let grant = world.log_in(Some(anna.person));
    let bos_grant = world.log_in(Some(bo.person));
    assert_eq!(world.content(&grant, anna, &also_of_anna).await.err(), Some(KeysError::Unavailable));
    assert_eq!(world.content(&bos_grant, bo, &of_bo).await.err(), Some(KeysError::Unavailable));
    world.change("UPDATE letter SET parts = 2 WHERE letter_id = $1", args![of_anna.letter]).await;
    assert_eq!(
        world.content(&grant, anna, &of_anna).await.err(),
        Some(KeysError::Unavailable),
        "parts are bound"
    );
    let wanted = vec![of_anna.letter, also_of_anna.letter];
    let keys = world.web.headers(&grant, anna.mailbox, wanted).await.unwrap();
    assert!(keys.iter().all(|(_, key)| key.is_none()));
    assert_eq!(world.letters.count("SELECT COUNT(*) AS n FROM event WHERE type <> 'accepted'").await, 0);
}

async fn one_log_in_opens_sixty_letters_in_ten_seconds(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    let grant = world.log_in(Some(anna.person));
    let other = world.log_in(Some(anna.person));
    for _ in 0..60 {
        world.content(&grant, anna, &sent).await.unwrap();
    }
    assert_eq!(world.content(&grant, anna, &sent).await.err(), Some(KeysError::Budget));
    assert_eq!(world.chain(anna.mailbox, sent.letter).await.len(), 61, "the refused one is not an opening");
    world.content(&other, anna, &sent).await.unwrap();
    world.clock.advance(Duration::from_secs(10));
    world.content(&grant, anna, &sent).await.unwrap();
}

async fn who_has_not_logged_in_opens_nothing(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    let made_up = key_client::GrantToken::random(&SystemRandom);
    assert_eq!(world.content(&made_up, anna, &sent).await.err(), Some(KeysError::NoGrant));
    let grant = world.log_in(Some(anna.person));
    world.web.end_grant(&grant).await.unwrap();
    assert_eq!(world.content(&grant, anna, &sent).await.err(), Some(KeysError::NoGrant));
    let idle = world.log_in(Some(anna.person));
    world.clock.advance(Duration::from_secs(15 * 60));
    assert_eq!(world.content(&idle, anna, &sent).await.err(), Some(KeysError::NoGrant));
    let nobody = world.log_in(None);
    assert_eq!(world.content(&nobody, anna, &sent).await.err(), Some(KeysError::NotAllowed));
    let right = world.log_in(Some(anna.person));
    for wrong_role in [&world.gateway, &world.notifier, &world.operator] {
        let tried = wrong_role.content(&right, anna.mailbox, sent.letter).await;
        assert_eq!(tried.err(), Some(KeysError::NotAllowed));
    }
    assert_eq!(world.chain(anna.mailbox, sent.letter).await, [EventType::Accepted]);
}

async fn twenty_who_open_at_once_are_all_on_record_and_the_sender_is_told_once(database: Database) {
    let world = World::with(database, Settings { opens_per_ten_seconds: 100, ..Settings::default() }).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send_as(anna, TELLS).await;
    let grant = world.log_in(Some(anna.person));
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..20 {
        let web = world.web.clone();
        let grant = grant.clone();
        let mailbox = anna.mailbox;
        let letter = sent.letter;
        tasks.spawn(async move {
            let opened =
                web.content(&grant, mailbox, letter).await.map(|key| *key.content.into_key().expose());
            let listed = web.headers(&grant, mailbox, vec![letter]).await.map(|keys| keys[0].1.is_some());
            (opened, listed)
        });
    }
    let right = *derive(&sent.key, Purpose::Content).expose();
    while let Some(done) = tasks.join_next().await {
        assert_eq!(done.unwrap(), (Ok(right), Ok(true)));
    }
    assert_eq!(world.chain(anna.mailbox, sent.letter).await.len(), 21);
    assert_eq!(world.chain(anna.mailbox, anna.mailbox.own_chain()).await.len(), 20);
    assert_eq!(world.letters.count("SELECT COUNT(*) AS n FROM feed_waiting").await, 1);
}

async fn an_erased_letter_is_gone(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    let kept = world.send(anna).await;
    let grant = world.log_in(Some(anna.person));
    world.erase(anna, sent.letter).await;
    assert_eq!(world.content(&grant, anna, &sent).await.err(), Some(KeysError::Gone));
    let keys = world.web.headers(&grant, anna.mailbox, vec![sent.letter, kept.letter]).await.unwrap();
    assert!(keys[0].1.is_none() && keys[1].1.is_some());
    let nowhere = Citizen { mailbox: MailboxId::new(&SystemRandom), ..anna };
    assert_eq!(world.content(&grant, nowhere, &kept).await.err(), Some(KeysError::Gone));
}
