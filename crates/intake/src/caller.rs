//! Who calls: the organisation in the TLS certificate, and nothing else.

use crate::{AcceptError, Intake};
use domain::{Code, OrgNumber, Refusal};

impl Intake {
    /// The registered organisation behind a client certificate that passed the handshake, which is not revoked.
    /// `certificate` is its SHA-256 and the organisation that it names.
    pub async fn caller(
        &self,
        certificate: Option<(&[u8; 32], Option<&OrgNumber>)>,
    ) -> Result<OrgNumber, AcceptError> {
        let refused = |why| AcceptError::from(Refusal::new(Code::CallerNotAllowed).because(why));
        let (sha256, organisation) = certificate.ok_or_else(|| refused("no client certificate"))?;
        let organisation = organisation.ok_or_else(|| refused("the certificate names no organisation"))?;
        let directory = &self.0.directory;
        if !directory.current().knows(organisation) {
            // It may have been registered since the registry was last read.
            directory.refresh(&self.0.store).await?;
        }
        let snapshot = directory.current();
        if snapshot.is_revoked(sha256) {
            return Err(refused("the TLS certificate is revoked"));
        }
        if !snapshot.knows(organisation) {
            return Err(refused("the organisation is not registered"));
        }
        Ok(organisation.clone())
    }
}
