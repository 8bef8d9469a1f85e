//! People who read: each logs in over the pages, from an address of their own.

use super::service::Service;
use crate::citizen::{self, Citizen};
use anyhow::Result;
use domain::Identity;
use futures_util::{StreamExt, TryStreamExt, stream};
use std::net::{IpAddr, Ipv4Addr};

/// Each of these people opens a mailbox, unless they have one.
pub async fn open_mailboxes(service: &Service, people: &[Identity], at_once: usize) -> Result<()> {
    let logged_in = log_in(service, people, at_once).await?;
    let opened = logged_in.into_iter().map(|mut citizen| async move { citizen.open_mailbox().await });
    stream::iter(opened).buffer_unordered(at_once).try_collect::<Vec<()>>().await?;
    Ok(())
}

/// Logs them in, so many at a time.
pub async fn log_in(service: &Service, people: &[Identity], at_once: usize) -> Result<Vec<Citizen>> {
    let http = citizen::client()?;
    let one = |(no, identity): (usize, &Identity)| {
        let http = http.clone();
        let number = identity.expose().to_owned();
        async move { Citizen::log_in_from(http, service.web(), &number, Some(address(no))).await }
    };
    let all: Vec<_> = people.iter().enumerate().map(one).collect();
    stream::iter(all).buffered(at_once.max(1)).try_collect().await
}

/// Each person's own, two hundred in a network.
fn address(no: usize) -> IpAddr {
    let part = |no: usize| u8::try_from(no % 200 + 1).unwrap_or(1);
    Ipv4Addr::new(10, part(no / 40_000), part(no / 200), part(no)).into()
}
