//! Senders and operators as the key service vouches for them.

use super::Snapshot;
use crate::sets::{self, Set, SetKind, Subject, Table};
use domain::OrgNumber;
use evidence::Party;
use key_client::{Keys, Vouched};
use std::collections::{BTreeSet, HashMap};
use store::{Error, Fault, Row, Tx};
use tracing::error;

impl Snapshot {
    /// Leaves out what is not vouched for, and tells the operator.
    pub(super) fn without(mut self, unfit: Vec<(Subject, Table)>) -> Self {
        for (subject, table) in unfit {
            alarm(&subject, table);
            match subject.as_party() {
                Some((Party::Sender, number)) => self.forget_sender(&number),
                Some((Party::Operator, number)) => {
                    self.operators.remove(&number);
                    self.operator_certificates.retain(|_, entry| entry.operator != number);
                }
                None => {}
            }
            self.unvouched.insert(subject);
        }
        self
    }

    fn forget_sender(&mut self, number: &OrgNumber) {
        self.senders.remove(number);
        self.dispatch.remove(number);
        self.certificates.retain(|_, entry| entry.organisation != *number);
        for entries in self.by_kid.values_mut() {
            entries.retain(|entry| entry.organisation != *number);
        }
    }

    /// Whoever is named in it.
    pub(super) fn subjects(&self) -> impl Iterator<Item = Subject> {
        let senders = self.senders.keys().map(Subject::sender);
        // Certificates can name an operator that is no row, or has ended.
        let certified = self.operator_certificates.values().map(|entry| Subject::operator(&entry.operator));
        senders.chain(self.operators.keys().map(Subject::operator)).chain(certified)
    }
}

/// Those whose rows are not what is vouched for, or are missing, with the first table that does not fit.
pub(super) async fn unfit(
    tx: &mut Tx,
    keys: &Keys,
    known: impl Iterator<Item = Subject>,
) -> Result<Vec<(Subject, Table)>, Error> {
    let stated = keys.registry_statements().await.map_err(|error| {
        Error::Unavailable(Fault {
            code: error.code().to_owned(),
            message: "nobody vouches for senders now".into(),
        })
    })?;
    let stated: HashMap<Subject, Vouched> = stated
        .into_iter()
        .filter_map(|one| {
            let kind = SetKind::parse(&one.kind)?;
            Some((Subject { kind, id: one.number.into_bytes() }, one.vouched))
        })
        .collect();
    let all: BTreeSet<Subject> = known.chain(stated.keys().cloned()).collect();
    let subjects: Vec<Subject> = all.into_iter().collect();
    let found = sets::read(tx, &subjects).await?;
    let unfit = subjects.into_iter().filter_map(|subject| {
        let table = first_unfit(&subject, &found[&subject], stated.get(&subject))?;
        Some((subject, table))
    });
    Ok(unfit.collect())
}

fn first_unfit(subject: &Subject, found: &Set, stated: Option<&Vouched>) -> Option<Table> {
    let tables = subject.kind.tables();
    let Some(stated) = stated else { return tables.first().copied() };
    let unfit = |(at, table): &(usize, &Table)| !stated.fits_at(Some(&found.digest(subject, **table)), *at);
    tables.iter().enumerate().filter(unfit).map(|(_, table)| *table).next()
}

/// Counts it, and tells the operator.
fn alarm(subject: &Subject, table: Table) {
    metrics::counter!("kuvert_unvouched_total", "table" => table.as_str()).increment(1);
    error!(table = table.as_str(), set = %subject, "What the database says of a sender is not vouched for");
}

/// Reads rows, leaving out what we never write: one row that somebody has spoilt does not keep the others from being
/// read. Whose it was is found by the comparison of sets.
pub(crate) fn readable<T>(
    table: Table,
    rows: &[Row],
    read: impl Fn(&Row) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut all = Vec::with_capacity(rows.len());
    for row in rows {
        match read(row) {
            Ok(one) => all.push(one),
            Err(Error::Column { wanted, .. }) => {
                metrics::counter!("kuvert_unvouched_total", "table" => table.as_str()).increment(1);
                error!(table = table.as_str(), wanted, "A row of the registry holds what is never written");
            }
            Err(error) => return Err(error),
        }
    }
    Ok(all)
}
