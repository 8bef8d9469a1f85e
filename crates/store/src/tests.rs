//! The promises of the store, on both databases.

use crate::{
    Contents, DatabaseKind, Durability, Error, Many, Settings, Store, args, both, row, testing::Database,
};
use domain::{JobId, LetterId, Time};

mod disconnects;
mod failures;
mod turns;

both!(
    what_goes_in_comes_out,
    nulls_fit_every_column,
    wrong_kinds_are_errors,
    dropped_without_commit_is_rolled_back,
    committed_is_there_afterwards,
    the_same_key_twice_is_unique,
    after_a_failed_statement_nothing_can_be_committed,
    exactly_counts,
    many_rows_go_in_few_statements,
    a_read_sees_one_state,
    a_read_cannot_write,
    who_opens_and_migrates_at_once_finds_it_done,
    what_is_not_migrated_is_pending,
    keys_have_their_own_tables,
    commits_survive_a_crash,
    errors_do_not_repeat_values,
    a_closed_store_opens_again,
);

async fn scratch(store: &Store) {
    let mut tx = store.begin("scratch").await.unwrap();
    let create = "CREATE TABLE scratch (id BYTEA PRIMARY KEY, name TEXT, at BIGINT, body BYTEA)";
    tx.execute(create, &[]).await.unwrap().ignore();
    tx.commit().await.unwrap();
}

async fn count(store: &Store) -> i64 {
    let mut tx = store.read("count").await.unwrap();
    tx.one("SELECT count(*) AS n FROM scratch", &[]).await.unwrap().unwrap().int("n").unwrap()
}

const INSERT: &str = "INSERT INTO scratch (id, name, at, body) VALUES ($1, $2, $3, $4)";

async fn what_goes_in_comes_out(store: Store) {
    scratch(&store).await;
    let id = LetterId::from_slice(&[7; 16]).unwrap();
    let at = Time::from_millis(1_700_000_000_123);
    let body: Vec<u8> = (0..=255).collect();
    let mut tx = store.begin("in").await.unwrap();
    tx.execute(INSERT, args![id, "Åsa \u{1f4e8}", at, &body]).await.unwrap().exactly(1).unwrap();
    tx.commit().await.unwrap();
    let mut tx = store.read("out").await.unwrap();
    let row = tx
        .one("SELECT id, name, at, body, count(*) OVER () AS n FROM scratch WHERE id = $1", args![id])
        .await
        .unwrap();
    let row = row.unwrap();
    assert_eq!(row.id::<LetterId>("id").unwrap(), id);
    assert_eq!(row.array::<16>("id").unwrap(), [7; 16]);
    assert_eq!(row.text("name").unwrap(), "Åsa \u{1f4e8}");
    assert_eq!(row.time("at").unwrap(), at);
    assert_eq!(row.bytes("body").unwrap(), body);
    assert_eq!(row.number::<usize>("n").unwrap(), 1);
}

async fn nulls_fit_every_column(store: Store) {
    scratch(&store).await;
    let mut tx = store.begin("nulls").await.unwrap();
    // Nulls first, so that the statement is prepared without knowing the kinds.
    let none_text: Option<&str> = None;
    let none_bytes: Option<&[u8]> = None;
    tx.execute(INSERT, args![&[1; 16], none_text, Option::<Time>::None, none_bytes]).await.unwrap().ignore();
    tx.execute(INSERT, args![&[2; 16], Some("n"), Some(Time::from_millis(5)), Some(&[1u8, 2][..])])
        .await
        .unwrap()
        .count();
    let rows = tx.query("SELECT name, at, body FROM scratch ORDER BY id", &[]).await.unwrap();
    assert_eq!(
        (
            rows[0].opt_text("name").unwrap(),
            rows[0].opt_time("at").unwrap(),
            rows[0].opt_bytes("body").unwrap()
        ),
        (None, None, None)
    );
    assert_eq!(rows[1].opt_int("at").unwrap(), Some(5));
    assert_eq!(rows[1].opt_bytes("body").unwrap(), Some(&[1, 2][..]));
    tx.commit().await.unwrap();
}

async fn wrong_kinds_are_errors(store: Store) {
    let mut tx = store.read("kinds").await.unwrap();
    let row = tx
        .one("SELECT CAST('12' AS TEXT) AS number, CAST(NULL AS TEXT) AS absent", &[])
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.text("number").unwrap(), "12");
    assert!(row.id::<JobId>("number").is_err());
    assert!(row.int("absent").is_err());
    assert!(row.text("absent").is_err());
    assert!(row.text("elsewhere").is_err());
}

