//! The one ring of events that all roles had before they had rings of their own: nobody is given it, and it says nothing new.

use super::world::{Citizen, World};
use crate::Purpose;
use domain::{
    Clock, LetterId, MailboxId, Time,
    words::{Because, EventType},
};
use evidence::{Broken, Flaw, NewEvent, Writer};
use key_client::{EventRing, KeyRing, RingMaterial};
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{ANNA, Rows as _};
use vault::{KeyId, SystemRandom};

both!(
    an_instance_that_begins_has_no_ring_of_before,
    by_no_key_that_a_role_is_given_anybody_has_opened_anything,
    the_ring_of_before_says_nothing_of_what_came_after_it,
    what_it_sealed_opens_for_the_door_alone_and_for_a_chain_that_comes_home,
);

impl World {
    async fn had_one_ring(&self, until: Time) {
        self.service.0.keks.make_ring_of_before(until, &SystemRandom).await;
    }

    fn ring_of(&self, purpose: Purpose) -> EventRing {
        self.service.0.keks.ring(purpose, self.clock.now()).unwrap().into()
    }

    /// What the roles have got of rings of events.
    async fn handed_out(&self) -> [(Writer, RingMaterial); 3] {
        let inner = &self.service.0;
        [
            (Writer::Gateway, inner.gateway_keys().await.unwrap().events),
            (Writer::Web, inner.web_keys().unwrap().events),
            (Writer::Notifier, inner.notifier_keys().unwrap().events),
        ]
    }

    /// Says by this ring that the owner has opened a letter, and what the check of its chain finds then.
    async fn says_opened(
        &self,
        of: Citizen,
        letter: LetterId,
        ring: &EventRing,
        at: Time,
    ) -> Result<(), Flaw> {
        let opened = NewEvent::by_person(EventType::Opened, at, of.person, Because::Owner);
        let mut tx = self.letters.begin("test").await.unwrap();
        evidence::append(&mut tx, ring, of.mailbox, letter, opened, &SystemRandom).await.unwrap();
        tx.commit().await.unwrap();
        let rings = self.service.0.keks.event_rings(self.clock.now()).unwrap();
        let mut tx = self.letters.read("test").await.unwrap();
        let found = evidence::read_chain(&mut tx, &rings, of.mailbox, letter).await;
        drop(tx);
        let faults = self.service.check_all(Some(of.mailbox), &mut |_| {}).await.unwrap().faults;
        self.letters.tamper("DELETE FROM event WHERE type = 'opened'", &[]).await;
        match found {
            Ok(_) => Ok(()),
            Err(Broken::At { flaw, .. }) => {
                assert!(
                    faults.iter().any(|fault| fault.what == "event"),
                    "the check of all does not find it"
                );
                Err(flaw)
            }
            Err(Broken::Store(error)) => panic!("{error}"),
        }
    }
}

async fn an_instance_that_begins_has_no_ring_of_before(database: Database) {
    let world = World::new(database).await;
    assert_eq!(world.keys_store.count("SELECT COUNT(*) AS n FROM kek WHERE purpose = 'events'").await, 0);
    let world = world.restarted(vec![]).await;
    assert_eq!(world.keys_store.count("SELECT COUNT(*) AS n FROM kek WHERE purpose = 'events'").await, 0);
    assert!(world.operator.status().await.unwrap().purposes.iter().all(|one| one.purpose != "events"));
    let rings = world.service.0.keks.event_rings(world.clock.now()).unwrap();
    assert!(rings.rings.iter().all(|(writer, _)| *writer != Writer::Before));
}

async fn by_no_key_that_a_role_is_given_anybody_has_opened_anything(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    world.had_one_ring(world.clock.now()).await;
    let old = world.ring_of(Purpose::Events).current();
    for (writer, RingMaterial { keys, .. }) in world.handed_out().await {
        let keys: Vec<(KeyId, vault::Key)> =
            keys.into_iter().map(|named| (named.id, named.key.into_key())).collect();
        assert!(!keys.is_empty() && keys.iter().all(|(id, _)| *id != old), "{writer:?}");
        // Whoever broke into the role seals with whatever it has.
        for (id, key) in keys {
            let ring = KeyRing::new(id, [(id, key)]).unwrap().into();
            let said = world.says_opened(anna, sent.letter, &ring, world.clock.now()).await;
            assert_eq!(said, Err(Flaw::Writer), "{writer:?}");
        }
    }
}

