//! Who calls, who signed, and whether the signature holds: before anything else is judged.

use crate::AcceptError;
use domain::{
    Code, OrgNumber, Refusal, Time,
    letter::{Address, Forwarded, Letter},
};
use registry::{CertificateEntry, Snapshot};
use std::sync::Arc;
use store::{Error, Store, args};
use vault::jws::{self, FlattenedJws};

/// A letter whose caller may act for its sender and whose signature holds.
#[derive(Clone)]
pub(crate) struct Signed {
    pub(crate) address: Address,
    pub(crate) certificate: Arc<[u8]>,
    pub(crate) certificate_sha256: [u8; 32],
    /// Whether the certificate may sign *new* letters now. A repeat is answered in any case.
    pub(crate) usable: Result<(), Code>,
    pub(crate) sender_name: String,
    /// Who signed or called in the sender's place.
    pub(crate) dispatcher: Option<String>,
    /// By whom the letter comes here, when it was first sent to somebody else.
    pub(crate) forwarded: Option<Arc<Forwarded>>,
    /// The registry's version that it was judged by.
    pub(crate) registry: i64,
}

/// Why not: a refusal, which a fresher snapshot may lift, or the database.
pub(crate) enum NotSigned {
    Refused(Refusal),
    Store(Error),
}

/// Checks by one state of the registry.
pub(crate) async fn verify(
    store: &Store,
    snapshot: &Snapshot,
    caller: &OrgNumber,
    jws: &FlattenedJws,
    now: Time,
) -> Result<Signed, NotSigned> {
    let address = match Letter::address(&jws.payload) {
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
    Ok(Signed {
        certificate: Arc::clone(&entry.der),
        certificate_sha256: entry.sha256,
        usable,
        sender_name: name(&address.sender).unwrap_or_default(),
        dispatcher: between.and_then(name),
        forwarded: None,
        registry: snapshot.version,
        address,
    })
}

/// A payload that does not say who it is from is still not judged before its signature holds.
async fn unaddressed(
    store: &Store,
    snapshot: &Snapshot,
    jws: &FlattenedJws,
    unreadable: Refusal,
) -> NotSigned {
    match registered(store, snapshot, jws).await {
        Err(error) => error.into(),
        Ok(named) => match named.first().map(|entry| jws.verify(&entry.key)) {
            None => Code::UnknownKey.into(),
            Some(Err(error)) => NotSigned::Refused(refusal(error)),
            Some(Ok(())) => NotSigned::Refused(unreadable),
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
            rows.iter().map(|row| row.array(0)).collect::<Result<_, _>>()?
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

impl From<Code> for NotSigned {
    fn from(code: Code) -> Self {
        Self::Refused(code.into())
    }
}
impl From<NotSigned> for AcceptError {
    fn from(why: NotSigned) -> Self {
        match why {
            NotSigned::Refused(refusal) => refusal.into(),
            NotSigned::Store(error) => error.into(),
        }
    }
}

impl From<Error> for NotSigned {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

const BY_KID: &str = "SELECT sha256 FROM certificate WHERE kid = $1 ORDER BY not_after DESC, sha256";
