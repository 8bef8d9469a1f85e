//! What recipients with a mailbox elsewhere have said of senders. Without a word every sender is accepted.
//!
//! Those with a mailbox here have theirs in [`declined`]; what they said here still counts after they have moved away,
//! until they say something else.

use crate::{
    declined,
    error::RegistryError,
    recorder::Recorder,
    senders::{self, Sender},
};
use domain::{AddressMac, DeclinedMac, MailboxId, OrgNumber, PreferenceMac, Time};
use std::collections::HashMap;
use store::{Error, Many, Tx, args, row};
use vault::mac::Mac;

/// What was said of one sender.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Preference {
    pub sender_mac: PreferenceMac,
    /// False: turned off. True: it was off and is on again.
    pub accepts: bool,
    pub changed_at: Time,
}

/// A sender that was turned off elsewhere and will be here.
#[derive(Clone, Copy, Debug)]
pub struct BroughtHome<'a> {
    pub sender: &'a OrgNumber,
    /// [`declined::sender_mac`] of the mailbox here.
    pub sender_mac: &'a DeclinedMac,
    /// (sealed) The sender's number, for `declined.sender`.
    pub sealed_sender: &'a [u8],
}

/// The tag under which a recipient's word on a sender is kept: different for every recipient, as in [`declined`].
pub fn sender_mac(mac: &Mac, address_mac: &AddressMac, sender: &OrgNumber) -> PreferenceMac {
    PreferenceMac::from_bytes(mac.tag(LABEL, &[address_mac.as_bytes(), sender.as_str().as_bytes()]))
}

/// From now on these senders are off and all others on. What was so already keeps its instant. Tells how many changed.
pub async fn store(
    tx: &mut Tx,
    address_mac: &AddressMac,
    off: &[PreferenceMac],
    now: Time,
) -> Result<u64, Error> {
    let known: HashMap<_, _> =
        list(tx, address_mac).await?.into_iter().map(|one| (one.sender_mac, one.accepts)).collect();
    let newly_off = off.iter().filter(|tag| known.get(*tag) != Some(&false));
    let newly_on = known.iter().filter(|(tag, accepts)| !**accepts && !off.contains(tag)).map(|(tag, _)| tag);
    let mut changes: Vec<_> =
        newly_off.map(|tag| (tag, false)).chain(newly_on.map(|tag| (tag, true))).collect();
    // In one order everywhere, and each once.
    changes.sort_unstable();
    changes.dedup();
    let rows: Vec<_> = changes.iter().map(|(tag, accepts)| row![address_mac, *tag, *accepts, now]).collect();
    Ok(tx.execute_many(&STORE, &rows).await?.count())
}

/// All that a recipient has said, by tag.
pub async fn list(tx: &mut Tx, address_mac: &AddressMac) -> Result<Vec<Preference>, Error> {
    let rows = tx.query(LIST, args![address_mac]).await?;
    let rows = rows.iter().map(|row| {
        Ok(Preference {
            sender_mac: row.tag("sender_mac")?,
            accepts: row.flag("accepts")?,
            changed_at: row.time("changed_at")?,
        })
    });
    rows.collect()
}

/// When a recipient last said anything of a sender.
pub async fn last_change(tx: &mut Tx, address_mac: &AddressMac) -> Result<Option<Time>, Error> {
    tx.one(LAST_CHANGE, args![address_mac]).await?.map_or(Ok(None), |row| row.opt_time("changed_at"))
}

/// The registered senders that a recipient has turned off.
pub async fn off(tx: &mut Tx, mac: &Mac, address_mac: &AddressMac) -> Result<Vec<Sender>, Error> {
    let said = list(tx, address_mac).await?;
    if said.is_empty() {
        return Ok(Vec::new());
    }
    let mut senders = senders::list(tx).await?;
    senders.retain(|sender| {
        let tag = sender_mac(mac, address_mac, &sender.number);
        said.iter().any(|one| one.sender_mac == tag && !one.accepts)
    });
    Ok(senders)
}

/// What a recipient said elsewhere holds in the mailbox here from now on. `off` is what [`off`] tells, sealed for the
/// mailbox; what is not in it is forgotten.
pub async fn bring_home(
    tx: &mut Tx,
    address_mac: &AddressMac,
    mailbox_id: MailboxId,
    off: &[BroughtHome<'_>],
    recorder: &Recorder<'_>,
) -> Result<(), RegistryError> {
    for one in off {
        declined::decline(tx, mailbox_id, one.sender, one.sender_mac, one.sealed_sender, recorder).await?;
    }
    tx.execute(FORGET, args![address_mac]).await?.ignore();
    Ok(())
}

const LABEL: &str = "preference";
static STORE: Many = Many::new(
    "INSERT INTO preference (address_mac, sender_mac, accepts, changed_at) VALUES ",
    4,
    " ON CONFLICT (address_mac, sender_mac) DO UPDATE SET accepts = EXCLUDED.accepts, \
     changed_at = EXCLUDED.changed_at",
);
const LIST: &str =
    "SELECT sender_mac, accepts, changed_at FROM preference WHERE address_mac = $1 ORDER BY sender_mac";
const LAST_CHANGE: &str = "SELECT max(changed_at) AS changed_at FROM preference WHERE address_mac = $1";
const FORGET: &str = "DELETE FROM preference WHERE address_mac = $1";

#[cfg(test)]
mod tests;