async fn the_ring_of_before_says_nothing_of_what_came_after_it(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let until = world.clock.now();
    world.had_one_ring(until).await;
    // Its first event was sealed by the ring of before, as all were then.
    let letter = LetterId::new(until, &SystemRandom);
    let before = world.ring_of(Purpose::Events);
    let accept = async || {
        let accepted = NewEvent::by_service(EventType::Accepted, until);
        let mut tx = world.letters.begin("test").await.unwrap();
        evidence::append(&mut tx, &before, anna.mailbox, letter, accepted, &SystemRandom).await.unwrap();
        tx.commit().await.unwrap();
    };
    accept().await;
    let a_moment_later = until.plus(Duration::from_millis(1));
    assert_eq!(world.says_opened(anna, letter, &before, until).await, Ok(()));
    assert_eq!(world.says_opened(anna, letter, &before, a_moment_later).await, Err(Flaw::Writer));
    // Nor of an earlier instant, once a role has written there with a ring of its own.
    let door = world.ring_of(Purpose::EventsOf(Writer::Notifier));
    let told = NewEvent::by_service(EventType::NoticeSent, until);
    let mut tx = world.letters.begin("test").await.unwrap();
    evidence::append(&mut tx, &door, anna.mailbox, letter, told, &SystemRandom).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.says_opened(anna, letter, &before, until).await, Err(Flaw::Writer));
    // A start does not take it back anew.
    world.clock.advance(Duration::from_secs(60));
    let world = world.restarted(vec![]).await;
    let rings = world.service.0.keks.event_rings(world.clock.now()).unwrap();
    assert_eq!(rings.before_until, Some(until));
}

async fn what_it_sealed_opens_for_the_door_alone_and_for_a_chain_that_comes_home(database: Database) {
    let world = World::new(database).await;
    let now = world.clock.now();
    let letter = LetterId::new(now, &SystemRandom);
    assert_eq!(world.gateway.events_before(letter).await.unwrap(), []);
    world.had_one_ring(now).await;
    let before = world.ring_of(Purpose::Events);
    let door = world.ring_of(Purpose::EventsOf(Writer::Gateway));
    let from = letter.own_box();
    let to = MailboxId::new(&SystemRandom);
    let mut tx = world.letters.begin("test").await.unwrap();
    for (ring, kind) in [(&before, EventType::TakenInCharge), (&door, EventType::Returned)] {
        let event = NewEvent::by_service(kind, now);
        evidence::append(&mut tx, ring, from, letter, event, &SystemRandom).await.unwrap();
    }
    tx.commit().await.unwrap();
    let bodies = world.gateway.events_before(letter).await.unwrap();
    assert_eq!(bodies.iter().map(Option::is_some).collect::<Vec<_>>(), [true, false]);
    for role in [&world.web, &world.notifier, &world.operator, &world.outgoing] {
        assert!(role.events_before(letter).await.is_err());
    }
    // The door's own ring does not open the first, and seals it anew for the mailbox all the same.
    let entry = "SELECT entry FROM event WHERE letter_id = $1 AND seq = 0";
    let mut tx = world.letters.begin("test").await.unwrap();
    let entry_was: [u8; 32] = tx.one(entry, args![letter]).await.unwrap().unwrap().array("entry").unwrap();
    let accepted = {
        let rings = world.service.0.keks.event_rings(now).unwrap();
        evidence::read_chain(&mut tx, &rings, from, letter).await.unwrap().remove(0)
    };
    let moving = evidence::Rehoming { ring: &door, before: &bodies, chain: letter, from, to };
    let home = evidence::rehome(&mut tx, &moving, (&accepted, &[3; 32]), &SystemRandom).await.unwrap();
    evidence::insert(&mut tx, &door, &[home]).await.unwrap();
    tx.commit().await.unwrap();
    let kinds = [EventType::TakenInCharge, EventType::Returned, EventType::Accepted];
    assert_eq!(world.chain(to, letter).await, kinds);
    let mut tx = world.letters.read("test").await.unwrap();
    let entry_is: [u8; 32] = tx.one(entry, args![letter]).await.unwrap().unwrap().array("entry").unwrap();
    assert_eq!(entry_is, entry_was);
}
