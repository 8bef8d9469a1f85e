//! What a statement answers that changes rows.

use crate::Error;

/// How many rows a statement touched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "say .exactly(n)?, .any(), .count() or .ignore()"]
pub struct Affected(pub(crate) u64);

impl Affected {
    pub fn count(self) -> u64 {
        self.0
    }

    /// Whether there was a row to touch.
    pub fn any(self) -> bool {
        self.0 > 0
    }

    /// Any number is right, none too.
    pub fn ignore(self) {}

    /// An error unless just `expected` rows were touched; the transaction is then dropped by `?`.
    pub fn exactly(self, expected: u64) -> Result<(), Error> {
        if self.0 == expected { Ok(()) } else { Err(Error::Unexpected { expected, found: self.0 }) }
    }
}
