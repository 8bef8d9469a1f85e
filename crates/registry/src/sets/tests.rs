use super::*;
use crate::{
    mandates::{NewHelper, grant_helper},
    senders,
    world::World,
};
use domain::{MandateId, RowsDigest};
use std::time::Duration;
use store::{Store, Tx, args, both};
use vault::SystemRandom;

both!(
    every_row_that_decides_is_in_the_digest_of_its_table,
    what_decides_nothing_changes_no_digest,
    a_set_without_rows_has_digests_too,
    sets_of_a_sender_have_its_rows_alone,
);

async fn digests(tx: &mut Tx, subject: &Subject) -> Vec<RowsDigest> {
    read(tx, std::slice::from_ref(subject)).await.unwrap()[subject].digests(subject)
}

/// Runs a change and tells the tables whose digests it moved.
async fn moves(tx: &mut Tx, subject: &Subject, sql: &'static str) -> Vec<&'static str> {
    let before = digests(tx, subject).await;
    assert!(tx.execute(sql, &[]).await.unwrap().any(), "{sql}");
    let after = digests(tx, subject).await;
    let tables = subject.kind.tables().iter().zip(before.iter().zip(&after));
    tables.filter(|(_, (before, after))| before != after).map(|(table, _)| table.as_str()).collect()
}

async fn every_row_that_decides_is_in_the_digest_of_its_table(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let new = NewHelper {
        mandate_id: MandateId::new(&SystemRandom),
        mailbox_id: mailbox,
        helper: bo,
        note: b"note",
        valid_to: world.now().plus(Duration::from_secs(60)),
    };
    grant_helper(&mut tx, &new, &world.by(anna)).await.unwrap();
    let decline = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 1)";
    tx.execute(decline, args![mailbox, &[1u8; 32], b"sealed".as_slice()]).await.unwrap().exactly(1).unwrap();
    let contact = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
        confirmed_at, code_tries) VALUES ($1, $2, 'email', $3, $4, 0, 1, 1, 0)";
    tx.execute(contact, args![&[5u8; 16], anna, b"sealed".as_slice(), &[2u8; 32]])
        .await
        .unwrap()
        .exactly(1)
        .unwrap();
    let subject = Subject::mailbox(mailbox);
    for (sql, table) in [
        ("UPDATE mailbox SET closed_at = 1", "mailbox"),
        ("UPDATE mailbox SET opened_at = opened_at + 1", "mailbox"),
        ("UPDATE mailbox SET owner_kind = 'organisation'", "mailbox"),
        ("UPDATE mandate SET kind = 'signatory'", "mandate"),
        ("UPDATE mandate SET valid_to = NULL", "mandate"),
        ("UPDATE mandate SET valid_from = 0", "mandate"),
        ("UPDATE mandate SET revoked_at = 1", "mandate"),
        ("UPDATE mandate SET person_id = (SELECT owner_id FROM mailbox LIMIT 1)", "mandate"),
        ("DELETE FROM mandate", "mandate"),
        ("DELETE FROM declined", "declined"),
    ] {
        assert_eq!(moves(&mut tx, &subject, sql).await, [table], "{sql}");
    }
    let subject = Subject::person(anna);
    for (sql, table) in [
        ("UPDATE person SET protected_at = 1", "person"),
        ("UPDATE person SET deceased_at = 1", "person"),
        ("UPDATE contact SET show_sender = 1", "contact"),
        ("UPDATE contact SET channel = 'sms'", "contact"),
        ("UPDATE contact SET confirmed_at = 2", "contact"),
        ("UPDATE contact SET address_mac = address", "contact"),
        ("DELETE FROM contact", "contact"),
    ] {
        assert_eq!(moves(&mut tx, &subject, sql).await, [table], "{sql}");
    }
}

async fn what_decides_nothing_changes_no_digest(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    // The key store says which key and epoch; sealed text opens in the place of its row alone.
    for sql in ["UPDATE mailbox SET epoch = 7", "UPDATE mailbox SET erased_since = 1"] {
        assert!(moves(&mut tx, &Subject::mailbox(mailbox), sql).await.is_empty(), "{sql}");
    }
    let waiting = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
        code_tries) SELECT person_id, person_id, 'email', profile, profile, 0, 1, 0 FROM person";
    for sql in ["UPDATE person SET language = 'en'", waiting] {
        assert!(moves(&mut tx, &Subject::person(anna), sql).await.is_empty(), "{sql}");
    }
}

async fn a_set_without_rows_has_digests_too(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    let nowhere = Subject::mailbox(domain::MailboxId::new(&SystemRandom));
    let none = digests(&mut tx, &nowhere).await;
    assert_eq!(none, Set::default().digests(&nowhere));
    // Bound to whose it is: no two empty sets are alike.
    assert_ne!(none, Set::default().digests(&Subject::mailbox(mailbox)));
}

async fn sets_of_a_sender_have_its_rows_alone(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let [town, office] = ["164020000016", "164020000024"].map(|number| OrgNumber::parse(number).unwrap());
    for (number, name) in [(&town, "Exempelkommunen"), (&office, "Exempelverket")] {
        senders::add(&mut tx, number, name, true, world.now()).await.unwrap();
    }
    let subject = Subject::sender(&town);
    let before = digests(&mut tx, &subject).await;
    crate::dispatch::list(&mut tx, &office, &town, world.now()).await.unwrap();
    senders::suspend(&mut tx, &office, world.now()).await.unwrap();
    assert_eq!(digests(&mut tx, &subject).await, before);
    for (sql, table) in [
        ("UPDATE sender SET name = 'Skatteverket' WHERE number = '164020000016'", "sender"),
        ("UPDATE sender SET may_send = 0", "sender"),
        ("UPDATE sender SET sha1 = 1", "sender"),
        ("UPDATE sender SET suspended_at = 1", "sender"),
        ("UPDATE dispatch SET sender = '164020000016', dispatcher = '164020000024'", "dispatch"),
        ("UPDATE dispatch SET valid_to = 1", "dispatch"),
    ] {
        assert_eq!(moves(&mut tx, &subject, sql).await, [table], "{sql}");
    }
}
