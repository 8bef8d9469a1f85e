//! What the operator sees.

use crate::{
    failure::Failure,
    purpose::{Purpose, Renewal},
    service::Inner,
};
use key_client::{PurposeStatus, Status, VersionStatus};
use std::collections::HashMap;
use vault::KeyId;

impl Inner {
    pub(crate) async fn status(&self) -> Result<Status, Failure> {
        self.keks.reload().await?;
        let now = self.clock.now();
        let mut tx = self.keys.read("count mailbox keys").await?;
        let mut wraps = HashMap::new();
        for row in tx.query(WRAPS, &[]).await? {
            wraps.insert(KeyId::from_bytes(row.array("key_id")?), row.int("n")?);
        }
        drop(tx);
        let mut purposes = Vec::with_capacity(Purpose::ALL.len());
        for purpose in Purpose::ALL {
            let versions = self.keks.versions(purpose);
            if versions.is_empty() {
                continue;
            }
            let current = self.keks.current(purpose, now)?.id;
            let version = |kek: &std::sync::Arc<crate::keks::Kek>| VersionStatus {
                version: kek.version,
                key_id: kek.id,
                created_at: kek.created_at,
                retired_at: kek.retired_at,
                current: kek.id == current,
                wraps: (purpose == Purpose::Mailbox).then(|| wraps.get(&kek.id).copied().unwrap_or(0)),
            };
            purposes.push(PurposeStatus {
                purpose: purpose.as_str().to_owned(),
                rotates: purpose.renewal() != Renewal::Never,
                versions: versions.iter().map(version).collect(),
            });
        }
        let mut tx = self.letters.read("count erasures").await?;
        let row = tx.one(WAITING, &[]).await?.ok_or(Failure::Lost)?;
        Ok(Status {
            purposes,
            mailbox_keys: wraps.values().sum(),
            waiting_to_roll: row.int("n")?,
            waiting_since: row.opt_time("oldest")?,
        })
    }
}

// The eight bytes after magic and suite name the key.
const WRAPS: &str =
    "SELECT substr(wrapped, 5, 8) AS key_id, COUNT(*) AS n FROM mailbox_key GROUP BY substr(wrapped, 5, 8)";
const WAITING: &str =
    "SELECT COUNT(*) AS n, MIN(erased_since) AS oldest FROM mailbox WHERE erased_since IS NOT NULL";
