//! Mailbox operators: where recipients have their mailboxes, we ourselves among them.
//!
//! What is said of us comes from the configuration at every start ([`set_own`]); the others are the operator's to
//! keep. Every change raises the registry's version, so that gateways know of it with the next letter.

mod add;
mod certificates;
mod own;

pub use add::{NewOperator, add, change};
pub use certificates::{
    OperatorCertificate, OperatorCertificateError, add_certificate, all_certificates, certificates_of,
    of_certificate, revoke_certificate,
};
pub use own::{own, set_own};

use crate::{
    directory::readable,
    senders::{SenderError, number, shown},
    sets::Table,
    version::bump,
};
use domain::{OrgNumber, Time, text::TextError};
use store::{Error, Tx, args};

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    pub number: OrgNumber,
    /// Its internet domain, lower case: how requests name it.
    pub domain: String,
    pub name: String,
    /// URL of its `Service/v3`.
    pub service_address: String,
    /// URL of its pages for recipients.
    pub ui_address: Option<String>,
    pub own: bool,
    pub added_at: Time,
    /// Set: no operator any more, and nobody's mailbox is there.
    pub ended_at: Option<Time>,
}

/// Why an operator was not added or changed.
#[derive(Debug, thiserror::Error)]
pub enum OperatorError {
    #[error("the name cannot be shown: {0}")]
    Name(#[source] TextError),
    #[error("an internet domain has letters a-z, digits, hyphens and at least one dot")]
    Domain,
    #[error("an address is an https URL of at most 255 characters")]
    Address,
    #[error("the domain names {0} already")]
    DomainTaken(OrgNumber),
    #[error("{0} is another operator here")]
    NumberTaken(OrgNumber),
    #[error("what is said of this operator itself stands in the configuration")]
    Own,
    #[error(transparent)]
    Store(#[from] Error),
}

impl From<SenderError> for OperatorError {
    fn from(error: SenderError) -> Self {
        match error {
            SenderError::Name(error) => Self::Name(error),
            SenderError::Store(error) => Self::Store(error),
        }
    }
}

/// Gives another name; false when there is no such operator, or it has ended.
pub async fn rename(tx: &mut Tx, number: &OrgNumber, name: &str) -> Result<bool, OperatorError> {
    let name = shown(name)?;
    not_own(tx, number).await?;
    let renamed = tx.execute(RENAME, args![&name, number.as_str()]).await?.any();
    Ok(changed(tx, renamed).await?)
}

/// Ends an operator: from now on nobody's mailbox is there, whatever was registered. False when it had ended or is
/// unknown. [`add()`] brings it back, and those who have not registered elsewhere meanwhile are there again.
pub async fn end(tx: &mut Tx, number: &OrgNumber, now: Time) -> Result<bool, OperatorError> {
    not_own(tx, number).await?;
    let ended = tx.execute(END, args![now, number.as_str()]).await?.any();
    Ok(changed(tx, ended).await?)
}

/// All of them by number, those that have ended too.
pub async fn list(tx: &mut Tx) -> Result<Vec<Operator>, Error> {
    readable(Table::Operator, &tx.query(LIST, &[]).await?, read)
}

/// One of them, also one that has ended.
pub async fn find(tx: &mut Tx, number: &OrgNumber) -> Result<Option<Operator>, Error> {
    tx.one(FIND, args![number.as_str()]).await?.as_ref().map(read).transpose()
}

/// The one that a domain names now, however its letters are written.
pub async fn by_domain(tx: &mut Tx, domain: &str) -> Result<Option<Operator>, Error> {
    tx.one(BY_DOMAIN, args![&domain.trim().to_ascii_lowercase()]).await?.as_ref().map(read).transpose()
}

async fn not_own(tx: &mut Tx, number: &OrgNumber) -> Result<(), OperatorError> {
    if find(tx, number).await?.is_some_and(|operator| operator.own) {
        return Err(OperatorError::Own);
    }
    Ok(())
}

async fn changed(tx: &mut Tx, changed: bool) -> Result<bool, Error> {
    if changed {
        bump(tx).await?;
    }
    Ok(changed)
}

store::columns! {
    operator_columns,
    fn read -> Operator {
        number: number(row),
        domain: text.to_owned(),
        name: text.to_owned(),
        service_address: text.to_owned(),
        ui_address: opt_text.map(str::to_owned),
        own: flag,
        added_at: time,
        ended_at: opt_time,
    }
}

const RENAME: &str = "UPDATE operator SET name = $1 WHERE number = $2 AND ended_at IS NULL";
const END: &str = "UPDATE operator SET ended_at = $1 WHERE number = $2 AND ended_at IS NULL";
const LIST: &str = concat!("SELECT ", operator_columns!(), " FROM operator ORDER BY number");
const FIND: &str = concat!("SELECT ", operator_columns!(), " FROM operator WHERE number = $1");
const BY_DOMAIN: &str =
    concat!("SELECT ", operator_columns!(), " FROM operator WHERE domain = $1 AND ended_at IS NULL");

#[cfg(test)]
mod tests;
