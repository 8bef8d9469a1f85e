//! Certificates that organisations sign letters and connect with.

use crate::{
    directory::{CertificateEntry, readable},
    senders::number,
    sets::Table,
    version::bump,
};
use domain::{CertificateDigest, Code, OrgNumber, Time};
use std::sync::Arc;
use store::{Error, Row, Tx, args};
use vault::{Certificate, VerifyingKey};

/// Why a certificate was not added.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    #[error("not an X.509 certificate")]
    NotACertificate,
    #[error("the subject's serialNumber holds no organisation number")]
    NoOrganisation,
    #[error("the certificate belongs to {0}")]
    OtherOrganisation(OrgNumber),
    #[error("the key is of no kind or size that letters may be signed with")]
    Key,
    #[error("the certificate's key usage does not allow signatures")]
    Usage,
    #[error("the certificate has expired")]
    Expired,
    #[error("the organisation is not registered")]
    UnknownOrganisation,
    #[error(transparent)]
    Store(#[from] Error),
}

/// Adds a certificate to the organisation that it names, which must be `organisation`. One that is there already
/// is answered as it stands, revoked or not.
pub async fn add(
    tx: &mut Tx,
    organisation: &OrgNumber,
    der: &[u8],
    now: Time,
) -> Result<CertificateEntry, CertificateError> {
    let certificate = Certificate::parse(der).map_err(|_| CertificateError::NotACertificate)?;
    let named = certificate.organisation.as_ref().ok_or(CertificateError::NoOrganisation)?;
    if named != organisation {
        return Err(CertificateError::OtherOrganisation(named.clone()));
    }
    let key = certificate.verifying_key().map_err(|_| CertificateError::Key)?;
    if !certificate.may_sign {
        return Err(CertificateError::Usage);
    }
    if now > certificate.not_after {
        return Err(CertificateError::Expired);
    }
    if crate::senders::find(tx, organisation).await?.is_none() {
        return Err(CertificateError::UnknownOrganisation);
    }
    let kid = key.thumbprint();
    let from = certificate.not_before;
    let to = certificate.not_after;
    let args = args![&certificate.sha256, organisation.as_str(), &kid, der, from, to, now];
    if tx.execute(ADD, args).await?.any() {
        bump(tx).await?;
    }
    read(&tx.must_one(FIND, args![&certificate.sha256]).await?)?.ok_or(CertificateError::Key)
}

/// Revokes from now on; false when it is unknown or was revoked before. There is no way back: a certificate that
/// was revoked by mistake is issued again.
pub async fn revoke(tx: &mut Tx, sha256: &CertificateDigest, now: Time) -> Result<bool, Error> {
    let revoked = tx.execute(REVOKE, args![now, sha256]).await?.any();
    if revoked {
        bump(tx).await?;
    }
    Ok(revoked)
}

/// Whose certificate it is.
pub async fn organisation_of(tx: &mut Tx, sha256: &CertificateDigest) -> Result<Option<OrgNumber>, Error> {
    tx.one(ORGANISATION_OF, args![sha256]).await?.map(|row| number(&row, "organisation")).transpose()
}

/// The certificates of one organisation, newest first.
pub async fn list(tx: &mut Tx, organisation: &OrgNumber) -> Result<Vec<CertificateEntry>, Error> {
    let rows = tx.query(LIST, args![organisation.as_str()]).await?;
    rows.iter().filter_map(|row| read(row).transpose()).collect()
}

/// Whether one can be used at this instant, or which code says why not.
pub(crate) fn usable(
    revoked_at: Option<Time>,
    not_before: Time,
    not_after: Time,
    now: Time,
) -> Result<(), Code> {
    if revoked_at.is_some() {
        return Err(Code::CertificateRevoked);
    }
    // Both ends belong to the validity, RFC 5280 §4.1.2.5; it is told in seconds.
    if now < not_before || now.seconds() > not_after.seconds() {
        return Err(Code::CertificateExpired);
    }
    Ok(())
}

/// All certificates, for the snapshot.
pub(crate) async fn all(tx: &mut Tx) -> Result<Vec<CertificateEntry>, Error> {
    let all = readable(Table::Certificate, &tx.query(ALL, &[]).await?, read)?;
    Ok(all.into_iter().flatten().collect())
}

store::columns! {
    certificate_columns: sha256, organisation, kid, der, not_before, not_after, added_at, revoked_at
}

/// `None` when the stored key is of a kind that this version does not take any more.
fn read(row: &Row) -> Result<Option<CertificateEntry>, Error> {
    let der = row.bytes("der")?;
    let Ok(certificate) = Certificate::parse(der) else {
        return Err(Error::Column { column: "der", wanted: "a certificate" });
    };
    let Ok(key) = VerifyingKey::from_spki(&certificate.spki) else { return Ok(None) };
    Ok(Some(CertificateEntry {
        sha256: row.tag("sha256")?,
        organisation: number(row, "organisation")?,
        kid: row.text("kid")?.to_owned(),
        der: Arc::from(der),
        key,
        not_before: row.time("not_before")?,
        not_after: row.time("not_after")?,
        added_at: row.time("added_at")?,
        revoked_at: row.opt_time("revoked_at")?,
    }))
}

const ADD: &str = "INSERT INTO certificate (sha256, organisation, kid, der, not_before, not_after, added_at) \
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING";
const REVOKE: &str = "UPDATE certificate SET revoked_at = $1 WHERE sha256 = $2 AND revoked_at IS NULL";
const ORGANISATION_OF: &str = "SELECT organisation FROM certificate WHERE sha256 = $1";
const FIND: &str = concat!("SELECT ", certificate_columns!(), " FROM certificate WHERE sha256 = $1");
const LIST: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM certificate WHERE organisation = $1 ORDER BY added_at DESC, sha256"
);
const ALL: &str = concat!("SELECT ", certificate_columns!(), " FROM certificate");
