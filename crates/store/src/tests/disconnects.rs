//! Callers that go away at any point: no open transaction stays behind and no half of a commit.

use crate::{DatabaseKind, Many, Store, args, both, row};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

both!(ten_thousand_disconnects);

/// Small and repeatable; the points in time are random enough through the machine itself.
struct Dice(u64);
impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % below
    }
}

const ROUNDS: u64 = 10_000;
const AT_ONCE: usize = 24;

/// Writes four rows that belong together, in two statements, and keeps an account of what was promised.
async fn write(store: Store, number: i64) -> Result<i64, crate::Error> {
    static ROWS: Many = Many::new("INSERT INTO quad (number, part) VALUES ", 2, "");
    let mut tx = store.begin("write four").await?;
    tx.execute("INSERT INTO quad (number, part) VALUES ($1, $2)", args![number, 0]).await?.exactly(1)?;
    let row = tx
        .one("SELECT min(number) AS smallest, count(*) AS n FROM quad WHERE number = $1", args![number])
        .await?;
    let row = row.map(|row| (row.int("smallest").ok(), row.int("n").ok()));
    assert_eq!(row, Some((Some(number), Some(1))), "an answer to somebody else's question");
    tx.execute_many(&ROWS, &[row![number, 1], row![number, 2], row![number, 3]]).await?.exactly(3)?;
    tx.commit().await?;
    Ok(number)
}

async fn ten_thousand_disconnects(store: Store) {
    let mut tx = store.begin("create").await.unwrap();
    let create =
        "CREATE TABLE quad (number BIGINT NOT NULL, part BIGINT NOT NULL, PRIMARY KEY (number, part))";
    tx.execute(create, &[]).await.unwrap().ignore();
    tx.commit().await.unwrap();

    // About half shall get through, however fast the machine is: the range to aim at follows what happens.
    let mut range = 20_000.0_f64;
    let mut dice = Dice(0x5eed_1234_9876_abcd);
    let mut running = JoinSet::new();
    let mut promised = Vec::new();
    for number in 0..ROUNDS {
        let store = store.clone();
        let after = Duration::from_micros(dice.roll(range as u64));
        running.spawn(async move {
            // Dropping the future is what a server does when its client hangs up.
            tokio::select! {
                biased;
                done = write(store, number as i64) => Some(done.unwrap()),
                () = tokio::time::sleep(after) => None,
            }
        });
        if running.len() >= AT_ONCE {
            let done = running.join_next().await.unwrap().unwrap();
            range = (range * if done.is_some() { 0.99 } else { 1.01 }).clamp(100.0, 2_000_000.0);
            promised.extend(done);
        }
    }
    while let Some(done) = running.join_next().await {
        promised.extend(done.unwrap());
    }
    let cut = ROUNDS as usize - promised.len();
    assert!(cut > 2000 && promised.len() > 2000, "{cut} of {ROUNDS} were cut off: nothing was tried");

    settled(&store).await;
    let mut tx = store.read("check").await.unwrap();
    let halves = tx
        .query("SELECT number, count(*) FROM quad GROUP BY number HAVING count(*) <> 4", &[])
        .await
        .unwrap();
    assert!(halves.is_empty(), "{} half commits", halves.len());
    let stored = tx.query("SELECT number FROM quad WHERE part = 0 AND number >= 0", &[]).await.unwrap();
    let stored: std::collections::HashSet<i64> =
        stored.iter().map(|row| row.int("number").unwrap()).collect();
    assert!(promised.iter().all(|number| stored.contains(number)), "a commit that was answered is missing");
    drop(tx);
    // Every connection can still write.
    for number in 0..40 {
        write(store.clone(), 1_000_000 + number).await.unwrap();
    }
}

/// Waits until the rollbacks under way have ended, and asks the server itself whether any transaction is left.
async fn settled(store: &Store) {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let open = match store.database_kind() {
            // A transaction left open would hold the only writer.
            DatabaseKind::Sqlite => {
                i64::from(store.begin("is it free").await.unwrap().commit().await.is_err())
            }
            DatabaseKind::Postgres => {
                let mut tx = store.read("look").await.unwrap();
                let open = "SELECT count(*) AS n FROM pg_stat_activity WHERE datname = current_database() \
                            AND pid <> pg_backend_pid() AND (state LIKE 'idle in transaction%' OR xact_start IS NOT NULL)";
                tx.one(open, &[]).await.unwrap().unwrap().int("n").unwrap()
            }
        };
        if open == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{open} transactions were left open");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
