//! What the database does to us, and what is said of it.

use super::{INSERT, count, scratch};
use crate::{
    DatabaseKind, Error, Settings, Store, args, both,
    testing::{self, Database},
};
use futures_util::FutureExt;
use std::time::Duration;

both!(
    a_commit_goes_on_without_its_caller,
    a_lost_connection_is_replaced,
    a_question_alone_replaces_a_lost_connection,
    a_glance_and_a_statement_by_itself_replace_a_lost_connection,
    a_lock_held_elsewhere_is_transient,
    a_wrong_password_or_path_is_told_at_once,
);

async fn a_commit_goes_on_without_its_caller(store: Store) {
    scratch(&store).await;
    for number in 0..50u8 {
        let mut tx = store.begin("left alone").await.unwrap();
        tx.execute(INSERT, args![&[number; 16], "a", 1, &[]]).await.unwrap().ignore();
        // Asked for once and then dropped: what happens when a client hangs up just then.
        let _ = tx.commit().now_or_never();
    }
    while count(&store).await < 50 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn kick_out_others(store: &Store) {
    let mut tx = store.read("kick out").await.unwrap();
    let kick = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    tx.one(kick, &[]).await.unwrap();
}

/// Several idle connections, all of them dead afterwards.
async fn lose_connections(database: &Database) {
    let store = &database.store;
    scratch(store).await;
    if store.database_kind() == DatabaseKind::Postgres {
        let other = Store::open(&database.url, &Settings::letters()).await.unwrap();
        let held =
            [store.read("a").await.unwrap(), store.read("b").await.unwrap(), store.read("c").await.unwrap()];
        for tx in held {
            tx.rollback().await;
        }
        kick_out_others(&other).await;
    } else {
        store.close().await;
    }
}

async fn a_lost_connection_is_replaced(database: Database) {
    lose_connections(&database).await;
    for _ in 0..5 {
        database.store.begin("after").await.unwrap().commit().await.unwrap();
        assert_eq!(count(&database.store).await, 0);
    }
}

async fn a_question_alone_replaces_a_lost_connection(database: Database) {
    lose_connections(&database).await;
    for _ in 0..5 {
        let row = database.store.ask_one("after", "SELECT COUNT(*) AS n FROM scratch", &[]).await.unwrap();
        assert_eq!(row.unwrap().int("n").unwrap(), 0);
    }
}

const COUNT: &str = "SELECT COUNT(*) AS n FROM scratch";

async fn a_glance_and_a_statement_by_itself_replace_a_lost_connection(database: Database) {
    let store = &database.store;
    lose_connections(&database).await;
    for no in 0..3_u8 {
        let mut glance = store.glance("after").await.unwrap();
        assert_eq!(glance.one(COUNT, &[]).await.unwrap().unwrap().int("n").unwrap(), i64::from(no));
        // It sees what is committed meanwhile, and writes nothing itself.
        store.put_urgent("put", INSERT, args![&[no; 16], "a", 1, &[]]).await.unwrap();
        assert_eq!(glance.one(COUNT, &[]).await.unwrap().unwrap().int("n").unwrap(), i64::from(no) + 1);
        let refused = glance.execute(INSERT, args![&[99; 16], "a", 1, &[]]).await;
        assert!(matches!(refused, Err(Error::Aborted)));
        let refused = glance.query("DELETE FROM scratch RETURNING id", &[]).await;
        assert!(matches!(refused, Err(Error::Aborted)));
        assert!(matches!(glance.commit().await, Err(Error::Aborted)));
    }
    let again = store.put_urgent("put", INSERT, args![&[0; 16], "a", 1, &[]]).await.unwrap_err();
    assert!(again.is_unique(), "{again:?}");
}

/// On PostgreSQL alone: SQLite has no connection to lose.
#[test]
fn a_connection_lost_in_a_transaction_is_transient() {
    testing::on(DatabaseKind::Postgres, connection_lost_in_a_transaction);
}

async fn connection_lost_in_a_transaction(database: Database) {
    let store = &database.store;
    scratch(store).await;
    let other = Store::open(&database.url, &Settings::letters()).await.unwrap();
    let mut tx = store.begin("cut").await.unwrap();
    tx.execute(INSERT, args![&[1; 16], "a", 1, &[]]).await.unwrap().ignore();
    kick_out_others(&other).await;
    let error = tx.execute(INSERT, args![&[2; 16], "a", 1, &[]]).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(matches!(tx.commit().await, Err(Error::Aborted)));

    let mut tx = store.begin("cut before commit").await.unwrap();
    tx.execute(INSERT, args![&[3; 16], "a", 1, &[]]).await.unwrap().ignore();
    kick_out_others(&other).await;
    let error = tx.commit().await.unwrap_err();
    assert!(error.is_in_doubt() && !error.is_transient(), "{error:?}");
    assert_eq!(count(store).await, 0);
}

/// On PostgreSQL alone: SQLite has neither limits nor sessions.
#[test]
fn every_session_has_its_limits_and_prepares_a_statement_once() {
    testing::on(DatabaseKind::Postgres, limits_and_preparation);
}

async fn limits_and_preparation(store: Store) {
    let mut tx = store.begin("limits").await.unwrap();
    for (name, limit) in [("idle_in_transaction_session_timeout", "10s"), ("statement_timeout", "30s")] {
        let row = tx.one("SELECT current_setting($1) AS setting", args![name]).await.unwrap().unwrap();
        assert_eq!(row.text("setting").unwrap(), limit);
    }
    for number in 0..20 {
        tx.one("SELECT CAST($1 AS BIGINT) AS prepared_once", args![number]).await.unwrap();
    }
    let times = "SELECT count(*) AS n, max(generic_plans + custom_plans) AS plans FROM pg_prepared_statements \
                 WHERE statement LIKE '%AS prepared_once'";
    let row = tx.one(times, &[]).await.unwrap().unwrap();
    assert_eq!((row.int("n").unwrap(), row.int("plans").unwrap()), (1, 20));
}

async fn a_lock_held_elsewhere_is_transient(database: Database) {
    scratch(&database.store).await;
    let mut tx = database.store.begin("two rows").await.unwrap();
    for id in [[1; 16], [2; 16]] {
        tx.execute(INSERT, args![&id, "a", 1, &[]]).await.unwrap().ignore();
    }
    tx.commit().await.unwrap();
    let impatient = Settings { wait: Duration::from_millis(100), ..Settings::letters() };
    let other = Store::open(&database.url, &impatient).await.unwrap();
    const TOUCH: &str = "UPDATE scratch SET at = at + 1 WHERE id = $1";

    let mut first = database.store.begin("first").await.unwrap();
    first.execute(TOUCH, args![&[1; 16]]).await.unwrap().exactly(1).unwrap();
    if database.store.database_kind() == DatabaseKind::Sqlite {
        let error = other.begin("second").await.err().unwrap();
        assert!(error.is_transient(), "{error:?}");
        return;
    }
    // A deadlock: each waits for the other's row, and the server ends one of them.
    let mut second = other.begin("second").await.unwrap();
    second.execute(TOUCH, args![&[2; 16]]).await.unwrap().exactly(1).unwrap();
    let waiting =
        tokio::spawn(async move { second.execute(TOUCH, args![&[1; 16]]).await.map(|a| a.count()) });
    let crossed = first.execute(TOUCH, args![&[2; 16]]).await.map(|a| a.count());
    drop(first);
    let ended = [crossed, waiting.await.unwrap()];
    let errors: Vec<&Error> = ended.iter().filter_map(|end| end.as_ref().err()).collect();
    assert_eq!(errors.len(), 1, "{ended:?}");
    assert!(errors[0].is_transient(), "{errors:?}");
}

async fn a_wrong_password_or_path_is_told_at_once(database: Database) {
    let url = match database.store.database_kind() {
        DatabaseKind::Sqlite => format!("sqlite:{}", database.dir().join("none/k.db").display()),
        DatabaseKind::Postgres => database.url.replace("kuvert_test_", "no_such_database_"),
    };
    let error = Store::open(&url, &Settings::letters()).await.err().unwrap();
    assert!(!error.is_transient(), "{error:?}");
}
