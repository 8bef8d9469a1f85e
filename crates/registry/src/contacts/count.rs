//! How many codes go out in a day. Kept in the database, since what is sent costs money and disturbs people: a restart
//! must not begin the count anew.

use domain::{PersonId, Time, words::Channel};
use store::{Error, Tx, args};

/// How many codes may be sent in a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MostCodes {
    /// To one person's addresses of one channel.
    pub person: u32,
    /// To numbers that begin alike.
    pub prefix: u32,
    /// By one channel in all.
    pub all: u32,
}

/// Counts one more code, in the transaction that keeps it; false when that is too many, and then the transaction must not
/// be committed. `address` is the plain one: of a number the beginning is kept, of an e-mail address nothing.
pub async fn count_code(
    tx: &mut Tx,
    person: PersonId,
    channel: Channel,
    address: &str,
    most: MostCodes,
    now: Time,
) -> Result<bool, Error> {
    let day = now.millis().div_euclid(DAY_MS);
    let prefix = &address.as_bytes()[..address.len().min(PREFIX)];
    let of_prefix = (channel == Channel::Sms).then_some(("prefix", prefix, most.prefix));
    // `all` last: whoever holds that row makes everybody else wait.
    let counted =
        [Some(("person", &person.as_bytes()[..], most.person)), of_prefix, Some(("all", &[], most.all))];
    for (of, who, most) in counted.into_iter().flatten() {
        let scope = &format!("{of}-{}", channel.as_str());
        let sent = tx.must_one(COUNT, args![day, scope, who]).await?.int("sent")?;
        if sent > i64::from(most) {
            return Ok(false);
        }
        // The first of a day clears away what nobody counts any more.
        if who.is_empty() && sent == 1 {
            tx.execute(FORGET, args![day - KEPT_DAYS]).await?.ignore();
        }
    }
    Ok(true)
}

/// `+46701`: the country and the first digits, behind which a provider sells whole series.
const PREFIX: usize = 6;
const DAY_MS: i64 = 24 * 60 * 60 * 1000;
const KEPT_DAYS: i64 = 7;
const COUNT: &str = "INSERT INTO code_count (day, scope, who, sent) VALUES ($1, $2, $3, 1) \
    ON CONFLICT (day, scope, who) DO UPDATE SET sent = code_count.sent + 1 RETURNING sent";
const FORGET: &str = "DELETE FROM code_count WHERE day < $1";
