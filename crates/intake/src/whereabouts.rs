//! Where a recipient's mailbox is: our own registry knows, or another party's register of addresses is asked.

use crate::{AcceptError, Intake};
use domain::{AddressMac, Code, Identity, OrgNumber, Refusal, Time};
use registry::{
    directory::Snapshot,
    recipient::Found,
    registrations::{Asked, status_many},
};
use std::{fmt, future::Future, pin::Pin, sync::Arc};

/// What a register of addresses says of a recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// No mailbox anywhere that takes letters of this sender.
    Nowhere,
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

    /// What was told of these has been found not to hold: it is asked anew, however fresh it is.
    fn forget(&self, sender: &OrgNumber, recipients: &[Identity]);

    /// Whether it has named this organisation as an operator.
    fn is_operator(&self, number: &OrgNumber) -> bool;
}

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

/// A recipient, and what our own registry knows.
#[derive(Clone, Copy, Debug)]
pub struct Sought<'a> {
    pub identity: &'a Identity,
    pub address_mac: &'a AddressMac,
    pub found: &'a Found,
}

impl Intake {
    /// Where letters of a sender go, one answer each, in order; or the code that refuses them,
    /// [`Code::Unavailable`] when it is not known now. At most 1,000 at once.
    pub async fn routes(
        &self,
        sender: &OrgNumber,
        sought: &[Sought<'_>],
        now: Time,
    ) -> Result<Vec<Result<Route, Code>>, store::Error> {
        match &self.0.whereabouts {
            Whereabouts::Own => self.own_routes(sender, sought, now).await,
            Whereabouts::Register(register) => {
                let recipients: Vec<Identity> = sought.iter().map(|one| one.identity.clone()).collect();
                let mut places = register.places(sender, &recipients).await;
                places.resize(sought.len(), None);
                // Whoever is said to be here and has no mailbox here has moved since it was said.
                let gone = |at: &usize| {
                    places[*at] == Some(Place::Here)
                        && sought[*at].found.reachable(sought[*at].identity, now).is_err_and(moved)
                };
                let gone: Vec<usize> = (0..sought.len()).filter(gone).collect();
                if !gone.is_empty() {
                    let some: Vec<Identity> = gone.iter().map(|at| recipients[*at].clone()).collect();
                    register.forget(sender, &some);
                    let told = register.places(sender, &some).await;
                    gone.into_iter().zip(told).for_each(|(at, place)| places[at] = place);
                }
                let mut places = places.into_iter();
                let route = |one| self.told_route(sender, one, places.next().flatten(), now);
                Ok(sought.iter().map(route).collect())
            }
        }
    }

    async fn own_routes(
        &self,
        sender: &OrgNumber,
        sought: &[Sought<'_>],
        now: Time,
    ) -> Result<Vec<Result<Route, Code>>, store::Error> {
        let house = &*self.0;
        let snapshot = house.directory.current();
        let route = |one: &Sought<'_>| match one.found.reachable(one.identity, now) {
            Ok(_) => Ok(Route::Here),
            Err(Code::RecipientElsewhere) => {
                let to = registered(&snapshot, one.found).ok_or(Code::RecipientElsewhere)?;
                self.leads_away(to, sender, now)
            }
            Err(code) => Err(code),
        };
        let mut routes: Vec<_> = sought.iter().map(route).collect();
        let away: Vec<usize> =
            (0..routes.len()).filter(|at| matches!(routes[*at], Ok(Route::Away(_)))).collect();
        if !away.is_empty() {
            // What recipients have said of the sender counts wherever they are.
            let macs: Vec<_> = away.iter().map(|at| *sought[*at].address_mac).collect();
            let asked = Some(Asked { mac: &house.gateway_keys.sender, sender });
            let mut tx = house.store.read("ask of senders turned off").await?;
            let said = status_many(&mut tx, &macs, asked, now).await?;
            for (at, _) in
                away.into_iter().zip(said).filter(|(_, said)| said.account.is_some() && !said.accepts)
            {
                routes[at] = Err(Code::SenderDeclined);
            }
        }
        Ok(routes)
    }

    /// By what another register has told, and what is here.
    fn told_route(
        &self,
        sender: &OrgNumber,
        one: &Sought<'_>,
        told: Option<Place>,
        now: Time,
    ) -> Result<Route, Code> {
        let snapshot = self.0.directory.current();
        let own = snapshot.own_operator().map(|operator| &operator.number);
        match (told, one.found.reachable(one.identity, now)) {
            // The order decides. A death counts wherever the mailbox is, and so does that the recipient
            // turned the sender off.
            (_, Err(Code::RecipientDeceased)) => Err(Code::RecipientDeceased),
            (Some(Place::Declined), _) => Err(Code::SenderDeclined),
            (Some(Place::At(to)), _) if Some(&to.number) != own => {
                self.leads_away(as_known(&snapshot, to), sender, now)
            }
            // Also where the register says nothing or is silent: a mailbox that is open here takes the letter
            // without it.
            (_, Ok(_)) => Ok(Route::Here),
            // Silent is not *nowhere*: the sender tries again instead of hearing that there is no such
            // recipient.
            (None, Err(code)) if code != Code::SenderDeclined => Err(Code::Unavailable),
            // Our own registry is not the one that says where somebody is.
            (_, Err(Code::RecipientElsewhere)) => Err(Code::RecipientUnknown),
            (_, Err(code)) => Err(code),
        }
    }

    fn leads_away(&self, to: OperatorAddress, sender: &OrgNumber, now: Time) -> Result<Route, Code> {
        match &self.0.outgoing {
            None => Err(Code::RecipientElsewhere),
            Some(us) if self.0.directory.current().may_send(&us.organisation, sender, now).is_err() => {
                Err(Code::SenderMustSign)
            }
            Some(_) => Ok(Route::Away(to)),
        }
    }

    /// Whether an organisation is a mailbox operator, by our registry or by the word of another.
    pub(crate) fn is_operator(&self, number: &OrgNumber) -> bool {
        let told = match &self.0.whereabouts {
            Whereabouts::Own => false,
            Whereabouts::Register(register) => register.is_operator(number),
        };
        told || self.0.directory.current().operator(number).is_some()
    }

    /// Where one letter goes.
    pub(crate) async fn route(
        &self,
        sender: &OrgNumber,
        sought: Sought<'_>,
        now: Time,
    ) -> Result<Route, AcceptError> {
        match self.routes(sender, &[sought], now).await?.pop() {
            Some(Ok(route)) => Ok(route),
            Some(Err(Code::Unavailable)) | None => {
                Err(AcceptError::Unavailable("the register of addresses does not answer"))
            }
            Some(Err(code)) => Err(Refusal::new(code).at("/recipient").into()),
        }
    }
}

/// No mailbox here, or one that is closed.
fn moved(code: Code) -> bool {
    matches!(code, Code::RecipientUnknown | Code::RecipientElsewhere | Code::MailboxClosed)
}

/// An operator that is registered here has the address that it is registered with, whatever another register says.
fn as_known(snapshot: &Snapshot, told: OperatorAddress) -> OperatorAddress {
    match snapshot.operator(&told.number) {
        Some(known) => OperatorAddress { service_address: known.service_address.clone(), ..told },
        None => told,
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
