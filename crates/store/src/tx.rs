//! A transaction. It is committed or it is rolled back, whatever becomes of the one who asked for it.

use crate::{
    Error, Many, Row, Value,
    affected::Affected,
    connection::Connection,
    dialect,
    error::{Fault, Trouble},
    meter::Meter,
    pool::Slot,
    settings::DatabaseKind,
};
use tokio::runtime::Handle;
use tracing::Instrument;

/// A transaction with a name. Dropped without [`Tx::commit`] it is rolled back.
///
/// After a statement has failed nothing but rolling back is possible, on both databases alike.
pub struct Tx {
    slot: Option<Slot>,
    meter: Meter,
    /// False where each statement stands by itself ([`crate::Store::glance`]).
    begun: bool,
    /// A statement is on its way. Dropped now, the state of the connection is not known.
    in_flight: bool,
    failed: bool,
    after_commit: Vec<AfterCommit>,
}

type AfterCommit = Box<dyn FnOnce() + Send + Sync>;

impl Tx {
    /// `slot` holds a connection outside any transaction. On failure the slot comes back: another connection may do
    /// better.
    pub(crate) async fn begin(
        slot: Slot,
        name: &'static str,
        sql: &'static str,
    ) -> Result<Self, (Slot, Trouble)> {
        // The transaction exists before BEGIN is sent: dropped in between, it cleans up like any other.
        let mut tx = Self::soiled(slot, name);
        let begun = match tx.connection() {
            Ok(connection) => connection.run(sql).await,
            Err(error) => Err(Trouble { error, connection_lost: true }),
        };
        tx.in_flight = false;
        match (begun, &mut tx.slot) {
            (Err(trouble), slot) => match slot.take() {
                Some(slot) => Err((slot, trouble)),
                None => Ok(tx),
            },
            (Ok(()), _) => Ok(tx),
        }
    }

    /// Something is on its way from here on.
    fn soiled(mut slot: Slot, name: &'static str) -> Self {
        slot.soil();
        Self {
            slot: Some(slot),
            meter: Meter::start(name),
            begun: true,
            in_flight: true,
            failed: false,
            after_commit: Vec::new(),
        }
    }

    /// Statements that only read and need no transaction around them.
    pub(crate) fn unbound(slot: Slot, name: &'static str) -> Self {
        let mut tx = Self::soiled(slot, name);
        (tx.begun, tx.in_flight) = (false, false);
        tx
    }

    /// One question outside any transaction: a statement sees one state of the database by itself, and there is nothing to
    /// undo. With what went wrong comes the slot, its connection in an unknown state.
    pub(crate) async fn once(
        slot: Slot,
        name: &'static str,
        sql: &'static str,
        args: &[Value<'_>],
    ) -> Result<Vec<Row>, (Option<Slot>, Trouble)> {
        // Dropped meanwhile, it cleans up like a transaction.
        let mut tx = Self::soiled(slot, name);
        let mut rows = Vec::new();
        let asked = match tx.connection() {
            Ok(connection) => connection.query(sql, args, &mut rows).await,
            Err(error) => Err(Trouble { error, connection_lost: true }),
        };
        let slot = tx.slot.take();
        if let Err(trouble) = asked {
            return Err((slot, trouble));
        }
        if let Some(mut slot) = slot {
            slot.clean();
        }
        tx.meter.stop("asked");
        Ok(rows)
    }

    /// The name it was begun with.
    pub fn name(&self) -> &'static str {
        self.meter.name
    }

    /// Whether nobody else writes until it ends, so that no row need be held: SQLite has one writer.
    pub fn writes_alone(&mut self) -> Result<bool, Error> {
        Ok(self.kind()? == DatabaseKind::Sqlite)
    }

    pub(crate) fn kind(&mut self) -> Result<DatabaseKind, Error> {
        self.connection().map(|connection| connection.kind())
    }

