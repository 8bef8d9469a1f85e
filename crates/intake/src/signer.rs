//! Who calls, who signed, and whether the signature holds: before anything else is judged.

use crate::signature::{JudgedBy, NotSigned, Provenance, SignedBy};
use domain::{Code, OrgNumber, Refusal, letter::Address};
use registry::{CertificateEntry, Snapshot};
use std::sync::Arc;
use store::{Error, Store, args};
use vault::jws::{self, FlattenedJws};

/// Checks by one state of the registry.
pub(crate) async fn verify(
    store: &Store,
    by: &JudgedBy<'_>,
    caller: &OrgNumber,
    jws: &FlattenedJws,
    address: Result<&Address, &Refusal>,
) -> Result<SignedBy, NotSigned> {
    let JudgedBy { snapshot, now, .. } = *by;
    let address = match address {
        Ok(address) => address,
        Err(unreadable) => return Err(unaddressed(store, snapshot, jws, unreadable).await),
    };
    snapshot.may_send(caller, &address.sender, now)?;
    let named = (jws.protected.kid.as_deref(), jws.protected.x5t_s256.as_ref());
    let (entry, usable) = match snapshot.signing_key(&address.sender, named.0, named.1, now) {
        Ok(entry) => (entry, Ok(())),
        // Known, but not for new letters.
        Err(code @ (Code::CertificateExpired | Code::CertificateRevoked)) => {
            let mut named = registered(store, snapshot, jws).await?.into_iter();
            let theirs =
                named.find(|entry| snapshot.may_send(&entry.organisation, &address.sender, now).is_ok());
            (theirs.ok_or(Code::UnknownKey)?, Err(code))
        }
        Err(code) => return Err(code.into()),
    };
    jws.verify(&entry.key).map_err(|error| NotSigned::Refused(refusal(error)))?;
    let name = |number: &OrgNumber| snapshot.sender(number).map(|sender| sender.name.clone());
    let between = [&entry.organisation, caller].into_iter().find(|number| **number != address.sender);
    let provenance = Provenance {
        certificate: Arc::clone(&entry.der),
        certificate_sha256: entry.sha256,
        sender_name: name(&address.sender).unwrap_or_default(),
        dispatcher: between.and_then(name),
        forwarded: None,
    };
    Ok(SignedBy { provenance, usable, registry: snapshot.version })
}

/// A payload that does not say who it is from is still not judged before its signature holds.
async fn unaddressed(
    store: &Store,
    snapshot: &Snapshot,
    jws: &FlattenedJws,
    unreadable: &Refusal,
) -> NotSigned {
    match registered(store, snapshot, jws).await {
        Err(error) => error.into(),
        Ok(named) => match named.first().map(|entry| jws.verify(&entry.key)) {
            None => Code::UnknownKey.into(),
            Some(Err(error)) => NotSigned::Refused(refusal(error)),
            Some(Ok(())) => NotSigned::Refused(unreadable.clone()),
        },
    }
}

/// The registered certificates that the header names, whatever their state and whosever they are.
async fn registered<'a>(
    store: &Store,
    snapshot: &'a Snapshot,
    jws: &FlattenedJws,
) -> Result<Vec<&'a CertificateEntry>, Error> {
    let kid = jws.protected.kid.as_deref();
    let hashes = match (&jws.protected.x5t_s256, kid) {
        (Some(sha256), _) => vec![*sha256],
        (None, Some(kid)) => {
            let mut tx = store.read("find key").await?;
            let rows = tx.query(BY_KID, args![kid]).await?;
            rows.iter().map(|row| row.tag("sha256")).collect::<Result<_, _>>()?
        }
        (None, None) => vec![],
    };
    let entries = hashes.iter().filter_map(|sha256| snapshot.certificate(sha256));
    Ok(entries.filter(|entry| kid.is_none_or(|kid| kid == entry.kid)).collect())
}

/// The code of what is wrong with a JWS.
pub(crate) fn refusal(error: jws::Error) -> Refusal {
    use jws::Error;
    let code = match error {
        Error::Algorithm | Error::KeyDoesNotFit => Code::AlgorithmNotAllowed,
        Error::BadSignature => Code::SignatureInvalid,
        Error::WrongKid => Code::UnknownKey,
        Error::UnprotectedHeader
        | Error::Forbidden(_)
        | Error::UnknownHeader
        | Error::Type
        | Error::NoKeyNamed
        | Error::Missing("alg" | "typ")
        | Error::Value("alg" | "typ" | "x5t#S256" | "kid" | "iat") => Code::JwsHeaderNotAllowed,
        Error::Form
        | Error::Duplicate
        | Error::Missing(_)
        | Error::Value(_)
        | Error::Base64(_)
        | Error::UnknownMember => Code::JwsMalformed,
    };
    // The texts of these errors name members of the format, never what the letter says.
    Refusal::new(code).because(error.to_string())
}

const BY_KID: &str = "SELECT sha256 FROM certificate WHERE kid = $1 ORDER BY not_after DESC, sha256";
