//! One question to the register, and what its answer says of places.

use super::{Inner, PATIENCE};
use crate::{
    far_client::{Account, AccountAt},
    soap_client::CallError,
};
use domain::{Identity, OrgNumber};
use intake::whereabouts::{OperatorAddress, Place};
use tokio::time::{Instant, timeout};

/// What the register says of one recipient.
#[derive(Clone)]
pub(super) enum Said {
    Place(Place),
    /// It refuses to say, or names an operator that no letter can go to: nothing counts.
    Nothing,
    /// Its answer is none, or leaves this one out: an older answer counts.
    Unclear,
}

/// There is no connection or no answer: it says nothing to anybody.
pub(super) struct Silent;

impl Inner {
    /// One answer for each recipient, in order. What is odd about one question says nothing of others.
    pub(super) async fn call(
        &self,
        sender: &OrgNumber,
        recipients: &[Identity],
    ) -> Result<Vec<Said>, Silent> {
        let started = Instant::now();
        let answer = timeout(PATIENCE, self.client.is_reachable(sender, recipients)).await;
        let answer = answer.unwrap_or(Err(CallError::NoAnswer("it took too long")));
        let all = |said: Said| Ok(vec![said; recipients.len()]);
        let (outcome, told) = match answer {
            Ok(accounts) => ("answered", Ok(self.said(accounts))),
            Err(error @ (CallError::NotSent(_) | CallError::NoAnswer(_))) => {
                tracing::warn!(%error, "The register of addresses does not say where");
                ("silent", Err(Silent))
            }
            // 5000: unknown, or not now. 0: a fault without a code.
            Err(error @ (CallError::Answer(_) | CallError::Fault { code: 0 | 5000, .. })) => {
                tracing::warn!(%error, "The register of addresses gives an answer that says nothing");
                ("unclear", all(Said::Unclear))
            }
            Err(CallError::Fault { code, call_id }) => {
                tracing::warn!(
                    fault.code = code,
                    call.id = call_id,
                    "The register of addresses refuses to say where"
                );
                ("refused", all(Said::Nothing))
            }
        };
        metrics::histogram!("kuvert_far_call_seconds", "outcome" => outcome).record(started.elapsed());
        told
    }

    fn said(&self, accounts: Vec<Option<Account>>) -> Vec<Said> {
        let missing = accounts.iter().filter(|account| account.is_none()).count();
        if missing > 0 {
            tracing::warn!(missing, "The register of addresses leaves out recipients that it was asked for");
        }
        let said = |account: Option<Account>| match account {
            Some(account) => self.place(account.at, account.accepts).map_or(Said::Nothing, Said::Place),
            None => Said::Unclear,
        };
        accounts.into_iter().map(said).collect()
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
        let mut state = self.state.lock();
        if state.names.len() < MOST_NAMES {
            state.names.insert(supplier.number.clone(), supplier.name);
        }
        if state.operators.len() < MOST_NAMES {
            state.operators.insert(supplier.number.clone());
        }
        let number = supplier.number;
        let service_address = supplier.service_address;
        Some(Place::At(OperatorAddress { number, service_address }))
    }
}

/// There are a handful of operators.
const MOST_NAMES: usize = 1000;
