//! Sealed columns: names, addresses, notes.

use crate::{
    failure::Failure,
    purpose::Purpose,
    service::{Inner, lock},
};
use domain::{MailboxId, PersonId, words::Because};
use key_client::{Access, Column, ColumnItem, GrantToken, KeysError, SecretBytes};
use std::collections::HashSet;
use store::{Tx, args};
use vault::Place;
use zeroize::Zeroizing;

impl Inner {
    pub(crate) fn seal_columns(&self, items: &[ColumnItem]) -> Result<Vec<Vec<u8>>, Failure> {
        check_count(items)?;
        let now = self.clock.now();
        items
            .iter()
            .map(|item| {
                let padded = Zeroizing::new(vault::pad(item.text.expose()));
                let (purpose, place) = (Purpose::Column(item.column), place(item.column, &item.place));
                Ok(self.keks.seal(purpose, &place, &padded, now, &*self.random)?)
            })
            .collect()
    }

    pub(crate) async fn open_columns(
        &self,
        access: &Access,
        items: &[ColumnItem],
    ) -> Result<Vec<Option<SecretBytes>>, Failure> {
        check_count(items)?;
        let reached = self.reached(access, items).await?;
        let mut opened = Vec::with_capacity(items.len());
        for item in items {
            let within = reached.contains(item);
            opened.push(if within { self.open_column(item).await } else { None });
        }
        Ok(opened)
    }

    async fn open_column(&self, item: &ColumnItem) -> Option<SecretBytes> {
        let (purpose, place) = (Purpose::Column(item.column), place(item.column, &item.place));
        let padded = self.keks.unseal_fresh(purpose, &place, item.text.expose()).await.ok()?;
        vault::unpad(&padded).ok().map(|plain| SecretBytes::new(plain.to_vec()))
    }

    /// What `access` may open. Which rows belong to somebody is looked up here and never taken from the asker.
    async fn reached(&self, access: &Access, items: &[ColumnItem]) -> Result<Reached, Failure> {
        match access {
            Access::Notifier(notices) => {
                if notices.len() > MOST {
                    return Err(KeysError::Budget.into());
                }
                let reached = self.reached_for_notices(notices).await?;
                let addresses =
                    items.iter().filter(|item| item.column == Column::Contact && reached.contains(item));
                self.meter_addresses(addresses.count() as u64)?;
                Ok(reached)
            }
            Access::Gateway => Ok(Reached { columns: vec![Column::Pending], ..Reached::default() }),
            Access::Operator => {
                let mut rows = HashSet::new();
                let mut tx = self.letters.read("find profiles of organisations").await?;
                for item in items {
                    let sealed = item.text.expose();
                    if item.column != Column::Profile {
                        continue;
                    }
                    if tx.one(ORGANISATION, args![sealed]).await?.is_some() {
                        rows.insert((Column::Profile, sealed.to_vec()));
                    }
                }
                Ok(Reached { columns: vec![Column::Note], rows, ..Reached::default() })
            }
            Access::Grant(grant) => self.reached_by(grant).await,
        }
    }

    async fn reached_by(&self, grant: &GrantToken) -> Result<Reached, Failure> {
        let now = self.clock.now();
        let (person, own_profile) = {
            let mut grants = lock(&self.grants);
            let grant = grants.touch(grant, now)?;
            (grant.person, grant.applicant.profile_sealed.clone())
        };
        let mut rows = HashSet::from([(Column::Profile, own_profile)]);
        if let Some(person) = person {
            let rights = self.all_rights(person, now).await?;
            let mut tx = self.letters.read("find columns of a person").await?;
            gather(&mut tx, &mut rows, Column::Contact, CONTACTS, person).await?;
            gather(&mut tx, &mut rows, Column::Profile, PROFILE, person).await?;
            gather(&mut tx, &mut rows, Column::Note, NOTES_ABOUT, person).await?;
            gather(&mut tx, &mut rows, Column::Note, INVITED_BY, person).await?;
            for (mailbox, because) in rights.boxes {
                gather_box(&mut tx, &mut rows, mailbox, because).await?;
            }
        }
        Ok(Reached { rows, ..Reached::default() })
    }
}

