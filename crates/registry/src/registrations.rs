//! Where recipients have their mailboxes, for those who have it at another operator.
//!
//! The rule: a current registration names the operator; without one an open mailbox here is the place; else there is
//! none. A registration at an operator that has ended is none. Whatever moves a recipient does so in one transaction:
//! the registration, the mailbox here, and the evidence in the mailbox's own chain. Letters that came before stay
//! readable here.
//!
//! A recipient is known by one address. Someone with two numbers can be registered by either, and has no mailbox here
//! while they are.

mod deregister;
mod move_to;
mod register;
mod status;

pub use deregister::deregister;
pub use move_to::{bring_home, move_to};
pub use register::{NewRegistration, register};
pub use status::{Account, Asked, Status, status_many};

use crate::{boxes::BoxError, error::RegistryError, identities, operators, owner::Owner, senders::number};
use domain::{AddressMac, MailboxId, OrgNumber, Time};
use store::{Error, Row, Tx, args};

/// A registration that counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registration {
    pub operator: OrgNumber,
    pub account_type: AccountType,
    pub registered_at: Time,
}

/// Where a mailbox is.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    Here,
    At(OrgNumber),
}

/// What kind of account a recipient has at an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountType {
    /// A mailbox with log-in; ours all are.
    Secure,
    Anonymous,
}

impl AccountType {
    /// The word in the database; rows that stand there hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secure => "secure",
            Self::Anonymous => "anonymous",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Secure, Self::Anonymous].into_iter().find(|kind| kind.as_str() == text)
    }

    pub(crate) fn read(row: &Row, column: &'static str) -> Result<Self, Error> {
        row.parsed(column, "a type of account", Self::parse)
    }
}

/// Why a recipient was not registered or moved.
#[derive(Debug, thiserror::Error)]
pub enum RegistrationError {
    #[error("there is no such operator")]
    UnknownOperator,
    /// Whoever wants another operator moves.
    #[error("the recipient's mailbox is elsewhere")]
    Elsewhere(Place),
    #[error("the recipient has died")]
    Deceased,
    /// It is opened with a key of its own: [`boxes::open`](crate::boxes::open) after [`bring_home`].
    #[error("the recipient has never had a mailbox here")]
    NoMailbox,
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl From<Error> for RegistrationError {
    fn from(error: Error) -> Self {
        Self::Registry(error.into())
    }
}

impl From<BoxError> for RegistrationError {
    fn from(error: BoxError) -> Self {
        match error {
            BoxError::Deceased => Self::Deceased,
            BoxError::Elsewhere(operator) => Self::Elsewhere(Place::At(operator)),
            BoxError::UnderAge | BoxError::UnknownOwner => Self::NoMailbox,
            BoxError::Registry(error) => Self::Registry(error),
        }
    }
}

/// The registration of an address that counts now.
pub async fn find(tx: &mut Tx, address_mac: &AddressMac) -> Result<Option<Registration>, Error> {
    tx.one(FIND, args![address_mac]).await?.as_ref().map(read).transpose()
}

/// When the place of this recipient's mailbox last changed, by whatever way: registered or left elsewhere, opened or
/// closed here.
pub async fn last_change(tx: &mut Tx, address_mac: &AddressMac) -> Result<Option<Time>, Error> {
    tx.one(LAST_CHANGE, args![address_mac]).await?.map_or(Ok(None), |row| row.opt_time("changed_at"))
}

/// Open mailboxes here whose owner is registered elsewhere by some number: what moves somebody never leaves that behind.
pub async fn beside_open(tx: &mut Tx, now: Time) -> Result<Vec<MailboxId>, Error> {
    tx.query(BESIDE_OPEN, args![now]).await?.iter().map(|row| row.id("mailbox_id")).collect()
}

/// The operator that one of the owner's numbers is registered at now. Without one, what is left of operators that have
/// ended is ended too: the owner's mailbox will be here, also if such an operator comes back.
pub(crate) async fn settle_here(tx: &mut Tx, owner: Owner, now: Time) -> Result<Option<OrgNumber>, Error> {
    let Some(row) = tx.one(OF_OWNER, args![owner.value(), owner.kind().as_str(), now]).await? else {
        return Ok(None);
    };
    if row.opt_text("number")?.is_some() {
        return number(&row, "number").map(Some);
    }
    end_of_owner(tx, owner, now).await?;
    Ok(None)
}

/// Whom an address belongs to here, and the mailbox.
struct Local {
    owner: Owner,
    deceased: bool,
    /// With whether it is open.
    mailbox: Option<(MailboxId, bool)>,
}

impl Local {
    /// Looks, and lets nobody else open or move this mailbox until the transaction ends.
    async fn hold(tx: &mut Tx, address_mac: &AddressMac, now: Time) -> Result<Option<Self>, Error> {
        identities::hold(tx, address_mac).await?;
        let Some(row) = tx.one(LOCAL, args![address_mac, now]).await? else { return Ok(None) };
        let open = row.opt_time("closed_at")?.is_none();
        let mailbox = row.opt_id("mailbox_id")?.map(|mailbox_id| (mailbox_id, open));
        Ok(Some(Self {
            owner: Owner::read(&row)?,
            deceased: row.opt_time("deceased_at")?.is_some(),
            mailbox,
        }))
    }

