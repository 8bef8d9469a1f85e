//! Erasing for good.

use super::world::{Citizen, Wishes, World};
use crate::{Reconciled, Swept};
use domain::words::EventType;
use key_client::KeysError;
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::{Purpose, derive};

both!(
    after_the_roll_a_backup_of_the_old_letter_rows_does_not_open,
    letters_on_their_way_during_a_roll_are_read_after_it,
    a_roll_that_was_cut_short_is_gone_on_with,
    a_letter_key_that_does_not_open_keeps_the_old_key_and_others_go_on,
    a_mailbox_rolls_again_when_more_is_erased,
    many_letters_are_sealed_anew_in_pieces,
    databases_of_different_ages_are_noticed_and_new_letters_can_be_read_again,
);

async fn after_the_roll_a_backup_of_the_old_letter_rows_does_not_open(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let erased = world.send(anna).await;
    let kept = world.send(anna).await;
    let of_bo = world.send(bo).await;
    let backup = old_rows(&world, anna).await;
    world.erase(anna, erased.letter).await;

    assert_eq!(world.sweep().await, Swept::default(), "not due yet");
    world.days(15);
    assert_eq!(world.sweep().await, Swept { begun: 1, resealed: 1, ..Swept::default() });
    assert_eq!(world.key_of(anna.mailbox).await.0, 2);
    assert_eq!(
        world.keys_store.count("SELECT COUNT(*) AS n FROM mailbox_key").await,
        3,
        "kept for letters on their way"
    );
    reads(&world, anna, &kept).await;
    assert_eq!(world.sweep().await, Swept::default(), "not before the grace has passed");

    world.days(1);
    assert_eq!(world.sweep().await, Swept { rolled: 1, ..Swept::default() });
    assert_eq!(world.keys_store.count("SELECT COUNT(*) AS n FROM mailbox_key").await, 2);
    assert_eq!(world.chain(anna.mailbox, anna.mailbox.own_chain()).await, [EventType::EpochRolled]);
    reads(&world, anna, &kept).await;
    reads(&world, bo, &of_bo).await;
    assert_eq!(world.sweep().await, Swept::default(), "done");

    // The backup comes back over what is there.
    world.change("DELETE FROM letter_key WHERE mailbox_id = $1", args![anna.mailbox]).await;
    for (letter, epoch, sealed) in &backup {
        let put = "INSERT INTO letter_key (mailbox_id, letter_id, epoch, sealed) VALUES ($1, $2, $3, $4)";
        world.change(put, args![anna.mailbox, letter, *epoch, sealed]).await;
    }
    let grant = world.log_in(Some(anna.person));
    assert_eq!(world.content(&grant, anna, &erased).await.err(), Some(KeysError::Unavailable));
    let keys = world.web.headers(&grant, anna.mailbox, vec![erased.letter]).await.unwrap();
    assert!(keys[0].1.is_none());
    // Nor with the epoch of the key that is there now.
    world.change("UPDATE letter_key SET epoch = 2 WHERE letter_id = $1", args![erased.letter]).await;
    assert_eq!(world.content(&grant, anna, &erased).await.err(), Some(KeysError::Unavailable));
}

async fn letters_on_their_way_during_a_roll_are_read_after_it(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let erased = world.send(anna).await;
    let looked_up_before = world.key_of(anna.mailbox).await;
    world.erase(anna, erased.letter).await;
    world.days(15);
    world.sweep().await;
    let late = world.send_sealed_to(anna, Wishes::default(), looked_up_before).await;
    let new = world.send(anna).await;
    reads(&world, anna, &late).await;
    world.days(1);
    // What came in is sealed anew first, and only then the old key goes.
    assert_eq!(world.sweep().await, Swept { resealed: 1, rolled: 1, ..Swept::default() });
    assert_eq!(world.letters.count("SELECT COUNT(*) AS n FROM letter_key WHERE epoch = 2").await, 2);
    reads(&world, anna, &late).await;
    reads(&world, anna, &new).await;
}

async fn a_roll_that_was_cut_short_is_gone_on_with(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let erased = world.send(anna).await;
    let kept = world.send(anna).await;
    world.erase(anna, erased.letter).await;
    world.days(15);
    // After the pair was made, before the mailbox took it.
    let made = world.service.0.make_epoch(anna.mailbox, 2).await.unwrap();
    assert_eq!(world.service.0.make_epoch(anna.mailbox, 2).await.unwrap(), made, "made once");
    let world = world.restarted(vec![]).await;
    world.sweep().await;
    let (epoch, public_key) = world.key_of(anna.mailbox).await;
    assert_eq!((epoch, public_key.as_bytes()), (2, &made.public_key));
    reads(&world, anna, &kept).await;
    // A restart forgets since when it has seen the new epoch: the grace begins again, the old key stays.
    let world = world.restarted(vec![]).await;
    world.days(1);
    assert_eq!(world.sweep().await.rolled, 0);
    world.days(1);
    assert_eq!(world.sweep().await.rolled, 1);
    // After it was said, before the key was destroyed: it is not said twice.
    world.keys_store.tamper("UPDATE mailbox_key SET created_at = created_at + 0", &[]).await;
    assert_eq!(world.chain(anna.mailbox, anna.mailbox.own_chain()).await, [EventType::EpochRolled]);
    let pair = "INSERT INTO mailbox_key (mailbox_id, epoch, public_key, wrapped, created_at) \
        SELECT mailbox_id, 1, public_key, wrapped, 0 FROM mailbox_key WHERE mailbox_id = $1";
    world.keys_store.tamper(pair, args![anna.mailbox]).await;
    // That copy is bound to its own epoch and does not open, so it stops the mailbox and is told.
    assert_eq!(world.sweep().await.failed, 1);
    world
        .keys_store
        .tamper("UPDATE mailbox_key SET wrapped = $1 WHERE epoch = 1", args![&rewrapped(&world, anna)])
        .await;
    world.sweep().await;
    world.days(1);
    assert_eq!(world.sweep().await.rolled, 1);
    assert_eq!(world.chain(anna.mailbox, anna.mailbox.own_chain()).await, [EventType::EpochRolled]);
    reads(&world, anna, &kept).await;
}

