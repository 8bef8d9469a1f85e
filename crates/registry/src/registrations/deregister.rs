//! A recipient gives a mailbox up.

use super::{Local, Place, find};
use crate::{boxes, error::RegistryError, recorder::Recorder};
use domain::AddressMac;
use store::{Tx, args};

/// Ends the registration at an operator, or closes the mailbox here. False when the recipient's mailbox is not at
/// that place, which changes nothing.
pub async fn deregister(
    tx: &mut Tx,
    address_mac: &AddressMac,
    from: &Place,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    let now = recorder.now();
    match from {
        Place::At(operator) => {
            Ok(tx.execute(END_AT, args![now, address_mac, operator.as_str()]).await?.any())
        }
        Place::Here => {
            let local = Local::hold(tx, address_mac, now).await?;
            if find(tx, address_mac).await?.is_some() {
                return Ok(false);
            }
            match local.and_then(|local| local.open_mailbox()) {
                Some(mailbox_id) => boxes::close(tx, mailbox_id, recorder).await,
                None => Ok(false),
            }
        }
    }
}

const END_AT: &str = "UPDATE registration \
    SET ended_at = CASE WHEN registered_at > $1 THEN registered_at ELSE CAST($1 AS BIGINT) END \
    WHERE address_mac = $2 AND operator = $3 AND ended_at IS NULL \
    AND EXISTS (SELECT 1 FROM operator o WHERE o.number = $3 AND o.own = 0 AND o.ended_at IS NULL)";
