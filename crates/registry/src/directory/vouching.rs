//! Senders as the key service vouches for them.

use crate::sets::{self, Set, SetKind, Subject, Table};
use domain::OrgNumber;
use key_client::{Keys, Vouched};
use std::collections::{BTreeSet, HashMap};
use store::{Error, Fault, Tx};
use tracing::error;

/// Those whose rows are not what is vouched for, or are missing, with the first table that does not fit.
pub(super) async fn unfit(
    tx: &mut Tx,
    keys: &Keys,
    known: impl Iterator<Item = &OrgNumber>,
) -> Result<Vec<(OrgNumber, Table)>, Error> {
    let stated = keys.sender_statements().await.map_err(|error| {
        Error::Unavailable(Fault {
            code: error.code().to_owned(),
            message: "nobody vouches for senders now".into(),
        })
    })?;
    let stated: HashMap<OrgNumber, Vouched> = stated
        .into_iter()
        .filter_map(|one| Some((OrgNumber::parse(&one.number).ok()?, one.vouched)))
        .collect();
    let all: BTreeSet<OrgNumber> = known.cloned().chain(stated.keys().cloned()).collect();
    let subjects: Vec<Subject> = all.iter().map(Subject::sender).collect();
    let found = sets::read(tx, &subjects).await?;
    let unfit = all.into_iter().zip(&subjects).filter_map(|(number, subject)| {
        let table = first_unfit(subject, &found[subject], stated.get(&number))?;
        Some((number, table))
    });
    Ok(unfit.collect())
}

fn first_unfit(subject: &Subject, found: &Set, stated: Option<&Vouched>) -> Option<Table> {
    let Some(stated) = stated else { return Some(Table::Sender) };
    let tables = SetKind::Sender.tables().iter().enumerate();
    let unfit = |(at, table): &(usize, &Table)| !stated.fits_at(Some(&found.digest(subject, **table)), *at);
    tables.filter(unfit).map(|(_, table)| *table).next()
}

pub(super) fn alarm(number: &OrgNumber, table: Table) {
    metrics::counter!("kuvert_unvouched_total", "table" => table.as_str()).increment(1);
    error!(table = table.as_str(), sender = %number, "What the database says of a sender is not vouched for");
}
