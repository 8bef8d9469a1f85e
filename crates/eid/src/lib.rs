//! OpenID Connect relying party: log-in requests and the verification of answers.
//!
//! The work is in two halves that need not trust each other. [`Provider`] is for the browser-facing side: it
//! makes the address the person is sent to and redeems the code that comes back. [`Verifier`] is for the key
//! service: from the [`Answer`] alone, the nonce it gave out itself and the provider's published keys it decides
//! whether somebody has logged in, and who. Nothing that the browser-facing side could say changes that.
//!
//! Authorization code flow with PKCE (RFC 6749, RFC 7636, RFC 9207), OpenID Connect Core and Discovery 1.0, and
//! the claims and scopes of the Swedish OpenID Connect profile.

mod algorithm;
mod answer;
mod cache;
mod callback;
mod claims;
mod client;
mod config;
pub mod demo_provider;
mod discovery;
mod http;
mod json;
mod jwks;
mod pkce;
mod provider;
mod rejection;
mod signer;
mod token;
mod verifier;

pub use algorithm::Algorithm;
pub use answer::Answer;
pub use callback::Callback;
pub use config::{
    ClientAuthentication, ConfigError, LOA3, LOA4, ProviderConfig, SCOPE_INFO, SCOPE_NUMBER, Shown,
    UNCERTIFIED_LOA3, UserinfoMode,
};
pub use http::OpenError;
pub use pkce::{code_challenge, word};
pub use provider::{LoginRequest, Provider};
pub use rejection::Rejection;
pub use verifier::{Login, Verifier};
