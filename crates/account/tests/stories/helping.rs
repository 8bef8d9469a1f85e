use crate::world::{ANNA, BO, CLEO, World, identity};
use account::{AccountError, GrantError, WantedHelper};
use domain::words::{Because, EventType};
use std::time::Duration;
use store::{both, testing::Database};

both!(
    a_helper_reads_until_the_right_is_taken_back,
    who_cannot_help_is_refused_and_nothing_is_stored,
    nobody_gives_rights_over_anothers_mailbox,
);

const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

fn helper(world: &World, number: &str, name: &str) -> WantedHelper {
    let valid_to = domain::Clock::now(&*world.clock).plus(MONTH);
    WantedHelper { number: identity(number), name: name.to_owned(), valid_to }
}

async fn a_helper_reads_until_the_right_is_taken_back(database: Database) {
    let world = World::new(database).await;
    let ((anna, mailbox), (bo, own)) = (world.settles(ANNA).await, world.settles(BO).await);
    world.web.grant_helper(&anna, mailbox, &helper(&world, BO, "Bo, min bror")).await.unwrap();
    let rights = world.rights(bo.rights.person).await;
    assert_eq!(rights.boxes, [(own, Because::Owner), (mailbox, Because::Helper)]);
    let holders = world.web.holders(&anna.grant, mailbox).await.unwrap();
    assert_eq!(holders[0].name.as_deref(), Some("Bo, min bror"));
    // Bo sees whose mailbox it is.
    let names = world.names(&bo).await;
    assert_eq!((names[&own].as_str(), names[&mailbox].as_str()), ("Bo Exempel", "Anna Exempel"));
    let second = world.web.grant_helper(&anna, mailbox, &helper(&world, BO, "Bo")).await;
    assert!(matches!(second, Err(GrantError::Another)), "{second:?}");
    let id = holders[0].mandate.mandate_id;
    assert!(world.web.revoke_helper(&anna, mailbox, id).await.unwrap());
    assert!(!world.web.revoke_helper(&anna, mailbox, id).await.unwrap());
    assert_eq!(world.rights(bo.rights.person).await.boxes, [(own, Because::Owner)]);
    let word = "helper".to_owned();
    assert_eq!(
        world.chain(mailbox).await[1..],
        [(EventType::MandateGranted, word.clone()), (EventType::MandateRevoked, word)]
    );
}

async fn who_cannot_help_is_refused_and_nothing_is_stored(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let unknown = world.web.grant_helper(&anna, mailbox, &helper(&world, CLEO, "Cleo")).await;
    assert!(matches!(unknown, Err(GrantError::Unknown)), "{unknown:?}");
    let oneself = world.web.grant_helper(&anna, mailbox, &helper(&world, ANNA, "Jag")).await;
    assert!(matches!(oneself, Err(GrantError::Oneself)), "{oneself:?}");
    world.settles(BO).await;
    let late = WantedHelper {
        valid_to: domain::Time::parse("2099-01-01T00:00:00Z").unwrap(),
        ..helper(&world, BO, "Bo")
    };
    let late = world.web.grant_helper(&anna, mailbox, &late).await;
    assert!(matches!(late, Err(GrantError::End)), "{late:?}");
    world.operator.close_for(mailbox).await.unwrap();
    let closed = world.web.grant_helper(&anna, mailbox, &helper(&world, BO, "Bo")).await;
    assert!(matches!(closed, Err(GrantError::Frozen)), "{closed:?}");
    assert_eq!(world.count("SELECT count(*) FROM mandate").await, 0);
}

async fn nobody_gives_rights_over_anothers_mailbox(database: Database) {
    let world = World::new(database).await;
    let ((anna, mailbox), (bo, _)) = (world.settles(ANNA).await, world.settles(BO).await);
    let refused = world.web.grant_helper(&bo, mailbox, &helper(&world, BO, "Jag själv")).await;
    assert!(matches!(refused, Err(GrantError::Account(AccountError::NotFound))), "{refused:?}");
    world.web.grant_helper(&anna, mailbox, &helper(&world, BO, "Bo")).await.unwrap();
    // A helper reads, and changes nothing.
    let bo = world.actor(&bo.grant).await;
    let id = world.web.holders(&anna.grant, mailbox).await.unwrap()[0].mandate.mandate_id;
    let refused = world.web.revoke_helper(&bo, mailbox, id).await;
    assert!(matches!(refused, Err(AccountError::NotFound)), "{refused:?}");
    assert_eq!(world.count("SELECT count(*) FROM mandate WHERE revoked_at IS NULL").await, 1);
}
