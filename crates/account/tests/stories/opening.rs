use crate::world::{ANNA, BO, CLEO, COMPANY, DAVID, LADAN, OFFICE, World, identity, org, person};
use account::{AccountError, OpenError, Opened};
use domain::{Language, words::EventType};
use registry::boxes::BoxError;
use store::{both, testing::Database};
use testing::Rows as _;

both!(
    whoever_logs_in_opens_a_mailbox_once,
    a_child_opens_none,
    whoever_has_one_elsewhere_is_asked_before_it_moves,
    the_operator_opens_for_people_and_keeps_those_that_are_there,
    an_organisation_is_opened_by_its_number,
    two_first_log_ins_at_once_make_one_mailbox,
    the_owner_closes_and_opens_again_and_nobody_else_does,
);

async fn whoever_logs_in_opens_a_mailbox_once(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    assert_eq!(anna.rights.boxes.len(), 1);
    let again = world.web.open_mailbox(&anna.grant, Language::English, false).await.unwrap();
    assert_eq!(again, Opened::Here(mailbox));
    assert_eq!(world.chain(mailbox).await, [(EventType::MailboxOpened, String::new())]);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM person").await, 1);
    // Closed, and open again under its own id.
    assert!(world.operator.close_for(&identity(ANNA)).await.unwrap());
    assert!(!world.operator.close_for(&identity(ANNA)).await.unwrap());
    let again = world.web.open_mailbox(&anna.grant, Language::Swedish, false).await.unwrap();
    assert_eq!(again, Opened::Here(mailbox));
    assert_eq!(world.chain(mailbox).await.last().unwrap().1, "again");
}

async fn a_child_opens_none(database: Database) {
    let world = World::new(database).await;
    let david = world.logs_in(DAVID).await;
    let refused = world.web.open_mailbox(&david, Language::Swedish, false).await;
    assert!(matches!(refused, Err(OpenError::Box(BoxError::UnderAge))), "{refused:?}");
    let refused = world.operator.open_for_people(&[person(ANNA, "Anna"), person(DAVID, "David")]).await;
    assert!(matches!(refused, Err(OpenError::Box(BoxError::UnderAge))), "{refused:?}");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mailbox").await, 0, "one commit: all or none");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM person").await, 0);
}

async fn whoever_has_one_elsewhere_is_asked_before_it_moves(database: Database) {
    let world = World::new(database).await;
    world.is_elsewhere(CLEO, OFFICE).await;
    let cleo = world.logs_in(CLEO).await;
    let asked = world.web.open_mailbox(&cleo, Language::Swedish, false).await.unwrap();
    assert_eq!(asked, Opened::Elsewhere(org(LADAN)));
    assert_eq!(world.web.operator_name(&org(LADAN)).await.unwrap(), "Lådan");
    assert_eq!(world.web.operator_name(&org(OFFICE)).await.unwrap(), OFFICE);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM person").await, 0, "known for a question");
    let kept = world.operator.open_for_people(&[person(CLEO, "Cleo")]).await.unwrap();
    assert_eq!(kept, [Opened::Elsewhere(org(LADAN))], "nobody is moved unasked");
    let moved = world.web.open_mailbox(&cleo, Language::Swedish, true).await.unwrap();
    let Opened::Here(mailbox) = moved else { panic!("{moved:?}") };
    // What was said there holds here.
    let cleo = world.actor(&cleo).await;
    let senders = world.web.senders(&cleo, mailbox).await.unwrap();
    let off: Vec<_> =
        senders.iter().filter(|(_, since)| since.is_some()).map(|(one, _)| &one.number).collect();
    assert_eq!(off, [&org(OFFICE)]);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM preference").await, 0);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM registration WHERE ended_at IS NULL").await, 0);
}

async fn the_operator_opens_for_people_and_keeps_those_that_are_there(database: Database) {
    let world = World::new(database).await;
    let (_, own) = world.settles(ANNA).await;
    let people = [person(ANNA, "Anna Exempel"), person(BO, "Bo Exempel")];
    let opened = world.operator.open_for_people(&people).await.unwrap();
    assert_eq!(opened[0], Opened::Here(own));
    let Opened::Here(of_bo) = opened[1] else { panic!("{opened:?}") };
    let found = world.operator.mailbox_of(&identity(BO)).await.unwrap().unwrap();
    assert_eq!((found.mailbox_id, found.closed_at), (of_bo, None));
    assert_eq!(world.operator.open_for_people(&people).await.unwrap(), opened);
    assert!(world.operator.mailbox_of(&identity(CLEO)).await.unwrap().is_none());
    let company = person(COMPANY, "Exempelbolaget AB");
    let refused = world.operator.open_for_people(&[company]).await;
    assert!(matches!(refused, Err(OpenError::NotAPerson)), "{refused:?}");
    // It is Bo's when he logs in.
    let (bo, mailbox) = world.settles(BO).await;
    assert_eq!((bo.rights.boxes.len(), mailbox), (1, of_bo));
}

async fn an_organisation_is_opened_by_its_number(database: Database) {
    let world = World::new(database).await;
    let number = org(COMPANY);
    let name = "Exempelbolaget AB";
    let mailbox = world.operator.open_for_organisation(&number, name).await.unwrap();
    assert_eq!(world.operator.open_for_organisation(&number, name).await.unwrap(), mailbox);
    let found = world.operator.mailbox_of(&number.identity()).await.unwrap().unwrap();
    assert_eq!(found.mailbox_id, mailbox);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM organisation").await, 1);
}

async fn two_first_log_ins_at_once_make_one_mailbox(database: Database) {
    let world = World::new(database).await;
    let one = world.logs_in(ANNA).await;
    let two = world.logs_in(ANNA).await;
    let open = |grant| world.web.open_mailbox(grant, Language::Swedish, false);
    let (one, two) = tokio::join!(open(&one), open(&two));
    assert_eq!(one.unwrap(), two.unwrap());
    assert_eq!(world.store.count("SELECT count(*) AS n FROM person").await, 1);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mailbox").await, 1);
}

async fn the_owner_closes_and_opens_again_and_nobody_else_does(database: Database) {
    let world = World::new(database).await;
    let (anna, mailbox) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let refused = world.web.close_mailbox(&bo, mailbox).await;
    assert!(matches!(refused, Err(AccountError::NotFound)), "{refused:?}");
    assert!(world.web.close_mailbox(&anna, mailbox).await.unwrap());
    assert!(!world.web.close_mailbox(&anna, mailbox).await.unwrap());
    assert!(world.web.was_closed_by_owner(&anna, mailbox).await.unwrap());
    let again = world.web.open_mailbox(&anna.grant, Language::Swedish, false).await.unwrap();
    assert_eq!(again, Opened::Here(mailbox));
    assert!(world.operator.close_for(&identity(ANNA)).await.unwrap());
    assert!(!world.web.was_closed_by_owner(&anna, mailbox).await.unwrap(), "the operator did");
}
