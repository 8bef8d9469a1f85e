//! A PostgreSQL server for one test process.

use std::{env, sync::OnceLock};
use temporary_postgres::Cluster;

/// The address of a server where tests may create databases.
#[allow(clippy::panic, reason = "a test without its database has failed")]
pub(super) fn server_url() -> String {
    static CLUSTER: OnceLock<String> = OnceLock::new();
    match env::var("KUVERT_TEST_POSTGRES") {
        Ok(url) if !url.is_empty() => url,
        _ => {
            CLUSTER.get_or_init(|| Cluster::start().unwrap_or_else(|error| panic!("{error}")).keep()).clone()
        }
    }
}
