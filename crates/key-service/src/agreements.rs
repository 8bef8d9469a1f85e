//! What recipients sign to the register of addresses: verified here, taken once, and never after a newer one.
//!
//! What is newer is decided by what stands in the key store and, for changes that no agreement made, in the registry.
//! A signature says an instant or only a day. An instant must be after the last change. A day must be a later one than
//! the last change's; on the very day of that change it is taken as long as the day lasts, unless the change was made by
//! an agreement that said its instant: which of two agreements of one day is the newer, their dates do not tell.

use crate::{
    failure::{AGAIN, Failure},
    purpose::Purpose,
    service::Inner,
    unvouched::{TRIES, alarm},
};
use delivery::agreement::{
    Agreement, DAYS, DEREGISTER, MOVE, PREFERENCES, REGISTER, SignatureData, Signed, Signer,
};
use domain::{AddressMac, AgreementDigest, AgreementMac, Code, DeclinedMac, Identity, Time};
use key_client::{AgreementUse, KeysError};
use registry::recipient;
use std::{sync::Arc, time::Duration};
use store::{Error, Tries, Tx, args};

/// What an agreement is about.
#[derive(Clone, Copy)]
enum What {
    Place,
    Senders,
}

/// The last change of that.
#[derive(Clone, Copy)]
struct Last {
    at: Time,
    /// It was made by an agreement that said its instant.
    exact: bool,
}

/// An agreement that has come, as it is kept.
struct Come {
    tag: AgreementMac,
    signed: Signed,
}

/// All that one use is judged by.
struct Use {
    address_mac: AddressMac,
    act: &'static str,
    what: What,
    come: Vec<Come>,
    earlier: Vec<AgreementMac>,
    acts: bool,
    now: Time,
}

impl Inner {
    pub(crate) async fn use_agreement(&self, agreement: AgreementUse) -> Result<(), Failure> {
        let (act, what) = act(&agreement.act)?;
        let recipient = Identity::parse(&agreement.recipient).map_err(|_| rejected(INVALID))?;
        let earlier = agreement.earlier.clone();
        let acts = agreement.acts;
        let signers = self.signers(agreement, act).await?;
        // Who signs for a company, its register says; a person signs for nobody else.
        if recipient.is_person() && signers.iter().any(|signer| signer.identity != recipient) {
            return Err(rejected(Code::SignatoryNotAllowed.as_str()).into());
        }
        let now = self.clock.now();
        let mac = self.keks.mac(Purpose::AddressIndex, now)?;
        let tag = |digest: &AgreementDigest| AgreementMac::from_bytes(mac.tag(LABEL, &[digest.as_bytes()]));
        let come = signers.iter().map(|signer| Come { tag: tag(&signer.digest), signed: signer.signed });
        let one = Use {
            address_mac: self.both_macs(now)?.of(&recipient).address_mac,
            act,
            what,
            come: come.collect(),
            earlier: earlier.iter().map(tag).collect(),
            acts,
            now,
        };
        let mut tries = Tries::again(AGAIN);
        loop {
            match self.use_once(&one).await {
                Err(failure) if tries.left(failure.is_transient()) => {}
                other => return other,
            }
        }
    }

    /// What waits for more signatures under this request is not used any more.
    pub(crate) async fn end_agreements(&self, recipient: &str, word: &str) -> Result<(), Failure> {
        let (act, _) = act(word)?;
        let recipient = Identity::parse(recipient).map_err(|_| rejected(INVALID))?;
        let now = self.clock.now();
        let address_mac = self.both_macs(now)?.of(&recipient).address_mac;
        let mut tx = self.keys.begin("end agreements").await?;
        tx.execute(END_WAITING, args![now, &address_mac, act]).await?.ignore();
        Ok(tx.commit().await?)
    }

    async fn signers(&self, asked: AgreementUse, act: &'static str) -> Result<Vec<Signer>, Failure> {
        let agreements = self.agreements.lock().as_ref().map(Arc::clone).ok_or(KeysError::NotAllowed)?;
        let now = self.clock.now();
        let AgreementUse { recipient: id, supplier, date, accepted, text, signatures, .. } = asked;
        if signatures.is_empty() || signatures.len() > MOST {
            return Err(rejected(INVALID).into());
        }
        let verify = move || {
            let agreement =
                Agreement { id, act, supplier, date, accepted: accepted.into_iter().collect(), text };
            let signer = |one: key_client::AgreementSignature| {
                let data = SignatureData {
                    signature: one.signature.expose().to_vec(),
                    certificate: one.certificate,
                };
                agreements.signer(&agreement, &data, now)
            };
            signatures.into_iter().map(signer).collect::<Result<Vec<_>, _>>()
        };
        let signers = Self::compute(verify).await?;
        Ok(signers.map_err(|refusal| rejected(refusal.code.as_str()))?)
    }