async fn dropped_without_commit_is_rolled_back(store: Store) {
    scratch(&store).await;
    let mut tx = store.begin("dropped").await.unwrap();
    tx.execute(INSERT, args![&[1; 16], "a", 1, &[]]).await.unwrap().ignore();
    drop(tx);
    let mut tx = store.begin("rolled back").await.unwrap();
    tx.execute(INSERT, args![&[1; 16], "a", 1, &[]]).await.unwrap().ignore();
    tx.rollback().await;
    assert_eq!(count(&store).await, 0);
}

async fn committed_is_there_afterwards(database: Database) {
    scratch(&database.store).await;
    let mut tx = database.store.begin("write").await.unwrap();
    tx.execute(INSERT, args![&[1; 16], "a", 1, &[]]).await.unwrap().ignore();
    tx.commit().await.unwrap();
    let second = Store::open(&database.url, &Settings::letters()).await.unwrap();
    assert_eq!(count(&second).await, 1);
    assert_eq!(second.contents(), Contents::Letters);
    assert!(second.size().await.unwrap() > 10_000);
    second.close().await;
}

async fn the_same_key_twice_is_unique(store: Store) {
    scratch(&store).await;
    let mut tx = store.begin("twice").await.unwrap();
    tx.execute(INSERT, args![&[1; 16], "a", 1, &[]]).await.unwrap().ignore();
    let error = tx.execute(INSERT, args![&[1; 16], "b", 1, &[]]).await.unwrap_err();
    assert!(error.is_unique() && !error.is_transient(), "{error:?}");
}

async fn after_a_failed_statement_nothing_can_be_committed(store: Store) {
    scratch(&store).await;
    let mut tx = store.begin("failing").await.unwrap();
    tx.execute(INSERT, args![&[1; 16], "a", 1, &[]]).await.unwrap().ignore();
    tx.execute("SELECT nothing FROM nowhere", &[]).await.unwrap_err();
    assert!(matches!(tx.query("SELECT 1", &[]).await, Err(Error::Aborted)));
    assert!(matches!(tx.commit().await, Err(Error::Aborted)));
    assert_eq!(count(&store).await, 0);
}

async fn exactly_counts(store: Store) {
    scratch(&store).await;
    let mut tx = store.begin("count").await.unwrap();
    let affected = tx.execute("UPDATE scratch SET at = 1 WHERE id = $1", args![&[9; 16]]).await.unwrap();
    assert!(matches!(affected.exactly(1), Err(Error::Unexpected { expected: 1, found: 0 })));
    assert!(affected.exactly(0).is_ok());
}

async fn many_rows_go_in_few_statements(store: Store) {
    static MANY: Many = Many::new(
        "INSERT INTO scratch (id, name, at, body) VALUES ",
        4,
        " ON CONFLICT DO NOTHING RETURNING at",
    );
    scratch(&store).await;
    let ids: Vec<[u8; 16]> = (0..87u8).map(|n| [n; 16]).collect();
    let mut tx = store.begin("many").await.unwrap();
    tx.execute(INSERT, args![&ids[3], "first", 3, &[]]).await.unwrap().exactly(1).unwrap();
    let rows: Vec<_> = ids.iter().map(|id| row![id, "n", i64::from(id[0]), &id[..3]]).collect();
    let inserted = tx.query_many(&MANY, &rows).await.unwrap();
    let mut inserted: Vec<i64> = inserted.iter().map(|row| row.int("at").unwrap()).collect();
    inserted.sort_unstable();
    assert_eq!(inserted, (0..87).filter(|n| *n != 3).collect::<Vec<_>>());
    static AGAIN: Many = Many::new("UPDATE scratch SET name = $1 WHERE id IN (", 1, ")");
    let rows: Vec<_> = ids[..70].iter().map(|id| row![id]).collect();
    tx.execute_many_with(&AGAIN, &row!["changed"], &rows).await.unwrap().exactly(70).unwrap();
    tx.commit().await.unwrap();
    assert_eq!(count(&store).await, 87);
}

async fn a_read_sees_one_state(store: Store) {
    scratch(&store).await;
    let mut reading = store.read("slow reader").await.unwrap();
    let counted = reading.one("SELECT count(*) AS n FROM scratch", &[]).await.unwrap().unwrap();
    let mut tx = store.begin("write").await.unwrap();
    tx.execute(INSERT, args![&[1; 16], "a", 1, &[]]).await.unwrap().ignore();
    tx.commit().await.unwrap();
    let again = reading.one("SELECT count(*) AS n FROM scratch", &[]).await.unwrap().unwrap();
    assert_eq!(counted.int("n").unwrap(), again.int("n").unwrap());
    assert_eq!(count(&store).await, 1);
}

