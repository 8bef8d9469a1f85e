//! OpenID Connect Core §3.1.3.7 over claims whose signature held, and the person as OIDC Sweden names them.

use crate::{ProviderConfig, Rejection, token::Signed};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use domain::{Identity, IdentityKind, Time};
use ring::digest;
use serde_json::{Map, Value};
use std::time::Duration;
use subtle::ConstantTimeEq;

pub(crate) type Claims = Map<String, Value>;

/// What an ID token says of the log-in itself.
pub(crate) struct Authenticated {
    pub subject: String,
    pub loa: String,
    pub at: Time,
}

/// Checks everything in the ID token but the person.
pub(crate) fn id_token(
    token: &Signed,
    config: &ProviderConfig,
    access_token: &str,
    nonce: &str,
    now: Time,
) -> Result<Authenticated, Rejection> {
    let claims = &token.claims;
    if text(claims, "iss")? != Some(&config.issuer) {
        return Err(Rejection::IssuerWrong);
    }
    audience(claims, &config.client_id)?;
    lifetime(claims, now)?;
    match text(claims, "nonce")? {
        None => return Err(Rejection::NonceMissing),
        // An empty one was never given out, and must not match a token whose own is empty.
        Some(given) if !nonce.is_empty() && same(given, nonce) => {}
        Some(_) => return Err(Rejection::NonceMismatch),
    }
    // Optional in the code flow; where it is given, it binds the access token to this ID token.
    if let Some(hash) = text(claims, "at_hash")?
        && !same(hash, &half_hash(token, access_token))
    {
        return Err(Rejection::AccessTokenHash);
    }
    let acr = text(claims, "acr")?.ok_or(Rejection::AssuranceMissing)?;
    let loa = config.accepted_level(acr).ok_or(Rejection::AssuranceLow)?.to_owned();
    Ok(Authenticated {
        subject: subject(claims)?.to_owned(),
        loa,
        at: authenticated_at(claims, config, now)?,
    })
}

/// Checks the claims of a userinfo answer against the ID token's subject. A signed one must also be from the
/// same issuer and for us (Core §5.3.2).
pub(crate) fn userinfo(
    claims: &Claims,
    signed: bool,
    config: &ProviderConfig,
    subject_of_id_token: &str,
    now: Time,
) -> Result<(), Rejection> {
    if signed {
        let for_us = text(claims, "iss")? == Some(&config.issuer)
            && audiences(claims).is_some_and(|audiences| audiences.contains(&config.client_id.as_str()));
        if !for_us {
            return Err(Rejection::UserinfoIssuer);
        }
        if seconds(claims, "exp")?.is_some_and(|exp| exp.plus(SKEW) <= now) {
            return Err(Rejection::UserinfoExpired);
        }
    }
    // Core §5.3.2: or another person's userinfo could be put beside a good ID token.
    if text(claims, "sub")? != Some(subject_of_id_token) {
        return Err(Rejection::UserinfoSubject);
    }
    Ok(())
}

/// The person's number, if these claims carry one. The two claims exclude each other.
pub(crate) fn identity(claims: &Claims) -> Result<Option<Identity>, Rejection> {
    let number = |name| match text(claims, name).map_err(|_| Rejection::IdentityMalformed)? {
        None => Ok(None),
        Some(number) => Identity::parse(number).map(Some).map_err(|_| Rejection::IdentityMalformed),
    };
    match (number(PERSONAL_NUMBER)?, number(COORDINATION_NUMBER)?) {
        (Some(_), Some(_)) => Err(Rejection::IdentityConflict),
        // Older providers put either kind of number in the first claim.
        (Some(person), None) if person.is_person() => Ok(Some(person)),
        (None, Some(person)) if person.kind() == IdentityKind::Samordningsnummer => Ok(Some(person)),
        (None, None) => Ok(None),
        _ => Err(Rejection::IdentityMalformed),
    }
}

