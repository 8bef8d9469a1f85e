//! Somebody has died, or had not.

use super::world::World;
use domain::{AddressMac, words::Because};
use key_client::{By, Change, Changed, KeysError};
use store::{both, testing::Database};
use testing::Rows as _;

both!(somebody_who_has_died_is_noted_by_the_operator_alone);

async fn somebody_who_has_died_is_noted_by_the_operator_alone(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen("198101052382").await;
    let now = domain::Clock::now(&*world.clock);
    let day = now.date().start();
    let note = |at| Change::Deceased { address_mac: anna.address_mac, at };
    for keys in [&world.web, &world.gateway, &world.notifier, &world.outgoing] {
        assert_eq!(keys.change(By::Operator, note(Some(day))).await, Err(KeysError::NotAllowed));
    }
    let grant = world.log_in(Some(anna.person));
    assert_eq!(world.web.change(By::Grant(grant), note(Some(day))).await, Err(KeysError::NotAllowed));
    let noted = async |at| world.operator.change(By::Operator, note(at)).await;
    let later = now.plus(std::time::Duration::from_secs(60));
    assert_eq!(noted(Some(later)).await, Ok(Changed::Refused("in_future".into())));
    assert_eq!(noted(Some(day)).await, Ok(Changed::Done(true)));
    assert_eq!(noted(Some(day)).await, Ok(Changed::Done(false)));
    assert_eq!(
        world.letters.count("SELECT count(*) AS n FROM person WHERE deceased_at IS NOT NULL").await,
        1
    );
    assert_eq!(world.service.check_sets(None).await.unwrap(), []);
    // Nobody acts for the mailbox any more, and nothing is opened.
    let grant = world.log_in(Some(anna.person));
    assert_eq!(world.web.rights(&grant).await.unwrap(), vec![]);
    assert_eq!(noted(None).await, Ok(Changed::Done(true)));
    assert_eq!(noted(None).await, Ok(Changed::Done(false)));
    let grant = world.log_in(Some(anna.person));
    assert_eq!(world.web.rights(&grant).await.unwrap(), vec![(anna.mailbox, Because::Owner)]);
    let events = "SELECT count(*) AS n FROM event WHERE type IN ('death_noted', 'death_withdrawn') \
        AND actor IS NULL AND mailbox_id = letter_id";
    assert_eq!(world.letters.count(events).await, 2);
    world.service.check_evidence().await.unwrap();
    assert_eq!(world.service.check_sets(None).await.unwrap(), []);
    let nobody = Change::Deceased { address_mac: AddressMac::from_bytes([7; 32]), at: Some(day) };
    let nobody = world.operator.change(By::Operator, nobody).await;
    assert_eq!(nobody, Ok(Changed::Refused("unknown_person".into())));
}
