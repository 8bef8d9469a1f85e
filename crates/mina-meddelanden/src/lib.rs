//! The SOAP door: the interface of Mina Meddelanden, both sides of the wire.
//!
//! An agency's client, or another operator's, delivers here as it does to any mailbox operator. What it sends passes
//! the same use case as a letter of the agency API: [`intake::Intake::deliver`].

mod authorisation;
mod authority;
mod call;
mod elsewhere;
mod far;
mod far_client;
mod fault;
mod hand_over;
mod places;
mod recipient;
mod reply;
mod service;
mod soap_client;
mod wsdl;

pub use delivery::agreement::{
    ACTS as AGREEMENT_ACTS, Agreements, ROOT as AGREEMENT_ROOT, Said, Signed, said,
};
pub use far::{Far, FarParts};
pub use far_client::{
    Account, AccountAt, Agreed, Authorised, Dispatcher, FarAddresses, FarClient, Operators, SignedAgreement,
    Supplier,
};
pub use fault::Fault;
pub use hand_over::HandOver;
pub use places::{Places, PlacesSettings};
pub use soap_client::{CallError, SoapClient, SoapClientError};

use delivery::agreement;

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::Method,
    middleware::{Next, from_fn, from_fn_with_state},
    response::Response,
    routing::post,
};
use domain::{Clock, Random};
use intake::Intake;
use std::sync::Arc;

/// What the door needs. Cloned for each request.
#[derive(Clone)]
pub struct Door {
    pub intake: Intake,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
    /// The door's own origin, which the WSDL names, such as `https://post.example.se:8443`.
    pub origin: String,
}

/// The routes of the interface. `far` where this instance is the register of addresses too.
pub fn router(door: Door, far: Option<Far>) -> Router {
    let service =
        Router::new().route("/Service/v3", post(service::serve).get(wsdl::service)).with_state(door.clone());
    let all = door.clone();
    let register = far.map(|far| {
        Router::new()
            .route("/Recipient/v3", post(recipient::serve).get(wsdl::recipient))
            .route("/Authority", post(authority::serve).get(wsdl::authority))
            .with_state((door, far))
    });
    service
        .merge(register.unwrap_or_default())
        .route_layer(from_fn_with_state(all, known))
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn(edge::leftover::discard))
        .layer(from_fn(edge::headers::api))
}

/// Whoever is nobody here gets nothing, the contract neither. A call answers so itself, with a fault.
async fn known(State(door): State<Door>, request: Request, next: Next) -> Result<Response, edge::Problem> {
    if request.method() != Method::POST {
        call::caller(&door, request.extensions())
            .await
            .map_err(|error| edge::Problem::from(error.refusal()))?;
    }
    Ok(next.run(request).await)
}
