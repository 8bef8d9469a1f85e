//! The caller is the organisation in the TLS certificate, and nothing else.

use crate::{Gateway, answers};
use axum::{extract::FromRequestParts, http::request::Parts};
use domain::{Code, OrgNumber, Refusal};
use edge::{Peer, Problem};

/// A registered organisation with a certificate of its own that is registered and not revoked.
#[derive(Clone, Debug)]
pub struct Caller(pub OrgNumber);

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let refused = |why| Problem::from(Refusal::new(Code::CallerNotAllowed).because(why));
        let certificate = parts.extensions.get::<Peer>().and_then(|peer| peer.certificate.as_ref());
        let certificate = certificate.ok_or_else(|| refused("no client certificate"))?;
        let organisation = certificate
            .organisation
            .clone()
            .ok_or_else(|| refused("the certificate names no organisation"))?;
        if !gateway.directory.current().knows(&organisation) {
            // It may have been registered since the registry was last read.
            gateway.directory.refresh(&gateway.store).await.map_err(answers::store)?;
        }
        let snapshot = gateway.directory.current();
        if snapshot.is_revoked(&certificate.sha256) {
            return Err(refused("the TLS certificate is revoked"));
        }
        if !snapshot.knows(&organisation) {
            return Err(refused("the organisation is not registered"));
        }
        Ok(Self(organisation))
    }
}

impl Caller {
    /// Whether the caller may act for this sender: itself, or a sender that lists it as dispatcher.
    pub fn acts_for(&self, gateway: &Gateway, sender: &OrgNumber) -> Result<(), Problem> {
        gateway.directory.current().may_send(&self.0, sender, gateway.clock.now()).map_err(Problem::from)
    }
}
