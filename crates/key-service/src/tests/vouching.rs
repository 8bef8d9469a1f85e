//! What stands in the letters database counts as far as the key store vouches for it.

use super::world::World;
use domain::{Identity, MailboxId, MandateId, OrgNumber, PersonId, RowsDigest, words::Because};
use key_client::{By, Change, Changed, GrantToken, KeysError, OpenMailbox, Opening, SenderChange};
use registry::sets::Subject;
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _, TOWN};
use vault::SystemRandom;

both!(
    a_first_mailbox_is_vouched_for_from_its_first_row_on,
    a_key_that_the_administrator_puts_there_is_never_stated,
    every_row_that_decides_stops_the_opening_when_it_is_changed,
    a_log_in_that_the_administrator_puts_there_is_nobodys,
    a_right_that_the_administrator_puts_there_opens_nothing_and_no_column,
    a_change_that_was_cut_short_settles_either_way,
    nothing_rides_along_with_a_change,
    what_an_older_version_wrote_is_taken_over_once,
    a_sender_is_changed_by_the_operator_alone,
    the_check_names_each_set_that_is_not_as_vouched_for,
);

async fn first_mailbox(world: &World, number: &str) -> (GrantToken, MailboxId) {
    let grant = world.log_in_as(number).await;
    let mailbox_id = MailboxId::new(&SystemRandom);
    let open = OpenMailbox { mailbox_id, language: domain::Language::Swedish, moves: None };
    let changed = world.web.change(By::Grant(grant.clone()), Change::OpenMailbox(open)).await.unwrap();
    assert_eq!(changed, Changed::Opened(vec![Opening::Here(mailbox_id)]));
    world.web.refresh_person(&grant).await.unwrap();
    (grant, mailbox_id)
}

async fn state(world: &World, number: &str) -> Option<key_client::AddressStatement> {
    let identity = Identity::parse(number).unwrap();
    let macs = world.gateway.address_macs("t", &[identity]).await.unwrap();
    world.gateway.statements(&macs).await.unwrap().remove(0)
}

pub(super) fn unvouched<T>(outcome: Result<T, KeysError>, table: &str) {
    assert_eq!(outcome.err(), Some(KeysError::Unvouched(table.to_owned())));
}

async fn a_first_mailbox_is_vouched_for_from_its_first_row_on(database: Database) {
    let world = World::new(database).await;
    assert_eq!(state(&world, ANNA).await, None);
    let (grant, mailbox_id) = first_mailbox(&world, ANNA).await;
    let stated = state(&world, ANNA).await.unwrap();
    let mailbox = stated.mailbox.unwrap();
    assert!(stated.settled);
    assert_eq!((mailbox.mailbox_id, mailbox.key.epoch), (mailbox_id, 1));
    assert_eq!((mailbox.vouched.version, mailbox.vouched.next), (1, None));
    assert_eq!(world.web.rights(&grant).await.unwrap(), [(mailbox_id, Because::Owner)]);
    // The same again leaves it as it is, but for the instant.
    let again = OpenMailbox {
        mailbox_id: MailboxId::new(&SystemRandom),
        language: domain::Language::Swedish,
        moves: None,
    };
    let changed = world.web.change(By::Grant(grant), Change::OpenMailbox(again)).await.unwrap();
    assert_eq!(changed, Changed::Opened(vec![Opening::Here(mailbox_id)]));
}

async fn a_key_that_the_administrator_puts_there_is_never_stated(database: Database) {
    let world = World::new(database).await;
    let (_, mailbox_id) = first_mailbox(&world, ANNA).await;
    let before = state(&world, ANNA).await.unwrap().mailbox.unwrap().key;
    world.letters.tamper("UPDATE mailbox SET public_key = $1, epoch = 9", args![&[7u8; 32]]).await;
    assert_eq!(state(&world, ANNA).await.unwrap().mailbox.unwrap().key, before);
    // Neither is it the key of the mailbox for whoever asks to have one made.
    let made = world.web.make_mailbox_key(mailbox_id).await.unwrap();
    assert_eq!((made.0, *made.1.as_bytes()), (before.epoch, before.public_key));
}

