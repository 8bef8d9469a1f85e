//! `POST /v1/reachability`: who can be reached, up to a thousand at once.

use crate::{Gateway, answers, caller::Caller};
use axum::{
    Json,
    extract::{State, rejection::JsonRejection},
};
use domain::{Code, Identity, Refusal, identity::IdentityError, words::Unreachable};
use edge::Problem;
use registry::recipient;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// The question.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    sender: String,
    recipients: Vec<String>,
}

/// One answer each, in order.
#[derive(Serialize)]
pub struct Results {
    results: Vec<Reachability>,
}

#[derive(Serialize)]
struct Reachability {
    recipient: String,
    reachable: bool,
    reason: Option<&'static str>,
}

const MOST: usize = 1000;

/// A bad id gives a reason, not an error.
pub async fn ask(
    State(gateway): State<Gateway>,
    caller: Caller,
    question: Result<Json<Question>, JsonRejection>,
) -> Result<Json<Results>, Problem> {
    let Json(question) = question.map_err(answers::json)?;
    if question.recipients.len() > MOST {
        let why = "at most 1000 recipients at once";
        return Err(Refusal::new(Code::MalformedRequest).because(why).at("/recipients").into());
    }
    let sender = answers::sender(&question.sender)?;
    caller.acts_for(&gateway, &sender)?;

    let parsed: Vec<_> = question.recipients.iter().map(|text| Identity::parse(text)).collect();
    let identities: Vec<Identity> = parsed.iter().filter_map(|p| p.clone().ok()).collect();
    let macs = gateway.keys.address_macs(caller.0.as_str(), &identities).await.map_err(answers::keys)?;
    let now = gateway.clock.now();
    let mut tx = gateway.store.read("look recipients up").await.map_err(answers::store)?;
    let declined = |mailbox| registry::declined::sender_mac(&gateway.gateway_keys.sender, mailbox, &sender);
    let found = recipient::look_up_many(&mut tx, &macs, now, declined).await.map_err(answers::store)?;
    let by_identity: HashMap<&Identity, &[u8; 32]> = identities.iter().zip(&macs).collect();

    let reason = |parsed: &Result<Identity, IdentityError>| match parsed {
        Err(error) => Some(recipient::unreachable(answers::identity(*error))),
        Ok(identity) => {
            let state = by_identity.get(identity).and_then(|mac| found.get(*mac));
            match state.map(|found| found.reachable(identity, now)) {
                Some(Ok(_)) => None,
                Some(Err(code)) => Some(recipient::unreachable(code)),
                None => Some(Unreachable::Unknown),
            }
        }
    };
    let reasons: Vec<_> = parsed.iter().map(|p| reason(p).map(Unreachable::as_str)).collect();
    let results = question.recipients.into_iter().zip(reasons);
    let results =
        results.map(|(recipient, reason)| Reachability { recipient, reachable: reason.is_none(), reason });
    Ok(Json(Results { results: results.collect() }))
}
