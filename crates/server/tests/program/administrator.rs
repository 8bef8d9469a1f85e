//! Whoever administers the letter database, against the real program: the worst cases, and honest days with a restore and a
//! kill, on each database. All cases, and as many random ones as you like, are the example `administrator`.

use crate::play::{options::Options, run};
use clap::Parser;
use store::{DatabaseKind, testing::Database};

async fn plays(only: &str, postgres: Option<&str>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut words = vec!["administrator", "--kuvert", env!("CARGO_BIN_EXE_kuvert"), "--only", only];
    words.extend(["--cases", "C1,C2,H1,9,12b,25", "--random", "0", "--honest", "45", "--seed", "3"]);
    if let Some(server) = postgres {
        words.extend(["--postgres", server]);
    }
    let held = Box::pin(run(&Options::parse_from(words))).await;
    assert!(held.unwrap(), "what did not hold stands above");
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_nothing_that_the_administrator_does_goes_unnoticed_on_sqlite() {
    plays("sqlite", None).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn heavy_nothing_that_the_administrator_does_goes_unnoticed_on_postgres() {
    // It makes a database of its own on the same server.
    let database = Database::fresh(DatabaseKind::Postgres).await.unwrap();
    plays("postgres", Some(&database.url)).await;
    database.remove().await;
}
