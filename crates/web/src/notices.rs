//! Telling people of changes to what is theirs, at the addresses that were confirmed before the change.
//!
//! Sent after the commit, beside the page: nobody waits for it. What cannot be handed over is tried twice more within
//! minutes; a stop of the service in between loses it.

use crate::state::{AccountChange, AccountNotice, Web};
use domain::{Language, words::Channel};
use mailbox::Actor;
use std::{sync::Arc, time::Duration};

/// Where somebody is told.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct To {
    pub channel: Channel,
    pub address: String,
}

/// The addresses that the person has confirmed and that work. None where they cannot be read: the change itself does not
/// wait for that.
pub(crate) async fn addresses(web: &Web, actor: &Actor) -> Vec<To> {
    let found = match web.0.parts.accounts.contacts(actor).await {
        Ok(found) => found,
        Err(error) => {
            tracing::warn!(%error, "Nobody can be told of a change");
            return vec![];
        }
    };
    let good = |one: account::Address| {
        let works = one.contact.confirmed_at.is_some() && one.contact.failed_at.is_none();
        one.address.filter(|_| works).map(|address| To { channel: one.contact.channel, address })
    };
    found.into_iter().filter_map(good).collect()
}

pub(crate) fn tell(web: &Web, what: AccountChange, to: Vec<To>, language: Language) {
    let at = web.now();
    for To { channel, address } in to {
        let id = vault::sha256(format!("{what:?} {} {address}", at.millis()).as_bytes());
        let codes = Arc::clone(&web.0.parts.codes);
        tokio::spawn(async move {
            for pause in PAUSES {
                tokio::time::sleep(pause).await;
                let notice = AccountNotice { what, channel, address: address.clone(), language, id, at };
                if codes.tell(notice).await {
                    return;
                }
            }
            tracing::warn!(channel = channel.as_str(), "A notice of a change could not be sent");
        });
    }
}

const PAUSES: [Duration; 3] = [Duration::ZERO, Duration::from_secs(60), Duration::from_secs(300)];
