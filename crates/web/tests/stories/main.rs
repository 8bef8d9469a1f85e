//! Stories over real HTTP.
#![allow(clippy::unwrap_used, clippy::disallowed_methods, reason = "tests")]

mod citizen;
mod content;
mod deadlines;
mod developers;
mod doubted;
mod first_time;
mod forms;
mod forwarded;
mod fresh;
mod helping;
mod keeping;
mod login;
mod reading;
mod returning;
mod safeguards;
mod settings;
mod world;

use domain::{Clock, ManualClock, Time};
use std::sync::Arc;
use store::{DatabaseKind, testing::Database};
use world::World;

/// A world on SQLite, at noon on a Thursday, and its clock.
pub async fn world() -> (World, Arc<ManualClock>) {
    let database = Database::fresh(DatabaseKind::Sqlite).await.unwrap();
    at_noon(database).await
}

pub async fn at_noon(database: Database) -> (World, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(Time::parse("2026-11-19T11:00:00Z").unwrap()));
    let world = World::new(database, clock.clone() as Arc<dyn Clock>).await;
    (world, clock)
}

/// Anna asks, Bo says yes, Anna confirms.
pub async fn bo_helps(world: &World, anna: &mut citizen::Citizen) {
    anna.get("/helpers").await;
    let asked = [("name", "Bo, min bror"), ("number", world::BO), ("until", "2027-05-01")];
    anna.does("/helpers", &asked).await.says("Inbjudan är skickad");
    let mut bo = citizen::Citizen::logs_in(world, world::BO).await;
    let accept = bo.get("/helpers").await.address("/helpers/");
    bo.get(&accept).await;
    bo.does(&accept, &[]).await.says("Du har tackat ja");
    let confirm = anna.get("/helpers").await.address("/helpers/");
    anna.get(&confirm).await;
    let person = world.bo.0.to_string();
    anna.does(&confirm, &[("helper", &person)]).await.says("Läsrätten är given");
}

/// A PDF that the house takes.
pub fn pdf(words: &str) -> Vec<u8> {
    format!(
        "%PDF-1.4\n%{words}\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n\
         xref\n0 1\n0000000000 65535 f \ntrailer<</Size 1/Root 1 0 R>>\nstartxref\n9\n%%EOF\n"
    )
    .into_bytes()
}
