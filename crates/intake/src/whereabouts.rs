//! Where a recipient's mailbox is: our own registry knows, or another party's register of addresses is asked.

use domain::{Identity, OrgNumber};
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
