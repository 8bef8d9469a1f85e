//! What an operator says about a provider. Several providers come by configuration.

use crate::algorithm::Algorithm;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use url::{Host, Url};

/// One e-ID provider that citizens may log in with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderConfig {
    /// Our own short name for it, in addresses and records: a-z, 0-9 and hyphens.
    pub id: String,
    /// The name on the log-in button.
    pub name: Shown,
    /// The issuer, character for character as the provider writes it in discovery and in ID tokens.
    pub issuer: String,
    /// What the provider calls us.
    pub client_id: String,
    /// How we prove who we are: private_key_jwt, client_secret_basic, client_secret_post or none (PKCE alone).
    #[serde(default)]
    pub client_authentication: ClientAuthentication,
    /// For client_secret_basic and client_secret_post: the secret, alone in a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_secret_file: Option<PathBuf>,
    /// For private_key_jwt: our private key, PKCS#8 PEM, P-256, RSA or Ed25519.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key_file: Option<PathBuf>,
    /// The `kid` under which the provider knows that key; without it, its RFC 7638 thumbprint.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key_id: Option<String>,
    /// The algorithms it signs with; answers with any other are refused.
    pub algorithms: Vec<Algorithm>,
    /// The levels of assurance that are accepted, asked for as `acr_values` in this order.
    #[serde(default = "swedish_levels")]
    pub acr: Vec<String>,
    /// Values of `acr` that count as another one of `acr`. For test providers; refused in production.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub acr_aliases: BTreeMap<String, String>,
    /// What is asked for, `openid` among it. The personal number is needed; the name is shown in the page's corner.
    #[serde(default = "swedish_scopes")]
    pub scopes: Vec<String>,
    /// Where the number comes from besides the ID token: signed (a signed userinfo answer), plain, or none.
    #[serde(default)]
    pub userinfo: UserinfoMode,
    /// Ask for the number by the `claims` parameter too, for providers that want it so.
    #[serde(default)]
    pub request_claims: bool,
    /// What the e-ID app shows while a person identifies (`https://id.oidc.se/param/userMessage`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_message: Option<Shown>,
    /// How old a log-in at the provider may be when its answer comes here, in seconds.
    #[serde(default = "five_minutes")]
    pub max_age_seconds: u32,
    /// Ask people to identify even where the provider still knows them (`prompt=login`).
    #[serde(default = "yes")]
    pub always_identify: bool,
    /// PEM file with the only authorities trusted for this provider's TLS; without it, the machine's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// A pretend e-ID where anybody is who they say. Refused in production.
    #[serde(default)]
    pub demo: bool,
}

/// A text for citizens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Shown {
    /// In Swedish.
    pub sv: String,
    /// In English.
    pub en: String,
}

/// How we prove to the token endpoint who we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClientAuthentication {
    /// The secret in an `Authorization: Basic` header.
    ClientSecretBasic,
    /// The secret in the form.
    ClientSecretPost,
    /// A signed assertion (RFC 7523): nothing secret leaves us.
    #[default]
    PrivateKeyJwt,
    /// A public client: PKCE alone binds the code to us.
    None,
}

/// Where the person's attributes come from besides the ID token.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserinfoMode {
    /// From a signed userinfo answer (`application/jwt`). A plain one is refused.
    #[default]
    Signed,
    /// From a plain JSON answer. It proves nothing to a third party, so whoever verifies the log-in fetches it
    /// from the provider itself.
    Plain,
    /// Not asked for: the ID token has all.
    None,
}

/// The configuration cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("e-ID provider \"{provider}\": {key}: {what}")]
pub struct ConfigError {
    pub provider: String,
    /// The key that is wrong.
    pub key: &'static str,
    /// What to do about it.
    pub what: &'static str,
}

impl ProviderConfig {
    /// Refuses what cannot work, and in production what must not.
    pub fn check(&self, production: bool) -> Result<(), ConfigError> {
        let wrong = |key, what| Err(self.error(key, what));
        let plain_id = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        if self.id.is_empty() || self.id.len() > 40 || !self.id.bytes().all(plain_id) {
            return wrong("id", "give one to forty of a-z, 0-9 and -");
        }
        let issuer = self.issuer_url()?;
        if self.client_id.is_empty() {
            return wrong("client_id", "is missing");
        }
        let keys_given = (self.client_secret_file.is_some(), self.client_key_file.is_some());
        match (self.client_authentication, keys_given) {
            (
                ClientAuthentication::ClientSecretBasic | ClientAuthentication::ClientSecretPost,
                (false, _),
            ) => {
                return wrong("client_secret_file", "is needed for this client_authentication");
            }
            (ClientAuthentication::PrivateKeyJwt, (_, false)) => {
                return wrong("client_key_file", "is needed for private_key_jwt");
            }
            (ClientAuthentication::None, (true, _) | (_, true)) => {
                return wrong("client_authentication", "is none, yet a secret or a key is given");
            }
            _ => {}
        }
        if self.algorithms.is_empty() {
            return wrong("algorithms", "name the algorithms the provider signs with");
        }
        if self.acr.is_empty() {
            return wrong("acr", "name the levels of assurance that are accepted");
        }
        if self.acr.iter().any(|acr| acr.is_empty() || acr.contains(char::is_whitespace)) {
            return wrong("acr", "a level is one word");
        }
        if self.acr_aliases.values().any(|meant| !self.acr.contains(meant)) {
            return wrong("acr_aliases", "an alias must stand for one of acr");
        }
        if !self.scopes.iter().any(|scope| scope == "openid") {
            return wrong("scopes", "openid must be among them");
        }
        if self.max_age_seconds == 0 || self.max_age_seconds > 3600 {
            return wrong("max_age_seconds", "give 1 to 3600");
        }
        if production {
            self.check_production(&issuer)?;
        }
        Ok(())
    }

