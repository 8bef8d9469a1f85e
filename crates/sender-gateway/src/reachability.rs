//! `POST /v1/reachability`: who can be reached, up to a thousand at once.

use crate::{Gateway, answers, body, caller::Caller};
use axum::{Json, body::Body, extract::State, http::HeaderMap};
use domain::{
    Code, Identity, Refusal,
    identity::IdentityError,
    words::{Unreachable, Way},
};
use edge::Problem;
use intake::{Route, Sought};
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
    /// Told only where it is not the plain way.
    #[serde(skip_serializing_if = "Option::is_none")]
    how: Option<&'static str>,
}

const MOST: usize = 1000;
/// A thousand recipients are some 16 KiB.
const MOST_BYTES: usize = 64 * 1024;

/// A bad id gives a reason, not an error.
pub async fn ask(
    State(gateway): State<Gateway>,
    caller: Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Results>, Problem> {
    // Held until the answer is made, which is as large.
    let mut room = gateway.intake.arriving(&caller.0);
    let question: Question = body::json(&headers, body, MOST_BYTES, &mut room).await?;
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
    drop(tx);
    let sought: Vec<Sought<'_>> = identities
        .iter()
        .zip(&macs)
        .filter_map(|(identity, address_mac)| {
            Some(Sought { identity, address_mac, found: found.get(address_mac)? })
        })
        .collect();
    let routes = gateway.intake.routes(&sender, &sought, now).await.map_err(answers::store)?;
    let routes: HashMap<&Identity, _> = sought.iter().map(|one| one.identity).zip(routes).collect();

    let way = |parsed: &Result<Identity, IdentityError>| match parsed {
        Err(error) => Err(answers::identity(*error)),
        Ok(identity) => match routes.get(identity) {
            Some(Ok(Route::Here)) => Ok(None),
            Some(Ok(Route::Away(_))) => Ok(Some(Way::Forwarded)),
            Some(Err(code)) => Err(*code),
            None => Err(Code::RecipientUnknown),
        },
    };
    let ways: Vec<_> = parsed.iter().map(|p| way(p).map_err(recipient::unreachable)).collect();
    let results = question.recipients.into_iter().zip(ways).map(|(recipient, way)| Reachability {
        recipient,
        reachable: way.is_ok(),
        reason: way.err().map(Unreachable::as_str),
        how: way.ok().flatten().map(Way::as_str),
    });
    Ok(Json(Results { results: results.collect() }))
}
