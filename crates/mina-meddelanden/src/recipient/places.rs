//! Where recipients are, as far as it is vouched for. Whoever asks sends what is meant for them to where they are said to
//! be, so a row that another hand has written must not be told.

use super::Session;
use domain::{AddressMac, OrgNumber};
use intake::AcceptError;
use key_client::KeysError;
use registry::{
    recipient::Found,
    registrations::{Asked, Place, Status, status_many},
};

impl Session<'_> {
    /// One status for each, in order. An answer has no word for who is not vouched for, so then nothing is told.
    pub(super) async fn places(
        &self,
        macs: &[AddressMac],
        sender: Option<&OrgNumber>,
    ) -> Result<Vec<Status>, AcceptError> {
        let parts = &*self.far.0;
        let asked = sender.map(|sender| Asked { mac: &parts.gateway_keys.sender, sender });
        let mut each = macs.to_vec();
        each.sort_unstable();
        each.dedup();
        for _ in 0..TRIES {
            let now = parts.clock.now();
            let found = self.intake.look_up_many(&each, sender.unwrap_or(self.caller), now).await?;
            let mut tx = parts.store.read("where recipients are").await?;
            let told = status_many(&mut tx, macs, asked, now).await?;
            drop(tx);
            let mut same = true;
            for (mac, status) in macs.iter().zip(&told) {
                let found = found.get(mac).ok_or(KeysError::Unavailable)?;
                same &= says(found.as_ref().map_err(Clone::clone)?, status, sender.is_some());
            }
            if same {
                return Ok(told);
            }
        }
        Err(AcceptError::Unavailable("where a recipient is was changed at the same time"))
    }
}

/// Whether the status is what was compared with the key service. What is said of senders at another operator nobody vouches
/// for.
fn says(found: &Found, status: &Status, of_sender: bool) -> bool {
    let recipient = found.recipient.as_ref();
    let place = found.place().filter(|_| recipient.is_none_or(|one| !one.deceased));
    let accepts = recipient.is_none_or(|one| !one.declined);
    let here = of_sender && place == Some(Place::Here);
    status.account.as_ref().map(|account| &account.place) == place.as_ref()
        && (!here || status.accepts == accepts)
}

/// A change may lie between the two readings.
const TRIES: usize = 4;
