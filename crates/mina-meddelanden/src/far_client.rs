//! Another register of addresses (FaR) and what it says: who may send, who dispatches for whom, who has a mailbox where;
//! and what recipients have signed, taken to it.

mod account;
mod agreed;
mod operators;

pub use account::{Account, AccountAt, Supplier};
pub use agreed::{Agreed, Authorised, SignedAgreement};
pub use operators::Operators;
pub(crate) use operators::is_near_address;

use crate::{
    authority::PORT,
    soap_client::{CallError, SoapClient, text_below},
};
use domain::OrgNumber;
use roxmltree::Node;

#[derive(Clone, Debug)]
pub struct FarClient {
    soap: SoapClient,
    addresses: FarAddresses,
    operators: Operators,
}

/// Where the register's two services are.
#[derive(Clone, Debug)]
pub struct FarAddresses {
    pub authority: String,
    pub recipient: String,
}

/// A dispatcher and the senders that it may act for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dispatcher {
    pub number: OrgNumber,
    pub name: String,
    pub senders: Vec<OrgNumber>,
}

impl FarClient {
    /// `operators` is where those that the register names may be.
    pub fn new(soap: SoapClient, addresses: FarAddresses, operators: Operators) -> Self {
        Self { soap, addresses, operators }
    }

    /// Every organisation that may send.
    pub async fn senders(&self) -> Result<Vec<(OrgNumber, String)>, CallError> {
        let read = |body: Node<'_, '_>| body.children().filter(Node::is_element).map(organisation).collect();
        self.ask("getSenders", read).await
    }

    /// Every organisation that may transmit, and for whom.
    pub async fn dispatchers(&self) -> Result<Vec<Dispatcher>, CallError> {
        let one = |node: Node<'_, '_>| {
            let (number, name) = organisation(node)?;
            let listed = node.children().filter(|child| child.tag_name().name() == "Senders");
            let senders =
                listed.map(|child| OrgNumber::parse(child.text()?.trim()).ok()).collect::<Option<_>>()?;
            Some(Dispatcher { number, name, senders })
        };
        let read = |body: Node<'_, '_>| body.children().filter(Node::is_element).map(one).collect();
        self.ask("getDispatchers", read).await
    }

    async fn ask<T>(
        &self,
        operation: &str,
        read: impl FnOnce(Node<'_, '_>) -> Option<T>,
    ) -> Result<T, CallError> {
        let question = format!("<a:{operation} xmlns:a=\"{PORT}\"></a:{operation}>");
        let answer = format!("{operation}Response");
        self.soap.call(&self.addresses.authority, &question, (PORT, &answer), read).await
    }
}

fn organisation(node: Node<'_, '_>) -> Option<(OrgNumber, String)> {
    Some((OrgNumber::parse(&text_below(node, "Id")?).ok()?, text_below(node, "Name")?))
}
