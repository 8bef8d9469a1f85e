use crate::world::{ANNA, BO, CLEO, World, identity};
use account::{AccountError, GrantError, InviteError, WantedHelper};
use domain::{
    MailboxId, PersonId,
    words::{Because, EventType},
};
use mailbox::Actor;
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;

both!(
    whoever_said_yes_and_was_seen_reads_until_the_right_is_taken_back,
    a_number_that_is_known_and_one_that_is_not_are_answered_alike,
    nobody_gets_a_right_that_the_owner_did_not_give_to_them,
    nobody_asks_for_anothers_mailbox,
    a_name_given_later_does_not_change_what_was_said_before,
);

const MONTH: Duration = Duration::from_secs(30 * 24 * 3600);

fn helper(world: &World, number: &str, label: &str) -> WantedHelper {
    let valid_to = domain::Clock::now(&*world.clock).plus(MONTH);
    WantedHelper { number: identity(number), label: label.to_owned(), valid_to }
}

/// All the way to the right.
async fn helps(world: &World, anna: &Actor, mailbox: MailboxId, bo: &Actor, label: &str) {
    world.web.invite(anna, "Anna Exempel", mailbox, &helper(world, BO, label)).await.unwrap();
    let id = world.web.asks(bo).await.unwrap()[0].invitation_id;
    assert!(world.web.accept_invitation(bo, "Bo Exempel", id).await.unwrap());
    world.web.grant_helper(anna, mailbox, id, bo.rights.person).await.unwrap();
}

async fn whoever_said_yes_and_was_seen_reads_until_the_right_is_taken_back(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let (bo, own) = world.settles(BO).await;
    world.web.invite(&anna, "Anna Exempel", mailbox, &helper(&world, BO, "Bo, min bror")).await.unwrap();
    let asks = world.web.asks(&bo).await.unwrap();
    assert_eq!((asks.len(), asks[0].owner.as_deref()), (1, Some("Anna Exempel")));
    let asked = world.web.asked(&anna, mailbox).await.unwrap();
    assert_eq!(asked[0].label.as_deref(), Some("Bo, min bror"));
    assert!(asked[0].helper.is_none());
    let id = asked[0].invitation_id;
    // Nothing before he said yes, nor before she has seen who it is.
    let early = world.web.grant_helper(&anna, mailbox, id, bo.rights.person).await;
    assert!(matches!(early, Err(GrantError::Unknown)), "{early:?}");
    assert!(world.web.accept_invitation(&bo, "Bo Exempel", id).await.unwrap());
    assert_eq!(world.rights(bo.rights.person).await.boxes, [(own, Because::Owner)]);
    let asked = world.web.asked(&anna, mailbox).await.unwrap();
    assert_eq!(asked[0].helper, Some((bo.rights.person, Some("Bo Exempel".to_owned()))));
    world.web.grant_helper(&anna, mailbox, id, bo.rights.person).await.unwrap();
    let rights = world.rights(bo.rights.person).await;
    assert_eq!(rights.boxes, [(own, Because::Owner), (mailbox, Because::Helper)]);
    let holders = world.web.holders(&anna.grant, mailbox).await.unwrap();
    assert_eq!(holders[0].name.as_deref(), Some("Bo Exempel (Bo, min bror)"));
    assert!(world.web.asked(&anna, mailbox).await.unwrap().is_empty());
    // Bo sees whose mailbox it is.
    let names = world.names(&bo).await;
    assert_eq!((names[&own].as_str(), names[&mailbox].as_str()), ("Bo Exempel", "Anna Exempel"));
    assert!(world.web.revoke_helper(&anna, mailbox, id).await.unwrap());
    assert!(!world.web.revoke_helper(&anna, mailbox, id).await.unwrap());
    assert_eq!(world.rights(bo.rights.person).await.boxes, [(own, Because::Owner)]);
    let word = "helper".to_owned();
    assert_eq!(
        world.chain(mailbox).await[1..],
        [(EventType::MandateGranted, word.clone()), (EventType::MandateRevoked, word)]
    );
}

