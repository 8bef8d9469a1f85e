//! What is told of many at once.

use super::*;
use crate::{
    boxes, declined, operators, organisations,
    pending::{self, PendingKind},
    people, preferences,
    world::VERKET,
};
use domain::MailboxId;
use store::both;

both!(
    one_status_for_each_in_order,
    what_is_told_of_an_account,
    an_account_that_waits_for_signatures_is_pending,
    whoever_turns_a_sender_off_here_does_not_accept_it,
    whoever_turns_a_sender_off_elsewhere_does_not_accept_it,
    what_was_said_last_counts_after_a_move,
    without_a_sender_the_account_alone_counts,
    a_thousand_are_asked_for_in_one_statement,
);

async fn world(store: Store) -> World {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.operators(&mut tx).await;
    tx.commit().await.unwrap();
    world
}

async fn status(world: &World, tx: &mut Tx, name: &str) -> Status {
    status_of(world, tx, name, VERKET).await
}

async fn status_of(world: &World, tx: &mut Tx, name: &str, sender: &str) -> Status {
    let sender = org(sender);
    let asked = Asked { mac: &world.mac, sender: &sender };
    status_many(tx, &[world.address(name)], Some(asked), world.now()).await.unwrap().remove(0)
}

fn account(place: Place, account_type: AccountType, since: Time) -> Option<Account> {
    Some(Account { place, account_type, since })
}

async fn one_status_for_each_in_order(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    world.citizen(&mut tx, "anna").await;
    register_at(&world, &mut tx, "bo", LADAN).await.unwrap();
    let names = ["nobody", "bo", "anna", "bo", "nobody"];
    let macs: Vec<_> = names.iter().map(|name| world.address(name)).collect();
    let told = status_many(&mut tx, &macs, None, world.now()).await.unwrap();
    let places: Vec<_> = told.into_iter().map(|one| one.account.map(|account| account.place)).collect();
    assert_eq!(places, [None, Some(at(LADAN)), Some(Place::Here), Some(at(LADAN)), None]);
    assert!(status_many(&mut tx, &[], None, world.now()).await.unwrap().is_empty());
}

async fn what_is_told_of_an_account(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    assert_eq!(status(&world, &mut tx, "nobody").await, Status::default());
    // Known, but without a mailbox.
    let cleo = world.person(&mut tx, "cleo").await;
    assert_eq!(status(&world, &mut tx, "cleo").await, Status::default());
    people::decease(&mut tx, cleo, world.now()).await.unwrap();
    assert_eq!(status(&world, &mut tx, "cleo").await, Status { deceased: true, ..Status::default() });

    let (anna, mailbox) = world.citizen(&mut tx, "anna").await;
    let open = Status {
        account: account(Place::Here, AccountType::Secure, world.now()),
        accepts: true,
        ..Status::default()
    };
    world.later(Duration::from_secs(1));
    assert_eq!(status(&world, &mut tx, "anna").await, open);
    boxes::close(&mut tx, mailbox, &world.by(anna)).await.unwrap();
    assert_eq!(status(&world, &mut tx, "anna").await, Status { closed: true, ..Status::default() });
    let address_mac = world.address("anna");
    move_to(&mut tx, &address_mac, &at(LADAN), AccountType::Anonymous, &world.service()).await.unwrap();
    let elsewhere = Status {
        account: account(at(LADAN), AccountType::Anonymous, world.now()),
        closed: true,
        accepts: true,
        ..Status::default()
    };
    assert_eq!(status(&world, &mut tx, "anna").await, elsewhere);
    people::decease(&mut tx, anna, world.now()).await.unwrap();
    let dead = Status { closed: true, deceased: true, ..Status::default() };
    assert_eq!(status(&world, &mut tx, "anna").await, dead);

    // An organisation that has ended has no number any more.
    let company = world.organisation(&mut tx, "bolaget").await;
    world.open(&mut tx, Owner::Organisation(company)).await;
    assert!(status(&world, &mut tx, "bolaget").await.account.is_some());
    organisations::end(&mut tx, company, world.now()).await.unwrap();
    assert_eq!(status(&world, &mut tx, "bolaget").await, Status::default());
    register_at(&world, &mut tx, "bo", LADAN).await.unwrap();
    operators::end(&mut tx, &org(LADAN), world.now()).await.unwrap();
    assert_eq!(status(&world, &mut tx, "bo").await, Status::default());
}

async fn an_account_that_waits_for_signatures_is_pending(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let address_mac = world.address("bolaget");
    for kind in [PendingKind::Deregister, PendingKind::Move, PendingKind::Preferences] {
        pending::put(&mut tx, kind, &address_mac, None, b"sealed", world.now()).await.unwrap();
    }
    assert_eq!(status(&world, &mut tx, "bolaget").await, Status::default());
    let kind = PendingKind::Register;
    pending::put(&mut tx, kind, &address_mac, None, b"sealed", world.now()).await.unwrap();
    assert_eq!(status(&world, &mut tx, "bolaget").await, Status { pending: true, ..Status::default() });
    assert_eq!(status(&world, &mut tx, "another").await, Status::default());
    world.later(pending::LIFE);
    assert_eq!(status(&world, &mut tx, "bolaget").await, Status::default());
}

async fn decline(world: &World, tx: &mut Tx, mailbox: MailboxId, sender: &str, off: bool) {
    let tag = declined::sender_mac(&world.mac, mailbox, &org(sender));
    let done = match off {
        true => declined::decline(tx, mailbox, &org(sender), &tag, b"sealed", &world.service()).await,
        false => declined::accept(tx, mailbox, &org(sender), &tag, &world.service()).await,
    };
    assert!(done.unwrap());
}

