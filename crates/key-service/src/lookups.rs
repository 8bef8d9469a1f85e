//! How many recipients a caller looks up in a day. Personal numbers are few enough to be tried one after the other: an
//! agency's system, or a role that is broken into, gets no further than what its letters need.
//!
//! A caller is one that this service knows: it has a quota of its own in the key store, or is registered. All others
//! share one small quota, and all callers of a role share its ceiling, so that making names up gains nothing. Use is
//! counted in the key store, in blocks that are taken ahead, so that the hot path asks no database.

use crate::{failure::Failure, service::Inner, settings::Settings};
use domain::{OrgNumber, Time};
use key_client::{KeysError, LookupQuota, Role};
use std::{collections::HashMap, time::Duration};
use store::{Error, args};
use tracing::warn;

/// What has been taken from the key store and is not used yet.
#[derive(Default)]
pub(crate) struct Lookups {
    day: String,
    left: HashMap<String, u64>,
    /// Asked again only after a while, so that who goes on asking costs nothing.
    spent: HashMap<String, Time>,
}

/// Who shares what is left over for callers that nobody knows.
const UNKNOWN: &str = "unknown";
/// So long a caller is refused without asking the key store.
const SPENT_FOR: Duration = Duration::from_secs(5);
/// More are refused whatever is left.
const AT_ONCE: u64 = 1000;
/// Days of use that are kept, for the operator to see.
const KEPT: Duration = Duration::from_secs(8 * 24 * 3600);

impl Lookups {
    fn of(&mut self, day: &str) -> &mut Self {
        if self.day != day {
            *self = Self { day: day.to_owned(), ..Self::default() };
        }
        self
    }

    /// Takes from both, or from neither.
    fn take(&mut self, caller: &str, role: &str, count: u64) -> bool {
        let left = |who: &str| self.left.get(who).copied().unwrap_or_default();
        if left(caller) < count || left(role) < count {
            return false;
        }
        let shared = if caller == role { &[role][..] } else { &[caller, role] };
        for who in shared {
            if let Some(left) = self.left.get_mut(*who) {
                *left -= count;
            }
        }
        true
    }
}

/// The name under which all callers of a role are counted. The operator's own commands are not.
fn ceiling(role: Role, settings: &Settings) -> Option<(&'static str, u64)> {
    match role {
        Role::Gateway => Some(("role:gateway", settings.lookups_all_per_day)),
        Role::Web => Some(("role:web", settings.lookups_web_per_day)),
        Role::Operator | Role::Notifier | Role::Outgoing => None,
    }
}

impl Inner {
    /// Counts where nothing has to be asked for; `None` where it has.
    pub(crate) fn count_on_the_spot(
        &self,
        role: Role,
        caller: &str,
        count: u64,
    ) -> Option<Result<(), Failure>> {
        let Some((all, _)) = ceiling(role, &self.settings) else { return Some(Ok(())) };
        let now = self.clock.now();
        let mut lookups = self.lookups.lock();
        let lookups = lookups.of(&now.date().to_string());
        let caller = self.counted_as(role, caller);
        if lookups.take(caller, all, count) {
            return Some(Ok(()));
        }
        let spent = [caller, all].iter().any(|who| lookups.spent.get(*who).is_some_and(|until| now < *until));
        spent.then(|| Err(self.spent(now)))
    }

    /// Counts, and takes more from the key store where what was taken is used up.
    pub(crate) async fn count_lookups(&self, role: Role, caller: &str, count: u64) -> Result<(), Failure> {
        if count > AT_ONCE {
            return Err(KeysError::Budget.into());
        }
        if let Some(done) = self.count_on_the_spot(role, caller, count) {
            return done;
        }
        let Some((all, most)) = ceiling(role, &self.settings) else { return Ok(()) };
        let _one = self.taking.lock().await;
        if let Some(done) = self.count_on_the_spot(role, caller, count) {
            return done;
        }
        let (who, quota) = match role {
            Role::Web => (all.to_owned(), most),
            _ => self.quota(caller).await?,
        };
        let now = self.clock.now();
        let day = now.date().to_string();
        for (who, quota, why) in [(who.as_str(), quota, "caller"), (all, most, "role")] {
            let left = self.lookups.lock().of(&day).left.get(who).copied().unwrap_or_default();
            let Some(missing) = count.checked_sub(left).filter(|missing| *missing > 0) else { continue };
            let Some(got) = self.take_block(who, &day, missing, quota).await? else {
                metrics::counter!("kuvert_keys_lookups_refused_total", "why" => why).increment(1);
                warn!(caller = who, quota, "The recipients that may be looked up in a day are used up");
                // One that asks for many may still have some left for fewer.
                if missing == 1 {
                    self.lookups.lock().of(&day).spent.insert(who.to_owned(), now.plus(SPENT_FOR));
                }
                return Err(self.spent(now));
            };
            *self.lookups.lock().of(&day).left.entry(who.to_owned()).or_default() += got;
        }
        match self.lookups.lock().of(&day).take(&who, all, count) {
            true => Ok(()),
            false => Err(self.spent(now)),
        }
    }

