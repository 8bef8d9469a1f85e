//! OpenID Connect relying party: log-in requests and the verification of answers.
