//! The world of these stories: each may do to it what only it needs.

use intake::{Outgoing, Settings, Whereabouts};
use std::ops::Deref;
use store::testing::Database;

pub use testing::world::code;
pub use testing::{
    ANNA, BO, COMPANY, DISPATCHER, LADAN, NOW, OFFICE, OWN, Organisation, TOWN, attaching, entry, letter,
    org, with,
};

pub struct World(testing::world::World);

impl Deref for World {
    type Target = testing::world::World;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl World {
    pub async fn new(database: Database) -> Self {
        Self(testing::world::World::new(database).await)
    }

    pub async fn with(database: Database, change: impl FnOnce(&mut Settings)) -> Self {
        Self(Box::pin(testing::world::World::with(database, change)).await)
    }

    /// One that hands letters over to other operators.
    pub async fn leaving(
        database: Database,
        change: impl FnOnce(&mut Settings),
        outgoing: Option<Outgoing>,
        whereabouts: Whereabouts,
    ) -> Self {
        Self(Box::pin(testing::world::World::leaving(database, change, outgoing, whereabouts)).await)
    }
}
