//! The rows: which requirements, and what shows them. In the order of the ASVS.

mod doors;
mod input;
mod people;

use super::{Check, proof::Proof};

const fn check(
    ids: &'static str,
    short: &'static str,
    proofs: &'static [Proof],
    lacks: &'static str,
) -> Check {
    Check { ids, short, proofs, lacks }
}

/// All forty.
pub fn checks() -> impl Iterator<Item = &'static Check> {
    input::ROWS.iter().chain(doors::ROWS).chain(people::ROWS)
}
