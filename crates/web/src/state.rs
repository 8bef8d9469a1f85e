//! What the pages work with.

use crate::{
    api::Api,
    capability::Capabilities,
    limit::{Limiter, LogInStarts},
    pages::Operator,
};
use account::Accounts;
use domain::{Clock, Language, Random, Time, words::Channel};
use edge::Proxies;
use eid::Provider;
use key_client::{Keys, WebKeys};
use mailbox::Mailboxes;
use std::{future::Future, pin::Pin, sync::Arc};

/// What the pages are made of.
pub struct Parts {
    /// The handle of role web.
    pub keys: Keys,
    pub web_keys: Arc<WebKeys>,
    /// Lists, opens and keeps letters.
    pub mailboxes: Mailboxes,
    /// What people do with their own mailboxes, by the same handle.
    pub accounts: Accounts,
    /// The ways to log in, in the order of the buttons.
    pub providers: Vec<Provider>,
    /// Sends the codes that confirm addresses.
    pub codes: Arc<dyn CodePost>,
    /// Where the pages are: `https://kuvert.example.se`, without a slash at the end.
    pub origin: String,
    /// Where letters' own content is: another site, without a slash at the end.
    pub content_origin: String,
    /// Who runs the service.
    pub operator: Operator,
    /// Who may begin to log in how often.
    pub limits: Limits,
    /// The agency API's description, OpenAPI 3.1.
    pub openapi: serde_json::Value,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

/// Who may begin to log in how often.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Whose word is believed about for whom they ask.
    pub proxies: Proxies,
    /// Log-ins that may begin in a minute from one address; in IPv6 from one household's 64 bits.
    pub address_logins_per_minute: u32,
    /// The same from all addresses with the same 24 bits, in IPv6 48.
    pub network_logins_per_minute: u32,
}

impl Default for Limits {
    /// Thousands share one address in a mobile network, and each logs in now and then.
    fn default() -> Self {
        Self { proxies: Proxies::default(), address_logins_per_minute: 300, network_logins_per_minute: 3_000 }
    }
}

/// A code on its way to the address that it confirms. Has no `Debug`: it holds both.
pub struct CodeMessage {
    pub channel: Channel,
    /// An e-mail address, or a number in E.164.
    pub address: String,
    /// Six digits.
    pub code: String,
    pub language: Language,
    /// Deterministic for this code, so that a repeat is the same message.
    pub id: [u8; 32],
    pub at: Time,
}

/// That something was changed which its owner should know of. Holds no name, no address of ours, and nothing of letters.
pub struct AccountNotice {
    pub what: AccountChange,
    pub channel: Channel,
    /// An e-mail address, or a number in E.164.
    pub address: String,
    pub language: Language,
    /// The same for each try.
    pub id: [u8; 32],
    pub at: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountChange {
    /// Notices go to another address too.
    AddressAdded,
    /// Notices go to one address less.
    AddressRemoved,
    /// Somebody logged in with a browser that had not been used for it.
    NewDevice,
    /// They have said yes to reading another's mailbox: told to whoever helps, whose addresses are open only now.
    HelpAccepted,
    /// Somebody may read their mailbox.
    HelperGranted,
}

/// What became of sending a code: `false` when it could not be handed over.
pub type CodeSent<'a> = Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

/// Sends codes. The notifier's posts do; it stands beside this crate, so it is given in.
pub trait CodePost: Send + Sync {
    /// Hands one message over.
    fn send(&self, message: CodeMessage) -> CodeSent<'_>;

    /// Tells an address that was confirmed of a change.
    fn tell(&self, notice: AccountNotice) -> CodeSent<'_>;
}

/// The pages. Cheap to clone.
#[derive(Clone)]
pub struct Web(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub parts: Parts,
    pub capabilities: Capabilities,
    pub logins: LogInStarts,
    /// Attempts with other people's numbers, by person.
    pub lookups: Limiter,
    /// Codes asked for, by person and by address.
    pub codes: Limiter,
    pub content_policy: String,
    pub page_policy: String,
    pub https: bool,
    /// The agency API as `/developers` shows it.
    pub api: Arc<Api>,
}

impl Web {
    /// Makes the pages ready.
    pub fn new(parts: Parts) -> Self {
        let https = parts.origin.starts_with("https://");
        let api = Arc::new(Api::read(&parts.openapi));
        Self(Arc::new(Inner {
            capabilities: Capabilities::default(),
            logins: LogInStarts::new(
                parts.limits.address_logins_per_minute,
                parts.limits.network_logins_per_minute,
            ),
            lookups: Limiter::new(LOOKUPS, 600),
            codes: Limiter::new(CODES, 600),
            page_policy: crate::security::page_policy(&parts.content_origin),
            content_policy: crate::security::content_policy(&parts.origin),
            https,
            api,
            parts,
        }))
    }

    pub(crate) fn now(&self) -> Time {
        self.0.parts.clock.now()
    }

    pub(crate) fn random(&self) -> &dyn Random {
        &*self.0.parts.random
    }
}

/// Helpers' numbers that one person may try in ten minutes.
const LOOKUPS: u32 = 10;
/// Codes that one person may have sent in ten minutes, and that may be sent to one address.
const CODES: u32 = 6;
