#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    certificates::CertificateError,
    world::{
        BREVEN, FORMEDLAREN, KOMMUNEN, LADAN, OWN, VERKET, World, certificate, certificate_for, key, org,
    },
};
use domain::CertificateDigest;
use std::time::Duration;
use store::both;

both!(
    a_caller_acts_for_itself_and_for_those_that_list_it,
    suspension_stops_sender_and_dispatcher,
    a_letter_is_signed_by_the_sender_or_a_listed_dispatcher,
    a_certificate_is_refused_before_after_and_when_revoked,
    a_renewed_certificate_of_the_same_key_takes_over,
    kid_and_x5t_must_name_the_same_certificate,
    certificates_are_read_before_they_are_added,
    a_directory_follows_the_version,
    many_refresh_at_once_and_read_once,
    operators_of_today_stand_in_the_snapshot,
    a_row_that_cannot_be_read_is_left_out_and_stops_no_other,
);

async fn snapshot(store: &Store) -> Snapshot {
    Snapshot::load(&mut store.read("test").await.unwrap()).await.unwrap()
}

/// A world with senders, committed.
async fn world(store: Store) -> World {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.senders(&mut tx).await;
    tx.commit().await.unwrap();
    world
}

async fn add(world: &World, number: &str, der: &[u8]) -> CertificateEntry {
    let mut tx = world.tx().await;
    let entry = certificates::add(&mut tx, &org(number), der, world.now()).await.unwrap();
    tx.commit().await.unwrap();
    entry
}

async fn a_caller_acts_for_itself_and_for_those_that_list_it(store: Store) {
    let world = world(store).await;
    let snapshot = snapshot(&world.store).await;
    let may = |caller: &str, sender: &str| snapshot.may_send(&org(caller), &org(sender), world.now());
    let stranger = "164020000040";
    for (caller, sender, answer) in [
        (KOMMUNEN, KOMMUNEN, Ok(())),
        (VERKET, VERKET, Ok(())),
        (FORMEDLAREN, KOMMUNEN, Ok(())),
        (FORMEDLAREN, VERKET, Err(Code::CallerNotAllowed)),
        (VERKET, KOMMUNEN, Err(Code::CallerNotAllowed)),
        (KOMMUNEN, FORMEDLAREN, Err(Code::CallerNotAllowed)),
        // Dispatches only.
        (FORMEDLAREN, FORMEDLAREN, Err(Code::SenderUnknown)),
        (stranger, KOMMUNEN, Err(Code::CallerNotAllowed)),
        (stranger, stranger, Err(Code::SenderUnknown)),
        (KOMMUNEN, stranger, Err(Code::SenderUnknown)),
    ] {
        assert_eq!(may(caller, sender), answer, "{caller} for {sender}");
    }
    assert_eq!(snapshot.senders_of(&org(FORMEDLAREN), world.now()), [org(KOMMUNEN)]);
    assert_eq!(snapshot.senders_of(&org(VERKET), world.now()), [org(VERKET)]);
    let before = world.now().minus(Duration::from_millis(1));
    assert_eq!(snapshot.may_send(&org(FORMEDLAREN), &org(KOMMUNEN), before), Err(Code::CallerNotAllowed));
    let mut tx = world.tx().await;
    dispatch::unlist(&mut tx, &org(KOMMUNEN), &org(FORMEDLAREN), world.now()).await.unwrap();
    let after = Snapshot::load(&mut tx).await.unwrap();
    assert_eq!(after.may_send(&org(FORMEDLAREN), &org(KOMMUNEN), world.now()), Err(Code::CallerNotAllowed));
}