async fn a_number_that_is_known_and_one_that_is_not_are_answered_alike(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    for number in [BO, CLEO] {
        world.web.invite(&anna, "Anna", mailbox, &helper(&world, number, "Hjälp")).await.unwrap();
        // With one that waits, both are answered so too.
        for other in [BO, CLEO] {
            let second = world.web.invite(&anna, "Anna", mailbox, &helper(&world, other, "Hjälp")).await;
            assert!(matches!(second, Err(InviteError::Another)), "{second:?}");
        }
        let asked = world.web.asked(&anna, mailbox).await.unwrap();
        assert_eq!(asked.len(), 1);
        assert!(asked[0].helper.is_none());
        let id = asked[0].invitation_id;
        assert!(world.web.withdraw_invitation(&anna, mailbox, id).await.unwrap());
    }
    assert!(world.web.asks(&bo).await.unwrap().is_empty(), "withdrawn");
    helps(&world, &anna, mailbox, &bo, "Bo").await;
    for number in [BO, CLEO] {
        let second = world.web.invite(&anna, "Anna", mailbox, &helper(&world, number, "Hjälp")).await;
        assert!(matches!(second, Err(InviteError::Another)), "{second:?}");
    }
    let oneself = world.web.invite(&anna, "Anna", mailbox, &helper(&world, ANNA, "Jag")).await;
    assert!(matches!(oneself, Err(InviteError::Oneself)), "{oneself:?}");
}

async fn nobody_gets_a_right_that_the_owner_did_not_give_to_them(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let (cleo, _) = world.settles(CLEO).await;
    world.web.invite(&anna, "Anna", mailbox, &helper(&world, BO, "Bo")).await.unwrap();
    let id = world.web.asked(&anna, mailbox).await.unwrap()[0].invitation_id;
    assert!(world.web.asks(&cleo).await.unwrap().is_empty());
    assert!(!world.web.accept_invitation(&cleo, "Bo Exempel", id).await.unwrap(), "another's");
    assert!(!world.web.decline_invitation(&cleo, id).await.unwrap());
    assert!(world.web.accept_invitation(&bo, "Bo Exempel", id).await.unwrap());
    // The owner was shown Bo, and Cleo stands there meanwhile.
    let other = world.web.grant_helper(&anna, mailbox, id, cleo.rights.person).await;
    assert!(matches!(other, Err(GrantError::Unknown)), "{other:?}");
    // Somebody has put Cleo into the row, beside Bo's name: it does not open there, and nobody gets anything.
    let put = async |person: PersonId| {
        let mut tx = world.store.begin("test").await.unwrap();
        let sql = "UPDATE invitation SET helper_id = $1";
        tx.execute(sql, store::args![person]).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
    };
    put(cleo.rights.person).await;
    let asked = world.web.asked(&anna, mailbox).await.unwrap();
    assert_eq!(asked[0].helper, Some((cleo.rights.person, None)));
    let other = world.web.grant_helper(&anna, mailbox, id, cleo.rights.person).await;
    assert!(matches!(other, Err(GrantError::Unknown)), "{other:?}");
    put(bo.rights.person).await;
    world.operator.close_for(&identity(ANNA)).await.unwrap();
    let closed = world.web.grant_helper(&anna, mailbox, id, bo.rights.person).await;
    assert!(matches!(closed, Err(GrantError::Frozen)), "{closed:?}");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate").await, 0);
}

async fn nobody_asks_for_anothers_mailbox(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let refused = world.web.invite(&bo, "Bo", mailbox, &helper(&world, BO, "Jag själv")).await;
    assert!(matches!(refused, Err(InviteError::Account(AccountError::NotFound))), "{refused:?}");
    helps(&world, &anna, mailbox, &bo, "Bo").await;
    // A helper reads, and changes nothing.
    let bo = world.actor(&bo.grant).await;
    let id = world.web.holders(&anna.grant, mailbox).await.unwrap()[0].mandate.mandate_id;
    let refused = world.web.revoke_helper(&bo, mailbox, id).await;
    assert!(matches!(refused, Err(AccountError::NotFound)), "{refused:?}");
    assert!(matches!(world.web.asked(&bo, mailbox).await, Err(AccountError::NotFound)));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate WHERE revoked_at IS NULL").await, 1);
}

async fn a_name_given_later_does_not_change_what_was_said_before(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let mut between = Vec::new();
    for label in ["Bo, min bror", "Grannen"] {
        helps(&world, &anna, mailbox, &bo, label).await;
        world.clock.advance(Duration::from_secs(60));
        between.push(domain::Clock::now(&*world.clock));
        let id = world.web.holders(&anna.grant, mailbox).await.unwrap()[0].mandate.mandate_id;
        assert!(world.web.revoke_helper(&anna, mailbox, id).await.unwrap());
        world.clock.advance(Duration::from_secs(60));
    }
    let names = world.web.holder_names(&anna.grant, mailbox).await.unwrap();
    let person = bo.rights.person;
    assert_eq!(names.at(person, between[0]), Some("Bo Exempel (Bo, min bror)"));
    assert_eq!(names.at(person, between[1]), Some("Bo Exempel (Grannen)"));
    assert_eq!(names.at(anna.rights.person, between[1]), None);
}
