//! Reaches people by e-mail and SMS; cannot read a letter.