    fn open_mailbox(&self) -> Option<MailboxId> {
        self.mailbox.and_then(|(mailbox_id, open)| open.then_some(mailbox_id))
    }
}

/// An operator that recipients can be registered at: another one, and not ended.
async fn check_operator(tx: &mut Tx, operator: &OrgNumber) -> Result<(), RegistrationError> {
    match operators::find(tx, operator).await? {
        Some(found) if !found.own && found.ended_at.is_none() => Ok(()),
        _ => Err(RegistrationError::UnknownOperator),
    }
}

/// Writes a registration; false when the address has a current one, perhaps of an operator that has ended.
async fn add(tx: &mut Tx, new: &NewRegistration<'_>, now: Time) -> Result<bool, Error> {
    let operator = new.operator.as_str();
    let account_type = new.account_type.as_str();
    Ok(tx.execute(ADD, args![new.address_mac, now, operator, account_type]).await?.any())
}

/// Ends whatever is current, also at an operator that has ended.
async fn end_current(tx: &mut Tx, address_mac: &AddressMac, now: Time) -> Result<(), Error> {
    tx.execute(END_CURRENT, args![now, address_mac]).await?.ignore();
    Ok(())
}

async fn end_of_owner(tx: &mut Tx, owner: Owner, now: Time) -> Result<(), Error> {
    tx.execute(END_OF_OWNER, args![now, owner.value(), owner.kind().as_str()]).await?.ignore();
    Ok(())
}

fn read(row: &Row) -> Result<Registration, Error> {
    Ok(Registration {
        operator: number(row, "operator")?,
        account_type: AccountType::read(row, "account_type")?,
        registered_at: row.time("registered_at")?,
    })
}

const FIND: &str = "SELECT r.operator, r.account_type, r.registered_at FROM registration r \
    JOIN operator o ON o.number = r.operator AND o.own = 0 AND o.ended_at IS NULL \
    WHERE r.address_mac = $1 AND r.ended_at IS NULL";
const LAST_CHANGE: &str = "SELECT max(c.at) AS changed_at FROM (\
    SELECT registered_at AS at FROM registration WHERE address_mac = $1 \
    UNION ALL SELECT ended_at FROM registration WHERE address_mac = $1 \
    UNION ALL SELECT m.opened_at FROM identity i JOIN mailbox m ON m.owner_id = i.owner_id \
    AND m.owner_kind = i.owner_kind WHERE i.mac = $1 \
    UNION ALL SELECT m.closed_at FROM identity i JOIN mailbox m ON m.owner_id = i.owner_id \
    AND m.owner_kind = i.owner_kind WHERE i.mac = $1) AS c";
const OF_OWNER: &str = "SELECT r.registered_at, o.number FROM identity i \
    JOIN registration r ON r.address_mac = i.mac AND r.ended_at IS NULL \
    LEFT JOIN operator o ON o.number = r.operator AND o.own = 0 AND o.ended_at IS NULL \
    WHERE i.owner_id = $1 AND i.owner_kind = $2 AND i.valid_from <= $3 AND (i.valid_to IS NULL OR i.valid_to > $3) \
    ORDER BY CASE WHEN o.number IS NULL THEN 1 ELSE 0 END, r.registered_at DESC LIMIT 1";
const BESIDE_OPEN: &str = "SELECT DISTINCT m.mailbox_id FROM registration r \
    JOIN operator o ON o.number = r.operator AND o.own = 0 AND o.ended_at IS NULL \
    JOIN identity i ON i.mac = r.address_mac AND i.valid_from <= $1 AND (i.valid_to IS NULL OR i.valid_to > $1) \
    JOIN mailbox m ON m.owner_id = i.owner_id AND m.owner_kind = i.owner_kind AND m.closed_at IS NULL \
    WHERE r.ended_at IS NULL";
const LOCAL: &str = "SELECT i.owner_kind, i.owner_id, p.deceased_at, m.mailbox_id, m.closed_at FROM identity i \
    LEFT JOIN mailbox m ON m.owner_id = i.owner_id AND m.owner_kind = i.owner_kind \
    LEFT JOIN person p ON p.person_id = i.owner_id \
    WHERE i.mac = $1 AND i.valid_from <= $2 AND (i.valid_to IS NULL OR i.valid_to > $2) \
    ORDER BY i.valid_from DESC LIMIT 1";
// Later than all before it, so that a clock that was set back does not turn the order round.
const ADD: &str = "INSERT INTO registration (address_mac, registered_at, operator, account_type) \
    SELECT $1, CASE WHEN max(r.registered_at) >= $2 THEN max(r.registered_at) + 1 ELSE CAST($2 AS BIGINT) END, \
    $3, $4 FROM registration r WHERE r.address_mac = $1 ON CONFLICT DO NOTHING";
const END_CURRENT: &str = "UPDATE registration \
    SET ended_at = CASE WHEN registered_at > $1 THEN registered_at ELSE CAST($1 AS BIGINT) END \
    WHERE address_mac = $2 AND ended_at IS NULL";
const END_OF_OWNER: &str = "UPDATE registration \
    SET ended_at = CASE WHEN registered_at > $1 THEN registered_at ELSE CAST($1 AS BIGINT) END \
    WHERE ended_at IS NULL AND address_mac IN (SELECT i.mac FROM identity i \
    WHERE i.owner_id = $2 AND i.owner_kind = $3 AND i.valid_from <= $1 AND (i.valid_to IS NULL OR i.valid_to > $1))";

#[cfg(test)]
mod tests;