    /// Under which name a caller is counted once it is known; the web has one for all.
    fn counted_as<'a>(&self, role: Role, caller: &'a str) -> &'a str {
        match role {
            Role::Web => "role:web",
            _ => caller,
        }
    }

    /// Under which name, and how many a day.
    async fn quota(&self, caller: &str) -> Result<(String, u64), Failure> {
        let mut tx = self.keys.read("read look-up quota").await?;
        let own = tx.one(QUOTA, args![caller]).await?;
        drop(tx);
        if let Some(row) = own {
            return Ok((caller.to_owned(), count(row.int("daily")?)));
        }
        let mut tx = self.letters.read("is caller registered").await?;
        let known = tx.one(REGISTERED, args![caller]).await?.is_some();
        Ok(match known {
            true => (caller.to_owned(), self.settings.lookups_per_day),
            false => (UNKNOWN.to_owned(), self.settings.lookups_unknown_per_day),
        })
    }

    /// A block, or at least what is missing; `None` when that is more than is left of the day.
    async fn take_block(&self, who: &str, day: &str, missing: u64, quota: u64) -> Result<Option<u64>, Error> {
        let block = (quota / 100).clamp(1, 10_000).max(missing);
        for wanted in [block, missing] {
            let mut tx = self.keys.begin("take look-ups").await?;
            tx.execute(BEGIN, args![who, day]).await?.ignore();
            let taken = tx.execute(TAKE, args![number(wanted), who, day, number(quota)]).await?.any();
            tx.commit().await?;
            if taken {
                return Ok(Some(wanted));
            }
        }
        Ok(None)
    }

    fn spent(&self, now: Time) -> Failure {
        let tomorrow = now.plus(Duration::from_secs(36 * 3600)).date();
        // Two days may lie that far ahead only in the evening.
        let next = if now.date().days_until(tomorrow) == 1 {
            tomorrow
        } else {
            now.plus(Duration::from_secs(12 * 3600)).date()
        };
        KeysError::Spent(u32::try_from(next.start().since(now).as_secs()).unwrap_or(u32::MAX).max(1)).into()
    }

    /// What a caller may and has looked up today, for the operator.
    pub(crate) async fn lookup_quota(&self, caller: &OrgNumber) -> Result<LookupQuota, Failure> {
        let (who, daily) = self.quota(caller.as_str()).await?;
        let day = self.clock.now().date().to_string();
        let mut tx = self.keys.read("read look-ups").await?;
        let own = tx.one(QUOTA, args![caller.as_str()]).await?.is_some();
        let used = tx.one(USED, args![&who, &day]).await?.map_or(Ok(0), |row| row.int("used"))?;
        Ok(LookupQuota { daily, own, used_today: count(used) })
    }

    /// Sets it; `None` is the setting for all.
    pub(crate) async fn set_lookup_quota(
        &self,
        caller: &OrgNumber,
        daily: Option<u64>,
    ) -> Result<(), Failure> {
        let mut tx = self.keys.begin("set look-up quota").await?;
        match daily {
            Some(daily) => {
                tx.execute(SET, args![caller.as_str(), number(daily), self.clock.now()]).await?.exactly(1)?;
            }
            None => tx.execute(UNSET, args![caller.as_str()]).await?.ignore(),
        }
        tx.commit().await?;
        Ok(())
    }

    /// Forgets what is kept no longer.
    pub(crate) async fn forget_lookups(&self) -> Result<(), Failure> {
        let before = self.clock.now().minus(KEPT).date().to_string();
        let mut tx = self.keys.begin_background("forget look-ups").await?;
        tx.execute(FORGET, args![&before]).await?.ignore();
        tx.commit().await?;
        Ok(())
    }
}

fn count(value: i64) -> u64 {
    u64::try_from(value).unwrap_or_default()
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

const QUOTA: &str = "SELECT daily FROM lookup_quota WHERE caller = $1";
const SET: &str = "INSERT INTO lookup_quota (caller, daily, set_at) VALUES ($1, $2, $3) \
    ON CONFLICT (caller) DO UPDATE SET daily = EXCLUDED.daily, set_at = EXCLUDED.set_at";
const UNSET: &str = "DELETE FROM lookup_quota WHERE caller = $1";
const USED: &str = "SELECT used FROM lookup_use WHERE caller = $1 AND day = $2";
const BEGIN: &str = "INSERT INTO lookup_use (caller, day, used) VALUES ($1, $2, 0) ON CONFLICT DO NOTHING";
const TAKE: &str =
    "UPDATE lookup_use SET used = used + $1 WHERE caller = $2 AND day = $3 AND used + $1 <= $4";
const FORGET: &str = "DELETE FROM lookup_use WHERE day < $1";
const REGISTERED: &str = "SELECT number FROM sender WHERE number = $1 \
    UNION SELECT number FROM operator WHERE number = $1 AND ended_at IS NULL";
