//! Statements of a test's own, past the code that it tests.

use store::{Store, Value};

/// Counts and changes rows as whoever administers the database can.
pub trait Rows {
    /// The number that a statement answers with.
    fn count(&self, sql: &'static str) -> impl Future<Output = i64> + Send;

    /// Runs one statement in a transaction of its own: how many rows it changed.
    fn change(&self, sql: &'static str, values: &[Value<'_>]) -> impl Future<Output = u64> + Send;

    /// The same by somebody who wants to deceive, and has found rows for it.
    fn tamper(&self, sql: &'static str, values: &[Value<'_>]) -> impl Future<Output = ()> + Send;
}

impl Rows for Store {
    async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.read("count").await.unwrap();
        tx.one(sql, &[]).await.unwrap().unwrap().int("n").unwrap()
    }

    async fn change(&self, sql: &'static str, values: &[Value<'_>]) -> u64 {
        let mut tx = self.begin("test").await.unwrap();
        let changed = tx.execute(sql, values).await.unwrap().count();
        tx.commit().await.unwrap();
        changed
    }

    async fn tamper(&self, sql: &'static str, values: &[Value<'_>]) {
        assert!(self.change(sql, values).await > 0, "{sql}");
    }
}
