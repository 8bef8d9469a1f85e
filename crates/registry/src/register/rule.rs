//! How many must sign for an organisation, and whether enough have.

use super::Signatory;
use domain::AddressMac;
use serde::{Deserialize, Serialize};
use std::{fmt, num::NonZeroU16, str::FromStr};

/// How many of an organisation's signatories must sign. Written `any-one`, `all` or as a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum SignatureRule {
    /// Each of them alone.
    #[default]
    AnyOne,
    All,
    Together(NonZeroU16),
}

/// The text is none of the three.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a signature rule is any-one, all or a number of at least 1")]
pub struct NotARule;

/// What the register says of an organisation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Company {
    /// Its name, where the register has one.
    pub name: Option<String>,
    pub rule: SignatureRule,
    pub signatories: Vec<Signatory>,
}

/// Whether those who have signed are enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Authorisation {
    Complete,
    /// So many more of the signatories must sign.
    Incomplete(usize),
    /// Nobody is known who could fulfil the rule.
    RuleNotSupported,
}

impl SignatureRule {
    /// How many must sign of so many signatories. `None` when all together are too few.
    pub fn needed(self, signatories: usize) -> Option<usize> {
        let needed = match self {
            Self::AnyOne => 1,
            Self::All => signatories,
            Self::Together(count) => count.get().into(),
        };
        (signatories > 0 && needed <= signatories).then_some(needed)
    }
}

impl Company {
    /// Judges signatures by the address tags of who gave them. Those of others than signatories do not count, nor does
    /// a second one by the same.
    pub fn authorisation(&self, signed_by: &[AddressMac]) -> Authorisation {
        let Some(needed) = self.rule.needed(self.signatories.len()) else {
            return Authorisation::RuleNotSupported;
        };
        let signed = self.signatories.iter().filter(|one| signed_by.contains(&one.person_mac)).count();
        match needed.saturating_sub(signed) {
            0 => Authorisation::Complete,
            more => Authorisation::Incomplete(more),
        }
    }
}

impl FromStr for SignatureRule {
    type Err = NotARule;

    fn from_str(text: &str) -> Result<Self, NotARule> {
        match text {
            "any-one" => Ok(Self::AnyOne),
            "all" => Ok(Self::All),
            number => number.parse().map(Self::Together).map_err(|_| NotARule),
        }
    }
}

impl fmt::Display for SignatureRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyOne => f.write_str("any-one"),
            Self::All => f.write_str("all"),
            Self::Together(count) => count.fmt(f),
        }
    }
}

impl TryFrom<String> for SignatureRule {
    type Error = NotARule;

    fn try_from(text: String) -> Result<Self, NotARule> {
        text.parse()
    }
}

impl From<SignatureRule> for String {
    fn from(rule: SignatureRule) -> Self {
        rule.to_string()
    }
}
