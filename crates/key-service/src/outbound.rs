//! The keys of letters that wait to be handed over to other operators. The gateway seals them and cannot open them.
//!
//! They are sealed to a key pair of their own that lives for a day or so: once nothing waits under an older one, it is
//! destroyed, and what was handed over opens with a backup of the key store alone, while there is one.

use crate::{
    failure::Failure,
    service::Inner,
    vouched::{Unvouched, fits},
};
use domain::{AddressMac, LetterId, MailboxId, rate::Taken};
use evidence::Belongings;
use key_client::{KeysError, MailboxKey, OUTBOUND_PARTS, SecretBytes, letter_aad, seal_info};
use std::time::Duration;
use store::args;
use tracing::{error, info};
use vault::{Key, Opaque, Purpose, derive};

impl Inner {
    /// For a chain that comes home to a mailbox here: the bodies of its events that the ring of before sealed, by their place.
    /// The doors have not got that ring, with which they could say anything of that time.
    pub(crate) async fn events_before(&self, letter: LetterId) -> Result<Vec<Option<SecretBytes>>, Failure> {
        if self.keks.versions(EVENTS_BEFORE).is_empty() {
            return Ok(vec![]);
        }
        let ring = self.keks.ring(EVENTS_BEFORE, self.clock.now())?;
        let mut tx = self.letters.read("open events of before").await?;
        let bodies = evidence::bodies(&mut tx, &ring, letter.own_box(), letter).await?;
        Ok(bodies.into_iter().map(|body| body.map(SecretBytes::new)).collect())
    }

    /// The content key, while the letter waits. Metered: whoever hands over asks once a try.
    pub(crate) async fn outbound_key(&self, letter: LetterId) -> Result<Key, Failure> {
        if self.callers.lock().take(METER, 1, self.clock.now()) != Taken::Yes {
            return Err(Failure::Budget("outbound keys"));
        }
        let mut tx = self.letters.read("find outbound key").await?;
        let row = tx.one(FIND, args![letter]).await?.ok_or(KeysError::Gone)?;
        let rings = self.keks.event_rings(self.clock.now())?;
        let taken = evidence::taken_in_charge(&mut tx, &rings, letter).await?;
        drop(tx);
        let epoch = row.int("epoch")?;
        let sealed = row.bytes("sealed_key")?;
        let secrets = self.secrets(MailboxId::OUTGOING).await?;
        let aad = letter_aad(letter.own_box(), letter, epoch, OUTBOUND_PARTS);
        let key = secrets.get(&epoch).ok_or(Opaque)?.open(seal_info(), &aad, sealed)?;
        let belongings = Belongings {
            key: *derive(&key, Purpose::Commitment).expose(),
            mailbox_id: letter.own_box(),
            letter_id: letter,
            accepted_at: row.time("accepted_at")?,
            visible_from: row.time("accepted_at")?,
            confidential: false,
            tells_opened: false,
            parts: OUTBOUND_PARTS,
            sender_mac: row.tag("sender_mac")?,
        };
        let vouched = taken.as_ref().ok_or(Unvouched::NeverAccepted).and_then(|taken| {
            let found = row
                .array("address_mac")
                .ok()
                .map(|mac| evidence::address(&taken.nonce, &AddressMac::from_bytes(mac)));
            match taken.event.address {
                Some(address) if found != Some(address) => Err(Unvouched::Changed),
                _ => fits(taken, &belongings),
            }
        });
        if let Err(why) = vouched {
            metrics::counter!("kuvert_unvouched_total", "table" => "outbound").increment(1);
            error!(letter.id = %letter, %why, "A letter that waits is not as it was taken in charge: not opened");
            return Err(Failure::Opaque);
        }
        Ok(derive(&key, Purpose::Content))
    }

    /// What is sealed to now; made where there is none.
    pub(crate) async fn outgoing_pair(&self) -> Result<MailboxKey, Failure> {
        let made = self.make_mailbox_keys(&[MailboxId::OUTGOING]).await?;
        made.first().copied().ok_or(Failure::Opaque)
    }

    /// Destroys what nothing waits under any more, and makes a new pair when the newest is old enough.
    pub(crate) async fn roll_outgoing(&self) -> Result<(), Failure> {
        let mut tx = self.keys.read("look at outgoing keys").await?;
        let pairs = tx.query(PAIRS, args![MailboxId::OUTGOING]).await?;
        drop(tx);
        let Some(newest) = pairs.first() else { return Ok(()) };
        let epoch = newest.int("epoch")?;
        let age = self.clock.now().since(newest.time("created_at")?);
        // Gateways that seal to the older one have learnt of the newest by then.
        if age < self.settings.roll_grace() {
            return Ok(());
        }
        if pairs.len() > 1 {
            let mut tx = self.letters.read("look for older outgoing").await?;
            let waits = tx.one(WAITS, args![epoch]).await?.is_some();
            drop(tx);
            if !waits {
                let mut tx = self.keys.begin_background("destroy outgoing keys").await?;
                let destroyed = tx.execute(DESTROY, args![MailboxId::OUTGOING, epoch]).await?.count();
                tx.commit().await?;
                info!(destroyed, "Destroyed old keys of letters that were handed over");
            }
        }
        if age >= PAIR_AGE {
            self.make_epoch(MailboxId::OUTGOING, epoch + 1).await?;
        }
        Ok(())
    }
}

const EVENTS_BEFORE: crate::purpose::Purpose = crate::purpose::Purpose::Events;
const METER: &str = "outgoing";
const PAIR_AGE: Duration = Duration::from_secs(24 * 60 * 60);
const FIND: &str = "SELECT epoch, sealed_key, accepted_at, sender_mac, address_mac FROM outbound \
    WHERE letter_id = $1 AND sealed_key IS NOT NULL";
const PAIRS: &str = "SELECT epoch, created_at FROM mailbox_key WHERE mailbox_id = $1 ORDER BY epoch DESC";
const WAITS: &str = "SELECT 1 FROM outbound WHERE sealed_key IS NOT NULL AND epoch < $1 LIMIT 1";
const DESTROY: &str = "DELETE FROM mailbox_key WHERE mailbox_id = $1 AND epoch < $2";
