//! What somebody signed, and what the operator orders for a number, changes the mailbox of whoever has that number.

use super::{
    vouching::unvouched,
    world::{Citizen, START, World},
};
use domain::{AddressMac, JobId};
use key_client::{By, Change, Changed, KeysError};
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _};
use vault::SystemRandom;

both!(
    ones_own_signature_moves_nobody_elses_mailbox,
    what_the_operator_orders_for_a_number_is_done_to_nobody_else,
    a_number_that_was_taken_away_is_not_taken_for_nobodys,
    a_registration_beside_an_open_mailbox_is_found,
);

const SWAP: &str = "UPDATE identity SET owner_id = $1 WHERE mac = $2";
const OPEN: &str = "SELECT count(*) AS n FROM mailbox WHERE closed_at IS NULL";

impl World {
    /// As far as the letters database goes, Bo's number is Anna's.
    async fn leads(&self, number_of: Citizen, to: Citizen) {
        self.letters.tamper(SWAP, args![to.person, &number_of.address_mac]).await;
    }

    async fn signed(&self, change: Change) -> Result<Changed, KeysError> {
        self.gateway.change(By::Agreement, change).await
    }
}

fn leave(who: Citizen) -> Change {
    let job = JobId::new(START, &SystemRandom);
    Change::Deregister { address_mac: who.address_mac, job, from: None }
}

fn come_home(who: Citizen) -> Change {
    let job = JobId::new(START, &SystemRandom);
    Change::Move { address_mac: who.address_mac, job, to: None, account_type: "secure".into() }
}

async fn ones_own_signature_moves_nobody_elses_mailbox(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    world.leads(bo, anna).await;
    for change in [leave(bo), come_home(bo)] {
        unvouched(world.signed(change).await, "identity");
    }
    assert_eq!(world.letters.count(OPEN).await, 2, "hers stays open");
    assert_eq!(world.letters.count("SELECT count(*) AS n FROM job WHERE kind = 'moved'").await, 0);
    world.leads(bo, bo).await;
    assert_eq!(world.service.check_sets(None).await.unwrap(), []);
    assert_eq!(world.signed(leave(bo)).await, Ok(Changed::Done(true)));
    // It is his own that has closed, and it is he who is told. It does not open hers either.
    let his = "SELECT count(*) AS n FROM job j JOIN mailbox m ON m.mailbox_id = j.subject \
        WHERE j.kind = 'moved' AND m.closed_at IS NOT NULL";
    assert_eq!((world.letters.count(OPEN).await, world.letters.count(his).await), (1, 1));
    world.leads(anna, bo).await;
    unvouched(world.signed(come_home(anna)).await, "identity");
    assert_eq!(world.letters.count(OPEN).await, 1);
}

async fn what_the_operator_orders_for_a_number_is_done_to_nobody_else(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let died = || Change::Deceased { address_mac: bo.address_mac, at: Some(START.date().start()) };
    let close = || Change::CloseFor { address_mac: bo.address_mac };
    let ordered = async |change| world.operator.change(By::Operator, change).await;
    world.leads(bo, anna).await;
    unvouched(ordered(died()).await, "identity");
    unvouched(ordered(close()).await, "identity");
    assert_eq!(
        world.letters.count("SELECT count(*) AS n FROM person WHERE deceased_at IS NOT NULL").await,
        0
    );
    assert_eq!(world.letters.count(OPEN).await, 2);
    world.leads(bo, bo).await;
    assert_eq!(ordered(close()).await, Ok(Changed::Done(true)));
    assert_eq!(ordered(close()).await, Ok(Changed::Done(false)));
    assert_eq!(ordered(died()).await, Ok(Changed::Done(true)));
    let nobody = Change::CloseFor { address_mac: AddressMac::from_bytes([7; 32]) };
    assert_eq!(ordered(nobody).await, Ok(Changed::Refused("no_mailbox".into())));
    for keys in [&world.web, &world.gateway, &world.notifier, &world.outgoing] {
        assert_eq!(keys.change(By::Operator, close()).await, Err(KeysError::NotAllowed));
    }
    assert_eq!(world.service.check_sets(None).await.unwrap(), []);
}

/// Nobody known by a number may be registered elsewhere by it; so a row that is missing must not make somebody unknown.
async fn a_number_that_was_taken_away_is_not_taken_for_nobodys(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    world.letters.tamper("UPDATE identity SET valid_to = valid_from", &[]).await;
    unvouched(world.signed(leave(anna)).await, "identity");
    world.letters.tamper("UPDATE identity SET valid_to = NULL", &[]).await;
    // Neither a mailbox whose row is gone.
    world.letters.tamper("UPDATE mailbox SET owner_id = $1", args![&[7u8; 16]]).await;
    unvouched(world.signed(leave(anna)).await, "mailbox");
    let nobodys = Change::Deregister {
        address_mac: AddressMac::from_bytes([7; 32]),
        job: JobId::new(START, &SystemRandom),
        from: None,
    };
    assert_eq!(world.signed(nobodys).await, Ok(Changed::Done(false)));
}

async fn a_registration_beside_an_open_mailbox_is_found(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let operator = "INSERT INTO operator (number, domain, name, service_address, own, added_at) \
        VALUES ('164020000065', 'ladan.example', 'L', 'https://ladan.example', 0, 0)";
    world.change(operator, &[]).await;
    let moved = "INSERT INTO registration (address_mac, registered_at, operator, account_type) \
        VALUES ($1, 0, '164020000065', 'secure')";
    world.letters.tamper(moved, args![&anna.address_mac]).await;
    let faults = world.service.check_sets(None).await.unwrap();
    assert_eq!(faults.iter().map(|fault| fault.table).collect::<Vec<_>>(), ["registration"]);
    world.change("UPDATE mailbox SET closed_at = 1", &[]).await;
    assert_eq!(world.service.check_sets(None).await.unwrap(), []);
}
