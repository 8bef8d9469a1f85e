//! What is grave takes an identification within the last minutes: the key service asks for it itself, whatever the pages did.

use super::world::World;
use domain::{ContactId, MandateId};
use key_client::{By, Change, Changed, Column, KeysError, contact_address};
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::SystemRandom;

both!(who_identified_some_time_ago_lets_nobody_help_removes_no_address_and_closes_nothing);

async fn who_identified_some_time_ago_lets_nobody_help_removes_no_address_and_closes_nothing(
    database: Database,
) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let contact_id = ContactId::new(&SystemRandom);
    let address = world.sealed(Column::Contact, contact_address(contact_id), "anna@example.se").await;
    let contact = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
        confirmed_at, code_tries) VALUES ($1, $2, 'email', $3, $4, 0, 0, 1, 0)";
    world.change(contact, args![contact_id, anna.person, &address, &[1u8; 32]]).await;
    let changes = || {
        let valid_to = world.clock_now().plus(Duration::from_secs(24 * 60 * 60));
        let mandate_id = MandateId::new(&SystemRandom);
        let note = vec![1; 40];
        let helper = bo.person;
        [
            Change::GrantHelper { mailbox_id: anna.mailbox, mandate_id, helper, note, valid_to },
            Change::RemoveContact { contact_id },
            Change::CloseMailbox { mailbox_id: anna.mailbox },
        ]
    };
    let stale = world.log_in(Some(anna.person));
    world.clock.advance(Duration::from_secs(301));
    for change in changes() {
        let name = change.name();
        let done = world.web.change(By::Grant(stale.clone()), change).await;
        assert_eq!(done, Err(KeysError::NotFresh), "{name}");
    }
    let nothing = "SELECT (SELECT COUNT(*) FROM mandate) \
                   + (SELECT COUNT(*) FROM mailbox WHERE closed_at IS NOT NULL) AS n";
    assert_eq!(world.letters.count(nothing).await, 0);
    assert_eq!(world.letters.count("SELECT COUNT(*) AS n FROM contact").await, 1);
    let fresh = world.log_in(Some(anna.person));
    for change in changes() {
        let name = change.name();
        let done = world.web.change(By::Grant(fresh.clone()), change).await;
        assert_eq!(done, Ok(Changed::Done(true)), "{name}");
    }
}
