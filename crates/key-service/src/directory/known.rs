//! Whose numbers are, and who logs in by them: the key store's own rows.

use domain::{AddressMac, LoginMac, PersonId, Time};
use registry::Owner;
use store::{Error, Many, Tx, args, row};

/// A number that is or was somebody's, as the key store has it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Address {
    pub mac: AddressMac,
    pub valid_from: Time,
    pub valid_to: Option<Time>,
    pub owner_kind: String,
    pub owner_id: [u8; 16],
}

/// What a change makes known.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub addresses: Vec<Address>,
    pub logins: Vec<(LoginMac, PersonId)>,
}

impl Known {
    pub(crate) fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.logins.is_empty()
    }
}

impl Address {
    pub(crate) fn new(mac: AddressMac, valid_from: Time, owner: Owner) -> Self {
        let owner_kind = owner.kind().as_str().to_owned();
        Self { mac, valid_from, valid_to: None, owner_kind, owner_id: owner.id() }
    }

    pub(crate) fn is_of(&self, owner: Owner) -> bool {
        self.owner_kind == owner.kind().as_str() && self.owner_id == owner.id()
    }
}

store::columns! {
    pub(crate) address_columns,
    pub(crate) fn read_address -> Address {
        mac: tag,
        valid_from: time,
        valid_to: opt_time,
        owner_kind: text.to_owned(),
        owner_id: array,
    }
}

/// Whose a number is now.
pub(crate) async fn address(tx: &mut Tx, mac: &AddressMac, now: Time) -> Result<Option<Address>, Error> {
    tx.one(ADDRESS, args![mac, now]).await?.as_ref().map(read_address).transpose()
}

/// The tags of all numbers that are somebody's now.
pub(crate) async fn addresses_of(tx: &mut Tx, owner: Owner, now: Time) -> Result<Vec<AddressMac>, Error> {
    let id = owner.id();
    let kind = owner.kind().as_str();
    tx.query(OF_OWNER, args![&id, kind, now]).await?.iter().map(|row| row.tag("mac")).collect()
}

/// The same with those that were theirs before.
pub(crate) async fn every_address_of(tx: &mut Tx, owner: Owner) -> Result<Vec<AddressMac>, Error> {
    let id = owner.id();
    let kind = owner.kind().as_str();
    tx.query(EVER_OF_OWNER, args![&id, kind]).await?.iter().map(|row| row.tag("mac")).collect()
}

/// The tags that somebody logs in by.
pub(crate) async fn logins_of(tx: &mut Tx, person: PersonId) -> Result<Vec<LoginMac>, Error> {
    tx.query(LOGINS_OF, args![person]).await?.iter().map(|row| row.tag("mac")).collect()
}

/// Who logs in by this tag, and whether that has settled.
pub(crate) async fn login(tx: &mut Tx, mac: &LoginMac) -> Result<Option<(PersonId, bool)>, Error> {
    tx.one(LOGIN, args![mac])
        .await?
        .map(|row| Ok((row.id("person_id")?, row.opt_time("unsettled_since")?.is_none())))
        .transpose()
}

/// Takes down what a change makes known. It counts once it has settled.
pub(crate) async fn introduce_known(tx: &mut Tx, known: &Known, now: Time) -> Result<(), Error> {
    write(tx, known, Some(now), &INTRODUCE_ADDRESS, &INTRODUCE_LOGIN).await
}

/// Takes over what stands in the letters database.
pub(crate) async fn adopt_known(tx: &mut Tx, known: &Known) -> Result<(), Error> {
    write(tx, known, None, &ADOPT_ADDRESS, &ADOPT_LOGIN).await
}

async fn write(
    tx: &mut Tx,
    known: &Known,
    since: Option<Time>,
    address: &'static Many,
    login: &'static Many,
) -> Result<(), Error> {
    let rows: Vec<_> = known
        .addresses
        .iter()
        .map(|one| row![&one.mac, one.valid_from, one.valid_to, &one.owner_kind, &one.owner_id, since])
        .collect();
    tx.execute_many(address, &rows).await?.ignore();
    let rows: Vec<_> = known.logins.iter().map(|(mac, person)| row![mac, person, since]).collect();
    tx.execute_many(login, &rows).await?.ignore();
    Ok(())
}

