//! Numbers that are used once, one for each log-in attempt.
//!
//! One that was given out takes no memory: it carries when it ends, sixteen random bytes and a tag over both and the
//! provider. So nobody can begin so many log-ins that others cannot. Only those that were *used* are remembered, in the
//! key store, where a restart and a second key service find them.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Random, Time, chance};
use key_client::Nonce;
use std::time::Duration;
use store::{Store, args};
use vault::mac::Mac;

/// A new one for an attempt at `provider`.
pub(crate) fn give(mac: &Mac, provider: &str, lasts: Duration, now: Time, random: &dyn Random) -> Nonce {
    let ends_at = now.plus(lasts);
    let mut bytes = ends_at.millis().to_be_bytes().to_vec();
    bytes.extend(chance::bytes::<16>(random));
    let tag = mac.tag(LABEL, &[&bytes, provider.as_bytes()]);
    bytes.extend(tag);
    Nonce { nonce: BASE64_URL_SAFE_NO_PAD.encode(bytes), ends_at }
}

/// Until when it counts, if it was given out for `provider` and is in time. Whether it was used is another question.
pub(crate) fn read(macs: &[Mac], nonce: &str, provider: &str, now: Time) -> Option<Time> {
    let bytes: [u8; 56] = BASE64_URL_SAFE_NO_PAD.decode(nonce).ok()?.try_into().ok()?;
    let (said, tag) = bytes.split_at(24);
    if !macs.iter().any(|mac| mac.verify(LABEL, &[said, provider.as_bytes()], tag)) {
        return None;
    }
    let ends_at = Time::from_millis(i64::from_be_bytes(said.first_chunk().copied()?));
    (now < ends_at).then_some(ends_at)
}

/// Uses it up; false when somebody has used it before.
pub(crate) async fn use_up(keys: &Store, nonce: &str, ends_at: Time) -> Result<bool, store::Error> {
    let mut tx = keys.begin("use up nonce").await?;
    let done = tx.execute(USE_UP, args![&vault::sha256(nonce.as_bytes()), ends_at]).await?;
    tx.commit().await?;
    Ok(done.any())
}

/// Forgets those that nobody would take any more.
pub(crate) async fn forget_ended(keys: &Store, now: Time) -> Result<(), store::Error> {
    let before = now.minus(KEPT_AFTER);
    // Most minutes there are none, and then nothing is written.
    let mut tx = keys.read("look for ended nonces").await?;
    if tx.one(ANY_ENDED, args![before]).await?.is_none() {
        return Ok(());
    }
    drop(tx);
    let mut tx = keys.begin_background("forget ended nonces").await?;
    // None when another key service was first.
    tx.execute(FORGET, args![before]).await?.ignore();
    tx.commit().await
}

const LABEL: &str = "log-in nonce";
/// Clocks of two machines differ, and may be set back.
const KEPT_AFTER: Duration = Duration::from_secs(60 * 60);
const USE_UP: &str = "INSERT INTO used_nonce (nonce_sha256, ends_at) VALUES ($1, $2) ON CONFLICT DO NOTHING";
const ANY_ENDED: &str = "SELECT 1 FROM used_nonce WHERE ends_at < $1 LIMIT 1";
const FORGET: &str = "DELETE FROM used_nonce WHERE ends_at < $1";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use vault::{Key, SystemRandom};

    const START: Time = Time::from_millis(1_700_000_000_000);
    const LASTS: Duration = Duration::from_secs(600);

    fn mac(byte: u8) -> Mac {
        Mac::new(Key::from_bytes([byte; 32]))
    }

    #[test]
    fn a_nonce_counts_for_its_provider_and_in_time() {
        let given = give(&mac(1), "demo", LASTS, START, &SystemRandom);
        assert_eq!(given.ends_at, START.plus(LASTS));
        let read = |macs: &[Mac], provider, now| super::read(macs, &given.nonce, provider, now);
        assert_eq!(read(&[mac(1)], "demo", START), Some(given.ends_at));
        assert_eq!(read(&[mac(2), mac(1)], "demo", START), Some(given.ends_at), "of an older key");
        assert_eq!(read(&[mac(2)], "demo", START), None, "of nobody's key");
        assert_eq!(read(&[mac(1)], "other", START), None, "another provider");
        assert_eq!(read(&[mac(1)], "demo", given.ends_at), None, "too late");
    }

    #[test]
    fn a_nonce_that_was_changed_is_none() {
        let given = give(&mac(1), "demo", LASTS, START, &SystemRandom);
        let bytes = BASE64_URL_SAFE_NO_PAD.decode(&given.nonce).unwrap();
        for at in 0..bytes.len() {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            let changed = BASE64_URL_SAFE_NO_PAD.encode(changed);
            assert_eq!(read(&[mac(1)], &changed, "demo", START), None, "byte {at}");
        }
        for made_up in ["", "made up", &"A".repeat(75), &given.nonce[..74], &format!("{}A", given.nonce)] {
            assert_eq!(read(&[mac(1)], made_up, "demo", START), None, "{made_up}");
        }
    }
}
