//! Whose numbers are and who logs in by them, after a restore: the key store's rows count, for all whom the letters database
//! still knows.

use crate::{directory::Address, failure::Failure, service::Inner};
use std::collections::{BTreeMap, BTreeSet};
use store::args;

impl Inner {
    /// Makes both databases agree. Tells how many rows of the letters database gave what had ended; names owners that lost
    /// a number.
    pub(super) async fn take_up_numbers(&self, gone: &mut Vec<String>) -> Result<u64, Failure> {
        Ok(self.take_up_addresses(gone).await? + self.take_up_logins().await?)
    }

    async fn take_up_addresses(&self, gone: &mut Vec<String>) -> Result<u64, Failure> {
        let there = self.all_addresses(false).await?;
        let stated = self.all_addresses(true).await?;
        let place = |one: &Address| (one.mac, one.valid_from);
        let known: BTreeMap<_, _> = stated.iter().map(|one| (place(one), one)).collect();
        let mut ended = 0;
        let mut tx = self.letters.begin("take up numbers").await?;
        for one in there.difference(&stated) {
            let _ = match known.get(&place(one)) {
                Some(known) => {
                    let values = args![
                        &known.mac,
                        known.valid_from,
                        known.valid_to,
                        &known.owner_kind,
                        &known.owner_id
                    ];
                    tx.execute(CORRECT, values).await?
                }
                None => tx.execute(REMOVE, args![&one.mac, one.valid_from]).await?,
            };
            ended += 1;
        }
        tx.commit().await?;
        let there: BTreeSet<_> = there.iter().map(place).collect();
        let mut tx = self.keys.begin("take up numbers").await?;
        for one in stated.iter().filter(|one| !there.contains(&place(one))) {
            tx.execute(FORGET, args![&one.mac, one.valid_from]).await?.ignore();
            gone.push(format!("a number of {} {}", one.owner_kind, hex::encode(one.owner_id)));
        }
        tx.commit().await?;
        Ok(ended)
    }

    async fn take_up_logins(&self) -> Result<u64, Failure> {
        let there = self.all_logins(false).await?;
        let stated = self.all_logins(true).await?;
        let mut ended = 0;
        let mut tx = self.letters.begin("take up log-ins").await?;
        for (mac, _) in there.difference(&stated) {
            ended += tx.execute(REMOVE_LOGIN, args![mac]).await?.count();
        }
        for (mac, person) in stated.difference(&there) {
            // None where the letters database does not know the person any more: then nobody is known by it.
            tx.execute(ADD_LOGIN, args![mac, person]).await?.ignore();
        }
        tx.commit().await?;
        Ok(ended)
    }
}

const CORRECT: &str =
    "UPDATE identity SET valid_to = $3, owner_kind = $4, owner_id = $5 WHERE mac = $1 AND valid_from = $2";
const REMOVE: &str = "DELETE FROM identity WHERE mac = $1 AND valid_from = $2";
const FORGET: &str =
    "DELETE FROM known_address WHERE mac = $1 AND valid_from = $2 AND unsettled_since IS NULL";
const REMOVE_LOGIN: &str = "DELETE FROM login WHERE mac = $1";
const ADD_LOGIN: &str =
    "INSERT INTO login (mac, person_id) SELECT $1, person_id FROM person WHERE person_id = $2";
