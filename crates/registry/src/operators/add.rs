//! An operator becomes known, comes back, or changes its addresses.

use super::{OperatorError, by_domain, changed, not_own};
use crate::senders::shown;
use domain::{OrgNumber, Time, text};
use store::{Tx, args};

/// What is said of an operator.
#[derive(Clone, Debug)]
pub struct NewOperator<'a> {
    pub number: &'a OrgNumber,
    pub domain: &'a str,
    pub name: &'a str,
    /// URL of its `Service/v3`.
    pub service_address: &'a str,
    /// URL of its pages for recipients.
    pub ui_address: Option<&'a str>,
}

/// Adds another operator. False when the number is there already, which is then left as it is; one that had ended
/// comes back as it is said to be now.
pub async fn add(tx: &mut Tx, new: &NewOperator<'_>, now: Time) -> Result<bool, OperatorError> {
    let new = Checked::of(new, &["https://"])?;
    not_own(tx, new.number).await?;
    new.domain_is_free(tx).await?;
    let Checked { number, domain, name, service_address, ui_address } = new;
    let args = args![number.as_str(), &domain, &name, service_address, ui_address, now];
    let added = tx.execute(ADD, args).await?.any();
    Ok(changed(tx, added).await?)
}

/// Gives an operator another domain, name and addresses; false when there is no such operator, or it has ended.
pub async fn change(tx: &mut Tx, new: &NewOperator<'_>) -> Result<bool, OperatorError> {
    let new = Checked::of(new, &["https://"])?;
    not_own(tx, new.number).await?;
    new.domain_is_free(tx).await?;
    let Checked { number, domain, name, service_address, ui_address } = new;
    let args = args![&domain, &name, service_address, ui_address, number.as_str()];
    let set = tx.execute(CHANGE, args).await?.any();
    Ok(changed(tx, set).await?)
}

/// What may be stored.
pub(super) struct Checked<'a> {
    pub(super) number: &'a OrgNumber,
    pub(super) domain: String,
    pub(super) name: String,
    pub(super) service_address: &'a str,
    pub(super) ui_address: Option<&'a str>,
}

impl<'a> Checked<'a> {
    pub(super) fn of(new: &NewOperator<'a>, schemes: &[&str]) -> Result<Self, OperatorError> {
        let domain = new.domain.trim().to_ascii_lowercase();
        if !is_domain(&domain) {
            return Err(OperatorError::Domain);
        }
        for address in std::iter::once(new.service_address).chain(new.ui_address) {
            if !is_address(address, schemes) {
                return Err(OperatorError::Address);
            }
        }
        let name = shown(new.name)?;
        let service_address = new.service_address;
        let ui_address = new.ui_address;
        Ok(Self { number: new.number, domain, name, service_address, ui_address })
    }

    pub(super) async fn domain_is_free(&self, tx: &mut Tx) -> Result<(), OperatorError> {
        match by_domain(tx, &self.domain).await? {
            Some(other) if other.number != *self.number => Err(OperatorError::DomainTaken(other.number)),
            _ => Ok(()),
        }
    }
}

fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    };
    text.len() <= 253 && text.contains('.') && text.split('.').all(label)
}

fn is_address(text: &str, schemes: &[&str]) -> bool {
    let rest = schemes.iter().find_map(|scheme| text.strip_prefix(scheme));
    text::line(text, 1, 255).is_ok()
        && rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with('/'))
        && text.bytes().all(|b| b.is_ascii_graphic())
}

const ADD: &str = "INSERT INTO operator (number, domain, name, service_address, ui_address, own, added_at) \
    VALUES ($1, $2, $3, $4, $5, 0, $6) ON CONFLICT (number) DO UPDATE SET domain = EXCLUDED.domain, \
    name = EXCLUDED.name, service_address = EXCLUDED.service_address, ui_address = EXCLUDED.ui_address, \
    added_at = EXCLUDED.added_at, ended_at = NULL WHERE operator.ended_at IS NOT NULL";
const CHANGE: &str = "UPDATE operator SET domain = $1, name = $2, service_address = $3, ui_address = $4 \
    WHERE number = $5 AND ended_at IS NULL";