/// Where a column belongs: the asker's place inside one of ours, so that no column opens as another.
pub(crate) fn place(column: Column, asked: &[u8]) -> Place {
    Place::new("column").text(column.as_str()).bytes(asked)
}

/// Whole columns, single rows by their ciphertext, and contact addresses by their place, in which alone they open.
#[derive(Default)]
pub(crate) struct Reached {
    pub columns: Vec<Column>,
    pub rows: HashSet<(Column, Vec<u8>)>,
    pub contacts: HashSet<Vec<u8>>,
}

impl Reached {
    fn contains(&self, item: &ColumnItem) -> bool {
        self.columns.contains(&item.column)
            || self.rows.contains(&(item.column, item.text.expose().to_vec()))
            || item.column == Column::Contact && self.contacts.contains(&item.place)
    }
}

/// Helpers see whose mailbox it is, unless the owner's identity is protected; the rest is for those who may
/// change it.
async fn gather_box(
    tx: &mut Tx,
    rows: &mut HashSet<(Column, Vec<u8>)>,
    mailbox: MailboxId,
    because: Because,
) -> Result<(), Failure> {
    let row = tx.one(OWNER_PROFILE, args![mailbox]).await?;
    if let Some(row) = row {
        for index in 0..2 {
            rows.extend(row.opt_bytes(index)?.map(|sealed| (Column::Profile, sealed.to_vec())));
        }
    }
    if because != Because::Helper {
        for row in tx.query(NOTES_OF, args![mailbox]).await? {
            rows.insert((Column::Note, row.bytes(0)?.to_vec()));
        }
        for row in tx.query(INVITED, args![mailbox]).await? {
            rows.insert((Column::Note, row.bytes(0)?.to_vec()));
            rows.extend(row.opt_bytes(1)?.map(|sealed| (Column::Note, sealed.to_vec())));
        }
        for row in tx.query(DECLINED, args![mailbox]).await? {
            rows.insert((Column::Declined, row.bytes(0)?.to_vec()));
        }
    }
    Ok(())
}

async fn gather(
    tx: &mut Tx,
    rows: &mut HashSet<(Column, Vec<u8>)>,
    column: Column,
    sql: &'static str,
    person: PersonId,
) -> Result<(), Failure> {
    for row in tx.query(sql, args![person]).await? {
        rows.insert((column, row.bytes(0)?.to_vec()));
    }
    Ok(())
}

fn check_count(items: &[ColumnItem]) -> Result<(), Failure> {
    if items.len() > MOST { Err(KeysError::Budget.into()) } else { Ok(()) }
}

const MOST: usize = 1000;
const CONTACTS: &str = "SELECT address FROM contact WHERE person_id = $1";
const PROFILE: &str = "SELECT profile FROM person WHERE person_id = $1";
const NOTES_ABOUT: &str = "SELECT note FROM mandate WHERE person_id = $1";
// Who was asked learns by whom, as long as it waits; the owner learns who said yes.
const INVITED_BY: &str = "SELECT i.owner_name FROM identity n JOIN invitation i ON i.address_mac = n.mac \
    WHERE n.owner_id = $1 AND n.owner_kind = 'person' AND n.valid_to IS NULL AND i.ended_at IS NULL";
const INVITED: &str = "SELECT label, helper_name FROM invitation WHERE mailbox_id = $1 AND ended_at IS NULL";
const NOTES_OF: &str = "SELECT note FROM mandate WHERE mailbox_id = $1";
const DECLINED: &str = "SELECT sender FROM declined WHERE mailbox_id = $1";
const ORGANISATION: &str = "SELECT 1 FROM organisation WHERE profile = $1 LIMIT 1";
const OWNER_PROFILE: &str = "SELECT p.profile, o.profile FROM mailbox m \
    LEFT JOIN person p ON m.owner_kind = 'person' AND p.person_id = m.owner_id AND p.protected_at IS NULL \
    LEFT JOIN organisation o ON m.owner_kind = 'organisation' AND o.organisation_id = m.owner_id \
    WHERE m.mailbox_id = $1";