async fn every_row_that_decides_stops_the_opening_when_it_is_changed(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let letter = world.send(anna).await.letter;
    let owner = world.log_in(Some(anna.person));
    world.web.content(&owner, anna.mailbox, letter).await.unwrap();
    for (undo, sql, table) in [
        (
            "UPDATE mailbox SET opened_at = opened_at - 1",
            "UPDATE mailbox SET opened_at = opened_at + 1",
            "mailbox",
        ),
        ("UPDATE mailbox SET closed_at = NULL", "UPDATE mailbox SET closed_at = 1", "mailbox"),
        ("UPDATE person SET protected_at = NULL", "UPDATE person SET protected_at = 1", "person"),
    ] {
        world.letters.tamper(sql, &[]).await;
        unvouched(world.web.content(&owner, anna.mailbox, letter).await, table);
        unvouched(world.web.headers(&owner, anna.mailbox, vec![letter]).await, table);
        world.letters.tamper(undo, &[]).await;
        world.web.content(&owner, anna.mailbox, letter).await.unwrap();
    }
    // The mailbox moved under another owner is nobody's.
    let swap = "UPDATE mailbox SET owner_id = $1 WHERE mailbox_id = $2";
    world.letters.tamper("DELETE FROM mailbox WHERE mailbox_id = $1", args![bo.mailbox]).await;
    world.letters.tamper(swap, args![bo.person, anna.mailbox]).await;
    let thief = world.log_in(Some(bo.person));
    unvouched(world.web.content(&thief, anna.mailbox, letter).await, "mailbox");
    assert!(world.web.content(&owner, anna.mailbox, letter).await.is_err());
}

async fn a_log_in_that_the_administrator_puts_there_is_nobodys(database: Database) {
    let world = World::new(database).await;
    let (_, mailbox_id) = first_mailbox(&world, ANNA).await;
    let (bo, own) = first_mailbox(&world, BO).await;
    // Bo's log-in leads to Anna, as far as the letters database goes.
    let sql = "UPDATE login SET person_id = (SELECT owner_id FROM mailbox WHERE mailbox_id = $1)";
    world.letters.tamper(sql, args![mailbox_id]).await;
    unvouched(world.web.refresh_person(&bo).await, "login");
    // Whoever was logged in stays who they were.
    assert_eq!(world.web.rights(&bo).await.unwrap(), [(own, Because::Owner)]);
    world.letters.tamper("DELETE FROM login", &[]).await;
    unvouched(world.web.refresh_person(&bo).await, "login");
}

async fn a_right_that_the_administrator_puts_there_opens_nothing_and_no_column(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let letter = world.send(anna).await.letter;
    let thief = world.log_in(Some(bo.person));
    for kind in ["signatory", "helper"] {
        let mandate = MandateId::new(&SystemRandom);
        let sql = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from) \
            VALUES ($1, $2, $3, $4, $5, 0)";
        world.letters.tamper(sql, args![mandate, anna.mailbox, bo.person, kind, &[1u8; 40]]).await;
        unvouched(world.web.content(&thief, anna.mailbox, letter).await, "mandate");
        unvouched(world.web.headers(&thief, anna.mailbox, vec![letter]).await, "mandate");
        assert_eq!(world.web.rights(&thief).await.unwrap(), [(bo.mailbox, Because::Owner)]);
        // Neither does the owner go on as if nothing had happened.
        let owner = world.log_in(Some(anna.person));
        unvouched(world.web.content(&owner, anna.mailbox, letter).await, "mandate");
        world.letters.tamper("DELETE FROM mandate", &[]).await;
    }
    // A right that was taken back does not come back by an older row.
    world.mandate(anna, bo, b"note").await;
    world.web.content(&thief, anna.mailbox, letter).await.unwrap();
    world.change("UPDATE mandate SET revoked_at = 5", &[]).await;
    world.letters.tamper("UPDATE mandate SET revoked_at = NULL", &[]).await;
    unvouched(world.web.content(&thief, anna.mailbox, letter).await, "mandate");
}

