//! People: who they are to us, and the states that change what others may see or do.

use crate::{
    error::RegistryError,
    identities::{self, NewIdentity},
    owner::Owner,
    recorder::Recorder,
};
use domain::{
    AddressMac, CivilDate, Identity, IdentityKind, Language, LoginMac, PersonId, Random, Time,
    words::EventType,
};
use store::{Error, Row, Tx, args};

/// Someone who is to be known.
#[derive(Clone, Copy, Debug)]
pub struct NewPerson<'a> {
    pub login_mac: &'a LoginMac,
    pub address_mac: &'a AddressMac,
    pub kind: IdentityKind,
    /// (sealed) Name and number.
    pub profile: &'a [u8],
    pub language: Language,
}

/// A person that is known.
#[derive(Clone, Debug)]
pub struct Person {
    pub person_id: PersonId,
    /// (sealed) Name and number as last seen.
    pub profile: Vec<u8>,
    pub language: Language,
    pub created_at: Time,
    /// Protected identity.
    pub protected_at: Option<Time>,
    pub deceased_at: Option<Time>,
}

/// Whether a person with this number is 18 or older, by the date in Stockholm. A coordination number can carry
/// a date that is not known for certain; it counts as it stands.
pub fn is_of_age(identity: &Identity, now: Time) -> bool {
    identity.birth_date().is_some_and(|born| grown(born, now.date()))
}

fn grown(born: CivilDate, today: CivilDate) -> bool {
    let (born_year, born_month, born_day) = born.parts();
    let (year, month, day) = today.parts();
    (year, month, day) >= (born_year + ADULT_AT, born_month, born_day)
}

/// Makes a person known under both tags. Someone who is known already is answered as known, with `false`, so that
/// two log-ins at once make one person.
pub async fn register(
    tx: &mut Tx,
    new: &NewPerson<'_>,
    now: Time,
    random: &dyn Random,
) -> Result<(PersonId, bool), Error> {
    if let Some(person) = by_login(tx, new.login_mac).await? {
        return Ok((person.person_id, false));
    }
    // Known by address alone: registered by the operator, or with a log-in by another number before.
    if let Some(row) = tx.one(REGISTERED, args![new.address_mac, now]).await? {
        let person_id = row.id("owner_id")?;
        tx.execute(ADD_LOGIN, args![new.login_mac, person_id]).await?.ignore();
        return Ok((person_id, false));
    }
    let person_id = PersonId::new(random);
    tx.execute(ADD, args![person_id, new.profile, new.language.as_str(), now]).await?.exactly(1)?;
    if !tx.execute(ADD_LOGIN, args![new.login_mac, person_id]).await?.any() {
        // Another transaction was first, and has been committed since the first look.
        tx.execute(FORGET, args![person_id]).await?.exactly(1)?;
        let first = by_login(tx, new.login_mac).await?.ok_or(Error::NO_ROW)?;
        return Ok((first.person_id, false));
    }
    let owner = Owner::Person(person_id);
    identities::add(tx, &NewIdentity { mac: new.address_mac, kind: new.kind, owner, valid_from: now })
        .await?;
    Ok((person_id, true))
}

/// Lets a person log in by one more number, as when a coordination number has become a personnummer.
pub async fn add_login(tx: &mut Tx, login_mac: &LoginMac, person_id: PersonId) -> Result<bool, Error> {
    Ok(tx.execute(ADD_LOGIN, args![login_mac, person_id]).await?.any())
}

/// A person by id.
pub async fn find(tx: &mut Tx, person_id: PersonId) -> Result<Option<Person>, Error> {
    tx.one(FIND, args![person_id]).await?.as_ref().map(read).transpose()
}

/// A person by the tag of the number that they log in with.
pub async fn by_login(tx: &mut Tx, login_mac: &LoginMac) -> Result<Option<Person>, Error> {
    tx.one(BY_LOGIN, args![login_mac]).await?.as_ref().map(read).transpose()
}

/// A person by the tag of a number that is theirs now.
pub async fn by_address(tx: &mut Tx, address_mac: &AddressMac, now: Time) -> Result<Option<Person>, Error> {
    tx.one(BY_ADDRESS, args![address_mac, now]).await?.as_ref().map(read).transpose()
}

/// The tags that a person logs in by: the profile is sealed under one of them.
pub async fn login_macs(tx: &mut Tx, person_id: PersonId) -> Result<Vec<LoginMac>, Error> {
    tx.query(LOGIN_MACS, args![person_id]).await?.iter().map(|row| row.tag("mac")).collect()
}

/// Keeps the name as it was seen at the last log-in.
pub async fn set_profile(tx: &mut Tx, person_id: PersonId, profile: &[u8]) -> Result<(), Error> {
    tx.execute(SET_PROFILE, args![profile, person_id]).await?.exactly(1)
}

/// The language of pages and notices.
pub async fn set_language(tx: &mut Tx, person_id: PersonId, language: Language) -> Result<(), Error> {
    tx.execute(SET_LANGUAGE, args![language.as_str(), person_id]).await?.exactly(1)
}

