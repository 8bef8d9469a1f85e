//! The lies, one by one, and what each is called.

use super::liar::*;
use crate::LOA3;
use crate::{Rejection, claims::*, signer::Signer};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::hmac;
use serde_json::{Value, json};
use std::sync::Arc;

/// Its name, what it is rejected as, and how it is told.
pub(super) type Lie = (&'static str, Rejection, fn(&mut Story));

pub(super) fn all() -> Vec<Lie> {
    [SELF_DESCRIPTION, TOKEN_ANSWER, SIGNATURES, ID_TOKEN, PERSON].concat()
}

const SELF_DESCRIPTION: &[Lie] = &[
    ("another issuer's discovery", Rejection::DiscoveryIssuer, |s| {
        s.discovery["issuer"] = "https://a.example".into()
    }),
    ("a slash more", Rejection::DiscoveryIssuer, |s| s.discovery["issuer"] = format!("{}/", s.issuer).into()),
    ("no token endpoint", Rejection::DiscoveryMalformed, |s| drop(take(&mut s.discovery, "token_endpoint"))),
    ("plain PKCE alone", Rejection::DiscoveryMalformed, |s| {
        s.discovery["code_challenge_methods_supported"] = json!(["plain"]);
    }),
    ("keys by plain http", Rejection::EndpointInsecure, |s| {
        s.discovery["jwks_uri"] = "http://op.example/k".into()
    }),
    ("an endpoint that is no address", Rejection::DiscoveryMalformed, |s| {
        s.discovery["jwks_uri"] = "/jwks".into()
    }),
    ("keys from a file", Rejection::EndpointInsecure, |s| {
        s.discovery["jwks_uri"] = "file:///etc/passwd".into()
    }),
    ("no key set", Rejection::KeysMalformed, |s| s.jwks = json!({"keys": "none"})),
    ("a novel for a key set", Rejection::AnswerTooLarge, |s| s.jwks["novel"] = "x".repeat(300_000).into()),
];

const TOKEN_ANSWER: &[Lie] = &[
    ("a code used before", Rejection::CodeRefused, |s| refuse(s, 400, "invalid_grant")),
    ("a client it does not know", Rejection::ClientRefused, |s| refuse(s, 401, "invalid_client")),
    ("another refusal", Rejection::ProviderRefused, |s| refuse(s, 400, "invalid_scope")),
    ("broken down", Rejection::ProviderUnreachable, |s| refuse(s, 503, "x")),
    ("a redirect", Rejection::TokenAnswerMalformed, |s| {
        (s.token_status, s.token_answer) = (302, Some(json!({})))
    }),
    ("no ID token", Rejection::TokenAnswerMalformed, |s| {
        s.token_answer = Some(json!({"access_token": ACCESS, "token_type": "Bearer"}));
    }),
    ("another kind of access token", Rejection::TokenAnswerMalformed, |s| {
        s.token_answer =
            Some(json!({"access_token": ACCESS, "token_type": "mac", "id_token": s.id_token.text()}));
    }),
];

const SIGNATURES: &[Lie] = &[
    ("no JWS at all", Rejection::TokenMalformed, |s| s.id_token.whole = Some("not a token".into())),
    ("encrypted, or five parts", Rejection::TokenMalformed, |s| {
        s.id_token.whole = Some(format!("{}.a.b", s.id_token.text()));
    }),
    ("padded base64", Rejection::TokenMalformed, |s| {
        s.id_token.whole = Some(format!("{}==", s.id_token.text()))
    }),
    ("alg none", Rejection::AlgorithmRefused, |s| {
        s.id_token.header["alg"] = "none".into();
        let text = s.id_token.text();
        s.id_token.whole = Some(text[..=text.rfind('.').unwrap()].to_owned());
    }),
    ("alg nOnE", Rejection::AlgorithmRefused, |s| s.id_token.header["alg"] = "nOnE".into()),
    ("no alg", Rejection::AlgorithmRefused, |s| drop(take(&mut s.id_token.header, "alg"))),
    ("HS256 with the public key as secret", Rejection::AlgorithmRefused, |s| {
        s.id_token.header["alg"] = "HS256".into();
        let text = s.id_token.text();
        let signed = &text[..text.rfind('.').unwrap()];
        let key = hmac::Key::new(hmac::HMAC_SHA256, s.key.jwk()["x"].as_str().unwrap().as_bytes());
        let tag = BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, signed.as_bytes()));
        s.id_token.whole = Some(format!("{signed}.{tag}"));
    }),
    ("a published key of an algorithm that is not pinned", Rejection::AlgorithmRefused, |s| {
        let other = Arc::new(Signer::new_ed25519().unwrap());
        s.jwks["keys"].as_array_mut().unwrap().push(other.jwk());
        s.id_token.header = json!({"alg": "EdDSA", "kid": other.jwk()["kid"]});
        s.id_token.signer = other;
    }),
    ("another key under the same name", Rejection::SignatureBad, |s| s.id_token.signer = s.stranger.clone()),
    ("a changed claim", Rejection::SignatureBad, |s| {
        let text = s.id_token.text();
        let mut parts: Vec<&str> = text.split('.').collect();
        s.id_token.claims["sub"] = "s-2".into();
        let changed = BASE64_URL_SAFE_NO_PAD.encode(s.id_token.claims.to_string());
        parts[1] = &changed;
        s.id_token.whole = Some(parts.join("."));
    }),
    ("an empty signature", Rejection::SignatureBad, |s| {
        let text = s.id_token.text();
        s.id_token.whole = Some(text[..=text.rfind('.').unwrap()].to_owned());
    }),
    ("a key nobody published", Rejection::KeyUnknown, |s| {
        s.id_token.header["kid"] = s.stranger.jwk()["kid"].clone();
        s.id_token.signer = s.stranger.clone();
    }),
    ("no key named", Rejection::KeyUnknown, |s| drop(take(&mut s.id_token.header, "kid"))),
    ("two keys under one name", Rejection::KeyUnknown, |s| {
        let mut twin = s.stranger.jwk();
        twin["kid"] = s.key.jwk()["kid"].clone();
        s.jwks["keys"].as_array_mut().unwrap().push(twin);
    }),
    ("a key for encryption", Rejection::KeyUnknown, |s| s.jwks["keys"][0]["use"] = "enc".into()),
    ("a key for another algorithm", Rejection::KeyUnknown, |s| s.jwks["keys"][0]["alg"] = "ES384".into()),
    ("a key that may not verify", Rejection::KeyUnknown, |s| s.jwks["keys"][0]["key_ops"] = json!(["sign"])),
    ("its own key in the header", Rejection::HeaderRefused, |s| {
        s.id_token.header["jwk"] = s.stranger.jwk();
        s.id_token.signer = s.stranger.clone();
    }),
    ("keys from elsewhere", Rejection::HeaderRefused, |s| {
        s.id_token.header["jku"] = "https://a.example/k".into()
    }),
    ("a critical extension", Rejection::HeaderRefused, |s| s.id_token.header["crit"] = json!(["exp"])),
    ("a token of another kind", Rejection::HeaderRefused, |s| s.id_token.header["typ"] = "logout+jwt".into()),
    ("a claim twice", Rejection::ClaimsDuplicated, |s| {
        s.id_token.payload = Some(s.id_token.claims.to_string().replacen('{', r#"{"sub":"s-2","#, 1));
    }),
    ("claims that are no object", Rejection::ClaimsMalformed, |s| s.id_token.payload = Some("[]".into())),
];

const ID_TOKEN: &[Lie] = &[
    ("another issuer", Rejection::IssuerWrong, |s| s.id_token.claims["iss"] = "https://a.example".into()),
    ("no issuer", Rejection::IssuerWrong, |s| drop(take(&mut s.id_token.claims, "iss"))),
    ("for another service", Rejection::AudienceWrong, |s| s.id_token.claims["aud"] = "other".into()),
    ("for nobody", Rejection::AudienceWrong, |s| drop(take(&mut s.id_token.claims, "aud"))),
    ("for several, asked for by nobody", Rejection::AuthorizedPartyWrong, |s| {
        s.id_token.claims["aud"] = json!([CLIENT, "other"]);
    }),
    ("asked for by another", Rejection::AuthorizedPartyWrong, |s| s.id_token.claims["azp"] = "other".into()),
    ("expired 60 s ago", Rejection::Expired, |s| shift(s, -360, &["exp"])),
    ("without an end", Rejection::ClaimsMalformed, |s| drop(take(&mut s.id_token.claims, "exp"))),
    ("an end in words", Rejection::ClaimsMalformed, |s| s.id_token.claims["exp"] = "2099".into()),
    ("an end beyond counting", Rejection::ClaimsMalformed, |s| s.id_token.claims["exp"] = i64::MAX.into()),
    ("issued in the future", Rejection::IssuedInFuture, |s| shift(s, 61, &["iat"])),
    ("not valid yet", Rejection::NotYetValid, |s| {
        s.id_token.claims["nbf"] = (s.id_token.claims["iat"].as_i64().unwrap() + 61).into();
    }),
    ("another attempt's nonce", Rejection::NonceMismatch, |s| s.id_token.claims["nonce"] = "n-2".into()),
    ("no nonce", Rejection::NonceMissing, |s| drop(take(&mut s.id_token.claims, "nonce"))),
    ("another access token's hash", Rejection::AccessTokenHash, |s| {
        s.id_token.claims["at_hash"] = at_hash("access-2").into();
    }),
    ("a lower level", Rejection::AssuranceLow, |s| {
        s.id_token.claims["acr"] = "http://id.elegnamnden.se/loa/1.0/loa2".into();
    }),
    ("a level in a list", Rejection::ClaimsMalformed, |s| s.id_token.claims["acr"] = json!([LOA3])),
    ("no level", Rejection::AssuranceMissing, |s| drop(take(&mut s.id_token.claims, "acr"))),
    ("authenticated long ago", Rejection::AuthTimeOld, |s| shift(s, -356, &["auth_time"])),
    ("authenticated in the future", Rejection::AuthTimeInFuture, |s| shift(s, 66, &["auth_time"])),
    ("no word of when", Rejection::AuthTimeMissing, |s| drop(take(&mut s.id_token.claims, "auth_time"))),
    ("no subject", Rejection::SubjectMissing, |s| drop(take(&mut s.id_token.claims, "sub"))),
    ("an endless subject", Rejection::SubjectMissing, |s| s.id_token.claims["sub"] = "s".repeat(256).into()),
];

const PERSON: &[Lie] = &[
    ("attributes of another", Rejection::UserinfoSubject, |s| s.userinfo.claims["sub"] = "s-2".into()),
    ("attributes of nobody", Rejection::UserinfoSubject, |s| drop(take(&mut s.userinfo.claims, "sub"))),
    ("plain attributes", Rejection::UserinfoUnsigned, |s| {
        (s.userinfo_type, s.userinfo.whole) = ("application/json", Some(s.userinfo.claims.to_string()));
    }),
    ("plain attributes that say they are signed", Rejection::UserinfoUnsigned, |s| {
        s.userinfo.whole = Some(s.userinfo.claims.to_string());
    }),
    ("attributes under alg none", Rejection::AlgorithmRefused, |s| {
        s.userinfo.header["alg"] = "none".into();
        let text = s.userinfo.text();
        s.userinfo.whole = Some(text[..=text.rfind('.').unwrap()].to_owned());
    }),
    ("attributes signed by another", Rejection::SignatureBad, |s| s.userinfo.signer = s.stranger.clone()),
    ("attributes of another issuer", Rejection::UserinfoIssuer, |s| {
        s.userinfo.claims["iss"] = "https://a.example".into();
    }),
    ("attributes for another service", Rejection::UserinfoIssuer, |s| {
        s.userinfo.claims["aud"] = "other".into()
    }),
    ("attributes that have expired", Rejection::UserinfoExpired, |s| {
        s.userinfo.claims["exp"] = (s.id_token.claims["iat"].as_i64().unwrap() - 60).into();
    }),
    ("a number twice", Rejection::ClaimsDuplicated, |s| {
        let twice = format!(r#"{{"{PERSONAL_NUMBER}":"199001012385","#);
        s.userinfo.payload = Some(s.userinfo.claims.to_string().replacen('{', &twice, 1));
    }),
    ("a wrong check digit", Rejection::IdentityMalformed, |s| {
        s.userinfo.claims[PERSONAL_NUMBER] = "198101052383".into()
    }),
    ("ten digits", Rejection::IdentityMalformed, |s| {
        s.userinfo.claims[PERSONAL_NUMBER] = "8101052382".into()
    }),
    ("a number that is one", Rejection::IdentityMalformed, |s| {
        s.userinfo.claims[PERSONAL_NUMBER] = json!(198101052382i64)
    }),
    ("a company", Rejection::IdentityMalformed, |s| {
        s.userinfo.claims[PERSONAL_NUMBER] = "164020000016".into()
    }),
    ("a personal number as coordination number", Rejection::IdentityMalformed, |s| {
        let number = take(&mut s.userinfo.claims, PERSONAL_NUMBER);
        s.userinfo.claims[COORDINATION_NUMBER] = number;
    }),
    ("no number", Rejection::IdentityMissing, |s| drop(take(&mut s.userinfo.claims, PERSONAL_NUMBER))),
    ("two numbers in two tokens", Rejection::IdentityConflict, |s| {
        s.id_token.claims[PERSONAL_NUMBER] = "199001012385".into();
    }),
    ("two numbers in one token", Rejection::IdentityConflict, |s| {
        s.userinfo.claims[COORDINATION_NUMBER] = "197010632391".into();
    }),
];

/// Removes a member and gives it back.
pub(super) fn take(object: &mut Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name).unwrap()
}

/// Moves instants of the ID token by seconds.
pub(super) fn shift(story: &mut Story, by: i64, names: &[&str]) {
    for name in names {
        let at = story.id_token.claims[*name].as_i64().unwrap();
        story.id_token.claims[*name] = (at + by).into();
    }
}

/// Answers at the token endpoint with an OAuth error.
fn refuse(story: &mut Story, status: u16, error: &str) {
    (story.token_status, story.token_answer) = (status, Some(json!({"error": error})));
}
