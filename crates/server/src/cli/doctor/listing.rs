//! What makes a sender or a dispatcher known: the operator's own command, or the register that the instance follows. A
//! command would be undone there within five minutes.

use crate::config::FarMode;
use domain::OrgNumber;
use std::fmt::Display;

/// What lets an organisation send.
pub(super) fn sender(mode: FarMode, number: &OrgNumber) -> String {
    match mode {
        FarMode::Own => format!("the operator makes it a sender with kuvert agency add {number} NAME"),
        FarMode::External => format!("the register (FaR) must list it as a sender{HOLDS}"),
    }
}

/// What lets a dispatcher act for a sender. `known`: it is registered here.
pub(super) fn dispatcher(
    mode: FarMode,
    sender: &OrgNumber,
    dispatcher: &impl Display,
    known: bool,
) -> String {
    match (mode, known) {
        (FarMode::Own, true) => format!("the operator runs kuvert agency dispatch {sender} {dispatcher}"),
        (FarMode::Own, false) => format!(
            "the operator runs kuvert agency add {dispatcher} NAME --dispatcher-only, then kuvert agency dispatch {sender} {dispatcher}"
        ),
        (FarMode::External, _) => {
            format!("the register (FaR) must list {dispatcher} as a dispatcher of {sender}{HOLDS}")
        }
    }
}

const HOLDS: &str = "; what it lists holds here within five minutes";
