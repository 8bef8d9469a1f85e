//! A recipient changes operator: away from here, between two others, or back.

use super::{
    AccountType, Local, NewRegistration, Place, Registration, RegistrationError, add, check_operator,
    end_current, end_of_owner, find, settle_here,
};
use crate::{boxes, owner::Owner, recorder::Recorder};
use domain::{AddressMac, OrgNumber, Time};
use store::{Error, Tx};

/// Moves a recipient, from wherever the mailbox is now or from nowhere. False when it is there already.
///
/// Away: the registration is written and the mailbox here closed. Back: the registration ends and the mailbox here is
/// opened again, with its letters; what the recipient said of senders meanwhile is brought along by
/// [`preferences::bring_home`](crate::preferences::bring_home). `account_type` is of the mailbox elsewhere.
pub async fn move_to(
    tx: &mut Tx,
    address_mac: &AddressMac,
    to: &Place,
    account_type: AccountType,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistrationError> {
    let now = recorder.now();
    if let Place::At(operator) = to {
        check_operator(tx, operator).await?;
    }
    let local = Local::hold(tx, address_mac, now).await?;
    if local.as_ref().is_some_and(|local| local.deceased) {
        return Err(RegistrationError::Deceased);
    }
    match to {
        Place::Here => {
            let local = local.ok_or(RegistrationError::NoMailbox)?;
            let (mailbox_id, _) = local.mailbox.ok_or(RegistrationError::NoMailbox)?;
            let registered = bring_home(tx, local.owner, now).await?.is_some();
            let opened = boxes::reopen(tx, mailbox_id, boxes::MOVED, recorder).await?;
            Ok(registered || opened)
        }
        Place::At(operator) => {
            let new = NewRegistration { address_mac, operator, account_type };
            let moved = replace(tx, &new, now).await?;
            // Also when it was registered before: no mailbox is open here beside it.
            let closed = match local.and_then(|local| local.open_mailbox()) {
                Some(mailbox_id) => boxes::close_because(tx, mailbox_id, boxes::MOVED, recorder).await?,
                None => false,
            };
            Ok(moved || closed)
        }
    }
}

/// Ends what registrations the owner's numbers have, so that a mailbox can be opened here; tells where the last of
/// them was.
pub async fn bring_home(tx: &mut Tx, owner: Owner, now: Time) -> Result<Option<OrgNumber>, Error> {
    let from = settle_here(tx, owner, now).await?;
    if from.is_some() {
        end_of_owner(tx, owner, now).await?;
    }
    Ok(from)
}

/// The new registration in place of the current one, if any. Tried again when another transaction has registered the
/// same recipient meanwhile: the last one counts.
async fn replace(tx: &mut Tx, new: &NewRegistration<'_>, now: Time) -> Result<bool, Error> {
    for _ in 0..TRIES {
        match find(tx, new.address_mac).await? {
            Some(Registration { operator, account_type, .. })
                if operator == *new.operator && account_type == new.account_type =>
            {
                return Ok(false);
            }
            _ => end_current(tx, new.address_mac, now).await?,
        }
        if add(tx, new, now).await? {
            return Ok(true);
        }
    }
    Err(Error::NO_ROW)
}

const TRIES: usize = 12;