    /// The value of `acr` that `given` counts as, when it is accepted.
    pub(crate) fn accepted_level<'a>(&'a self, given: &'a str) -> Option<&'a str> {
        let meant = self.acr_aliases.get(given).map_or(given, String::as_str);
        self.acr.iter().find(|acr| *acr == meant).map(String::as_str)
    }

    pub(crate) fn max_age(&self) -> Duration {
        Duration::from_secs(self.max_age_seconds.into())
    }

    /// The issuer as an address: https, or http on this very machine.
    pub(crate) fn issuer_url(&self) -> Result<Url, ConfigError> {
        let url = Url::parse(&self.issuer).map_err(|_| self.error("issuer", "is not an address"))?;
        let plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !plain {
            return Err(self.error("issuer", "must have no query, fragment or user name"));
        }
        if url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url)) {
            return Ok(url);
        }
        Err(self.error("issuer", "must begin with https://"))
    }

    pub(crate) fn error(&self, key: &'static str, what: &'static str) -> ConfigError {
        ConfigError { provider: self.id.clone(), key, what }
    }

    fn check_production(&self, issuer: &Url) -> Result<(), ConfigError> {
        if self.demo {
            return Err(self.error("demo", "a pretend e-ID is refused in production"));
        }
        if is_loopback(issuer) || issuer.scheme() != "https" {
            return Err(self.error("issuer", "a provider on this machine is refused in production"));
        }
        if !self.acr_aliases.is_empty() {
            return Err(self.error("acr_aliases", "are for test providers and refused in production"));
        }
        if self.acr.iter().any(|acr| acr.contains("uncertified") || acr.contains("/test")) {
            return Err(self.error("acr", "an uncertified level is refused in production"));
        }
        if !self.acr.iter().all(|acr| is_high(acr)) {
            return Err(self.error(
                "acr",
                "in production levels of assurance of 3 at least: loa3, loa4, substantial or high",
            ));
        }
        Ok(())
    }
}

/// Whether a level's name says that it is 3 or 4 in Sweden, or substantial or high in the EU. What says something lower, or
/// nothing that is known, is none: whoever logs in with it could be anybody.
fn is_high(acr: &str) -> bool {
    let mut parts = acr.split(|c: char| !c.is_ascii_alphanumeric()).map(str::to_ascii_lowercase);
    let mut found = false;
    let sinks = parts.any(|part| {
        found |= ["loa3", "loa4", "substantial", "sub", "high"].contains(&part.as_str());
        ["loa0", "loa1", "loa2", "low"].contains(&part.as_str())
    });
    found && !sinks
}

/// Whether an address is on this very machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

fn swedish_levels() -> Vec<String> {
    vec![LOA3.to_owned(), LOA4.to_owned()]
}

fn swedish_scopes() -> Vec<String> {
    vec!["openid".to_owned(), SCOPE_NUMBER.to_owned(), SCOPE_INFO.to_owned()]
}

fn five_minutes() -> u32 {
    300
}

fn yes() -> bool {
    true
}

/// Substantial: the level of Swedish e-IDs in common use.
pub const LOA3: &str = "http://id.elegnamnden.se/loa/1.0/loa3";
/// High: the highest level of Swedish e-IDs.
pub const LOA4: &str = "http://id.elegnamnden.se/loa/1.0/loa4";
/// What a pretend or test e-ID says; accepted only by an alias.
pub const UNCERTIFIED_LOA3: &str = "http://id.swedenconnect.se/loa/1.0/uncertified-loa3";
/// OIDC Sweden, Claims and Scopes 1.0 §3.2.
pub const SCOPE_NUMBER: &str = "https://id.oidc.se/scope/naturalPersonNumber";
/// OIDC Sweden, Claims and Scopes 1.0 §3.1.
pub const SCOPE_INFO: &str = "https://id.oidc.se/scope/naturalPersonInfo";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
