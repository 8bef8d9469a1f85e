//! Sealed columns: names, addresses, notes.

use crate::{failure::Failure, purpose::Purpose, reached::Reached, service::Inner};
use key_client::{Access, Column, ColumnItem, KeysError, SecretBytes, is_organisation_profile};
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
                let purpose = Purpose::Column(item.column);
                let place = place(item.column, &item.place);
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
        let purpose = Purpose::Column(item.column);
        let place = place(item.column, &item.place);
        let padded = self.keks.unseal_fresh(purpose, &place, item.text.expose()).await.ok()?;
        vault::unpad(&padded).ok().map(|plain| SecretBytes::new(plain.to_vec()))
    }

    /// What `access` may open. Which places are somebody's is looked up here and never taken from the asker.
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
            Access::Gateway => Ok(Reached::columns(&[Column::Pending])),
            Access::Operator => {
                let mut reached = Reached::columns(&[Column::Note]);
                let of_organisations = |item: &&ColumnItem| is_organisation_profile(&item.place);
                for item in items.iter().filter(of_organisations) {
                    reached.add_bytes(Column::Profile, &item.place);
                }
                Ok(reached)
            }
            Access::Grant(grant) => self.reached_by(grant, items).await,
        }
    }
}

/// Where a column belongs: the asker's place inside one of ours, so that no column opens as another.
pub(crate) fn place(column: Column, asked: &[u8]) -> Place {
    Place::new("column").text(column.as_str()).bytes(asked)
}

fn check_count(items: &[ColumnItem]) -> Result<(), Failure> {
    if items.len() > MOST { Err(KeysError::Budget.into()) } else { Ok(()) }
}

const MOST: usize = 1000;
