//! Recipients for the load: people who do not exist, with mailboxes that do.

use crate::{config::Config, house::Operator};
use account::NewPerson;
use anyhow::Result;
use domain::{Identity, OrgNumber};
use sender_tools::load::SENDERS;

/// So many people, always the same ones. Their numbers have birth numbers 980–999, which are not given to anybody.
pub fn people(count: usize) -> Vec<Identity> {
    numbers().take(count).collect()
}

/// Opens their mailboxes as the operator does, or finds them open from an earlier run.
pub async fn open(config: &Config, identities: &[Identity]) -> Result<()> {
    let operator = Operator::open(config).await?;
    let person = |identity: &Identity| NewPerson { identity: identity.clone(), name: "Prov Prov".to_owned() };
    let people: Vec<_> = identities.iter().map(person).collect();
    operator.accounts.open_for_people(&people).await?;
    // What is measured is the door and not the quota of the day.
    for number in SENDERS {
        operator.keys.set_lookup_quota(&OrgNumber::parse(number)?, Some(UNLIMITED)).await?;
    }
    operator.close().await;
    Ok(())
}

/// Valid numbers, always the same ones in the same order.
fn numbers() -> impl Iterator<Item = Identity> {
    let days =
        (1940..2000).flat_map(|year| (1..=12).flat_map(move |month| (1..=28).map(move |d| (year, month, d))));
    days.flat_map(|(year, month, day)| {
        (980..1000).filter_map(move |serial| {
            let nine = format!("{year:04}{month:02}{day:02}{serial:03}");
            (0..10).find_map(|check| Identity::parse(&format!("{nine}{check}")).ok())
        })
    })
}

/// More than any run sends.
const UNLIMITED: u64 = 1_000_000_000;

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn there_are_numbers_enough_and_none_twice() {
        let some: HashSet<_> = numbers().take(5000).map(|i| i.expose().to_owned()).collect();
        assert_eq!(some.len(), 5000);
    }
}