    /// Runs a statement and tells how many rows it touched.
    pub async fn execute(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Affected, Error> {
        self.run(sql, args).await.map(Affected)
    }

    /// Runs a statement and returns its rows.
    pub async fn query(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        self.fetch(sql, args, &mut rows).await?;
        Ok(rows)
    }

    /// The first row, if any. Write `LIMIT 1` where more could match.
    pub async fn one(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Option<Row>, Error> {
        let mut rows = self.query(sql, args).await?;
        Ok(if rows.is_empty() { None } else { Some(rows.swap_remove(0)) })
    }

    /// The row that must be there; [`Error::Unexpected`] when it is not.
    pub async fn must_one(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<Row, Error> {
        self.one(sql, args).await?.ok_or(Error::NO_ROW)
    }

    /// Runs a multi-row statement over all rows, in as few statements as its sizes allow.
    pub async fn execute_many<'a, R: AsRef<[Value<'a>]> + Sync>(
        &mut self,
        many: &'static Many,
        rows: &[R],
    ) -> Result<Affected, Error> {
        self.execute_many_with(many, &[], rows).await
    }

    /// As [`Tx::execute_many`], with the arguments that come before the rows.
    pub async fn execute_many_with<'a, R: AsRef<[Value<'a>]> + Sync>(
        &mut self,
        many: &'static Many,
        lead: &[Value<'a>],
        rows: &[R],
    ) -> Result<Affected, Error> {
        let mut count = 0;
        for (sql, rows) in many.split(lead.len(), rows) {
            count += self.run(sql, &many.flatten(lead, rows)?).await?;
        }
        Ok(Affected(count))
    }

    /// A multi-row statement with `RETURNING`: the rows of all its statements.
    pub async fn query_many<'a, R: AsRef<[Value<'a>]> + Sync>(
        &mut self,
        many: &'static Many,
        rows: &[R],
    ) -> Result<Vec<Row>, Error> {
        self.query_many_with(many, &[], rows).await
    }

    /// As [`Tx::query_many`], with the arguments that come before the rows.
    pub async fn query_many_with<'a, R: AsRef<[Value<'a>]> + Sync>(
        &mut self,
        many: &'static Many,
        lead: &[Value<'a>],
        rows: &[R],
    ) -> Result<Vec<Row>, Error> {
        let mut out = Vec::new();
        for (sql, rows) in many.split(lead.len(), rows) {
            self.fetch(sql, &many.flatten(lead, rows)?, &mut out).await?;
        }
        Ok(out)
    }

    /// Waits until no other transaction that has said this is under way, and has others wait for this one: where what is
    /// written is judged by rows that others may be adding at the same time, which PostgreSQL does not show before their
    /// commit. Statements after it see all that was committed before. Two names that begin alike wait in vain, no more.
    pub async fn take_turns(&mut self, over: &[u8]) -> Result<(), Error> {
        let Some(sql) = dialect::take_turns(self.kind()?) else { return Ok(()) };
        let mut first = [0; 8];
        first.iter_mut().zip(over).for_each(|(to, from)| *to = *from);
        self.query(sql, &[Value::Int(i64::from_be_bytes(first))]).await.map(drop)
    }

    /// Does something at once when the transaction has been committed, and nothing when it was not or when that is in
    /// doubt. It runs on the way to the answer: let it be short.
    pub fn after_commit(&mut self, then: impl FnOnce() + Send + Sync + 'static) {
        self.after_commit.push(Box::new(then));
    }

    /// Makes it last. Once begun it runs to its end, even when the caller is dropped.
    ///
    /// [`Error::InDoubt`] means just that: it may or may not have been committed.
    pub async fn commit(mut self) -> Result<(), Error> {
        if !self.begun {
            return Err(Error::Aborted);
        }
        let Some(mut slot) = self.slot.take() else { return Err(Error::Aborted) };
        let meter = self.meter;
        let after_commit = std::mem::take(&mut self.after_commit);
        if self.failed {
            // Dropping the task handle does not stop the task.
            drop(tokio::spawn(roll_back(slot, meter, "failed", false).in_current_span()));
            return Err(Error::Aborted);
        }
        // In a task of its own: a client that hangs up drops its request, and a COMMIT cut in two would leave
        // in doubt what is not.
        let committing = async move {
            let Some(connection) = slot.connection() else { return Err(Error::Aborted) };
            match connection.run(dialect::COMMIT).await {
                Ok(()) => {
                    slot.clean();
                    meter.stop("committed");
                    after_commit.into_iter().for_each(|then| then());
                    Ok(())
                }
                Err(trouble) => {
                    let error = trouble.undecided();
                    // A COMMIT that SQLite refused leaves the transaction open.
                    roll_back(slot, meter, "failed", false).await;
                    Err(error)
                }
            }
        };
        match tokio::spawn(committing.in_current_span()).await {
            Ok(outcome) => outcome,
            Err(_) => {
                Err(Error::InDoubt(Fault { code: String::new(), message: "the program is stopping".into() }))
            }
        }
    }

    /// Undoes everything and waits until it is undone.
    pub async fn rollback(mut self) {
        if let Some(slot) = self.slot.take() {
            let meter = self.meter;
            // A lost task rolls back all the same, by closing its connection.
            let _ = tokio::spawn(roll_back(slot, meter, "rolled_back", false).in_current_span()).await;
        }
    }

    async fn run(&mut self, sql: &'static str, args: &[Value<'_>]) -> Result<u64, Error> {
        if !self.begun {
            return Err(Error::Aborted);
        }
        let connection = self.start()?;
        let result = connection.execute(sql, args).await;
        self.end(result)
    }

