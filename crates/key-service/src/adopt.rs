//! Taking over what stands in the letters database, unseen: once, when data of a version that vouched for nothing is
//! upgraded, and by the operator's command after a restore. Each time is on record in the key store.

use crate::{
    directory::{self, Known, address_columns, read_address},
    failure::Failure,
    service::Inner,
};
use domain::{AddressMac, LoginMac, PersonId};
use registry::sets::{self, SetKind, Subject};
use store::{Row, args};
use tracing::warn;

/// Why what stands there is believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adoption {
    /// It was written by a version that vouched for nothing. Once, and never again.
    Upgrade,
    /// An older state of the letters database was restored, and the operator takes it up.
    Restore,
}

impl Adoption {
    /// The word in the database; rows that stand there hold it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Upgrade => "upgrade",
            Self::Restore => "restore",
        }
    }
}

/// Whether the letters database has anything that would have to be vouched for.
pub async fn decides_anything(letters: &store::Store) -> Result<bool, store::Error> {
    let mut tx = letters.read("look for what decides").await?;
    Ok(tx.one(ANY, &[]).await?.is_some())
}

impl Inner {
    /// Whether this key store vouches for an instance.
    pub(crate) async fn adopted(&self) -> Result<bool, Failure> {
        let mut tx = self.keys.read("look for adoption").await?;
        Ok(tx.one(ADOPTED, &[]).await?.is_some())
    }

    /// Whether there is something that nobody has vouched for yet and the upgrade may still take over.
    pub(crate) async fn needs_adoption(&self) -> Result<bool, Failure> {
        if self.adopted().await? {
            return Ok(false);
        }
        Ok(decides_anything(&self.letters).await?)
    }

    /// Begins an instance that has nothing: from now on nothing is taken over unseen.
    pub(crate) async fn begin_vouching(&self) -> Result<(), Failure> {
        self.record_adoption(NEW, 0, None).await
    }

    /// Takes all sets over and tells how many. [`Adoption::Upgrade`] is refused where the key store vouches already.
    pub(crate) async fn adopt(&self, why: Adoption) -> Result<u64, Failure> {
        if why == Adoption::Upgrade && !self.needs_adoption().await? {
            return Err(key_client::KeysError::Rejected("adopted_already".into()).into());
        }
        let sets = self.adopt_all().await?;
        self.record_adoption(why.as_str(), sets, None).await?;
        warn!(sets, why = why.as_str(), "Took over what stands in the letters database, unseen");
        Ok(sets)
    }

    pub(crate) async fn adopt_all(&self) -> Result<u64, Failure> {
        let mut count = 0;
        for kind in SetKind::ALL {
            let mut after = vec![];
            loop {
                let mut letters = self.letters.read("read sets").await?;
                let page = page(&mut letters, kind, &after).await?;
                let Some(last) = page.last() else { break };
                after.clone_from(&last.id);
                let found = sets::read(&mut letters, &page).await?;
                drop(letters);
                let mut tx = self.keys.begin("adopt sets").await?;
                for subject in &page {
                    let set = &found[subject];
                    directory::adopt(&mut tx, subject, set.owner(), &set.digests(subject)).await?;
                }
                tx.commit().await?;
                count += page.len() as u64;
            }
        }
        self.adopt_addresses().await?;
        self.adopt_logins().await?;
        Ok(count)
    }

    async fn adopt_addresses(&self) -> Result<(), Failure> {
        let mut after: (AddressMac, i64) = (AddressMac::from_bytes([0; 32]), i64::MIN);
        loop {
            let mut letters = self.letters.read("read identities").await?;
            let rows = letters.query(IDENTITIES, args![&after.0, after.1]).await?;
            drop(letters);
            let addresses = rows.iter().map(read_address).collect::<Result<Vec<_>, _>>()?;
            let Some(last) = addresses.last() else { return Ok(()) };
            after = (last.mac, last.valid_from.millis());
            let mut tx = self.keys.begin("adopt addresses").await?;
            directory::adopt_known(&mut tx, &Known { addresses, logins: vec![] }).await?;
            tx.commit().await?;
        }
    }

