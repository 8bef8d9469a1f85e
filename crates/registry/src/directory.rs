//! What gateways and TLS need to know of senders, held in memory.
//!
//! A snapshot is one state of the registry, from one reading transaction. Every recipient look-up tells the
//! registry's version, so a gateway that is behind notices with its next letter.

mod vouching;

pub(crate) use vouching::readable;

use crate::{
    certificates,
    dispatch::{self, Listing},
    operators::{self, Operator, OperatorCertificate},
    senders::{self, Sender},
    sets::Subject,
    version::version,
};
use domain::{CertificateDigest, Code, OrgNumber, Time};
use key_client::Keys;
use parking_lot::RwLock;
use std::{
    collections::{HashMap, HashSet},
    fmt,
    sync::Arc,
};
use store::{Error, Store, Tx};
use vault::VerifyingKey;

/// A registered certificate, its key ready to verify.
#[derive(Clone)]
pub struct CertificateEntry {
    /// Of the DER: `x5t#S256`.
    pub sha256: CertificateDigest,
    pub organisation: OrgNumber,
    /// RFC 7638 thumbprint of the key.
    pub kid: String,
    pub der: Arc<[u8]>,
    pub key: VerifyingKey,
    pub not_before: Time,
    pub not_after: Time,
    pub added_at: Time,
    pub revoked_at: Option<Time>,
}

/// One state of senders, listings, certificates and operators.
#[derive(Debug, Default)]
pub struct Snapshot {
    /// The registry's version that this state is of.
    pub version: i64,
    senders: HashMap<OrgNumber, Sender>,
    dispatch: HashMap<OrgNumber, Vec<Listing>>,
    certificates: HashMap<CertificateDigest, Arc<CertificateEntry>>,
    by_kid: HashMap<String, Vec<Arc<CertificateEntry>>>,
    operators: HashMap<OrgNumber, Operator>,
    operator_certificates: HashMap<CertificateDigest, OperatorCertificate>,
    /// Senders, dispatchers and operators whose rows are not those that the key service vouches for: nothing is done for
    /// them.
    unvouched: HashSet<Subject>,
}

/// The newest snapshot, shared by all that ask. Reading it costs a pointer.
#[derive(Clone, Debug)]
pub struct Directory {
    current: Arc<RwLock<Arc<Snapshot>>>,
    /// One reads the database at a time; the others wait and find it done.
    loading: Arc<tokio::sync::Mutex<()>>,
    /// Who vouches for what is read.
    keys: Option<Keys>,
}

impl CertificateEntry {
    /// Whether it can be used at this instant, or which code says why not.
    pub fn usable(&self, now: Time) -> Result<(), Code> {
        certificates::usable(self.revoked_at, self.not_before, self.not_after, now)
    }
}

impl Snapshot {
    /// Reads all of it. Give it a transaction of [`Store::read`], so that it is one state.
    pub async fn load(tx: &mut Tx) -> Result<Self, Error> {
        let mut snapshot = Self { version: version(tx).await?, ..Self::default() };
        for sender in senders::list(tx).await? {
            snapshot.senders.insert(sender.number.clone(), sender);
        }
        for listing in dispatch::all(tx).await? {
            snapshot.dispatch.entry(listing.sender.clone()).or_default().push(listing);
        }
        for entry in certificates::all(tx).await? {
            let entry = Arc::new(entry);
            snapshot.by_kid.entry(entry.kid.clone()).or_default().push(Arc::clone(&entry));
            snapshot.certificates.insert(entry.sha256, entry);
        }
        for operator in operators::list(tx).await?.into_iter().filter(|one| one.ended_at.is_none()) {
            snapshot.operators.insert(operator.number.clone(), operator);
        }
        for entry in operators::all_certificates(tx).await? {
            snapshot.operator_certificates.insert(entry.sha256, entry);
        }
        Ok(snapshot)
    }

    /// A registered sender or dispatcher.
    pub fn sender(&self, number: &OrgNumber) -> Option<&Sender> {
        self.senders.get(number)
    }

    /// All that are registered, in no order.
    pub fn senders(&self) -> impl Iterator<Item = &Sender> {
        self.senders.values()
    }

