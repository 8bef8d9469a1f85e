//! The authorities whose certificates connect and sign, and their revocation lists, read from files.

use super::{House, revocation::Lists};
use crate::config::Agency;
use anyhow::{Context, Result, bail};
use domain::Time;
use parking_lot::Mutex;
use sender_tools::files::authorities;
use std::path::PathBuf;
use tracing::warn;
use vault::Authorities;

/// What the configuration names, as it was last read whole.
pub struct Held(Mutex<Lists>);

impl Held {
    /// Reads the lists for the first time; one that cannot be used is named.
    pub fn read(agency: &Agency) -> Result<Self> {
        Ok(Self(Mutex::new(lists(agency)?)))
    }

    /// The authorities whose certificates may sign, with the lists in force.
    pub fn signing(&self, agency: &Agency) -> Result<Authorities> {
        with(signing(agency)?, &self.lists())
    }

    /// The lists in force, for the handshake.
    pub fn ders(&self) -> Vec<Vec<u8>> {
        self.lists().all().map(|list| list.der.clone()).collect()
    }

    fn lists(&self) -> Lists {
        self.0.lock().clone()
    }
}

/// Reads all that signs; a file that cannot be read is named.
pub fn read(agency: &Agency) -> Result<Authorities> {
    with(signing(agency)?, &lists(agency)?)
}

/// The files whose revocation lists are out of date, and since when.
pub fn stale_lists(agency: &Agency, now: Time) -> Result<Vec<(PathBuf, Time)>> {
    let lists = lists(agency)?;
    Ok(lists.stale(now).into_iter().map(|(path, since)| (path.to_owned(), since)).collect())
}

fn with(mut authorities: Authorities, lists: &Lists) -> Result<Authorities> {
    lists.all().try_for_each(|list| authorities.add(list)).context(LISTS)?;
    Ok(authorities)
}

fn lists(agency: &Agency) -> Result<Lists> {
    let Some(folder) = &agency.revocation_lists else { return Ok(Lists::default()) };
    let [signing, client] = owners(agency)?;
    Lists::read(LISTS, folder, &[&signing, &client])
}

/// Whose signature under a list is looked for.
fn owners(agency: &Agency) -> Result<[Authorities; 2]> {
    Ok([signing(agency)?, authorities(CLIENTS, &agency.client_authorities)?])
}

fn signing(agency: &Agency) -> Result<Authorities> {
    match &agency.signing_authorities {
        Some(path) => authorities("agency.signing_authorities", path),
        None => authorities(CLIENTS, &agency.client_authorities),
    }
}

impl House {
    /// Reads them again. What cannot be used changes nothing: what is in force stays so, and it is told.
    pub(super) fn refresh_trust(&self) -> Result<()> {
        let agency = &self.config.agency;
        let mut not_taken = Vec::new();
        if let Some(folder) = &agency.revocation_lists {
            let [signing, client] = owners(agency)?;
            let mut lists = self.held.lists();
            not_taken = lists.renew(LISTS, folder, &[&signing, &client]);
            *self.held.0.lock() = lists;
        }
        self.clients.renew_lists(self.held.ders()).context(LISTS)?;
        self.trust.replace(self.held.signing(agency)?);
        self.tell_lists(not_taken.len());
        if not_taken.is_empty() { Ok(()) } else { bail!(not_taken.join("; ")) }
    }

    /// How the lists stand, for the operator to see.
    pub(super) fn tell_lists(&self, not_taken: usize) {
        let lists = self.held.lists();
        let now = self.clock.now();
        let stale = lists.stale(now);
        for (path, since) in &stale {
            let path = path.display();
            let since = since.date();
            warn!(%path, %since, "A revocation list is out of date: what was revoked since is not known; fetch it anew");
        }
        metrics::gauge!("kuvert_revocation_lists", "state" => "in_force").set(lists.all().count() as f64);
        metrics::gauge!("kuvert_revocation_lists", "state" => "out_of_date").set(stale.len() as f64);
        metrics::gauge!("kuvert_revocation_lists", "state" => "not_taken").set(not_taken as f64);
    }
}

const LISTS: &str = "agency.revocation_lists";
const CLIENTS: &str = "agency.client_authorities";
