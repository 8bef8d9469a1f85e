//! The database, jobs and leases; the only crate that knows which database it is.
//!
//! ```no_run
//! # async fn example() -> Result<(), store::Error> {
//! use store::{Settings, Store, args};
//! let store = Store::open("sqlite:kuvert.db", &Settings::letters()).await?;
//! store.migrate().await?;
//! let mut tx = store.begin("rename contact").await?;
//! tx.execute("UPDATE contact SET label = $1 WHERE contact_id = $2", args!["work", &[0u8; 16]]).await?.exactly(1)?;
//! tx.commit().await
//! # }
//! ```

mod affected;
mod columns;
mod connection;
mod dialect;
mod durability;
mod error;
pub mod jobs;
mod many;
mod meter;
mod migrate;
mod pool;
mod row;
mod server_address;
mod settings;
mod store;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
mod tries;
mod tx;
mod value;

pub use affected::Affected;
pub use durability::Durability;
pub use error::{Error, Fault};
pub use many::Many;
pub use row::Row;
pub use server_address::ServerAddress;
pub use settings::{Contents, DatabaseKind, Settings};
pub use store::Store;
pub use tries::Tries;
pub use tx::Tx;
pub use value::{Id, Value};
