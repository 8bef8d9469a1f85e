//! `isReachable` and `isRegistered`, as they are asked: up to a thousand recipients at once, one answer each, in order.
//! Whoever the register leaves out has none, and the others keep theirs.

use super::{FarClient, Operators};
use crate::soap_client::{CallError, text_below};
use delivery::{
    document::is,
    names::{Name, RECIPIENT, RECIPIENT_V3},
    write::Xml,
};
use domain::{Identity, OrgNumber};
use roxmltree::Node;
use std::collections::HashMap;

/// What the register says of one recipient.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub at: AccountAt,
    /// Whether it takes letters of the sender that was asked for; false where none was.
    pub accepts: bool,
}

/// Where a recipient's mailbox is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AccountAt {
    /// There is none, or one that waits for signatures.
    Nowhere,
    Supplier(Supplier),
    /// There is one, and what is said of it cannot be used. The text says what does not hold.
    Unusable(&'static str),
}

/// A mailbox operator, as the register knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Supplier {
    pub number: OrgNumber,
    pub name: String,
    /// URL of its `Service/v3`, as [`Operators`] lets it be.
    pub service_address: String,
}

impl FarClient {
    /// Whether a sender reaches each of at most 1000 recipients, and where. One answer each, in order.
    pub async fn is_reachable(
        &self,
        sender: &OrgNumber,
        recipients: &[Identity],
    ) -> Result<Vec<Option<Account>>, CallError> {
        let question = question("isReachable", Some(sender), recipients);
        self.accounts(question, "isReachableResponse", recipients).await
    }

    /// Where each of at most 1000 recipients has a mailbox, whatever the sender.
    pub async fn is_registered(&self, recipients: &[Identity]) -> Result<Vec<Option<AccountAt>>, CallError> {
        let question = question("isRegistered", None, recipients);
        let accounts = self.accounts(question, "isRegisteredResponse", recipients).await?;
        Ok(accounts.into_iter().map(|account| Some(account?.at)).collect())
    }

    async fn accounts(
        &self,
        question: String,
        answer: &str,
        recipients: &[Identity],
    ) -> Result<Vec<Option<Account>>, CallError> {
        let read = |body: Node<'_, '_>| {
            let told: HashMap<String, Account> = body
                .children()
                .filter(Node::is_element)
                .filter_map(|of| account(of, self.operators))
                .collect();
            Some(recipients.iter().map(|recipient| told.get(recipient.expose()).cloned()).collect())
        };
        self.soap.call(&self.addresses.recipient, &question, (RECIPIENT_V3, answer), read).await
    }
}

fn question(operation: &str, sender: Option<&OrgNumber>, recipients: &[Identity]) -> String {
    let mut xml = Xml(String::with_capacity(256 + 48 * recipients.len()));
    xml.open_in(RECIPIENT_V3, operation);
    if let Some(sender) = sender {
        xml.text("senderOrgNr", sender.as_str());
    }
    recipients.iter().for_each(|recipient| xml.text("recipientId", recipient.expose()));
    xml.close(operation);
    xml.0
}

/// A `return` of either answer: in `isReachable` the account stands within it.
fn account(of: Node<'_, '_>, operators: Operators) -> Option<(String, Account)> {
    let status = child(of, (RECIPIENT, "AccountStatus")).unwrap_or(of);
    let word = |of, local| child(of, (RECIPIENT, local)).and_then(|node| text_below(node, local));
    let yes = |text: String| matches!(text.as_str(), "true" | "1");
    let id = word(status, "RecipientId")?;
    let there = matches!(word(status, "Type")?.as_str(), "Secure" | "Anonymous");
    let pending = yes(word(status, "Pending")?);
    let accepts = word(of, "SenderAccepted").is_some_and(yes);
    let at = match child(status, (RECIPIENT, "ServiceSupplier")) {
        Some(of) if there && !pending => supplier(
            operators,
            word(of, "Id").unwrap_or_default(),
            word(of, "Name").unwrap_or_default(),
            word(of, "ServiceAdress").unwrap_or_default(),
        ),
        _ => AccountAt::Nowhere,
    };
    Some((id, Account { at, accepts }))
}

fn supplier(operators: Operators, number: String, name: String, service_address: String) -> AccountAt {
    let Ok(number) = OrgNumber::parse(&number) else {
        return AccountAt::Unusable("the operator has no organisation number");
    };
    if let Err(why) = operators.may_have(&service_address) {
        return AccountAt::Unusable(why);
    }
    let name = name.chars().take(LONGEST_NAME).collect();
    AccountAt::Supplier(Supplier { number, name, service_address })
}

fn child<'a, 'i>(of: Node<'a, 'i>, name: Name<'_>) -> Option<Node<'a, 'i>> {
    of.children().find(|node| is(node, name))
}

const LONGEST_NAME: usize = 256;