    async fn use_once(&self, one: &Use) -> Result<(), Failure> {
        let elsewise = self.changed_elsewise(one).await;
        if elsewise.is_err() {
            self.refuse_used(one).await?;
        }
        let elsewise = elsewise?;
        let mut tx = self.keys.begin("use agreement").await?;
        tx.execute(FORGET, args![one.now]).await?.ignore();
        tx.execute(FORGET_CHANGES, args![one.now.minus(KEPT)]).await?.ignore();
        let last = latest(agreed(&mut tx, one).await?, elsewise);
        for come in &one.come {
            if !is_newer(come.signed, last, one.now) {
                return Err(rejected(OLDER).into());
            }
            put(&mut tx, one, come).await?;
        }
        for tag in &one.earlier {
            let row = tx.one(WAITING, args![tag, &one.address_mac, one.act]).await?;
            let row = row.ok_or_else(|| rejected(USED))?;
            let came_at = row.time("came_at")?;
            let signed = signed(row.time("signed_at")?, row.flag("exact")?);
            if last.is_some_and(|last| came_at < last.at) || !is_newer(signed, last, came_at) {
                return Err(rejected(OLDER).into());
            }
        }
        if one.acts {
            spend(&mut tx, one).await?;
        }
        // A request that asks for something else has taken the place of what waited.
        for row in tx.query(ALL_WAITING, args![&one.address_mac, one.act]).await? {
            let tag: AgreementMac = row.tag("tag")?;
            if one.acts || !one.earlier.contains(&tag) && !one.come.iter().any(|come| come.tag == tag) {
                tx.execute(SPEND, args![one.now, &tag]).await?.ignore();
            }
        }
        Ok(tx.commit().await?)
    }

    /// What was used is refused as such, whatever the letters database says of the recipient by now.
    async fn refuse_used(&self, one: &Use) -> Result<(), Failure> {
        let mut tx = self.keys.read("find used agreements").await?;
        for tag in one.come.iter().map(|come| &come.tag).chain(&one.earlier) {
            if tx.one(SPENT, args![tag]).await?.is_some() {
                return Err(rejected(USED).into());
            }
        }
        Ok(())
    }

    /// When what the agreement is about was last changed, as the registry has it: by our own pages too. What it says of the
    /// recipient must be vouched for, or what was signed long ago could be made the newest.
    async fn changed_elsewise(&self, one: &Use) -> Result<Option<Time>, Failure> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut tx = self.letters.read("find last change").await?;
            let mut found =
                recipient::look_up(&mut tx, &one.address_mac, one.now, |_| DeclinedMac::from_bytes([0; 32]))
                    .await?;
            let changed = match one.what {
                What::Place => registry::registrations::last_change(&mut tx, &one.address_mac).await?,
                What::Senders => registry::preferences::last_change(&mut tx, &one.address_mac).await?,
            };
            drop(tx);
            let stated = self.statements(std::slice::from_ref(&one.address_mac)).await?.pop().flatten();
            match found.vouched_by(stated.as_ref()) {
                Ok(()) => return Ok(changed),
                // A change may lie between the two readings.
                Err(_) if attempt < TRIES => {}
                Err(table) => return Err(alarm(table, &"a recipient who has signed")),
            }
        }
    }
}

async fn agreed(tx: &mut Tx, one: &Use) -> Result<Option<Last>, Error> {
    let row = tx.one(AGREED, args![&one.address_mac, one.what.as_str()]).await?;
    row.map(|row| Ok(Last { at: row.time("changed_at")?, exact: row.flag("exact")? })).transpose()
}

async fn put(tx: &mut Tx, one: &Use, come: &Come) -> Result<(), Failure> {
    let (signed_at, exact) = match come.signed {
        Signed::On(day) => (day.start(), false),
        Signed::At(time) => (time, true),
    };
    let until = come.signed.date().start().plus(KEPT);
    let values = args![&come.tag, &one.address_mac, one.act, signed_at, exact, one.now, until];
    tx.execute(PUT, values).await?.ignore();
    // Held until the end, so that of two that come at once the second sees what the first has done.
    match tx.execute(HOLD, args![&come.tag, &one.address_mac]).await?.count() {
        1 => Ok(()),
        _ => Err(rejected(USED).into()),
    }
}

