//! What people do with their own mailboxes, and the operator for them: open one, say how to be told of letters, let
//! somebody help, turn senders off.
//!
//! One file an act. An act asks the key service for what it needs, then changes the registry in one transaction, and
//! leaves the event of the change in it. Pages, the operator's commands and the demo call the same acts; how an answer
//! is worded is theirs.

mod close_mailbox;
mod code_limits;
mod contacts;
mod deaths;
mod error;
mod helpers;
mod holder_names;
mod invitations;
mod language;
mod names;
mod open_for;
mod open_mailbox;
mod senders;
mod signatories;
mod who;

pub use code_limits::CodeLimits;
pub use contacts::{Address, CodeToSend, NewAddress, Notices};
pub use error::AccountError;
pub use helpers::{GrantError, Holder};
pub use holder_names::HolderNames;
pub use invitations::{Asked, Asks, InviteError, WantedHelper};
pub use open_for::NewPerson;
pub use open_mailbox::{OpenError, Opened};
pub use signatories::SignatoryError;
pub use who::Known;

use domain::{AddressMac, Clock, Identity, MailboxId, Random, Time, words::Act};
use key_client::{By, Change, Changed, Column, Keys, KeysError, WebKeys};
use mailbox::{Actor, may_box};
use registry::Register;
use std::sync::Arc;
use store::Store;
use vault::Place;

/// The acts. Cheap to clone.
#[derive(Clone)]
pub struct Accounts(Arc<Parts>);

/// What the acts work with.
pub struct Parts {
    pub store: Store,
    /// The handle of role web, or of the operator: what that role may not ask, no act does.
    pub keys: Keys,
    /// Tags of senders and addresses, and the ring of events.
    pub web_keys: Arc<WebKeys>,
    /// Who may sign for an organisation.
    pub register: Register,
    /// Whom codes are sent to, and how many.
    pub codes: CodeLimits,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

impl Accounts {
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    fn now(&self) -> Time {
        self.0.clock.now()
    }

    fn random(&self) -> &dyn Random {
        &*self.0.random
    }

    /// Whether the actor governs the mailbox; not found otherwise. The key service decides once more.
    fn governs(actor: &Actor, mailbox_id: MailboxId) -> Result<(), AccountError> {
        may_box(&actor.rights, mailbox_id, Act::Settings).map(drop).ok_or(AccountError::NotFound)
    }

    /// A change by whoever is logged in.
    async fn change(&self, actor: &Actor, change: Change) -> Result<Changed, AccountError> {
        match self.0.keys.change(By::Grant(actor.grant.clone()), change).await {
            Err(KeysError::NotAllowed) => Err(AccountError::NotFound),
            outcome => Ok(outcome?),
        }
    }

    /// The same where all there is to say is whether something was done.
    async fn done(&self, actor: &Actor, change: Change) -> Result<bool, AccountError> {
        Ok(self.change(actor, change).await? == Changed::Done(true))
    }

    async fn seal(&self, column: Column, place: Place, text: &[u8]) -> Result<Vec<u8>, AccountError> {
        Ok(one(self.0.keys.seal_columns(vec![(column, place, text.to_vec())]).await?)?)
    }

    async fn address_mac(&self, identity: &Identity) -> Result<AddressMac, AccountError> {
        let caller = self.0.keys.role().as_str();
        Ok(one(self.0.keys.address_macs(caller, std::slice::from_ref(identity)).await?)?)
    }
}

/// Of what was asked for alone.
fn one<T>(many: Vec<T>) -> Result<T, KeysError> {
    many.into_iter().next().ok_or(KeysError::Unavailable)
}
