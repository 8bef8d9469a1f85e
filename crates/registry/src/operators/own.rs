//! We ourselves, as the configuration has it.

use super::{NewOperator, Operator, OperatorError, add::Checked, changed, find, read};
use domain::Time;
use store::{Error, Tx, args};

/// Which operator we are. `None` until the service has started once.
pub async fn own(tx: &mut Tx) -> Result<Option<Operator>, Error> {
    tx.one(OWN, &[]).await?.as_ref().map(read).transpose()
}

/// Makes us the operator that the configuration says; false when we are so already. Under another number than
/// before, the one we were ends. Addresses may be plain HTTP: the configuration knows where that is allowed.
pub async fn set_own(tx: &mut Tx, new: &NewOperator<'_>, now: Time) -> Result<bool, OperatorError> {
    let new = Checked::of(new, &["https://", "http://"])?;
    if find(tx, new.number).await?.is_some_and(|other| !other.own && other.ended_at.is_none()) {
        return Err(OperatorError::NumberTaken(new.number.clone()));
    }
    let number = new.number.as_str();
    let left = tx.execute(LEAVE, args![now, number]).await?.count();
    new.domain_is_free(tx).await?;
    let args = args![number, &new.domain, &new.name, new.service_address, new.ui_address, now];
    let set = tx.execute(SET, args).await?.count();
    Ok(changed(tx, left + set > 0).await?)
}

const OWN: &str = "SELECT number, domain, name, service_address, ui_address, own, added_at, ended_at \
    FROM operator WHERE own = 1";
const LEAVE: &str =
    "UPDATE operator SET own = 0, ended_at = COALESCE(ended_at, $1) WHERE own = 1 AND number <> $2";
const SET: &str = "INSERT INTO operator (number, domain, name, service_address, ui_address, own, added_at) \
    VALUES ($1, $2, $3, $4, $5, 1, $6) ON CONFLICT (number) DO UPDATE SET domain = EXCLUDED.domain, \
    name = EXCLUDED.name, service_address = EXCLUDED.service_address, ui_address = EXCLUDED.ui_address, \
    own = 1, ended_at = NULL \
    WHERE operator.own = 0 OR operator.domain <> EXCLUDED.domain OR operator.name <> EXCLUDED.name \
    OR operator.service_address <> EXCLUDED.service_address \
    OR COALESCE(operator.ui_address, '') <> COALESCE(EXCLUDED.ui_address, '')";
