//! Who signed and who sealed a delivery, and whether they may: by what both certificates are, by the authorities that
//! are trusted here, and by whom the sender lists.

use crate::signature::{JudgedBy, NotSigned, Provenance, SignedBy};
pub(crate) use delivery::refusal;
use delivery::{Hash, Sealed, Verified, letter::Addressed};
use domain::{Code, OrgNumber, Time};
use registry::Snapshot;
use std::time::Duration;
use vault::{Authorities, Untrusted};

/// Checks by one state of the registry. Both signatures hold already.
pub(crate) fn verify(
    by: &JudgedBy<'_>,
    caller: &OrgNumber,
    sealed: &Sealed,
    to: &Addressed,
) -> Result<SignedBy, NotSigned> {
    // Who seals is who calls.
    if let Err(code) = sealed_by(&sealed.seal, caller) {
        by.snapshot.may_send(caller, &to.sender, by.now)?;
        return Err(code.into());
    }
    judge(by, caller, sealed, to, &[])
}

/// The same of a delivery that was taken elsewhere, perhaps years ago, and is forwarded: who sealed it is not who calls.
///
/// A certificate that has expired since, and a dispatcher that is no longer listed, are judged as of the day in the
/// seal. That day is the dispatcher's word; so what must not be old is asked of today: nobody is suspended, no
/// certificate is revoked, and a dispatcher that signed in its sender's place is listed still. It could write today
/// and date it back; what the sender signed it cannot.
pub(crate) fn verify_forwarded(
    by: &JudgedBy<'_>,
    sealed: &Sealed,
    to: &Addressed,
) -> Result<SignedBy, NotSigned> {
    let dispatcher = sealed.seal.certificate.organisation.as_ref().ok_or(Code::SealerNotAllowed)?;
    // A day is long: a certificate may begin or end in it.
    let first = sealed.received.start();
    let last = sealed.received.start().plus(DAY);
    let earlier = [first.min(by.now), last.min(by.now)];
    judge(by, dispatcher, sealed, to, &earlier).map_err(|why| match why {
        NotSigned::Refused(refusal) if refusal.code == Code::CallerNotAllowed => {
            Code::SealerNotAllowed.into()
        }
        why => why,
    })
}

/// `dispatcher` sealed it. That it is listed and that certificates are valid may hold now or at one of these times.
fn judge(
    by: &JudgedBy<'_>,
    dispatcher: &OrgNumber,
    sealed: &Sealed,
    to: &Addressed,
    earlier: &[Time],
) -> Result<SignedBy, NotSigned> {
    let JudgedBy { snapshot, authorities, now } = *by;
    let sender = &to.sender;
    let times = &[&[now], earlier].concat();
    first_of(times, Code::CallerNotAllowed, |at| snapshot.may_send(dispatcher, sender, at))?;
    strong(snapshot, sender, sealed.signature.hash)?;
    strong(snapshot, sender, sealed.seal.hash)?;
    let signer = signed_by(snapshot, &sealed.signature, sender, now)?;
    let usable = [&sealed.signature, &sealed.seal].into_iter().try_for_each(|signature| {
        first_of(times, Code::CertificateExpired, |at| usable(snapshot, authorities, signature, at))
    });
    let name = |number: &OrgNumber| snapshot.sender(number).map(|sender| sender.name.clone());
    let between = [signer, dispatcher].into_iter().find(|number| *number != sender);
    let provenance = Provenance {
        certificate: sealed.signature.certificate.der.as_slice().into(),
        certificate_sha256: sealed.signature.certificate.sha256,
        // The registry's name is shown; what the delivery says may differ.
        sender_name: name(sender).unwrap_or_default(),
        dispatcher: between.and_then(name),
        forwarded: None,
    };
    Ok(SignedBy { provenance, usable, registry: snapshot.version })
}

/// What is answered for the first of the times; for a later one, where that is refused for its time alone.
fn first_of(times: &[Time], too_late: Code, ask: impl Fn(Time) -> Result<(), Code>) -> Result<(), Code> {
    let mut answered = Err(too_late);
    for at in times {
        answered = ask(*at);
        if answered != Err(too_late) {
            break;
        }
    }
    answered
}

/// Whether the hash is one that this sender may use.
pub fn strong(snapshot: &Snapshot, sender: &OrgNumber, hash: Hash) -> Result<(), Code> {
    let lets = || snapshot.sender(sender).is_some_and(|sender| sender.sha1);
    if hash == Hash::Sha256 || lets() { Ok(()) } else { Err(Code::XmlAlgorithmNotAllowed) }
}

/// Who seals is who calls.
fn sealed_by(seal: &Verified, caller: &OrgNumber) -> Result<(), Code> {
    let same = seal.certificate.organisation.as_ref() == Some(caller);
    if same { Ok(()) } else { Err(Code::SealerNotAllowed) }
}

/// Who signed: the sender, or a dispatcher that it lists.
pub fn signed_by<'a>(
    snapshot: &Snapshot,
    signature: &'a Verified,
    sender: &OrgNumber,
    now: Time,
) -> Result<&'a OrgNumber, Code> {
    let signer = signature.certificate.organisation.as_ref().ok_or(Code::SignerNotAllowed)?;
    let may = signer == sender || snapshot.may_send(signer, sender, now).is_ok();
    if may { Ok(signer) } else { Err(Code::SignerNotAllowed) }
}

/// Whether the certificate may sign *new* letters now.
fn usable(
    snapshot: &Snapshot,
    authorities: &Authorities,
    signature: &Verified,
    now: Time,
) -> Result<(), Code> {
    if snapshot.is_revoked(&signature.certificate.sha256) {
        return Err(Code::CertificateRevoked);
    }
    authorities.trust(&signature.certificate, &signature.others, now).map_err(|why| match why {
        Untrusted::Issuer | Untrusted::Usage => Code::CertificateUntrusted,
        Untrusted::Expired => Code::CertificateExpired,
        Untrusted::Revoked => Code::CertificateRevoked,
        Untrusted::StaleList => {
            tracing::error!("A revocation list is out of date: deliveries signed under it are not taken");
            Code::Unavailable
        }
    })
}

const DAY: Duration = Duration::from_secs(24 * 3600);