/// What the person is called, for a greeting. Nothing is decided by it, so an odd one is left out.
pub(crate) fn name(claims: &Claims) -> Option<String> {
    let part =
        |name| claims.get(name).and_then(Value::as_str).map(str::trim).filter(|text| presentable(text));
    if let Some(name) = part("name") {
        return Some(name.to_owned());
    }
    // "-" stands for no given name in the population register (OIDC Sweden Profile §4.1).
    match (part("given_name").filter(|given| *given != "-"), part("family_name")) {
        (Some(given), Some(family)) => Some(format!("{given} {family}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

fn audience(claims: &Claims, ours: &str) -> Result<(), Rejection> {
    let audiences = audiences(claims).ok_or(Rejection::AudienceWrong)?;
    if !audiences.contains(&ours) {
        return Err(Rejection::AudienceWrong);
    }
    match text(claims, "azp")? {
        Some(party) if party == ours => Ok(()),
        // A token that is for several must say which of them asked for it.
        None if audiences.len() == 1 => Ok(()),
        _ => Err(Rejection::AuthorizedPartyWrong),
    }
}

fn audiences(claims: &Claims) -> Option<Vec<&str>> {
    match claims.get("aud")? {
        Value::String(one) => Some(vec![one]),
        Value::Array(several) => several.iter().map(Value::as_str).collect(),
        _ => None,
    }
}

fn lifetime(claims: &Claims, now: Time) -> Result<(), Rejection> {
    let required = |name| seconds(claims, name)?.ok_or(Rejection::ClaimsMalformed);
    if required("exp")?.plus(SKEW) <= now {
        return Err(Rejection::Expired);
    }
    if required("iat")? > now.plus(SKEW) {
        return Err(Rejection::IssuedInFuture);
    }
    if seconds(claims, "nbf")?.is_some_and(|nbf| nbf > now.plus(SKEW)) {
        return Err(Rejection::NotYetValid);
    }
    Ok(())
}

fn authenticated_at(claims: &Claims, config: &ProviderConfig, now: Time) -> Result<Time, Rejection> {
    // Not when the token was issued: a session at the provider can be hours old while its token is new.
    let at = seconds(claims, "auth_time")?.ok_or(Rejection::AuthTimeMissing)?;
    if at > now.plus(SKEW) {
        return Err(Rejection::AuthTimeInFuture);
    }
    if at.plus(config.max_age()).plus(SKEW) < now {
        return Err(Rejection::AuthTimeOld);
    }
    Ok(at)
}

/// Core §2: at most 255 ASCII characters.
fn subject(claims: &Claims) -> Result<&str, Rejection> {
    let given = text(claims, "sub").ok().flatten();
    let usable =
        given.filter(|sub| !sub.is_empty() && sub.len() <= 255 && sub.bytes().all(|b| b.is_ascii_graphic()));
    usable.ok_or(Rejection::SubjectMissing)
}

/// The left half of the hash, Core §3.1.3.6.
fn half_hash(token: &Signed, access_token: &str) -> String {
    let hash = digest::digest(token.algorithm.hash(), access_token.as_bytes());
    BASE64_URL_SAFE_NO_PAD.encode(&hash.as_ref()[..hash.as_ref().len() / 2])
}

fn text<'a>(claims: &'a Claims, name: &str) -> Result<Option<&'a str>, Rejection> {
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Rejection::ClaimsMalformed),
    }
}

/// A NumericDate (RFC 7519 §2); a fraction is cut.
fn seconds(claims: &Claims, name: &str) -> Result<Option<Time>, Rejection> {
    let millis =
        |seconds: i64| seconds.checked_mul(1000).map(Time::from_millis).ok_or(Rejection::ClaimsMalformed);
    match claims.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Number(number)) => match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => millis(whole).map(Some),
            #[allow(clippy::cast_possible_truncation, reason = "the range is checked")]
            (None, Some(fraction)) if fraction.abs() < 1e12 => millis(fraction as i64).map(Some),
            _ => Err(Rejection::ClaimsMalformed),
        },
        Some(_) => Err(Rejection::ClaimsMalformed),
    }
}

fn same(one: &str, other: &str) -> bool {
    one.as_bytes().ct_eq(other.as_bytes()).into()
}

/// Short, and without characters that could turn the line around or break it.
fn presentable(text: &str) -> bool {
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    !text.is_empty() && text.chars().count() <= 200 && !text.chars().any(odd)
}

/// How far the provider's clock may be from ours.
const SKEW: Duration = Duration::from_secs(60);
/// OIDC Sweden, Claims and Scopes 1.0 §2.1.1.
pub(crate) const PERSONAL_NUMBER: &str = "https://id.oidc.se/claim/personalIdentityNumber";
/// OIDC Sweden, Claims and Scopes 1.0 §2.1.2.
pub(crate) const COORDINATION_NUMBER: &str = "https://id.oidc.se/claim/coordinationNumber";
