//! How we prove to a token endpoint who we are.

use crate::{ClientAuthentication, OpenError, ProviderConfig, Rejection, signer::Signer};
use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{Random, Time};
use serde_json::json;
use std::path::Path;
use url::form_urlencoded::byte_serialize;
use zeroize::Zeroizing;

pub(crate) enum Client {
    Basic(Zeroizing<String>),
    Post(Zeroizing<String>),
    Assertion(Box<Signer>),
    Public,
}

/// What is added to a token request.
#[derive(Default)]
pub(crate) struct Proof {
    /// For `Authorization: Basic`.
    pub basic: Option<Zeroizing<String>>,
    pub form: Vec<(&'static str, Zeroizing<String>)>,
}

impl Client {
    pub(crate) fn open(config: &ProviderConfig) -> Result<Self, OpenError> {
        match config.client_authentication {
            ClientAuthentication::None => Ok(Self::Public),
            ClientAuthentication::ClientSecretBasic => Ok(Self::Basic(secret(config)?)),
            ClientAuthentication::ClientSecretPost => Ok(Self::Post(secret(config)?)),
            ClientAuthentication::PrivateKeyJwt => {
                let pem = Zeroizing::new(read(config, "client_key_file", config.client_key_file.as_deref())?);
                let signer = Signer::from_pem(&pem, config.client_key_id.clone()).map_err(|_| {
                    config
                        .error("client_key_file", "holds no P-256, RSA or Ed25519 private key in PKCS#8 PEM")
                })?;
                Ok(Self::Assertion(Box::new(signer)))
            }
        }
    }

    pub(crate) fn proof(
        &self,
        config: &ProviderConfig,
        now: Time,
        random: &dyn Random,
    ) -> Result<Proof, Rejection> {
        let id = || ("client_id", Zeroizing::new(config.client_id.clone()));
        Ok(match self {
            Self::Public => Proof { form: vec![id()], ..Proof::default() },
            Self::Post(secret) => {
                Proof { form: vec![id(), ("client_secret", secret.clone())], ..Proof::default() }
            }
            // RFC 6749 §2.3.1: each half form-encoded first.
            Self::Basic(secret) => {
                let encode = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
                let pair = Zeroizing::new(format!("{}:{}", encode(&config.client_id), encode(secret)));
                Proof {
                    basic: Some(Zeroizing::new(BASE64_STANDARD.encode(pair.as_bytes()))),
                    ..Proof::default()
                }
            }
            Self::Assertion(signer) => {
                // The issuer as the only audience: RFC 7523bis closes the hole that endpoint addresses left.
                let claims = json!({
                    "iss": config.client_id, "sub": config.client_id, "aud": config.issuer,
                    "jti": crate::pkce::word(random),
                    "iat": now.seconds(), "exp": now.seconds() + ASSERTION_SECONDS,
                });
                let assertion = signer.sign(&claims).map_err(|_| Rejection::ClientRefused)?;
                let kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned();
                let form = vec![
                    id(),
                    ("client_assertion_type", Zeroizing::new(kind)),
                    ("client_assertion", Zeroizing::new(assertion)),
                ];
                Proof { form, ..Proof::default() }
            }
        })
    }
}

fn secret(config: &ProviderConfig) -> Result<Zeroizing<String>, OpenError> {
    let bytes = Zeroizing::new(read(config, "client_secret_file", config.client_secret_file.as_deref())?);
    match std::str::from_utf8(&bytes).map(str::trim) {
        Ok(text) if !text.is_empty() => Ok(Zeroizing::new(text.to_owned())),
        _ => Err(config.error("client_secret_file", "is empty or not text").into()),
    }
}

fn read(config: &ProviderConfig, key: &'static str, file: Option<&Path>) -> Result<Vec<u8>, OpenError> {
    let file = file.ok_or_else(|| config.error(key, "is missing"))?;
    std::fs::read(file).map_err(|source| OpenError::File {
        provider: config.id.clone(),
        file: file.to_owned(),
        source,
    })
}

const ASSERTION_SECONDS: i64 = 60;
