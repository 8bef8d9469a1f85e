//! Certificates that other operators connect with. They sign nothing here: whoever signs a letter is registered as a
//! sender or dispatcher.

use crate::{directory::readable, operators, senders::number, sets::Table, version::bump};
use domain::{CertificateDigest, Code, OrgNumber, Time};
use store::{Error, Tx, args};
use vault::Certificate;

/// One that is registered, whatever its state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorCertificate {
    /// Of the DER.
    pub sha256: CertificateDigest,
    pub operator: OrgNumber,
    pub not_before: Time,
    pub not_after: Time,
    pub added_at: Time,
    pub revoked_at: Option<Time>,
}

/// Why it was not added.
#[derive(Debug, thiserror::Error)]
pub enum OperatorCertificateError {
    #[error("not an X.509 certificate")]
    NotACertificate,
    #[error("the subject's serialNumber holds no organisation number")]
    NoOrganisation,
    #[error("the certificate has expired")]
    Expired,
    #[error("{0} is no operator here, or has ended: kuvert operator add")]
    UnknownOperator(OrgNumber),
    #[error("this is our own number: we do not call ourselves")]
    Own,
    #[error(transparent)]
    Store(#[from] Error),
}

impl OperatorCertificate {
    /// Whether it can be used at this instant, or which code says why not.
    pub fn usable(&self, now: Time) -> Result<(), Code> {
        crate::certificates::usable(self.revoked_at, self.not_before, self.not_after, now)
    }
}

/// Adds one to the operator that it names. One that is there already is answered as it stands, revoked or not.
pub async fn add_certificate(
    tx: &mut Tx,
    der: &[u8],
    now: Time,
) -> Result<OperatorCertificate, OperatorCertificateError> {
    let certificate = Certificate::parse(der).map_err(|_| OperatorCertificateError::NotACertificate)?;
    let named = certificate.organisation.as_ref().ok_or(OperatorCertificateError::NoOrganisation)?;
    if now > certificate.not_after {
        return Err(OperatorCertificateError::Expired);
    }
    match operators::find(tx, named).await?.filter(|one| one.ended_at.is_none()) {
        None => return Err(OperatorCertificateError::UnknownOperator(named.clone())),
        Some(operator) if operator.own => return Err(OperatorCertificateError::Own),
        Some(_) => {}
    }
    let from = certificate.not_before;
    let to = certificate.not_after;
    let args = args![&certificate.sha256, named.as_str(), der, from, to, now];
    if tx.execute(ADD, args).await?.any() {
        bump(tx).await?;
    }
    Ok(read(&tx.must_one(FIND, args![&certificate.sha256]).await?)?)
}

/// Revokes from now on; false when it is unknown or was revoked before. There is no way back.
pub async fn revoke_certificate(tx: &mut Tx, sha256: &CertificateDigest, now: Time) -> Result<bool, Error> {
    let revoked = tx.execute(REVOKE, args![now, sha256]).await?.any();
    if revoked {
        bump(tx).await?;
    }
    Ok(revoked)
}

/// Whose certificate it is.
pub async fn of_certificate(tx: &mut Tx, sha256: &CertificateDigest) -> Result<Option<OrgNumber>, Error> {
    Ok(tx.one(FIND, args![sha256]).await?.as_ref().map(read).transpose()?.map(|entry| entry.operator))
}

/// Those of one operator, newest first.
pub async fn certificates_of(tx: &mut Tx, operator: &OrgNumber) -> Result<Vec<OperatorCertificate>, Error> {
    tx.query(OF, args![operator.as_str()]).await?.iter().map(read).collect()
}

/// All of them, by operator, newest first.
pub async fn all_certificates(tx: &mut Tx) -> Result<Vec<OperatorCertificate>, Error> {
    readable(Table::OperatorCertificate, &tx.query(ALL, &[]).await?, read)
}

store::columns! {
    certificate_columns,
    fn read -> OperatorCertificate {
        sha256: tag,
        operator: number(row),
        not_before: time,
        not_after: time,
        added_at: time,
        revoked_at: opt_time,
    }
}

const ADD: &str = "INSERT INTO operator_certificate (sha256, operator, der, not_before, not_after, added_at) \
    VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
const REVOKE: &str =
    "UPDATE operator_certificate SET revoked_at = $1 WHERE sha256 = $2 AND revoked_at IS NULL";
const FIND: &str = concat!("SELECT ", certificate_columns!(), " FROM operator_certificate WHERE sha256 = $1");
const OF: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM operator_certificate WHERE operator = $1 ORDER BY added_at DESC, sha256"
);
const ALL: &str = concat!(
    "SELECT ",
    certificate_columns!(),
    " FROM operator_certificate ORDER BY operator, added_at DESC, sha256"
);