async fn suspension_stops_sender_and_dispatcher(store: Store) {
    let world = world(store).await;
    let der = certificate(FORMEDLAREN, &key(), (2026, 2028));
    let theirs = add(&world, FORMEDLAREN, &der).await;
    for suspended in [KOMMUNEN, FORMEDLAREN] {
        let mut tx = world.tx().await;
        senders::suspend(&mut tx, &org(suspended), world.now()).await.unwrap();
        let snapshot = Snapshot::load(&mut tx).await.unwrap();
        let answer = snapshot.may_send(&org(FORMEDLAREN), &org(KOMMUNEN), world.now());
        assert_eq!(answer, Err(Code::SenderSuspended), "{suspended}");
        // A letter that the sender brings itself, but that the suspended dispatcher has signed.
        let signed = snapshot.signing_key(&org(KOMMUNEN), None, Some(&theirs.sha256), world.now());
        assert_eq!(signed.is_ok(), suspended == KOMMUNEN);
        tx.rollback().await;
    }
}

async fn a_letter_is_signed_by_the_sender_or_a_listed_dispatcher(store: Store) {
    let world = world(store).await;
    let mut entries = Vec::new();
    for number in [KOMMUNEN, VERKET, FORMEDLAREN] {
        entries.push(add(&world, number, &certificate(number, &key(), (2026, 2028))).await);
    }
    let snapshot = snapshot(&world.store).await;
    let signs = |sender: &str, entry: &CertificateEntry| {
        let by_kid =
            snapshot.signing_key(&org(sender), Some(&entry.kid), None, world.now()).map(|e| e.sha256);
        let by_x5t =
            snapshot.signing_key(&org(sender), None, Some(&entry.sha256), world.now()).map(|e| e.sha256);
        assert_eq!(by_kid, by_x5t);
        by_kid
    };
    assert_eq!(signs(KOMMUNEN, &entries[0]), Ok(entries[0].sha256));
    assert_eq!(signs(KOMMUNEN, &entries[1]), Err(Code::UnknownKey));
    assert_eq!(signs(KOMMUNEN, &entries[2]), Ok(entries[2].sha256));
    assert_eq!(signs(VERKET, &entries[2]), Err(Code::UnknownKey));
    assert_eq!(signs(VERKET, &entries[0]), Err(Code::UnknownKey));
    let unknown = snapshot.signing_key(&org(KOMMUNEN), None, None, world.now());
    assert_eq!(unknown.err(), Some(Code::UnknownKey));
    assert!(snapshot.knows(&org(KOMMUNEN)) && !snapshot.knows(&org("164020000040")));
}

async fn a_certificate_is_refused_before_after_and_when_revoked(store: Store) {
    let world = world(store).await;
    let entry = add(&world, KOMMUNEN, &certificate("4020000016", &key(), (2026, 2028))).await;
    let sender = org(KOMMUNEN);
    let sha256 = entry.sha256;
    let state = |snapshot: &Snapshot, at: &str| {
        snapshot.signing_key(&sender, None, Some(&sha256), Time::parse(at).unwrap()).map(|_| ())
    };
    let before = snapshot(&world.store).await;
    assert_eq!(state(&before, "2025-12-31T23:59:59.999Z"), Err(Code::CertificateExpired));
    assert_eq!(state(&before, "2026-01-01T00:00:00Z"), Ok(()));
    assert_eq!(state(&before, "2028-01-01T00:00:00.999Z"), Ok(()));
    assert_eq!(state(&before, "2028-01-01T00:00:01Z"), Err(Code::CertificateExpired));
    assert!(!before.is_revoked(&sha256));
    let mut tx = world.tx().await;
    assert!(certificates::revoke(&mut tx, &sha256, world.now()).await.unwrap());
    assert!(!certificates::revoke(&mut tx, &sha256, world.now()).await.unwrap());
    assert!(
        !certificates::revoke(&mut tx, &CertificateDigest::from_bytes([0; 32]), world.now()).await.unwrap()
    );
    let after = Snapshot::load(&mut tx).await.unwrap();
    assert_eq!(after.version, before.version + 1);
    assert_eq!(state(&after, "2026-06-01T00:00:00Z"), Err(Code::CertificateRevoked));
    assert!(after.is_revoked(&sha256));
    assert!(!after.is_revoked(&CertificateDigest::from_bytes([0; 32])));
    // Adding it again does not bring it back.
    let again = certificates::add(&mut tx, &sender, &entry.der, world.now()).await.unwrap();
    assert_eq!(again.revoked_at, Some(world.now()));
}

