use crate::world::{ANNA, BO, World, identity};
use account::{AccountError, CodeToSend, NewAddress, Notices};
use domain::words::{Channel, EventType};
use mailbox::Actor;
use registry::contacts::{CODE_PAUSE, Code, Confirmation};
use store::{both, testing::Database};

both!(
    an_address_counts_once_its_code_is_written,
    nobody_touches_anothers_address,
    the_demo_s_people_have_theirs_confirmed,
);

/// A new address that waits.
async fn waits(world: &World, who: &Actor, address: &str) -> CodeToSend {
    match world.web.add_contact(who, Channel::Email, address).await.unwrap() {
        NewAddress::Waits(code) => code,
        _ => panic!("{address} does not wait"),
    }
}

async fn an_address_counts_once_its_code_is_written(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    assert_eq!(world.web.notices(&anna).await.unwrap(), Notices::Nowhere);
    let first = waits(&world, &anna, "anna@example.se").await;
    let soon = world.web.add_contact(&anna, Channel::Email, "anna@example.se").await.unwrap();
    assert!(matches!(soon, NewAddress::TooSoon));
    world.clock.advance(CODE_PAUSE);
    let second = waits(&world, &anna, "anna@example.se").await;
    assert!(first.id != second.id);
    let listed = world.web.contacts(&anna).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].address.as_deref(), Some("anna@example.se"));
    let id = listed[0].contact.contact_id;
    assert_eq!(world.web.notices(&anna).await.unwrap(), Notices::Nowhere);
    let wrong = world.web.confirm_contact(&anna, id, &first.code).await.unwrap();
    // One in a million: both codes are the same.
    assert!(first.code == second.code || wrong == Confirmation::Wrong { left: 4 }, "{wrong:?}");
    let done = world.web.confirm_contact(&anna, id, &second.code).await.unwrap();
    assert_eq!(done, Confirmation::Confirmed);
    assert_eq!(world.web.notices(&anna).await.unwrap(), Notices::Arrive);
    let again = world.web.add_contact(&anna, Channel::Email, "anna@example.se").await.unwrap();
    assert!(matches!(again, NewAddress::Confirmed));
    assert!(world.web.show_sender(&anna, id, true).await.unwrap());
    assert!(world.web.contacts(&anna).await.unwrap()[0].contact.show_sender);
    assert!(world.web.remove_contact(&anna, id).await.unwrap());
    assert!(!world.web.remove_contact(&anna, id).await.unwrap());
    assert_eq!(world.web.notices(&anna).await.unwrap(), Notices::Nowhere);
    let events = world.chain(mailbox).await;
    let email = "email".to_owned();
    assert_eq!(
        events[1..],
        [(EventType::ContactConfirmed, email.clone()), (EventType::ContactRemoved, email)]
    );
}

async fn nobody_touches_anothers_address(database: Database) {
    let world = World::new(database).await;
    let ((anna, _), (bo, _)) = (world.settles(ANNA).await, world.settles(BO).await);
    let code = waits(&world, &anna, "anna@example.se").await.code;
    let id = world.web.contacts(&anna).await.unwrap()[0].contact.contact_id;
    assert!(world.web.contacts(&bo).await.unwrap().is_empty());
    assert_eq!(world.web.confirm_contact(&bo, id, &code).await.unwrap(), Confirmation::Unknown);
    assert!(!world.web.show_sender(&bo, id, true).await.unwrap());
    assert!(!world.web.remove_contact(&bo, id).await.unwrap());
    assert_eq!(world.web.contacts(&anna).await.unwrap().len(), 1);
    let code = Code::parse(code.expose()).unwrap();
    assert_eq!(world.web.confirm_contact(&anna, id, &code).await.unwrap(), Confirmation::Confirmed);
}

async fn the_demo_s_people_have_theirs_confirmed(database: Database) {
    let world = World::new(database).await;
    let (anna, _) = world.settles(ANNA).await;
    for _ in 0..2 {
        let (who, address) = (identity(ANNA), "anna@example.se");
        world.operator.add_confirmed_contact(&who, Channel::Email, address).await.unwrap();
    }
    assert_eq!(world.web.notices(&anna).await.unwrap(), Notices::Arrive);
    assert_eq!(world.web.contacts(&anna).await.unwrap().len(), 1);
    let unknown = world.operator.add_confirmed_contact(&identity(BO), Channel::Email, "bo@example.se").await;
    assert!(matches!(unknown, Err(AccountError::NotFound)), "{unknown:?}");
}
