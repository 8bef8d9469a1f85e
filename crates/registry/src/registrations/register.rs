//! A recipient gets a mailbox at another operator, having none.

use super::{AccountType, Local, Place, RegistrationError, add, check_operator, end_current, find};
use crate::recorder::Recorder;
use domain::{AddressMac, OrgNumber};
use store::{Error, Tx};

/// A mailbox at another operator.
#[derive(Clone, Copy, Debug)]
pub struct NewRegistration<'a> {
    /// Addressing tag of the recipient's number.
    pub address_mac: &'a AddressMac,
    /// Another one than we.
    pub operator: &'a OrgNumber,
    pub account_type: AccountType,
}

/// Registers a recipient who has a mailbox nowhere. False when it is registered at this operator already, which
/// changes nothing. Someone with a mailbox elsewhere, here too, moves instead: [`move_to`](super::move_to()).
pub async fn register(
    tx: &mut Tx,
    new: &NewRegistration<'_>,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistrationError> {
    let now = recorder.now();
    check_operator(tx, new.operator).await?;
    if let Some(local) = Local::hold(tx, new.address_mac, now).await? {
        if local.deceased {
            return Err(RegistrationError::Deceased);
        }
        if local.open_mailbox().is_some() && find(tx, new.address_mac).await?.is_none() {
            return Err(RegistrationError::Elsewhere(Place::Here));
        }
    }
    if add(tx, new, now).await? {
        return Ok(true);
    }
    match find(tx, new.address_mac).await? {
        Some(known) if known.operator == *new.operator => Ok(false),
        Some(known) => Err(RegistrationError::Elsewhere(Place::At(known.operator))),
        // What is in the way is of an operator that has ended.
        None => {
            end_current(tx, new.address_mac, now).await?;
            match add(tx, new, now).await? {
                true => Ok(true),
                false => Err(Error::NO_ROW.into()),
            }
        }
    }
}
