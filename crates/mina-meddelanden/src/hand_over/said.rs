//! What another operator says to a letter, and what of it is final.

use crate::soap_client::{CallError, text_below};
use delivery::names::SERVICE_V3;
use domain::{Time, words::ReturnReason};
use roxmltree::Node;
use std::time::Duration;

/// What the other operator said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Said {
    /// `Delivered` is true; with its `TransId`.
    Delivered(Option<String>),
    /// `Delivered` is false: it has no such mailbox.
    NotDelivered,
    Fault(u32),
    /// Nothing that can be read.
    Unreadable,
    /// Nothing, and nobody knows what became of the letter.
    NoAnswer,
    /// It was not reached.
    NotSent,
}

impl Said {
    pub(super) fn of(answer: Result<Self, CallError>) -> Self {
        match answer {
            Ok(said) => said,
            Err(CallError::NotSent(_)) => Self::NotSent,
            Err(CallError::NoAnswer(_)) => Self::NoAnswer,
            Err(CallError::Fault { code, .. }) => Self::Fault(code),
            Err(CallError::Answer(_)) => Self::Unreadable,
        }
    }

    pub(super) fn read(body: Node<'_, '_>) -> Option<Self> {
        match text_below(body, "Delivered")?.as_str() {
            "true" | "1" => Some(Self::Delivered(text_below(body, "TransId").and_then(kept))),
            "false" | "0" => Some(Self::NotDelivered),
            _ => None,
        }
    }

    /// Stable word for the try.
    pub(super) fn code(&self) -> &'static str {
        match self {
            Self::Delivered(_) => "delivered",
            Self::NotDelivered => "not_delivered",
            Self::Fault(_) => "fault",
            Self::Unreadable => "answer_unreadable",
            Self::NoAnswer => "no_answer",
            Self::NotSent => "no_connection",
        }
    }

    pub(super) fn is_answer(&self) -> bool {
        !matches!(self, Self::NoAnswer | Self::NotSent)
    }

    /// It takes letters in, whatever it said to this one. A fault may mean that it does not.
    pub(super) fn takes_letters(&self) -> bool {
        matches!(self, Self::Delivered(_) | Self::NotDelivered | Self::Fault(ALREADY_EXISTS))
    }

    /// That this try left no letter there; an earlier one may have. Other faults say nothing: not now, or whatever stands
    /// behind the operator's door did not answer it.
    pub(super) fn not_taken(&self) -> bool {
        match self {
            Self::NotDelivered | Self::NotSent => true,
            Self::Fault(number) => {
                *number != ALREADY_EXISTS && PERMANENT.iter().any(|(permanent, _)| permanent == number)
            }
            Self::Delivered(_) | Self::Unreadable | Self::NoAnswer => false,
        }
    }

    /// The operator may not know yet that we dispatch for the sender.
    pub(super) fn not_told_yet(&self) -> bool {
        matches!(self, Self::Fault(number) if NOT_TOLD_YET.contains(number))
    }
}

/// Why a fault ends a letter; none when it is tried again. `refused_since`: since when the operator has said that we may
/// not dispatch for the sender.
pub(super) fn ends(number: u32, refused_since: Option<Time>, now: Time) -> Option<ReturnReason> {
    let early = refused_since.is_none_or(|since| now < since.plus(TELLING));
    if NOT_TOLD_YET.contains(&number) && early {
        return None;
    }
    PERMANENT.iter().find(|(permanent, _)| *permanent == number).map(|(_, why)| *why)
}

/// An id is a short line; what is longer is cut.
fn kept(transaction: String) -> Option<String> {
    let line: String = transaction.chars().filter(|c| !c.is_control()).take(LONGEST_ID).collect();
    (!line.is_empty()).then_some(line)
}

/// What answers `deliverSecure`.
pub(super) const RESPONSE: (&str, &str) = (SERVICE_V3, "deliverSecureResponse");
pub(super) const ALREADY_EXISTS: u32 = 5007;
/// Faults that no repetition mends.
const PERMANENT: [(u32, ReturnReason); 8] = [
    (5001, ReturnReason::InvalidInput),
    (5002, ReturnReason::AccessDenied),
    (5005, ReturnReason::TooLarge),
    (ALREADY_EXISTS, ReturnReason::AlreadyExists),
    (5012, ReturnReason::SignatureError),
    (5014, ReturnReason::SenderNotRegistered),
    (5019, ReturnReason::UnsupportedType),
    (6005, ReturnReason::DispatcherNotApproved),
];
/// Of those, what an operator may say that does not know yet that we dispatch for the sender: registers are followed
/// every few minutes.
const NOT_TOLD_YET: [u32; 3] = [5002, 5014, 6005];
/// Time enough to be told.
const TELLING: Duration = Duration::from_secs(20 * 60);
const LONGEST_ID: usize = 128;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::service::result;
    use std::collections::HashSet;

    fn said(transaction: &str, delivered: bool) -> Option<Said> {
        let answer = result("deliverSecureResponse", transaction, "198101052382", delivered);
        Said::read(delivery::parse(answer.as_bytes()).unwrap().root_element())
    }

    #[test]
    fn our_own_answers_are_understood() {
        assert_eq!(said("T-1", true), Some(Said::Delivered(Some("T-1".into()))));
        assert_eq!(said("T-1", false), Some(Said::NotDelivered));
        let other = delivery::parse(b"<deliverSecureResponse/>").unwrap();
        assert_eq!(Said::read(other.root_element()), None);
    }

    #[test]
    fn an_id_of_another_operator_is_kept_as_a_short_line() {
        let long = format!("T-1\n{}\u{85}", "å".repeat(500));
        assert_eq!(said(&long, true), Some(Said::Delivered(Some(format!("T-1{}", "å".repeat(125))))));
        assert_eq!(said("\n", true), Some(Said::Delivered(None)));
    }

    #[test]
    fn each_permanent_fault_has_a_reason_of_its_own() {
        let reasons: HashSet<_> = PERMANENT.iter().map(|(_, why)| why.as_str()).collect();
        assert_eq!(reasons.len(), PERMANENT.len());
        // Not now, and what an operator may mend: tried again.
        assert!(PERMANENT.iter().all(|(number, _)| ![1, 2, 3, 5, 5000].contains(number)));
    }

    #[test]
    fn whoever_may_not_have_been_told_yet_is_asked_for_twenty_minutes() {
        let since = Time::from_millis(1_800_000_000_000);
        let early = since.plus(TELLING - Duration::from_millis(1));
        let late = since.plus(TELLING);
        assert_eq!(ends(5001, None, since), Some(ReturnReason::InvalidInput));
        assert_eq!(ends(5000, Some(since), late), None);
        for (number, why) in PERMANENT.into_iter().filter(|(number, _)| NOT_TOLD_YET.contains(number)) {
            assert_eq!(ends(number, None, late), None);
            assert_eq!(
                (ends(number, Some(since), early), ends(number, Some(since), late)),
                (None, Some(why))
            );
        }
    }
}
