//! Mailboxes: opened by their owner, closed by their owner, one each.

use crate::{error::RegistryError, identities, owner::Owner, people, recorder::Recorder, registrations};
use domain::{MailboxId, OrgNumber, Time, words::EventType};
use evidence::NewEvent;
use store::{Error, Row, Tx, args};
use vault::seal_to::PublicKey;

/// A mailbox that is to be opened. Its first key was made by the key service.
#[derive(Clone, Copy, Debug)]
pub struct NewBox<'a> {
    pub mailbox_id: MailboxId,
    pub owner: Owner,
    pub epoch: i64,
    pub public_key: &'a PublicKey,
    /// Whether the owner is of age, as the key service read it from the number at log-in; true for organisations.
    pub adult: bool,
}

/// A mailbox, open or closed.
#[derive(Clone, Debug)]
pub struct Mailbox {
    pub mailbox_id: MailboxId,
    pub owner: Owner,
    pub opened_at: Time,
    pub closed_at: Option<Time>,
    pub epoch: i64,
    pub public_key: PublicKey,
    /// Set: letters were erased in this epoch, so it must roll.
    pub erased_since: Option<Time>,
}

/// Why a mailbox was not opened.
#[derive(Debug, thiserror::Error)]
pub enum BoxError {
    #[error("the owner is under age")]
    UnderAge,
    #[error("the owner has died")]
    Deceased,
    #[error("there is no such owner")]
    UnknownOwner,
    /// Nobody is moved here unasked: [`registrations::bring_home`] first.
    #[error("the owner's mailbox is at {0}")]
    Elsewhere(OrgNumber),
    #[error(transparent)]
    Registry(#[from] RegistryError),
}

impl From<Error> for BoxError {
    fn from(error: Error) -> Self {
        Self::Registry(error.into())
    }
}

/// Opens the owner's mailbox and answers its id. An owner has one mailbox for life: a closed one is opened again
/// under its old id, with its letters and key, and one that is open stays as it is. So look for
/// [`of_owner`] first, and have a key made only for a new one.
pub async fn open(tx: &mut Tx, new: &NewBox<'_>, recorder: &Recorder<'_>) -> Result<MailboxId, BoxError> {
    check_owner(tx, new.owner, new.adult).await?;
    let now = recorder.now();
    check_place(tx, new.owner, now).await?;
    let owner = new.owner.value();
    let kind = new.owner.kind().as_str();
    let args = args![new.mailbox_id, kind, owner, now, new.epoch, new.public_key.as_bytes()];
    if tx.execute(OPEN, args).await?.any() {
        recorder.record(tx, new.mailbox_id, recorder.event(EventType::MailboxOpened)).await?;
        return Ok(new.mailbox_id);
    }
    let found = of_owner(tx, new.owner).await?.ok_or(Error::NO_ROW)?;
    open_again(tx, found.mailbox_id, AGAIN, recorder).await?;
    Ok(found.mailbox_id)
}

/// Opens a closed mailbox again because of what `why` says. False when it is open or there is none such.
pub(crate) async fn reopen(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    why: &'static str,
    recorder: &Recorder<'_>,
) -> Result<bool, BoxError> {
    let Some(found) = find(tx, mailbox_id).await? else { return Ok(false) };
    // Whoever has had a mailbox is of age.
    check_owner(tx, found.owner, true).await?;
    check_place(tx, found.owner, recorder.now()).await?;
    Ok(open_again(tx, mailbox_id, why, recorder).await?)
}

/// Closes a mailbox: new letters are refused, old ones can still be read by the owner. False when it was closed.
pub async fn close(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    close_with(tx, mailbox_id, recorder.event(EventType::MailboxClosed), recorder).await
}

/// The same because of what `why` says.
pub(crate) async fn close_because(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    why: &'static str,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    close_with(tx, mailbox_id, recorder.event(EventType::MailboxClosed).with(why), recorder).await
}

/// A mailbox by id.
pub async fn find(tx: &mut Tx, mailbox_id: MailboxId) -> Result<Option<Mailbox>, Error> {
    tx.one(FIND, args![mailbox_id]).await?.as_ref().map(read).transpose()
}

/// The mailbox of an owner, open or closed.
pub async fn of_owner(tx: &mut Tx, owner: Owner) -> Result<Option<Mailbox>, Error> {
    tx.one(OF_OWNER, args![owner.value(), owner.kind().as_str()]).await?.as_ref().map(read).transpose()
}

/// Whether the last word on a closed mailbox was a person's own, not the operator's or a register's.
pub async fn was_closed_by_person(tx: &mut Tx, mailbox_id: MailboxId) -> Result<bool, Error> {
    let row = tx.one(CLOSED_BY, args![mailbox_id, mailbox_id.own_chain()]).await?;
    Ok(row.is_some_and(|row| matches!(row.opt_bytes("actor"), Ok(Some(_)))))
}

/// How many mailboxes are open.
pub async fn count_open(tx: &mut Tx) -> Result<u64, Error> {
    tx.must_one(COUNT, &[]).await?.number("n")
}

/// Holds the mailbox's row until the transaction ends, so that what is decided by it and what changes it take turns.
pub async fn hold(tx: &mut Tx, mailbox_id: MailboxId) -> Result<(), Error> {
    if tx.writes_alone()? {
        return Ok(());
    }
    lock(tx, mailbox_id).await.map(drop)
}

/// Holds the mailbox's row until the transaction ends, so that two changes that must see each other take turns.
/// False when there is no such mailbox.
pub(crate) async fn lock(tx: &mut Tx, mailbox_id: MailboxId) -> Result<bool, Error> {
    Ok(tx.execute(LOCK, args![mailbox_id]).await?.any())
}

async fn close_with(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    event: NewEvent,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    if !tx.execute(CLOSE, args![recorder.now(), mailbox_id]).await?.any() {
        return Ok(false);
    }
    recorder.record(tx, mailbox_id, event).await?;
    Ok(true)
}

async fn open_again(
    tx: &mut Tx,
    mailbox_id: MailboxId,
    why: &'static str,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    if !tx.execute(REOPEN, args![recorder.now(), mailbox_id]).await?.any() {
        return Ok(false);
    }
    recorder.record(tx, mailbox_id, recorder.event(EventType::MailboxOpened).with(why)).await?;
    Ok(true)
}