    async fn adopt_logins(&self) -> Result<(), Failure> {
        let mut after = vec![];
        loop {
            let mut letters = self.letters.read("read log-ins").await?;
            let rows = letters.query(LOGINS, args![&after]).await?;
            drop(letters);
            let login = |row: &Row| Ok((row.tag("mac")?, row.id("person_id")?));
            let logins =
                rows.iter().map(login).collect::<Result<Vec<(LoginMac, PersonId)>, store::Error>>()?;
            let Some((last, _)) = logins.last() else { return Ok(()) };
            after = last.as_bytes().to_vec();
            let mut tx = self.keys.begin("adopt log-ins").await?;
            directory::adopt_known(&mut tx, &Known { addresses: vec![], logins }).await?;
            tx.commit().await?;
        }
    }

    pub(crate) async fn record_adoption(
        &self,
        why: &str,
        sets: u64,
        reason: Option<&str>,
    ) -> Result<(), Failure> {
        let mut tx = self.keys.begin("record adoption").await?;
        let sets = i64::try_from(sets).unwrap_or(i64::MAX);
        // Two starts of a new instance in one instant are one.
        tx.execute(RECORD, args![self.clock.now(), why, sets, reason]).await?.ignore();
        Ok(tx.commit().await?)
    }
}

/// The next subjects of a kind in the letters database, in the order of their ids.
pub(crate) async fn page(
    letters: &mut store::Tx,
    kind: SetKind,
    after: &[u8],
) -> Result<Vec<Subject>, store::Error> {
    let rows = match kind {
        SetKind::Mailbox => letters.query(MAILBOXES, args![after]).await?,
        SetKind::Person => letters.query(PERSONS, args![after]).await?,
        SetKind::Organisation => letters.query(ORGANISATIONS, args![after]).await?,
        SetKind::Sender | SetKind::Operator => {
            let after = String::from_utf8_lossy(after).into_owned();
            let sql = if kind == SetKind::Sender { SENDERS } else { OPERATORS };
            letters.query(sql, args![&after]).await?
        }
    };
    let id = |row: &Row| match kind {
        SetKind::Sender | SetKind::Operator => row.text("id").map(|number| number.as_bytes().to_vec()),
        _ => row.bytes("id").map(<[u8]>::to_vec),
    };
    rows.iter().map(|row| Ok(Subject { kind, id: id(row)? })).collect()
}

/// Why, for an instance that began with a version that vouches.
const NEW: &str = "new";
const ADOPTED: &str = "SELECT 1 FROM adoption LIMIT 1";
const ANY: &str = "SELECT 1 FROM mailbox UNION ALL SELECT 1 FROM sender UNION ALL SELECT 1 FROM person \
    UNION ALL SELECT 1 FROM operator LIMIT 1";
const RECORD: &str =
    "INSERT INTO adoption (adopted_at, why, sets, reason) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
const MAILBOXES: &str =
    "SELECT mailbox_id AS id FROM mailbox WHERE mailbox_id > $1 ORDER BY mailbox_id LIMIT 500";
const PERSONS: &str = "SELECT person_id AS id FROM person WHERE person_id > $1 ORDER BY person_id LIMIT 500";
const ORGANISATIONS: &str = "SELECT organisation_id AS id FROM organisation WHERE organisation_id > $1 \
    ORDER BY organisation_id LIMIT 500";
const SENDERS: &str = "SELECT number AS id FROM sender WHERE number > $1 ORDER BY number LIMIT 500";
const OPERATORS: &str = "SELECT number AS id FROM operator WHERE number > $1 ORDER BY number LIMIT 500";
const IDENTITIES: &str = concat!(
    "SELECT ",
    address_columns!(),
    " FROM identity \
    WHERE (mac, valid_from) > ($1, $2) ORDER BY mac, valid_from LIMIT 1000"
);
const LOGINS: &str = "SELECT mac, person_id FROM login WHERE mac > $1 ORDER BY mac LIMIT 1000";
