use crate::world::{ANNA, BO, World, identity};
use account::{AccountError, Accounts, CodeLimits, CodeToSend, NewAddress, Notices};
use domain::words::{Channel, EventType};
use mailbox::Actor;
use registry::contacts::{CODE_PAUSE, Code, Confirmation};
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;

both!(
    an_address_counts_once_its_code_is_written,
    nobody_touches_anothers_address,
    codes_go_to_few_countries_and_are_counted_by_the_day,
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
    let (anna, _) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
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

async fn codes_go_to_few_countries_and_are_counted_by_the_day(database: Database) {
    let world = World::new(database).await;
    let (anna, _) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let codes = CodeLimits { person_per_day: 4, prefix_per_day: 6, all_per_day: 7, ..CodeLimits::default() };
    let web = world.with_codes(codes);
    let add = async |web: &Accounts, who: &Actor, address: &str| {
        let channel = if address.starts_with('+') { Channel::Sms } else { Channel::Email };
        let added = web.add_contact(who, channel, address).await.unwrap();
        // Removed and added anew, as who wants us to write without an end would do.
        for one in web.contacts(who).await.unwrap() {
            web.remove_contact(who, one.contact.contact_id).await.unwrap();
        }
        match added {
            NewAddress::Waits(_) => "sent",
            NewAddress::Abroad => "abroad",
            NewAddress::NoMoreToday => "no more",
            _ => "other",
        }
    };
    for (number, outcome) in [
        ("+19005550100", "abroad"),
        ("+449012345678", "abroad"),
        ("+4540123456", "sent"),
        ("+358401234567", "sent"),
    ] {
        assert_eq!(add(&web, &anna, number).await, outcome, "{number}");
    }
    assert_eq!(add(&web, &anna, "+46701740601").await, "sent");
    assert_eq!(add(&web, &anna, "+46701740602").await, "sent");
    assert_eq!(add(&web, &anna, "+46701740603").await, "no more", "four a person");
    assert_eq!(add(&web, &anna, "anna@example.se").await, "sent", "e-mail is counted by itself");
    // A restart does not begin the count anew.
    let web = world.with_codes(CodeLimits {
        person_per_day: 4,
        prefix_per_day: 3,
        all_per_day: 7,
        ..CodeLimits::default()
    });
    assert_eq!(add(&web, &anna, "+46701740603").await, "no more");
    assert_eq!(add(&web, &bo, "+46701740604").await, "sent");
    assert_eq!(add(&web, &bo, "+46701740605").await, "no more", "three to such numbers");
    assert_eq!(add(&web, &bo, "+46721740605").await, "sent");
    assert_eq!(add(&web, &bo, "+46731740605").await, "sent");
    assert_eq!(add(&web, &bo, "+46761740605").await, "no more", "seven in all");
    assert_eq!(
        world
            .store
            .count("SELECT CAST(SUM(sent) AS BIGINT) AS n FROM code_count WHERE scope = 'all-sms'")
            .await,
        7,
        "what was refused is not counted"
    );
    // The next day; a week later nothing is left of it.
    world.clock.advance(Duration::from_secs(24 * 60 * 60));
    let anna = world.actor(&world.logs_in(ANNA).await).await;
    assert_eq!(add(&web, &anna, "+46701740603").await, "sent");
    world.clock.advance(Duration::from_secs(8 * 24 * 60 * 60));
    let anna = world.actor(&world.logs_in(ANNA).await).await;
    assert_eq!(add(&web, &anna, "+46701740603").await, "sent");
    assert_eq!(
        world
            .store
            .count("SELECT CAST(SUM(sent) AS BIGINT) AS n FROM code_count WHERE scope = 'all-sms'")
            .await,
        1
    );
}

async fn the_demo_s_people_have_theirs_confirmed(database: Database) {
    let world = World::new(database).await;
    let (anna, _) = world.settles(ANNA).await;
    for _ in 0..2 {
        let who = identity(ANNA);
        let address = "anna@example.se";
        world.operator.add_confirmed_contact(&who, Channel::Email, address).await.unwrap();
    }
    assert_eq!(world.web.notices(&anna).await.unwrap(), Notices::Arrive);
    assert_eq!(world.web.contacts(&anna).await.unwrap().len(), 1);
    let unknown = world.operator.add_confirmed_contact(&identity(BO), Channel::Email, "bo@example.se").await;
    assert!(matches!(unknown, Err(AccountError::NotFound)), "{unknown:?}");
}