/// Leaves a change as a crash does: `next` is taken down, the letters database has it or not.
async fn a_change_that_was_cut_short_settles_either_way(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let grant = world.log_in(Some(anna.person));
    let letter = world.send(anna).await.letter;
    let subject = Subject::mailbox(anna.mailbox);
    let close = "UPDATE mailbox SET closed_at = $1 WHERE mailbox_id = $2";
    for committed in [true, false] {
        let mut tx = world.letters.begin("test").await.unwrap();
        tx.execute(close, args![world.clock_now(), anna.mailbox]).await.unwrap().exactly(1).unwrap();
        let after = registry::sets::read(&mut tx, std::slice::from_ref(&subject)).await.unwrap();
        let next = after[&subject].digests(&subject);
        let take_down = "UPDATE vouched SET next = $1, next_at = $2 WHERE kind = 'mailbox'";
        world.keys_store.tamper(take_down, args![&RowsDigest::flatten(&next), world.clock_now()]).await;
        if committed {
            tx.commit().await.unwrap();
        } else {
            tx.rollback().await;
        }
        // Meanwhile either is taken.
        world.web.content(&grant, anna.mailbox, letter).await.unwrap();
        world.clock.advance(Duration::from_secs(31));
        world.service.settle().await.unwrap();
        assert_eq!(
            world.keys_store.count("SELECT count(*) AS n FROM vouched WHERE next IS NOT NULL").await,
            0
        );
        world.web.content(&grant, anna.mailbox, letter).await.unwrap();
        if committed {
            // And what held before does not any more.
            world.letters.tamper("UPDATE mailbox SET closed_at = NULL", &[]).await;
            unvouched(world.web.content(&grant, anna.mailbox, letter).await, "mailbox");
            world.change("UPDATE mailbox SET closed_at = 3", &[]).await;
            world.change("UPDATE mailbox SET closed_at = NULL", &[]).await;
        }
    }
}

async fn nothing_rides_along_with_a_change(database: Database) {
    let world = World::new(database).await;
    let (_, mailbox_id) = first_mailbox(&world, ANNA).await;
    let grant = world.log_in_as(ANNA).await;
    let bo = world.citizen(BO).await;
    // What stands there wrongly before a change is not vouched for by it.
    let sql = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from) \
        VALUES ($1, $2, $3, 'signatory', $4, 0)";
    world.letters.tamper(sql, args![MandateId::new(&SystemRandom), mailbox_id, bo.person, &[1u8; 40]]).await;
    let off = |sender: &str| Change::TurnOff {
        mailbox_id,
        sender: OrgNumber::parse(sender).unwrap(),
        sealed: vec![1; 40],
    };
    unvouched(world.web.change(By::Grant(grant.clone()), off(TOWN)).await, "mandate");
    world.letters.tamper("DELETE FROM mandate", &[]).await;
    assert_eq!(world.web.change(By::Grant(grant.clone()), off(TOWN)).await, Ok(Changed::Done(true)));
    // Neither what hangs on to it.
    world.ride_along(mailbox_id, bo.person).await;
    unvouched(world.web.change(By::Grant(grant.clone()), off("164020000024")).await, "mandate");
    assert_eq!(world.letters.count("SELECT count(*) AS n FROM mandate").await, 0, "and nothing of it stands");
    assert_eq!(world.letters.count("SELECT count(*) AS n FROM declined").await, 1);
}