async fn says_elsewhere(world: &World, tx: &mut Tx, name: &str, off: &[&str]) {
    let address_mac = world.address(name);
    let off: Vec<_> =
        off.iter().map(|number| preferences::sender_mac(&world.mac, &address_mac, &org(number))).collect();
    preferences::store(tx, &address_mac, &off, world.now()).await.unwrap();
}

/// Whether the sender is accepted, and since when that is so.
async fn accepts(world: &World, tx: &mut Tx, name: &str, sender: &str) -> (bool, Option<Time>) {
    let status = status_of(world, tx, name, sender).await;
    (status.accepts, status.accept_changed_at)
}

async fn whoever_turns_a_sender_off_here_does_not_accept_it(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    let (_, other) = world.citizen(&mut tx, "bo").await;
    decline(&world, &mut tx, other, KOMMUNEN, true).await;
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (true, None));
    for sender in [VERKET, KOMMUNEN] {
        decline(&world, &mut tx, mailbox, sender, true).await;
    }
    let off = world.now();
    world.later(Duration::from_secs(1));
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (false, Some(off)));
    decline(&world, &mut tx, mailbox, VERKET, false).await;
    let on = world.now();
    world.later(Duration::from_secs(1));
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (true, Some(on)));
    assert_eq!(accepts(&world, &mut tx, "anna", KOMMUNEN).await, (false, Some(off)));
    assert_eq!(accepts(&world, &mut tx, "bo", VERKET).await, (true, None));
    decline(&world, &mut tx, mailbox, VERKET, true).await;
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (false, Some(world.now())));
    // Nobody is told what somebody without an account wants.
    leaves(&world, &mut tx, "anna", &Place::Here).await;
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (false, None));
}

async fn whoever_turns_a_sender_off_elsewhere_does_not_accept_it(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    for name in ["anna", "bo"] {
        register_at(&world, &mut tx, name, LADAN).await.unwrap();
    }
    says_elsewhere(&world, &mut tx, "anna", &[VERKET]).await;
    let off = world.now();
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (false, Some(off)));
    assert_eq!(accepts(&world, &mut tx, "anna", KOMMUNEN).await, (true, None));
    assert_eq!(accepts(&world, &mut tx, "bo", VERKET).await, (true, None));
    world.later(Duration::from_secs(1));
    says_elsewhere(&world, &mut tx, "anna", &[]).await;
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (true, Some(world.now())));
    says_elsewhere(&world, &mut tx, "nobody", &[VERKET]).await;
    assert_eq!(accepts(&world, &mut tx, "nobody", VERKET).await, (false, None));
}

async fn what_was_said_last_counts_after_a_move(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    decline(&world, &mut tx, mailbox, VERKET, true).await;
    decline(&world, &mut tx, mailbox, KOMMUNEN, true).await;
    let here = world.now();
    world.later(Duration::from_secs(1));
    moves(&world, &mut tx, "anna", &at(LADAN)).await.unwrap();
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (false, Some(here)), "said here");
    says_elsewhere(&world, &mut tx, "anna", &[VERKET]).await;
    says_elsewhere(&world, &mut tx, "anna", &[]).await;
    let there = world.now();
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (true, Some(there)));
    assert_eq!(accepts(&world, &mut tx, "anna", KOMMUNEN).await, (false, Some(here)));
    // Here the mailbox's own list counts, which is what turns letters away.
    moves(&world, &mut tx, "anna", &Place::Here).await.unwrap();
    assert_eq!(accepts(&world, &mut tx, "anna", VERKET).await, (false, Some(here)));
}

async fn without_a_sender_the_account_alone_counts(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let (_, mailbox) = world.citizen(&mut tx, "anna").await;
    decline(&world, &mut tx, mailbox, VERKET, true).await;
    let told = status_many(&mut tx, &[world.address("anna")], None, world.now()).await.unwrap().remove(0);
    assert_eq!((told.accepts, told.accept_changed_at), (true, None));
}

async fn a_thousand_are_asked_for_in_one_statement(store: Store) {
    let world = world(store).await;
    let mut tx = world.tx().await;
    let name = |n: usize| format!("person {n}");
    let mut wanted = vec![None; 1000];
    for n in (0..1000).step_by(10) {
        let (_, mailbox) = world.citizen(&mut tx, &name(n)).await;
        if n % 20 == 0 {
            decline(&world, &mut tx, mailbox, KOMMUNEN, true).await;
            decline(&world, &mut tx, mailbox, VERKET, true).await;
        }
        wanted[n] = Some((Place::Here, n % 20 != 0));
        register_at(&world, &mut tx, &name(n + 1), LADAN).await.unwrap();
        says_elsewhere(&world, &mut tx, &name(n + 1), &[VERKET, KOMMUNEN][n / 10 % 2..]).await;
        wanted[n + 1] = Some((at(LADAN), n / 10 % 2 == 1));
    }
    let macs: Vec<_> = (0..1000).map(|n| world.address(&name(n))).collect();
    let sender = org(VERKET);
    let asked = Asked { mac: &world.mac, sender: &sender };
    let told = status_many(&mut tx, &macs, Some(asked), world.now()).await.unwrap();
    let told: Vec<_> =
        told.into_iter().map(|one| one.account.map(|account| (account.place, one.accepts))).collect();
    assert_eq!(told, wanted);
}
