//! What accepts letters and what reads them, over any key service.

use domain::Clock;
use intake::{Parts, Trust, Whereabouts};
use key_client::{Connector, Role, WebKeys};
use mailbox::{Mailboxes, Objects};
use registry::Directory;
use std::sync::Arc;
use store::testing::Database;
use vault::SystemRandom;

/// What `Intake::start` is given: it trusts nobody and hands nothing over, until a test says otherwise. Who may send is
/// read now.
pub async fn parts(database: &Database, connector: &Connector, clock: Arc<dyn Clock>) -> Parts {
    let store = database.store.clone();
    let keys = connector.keys(Role::Gateway);
    Parts {
        gateway_keys: Arc::new(keys.gateway_keys().await.unwrap()),
        directory: Directory::load(&store).await.unwrap(),
        store,
        keys,
        trust: Trust::default(),
        whereabouts: Whereabouts::Own,
        outgoing: None,
        objects: Objects::open(&database.dir().join("objects"), Arc::new(SystemRandom)).unwrap(),
        clock,
        random: Arc::new(SystemRandom),
    }
}

/// For readers who are logged in.
pub async fn mailboxes(
    database: &Database,
    connector: &Connector,
    objects: Objects,
    clock: Arc<dyn Clock>,
) -> (Mailboxes, Arc<WebKeys>) {
    let keys = connector.keys(Role::Web);
    let web_keys = Arc::new(keys.web_keys().await.unwrap());
    let store = database.store.clone();
    let random = Arc::new(SystemRandom);
    (Mailboxes::new(store, keys, web_keys.clone(), objects, clock, random), web_keys)
}