async fn a_letter_key_that_does_not_open_keeps_the_old_key_and_others_go_on(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let erased = world.send(anna).await;
    let broken = world.send(anna).await;
    let kept = world.send(anna).await;
    let erased_of_bo = world.send(bo).await;
    let of_bo = world.send(bo).await;
    world.erase(anna, erased.letter).await;
    world.erase(bo, erased_of_bo.letter).await;
    world
        .change("UPDATE letter_key SET sealed = $1 WHERE letter_id = $2", args![&[1u8; 81], broken.letter])
        .await;
    world.days(15);
    world.sweep().await;
    world.days(1);
    let swept = world.sweep().await;
    assert_eq!((swept.rolled, swept.failed), (1, 1));
    assert_eq!(world.keys_store.count("SELECT COUNT(*) AS n FROM mailbox_key WHERE epoch = 1").await, 1);
    reads(&world, anna, &kept).await;
    reads(&world, bo, &of_bo).await;
}

async fn a_mailbox_rolls_again_when_more_is_erased(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let one = world.send(anna).await;
    let two = world.send(anna).await;
    let kept = world.send(anna).await;
    for (round, erased) in (2..).zip([one, two]) {
        world.erase(anna, erased.letter).await;
        world.days(15);
        world.sweep().await;
        world.days(1);
        assert_eq!(world.sweep().await.rolled, 1);
        assert_eq!(world.key_of(anna.mailbox).await.0, round);
        reads(&world, anna, &kept).await;
    }
    assert_eq!(world.keys_store.count("SELECT COUNT(*) AS n FROM mailbox_key").await, 1);
    assert_eq!(world.chain(anna.mailbox, anna.mailbox.own_chain()).await.len(), 2);
}

async fn many_letters_are_sealed_anew_in_pieces(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let mut kept = vec![];
    for _ in 0..300 {
        kept.push(world.send(anna).await);
    }
    let erased = kept.pop().unwrap();
    world.erase(anna, erased.letter).await;
    world.days(15);
    assert_eq!(world.sweep().await.resealed, 299);
    let grant = world.log_in(Some(anna.person));
    let wanted = kept.iter().map(|sent| sent.letter).collect();
    let keys = world.web.headers(&grant, anna.mailbox, wanted).await.unwrap();
    for ((_, key), sent) in keys.iter().zip(&kept) {
        assert_eq!(key.as_ref().unwrap().expose(), derive(&sent.key, Purpose::Headers).expose());
    }
}

async fn databases_of_different_ages_are_noticed_and_new_letters_can_be_read_again(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let old_key = world.key_of(anna.mailbox).await;
    let erased = world.send(anna).await;
    world.erase(anna, erased.letter).await;
    world.days(15);
    world.sweep().await;
    world.days(1);
    assert_eq!(world.sweep().await.rolled, 1);
    let fits = Reconciled { mailboxes: 2, ..Reconciled::default() };
    assert_eq!(world.service.reconcile().await.unwrap(), fits);

    // The letters come back from before the roll, with the mailbox's old key, which nobody has any more.
    let back = "UPDATE mailbox SET epoch = $1, public_key = $2 WHERE mailbox_id = $3";
    world.change(back, args![old_key.0, old_key.1.as_bytes(), anna.mailbox]).await;
    assert_eq!(world.service.reconcile().await.unwrap(), Reconciled { behind: 1, ..fits });
    assert_eq!(world.service.reconcile().await.unwrap(), fits);
    let new = world.send(anna).await;
    reads(&world, anna, &new).await;

    world.keys_store.tamper("DELETE FROM mailbox_key WHERE mailbox_id = $1", args![bo.mailbox]).await;
    assert_eq!(world.service.reconcile().await.unwrap(), Reconciled { lost: 1, ..fits });
}

async fn reads(world: &World, who: Citizen, sent: &super::world::Sent) {
    let grant = world.log_in(Some(who.person));
    let key = world.content(&grant, who, sent).await.unwrap();
    assert_eq!(key.expose(), derive(&sent.key, Purpose::Content).expose());
}

/// What a backup of the letters has.
async fn old_rows(world: &World, of: Citizen) -> Vec<(domain::LetterId, i64, Vec<u8>)> {
    let mut tx = world.letters.read("test").await.unwrap();
    let sql = "SELECT letter_id, epoch, sealed FROM letter_key WHERE mailbox_id = $1";
    let rows = tx.query(sql, args![of.mailbox]).await.unwrap();
    rows.iter()
        .map(|row| {
            (row.id("letter_id").unwrap(), row.int("epoch").unwrap(), row.bytes("sealed").unwrap().to_vec())
        })
        .collect()
}

/// Any private key, wrapped for the mailbox's first epoch.
fn rewrapped(world: &World, of: Citizen) -> Vec<u8> {
    let place = crate::mailbox_key::place(of.mailbox, 1);
    let keks = &world.service.0.keks;
    keks.seal(crate::Purpose::Mailbox, &place, &[7; 32], super::world::START, &vault::SystemRandom).unwrap()
}
