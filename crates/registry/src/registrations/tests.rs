#![allow(clippy::unwrap_used, reason = "tests")]

mod places;
mod statuses;

use super::*;
use crate::{
    recipient,
    world::{BREVEN, KOMMUNEN, LADAN, OWN, World, org},
};
use domain::DeclinedMac;
use std::time::Duration;
use store::Store;

fn at(number: &str) -> Place {
    Place::At(org(number))
}

async fn register_at(
    world: &World,
    tx: &mut Tx,
    name: &str,
    number: &str,
) -> Result<bool, RegistrationError> {
    let address_mac = world.address(name);
    let operator = org(number);
    let new =
        NewRegistration { address_mac: &address_mac, operator: &operator, account_type: AccountType::Secure };
    register(tx, &new, &world.service()).await
}

async fn moves(world: &World, tx: &mut Tx, name: &str, to: &Place) -> Result<bool, RegistrationError> {
    move_to(tx, &world.address(name), to, AccountType::Secure, &world.service()).await
}

async fn leaves(world: &World, tx: &mut Tx, name: &str, from: &Place) -> bool {
    deregister(tx, &world.address(name), from, &world.service()).await.unwrap()
}

/// Where the recipient is: as the register of addresses tells it, and as letters that come here find it. The two must
/// agree.
async fn place(world: &World, tx: &mut Tx, name: &str) -> Option<Place> {
    let address_mac = world.address(name);
    let found = recipient::look_up(tx, &address_mac, world.now(), |_| DeclinedMac::from_bytes([0; 32]))
        .await
        .unwrap();
    let status = status_many(tx, &[address_mac], None, world.now()).await.unwrap().remove(0);
    let identity = org(KOMMUNEN).identity();
    let taken_here = found.reachable(&identity, world.now()).is_ok();
    let told = match (found.elsewhere(), taken_here) {
        (Some(operator), false) => Some(Place::At(operator.clone())),
        (None, true) => Some(Place::Here),
        (None, false) => None,
        (Some(_), true) => panic!("a letter is taken here for somebody who is elsewhere"),
    };
    let registered = find(tx, &address_mac).await.unwrap();
    assert_eq!(found.elsewhere(), registered.as_ref().map(|one| &one.operator));
    assert_eq!(status.account.map(|account| account.place), told);
    told
}