async fn spend(tx: &mut Tx, one: &Use) -> Result<(), Failure> {
    for tag in one.come.iter().map(|come| &come.tag).chain(&one.earlier) {
        if !tx.execute(SPEND, args![one.now, tag]).await?.any() {
            return Err(rejected(USED).into());
        }
    }
    let exact = one.come.iter().all(|come| matches!(come.signed, Signed::At(_)));
    let values = args![&one.address_mac, one.what.as_str(), one.now, exact];
    tx.execute(CHANGED, values).await?.exactly(1)?;
    Ok(())
}

/// Whether what was signed then, and came at `came`, is newer than the last change.
fn is_newer(signed: Signed, last: Option<Last>, came: Time) -> bool {
    let Some(last) = last else { return true };
    match signed {
        Signed::At(time) => time > last.at,
        Signed::On(day) => match last.at.date().days_until(day) {
            0 => !last.exact && came.date() == day,
            days => days > 0,
        },
    }
}

fn latest(agreed: Option<Last>, elsewise: Option<Time>) -> Option<Last> {
    match (agreed, elsewise) {
        // What the registry has of the same change came a moment later.
        (Some(last), Some(at)) if at > last.at => Some(Last { at, exact: last.exact }),
        (None, Some(at)) => Some(Last { at, exact: false }),
        (last, _) => last,
    }
}

fn signed(at: Time, exact: bool) -> Signed {
    if exact { Signed::At(at) } else { Signed::On(at.date()) }
}

fn act(word: &str) -> Result<(&'static str, What), KeysError> {
    let all = [
        (REGISTER, What::Place),
        (DEREGISTER, What::Place),
        (MOVE, What::Place),
        (PREFERENCES, What::Senders),
    ];
    all.into_iter().find(|(act, _)| *act == word).ok_or_else(|| rejected(INVALID))
}

fn rejected(code: &str) -> KeysError {
    KeysError::Rejected(code.to_owned())
}

impl What {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Place => "place",
            Self::Senders => "senders",
        }
    }
}

const USED: &str = Code::AgreementUsed.as_str();
const OLDER: &str = Code::AgreementOlder.as_str();
const INVALID: &str = Code::AgreementInvalid.as_str();
const LABEL: &str = "agreement";
/// Signatures in one request.
const MOST: usize = 50;
/// From its day on, a little longer than an agreement is good for.
const KEPT: Duration = Duration::from_secs((DAYS as u64 + 2) * 24 * 60 * 60);

const FORGET: &str = "DELETE FROM agreement WHERE until <= $1";
const FORGET_CHANGES: &str = "DELETE FROM agreed WHERE changed_at <= $1";
const PUT: &str = "INSERT INTO agreement (tag, address_mac, act, signed_at, exact, came_at, until) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (tag) DO NOTHING";
const HOLD: &str =
    "UPDATE agreement SET until = until WHERE tag = $1 AND address_mac = $2 AND spent_at IS NULL";
const WAITING: &str = "SELECT signed_at, exact, came_at FROM agreement \
    WHERE tag = $1 AND address_mac = $2 AND act = $3 AND spent_at IS NULL";
const ALL_WAITING: &str =
    "SELECT tag FROM agreement WHERE address_mac = $1 AND act = $2 AND spent_at IS NULL ORDER BY tag";
const SPEND: &str = "UPDATE agreement SET spent_at = $1 WHERE tag = $2 AND spent_at IS NULL";
const END_WAITING: &str =
    "UPDATE agreement SET spent_at = $1 WHERE address_mac = $2 AND act = $3 AND spent_at IS NULL";
const SPENT: &str = "SELECT 1 FROM agreement WHERE tag = $1 AND spent_at IS NOT NULL";
const AGREED: &str = "SELECT changed_at, exact FROM agreed WHERE address_mac = $1 AND what = $2";
const CHANGED: &str = "INSERT INTO agreed (address_mac, what, changed_at, exact, told) VALUES ($1, $2, $3, $4, 0) \
    ON CONFLICT (address_mac, what) DO UPDATE SET exact = EXCLUDED.exact, told = 0, changed_at = \
    CASE WHEN agreed.changed_at > EXCLUDED.changed_at THEN agreed.changed_at ELSE EXCLUDED.changed_at END";

#[cfg(test)]
mod tests;
