//! Who opens which columns.

use super::world::World;
use domain::{ContactId, OrganisationId};
use key_client::{Access, Column, KeysError};
use store::{args, both, testing::Database};
use vault::{Place, SystemRandom};

const ANNA: &str = "198101052382";
const BO: &str = "199001012385";

both!(
    a_column_opens_in_its_place_and_nowhere_else,
    somebody_logged_in_opens_their_own_columns_only,
    the_operator_opens_organisations_and_notes_and_no_person,
    a_helper_sees_whose_mailbox_it_is_unless_the_identity_is_protected,
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
    let address = sealed(&world, Column::Contact, b"anna@example.se").await;
    assert!(!address.windows(4).any(|bytes| bytes == b"anna"));
    let short = sealed(&world, Column::Contact, b"a@b.se").await;
    let shorter = sealed(&world, Column::Contact, b"b@b.se").await;
    assert_eq!(short.len(), shorter.len());
    let mut changed = address.clone();
    *changed.last_mut().unwrap() ^= 1;
    let items = vec![
        (Column::Contact, place(1), address.clone()),
        (Column::Contact, place(2), address.clone()),
        (Column::Profile, place(1), address.clone()),
        (Column::Contact, place(1), changed),
        (Column::Contact, place(1), vec![]),
        (
            Column::Contact,
            place(1),
            b"KV1 nothing of ours, but long enough to have a header of its own".to_vec(),
        ),
    ];
    let opened = world.notifier.open_columns(Access::Notifier, items).await.unwrap();
    assert_eq!(opened[0].as_deref(), Some(b"anna@example.se".as_slice()));
    assert!(opened[1..].iter().all(Option::is_none));
    let empty = sealed(&world, Column::Contact, b"").await;
    let opened =
        world.notifier.open_columns(Access::Notifier, vec![(Column::Contact, place(1), empty)]).await;
    assert_eq!(opened.unwrap()[0].as_deref(), Some(b"".as_slice()));
    for wrong in [&world.web, &world.gateway, &world.operator] {
        assert_eq!(wrong.open_columns(Access::Notifier, vec![]).await.err(), Some(KeysError::NotAllowed));
    }
}

async fn somebody_logged_in_opens_their_own_columns_only(database: Database) {
    let world = World::new(database).await;
    let (anna, bo) = (world.citizen(ANNA).await, world.citizen(BO).await);
    let address = sealed(&world, Column::Contact, b"anna@example.se").await;
    let declined = sealed(&world, Column::Declined, b"164020000016").await;
    let note = sealed(&world, Column::Note, b"Bo").await;
    let contact = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
        code_tries) VALUES ($1, $2, 'email', $3, $4, 0, 0, 0)";
    let id = ContactId::new(&SystemRandom);
    world.change(contact, args![id, anna.person, &address, &[1u8; 32]]).await;
    let decline = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 0)";
    world.change(decline, args![anna.mailbox, &[1u8; 32], &declined]).await;
    world.mandate(anna, bo, &note).await;

    let items = || {
        vec![
            (Column::Contact, place(1), address.clone()),
            (Column::Declined, place(1), declined.clone()),
            (Column::Note, place(1), note.clone()),
        ]
    };
    let open = async |grant| {
        let opened = world.web.open_columns(Access::Grant(grant), items()).await.unwrap();
        opened.into_iter().map(|text| text.is_some()).collect::<Vec<_>>()
    };
    assert_eq!(open(world.log_in(Some(anna.person))).await, [true, true, true]);
    assert_eq!(open(world.log_in(Some(bo.person))).await, [false, false, true], "what is said of oneself");
    assert_eq!(open(world.log_in(None)).await, [false, false, false]);
    let ended = world.log_in(Some(anna.person));
    world.web.end_grant(&ended).await.unwrap();
    let tried = world.web.open_columns(Access::Grant(ended), items()).await;
    assert_eq!(tried.err(), Some(KeysError::NoGrant));
}

async fn the_operator_opens_organisations_and_notes_and_no_person(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let (company, person) = (b"Exempelbolaget AB".to_vec(), b"Anna".to_vec());
    let (company_sealed, person_sealed) =
        (sealed(&world, Column::Profile, &company).await, sealed(&world, Column::Profile, &person).await);
    let address = sealed(&world, Column::Contact, b"anna@example.se").await;
    let note = sealed(&world, Column::Note, b"Bo").await;
    let organisation = "INSERT INTO organisation (organisation_id, profile, created_at) VALUES ($1, $2, 0)";
    world.change(organisation, args![OrganisationId::new(&SystemRandom), &company_sealed]).await;
    world
        .change("UPDATE person SET profile = $1 WHERE person_id = $2", args![&person_sealed, anna.person])
        .await;
    let items = vec![
        (Column::Profile, place(1), company_sealed),
        (Column::Note, place(1), note),
        (Column::Profile, place(1), person_sealed),
        (Column::Contact, place(1), address),
    ];
    let opened = world.operator.open_columns(Access::Operator, items).await.unwrap();
    assert_eq!(opened[0].as_ref(), Some(&company));
    assert!(opened[1].is_some() && opened[2].is_none() && opened[3].is_none());
}

async fn a_helper_sees_whose_mailbox_it_is_unless_the_identity_is_protected(database: Database) {
    let world = World::new(database).await;
    let (anna, bo) = (world.citizen(ANNA).await, world.citizen(BO).await);
    let profile = sealed(&world, Column::Profile, b"Anna").await;
    world.change("UPDATE person SET profile = $1 WHERE person_id = $2", args![&profile, anna.person]).await;
    let open = async |person| {
        let items = vec![(Column::Profile, place(1), profile.clone())];
        let access = Access::Grant(world.log_in(Some(person)));
        world.web.open_columns(access, items).await.unwrap()[0].is_some()
    };
    assert!(!open(bo.person).await);
    world.mandate(anna, bo, b"note").await;
    assert!(open(bo.person).await);
    world.change("UPDATE person SET protected_at = 1 WHERE person_id = $1", args![anna.person]).await;
    assert!(!open(bo.person).await);
    assert!(open(anna.person).await);
}
