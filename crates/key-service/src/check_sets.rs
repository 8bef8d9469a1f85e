//! All sets against what is vouched for, in both directions: also what the letters database lacks is found.

use crate::{
    adopt,
    directory::{self, Address, address_columns, read_address},
    failure::Failure,
    service::Inner,
    unvouched::unfit,
};
use domain::MailboxId;
use registry::sets::{self, SetKind, Subject, Table};
use std::collections::BTreeSet;
use store::args;

/// Rows that are not what is vouched for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SetFault {
    /// The table, by its name in the letters database.
    pub table: &'static str,
    /// Whose rows: mailbox, person, organisation or sender, with its id.
    pub set: String,
}

impl Inner {
    /// Everything, or one mailbox with its owner. What a change has just moved is looked at once more.
    pub(crate) async fn check_sets(&self, only: Option<MailboxId>) -> Result<Vec<SetFault>, Failure> {
        let mut faults = BTreeSet::new();
        if let Some(mailbox) = only {
            let subject = Subject::mailbox(mailbox);
            let mut tx = self.letters.read("check sets").await?;
            let owner = sets::read(&mut tx, std::slice::from_ref(&subject)).await?[&subject].owner();
            drop(tx);
            let subjects: Vec<_> = std::iter::once(subject).chain(owner.map(Subject::owner)).collect();
            self.compare(&subjects, &mut faults).await?;
            return Ok(faults.into_iter().collect());
        }
        for kind in SetKind::ALL {
            self.check_kind(kind, &mut faults).await?;
        }
        self.check_known(&mut faults).await?;
        self.check_places(&mut faults).await?;
        Ok(faults.into_iter().collect())
    }

    async fn check_kind(&self, kind: SetKind, faults: &mut BTreeSet<SetFault>) -> Result<(), Failure> {
        let mut after = vec![];
        loop {
            let mut tx = self.letters.read("check sets").await?;
            let mut page: BTreeSet<Subject> = adopt::page(&mut tx, kind, &after).await?.into_iter().collect();
            drop(tx);
            let mut tx = self.keys.read("check sets").await?;
            page.extend(directory::page(&mut tx, kind, &after).await?);
            drop(tx);
            // Each of the two pages ends somewhere else: the shorter way counts, so that none is passed over.
            let page: Vec<Subject> = page.into_iter().take(PAGE).collect();
            let Some(last) = page.last() else { return Ok(()) };
            after.clone_from(&last.id);
            self.compare(&page, faults).await?;
            for subject in &page {
                if !self.history_holds(subject).await? {
                    let table = Table::RegistryEvent.as_str();
                    faults.insert(SetFault { table, set: subject.to_string() });
                }
            }
        }
    }

    async fn compare(&self, subjects: &[Subject], faults: &mut BTreeSet<SetFault>) -> Result<(), Failure> {
        let mut open = subjects.to_vec();
        let mut found = vec![];
        for _ in 0..TRIES {
            let mut tx = self.letters.read("check sets").await?;
            let rows = sets::read(&mut tx, &open).await?;
            drop(tx);
            let said = self.vouched(&open).await?;
            let unfit = open.iter().filter_map(|subject| {
                Some((subject.clone(), unfit(subject, &rows[subject], said.get(subject), |_| true)?))
            });
            found = unfit.collect();
            open = found.iter().map(|(subject, _)| subject.clone()).collect();
            if open.is_empty() {
                break;
            }
        }
        let fault =
            |(subject, table): (Subject, Table)| SetFault { table: table.as_str(), set: subject.to_string() };
        faults.extend(found.into_iter().map(fault));
        Ok(())
    }

    /// Who is at another operator has no open mailbox here: nothing that moves somebody leaves both behind.
    async fn check_places(&self, faults: &mut BTreeSet<SetFault>) -> Result<(), Failure> {
        let mut tx = self.letters.read("check places").await?;
        for mailbox in registry::registrations::beside_open(&mut tx, self.clock.now()).await? {
            let set = Subject::mailbox(mailbox).to_string();
            faults.insert(SetFault { table: Table::Registration.as_str(), set });
        }
        Ok(())
    }

    /// Numbers and log-ins: the same rows in both databases.
    async fn check_known(&self, faults: &mut BTreeSet<SetFault>) -> Result<(), Failure> {
        let there = self.all_addresses(false).await?;
        let stated = self.all_addresses(true).await?;
        for one in there.symmetric_difference(&stated) {
            let set = format!("{} {}", one.owner_kind, hex::encode(one.owner_id));
            faults.insert(SetFault { table: Table::Identity.as_str(), set });
        }
        let there = self.all_logins(false).await?;
        let stated = self.all_logins(true).await?;
        for (_, person) in there.symmetric_difference(&stated) {
            let set = format!("person {}", hex::encode(person));
            faults.insert(SetFault { table: Table::Login.as_str(), set });
        }
        Ok(())
    }

    pub(crate) async fn all_addresses(&self, stated: bool) -> Result<BTreeSet<Address>, Failure> {
        let store = if stated { &self.keys } else { &self.letters };
        let sql = if stated { KNOWN_ADDRESSES } else { IDENTITIES };
        let mut all = BTreeSet::new();
        let mut after = ([0u8; 32], i64::MIN);
        loop {
            let mut tx = store.read("check numbers").await?;
            let rows = tx.query(sql, args![&after.0, after.1]).await?;
            drop(tx);
            let Some(last) = rows.last() else { return Ok(all) };
            after = (last.array("mac")?, last.time("valid_from")?.millis());
            for row in &rows {
                all.insert(read_address(row)?);
            }
        }
    }

    pub(crate) async fn all_logins(&self, stated: bool) -> Result<BTreeSet<([u8; 32], [u8; 16])>, Failure> {
        let store = if stated { &self.keys } else { &self.letters };
        let sql = if stated { KNOWN_LOGINS } else { LOGINS };
        let mut all = BTreeSet::new();
        let mut after = vec![];
        loop {
            let mut tx = store.read("check log-ins").await?;
            let rows = tx.query(sql, args![&after]).await?;
            drop(tx);
            let Some(last) = rows.last() else { return Ok(all) };
            after = last.bytes("mac")?.to_vec();
            for row in &rows {
                all.insert((row.array("mac")?, row.array("person_id")?));
            }
        }
    }
}

/// Sets compared at once; no more than either page has.
const PAGE: usize = 500;
/// How often a set is read before it counts as not vouched for: a change may lie between two readings.
const TRIES: u32 = 4;
const IDENTITIES: &str = concat!(
    "SELECT ",
    address_columns!(),
    " FROM identity \
    WHERE (mac, valid_from) > ($1, $2) ORDER BY mac, valid_from LIMIT 2000"
);
const KNOWN_ADDRESSES: &str = concat!(
    "SELECT ",
    address_columns!(),
    " FROM known_address \
    WHERE (mac, valid_from) > ($1, $2) AND unsettled_since IS NULL ORDER BY mac, valid_from LIMIT 2000"
);
const LOGINS: &str = "SELECT mac, person_id FROM login WHERE mac > $1 ORDER BY mac LIMIT 2000";
const KNOWN_LOGINS: &str = "SELECT mac, person_id FROM known_login \
    WHERE mac > $1 AND unsettled_since IS NULL ORDER BY mac LIMIT 2000";