/// What was made known counts from now on.
pub(crate) async fn settle_known(tx: &mut Tx, known: &Known) -> Result<(), Error> {
    let macs: Vec<_> = known.addresses.iter().map(|one| row![&one.mac]).collect();
    tx.execute_many(&SETTLE_ADDRESS, &macs).await?.ignore();
    let macs: Vec<_> = known.logins.iter().map(|(mac, _)| row![mac]).collect();
    tx.execute_many(&SETTLE_LOGIN, &macs).await?.ignore();
    Ok(())
}

/// What has not settled since before this instant.
pub(crate) async fn unsettled(tx: &mut Tx, before: Time) -> Result<Known, Error> {
    let addresses = tx.query(UNSETTLED_ADDRESSES, args![before]).await?;
    let addresses = addresses.iter().map(read_address).collect::<Result<_, _>>()?;
    let logins = tx.query(UNSETTLED_LOGINS, args![before]).await?;
    let logins =
        logins.iter().map(|row| Ok((row.tag("mac")?, row.id("person_id")?))).collect::<Result<_, Error>>()?;
    Ok(Known { addresses, logins })
}

/// What was to be made known and was not.
pub(crate) async fn forget_unsettled(tx: &mut Tx, known: &Known) -> Result<(), Error> {
    for one in &known.addresses {
        tx.execute(FORGET_ADDRESS, args![&one.mac, one.valid_from]).await?.ignore();
    }
    for (mac, _) in &known.logins {
        tx.execute(FORGET_LOGIN, args![mac]).await?.ignore();
    }
    Ok(())
}

const ADDRESS: &str = concat!(
    "SELECT ",
    address_columns!(),
    " FROM known_address WHERE mac = $1 AND valid_from <= $2 AND (valid_to IS NULL OR valid_to > $2) \
     ORDER BY valid_from DESC LIMIT 1"
);
const OF_OWNER: &str = "SELECT mac FROM known_address WHERE owner_id = $1 AND owner_kind = $2 \
    AND valid_from <= $3 AND (valid_to IS NULL OR valid_to > $3)";
const EVER_OF_OWNER: &str = "SELECT DISTINCT mac FROM known_address WHERE owner_id = $1 AND owner_kind = $2";
const LOGINS_OF: &str = "SELECT mac FROM known_login WHERE person_id = $1";
const LOGIN: &str = "SELECT person_id, unsettled_since FROM known_login WHERE mac = $1";
static INTRODUCE_ADDRESS: Many = Many::new(
    concat!("INSERT INTO known_address (", address_columns!(), ", unsettled_since) VALUES "),
    6,
    " ON CONFLICT DO NOTHING",
);
static INTRODUCE_LOGIN: Many = Many::new(
    "INSERT INTO known_login (mac, person_id, unsettled_since) VALUES ",
    3,
    " ON CONFLICT DO NOTHING",
);
static ADOPT_ADDRESS: Many = Many::new(
    concat!("INSERT INTO known_address (", address_columns!(), ", unsettled_since) VALUES "),
    6,
    " ON CONFLICT (mac, valid_from) DO UPDATE SET valid_to = EXCLUDED.valid_to, \
     owner_kind = EXCLUDED.owner_kind, owner_id = EXCLUDED.owner_id, unsettled_since = NULL",
);
static ADOPT_LOGIN: Many = Many::new(
    "INSERT INTO known_login (mac, person_id, unsettled_since) VALUES ",
    3,
    " ON CONFLICT (mac) DO UPDATE SET person_id = EXCLUDED.person_id, unsettled_since = NULL",
);
static SETTLE_ADDRESS: Many =
    Many::new("UPDATE known_address SET unsettled_since = NULL WHERE mac IN (", 1, ")");
static SETTLE_LOGIN: Many = Many::new("UPDATE known_login SET unsettled_since = NULL WHERE mac IN (", 1, ")");
const UNSETTLED_ADDRESSES: &str =
    concat!("SELECT ", address_columns!(), " FROM known_address WHERE unsettled_since <= $1 LIMIT 1000");
const UNSETTLED_LOGINS: &str =
    "SELECT mac, person_id FROM known_login WHERE unsettled_since <= $1 LIMIT 1000";
const FORGET_ADDRESS: &str =
    "DELETE FROM known_address WHERE mac = $1 AND valid_from = $2 AND unsettled_since IS NOT NULL";
const FORGET_LOGIN: &str = "DELETE FROM known_login WHERE mac = $1 AND unsettled_since IS NOT NULL";
