//! Who opens which columns.

use super::world::{Citizen, World};
use crate::purpose::Purpose;
use domain::{AddressMac, AnnouncementId, ContactId, DeclinedMac, LoginMac, MandateId, OrganisationId, Time};
use key_client::{
    Access, Column, KeysError, announcement_words, contact_address, contact_waiting, declined_sender,
    mandate_note, organisation_profile, pending_request, person_profile,
};
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::{Place, SystemRandom};

both!(
    a_column_opens_in_its_place_and_nowhere_else,
    somebody_logged_in_opens_their_own_columns_only,
    the_operator_opens_organisations_and_notes_and_no_person,
    the_doors_of_agencies_open_what_waits_for_signatures_and_nothing_else,
    what_is_announced_is_sealed_by_the_door_and_opened_by_no_one_but_the_notifier,
    a_helper_sees_whose_mailbox_it_is_unless_the_identity_is_protected,
    after_a_rotation_every_column_is_sealed_anew_and_the_old_key_is_not_needed,
);

fn place(n: u64) -> Place {
    Place::new("test").number(n)
}

async fn sealed(world: &World, column: Column, text: &[u8]) -> Vec<u8> {
    let items = vec![(column, place(1), text.to_vec())];
    world.web.seal_columns(items).await.unwrap().remove(0)
}

async fn a_column_opens_in_its_place_and_nowhere_else(database: Database) {
    let world = World::new(database).await;
    let address = sealed(&world, Column::Note, b"anna@example.se").await;
    assert!(!address.windows(4).any(|bytes| bytes == b"anna"));
    let short = sealed(&world, Column::Note, b"a@b.se").await;
    let shorter = sealed(&world, Column::Note, b"b@b.se").await;
    assert_eq!(short.len(), shorter.len());
    let mut changed = address.clone();
    *changed.last_mut().unwrap() ^= 1;
    let items = vec![
        (Column::Note, place(1), address.clone()),
        (Column::Note, place(2), address.clone()),
        (Column::Profile, place(1), address.clone()),
        (Column::Note, place(1), changed),
        (Column::Note, place(1), vec![]),
        (
            Column::Note,
            place(1),
            b"KV1 nothing of ours, but long enough to have a header of its own".to_vec(),
        ),
    ];
    let opened = world.operator.open_columns(Access::Operator, items).await.unwrap();
    assert_eq!(opened[0].as_deref(), Some(b"anna@example.se".as_slice()));
    assert!(opened[1..].iter().all(Option::is_none));
    let empty = sealed(&world, Column::Note, b"").await;
    let opened = world.operator.open_columns(Access::Operator, vec![(Column::Note, place(1), empty)]).await;
    assert_eq!(opened.unwrap()[0].as_deref(), Some(b"".as_slice()));
    for wrong in [&world.web, &world.gateway, &world.operator] {
        assert_eq!(
            wrong.open_columns(Access::Notifier(vec![]), vec![]).await.err(),
            Some(KeysError::NotAllowed)
        );
    }
}

