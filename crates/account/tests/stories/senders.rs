use crate::world::{ANNA, BO, OFFICE, TOWN, World, org};
use account::AccountError;
use domain::words::EventType;
use store::{both, testing::Database};
use testing::Rows as _;

both!(a_sender_is_turned_off_and_on_again, only_who_governs_a_mailbox_turns_senders_off);

async fn a_sender_is_turned_off_and_on_again(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let off = async || {
        let all = world.web.senders(&anna, mailbox).await.unwrap();
        assert_eq!(all.len(), 2);
        all.into_iter().filter(|(_, since)| since.is_some()).map(|(one, _)| one.number).collect::<Vec<_>>()
    };
    for _ in 0..2 {
        world.web.turn_off(&anna, mailbox, &org(TOWN)).await.unwrap();
    }
    assert_eq!(off().await, [org(TOWN)]);
    for _ in 0..2 {
        world.web.turn_on(&anna, mailbox, &org(TOWN)).await.unwrap();
    }
    assert_eq!(off().await, []);
    let kinds: Vec<_> = world.chain(mailbox).await.into_iter().map(|(kind, _)| kind).collect();
    assert_eq!(kinds[1..], [EventType::SenderDeclined, EventType::SenderAccepted], "twice is once");
}

async fn only_who_governs_a_mailbox_turns_senders_off(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let town = org(TOWN);
    let nobody = org("164020000032");
    for (who, sender) in [(&bo, &town), (&anna, &nobody)] {
        for refused in [
            world.web.turn_off(who, mailbox, sender).await,
            world.web.turn_on(who, mailbox, sender).await,
            world.web.sender(who, mailbox, sender).await.map(drop),
        ] {
            assert!(matches!(refused, Err(AccountError::NotFound)), "{refused:?}");
        }
    }
    assert!(world.web.senders(&bo, mailbox).await.is_err());
    assert_eq!(world.store.count("SELECT count(*) AS n FROM declined").await, 0);
    assert_eq!(world.web.sender(&anna, mailbox, &org(OFFICE)).await.unwrap().name, "Exempelverket");
}