async fn a_renewed_certificate_of_the_same_key_takes_over(store: Store) {
    let world = world(store).await;
    let key = key();
    let old = add(&world, KOMMUNEN, &certificate(KOMMUNEN, &key, (2026, 2027))).await;
    let new = add(&world, KOMMUNEN, &certificate(KOMMUNEN, &key, (2026, 2029))).await;
    assert_eq!(old.kid, new.kid);
    let found = |snapshot: &Snapshot, at: &str| {
        let now = Time::parse(at).unwrap();
        snapshot.signing_key(&org(KOMMUNEN), Some(&old.kid), None, now).map(|entry| entry.sha256)
    };
    let both = snapshot(&world.store).await;
    assert_eq!(found(&both, "2026-06-01T00:00:00Z"), Ok(new.sha256));
    assert_eq!(found(&both, "2028-06-01T00:00:00Z"), Ok(new.sha256));
    assert_eq!(found(&both, "2029-06-01T00:00:00Z"), Err(Code::CertificateExpired));
    let mut tx = world.tx().await;
    certificates::revoke(&mut tx, &new.sha256, world.now()).await.unwrap();
    let one = Snapshot::load(&mut tx).await.unwrap();
    assert_eq!(found(&one, "2026-06-01T00:00:00Z"), Ok(old.sha256));
    assert_eq!(found(&one, "2028-06-01T00:00:00Z"), Err(Code::CertificateRevoked));
    assert_eq!(certificates::list(&mut tx, &org(KOMMUNEN)).await.unwrap().len(), 2);
}

async fn kid_and_x5t_must_name_the_same_certificate(store: Store) {
    let world = world(store).await;
    let one = add(&world, KOMMUNEN, &certificate(KOMMUNEN, &key(), (2026, 2028))).await;
    let other = add(&world, KOMMUNEN, &certificate(KOMMUNEN, &key(), (2026, 2028))).await;
    let snapshot = snapshot(&world.store).await;
    let found = |kid: &str, sha256| {
        snapshot.signing_key(&org(KOMMUNEN), Some(kid), Some(sha256), world.now()).map(|entry| entry.sha256)
    };
    assert_eq!(found(&one.kid, &one.sha256), Ok(one.sha256));
    assert_eq!(found(&one.kid, &other.sha256), Err(Code::UnknownKey));
    assert_eq!(found("", &one.sha256), Err(Code::UnknownKey));
}

async fn certificates_are_read_before_they_are_added(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let good = certificate(KOMMUNEN, &key(), (2026, 2028));
    let mut add = async |number: &str, der: &[u8]| {
        certificates::add(&mut tx, &org(number), der, world.now()).await.err()
    };
    assert!(matches!(add(KOMMUNEN, &good[1..]).await, Some(CertificateError::NotACertificate)));
    assert!(matches!(add(KOMMUNEN, b"").await, Some(CertificateError::NotACertificate)));
    assert!(
        matches!(add(VERKET, &good).await, Some(CertificateError::OtherOrganisation(n)) if n == org(KOMMUNEN))
    );
    let nameless = certificate("Anna", &key(), (2026, 2028));
    assert!(matches!(add(KOMMUNEN, &nameless).await, Some(CertificateError::NoOrganisation)));
    let old = certificate(KOMMUNEN, &key(), (2020, 2025));
    assert!(matches!(add(KOMMUNEN, &old).await, Some(CertificateError::Expired)));
    let of_tls = certificate_for(KOMMUNEN, &key(), (2026, 2028), &[rcgen::KeyUsagePurpose::KeyEncipherment]);
    assert!(matches!(add(KOMMUNEN, &of_tls).await, Some(CertificateError::Usage)));
    let stranger = certificate("164020000040", &key(), (2026, 2028));
    assert!(matches!(add("164020000040", &stranger).await, Some(CertificateError::UnknownOrganisation)));
    assert!(add(KOMMUNEN, &good).await.is_none());
    assert_eq!(certificates::list(&mut tx, &org(KOMMUNEN)).await.unwrap().len(), 1);
}