/// A mailbox is at one operator.
async fn check_place(tx: &mut Tx, owner: Owner, now: Time) -> Result<(), BoxError> {
    identities::hold_of_owner(tx, owner).await?;
    match registrations::settle_here(tx, owner, now).await? {
        Some(operator) => Err(BoxError::Elsewhere(operator)),
        None => Ok(()),
    }
}

async fn check_owner(tx: &mut Tx, owner: Owner, adult: bool) -> Result<(), BoxError> {
    match owner {
        Owner::Person(_) if !adult => Err(BoxError::UnderAge),
        Owner::Person(person_id) => match people::find(tx, person_id).await? {
            None => Err(BoxError::UnknownOwner),
            Some(person) if person.deceased_at.is_some() => Err(BoxError::Deceased),
            Some(_) => Ok(()),
        },
        Owner::Organisation(id) => match crate::organisations::find(tx, id).await? {
            Some(organisation) if organisation.ended_at.is_none() => Ok(()),
            _ => Err(BoxError::UnknownOwner),
        },
    }
}

store::columns! {
    mailbox_columns: mailbox_id, owner_kind, owner_id, opened_at, closed_at, epoch, public_key, erased_since
}

fn read(row: &Row) -> Result<Mailbox, Error> {
    let public_key = PublicKey::from_slice(row.bytes("public_key")?);
    Ok(Mailbox {
        mailbox_id: row.id("mailbox_id")?,
        owner: Owner::read(row)?,
        opened_at: row.time("opened_at")?,
        closed_at: row.opt_time("closed_at")?,
        epoch: row.int("epoch")?,
        public_key: public_key.map_err(|_| Error::Column { column: "public_key", wanted: "a public key" })?,
        erased_since: row.opt_time("erased_since")?,
    })
}

/// Why a mailbox is opened once more, or closed.
const AGAIN: &str = "again";
pub(crate) const MOVED: &str = "moved";
const OPEN: &str = "INSERT INTO mailbox (mailbox_id, owner_kind, owner_id, opened_at, epoch, public_key) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (owner_id) DO NOTHING";
const REOPEN: &str =
    "UPDATE mailbox SET opened_at = $1, closed_at = NULL WHERE mailbox_id = $2 AND closed_at IS NOT NULL";
const CLOSE: &str = "UPDATE mailbox SET closed_at = $1 WHERE mailbox_id = $2 AND closed_at IS NULL";
const FIND: &str = concat!("SELECT ", mailbox_columns!(), " FROM mailbox WHERE mailbox_id = $1");
const OF_OWNER: &str =
    concat!("SELECT ", mailbox_columns!(), " FROM mailbox WHERE owner_id = $1 AND owner_kind = $2");
const CLOSED_BY: &str = "SELECT actor FROM event WHERE mailbox_id = $1 AND letter_id = $2 \
    AND type = 'mailbox_closed' ORDER BY seq DESC LIMIT 1";
const COUNT: &str = "SELECT count(*) AS n FROM mailbox WHERE closed_at IS NULL";
const LOCK: &str = "UPDATE mailbox SET epoch = epoch WHERE mailbox_id = $1";

#[cfg(test)]
mod tests;
