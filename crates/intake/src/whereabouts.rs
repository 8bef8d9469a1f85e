//! Where a recipient's mailbox is: our own registry knows, or another party's register of addresses is asked.

use crate::{AcceptError, Intake};
use domain::{Code, Identity, OrgNumber, Refusal, Time};
use registry::{directory::Snapshot, recipient::Found};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// What a register of addresses says of a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// No mailbox anywhere that takes letters of this sender.
    Nowhere,
    /// With us.
    Here,
    At(OperatorAddress),
    /// The recipient has turned this sender off.
    Declined,
}

/// An operator, and where it takes letters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorAddress {
    pub number: OrgNumber,
    /// URL of its `Service/v3`.
    pub service_address: String,
}

/// Another party's register of addresses. `None`: it has not answered and nothing fresh enough is known.
pub trait Register: Send + Sync + fmt::Debug {
    /// One answer each, in order; asked for at most 1,000 at once.
    fn places<'a>(
        &'a self,
        sender: &'a OrgNumber,
        recipients: &'a [Identity],
    ) -> Pin<Box<dyn Future<Output = Vec<Option<Place>>> + Send + 'a>>;
}

/// Who knows.
#[derive(Clone, Debug, Default)]
pub enum Whereabouts {
    /// Our own registry does.
    #[default]
    Own,
    /// Somebody else does, and our own registry knows only who is here.
    Register(Arc<dyn Register>),
}

/// Where a letter goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Route {
    /// Into the mailbox here, which is open to the sender.
    Here,
    /// To another operator, and we may hand it over.
    Away(OperatorAddress),
}

impl Intake {
    /// Where letters of a sender go, one answer each, in order; or the code that refuses them,
    /// [`Code::Unavailable`] when it is not known now. At most 1,000 at once.
    pub async fn routes(
        &self,
        sender: &OrgNumber,
        asked: &[(&Identity, &Found)],
        now: Time,
    ) -> Vec<Result<Route, Code>> {
        let snapshot = self.0.directory.current();
        let leaves = |to: OperatorAddress| match &self.0.outgoing {
            None => Err(Code::RecipientElsewhere),
            Some(outgoing) if snapshot.may_send(&outgoing.organisation, sender, now).is_err() => {
                Err(Code::SenderMustSign)
            }
            Some(_) => Ok(Route::Away(to)),
        };
        let Whereabouts::Register(register) = &self.0.whereabouts else {
            let own = |(identity, found): &(&Identity, &Found)| match found.reachable(identity, now) {
                Ok(_) => Ok(Route::Here),
                Err(Code::RecipientElsewhere) => {
                    leaves(registered(&snapshot, found).ok_or(Code::RecipientElsewhere)?)
                }
                Err(code) => Err(code),
            };
            return asked.iter().map(own).collect();
        };
        let recipients: Vec<Identity> = asked.iter().map(|(identity, _)| (*identity).clone()).collect();
        let mut places = register.places(sender, &recipients).await.into_iter();
        let own = snapshot.own_operator().map(|operator| &operator.number);
        let route = |(identity, found): &(&Identity, &Found)| {
            let place = places.next().flatten();
            match (place, found.reachable(identity, now)) {
                (_, Err(Code::RecipientDeceased)) => Err(Code::RecipientDeceased),
                (Some(Place::Declined), _) => Err(Code::SenderDeclined),
                (Some(Place::At(to)), _) if Some(&to.number) != own => leaves(to),
                (_, Ok(_)) => Ok(Route::Here),
                (None, Err(code)) if code != Code::SenderDeclined => Err(Code::Unavailable),
                // Our own registry is not the one that says where somebody is.
                (_, Err(Code::RecipientElsewhere)) => Err(Code::RecipientUnknown),
                (_, Err(code)) => Err(code),
            }
        };
        asked.iter().map(route).collect()
    }

    /// Where one letter goes.
    pub(crate) async fn route(
        &self,
        sender: &OrgNumber,
        recipient: &Identity,
        found: &Found,
        now: Time,
    ) -> Result<Route, AcceptError> {
        match self.routes(sender, &[(recipient, found)], now).await.pop() {
            Some(Ok(route)) => Ok(route),
            Some(Err(Code::Unavailable)) | None => {
                Err(AcceptError::Unavailable("the register of addresses does not answer"))
            }
            Some(Err(code)) => Err(Refusal::new(code).at("/recipient").into()),
        }
    }
}

/// The operator that our own registry has the recipient at.
fn registered(snapshot: &Snapshot, found: &Found) -> Option<OperatorAddress> {
    let operator = snapshot.operator(found.elsewhere()?)?;
    Some(OperatorAddress {
        number: operator.number.clone(),
        service_address: operator.service_address.clone(),
    })
}