    async fn fetch(
        &mut self,
        sql: &'static str,
        args: &[Value<'_>],
        into: &mut Vec<Row>,
    ) -> Result<(), Error> {
        // Outside a transaction a write would be committed by itself, without a name and without what belongs
        // to it.
        if !self.begun && !["SELECT", "WITH"].iter().any(|verb| sql.starts_with(verb)) {
            return Err(Error::Aborted);
        }
        let connection = self.start()?;
        let mut result = connection.query(sql, args, into).await;
        // Nothing hangs on this connection, which may have died while nobody used it.
        if !self.begun
            && result.as_ref().is_err_and(|trouble| trouble.connection_lost)
            && let Some(slot) = &mut self.slot
        {
            slot.discard();
            result = match slot.connect().await {
                Ok(()) => {
                    slot.soil();
                    self.connection()?.query(sql, args, into).await
                }
                Err(trouble) => Err(trouble),
            };
        }
        self.end(result)
    }

    fn start(&mut self) -> Result<&mut Connection, Error> {
        if self.failed {
            return Err(Error::Aborted);
        }
        self.in_flight = true;
        self.connection()
    }

    fn end<T>(&mut self, result: Result<T, Trouble>) -> Result<T, Error> {
        self.in_flight = false;
        result.map_err(|trouble| {
            // PostgreSQL takes no statement after one that failed, so none is taken on SQLite either: what is
            // tested on one holds on both.
            self.failed = true;
            if let (true, Some(slot)) = (trouble.connection_lost, &mut self.slot) {
                slot.discard();
            }
            trouble.error
        })
    }

    fn connection(&mut self) -> Result<&mut Connection, Error> {
        self.slot.as_mut().and_then(Slot::connection).ok_or(Error::Aborted)
    }
}

impl Drop for Tx {
    fn drop(&mut self) {
        let Some(mut slot) = self.slot.take() else { return };
        if !self.begun {
            // There is nothing to roll back. A statement that is still on its way takes its connection with it.
            if !self.in_flight && !self.failed {
                slot.clean();
            }
            self.meter.stop("asked");
            return;
        }
        match Handle::try_current() {
            Ok(runtime) => {
                runtime.spawn(roll_back(slot, self.meter, "rolled_back", self.in_flight));
            }
            // The program is ending. A slot that is dropped like this closes its connection.
            Err(_) => drop(slot),
        }
    }
}

async fn roll_back(mut slot: Slot, meter: Meter, outcome: &'static str, interrupted: bool) {
    if let Some(connection) = slot.connection()
        && connection.rolled_back(interrupted).await
    {
        slot.clean();
    }
    meter.stop(outcome);
}