async fn what_an_older_version_wrote_is_taken_over_once(database: Database) {
    let world = World::new(database).await;
    first_mailbox(&world, ANNA).await;
    assert!(!world.service.needs_adoption().await.unwrap());
    assert!(world.service.adopt(crate::Adoption::Upgrade).await.is_err(), "it vouches already");
    // As 290313e left it: a key store that knows of no sets.
    for sql in [
        "DELETE FROM vouched",
        "DELETE FROM known_address",
        "DELETE FROM known_login",
        "DELETE FROM adoption",
    ] {
        world.keys_store.tamper(sql, &[]).await;
    }
    let grant = world.log_in_as(ANNA).await;
    unvouched(world.web.refresh_person(&grant).await, "login");
    assert!(world.service.needs_adoption().await.unwrap());
    assert_eq!(world.service.adopt(crate::Adoption::Upgrade).await.unwrap(), 2);
    world.web.refresh_person(&grant).await.unwrap();
    assert!(state(&world, ANNA).await.unwrap().mailbox.is_some());
    assert!(world.service.adopt(crate::Adoption::Upgrade).await.is_err(), "once and never again");
    assert_eq!(world.keys_store.count("SELECT count(*) AS n FROM adoption").await, 1);
}

async fn a_sender_is_changed_by_the_operator_alone(database: Database) {
    let world = World::new(database).await;
    let number = OrgNumber::parse(TOWN).unwrap();
    let put = |name: &str| {
        Change::Sender(SenderChange::Put { number: number.clone(), name: name.into(), may_send: true })
    };
    for keys in [&world.web, &world.gateway, &world.notifier, &world.outgoing] {
        assert_eq!(keys.change(By::Operator, put("Skatteverket")).await, Err(KeysError::NotAllowed));
    }
    let grant = world.log_in(Some(PersonId::new(&SystemRandom)));
    assert!(world.web.change(By::Grant(grant), put("Skatteverket")).await.is_err());
    assert_eq!(world.operator.change(By::Operator, put("Exempelkommunen")).await, Ok(Changed::Done(true)));
    let stated = world.gateway.registry_statements().await.unwrap();
    assert_eq!((stated.len(), stated[0].number.as_str(), stated[0].vouched.version), (1, TOWN, 1));
    world.letters.tamper("UPDATE sender SET name = 'Skatteverket'", &[]).await;
    unvouched(world.operator.change(By::Operator, put("Exempelkommunen 2")).await, "sender");
}

async fn the_check_names_each_set_that_is_not_as_vouched_for(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let number = OrgNumber::parse(TOWN).unwrap();
    let put = SenderChange::Put { number, name: "Exempelkommunen".into(), may_send: true };
    world.operator.change(By::Operator, Change::Sender(put)).await.unwrap();
    assert_eq!(world.service.check_sets(None).await.unwrap(), []);
    let faults = async |only| {
        let faults = world.service.check_sets(only).await.unwrap();
        faults.into_iter().map(|fault| fault.table).collect::<Vec<_>>()
    };
    let person = |of: &super::world::Citizen| *of.person.as_bytes();
    for (sql, undo, tables) in [
        (
            "UPDATE sender SET name = 'Skatteverket'",
            "UPDATE sender SET name = 'Exempelkommunen'",
            vec!["sender"],
        ),
        (
            "UPDATE person SET deceased_at = 1",
            "UPDATE person SET deceased_at = NULL",
            vec!["person", "person"],
        ),
        (
            "UPDATE mailbox SET closed_at = 1",
            "UPDATE mailbox SET closed_at = NULL",
            vec!["mailbox", "mailbox"],
        ),
        (
            "UPDATE identity SET valid_to = 7",
            "UPDATE identity SET valid_to = NULL",
            vec!["identity", "identity"],
        ),
    ] {
        world.letters.tamper(sql, &[]).await;
        assert_eq!(faults(None).await, tables, "{sql}");
        world.letters.tamper(undo, &[]).await;
        assert_eq!(faults(None).await, Vec::<&str>::new(), "{undo}");
    }
    // A log-in that leads to another; a mailbox that is gone; one that was never opened.
    world.letters.tamper("UPDATE login SET person_id = $1", args![&person(&anna)]).await;
    assert_eq!(faults(None).await, ["login", "login"]);
    world.letters.tamper("DELETE FROM mailbox WHERE mailbox_id = $1", args![bo.mailbox]).await;
    assert!(faults(None).await.contains(&"mailbox"));
    assert_eq!(faults(Some(anna.mailbox)).await, Vec::<&str>::new());
    assert_eq!(faults(Some(bo.mailbox)).await, ["mailbox"]);
}