/// From now on the person has a protected identity: helpers lose their right, and no notice names a sender. To
/// senders nothing changes. False when it was so already.
pub async fn protect(
    tx: &mut Tx,
    person_id: PersonId,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    if !tx.execute(PROTECT, args![recorder.now(), person_id]).await?.any() {
        return Ok(false);
    }
    tx.execute(HIDE_SENDERS, args![person_id]).await?.ignore();
    if let Some(mailbox) = crate::boxes::of_owner(tx, Owner::Person(person_id)).await? {
        crate::mandates::revoke_helpers(tx, mailbox.mailbox_id, recorder).await?;
    }
    Ok(true)
}

/// Ends the protection; helpers do not come back by themselves.
pub async fn unprotect(tx: &mut Tx, person_id: PersonId) -> Result<bool, Error> {
    Ok(tx.execute(UNPROTECT, args![person_id]).await?.any())
}

/// The person has died: letters are refused, and nobody acts for the mailbox any more. False when known already.
pub async fn decease(tx: &mut Tx, person_id: PersonId, now: Time) -> Result<bool, Error> {
    Ok(tx.execute(DECEASE, args![now, person_id]).await?.any())
}

/// Takes back a death that was noted by mistake.
pub async fn undo_decease(tx: &mut Tx, person_id: PersonId) -> Result<bool, Error> {
    Ok(tx.execute(UNDO_DECEASE, args![person_id]).await?.any())
}

/// Notes a death or takes it back (`None`), on record in the person's mailbox where there is one. False when it was so
/// already.
pub async fn note_death(
    tx: &mut Tx,
    person_id: PersonId,
    at: Option<Time>,
    recorder: &Recorder<'_>,
) -> Result<bool, RegistryError> {
    let (done, kind) = match at {
        Some(at) => (decease(tx, person_id, at).await?, EventType::DeathNoted),
        None => (undo_decease(tx, person_id).await?, EventType::DeathWithdrawn),
    };
    let mailbox = crate::boxes::of_owner(tx, Owner::Person(person_id)).await?;
    if let Some(mailbox) = mailbox.filter(|_| done) {
        recorder.record(tx, mailbox.mailbox_id, recorder.event(kind)).await?;
    }
    Ok(done)
}

store::columns! {
    person_columns,
    fn read -> Person {
        person_id: id,
        profile: bytes.to_vec(),
        language: language(row),
        created_at: time,
        protected_at: opt_time,
        deceased_at: opt_time,
    }
}

fn language(row: &Row, column: &'static str) -> Result<Language, Error> {
    Ok(Language::parse(row.text(column)?).unwrap_or_default())
}

const ADULT_AT: i16 = 18;

const ADD: &str = "INSERT INTO person (person_id, profile, language, created_at) VALUES ($1, $2, $3, $4)";
const ADD_LOGIN: &str = "INSERT INTO login (mac, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const FORGET: &str = "DELETE FROM person WHERE person_id = $1";
const FIND: &str = concat!("SELECT ", person_columns!(), " FROM person WHERE person_id = $1");
const BY_LOGIN: &str = concat!(
    "SELECT ",
    person_columns!("p."),
    " FROM login l JOIN person p ON p.person_id = l.person_id WHERE l.mac = $1"
);
const BY_ADDRESS: &str = concat!(
    "SELECT ",
    person_columns!("p."),
    " FROM identity i JOIN person p ON p.person_id = i.owner_id WHERE i.mac = $1 \
     AND i.owner_kind = 'person' AND i.valid_from <= $2 AND (i.valid_to IS NULL OR i.valid_to > $2) \
     ORDER BY i.valid_from DESC LIMIT 1"
);
// Also when another's clock is ahead and the number begins to be valid in a moment.
const REGISTERED: &str = "SELECT owner_id FROM identity WHERE mac = $1 AND owner_kind = 'person' \
    AND (valid_to IS NULL OR valid_to > $2) LIMIT 1";
const LOGIN_MACS: &str = "SELECT mac FROM login WHERE person_id = $1";
const SET_PROFILE: &str = "UPDATE person SET profile = $1 WHERE person_id = $2";
const SET_LANGUAGE: &str = "UPDATE person SET language = $1 WHERE person_id = $2";
const PROTECT: &str = "UPDATE person SET protected_at = $1 WHERE person_id = $2 AND protected_at IS NULL";
const UNPROTECT: &str =
    "UPDATE person SET protected_at = NULL WHERE person_id = $1 AND protected_at IS NOT NULL";
const HIDE_SENDERS: &str = "UPDATE contact SET show_sender = 0 WHERE person_id = $1";
const DECEASE: &str = "UPDATE person SET deceased_at = $1 WHERE person_id = $2 AND deceased_at IS NULL";
const UNDO_DECEASE: &str =
    "UPDATE person SET deceased_at = NULL WHERE person_id = $1 AND deceased_at IS NOT NULL";

#[cfg(test)]
mod tests;