    /// Whether the organisation is registered, as sender or dispatcher.
    pub fn knows(&self, number: &OrgNumber) -> bool {
        self.senders.contains_key(number)
    }

    /// The mailbox operators of today, in no order.
    pub fn operators(&self) -> impl Iterator<Item = &Operator> {
        self.operators.values()
    }

    pub fn operator(&self, number: &OrgNumber) -> Option<&Operator> {
        self.operators.get(number)
    }

    /// The one that a domain names, however its letters are written.
    pub fn operator_by_domain(&self, domain: &str) -> Option<&Operator> {
        let domain = domain.trim();
        self.operators().find(|operator| operator.domain.eq_ignore_ascii_case(domain))
    }

    /// We ourselves. `None` until the service has started once.
    pub fn own_operator(&self) -> Option<&Operator> {
        self.operators().find(|operator| operator.own)
    }

    /// Whether this very certificate is revoked, for whatever it was registered: for the TLS handshake. One that is not
    /// registered is let in there, so that it can be told what is missing ([`Snapshot::caller`]).
    pub fn is_revoked(&self, sha256: &CertificateDigest) -> bool {
        self.certificates.get(sha256).is_some_and(|entry| entry.revoked_at.is_some())
            || self.operator_certificates.get(sha256).is_some_and(|entry| entry.revoked_at.is_some())
    }

    /// One that an operator connects with, whatever its state.
    pub fn operator_certificate(&self, sha256: &CertificateDigest) -> Option<&OperatorCertificate> {
        self.operator_certificates.get(sha256)
    }

    /// A registered certificate, whatever its state.
    pub fn certificate(&self, sha256: &CertificateDigest) -> Option<&CertificateEntry> {
        self.certificates.get(sha256).map(|entry| &**entry)
    }

    /// Whether `caller` may act for `sender` now: it is the sender, or the sender lists it.
    pub fn may_send(&self, caller: &OrgNumber, sender: &OrgNumber, now: Time) -> Result<(), Code> {
        if self.doubts(sender) || self.doubts(caller) {
            return Err(Code::Unavailable);
        }
        let known = self.senders.get(sender);
        if caller != sender && known.is_some() && !self.lists(sender, caller, now) {
            return Err(Code::CallerNotAllowed);
        }
        let known = known.filter(|sender| sender.may_send).ok_or(Code::SenderUnknown)?;
        let calling = self.senders.get(caller).ok_or(Code::CallerNotAllowed)?;
        if known.suspended_at.is_some() || calling.suspended_at.is_some() {
            return Err(Code::SenderSuspended);
        }
        Ok(())
    }

    fn doubts(&self, sender: &OrgNumber) -> bool {
        !self.unvouched.is_empty() && self.unvouched.contains(&Subject::sender(sender))
    }

    /// The senders that this caller may act for now, itself among them: whose events and letters it may see.
    pub fn senders_of(&self, caller: &OrgNumber, now: Time) -> Vec<OrgNumber> {
        let mut senders: Vec<_> = self
            .senders
            .keys()
            .filter(|sender| self.may_send(caller, sender, now).is_ok())
            .cloned()
            .collect();
        senders.sort();
        senders
    }

    /// The certificate that a letter of `sender` names as signed with, by `kid`, `x5t#S256` or both. It must be the
    /// sender's own or that of a dispatcher it lists, and valid now.
    pub fn signing_key(
        &self,
        sender: &OrgNumber,
        kid: Option<&str>,
        x5t_s256: Option<&CertificateDigest>,
        now: Time,
    ) -> Result<&CertificateEntry, Code> {
        let named: Vec<&Arc<CertificateEntry>> = match (kid, x5t_s256) {
            (_, Some(sha256)) => self.certificates.get(sha256).into_iter().collect(),
            (Some(kid), None) => self.by_kid.get(kid).into_iter().flatten().collect(),
            (None, None) => Vec::new(),
        };
        let theirs = named.into_iter().filter(|entry| {
            kid.is_none_or(|kid| kid == entry.kid)
                && (entry.organisation == *sender || self.dispatches(&entry.organisation, sender, now))
        });
        // One key can stand in several certificates, as after a renewal: any usable one will do, the longest first.
        let mut best: Result<&CertificateEntry, Code> = Err(Code::UnknownKey);
        for entry in theirs {
            best = match (entry.usable(now), best) {
                (Ok(()), Ok(other)) if other.not_after >= entry.not_after => Ok(other),
                (Ok(()), _) => Ok(entry),
                (Err(_), Ok(other)) => Ok(other),
                (Err(Code::CertificateRevoked), _) | (_, Err(Code::CertificateRevoked)) => {
                    Err(Code::CertificateRevoked)
                }
                (Err(code), _) => Err(code),
            };
        }
        best
    }

