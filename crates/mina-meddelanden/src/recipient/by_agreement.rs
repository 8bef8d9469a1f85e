//! What changes when a recipient has signed for it: the one way in which a signature changes anything.
//!
//! The key service uses the agreement, durably, before anything is changed; so it changes something at most once. What
//! would be refused anyway is found out before and uses nothing up. A crash between the two leaves the agreement used and
//! nothing changed: the person signs again.

use super::{Session, account::refused};
use crate::{
    agreement::{Agreement, SignatureData},
    authorisation::Authorised,
    far::{changed, failed},
};
use domain::{AddressMac, AgreementDigest, Code, JobId, OrgNumber, PreferenceMac, Refusal};
use intake::AcceptError;
use key_client::{By, Change, Changed};
use registry::{
    pending::{self, PendingKind},
    preferences,
    registrations::{self, AccountType, NewRegistration, Place},
};
use store::Tx;

/// A request whose signatures hold.
pub(super) struct Judged<'a> {
    pub kind: PendingKind,
    pub address_mac: AddressMac,
    pub agreement: &'a Agreement,
    pub signatures: &'a [SignatureData],
    /// Digests of those that came with this request.
    pub now: Vec<AgreementDigest>,
    pub authorised: Authorised,
}

/// What is to be changed.
pub(super) enum Effect<'a> {
    Register(&'a OrgNumber, AccountType),
    Deregister(Place),
    Move(Place),
    /// These tags of senders are off, all others on.
    Senders(Vec<PreferenceMac>),
}

impl Judged<'_> {
    /// Digests of those that came before and still count.
    pub(super) fn earlier(&self) -> Vec<AgreementDigest> {
        let all = self.authorised.signed_by.iter().filter_map(|signer| signer.digest);
        all.filter(|digest| !self.now.contains(digest)).collect()
    }
}

impl Session<'_> {
    /// Changes it, once for what was signed.
    pub(super) async fn by_agreement(
        &self,
        judged: &Judged<'_>,
        change: &Effect<'_>,
    ) -> Result<(), AcceptError> {
        let store = &self.far.0.store;
        let mut tx = store.begin("try what was agreed").await?;
        let tried = self.write(&mut tx, judged, change).await;
        tx.rollback().await;
        tried?;
        self.far.use_agreement(judged.agreement, judged.signatures, judged.earlier(), true).await?;
        self.change(judged, change).await?;
        changed(self.call, judged.kind.as_str());
        Ok(())
    }

    /// The key service moves a mailbox, and vouches for where it is; what is said of senders elsewhere decides nothing here.
    async fn change(&self, judged: &Judged<'_>, effect: &Effect<'_>) -> Result<(), AcceptError> {
        let parts = &*self.far.0;
        let address_mac = judged.address_mac;
        let job = JobId::new(parts.clock.now(), &*parts.random);
        let at = |place: &Place| match place {
            Place::Here => None,
            Place::At(operator) => Some(operator.clone()),
        };
        let secure = AccountType::Secure.as_str().to_owned();
        let change = match effect {
            Effect::Register(operator, account_type) => Change::Register {
                address_mac,
                job,
                operator: (*operator).clone(),
                account_type: account_type.as_str().to_owned(),
            },
            Effect::Deregister(from) => Change::Deregister { address_mac, job, from: at(from) },
            Effect::Move(to) => Change::Move { address_mac, job, to: at(to), account_type: secure },
            Effect::Senders(_) => {
                let mut tx = parts.store.begin("change what was agreed").await?;
                self.write(&mut tx, judged, effect).await?;
                return Ok(tx.commit().await?);
            }
        };
        match parts.keys.change(By::Agreement, change).await? {
            Changed::Done(true) => Ok(()),
            // Another came between the try and the change.
            Changed::Done(false) => {
                Err(Refusal::new(Code::AlreadyRegistered).because("at this operator").into())
            }
            _ => Err(AcceptError::Unavailable("the recipient was moved by another at the same time")),
        }
    }

    /// Whether it can be changed; written, and undone again.
    async fn write(&self, tx: &mut Tx, judged: &Judged<'_>, change: &Effect<'_>) -> Result<(), AcceptError> {
        let address_mac = &judged.address_mac;
        let recorder = &self.far.recorder();
        match change {
            Effect::Register(operator, account_type) => {
                let new = NewRegistration { address_mac, operator, account_type: *account_type };
                if !registrations::register(tx, &new, recorder).await.map_err(refused)? {
                    return Err(Refusal::new(Code::AlreadyRegistered).because("at this operator").into());
                }
            }
            Effect::Deregister(from) => {
                if !registrations::deregister(tx, address_mac, from, recorder).await.map_err(failed)? {
                    return Err(Code::AccountUnknown.into());
                }
            }
            Effect::Move(to) => {
                let moved = registrations::move_to(tx, address_mac, to, AccountType::Secure, recorder).await;
                if !moved.map_err(refused)? {
                    return Err(Refusal::new(Code::AlreadyRegistered).because("at this operator").into());
                }
            }
            Effect::Senders(off) => {
                preferences::store(tx, address_mac, off, self.far.0.clock.now()).await?;
            }
        }
        pending::delete(tx, judged.kind, address_mac).await?;
        Ok(())
    }
}
