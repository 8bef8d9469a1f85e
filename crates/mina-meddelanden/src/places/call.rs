//! One question to the register, and what its answer says of places.

use super::{Inner, PATIENCE};
use crate::{far_client::AccountAt, soap_client::CallError};
use domain::{Identity, OrgNumber};
use intake::whereabouts::{OperatorAddress, Place};
use tokio::time::{Instant, timeout};

/// What became of a question.
pub(super) enum Told {
    Answers(Vec<Option<Place>>),
    /// Nothing: older answers count.
    Silent,
    /// It answers, and not this: nothing counts.
    Refused,
}

impl Inner {
    pub(super) async fn call(&self, sender: &OrgNumber, recipients: &[Identity]) -> Told {
        let started = Instant::now();
        let answer = timeout(PATIENCE, self.client.is_reachable(sender, recipients)).await;
        let answer = answer.unwrap_or(Err(CallError::NoAnswer("it took too long")));
        let (outcome, told) = match answer {
            Ok(accounts) => {
                let places = accounts.into_iter().map(|account| self.place(account.at, account.accepts));
                ("answered", Told::Answers(places.collect()))
            }
            // 5000: unknown, or not now.
            Err(CallError::Fault { code, call_id }) if code != 5000 => {
                tracing::warn!(
                    fault.code = code,
                    call.id = call_id,
                    "The register of addresses refuses to say where"
                );
                ("refused", Told::Refused)
            }
            Err(error) => {
                tracing::warn!(%error, "The register of addresses does not say where");
                ("silent", Told::Silent)
            }
        };
        metrics::histogram!("kuvert_far_call_seconds", "outcome" => outcome).record(started.elapsed());
        told
    }

    fn place(&self, at: AccountAt, accepts: bool) -> Option<Place> {
        let supplier = match at {
            AccountAt::Nowhere => return Some(Place::Nowhere),
            AccountAt::Supplier(_) if !accepts => return Some(Place::Declined),
            AccountAt::Supplier(supplier) if supplier.number == self.own => return Some(Place::Here),
            AccountAt::Supplier(supplier) => supplier,
            AccountAt::Unusable(why) => {
                tracing::warn!(why, "The register of addresses names an operator that no letter can go to");
                return None;
            }
        };
        let mut state = self.lock();
        if state.names.len() < MOST_NAMES {
            state.names.insert(supplier.number.clone(), supplier.name);
        }
        if state.operators.len() < MOST_NAMES {
            state.operators.insert(supplier.number.clone());
        }
        let (number, service_address) = (supplier.number, supplier.service_address);
        Some(Place::At(OperatorAddress { number, service_address }))
    }
}

/// There are a handful of operators.
const MOST_NAMES: usize = 1000;
