//! The caller is the organisation in the TLS certificate, and nothing else.

use crate::{Gateway, answers};
use axum::{extract::FromRequestParts, http::request::Parts};
use domain::OrgNumber;
use edge::{Peer, Problem};

/// A registered organisation with a certificate of its own that is registered and not revoked.
#[derive(Clone, Debug)]
pub struct Caller(pub OrgNumber);

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let peer = parts.extensions.get::<Peer>().and_then(|peer| peer.certificate.as_ref());
        let certificate = peer.map(|certificate| (&certificate.sha256, certificate.organisation.as_ref()));
        let organisation = gateway.intake.caller(certificate).await.map_err(answers::intake)?;
        Ok(Self(organisation))
    }
}

impl Caller {
    /// Whether the caller may act for this sender: itself, or a sender that lists it as dispatcher.
    pub fn acts_for(&self, gateway: &Gateway, sender: &OrgNumber) -> Result<(), Problem> {
        gateway.directory.current().may_send(&self.0, sender, gateway.clock.now()).map_err(Problem::from)
    }
}