async fn a_directory_follows_the_version(store: Store) {
    let world = world(store).await;
    let directory = Directory::load(&world.store).await.unwrap();
    let held = directory.current();
    assert!(!directory.refresh(&world.store).await.unwrap());
    assert!(!directory.refresh_if(&world.store, held.version).await.unwrap());
    let mut tx = world.tx().await;
    senders::suspend(&mut tx, &org(KOMMUNEN), world.now()).await.unwrap();
    let version = version(&mut tx).await.unwrap();
    tx.commit().await.unwrap();
    assert!(directory.refresh_if(&world.store, version).await.unwrap());
    assert!(!directory.refresh(&world.store).await.unwrap());
    assert!(directory.current().sender(&org(KOMMUNEN)).unwrap().suspended_at.is_some());
    assert!(held.sender(&org(KOMMUNEN)).unwrap().suspended_at.is_none(), "what is held does not change");
    // An older state that was slow to be read does not come back.
    directory.put(Snapshot { version: 1, ..Snapshot::default() });
    assert_eq!(directory.current().version, version);
}

async fn many_refresh_at_once_and_read_once(store: Store) {
    let world = world(store).await;
    let directory = Directory::holding(Snapshot::default());
    let tasks: Vec<_> = (0..20)
        .map(|_| {
            let directory = directory.clone();
            let store = world.store.clone();
            tokio::spawn(async move { directory.refresh_if(&store, 2).await.unwrap() })
        })
        .collect();
    let mut read = 0;
    for task in tasks {
        read += usize::from(task.await.unwrap());
    }
    assert_eq!(read, 1);
}

async fn operators_of_today_stand_in_the_snapshot(store: Store) {
    let world = world(store).await;
    let directory = Directory::load(&world.store).await.unwrap();
    assert!(directory.current().own_operator().is_none());
    let mut tx = world.tx().await;
    world.operators(&mut tx).await;
    operators::end(&mut tx, &org(BREVEN), world.now()).await.unwrap();
    tx.commit().await.unwrap();
    assert!(directory.refresh(&world.store).await.unwrap());
    let snapshot = directory.current();
    assert_eq!(snapshot.own_operator().unwrap().number, org(OWN));
    assert_eq!(snapshot.operator(&org(LADAN)).unwrap().domain, "ladan.example");
    assert_eq!(snapshot.operator_by_domain(" LADAN.example").unwrap().number, org(LADAN));
    assert!(snapshot.operator(&org(BREVEN)).is_none());
    assert!(snapshot.operator_by_domain("breven.example").is_none());
    assert_eq!(snapshot.operators().count(), 2);
    assert!(snapshot.operators().all(|one| !snapshot.knows(&one.number)), "no senders by that");
}

async fn a_row_that_cannot_be_read_is_left_out_and_stops_no_other(store: Store) {
    let world = world(store).await;
    let der = certificate(KOMMUNEN, &key(), (2020, 2040));
    let kept = add(&world, VERKET, &certificate(VERKET, &key(), (2020, 2040))).await.sha256;
    let spoilt = add(&world, KOMMUNEN, &der).await.sha256;
    let mut tx = world.tx().await;
    for sql in [
        "UPDATE certificate SET der = sha256 WHERE organisation = '164020000016'",
        "INSERT INTO sender (number, name, may_send, created_at) VALUES ('12', 'Nummerlös', 1, 1)",
        "INSERT INTO operator (number, domain, name, service_address, own, added_at) \
            VALUES ('12', 'a.example', 'Nummerlös', 'https://a.example', 0, 1)",
    ] {
        tx.execute(sql, &[]).await.unwrap().exactly(1).unwrap();
    }
    tx.commit().await.unwrap();
    let snapshot = snapshot(&world.store).await;
    assert!(snapshot.certificate(&kept).is_some() && snapshot.certificate(&spoilt).is_none());
    assert!(snapshot.knows(&org(KOMMUNEN)) && snapshot.senders().count() == 3);
    assert_eq!(snapshot.operators().count(), 0);
}