    fn dispatches(&self, dispatcher: &OrgNumber, sender: &OrgNumber, now: Time) -> bool {
        self.lists(sender, dispatcher, now)
            && self.senders.get(dispatcher).is_some_and(|dispatcher| dispatcher.suspended_at.is_none())
    }

    fn lists(&self, sender: &OrgNumber, dispatcher: &OrgNumber, now: Time) -> bool {
        self.dispatch.get(sender).into_iter().flatten().any(|listing| {
            listing.dispatcher == *dispatcher
                && listing.valid_from <= now
                && listing.valid_to.is_none_or(|until| now < until)
        })
    }
}

impl Directory {
    /// Reads the registry for the first time.
    pub async fn load(store: &Store) -> Result<Self, Error> {
        let directory = Self::holding(Snapshot::default());
        directory.refresh(store).await?;
        Ok(directory)
    }

    /// The same, each sender and operator compared with what the key service vouches for.
    pub async fn vouched(store: &Store, keys: Keys) -> Result<Self, Error> {
        let directory = Self { keys: Some(keys), ..Self::holding(Snapshot::default()) };
        directory.refresh(store).await?;
        Ok(directory)
    }

    /// A directory of a snapshot that one has.
    pub fn holding(snapshot: Snapshot) -> Self {
        Self { current: Arc::new(RwLock::new(Arc::new(snapshot))), loading: Arc::default(), keys: None }
    }

    /// The newest snapshot that was read. It does not change while it is held.
    pub fn current(&self) -> Arc<Snapshot> {
        Arc::clone(&self.current.read())
    }

    /// Reads again unless the snapshot is of `version` or later; tells whether it did. `version` comes with every
    /// [`recipient::look_up`](crate::recipient::look_up).
    pub async fn refresh_if(&self, store: &Store, version: i64) -> Result<bool, Error> {
        if self.current().version >= version {
            return Ok(false);
        }
        let _one = self.loading.lock().await;
        if self.current().version >= version {
            return Ok(false);
        }
        self.put(self.read(store).await?);
        Ok(true)
    }

    /// Asks the database for its version and reads again when it is newer. To be done every second or two, so that
    /// a revoked certificate is refused soon also where no letter comes.
    pub async fn refresh(&self, store: &Store) -> Result<bool, Error> {
        let mut tx = store.read("registry version").await?;
        let version = version(&mut tx).await?;
        drop(tx);
        if self.refresh_if(store, version).await? {
            return Ok(true);
        }
        // What was not vouched for may be by now.
        if self.current().unvouched.is_empty() {
            return Ok(false);
        }
        let _one = self.loading.lock().await;
        self.put(self.read(store).await?);
        Ok(true)
    }

    async fn read(&self, store: &Store) -> Result<Snapshot, Error> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let mut tx = store.read("read registry").await?;
            let snapshot = Snapshot::load(&mut tx).await?;
            let Some(keys) = &self.keys else { return Ok(snapshot) };
            let unfit = vouching::unfit(&mut tx, keys, snapshot.subjects()).await?;
            drop(tx);
            // A change may lie between the two readings.
            if unfit.is_empty() || attempt == TRIES {
                return Ok(snapshot.without(unfit));
            }
        }
    }

    fn put(&self, snapshot: Snapshot) {
        let mut current = self.current.write();
        if snapshot.version >= current.version {
            *current = Arc::new(snapshot);
        }
    }
}

impl fmt::Debug for CertificateEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CertificateEntry({} of {})", self.kid, self.organisation)
    }
}

/// How often the registry is read before a sender counts as not vouched for.
const TRIES: u32 = 4;

#[cfg(test)]
mod tests;
