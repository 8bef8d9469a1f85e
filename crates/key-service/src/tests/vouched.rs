//! What somebody who writes to the letters database, with all that is publicly known of the formats, does to letters.

use super::world::{Citizen, SENDER, Sent, Wishes, World};
use domain::{Clock as _, LetterId, words::EventType};
use evidence::Belongings;
use key_client::{GrantToken, KeysError, letter_aad, seal_info};
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::{Key, Purpose, SystemRandom, derive, seal_to::seal_to};

both!(
    what_belongs_to_a_letter_cannot_be_changed_beside_it,
    a_part_that_was_taken_away_or_put_in_is_missed,
    a_letter_that_no_door_accepted_is_not_opened,
    another_key_in_the_place_of_the_letters_own_opens_nothing,
    whether_the_owner_is_whom_it_was_accepted_for_is_told,
    a_letter_of_before_opens_as_it_stands,
);

/// Neither opened nor listed, and nothing written down as if it had been.
async fn is_shut(world: &World, grant: &GrantToken, of: Citizen, sent: &Sent, why: &str) {
    assert_eq!(world.content(grant, of, sent).await.err(), Some(KeysError::Unavailable), "{why}");
    let keys = world.web.headers(grant, of.mailbox, vec![sent.letter]).await.unwrap();
    assert!(keys[0].1.is_none(), "{why}");
    assert_eq!(
        world.letters.count("SELECT COUNT(*) AS n FROM event WHERE type <> 'accepted'").await,
        0,
        "{why}"
    );
}

async fn is_open(world: &World, grant: &GrantToken, of: Citizen, sent: &Sent) {
    world.content(grant, of, sent).await.unwrap();
    assert!(world.web.headers(grant, of.mailbox, vec![sent.letter]).await.unwrap()[0].1.is_some());
}

async fn what_belongs_to_a_letter_cannot_be_changed_beside_it(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let grant = world.log_in(Some(anna.person));
    let wishes = Wishes { confidential: true, tells_opened: true, visible_after: Duration::ZERO };
    let sent = world.send_as(anna, wishes).await;
    for (change, back) in [
        (
            "UPDATE letter SET visible_from = visible_from - 1",
            "UPDATE letter SET visible_from = visible_from + 1",
        ),
        (
            "UPDATE letter SET accepted_at = accepted_at - 1",
            "UPDATE letter SET accepted_at = accepted_at + 1",
        ),
        ("UPDATE letter SET confidential = 0", "UPDATE letter SET confidential = 1"),
        ("UPDATE letter SET tells_opened = 0", "UPDATE letter SET tells_opened = 1"),
        ("UPDATE event SET at = at - 1 WHERE seq = 0", "UPDATE event SET at = at + 1 WHERE seq = 0"),
        ("UPDATE event SET seq = 1", "UPDATE event SET seq = 0"),
    ] {
        world.change(change, &[]).await;
        is_shut(&world, &grant, anna, &sent, change).await;
        world.change(back, &[]).await;
    }
    world.change("UPDATE letter SET sender_mac = $1", args![&[8u8; 32]]).await;
    is_shut(&world, &grant, anna, &sent, "another sender").await;
    world.change("UPDATE letter SET sender_mac = $1", args![&SENDER]).await;
    world.change("UPDATE event SET entry = $1", args![&[8u8; 32]]).await;
    is_shut(&world, &grant, anna, &sent, "another entry").await;
    let world = world.restarted(vec![]).await;
    let grant = world.log_in(Some(anna.person));
    is_shut(&world, &grant, anna, &sent, "after a restart too").await;
    let again = world.send_as(anna, wishes).await;
    is_open(&world, &grant, anna, &again).await;
}

async fn a_part_that_was_taken_away_or_put_in_is_missed(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let grant = world.log_in(Some(anna.person));
    let sent = world.send(anna).await;
    let put = "INSERT INTO part (mailbox_id, letter_id, part_no, stored_bytes, ciphertext) \
        SELECT mailbox_id, letter_id, 1, 1, $1 FROM letter";
    world.change(put, args![&[1u8; 1]]).await;
    is_shut(&world, &grant, anna, &sent, "one too many").await;
    world.change("DELETE FROM part", &[]).await;
    is_shut(&world, &grant, anna, &sent, "none").await;
}

async fn a_letter_that_no_door_accepted_is_not_opened(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let grant = world.log_in(Some(anna.person));
    let sent = world.send(anna).await;
    world.change("DELETE FROM event", &[]).await;
    is_shut(&world, &grant, anna, &sent, "no event").await;
    // Roles that have a ring, but not the door's.
    let web = world.web.web_keys().await.unwrap();
    let notifier = world.notifier.notifier_keys().await.unwrap();
    let of_key = belongings(&world, anna, sent.letter, &sent.key);
    // Nor the ring that all had before, of an instant after it was taken back.
    let keks = &world.service.0.keks;
    keks.make_ring_of_before(world.clock.now().minus(Duration::from_millis(1)), &SystemRandom).await;
    let before = keks.ring(crate::Purpose::Events, world.clock.now()).unwrap().into();
    for ring in [&web.events, &notifier.events, &world.service.0.events, &before] {
        let row = world.accepted(&of_key, &anna.address_mac, EventType::Accepted);
        let row = resealed(&world, row, &of_key, ring).await;
        let mut tx = world.letters.begin("test").await.unwrap();
        evidence::insert(&mut tx, &world.service.0.events, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        is_shut(&world, &grant, anna, &sent, "sealed by another role").await;
        world.change("DELETE FROM event", &[]).await;
    }
    // Taken in charge for another operator is not accepted here.
    let row = world.accepted(&of_key, &anna.address_mac, EventType::TakenInCharge);
    let mut tx = world.letters.begin("test").await.unwrap();
    evidence::insert(&mut tx, &world.service.0.events, &[row]).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.content(&grant, anna, &sent).await.err(), Some(KeysError::Unavailable));
}

