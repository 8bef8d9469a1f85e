//! Connections and who gets the next one. One kind of pool serves three ends: the single SQLite writer, the
//! SQLite readers and PostgreSQL. Those who wait stand in three lines, urgent before normal before background, and
//! each line is served in order; a line that was passed over many times is served next, so none waits for ever.

use crate::{
    Error,
    connection::{Connection, Connector},
    error::Trouble,
};
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    sync::Arc,
    time::{Duration, Instant},
};
use tokio::sync::oneshot;

/// Who goes first when a connection becomes free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Priority {
    Urgent = 0,
    Normal = 1,
    Background = 2,
}

impl Priority {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Urgent => "urgent",
            Self::Normal => "normal",
            Self::Background => "background",
        }
    }
}

pub(crate) struct Pool {
    connector: Connector,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    free: usize,
    idle: Vec<Idle>,
    lines: [VecDeque<oneshot::Sender<Slot>>; 3],
    passed: [u32; 3],
    closed: bool,
}

struct Idle {
    connection: Connection,
    born: Instant,
}

impl Idle {
    /// After a fail-over connections should not stay on the old side of a load balancer for ever.
    fn is_young(&self) -> bool {
        matches!(self.connection, Connection::Sqlite(_)) || self.born.elapsed() < LIFETIME
    }
}

/// The right to use one connection, and the connection when there is one. Dropped, both go to the next in line.
pub(crate) struct Slot {
    /// `None` once the slot has been counted as free.
    pool: Option<Arc<Pool>>,
    idle: Option<Idle>,
    /// A transaction may be open on it: such a connection never goes back.
    soiled: bool,
}

impl Pool {
    pub(crate) fn new(connector: Connector, size: usize) -> Arc<Self> {
        Arc::new(Self { connector, state: Mutex::new(State { free: size.max(1), ..State::default() }) })
    }

    pub(crate) async fn acquire(self: &Arc<Self>, priority: Priority, wait: Duration) -> Result<Slot, Error> {
        let turn = {
            let mut state = self.state.lock();
            // Then nobody stands in line: a slot that is given back goes to who waits before it counts as
            // free.
            if state.free > 0 {
                state.free -= 1;
                let idle = state.idle.pop().filter(Idle::is_young);
                return Ok(Slot { pool: Some(Arc::clone(self)), idle, soiled: false });
            }
            let (turn, called) = oneshot::channel();
            state.lines[priority as usize].push_back(turn);
            called
        };
        match tokio::time::timeout(wait, turn).await {
            Ok(Ok(slot)) => Ok(slot),
            // A slot that comes at this very moment is dropped with the channel, and so goes to the next.
            _ => Err(Error::Crowded),
        }
    }

    /// Closes what is idle; what is in use closes when it is handed back.
    pub(crate) async fn close(&self) {
        let idle = {
            let mut state = self.state.lock();
            state.closed = true;
            std::mem::take(&mut state.idle)
        };
        for one in idle {
            one.connection.close().await;
        }
    }

    /// How many wait for a connection now.
    pub(crate) fn waiting(&self) -> usize {
        self.state.lock().lines.iter().flatten().filter(|turn| !turn.is_closed()).count()
    }

    fn release(self: &Arc<Self>, idle: Option<Idle>) {
        let mut slot =
            Slot { pool: Some(Arc::clone(self)), idle: idle.filter(Idle::is_young), soiled: false };
        loop {
            let turn = {
                let mut state = self.state.lock();
                match state.next() {
                    Some(turn) => turn,
                    None => {
                        state.free += 1;
                        let idle = slot.idle.take().filter(|_| !state.closed);
                        state.idle.extend(idle);
                        slot.pool = None;
                        return;
                    }
                }
            };
            // One who gave up waiting leaves the slot here.
            match turn.send(slot) {
                Ok(()) => return,
                Err(back) => slot = back,
            }
        }
    }
}

impl State {
    fn next(&mut self) -> Option<oneshot::Sender<Slot>> {
        for line in &mut self.lines {
            // Who gave up is not passed over, and must not bring its line forward.
            while line.front().is_some_and(oneshot::Sender::is_closed) {
                line.pop_front();
            }
        }
        // Without this a busy line above would starve those below.
        let due = (1..3).find(|&at| !self.lines[at].is_empty() && self.passed[at] >= PATIENCE[at]);
        let at = due.or_else(|| (0..3).find(|&at| !self.lines[at].is_empty()))?;
        for below in at + 1..3 {
            // An empty line has nobody whose patience could end.
            self.passed[below] += u32::from(!self.lines[below].is_empty());
        }
        self.passed[at] = 0;
        self.lines[at].pop_front()
    }
}

impl Slot {
    /// The connection; made now when there is none.
    pub(crate) async fn connect(&mut self) -> Result<(), Trouble> {
        if let (None, Some(pool)) = (&self.idle, &self.pool) {
            let connection = pool.connector.connect().await?;
            self.idle = Some(Idle { connection, born: Instant::now() });
        }
        Ok(())
    }

    pub(crate) fn connection(&mut self) -> Option<&mut Connection> {
        self.idle.as_mut().map(|idle| &mut idle.connection)
    }

    /// Closes the connection without a word to the server; the next user makes a new one.
    pub(crate) fn discard(&mut self) {
        self.idle = None;
        self.soiled = false;
    }

    /// From here on a transaction may be open.
    pub(crate) fn soil(&mut self) {
        self.soiled = true;
    }

    /// The transaction has surely ended.
    pub(crate) fn clean(&mut self) {
        self.soiled = false;
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if let Some(pool) = self.pool.take() {
            pool.release(self.idle.take().filter(|_| !self.soiled));
        }
    }
}

const LIFETIME: Duration = Duration::from_secs(30 * 60);

/// How many others may go before the first of a line, by line.
const PATIENCE: [u32; 3] = [0, 4, 8];
