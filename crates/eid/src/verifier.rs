//! The judgement over a provider's answer. It needs nothing but the answer, the nonce that was given out for it
//! and the provider's published keys, so the key service makes it by itself and believes no front.

use crate::{
    Answer, OpenError, ProviderConfig, Rejection, UserinfoMode,
    cache::Cached,
    claims::{self, Claims},
    discovery::Discovery,
    http::Http,
    json,
    jwks::Jwks,
    token::{self, Signed},
};
use domain::{Identity, Time};
use std::{fmt, sync::Arc};

/// Verifies the answers of one provider.
pub struct Verifier {
    config: ProviderConfig,
    http: Http,
    discovery: Discovery,
    keys: Cached<Jwks>,
}

/// A person has proved who they are, just now.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The id of the provider in our configuration.
    pub provider: String,
    /// With `subject`, the provider's own identity of the person (ASVS V6.8.1).
    pub issuer: String,
    /// The provider's word for the person.
    pub subject: String,
    pub identity: Identity,
    /// What the person is called, if the provider says.
    pub name: Option<String>,
    /// The level of assurance: one of the configured `acr`.
    pub loa: String,
    /// When the person identified.
    pub auth_time: Time,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({}, {:?}, {})", self.provider, self.identity, self.loa)
    }
}

impl Verifier {
    /// Reads the certificate authorities if the configuration names some. Needs no client secret.
    pub fn open(config: ProviderConfig) -> Result<Self, OpenError> {
        config.check(false)?;
        let http = Http::open(&config)?;
        Ok(Self { config, http, discovery: Discovery::new(), keys: Cached::empty() })
    }

    /// The configuration it verifies by.
    pub fn config(&self) -> &ProviderConfig {
        &self.config
    }

    /// Whether the answer is a log-in. `nonce` is the one given out for this attempt; that it is used only once
    /// is the caller's to see to.
    pub async fn verify(&self, answer: &Answer, nonce: &str, now: Time) -> Result<Login, Rejection> {
        if answer.provider != self.config.id {
            return Err(Rejection::OtherProvider);
        }
        let id_token = self.signed(&answer.id_token, now).await?;
        let authenticated = claims::id_token(&id_token, &self.config, &answer.access_token, nonce, now)?;
        let userinfo = self.userinfo(answer, &authenticated.subject, now).await?;

        let identity = match (claims::identity(&id_token.claims)?, claims::identity(&userinfo)?) {
            // Two numbers for one person: nobody here can say which is right, and either may open a mailbox.
            (Some(one), Some(other)) if one != other => return Err(Rejection::IdentityConflict),
            (one, other) => one.or(other).ok_or(Rejection::IdentityMissing)?,
        };
        Ok(Login {
            provider: self.config.id.clone(),
            issuer: self.config.issuer.clone(),
            subject: authenticated.subject,
            identity,
            name: claims::name(&userinfo).or_else(|| claims::name(&id_token.claims)),
            loa: authenticated.loa,
            auth_time: authenticated.at,
        })
    }

    /// The person's attributes besides the ID token; empty when there are none.
    async fn userinfo(&self, answer: &Answer, subject: &str, now: Time) -> Result<Claims, Rejection> {
        let (userinfo, is_signed) = match (self.config.userinfo, &answer.userinfo_jwt) {
            (UserinfoMode::Signed, Some(jwt)) => {
                let opened = self.signed(jwt, now).await.map_err(|rejection| match rejection {
                    Rejection::TokenMalformed => Rejection::UserinfoUnsigned,
                    other => other,
                })?;
                (opened.claims, true)
            }
            // Fetched here and not taken from the front: it has no signature by which the front's word could
            // be checked.
            (UserinfoMode::Plain, _) => (self.plain_userinfo(answer, now).await?, false),
            (UserinfoMode::Signed, None) | (UserinfoMode::None, _) => return Ok(Claims::new()),
        };
        claims::userinfo(&userinfo, is_signed, &self.config, subject, now)?;
        Ok(userinfo)
    }

    async fn plain_userinfo(&self, answer: &Answer, now: Time) -> Result<Claims, Rejection> {
        let metadata = self.discovery.metadata(&self.config, &self.http, now).await?;
        let endpoint = metadata.userinfo.as_ref().ok_or(Rejection::DiscoveryMalformed)?;
        let reply = self.http.get(endpoint, Some(&answer.access_token)).await?;
        match (reply.status, reply.media_type.as_str()) {
            (200, "application/json") => json::object(&reply.body).map_err(|why| match why {
                json::NotAnObject::Malformed => Rejection::ClaimsMalformed,
                json::NotAnObject::Duplicated => Rejection::ClaimsDuplicated,
            }),
            _ => Err(Rejection::UserinfoRefused),
        }
    }

    /// Opens a token with the keys at hand, and once more with newer ones when its key is not among them.
    async fn signed(&self, token: &str, now: Time) -> Result<Signed, Rejection> {
        let keys = self.keys.current(now, self.fetch_keys(now)).await?;
        match token::open(token, &self.config.algorithms, &keys) {
            // The provider has changed its keys since they were fetched.
            Err(Rejection::KeyUnknown) => {}
            outcome => return outcome,
        }
        match self.keys.newer_than(&keys, now, self.fetch_keys(now)).await? {
            Some(newer) => token::open(token, &self.config.algorithms, &newer),
            // Asked of late already: a forged key id must not make us ask the provider again and again.
            None => Err(Rejection::KeyUnknown),
        }
    }

    async fn fetch_keys(&self, now: Time) -> Result<Jwks, Rejection> {
        let metadata: Arc<_> = self.discovery.metadata(&self.config, &self.http, now).await?;
        let reply = self.http.get(&metadata.jwks, None).await?;
        if reply.status != 200 {
            return Err(Rejection::KeysMalformed);
        }
        Jwks::read(&reply.body)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