async fn somebody_logged_in_opens_their_own_columns_only(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let contact = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
        confirmed_at, code_tries) VALUES ($1, $2, 'email', $3, $4, 0, 0, $5, 0)";
    let waits = ContactId::new(&SystemRandom);
    let counts = ContactId::new(&SystemRandom);
    let mandate = world.mandate(anna, bo, b"note").await;
    let places = [
        (Column::Contact, contact_waiting(waits, anna.person)),
        (Column::Contact, contact_address(counts)),
        (Column::Declined, declined_sender(anna.mailbox, &DeclinedMac::from_bytes([1; 32]))),
        (Column::Note, mandate_note(mandate)),
    ];
    let mut items = vec![];
    for (column, place) in places {
        let sealed = world.sealed(column, place.clone(), "text").await;
        items.push((column, place, sealed));
    }
    world.change(contact, args![waits, anna.person, &items[0].2, &[1u8; 32], None::<i64>]).await;
    world.change(contact, args![counts, anna.person, &items[1].2, &[2u8; 32], Some(1i64)]).await;
    let decline = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 0)";
    world.change(decline, args![anna.mailbox, &[1u8; 32], &items[2].2]).await;
    let open = async |grant| {
        let opened = world.web.open_columns(Access::Grant(grant), items.clone()).await.unwrap();
        opened.into_iter().map(|text| text.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(open(world.log_in(Some(anna.person))).await, [true; 4]);
    let of_oneself = [false, false, false, true];
    assert_eq!(open(world.log_in(Some(bo.person))).await, of_oneself, "what is said of oneself");
    assert_eq!(open(world.log_in(None)).await, [false; 4]);
    let ended = world.log_in(Some(anna.person));
    world.web.end_grant(&ended).await.unwrap();
    let tried = world.web.open_columns(Access::Grant(ended), items.clone()).await;
    assert_eq!(tried.err(), Some(KeysError::NoGrant));
}

async fn the_operator_opens_organisations_and_notes_and_no_person(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let places = [
        (Column::Profile, organisation_profile(&AddressMac::from_bytes([5; 32]))),
        (Column::Note, place(1)),
        (Column::Profile, person_profile(&LoginMac::from_bytes([6; 32]))),
        (Column::Contact, contact_address(ContactId::new(&SystemRandom))),
        (Column::Contact, contact_waiting(ContactId::new(&SystemRandom), anna.person)),
    ];
    let mut items = vec![];
    for (column, place) in places {
        let sealed = world.sealed(column, place.clone(), "text").await;
        items.push((column, place, sealed));
    }
    // Neither where a person's profile stands as an organisation's.
    let organisation = "INSERT INTO organisation (organisation_id, profile, created_at) VALUES ($1, $2, 0)";
    world.change(organisation, args![OrganisationId::new(&SystemRandom), &items[2].2]).await;
    let opened = world.operator.open_columns(Access::Operator, items).await.unwrap();
    let opened: Vec<_> = opened.iter().map(Option::is_some).collect();
    assert_eq!(opened, [true, true, false, false, false]);
}

async fn the_doors_of_agencies_open_what_waits_for_signatures_and_nothing_else(database: Database) {
    let world = World::new(database).await;
    let place = || pending_request("register", &AddressMac::from_bytes([1; 32]));
    let items = vec![(Column::Pending, place(), b"request".to_vec())];
    let request = world.gateway.seal_columns(items).await.unwrap().remove(0);
    let note = sealed(&world, Column::Note, b"Bo").await;
    let items = vec![
        (Column::Pending, place(), request.clone()),
        (Column::Pending, pending_request("deregister", &AddressMac::from_bytes([1; 32])), request.clone()),
        (Column::Pending, pending_request("register", &AddressMac::from_bytes([2; 32])), request.clone()),
        (Column::Note, self::place(1), note),
    ];
    let opened = world.gateway.open_columns(Access::Gateway, items).await.unwrap();
    assert_eq!(opened[0].as_deref(), Some(b"request".as_slice()));
    assert!(opened[1..].iter().all(Option::is_none), "{opened:?}");
    let note = vec![(Column::Note, self::place(1), b"Bo".to_vec())];
    assert_eq!(world.gateway.seal_columns(note).await.err(), Some(KeysError::NotAllowed));
    let items = vec![(Column::Pending, place(), request)];
    assert!(world.operator.open_columns(Access::Operator, items).await.unwrap()[0].is_none());
}

async fn what_is_announced_is_sealed_by_the_door_and_opened_by_no_one_but_the_notifier(database: Database) {
    let world = World::new(database).await;
    let this = AnnouncementId::new(Time::from_millis(1), &SystemRandom);
    let items = vec![(Column::Announcement, announcement_words(this), b"words".to_vec())];
    let words = world.gateway.seal_columns(items).await.unwrap().remove(0);
    let items = vec![(Column::Announcement, announcement_words(this), words)];
    let anna = world.citizen(ANNA).await;
    let grant = Access::Grant(world.log_in(Some(anna.person)));
    for opened in [
        world.gateway.open_columns(Access::Gateway, items.clone()).await,
        world.operator.open_columns(Access::Operator, items.clone()).await,
        world.web.open_columns(grant, items).await,
    ] {
        assert!(opened.unwrap().iter().all(Option::is_none));
    }
}

async fn a_helper_sees_whose_mailbox_it_is_unless_the_identity_is_protected(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let place = || person_profile(&anna.login_mac);
    let profile = world.sealed(Column::Profile, place(), "Anna").await;
    world.change("UPDATE person SET profile = $1 WHERE person_id = $2", args![&profile, anna.person]).await;
    let open =
        async |of: Citizen| world.opens_for(of.person, Column::Profile, place(), &profile).await.is_some();
    assert!(!open(bo).await);
    world.mandate(anna, bo, b"note").await;
    assert!(open(bo).await);
    world.change("UPDATE person SET protected_at = 1 WHERE person_id = $1", args![anna.person]).await;
    assert!(!open(bo).await);
    assert!(open(anna).await);
}

async fn after_a_rotation_every_column_is_sealed_anew_and_the_old_key_is_not_needed(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let contact = ContactId::new(&SystemRandom);
    let mandate = MandateId::new(&SystemRandom);
    let organisation = OrganisationId::new(&SystemRandom);
    let announcement = AnnouncementId::new(Time::from_millis(0), &SystemRandom);
    let login: LoginMac = {
        let mut tx = world.letters.read("test").await.unwrap();
        LoginMac::from_bytes(
            tx.one("SELECT mac FROM login", &[]).await.unwrap().unwrap().array("mac").unwrap(),
        )
    };
    let places = [
        (Column::Contact, contact_address(contact)),
        (Column::Note, mandate_note(mandate)),
        (Column::Declined, declined_sender(anna.mailbox, &DeclinedMac::from_bytes([4; 32]))),
        (Column::Profile, person_profile(&login)),
        (Column::Profile, organisation_profile(&AddressMac::from_bytes([5; 32]))),
        (Column::Pending, pending_request("move", &AddressMac::from_bytes([6; 32]))),
        (Column::Announcement, announcement_words(announcement)),
    ];
    let items = places.iter().map(|(column, place)| (*column, place.clone(), b"text".to_vec())).collect();
    let sealed = world.web.seal_columns(items).await.unwrap();
    let contact_row = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, \
        added_at, confirmed_at, code_tries) VALUES ($1, $2, 'email', $3, $4, 0, 0, 1, 0)";
    world.change(contact_row, args![contact, anna.person, &sealed[0], &[1u8; 32]]).await;
    let mandate_row = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from) \
        VALUES ($1, $2, $3, 'helper', $4, 0)";
    world.change(mandate_row, args![mandate, anna.mailbox, anna.person, &sealed[1]]).await;
    let declined_row =
        "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 0)";
    world.change(declined_row, args![anna.mailbox, &[4u8; 32], &sealed[2]]).await;
    world.change("UPDATE person SET profile = $1", args![&sealed[3]]).await;
    // A second number; the profile does not open under its tag.
    world.change("INSERT INTO login (mac, person_id) VALUES ($1, $2)", args![&[0u8; 32], anna.person]).await;
    let organisation_row =
        "INSERT INTO organisation (organisation_id, profile, created_at) VALUES ($1, $2, 0)";
    world.change(organisation_row, args![organisation, &sealed[4]]).await;
    let identity_row = "INSERT INTO identity (mac, valid_from, kind, owner_kind, owner_id) \
        VALUES ($1, 0, 'organisation', 'organisation', $2)";
    world.change(identity_row, args![&[5u8; 32], organisation]).await;

    let pending_row = "INSERT INTO pending (address_mac, kind, request, created_at, expires_at) \
        VALUES ($1, 'move', $2, 0, 1)";
    world.change(pending_row, args![&[6u8; 32], &sealed[5]]).await;
    let announcement_row = "INSERT INTO announcement (announcement_id, sender_mac, reference_mac, payload_mac, answer, \
        words, accepted_at, sent, failed) VALUES ($1, $2, $2, $2, 'e', $3, 0, 0, 0)";
    world.change(announcement_row, args![announcement, &[7u8; 32], &sealed[6]]).await;
    // One whose words are gone is passed over.
    let ended = AnnouncementId::new(Time::from_millis(1), &SystemRandom);
    world.change(announcement_row, args![ended, &[8u8; 32], None::<&[u8]>]).await;

    for (purpose, rows) in [
        ("column-contact", 1),
        ("column-note", 1),
        ("column-declined", 1),
        ("column-profile", 2),
        ("column-pending", 1),
        ("column-announcement", 1),
    ] {
        assert_eq!(world.operator.rotate(purpose).await.unwrap().rewrapped, rows, "{purpose}");
    }
    world.keys_store.tamper("DELETE FROM kek WHERE purpose LIKE 'column-%' AND version = 1", &[]).await;
    let world = world.restarted(vec![]).await;
    let mut fresh = vec![];
    for sql in [
        "SELECT address AS sealed FROM contact",
        "SELECT note AS sealed FROM mandate",
        "SELECT sender AS sealed FROM declined",
        "SELECT profile AS sealed FROM person",
        "SELECT profile AS sealed FROM organisation",
        "SELECT request AS sealed FROM pending",
        "SELECT words AS sealed FROM announcement WHERE words IS NOT NULL",
    ] {
        let mut tx = world.letters.read("test").await.unwrap();
        fresh.push(tx.one(sql, &[]).await.unwrap().unwrap().bytes("sealed").unwrap().to_vec());
    }
    let items: Vec<_> =
        places.into_iter().zip(fresh).map(|((column, place), sealed)| (column, place, sealed)).collect();
    let grant = world.log_in(Some(anna.person));
    let opened = world.web.open_columns(Access::Grant(grant), items.clone()).await.unwrap();
    assert!(opened[..4].iter().all(|text| text.as_deref() == Some(b"text".as_slice())), "{opened:?}");
    assert!(opened[4..].iter().all(Option::is_none), "not hers");
    let (column, place, sealed) = &items[6];
    let place = crate::columns::place(*column, place.as_bytes());
    let opened = world.service.0.keks.unseal_fresh(Purpose::Column(*column), &place, sealed).await.unwrap();
    assert_eq!(vault::unpad(&opened).unwrap(), b"text");
    let opened = world.gateway.open_columns(Access::Gateway, items).await.unwrap();
    assert_eq!(opened[5].as_deref(), Some(b"text".as_slice()));
    assert!(opened[..5].iter().all(Option::is_none), "{opened:?}");
    assert_eq!(world.sweep().await.rewrapped, 0, "nothing is left to do");
}
