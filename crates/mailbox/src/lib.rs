//! Deliver, list, open, keep and erase letters; the one access decision.
//!
//! Sealing ([`LetterSeal`], [`deliver()`]) needs no key that opens anything. Opening goes through the key service,
//! which decides by the log-in and writes down what it releases before it answers. In between stands
//! [`may`]: what it does not allow is *not found*.

mod attachment;
mod deliver;
mod erase;
mod error;
mod genuine;
mod header;
mod history;
mod keep;
mod list;
mod objects;
mod open;
mod original;
pub mod places;
mod reading;
mod recent;
mod rights;
mod seal;
mod search;

pub use attachment::AttachmentReader;
pub use deliver::{PreparedLetter, PreparedPart, deliver};
pub use erase::{Emptied, Erased};
pub use error::MailboxError;
pub use genuine::Doubt;
pub use header::{AttachmentHeader, Header};
pub use list::{Cursor, Folder, ListQuery, Listed, NotACursor, Page};
pub use objects::{Objects, ObjectsError, Unclaimed, Writer};
pub use open::{OpenedLetter, Peek};
pub use original::{Form, Original};
pub use rights::{Actor, LetterFacts, Rights, may, may_box, read_facts};
pub use seal::{AttachmentWriter, LetterSeal, ROW_BYTES, Says};

use domain::{Clock, Random};
use key_client::{Keys, WebKeys};
use recent::Recent;
use std::sync::Arc;
use store::Store;

/// The mailboxes, for whoever reads them. Cheap to clone.
#[derive(Clone)]
pub struct Mailboxes(Arc<House>);

struct House {
    store: Store,
    keys: Keys,
    web_keys: Arc<WebKeys>,
    objects: Objects,
    clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    headers: Recent<Header>,
    opened: Recent<OpenedLetter>,
}

impl Mailboxes {
    /// `keys` is the handle of role web, `web_keys` what it gave.
    pub fn new(
        store: Store,
        keys: Keys,
        web_keys: Arc<WebKeys>,
        objects: Objects,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let headers = Recent::new(KEPT_HEADERS);
        let opened = Recent::new(KEPT_LETTERS);
        Self(Arc::new(House { store, keys, web_keys, objects, clock, random, headers, opened }))
    }

    /// Forgets what was opened by a log-in that ends.
    pub fn forget(&self, grant: &key_client::GrantToken) {
        self.0.headers.forget_login(grant);
        self.0.opened.forget_login(grant);
    }
}

const KEPT_HEADERS: usize = 20_000;
const KEPT_LETTERS: usize = 200;
