//! The caller is the organisation in the TLS certificate, and nothing else.

use crate::{Gateway, answers};
use axum::{
    extract::{FromRequestParts, Request, State},
    http::request::Parts,
    middleware::Next,
    response::Response,
};
use domain::OrgNumber;
use edge::{Peer, Problem};
use intake::Presented;

/// A registered organisation with a certificate that is registered for it and in force.
#[derive(Clone, Debug)]
pub struct Caller(pub OrgNumber);

/// Middleware for every route: nothing is told to whoever is nobody here.
pub async fn known(
    State(gateway): State<Gateway>,
    request: Request,
    next: Next,
) -> Result<Response, Problem> {
    let (mut parts, body) = request.into_parts();
    let caller = Caller::of(&parts, &gateway).await?;
    parts.extensions.insert(caller);
    Ok(next.run(Request::from_parts(parts, body)).await)
}

impl FromRequestParts<Gateway> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, gateway: &Gateway) -> Result<Self, Problem> {
        match parts.extensions.get::<Self>() {
            Some(known) => Ok(known.clone()),
            None => Self::of(parts, gateway).await,
        }
    }
}

impl Caller {
    async fn of(parts: &Parts, gateway: &Gateway) -> Result<Self, Problem> {
        let certificate = parts.extensions.get::<Peer>().and_then(|peer| peer.certificate.as_ref());
        let presented = certificate.map(|one| Presented {
            sha256: &one.sha256,
            organisation: one.organisation.as_ref(),
            listed: one.listed,
        });
        Ok(Self(gateway.intake.caller(presented).await.map_err(answers::intake)?))
    }

    /// Whom the caller asks for: the sender that is named, or all that it may act for.
    pub fn senders(&self, gateway: &Gateway, named: Option<OrgNumber>) -> Result<Vec<OrgNumber>, Problem> {
        match named {
            Some(sender) => {
                self.acts_for(gateway, &sender)?;
                Ok(vec![sender])
            }
            None => Ok(gateway.directory.current().senders_of(&self.0, gateway.clock.now())),
        }
    }

    /// Whether the caller may act for this sender: itself, or a sender that lists it as dispatcher.
    pub fn acts_for(&self, gateway: &Gateway, sender: &OrgNumber) -> Result<(), Problem> {
        gateway.directory.current().may_send(&self.0, sender, gateway.clock.now()).map_err(Problem::from)
    }
}