fn belongings(world: &World, of: Citizen, letter_id: LetterId, key: &Key) -> Belongings {
    Belongings {
        key: *derive(key, Purpose::Commitment).expose(),
        mailbox_id: of.mailbox,
        letter_id,
        accepted_at: world.clock.now(),
        visible_from: world.clock.now(),
        confidential: false,
        tells_opened: false,
        parts: 1,
        sender_mac: SENDER,
    }
}

/// The same event, sealed with another role's ring.
async fn resealed(
    world: &World,
    row: evidence::EventRow,
    of: &Belongings,
    ring: &key_client::KeyRing,
) -> evidence::EventRow {
    let mut tx = world.letters.begin("test").await.unwrap();
    evidence::insert(&mut tx, &world.service.0.events, &[row]).await.unwrap();
    let rings = world.service.0.keks.event_rings(world.clock.now()).unwrap();
    let found = evidence::accepting(&mut tx, &rings, of.mailbox_id, &[of.letter_id]).await.unwrap();
    let one = &found[&of.letter_id];
    evidence::first(&one.event, &one.nonce, of.mailbox_id, ring, &SystemRandom)
}

async fn another_key_in_the_place_of_the_letters_own_opens_nothing(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let grant = world.log_in(Some(anna.person));
    let sent = world.send(anna).await;
    let other = world.send(anna).await;
    // Anyone can seal to a mailbox: the key is public, and so are the places.
    let (epoch, public_key) = world.key_of(anna.mailbox).await;
    for key in [Key::random(&SystemRandom), Key::from_bytes(*other.key.expose())] {
        let aad = letter_aad(anna.mailbox, sent.letter, epoch, 1);
        let sealed = seal_to(&public_key, seal_info(), &aad, key.expose()).unwrap();
        world
            .change("UPDATE letter_key SET sealed = $1 WHERE letter_id = $2", args![&sealed, sent.letter])
            .await;
        is_shut(&world, &grant, anna, &sent, "a key that was not accepted").await;
    }
    is_open(&world, &grant, anna, &other).await;
}

async fn whether_the_owner_is_whom_it_was_accepted_for_is_told(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let sent = world.send(anna).await;
    let grant = world.log_in(Some(anna.person));
    let owners = async || world.web.content(&grant, anna.mailbox, sent.letter).await.unwrap().owners;
    assert_eq!(owners().await, Some(true));
    // A number that the owner had until now.
    world
        .change(
            "UPDATE identity SET valid_to = $1 WHERE owner_id = $2",
            args![world.clock.now(), anna.person],
        )
        .await;
    assert_eq!(owners().await, Some(true));
    world
        .change("UPDATE identity SET owner_id = $1 WHERE owner_id = $2", args![bo.person, anna.person])
        .await;
    assert_eq!(owners().await, Some(false));
}

async fn a_letter_of_before_opens_as_it_stands(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    world.change("DELETE FROM event", &[]).await;
    let of_key = belongings(&world, anna, sent.letter, &sent.key);
    world.service.0.keks.make_ring_of_before(world.clock.now(), &SystemRandom).await;
    let rings = world.service.0.keks.event_rings(world.clock.now()).unwrap();
    for (writer, ring) in &rings.rings {
        let accepted = world.accepted(&of_key, &anna.address_mac, EventType::Accepted);
        let mut tx = world.letters.begin("test").await.unwrap();
        evidence::insert(&mut tx, &world.service.0.events, &[accepted]).await.unwrap();
        let found = evidence::accepting(&mut tx, &rings, anna.mailbox, &[sent.letter]).await.unwrap();
        let mut event = found[&sent.letter].event.clone();
        tx.rollback().await;
        (event.letter, event.original, event.address) = (None, None, None);
        let row = evidence::first(&event, &found[&sent.letter].nonce, anna.mailbox, ring, &SystemRandom);
        let mut tx = world.letters.begin("test").await.unwrap();
        evidence::insert(&mut tx, &world.service.0.events, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        let grant = world.log_in(Some(anna.person));
        let opened = world.web.content(&grant, anna.mailbox, sent.letter).await;
        match writer {
            evidence::Writer::Before => {
                let opened = opened.unwrap();
                assert_eq!((opened.owners, opened.accepted.commits), (None, false));
            }
            _ => assert_eq!(opened.err(), Some(KeysError::Unavailable), "{writer:?} commits"),
        }
        world.change("DELETE FROM event", &[]).await;
    }
}
