//! The numbers by which Sweden knows people and organisations.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What kind of number an identity is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityKind {
    /// A person's number, `YYYYMMDDNNNN`.
    Personnummer,
    /// A person's coordination number: the day of birth plus 60.
    Samordningsnummer,
    /// An organisation's number, `16` and ten digits.
    Organisation,
}

impl IdentityKind {
    /// As stored and hashed.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Personnummer => "personnummer",
            Self::Samordningsnummer => "samordningsnummer",
            Self::Organisation => "organisation",
        }
    }
}

/// A checked number of twelve digits. It has no `Display`: a personal number is written out only by
/// [`Identity::expose`], where a reader of the code can see it.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Identity {
    kind: IdentityKind,
    digits: String,
}

/// Why a text is no identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    #[error("an identity is twelve digits: YYYYMMDDNNNN, or 16 and ten digits")]
    Form,
    #[error("the check digit does not agree")]
    CheckDigit,
}

impl Identity {
    /// Parses twelve digits. A sole trader's organisation number is a personnummer and is refused behind `16`.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        let digits: Vec<u8> = text.bytes().map(|b| b.wrapping_sub(b'0')).collect();
        if digits.len() != 12 || digits.iter().any(|d| *d > 9) {
            return Err(IdentityError::Form);
        }
        let kind = kind_of(&digits).ok_or(IdentityError::Form)?;
        if !luhn(&digits[2..]) {
            return Err(IdentityError::CheckDigit);
        }
        Ok(Self { kind, digits: text.to_owned() })
    }

    /// Which of the three kinds.
    pub fn kind(&self) -> IdentityKind {
        self.kind
    }

    /// The digits in clear. Never for logs, errors, addresses or unsealed columns.
    pub fn expose(&self) -> &str {
        &self.digits
    }

    /// Whether it is a person's.
    pub fn is_person(&self) -> bool {
        self.kind != IdentityKind::Organisation
    }

    /// The date of birth that a person's number carries.
    pub fn birth_date(&self) -> Option<crate::CivilDate> {
        let number = |range: std::ops::Range<usize>| self.digits[range].parse::<i16>().ok();
        let day = i8::try_from(number(6..8)?).ok()?;
        let day = if self.kind == IdentityKind::Samordningsnummer { day - 60 } else { day };
        if !self.is_person() {
            return None;
        }
        crate::CivilDate::new(number(0..4)?, i8::try_from(number(4..6)?).ok()?, day)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", self.kind.as_str())
    }
}

/// A public body's or company's number, twelve digits beginning with `16`. Public, so it may be shown.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrgNumber(String);

impl OrgNumber {
    /// Parses `16` and ten digits with a valid check digit.
    pub fn parse(text: &str) -> Result<Self, IdentityError> {
        match Identity::parse(text)? {
            Identity { kind: IdentityKind::Organisation, digits } => Ok(Self(digits)),
            _ => Err(IdentityError::Form),
        }
    }

    /// Twelve digits, without a sign between.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same number as an address.
    pub fn identity(&self) -> Identity {
        Identity { kind: IdentityKind::Organisation, digits: self.0.clone() }
    }
}

impl fmt::Display for OrgNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for OrgNumber {
    type Error = IdentityError;

    fn try_from(text: String) -> Result<Self, IdentityError> {
        Self::parse(&text)
    }
}

impl From<OrgNumber> for String {
    fn from(number: OrgNumber) -> Self {
        number.0
    }
}

fn kind_of(digits: &[u8]) -> Option<IdentityKind> {
    let two = |at: usize| i16::from(digits[at]) * 10 + i16::from(digits[at + 1]);
    let year = two(0) * 100 + two(2);
    match two(0) {
        16 if two(4) >= 20 => Some(IdentityKind::Organisation),
        18..=20 => {
            let month = i8::try_from(two(4)).ok()?;
            let day = i8::try_from(two(6)).ok()?;
            if crate::CivilDate::new(year, month, day).is_some() {
                Some(IdentityKind::Personnummer)
            } else {
                crate::CivilDate::new(year, month, day - 60).map(|_| IdentityKind::Samordningsnummer)
            }
        }
        _ => None,
    }
}

/// The Luhn sum over ten digits (ISO/IEC 7812-1 Annex B).
fn luhn(ten: &[u8]) -> bool {
    let sum: u32 = ten
        .iter()
        .enumerate()
        .map(|(at, digit)| {
            let product = u32::from(*digit) * if at % 2 == 0 { 2 } else { 1 };
            product / 10 + product % 10
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn published_test_numbers_are_read_as_what_they_are() {
        for (text, kind) in [
            ("198101052382", IdentityKind::Personnummer),
            ("199001012385", IdentityKind::Personnummer),
            ("200001012384", IdentityKind::Personnummer),
            ("197010632391", IdentityKind::Samordningsnummer),
            ("162021004748", IdentityKind::Organisation),
            ("164020000016", IdentityKind::Organisation),
        ] {
            assert_eq!(Identity::parse(text).map(|i| i.kind()), Ok(kind), "{text}");
        }
    }

    #[test]
    fn wrong_forms_and_check_digits_are_told_apart() {
        assert_eq!(Identity::parse("198101052383"), Err(IdentityError::CheckDigit));
        for text in
            ["8101052382", "198113052382", "198102302382", "168101052382", "19810105238x", "", "218101052382"]
        {
            assert_eq!(Identity::parse(text), Err(IdentityError::Form), "{text}");
        }
        assert!(OrgNumber::parse("198101052382").is_err());
    }

    #[test]
    fn the_number_is_not_in_its_debug_form() {
        assert!(!format!("{:?}", Identity::parse("198101052382").unwrap()).contains("1981"));
    }

    proptest! {
        #[test]
        fn one_changed_digit_is_always_noticed(at in 2usize..12, by in 1u8..10) {
            let mut digits = b"198101052382".to_vec();
            digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
            prop_assert!(Identity::parse(std::str::from_utf8(&digits).unwrap()).is_err());
        }
    }
}
