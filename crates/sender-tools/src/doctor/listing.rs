//! What makes a sender or a dispatcher known: the operator's own command, or the register that the instance follows. A
//! command would be undone there within five minutes.

use domain::OrgNumber;
use std::fmt::Display;

/// By whose word organisations send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListedBy {
    /// The operator's: the instance is its own register.
    Operator,
    /// That of the register that the instance follows.
    Register,
}

/// What lets an organisation send.
pub fn sender(by: ListedBy, number: &OrgNumber) -> String {
    match by {
        ListedBy::Operator => format!("the operator makes it a sender with kuvert agency add {number} NAME"),
        ListedBy::Register => format!("the register (FaR) must list it as a sender{HOLDS}"),
    }
}

/// What lets a dispatcher act for a sender. `known`: it is registered here.
pub fn dispatcher(by: ListedBy, sender: &OrgNumber, dispatcher: &impl Display, known: bool) -> String {
    match (by, known) {
        (ListedBy::Operator, true) => {
            format!("the operator runs kuvert agency dispatch {sender} {dispatcher}")
        }
        (ListedBy::Operator, false) => format!(
            "the operator runs kuvert agency add {dispatcher} NAME --dispatcher-only, then kuvert agency dispatch {sender} {dispatcher}"
        ),
        (ListedBy::Register, _) => {
            format!("the register (FaR) must list {dispatcher} as a dispatcher of {sender}{HOLDS}")
        }
    }
}

const HOLDS: &str = "; what it lists holds here within five minutes";