async fn a_read_cannot_write(store: Store) {
    scratch(&store).await;
    let mut tx = store.read("writes").await.unwrap();
    assert!(tx.execute(INSERT, args![&[1; 16], "a", 1, &[]]).await.is_err());
}

async fn who_opens_and_migrates_at_once_finds_it_done(database: Database) {
    // A second, still empty database: the letters' tables of the first are there already.
    let url = match database.store.database_kind() {
        DatabaseKind::Sqlite => format!("sqlite:{}", database.dir().join("keys.db").display()),
        DatabaseKind::Postgres => database.url.clone(),
    };
    let mut opened = Vec::new();
    for _ in 0..4 {
        opened.push(Store::open(&url, &Settings::keys()).await.unwrap());
    }
    let pending = opened[0].pending_migrations().await.unwrap();
    assert!(pending > 0);
    let all: Vec<_> =
        opened.iter().cloned().map(|store| tokio::spawn(async move { store.migrate().await })).collect();
    for one in all {
        one.await.unwrap().unwrap();
    }
    assert_eq!(opened[0].pending_migrations().await.unwrap(), 0);
}

async fn what_is_not_migrated_is_pending(database: Database) {
    assert_eq!(database.store.pending_migrations().await.unwrap(), 0);
    let url = match database.store.database_kind() {
        DatabaseKind::Sqlite => format!("sqlite:{}", database.dir().join("keys.db").display()),
        DatabaseKind::Postgres => database.url.clone(),
    };
    let keys = Store::open(&url, &Settings::keys()).await.unwrap();
    assert!(keys.pending_migrations().await.unwrap() > 0);
}

async fn keys_have_their_own_tables(database: Database) {
    let keys = database.keys().await.unwrap();
    let mut tx = keys.read("look").await.unwrap();
    assert!(tx.query("SELECT count(*) AS n FROM job", &[]).await.is_err());
    let mut tx = database.store.read("look").await.unwrap();
    assert!(tx.query("SELECT count(*) AS n FROM job", &[]).await.is_ok());
}

async fn commits_survive_a_crash(store: Store) {
    assert_eq!(store.durability().await.unwrap(), Durability::SingleFsync);
    let mut tx = store.begin("weaken").await.unwrap();
    if store.database_kind() == DatabaseKind::Postgres {
        tx.execute("SET LOCAL synchronous_commit = off", &[]).await.unwrap().ignore();
        let found = crate::durability::postgres(&mut tx).await.unwrap();
        assert_eq!(found, Durability::Weaker { what: "synchronous_commit=off".into() });
    }
}

async fn errors_do_not_repeat_values(store: Store) {
    scratch(&store).await;
    let mut tx = store.begin("secret").await.unwrap();
    tx.execute(INSERT, args![&[1; 16], "sekretess", 1, &[]]).await.unwrap().ignore();
    let unique = tx.execute(INSERT, args![&[1; 16], "sekretess", 1, &[]]).await.unwrap_err();
    tx.rollback().await;
    let mut tx = store.begin("secret").await.unwrap();
    let cast = tx.query("SELECT CAST($1 AS BIGINT) + length($2)", args!["sekretess", "sekretess"]).await;
    for error in [Some(unique), cast.err()].into_iter().flatten() {
        assert!(!format!("{error} {error:?}").contains("sekretess"), "{error:?}");
    }
}

async fn a_closed_store_opens_again(database: Database) {
    scratch(&database.store).await;
    database.store.close().await;
    let again = Store::open(&database.url, &Settings::letters()).await.unwrap();
    assert_eq!(count(&again).await, 0);
}

#[test]
fn addresses_are_understood_or_refused() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for url in [
        "",
        "sqlite:",
        "sqlite::memory:",
        "mysql://x",
        "/var/x.db",
        "sqlite:/no/such/folder/x.db",
        "sqlite:x?mode=rw",
    ] {
        let opened = runtime.block_on(Store::open(url, &Settings::letters()));
        assert!(matches!(opened, Err(Error::Address(_))), "{url}");
    }
}

#[test]
#[cfg(unix)]
fn an_sqlite_file_is_for_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("k.db");
        let store = Store::open(&format!("sqlite:{}", path.display()), &Settings::letters()).await.unwrap();
        store.migrate().await.unwrap();
        let mut tx = store.begin("make the side files").await.unwrap();
        tx.execute("DELETE FROM job", &[]).await.unwrap().ignore();
        for name in ["k.db", "k.db-wal", "k.db-shm"] {
            let mode = std::fs::metadata(dir.path().join(name)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    });
}
