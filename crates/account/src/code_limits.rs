//! Whom codes are sent to, and how many: each costs money, and anybody's number can be given.

use registry::contacts::MostCodes;
use serde::{Deserialize, Serialize};

/// Section `codes` of the configuration.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CodeLimits {
    /// How numbers may begin that codes are sent to, as in `+46`: countries, or parts of them.
    pub countries: Vec<String>,
    /// Codes that one person may have sent in a day, by e-mail and by SMS each.
    pub person_per_day: u32,
    /// Codes by SMS to numbers with the same first five digits in a day.
    pub prefix_per_day: u32,
    /// Codes in all in a day, by e-mail and by SMS each.
    pub all_per_day: u32,
}

impl Default for CodeLimits {
    /// Sweden and its neighbours; a country that joins in a week.
    fn default() -> Self {
        Self {
            countries: ["+46", "+45", "+47", "+358"].map(str::to_owned).into(),
            person_per_day: 10,
            prefix_per_day: 5_000,
            all_per_day: 100_000,
        }
    }
}

impl CodeLimits {
    /// The first key whose value cannot work, and what is wrong with it.
    pub fn check(&self) -> Result<(), (&'static str, &'static str)> {
        let is_prefix = |text: &String| {
            let digits = text.strip_prefix('+').unwrap_or_default();
            (1..=14).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit())
        };
        if !self.countries.iter().all(is_prefix) {
            return Err(("countries", "give how numbers begin, as +46"));
        }
        let counts = [
            ("person_per_day", self.person_per_day),
            ("prefix_per_day", self.prefix_per_day),
            ("all_per_day", self.all_per_day),
        ];
        match counts.iter().find(|(_, count)| *count == 0) {
            Some((key, _)) => Err((key, "give at least 1")),
            None => Ok(()),
        }
    }

    /// Whether codes go to a number, in E.164.
    pub(crate) fn reach(&self, number: &str) -> bool {
        self.countries.iter().any(|country| number.starts_with(country))
    }

    pub(crate) fn most(&self) -> MostCodes {
        MostCodes { person: self.person_per_day, prefix: self.prefix_per_day, all: self.all_per_day }
    }
}
