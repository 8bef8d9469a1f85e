//! The real key service over a test's own databases.

use domain::Clock;
use eid::Verifier;
use key_service::{KeyService, Parts, Root, Settings};
use registry::Register;
use std::{path::PathBuf, sync::Arc};
use store::testing::Database;
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

/// Opened, and not started: it has its root key in the database's folder, so that a second one opens what the first
/// has sealed.
pub async fn open(database: &Database, clock: Arc<dyn Clock>, verifiers: Vec<Verifier>) -> KeyService {
    let parts = Parts {
        root: Root::load_or_init(&database.dir().join("root.key"), &SystemRandom).unwrap(),
        letters: database.store.clone(),
        keys: database.keys().await.unwrap(),
        verifiers,
        register: Some(Register::File(signatories(database))),
        settings: Settings::default(),
        clock,
        random: Arc::new(SystemRandom),
    };
    KeyService::open(parts).await.unwrap()
}

/// Starts it; it ends with the test.
pub fn start(service: &KeyService) -> key_client::Connector {
    service.start(CancellationToken::new()).0
}

/// The file in which companies' signatories stand.
pub fn signatories(database: &Database) -> PathBuf {
    database.dir().join("signatories.json")
}
