//! Letters that wait to be handed over to other operators.

use super::world::{SENDER, START, World};
use domain::{AddressMac, Clock as _, LetterId, MailboxId, words::EventType};
use key_client::{KeysError, MailboxKey, OUTBOUND_PARTS, Role, letter_aad, seal_info};
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::Rows as _;
use vault::{
    Key, Purpose, SystemRandom, derive,
    seal_to::{PublicKey, seal_to},
};

both!(
    the_key_of_a_waiting_letter_is_given_to_whoever_hands_over_alone,
    the_pair_is_renewed_daily_and_destroyed_when_nothing_waits_under_it,
);

impl World {
    /// A letter in wait, sealed as the gateway seals it.
    async fn waits(&self, pair: MailboxKey) -> (LetterId, Key) {
        let letter = LetterId::new(self.clock.now(), &SystemRandom);
        let key = Key::random(&SystemRandom);
        let aad = letter_aad(letter.own_box(), letter, pair.epoch, OUTBOUND_PARTS);
        let sealed =
            seal_to(&PublicKey::from_bytes(pair.public_key), seal_info(), &aad, key.expose()).unwrap();
        let put = "INSERT INTO outbound (letter_id, sender_mac, address_mac, brought_by, job_id, operator, proof, \
            envelope, stored_bytes, epoch, sealed_key, accepted_at, give_up_at, attempts) \
            VALUES ($1, $2, $2, $2, $1, '164020000065', $2, $2, 32, $3, $4, $5, $5, 0)";
        self.change(put, args![letter, &SENDER, pair.epoch, &sealed, self.clock.now()]).await;
        let belongings = evidence::Belongings {
            key: *derive(&key, Purpose::Commitment).expose(),
            mailbox_id: letter.own_box(),
            letter_id: letter,
            accepted_at: self.clock.now(),
            visible_from: self.clock.now(),
            confidential: false,
            tells_opened: false,
            parts: OUTBOUND_PARTS,
            sender_mac: SENDER,
        };
        let row = self.accepted(&belongings, &AddressMac::from_bytes([9; 32]), EventType::TakenInCharge);
        let mut tx = self.letters.begin("test").await.unwrap();
        evidence::insert(&mut tx, &self.service.0.events, &[row]).await.unwrap();
        tx.commit().await.unwrap();
        (letter, key)
    }

    async fn pair(&self) -> MailboxKey {
        self.gateway.gateway_keys().await.unwrap().outgoing()
    }

    async fn has_ended(&self, letter: LetterId) {
        let end = "UPDATE outbound SET sealed_key = NULL, envelope = NULL, ended_at = 1 WHERE letter_id = $1";
        self.change(end, args![letter]).await;
    }
}

async fn the_key_of_a_waiting_letter_is_given_to_whoever_hands_over_alone(database: Database) {
    let world = World::new(database).await;
    let pair = world.pair().await;
    assert_eq!(world.pair().await, pair, "made once");
    let (letter, key) = world.waits(pair).await;
    let given = world.outgoing.outbound_key(letter).await.unwrap();
    assert_eq!(given.expose(), derive(&key, Purpose::Content).expose(), "never the letter key itself");
    for keys in [&world.gateway, &world.web, &world.notifier, &world.operator] {
        assert_eq!(keys.outbound_key(letter).await.err(), Some(KeysError::NotAllowed), "{keys:?}");
    }
    assert_eq!(world.outgoing.role(), Role::Outgoing);
    assert!(world.outgoing.gateway_keys().await.is_err());
    // Bound to its letter.
    let (other, _) = world.waits(pair).await;
    let swap = "UPDATE outbound SET sealed_key = (SELECT sealed_key FROM outbound WHERE letter_id = $1) \
        WHERE letter_id = $2";
    // What decides where it goes and who brought it is as it was taken in charge.
    for sql in [
        "UPDATE outbound SET address_mac = job_id WHERE letter_id = $1",
        "UPDATE outbound SET accepted_at = accepted_at + 1 WHERE letter_id = $1",
        "UPDATE outbound SET sender_mac = envelope || $1 WHERE letter_id = $1",
    ] {
        world.change(sql, args![other]).await;
        assert!(world.outgoing.outbound_key(other).await.is_err(), "{sql}");
        let back =
            "UPDATE outbound SET address_mac = $2, accepted_at = $3, sender_mac = $2 WHERE letter_id = $1";
        world.change(back, args![other, &SENDER, world.clock.now()]).await;
        world.outgoing.outbound_key(other).await.unwrap();
    }
    world.change(swap, args![letter, other]).await;
    assert_eq!(world.outgoing.outbound_key(other).await.err(), Some(KeysError::Unavailable));
    world.has_ended(letter).await;
    assert_eq!(world.outgoing.outbound_key(letter).await.err(), Some(KeysError::Gone));
}

async fn the_pair_is_renewed_daily_and_destroyed_when_nothing_waits_under_it(database: Database) {
    let world = World::new(database).await;
    let first = world.pair().await;
    let (letter, _) = world.waits(first).await;
    world.sweep().await;
    assert_eq!(world.pair().await, first, "not yet");
    world.days(1);
    world.sweep().await;
    let second = world.pair().await;
    assert_eq!((first.epoch, second.epoch), (1, 2));
    // What waits keeps its key alive.
    world.days(1);
    world.sweep().await;
    assert!(world.outgoing.outbound_key(letter).await.is_ok());
    let kept = "SELECT COUNT(*) AS n FROM mailbox_key WHERE epoch = 1";
    assert_eq!(world.keys_store.count(kept).await, 1);
    let backup = "SELECT COUNT(*) AS n FROM mailbox_key";
    assert_eq!(world.keys_store.count(backup).await, 3);
    world.has_ended(letter).await;
    world.days(1);
    world.sweep().await;
    // All but the newest pair, which was a day old, and the one that was made now.
    assert_eq!(world.keys_store.count(kept).await, 0);
    assert_eq!(world.keys_store.count(backup).await, 2);
    assert_eq!(world.pair().await.epoch, 4);
    assert!(world.clock.now().since(START) >= Duration::from_secs(3 * 24 * 3600));
    assert_eq!(world.service.0.secrets(MailboxId::OUTGOING).await.map(|held| held.len()).ok(), Some(2));
}
