//! Recipients as the key service vouches for them. What the database says of a mailbox is a claim: a letter is sealed
//! only to the key that the key service names, and only where the rows of the recipient are those it vouches for.

use crate::{AcceptError, House, Intake};
use domain::{AddressMac, Expiring, OrgNumber, Time};
use key_client::{AddressStatement, KeysError};
use parking_lot::Mutex;
use registry::{recipient::Found, sets::Table};
use std::{collections::HashMap, sync::Arc, time::Duration};
use tracing::error;

type Statement = Option<Arc<AddressStatement>>;

/// What the key service said a few seconds ago.
pub(crate) struct Statements(Mutex<Expiring<AddressMac, Statement>>);

impl Statements {
    fn held(&self, macs: &[AddressMac], now: Time) -> HashMap<AddressMac, Statement> {
        let held = self.0.lock();
        macs.iter().filter_map(|mac| Some((*mac, held.get(mac, now)?.clone()))).collect()
    }

    fn keep(&self, said: &HashMap<AddressMac, Statement>, now: Time) {
        let mut held = self.0.lock();
        said.iter().for_each(|(mac, statement)| held.put(*mac, statement.clone(), now));
    }
}

impl Default for Statements {
    fn default() -> Self {
        Self(Mutex::new(Expiring::new(MOST, KEPT)))
    }
}

impl House {
    /// What the key service vouches for: from memory while that is young, unless `anew`.
    async fn statements(
        &self,
        macs: &[AddressMac],
        anew: bool,
    ) -> Result<HashMap<AddressMac, Statement>, KeysError> {
        let now = self.clock.now();
        let mut known = if anew { HashMap::new() } else { self.statements.held(macs, now) };
        let mut missing: Vec<_> = macs.iter().filter(|mac| !known.contains_key(*mac)).copied().collect();
        missing.sort_unstable();
        missing.dedup();
        for some in missing.chunks(AT_ONCE) {
            let said = self.keys.statements(some).await?;
            let said: HashMap<_, _> =
                some.iter().copied().zip(said.into_iter().map(|one| one.map(Arc::new))).collect();
            self.statements.keep(&said, now);
            known.extend(said);
        }
        Ok(known)
    }

    /// Compares what was found with what is vouched for, and takes the mailboxes' keys from there. Answers what did not
    /// fit: read it anew and ask again, since a change may lie between the two.
    pub(crate) async fn vouch<K: Copy>(
        &self,
        found: &mut [(K, AddressMac, &mut Found)],
        anew: bool,
    ) -> Result<Vec<(K, Table)>, KeysError> {
        let macs: Vec<_> = found.iter().map(|(_, mac, _)| *mac).collect();
        let said = self.statements(&macs, anew).await?;
        let mut unfit = vec![];
        for (key, mac, found) in found {
            let statement = said.get(mac).and_then(|one| one.as_deref());
            if let Err(table) = found.vouched_by(statement) {
                unfit.push((*key, table));
            }
        }
        Ok(unfit)
    }
}

/// Counts it, and tells the operator: somebody has changed the database, or it was restored.
pub(crate) fn alarm(table: Table, found: &Found) -> KeysError {
    let table = table.as_str();
    metrics::counter!("kuvert_unvouched_total", "table" => table).increment(1);
    let mailbox = found.recipient.as_ref().map(|one| one.mailbox_id.to_string()).unwrap_or_default();
    error!(table, mailbox.id = mailbox, "What the database says of a recipient is not vouched for");
    KeysError::Unvouched(table.to_owned())
}

impl Intake {
    /// Looks one address up; what is found is vouched for.
    pub(crate) async fn look_up(
        &self,
        address_mac: &AddressMac,
        sender: &OrgNumber,
        now: Time,
    ) -> Result<Found, AcceptError> {
        let mut found = self.look_up_many(std::slice::from_ref(address_mac), sender, now).await?;
        found.remove(address_mac).ok_or(AcceptError::Unknown)?.map_err(AcceptError::from)
    }

    /// Looks many addresses up for one sender; each is in the answer, vouched for or refused.
    pub async fn look_up_many(
        &self,
        address_macs: &[AddressMac],
        sender: &OrgNumber,
        now: Time,
    ) -> Result<HashMap<AddressMac, Result<Found, KeysError>>, AcceptError> {
        let house = &*self.0;
        let mut done = HashMap::new();
        let mut wanted = address_macs.to_vec();
        for attempt in 0..TRIES {
            let declined =
                |mailbox| registry::declined::sender_mac(&house.gateway_keys.sender, mailbox, sender);
            let mut tx = house.store.read("look recipients up").await?;
            let mut found = registry::recipient::look_up_many(&mut tx, &wanted, now, declined).await?;
            drop(tx);
            let mut asked: Vec<_> = found.iter_mut().map(|(mac, found)| (*mac, *mac, found)).collect();
            let unfit: HashMap<_, _> = house.vouch(&mut asked, attempt > 0).await?.into_iter().collect();
            let last = attempt + 1 == TRIES;
            wanted = vec![];
            for (mac, found) in found {
                match unfit.get(&mac) {
                    None => drop(done.insert(mac, Ok(found))),
                    Some(table) if last => drop(done.insert(mac, Err(alarm(*table, &found)))),
                    Some(_) => wanted.push(mac),
                }
            }
            if wanted.is_empty() {
                break;
            }
        }
        Ok(done)
    }
}

/// How often rows are read before they count as not vouched for.
pub(crate) const TRIES: usize = 4;
/// How long an answer of the key service is used again.
const KEPT: Duration = Duration::from_secs(10);
/// Answers that are kept; some 30 MB.
const MOST: usize = 100_000;
/// Addresses in one question.
const AT_ONCE: usize = 1_000;
