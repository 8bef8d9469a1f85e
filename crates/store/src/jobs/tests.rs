//! The promises of the queue, on both databases.

use super::*;
use crate::{Error, Store, args, both, testing::Database};
use domain::{
    AnnouncementId, Clock, LetterId, MailboxId, ManualClock,
    jobs::{AnnouncementJob, HandOverJob, MoveJob, NoticeJob},
};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};
use testing::random::Counting;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

both!(
    what_was_enqueued_before_subjects_is_worked_off,
    a_claimed_job_is_not_claimed_again,
    a_lease_that_ran_out_goes_to_another_and_the_late_one_changes_nothing,
    a_retried_job_waits_its_time,
    what_waits_is_hastened_and_what_is_taken_is_left,
    a_buried_job_rests_until_revived,
    a_released_job_has_not_been_tried,
    a_renewed_lease_holds,
    every_kind_has_its_share,
    a_job_goes_with_its_transaction,
    many_workers_do_each_job_once,
    the_worker_retries_until_it_buries,
    a_panic_does_not_end_the_worker,
    a_worker_that_must_stop_gives_back_what_it_cannot_finish,
    a_worker_keeps_its_leases_while_it_works,
    a_worker_that_lost_all_its_leases_stops_and_changes_nothing,
    settled_jobs_are_left_alone,
);

const START: Time = Time::from_millis(1_800_000_000_000);
const LEASE: Duration = Duration::from_secs(30);

fn random() -> Arc<Counting> {
    Arc::new(Counting::from(0x1234_5678))
}

fn job(number: u16, kind: &'static str) -> NewJob {
    let mut id = [0; 16];
    id[..2].copy_from_slice(&number.to_be_bytes());
    NewJob { id: JobId::from_slice(&id).unwrap(), kind, subject: id.to_vec(), run_at: START }
}

async fn add(store: &Store, jobs: &[NewJob]) {
    let mut tx = store.begin("add jobs").await.unwrap();
    enqueue_many(&mut tx, jobs).await.unwrap();
    tx.commit().await.unwrap();
}

async fn take(store: &Store, at: Time, token: u8) -> Vec<Job> {
    claim(store, &["notify"], at, LEASE, 10, [token; 16]).await.unwrap()
}

async fn left(store: &Store, at: Time) -> Backlog {
    backlog(&mut store.read("backlog").await.unwrap(), at).await.unwrap()
}

async fn a_claimed_job_is_not_claimed_again(store: Store) {
    add(&store, &[job(1, "notify"), job(2, "notify")]).await;
    assert_eq!(left(&store, START).await, Backlog { due: 2, oldest: Some(START), dead: 0 });
    let taken = take(&store, START, 1).await;
    assert_eq!(taken.len(), 2);
    assert_eq!((taken[0].attempts, taken[0].kind), (1, "notify"));
    assert!(take(&store, START.plus(LEASE / 2), 2).await.is_empty());
    assert!(take(&store, START.minus(LEASE), 2).await.is_empty());
    let mut tx = store.begin("finish").await.unwrap();
    assert!(finish_many(&mut tx, &[&taken[0], &taken[1]]).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert!(take(&store, START.plus(LEASE * 9), 3).await.is_empty());
}

async fn a_lease_that_ran_out_goes_to_another_and_the_late_one_changes_nothing(store: Store) {
    add(&store, &[job(1, "notify")]).await;
    let late = take(&store, START, 1).await.remove(0);
    let other = take(&store, START.plus(LEASE), 2).await.remove(0);
    assert_eq!(other.attempts, 2);
    let mut tx = store.begin("late").await.unwrap();
    assert!(matches!(finish(&mut tx, &late).await, Err(Error::LeaseLost)));
    assert!(matches!(retry(&mut tx, &late, START, "late").await, Err(Error::LeaseLost)));
    assert!(matches!(bury(&mut tx, &late, START, "late").await, Err(Error::LeaseLost)));
    assert_eq!(renew(&mut tx, START, &[&late]).await.unwrap(), [late.id]);
    assert_eq!(release(&mut tx, START, &[&late]).await.unwrap(), [late.id]);
    // In one call with jobs of another claim only the lost one is told.
    assert_eq!(finish_many(&mut tx, &[&late, &other]).await.unwrap(), Vec::<JobId>::new());
    tx.commit().await.unwrap();
}

async fn a_retried_job_waits_its_time(store: Store) {
    add(&store, &[job(1, "notify")]).await;
    let first = take(&store, START, 1).await.remove(0);
    let mut tx = store.begin("retry").await.unwrap();
    retry(&mut tx, &first, START.plus(LEASE * 4), "smtp_451").await.unwrap();
    tx.commit().await.unwrap();
    assert!(take(&store, START.plus(LEASE * 3), 2).await.is_empty());
    assert_eq!(take(&store, START.plus(LEASE * 4), 2).await[0].attempts, 2);
}

async fn what_waits_is_hastened_and_what_is_taken_is_left(store: Store) {
    let jobs = [job(1, "notify"), job(2, "notify"), job(3, "notify")];
    add(&store, &jobs).await;
    let taken = take(&store, START, 1).await;
    let mut tx = store.begin("retry").await.unwrap();
    for waits in &taken[1..] {
        retry(&mut tx, waits, START.plus(LEASE * 9), "smtp_451").await.unwrap();
    }
    assert_eq!(hasten(&mut tx, &[], START).await.unwrap(), 0);
    assert_eq!(hasten(&mut tx, &[taken[0].id, taken[1].id], START).await.unwrap(), 1);
    tx.commit().await.unwrap();
    let due: Vec<_> = take(&store, START, 2).await.iter().map(|job| job.subject.clone()).collect();
    assert_eq!(due, [taken[1].subject.clone()]);
}

async fn a_buried_job_rests_until_revived(store: Store) {
    add(&store, &[job(1, "notify")]).await;
    let taken = take(&store, START, 1).await.remove(0);
    let mut tx = store.begin("bury").await.unwrap();
    bury(&mut tx, &taken, START, "smtp_550").await.unwrap();
    tx.commit().await.unwrap();
    let later = START.plus(LEASE * 1000);
    assert!(take(&store, later, 2).await.is_empty());
    assert_eq!(left(&store, later).await, Backlog { due: 0, oldest: None, dead: 1 });
    let mut tx = store.begin("revive").await.unwrap();
    assert!(revive(&mut tx, taken.id, later).await.unwrap());
    assert!(!revive(&mut tx, taken.id, later).await.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(take(&store, later, 3).await[0].attempts, 1);
}

async fn a_released_job_has_not_been_tried(store: Store) {
    add(&store, &[job(1, "notify")]).await;
    let taken = take(&store, START, 1).await;
    let mut tx = store.begin("release").await.unwrap();
    assert!(release(&mut tx, START, &[&taken[0]]).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert_eq!(take(&store, START, 2).await[0].attempts, 1);
}

async fn a_renewed_lease_holds(store: Store) {
    add(&store, &[job(1, "notify")]).await;
    let taken = take(&store, START, 1).await;
    let mut tx = store.begin("renew").await.unwrap();
    assert!(renew(&mut tx, START.plus(LEASE * 2), &[&taken[0]]).await.unwrap().is_empty());
    tx.commit().await.unwrap();
    assert!(take(&store, START.plus(LEASE), 2).await.is_empty());
    assert_eq!(take(&store, START.plus(LEASE * 2), 3).await.len(), 1);
}

async fn every_kind_has_its_share(store: Store) {
    let mut jobs: Vec<_> = (0..50).map(|n| job(n, "notify")).collect();
    jobs.push(NewJob { run_at: START.plus(LEASE), ..job(99, "remind") });
    jobs.push(job(100, "other"));
    add(&store, &jobs).await;
    let taken = claim(&store, &["notify", "remind"], START.plus(LEASE), LEASE, 10, [1; 16]).await.unwrap();
    let of = |kind| taken.iter().filter(|job| job.kind == kind).count();
    assert_eq!((of("notify"), of("remind"), of("other")), (5, 1, 0));
}

async fn a_job_goes_with_its_transaction(store: Store) {
    let mut tx = store.begin("undone").await.unwrap();
    enqueue(&mut tx, &job(1, "notify")).await.unwrap();
    tx.rollback().await;
    assert_eq!(left(&store, START).await.due, 0);
}

fn worker(store: &Store, clock: &Arc<ManualClock>) -> Worker {
    let settings = WorkerSettings {
        batch: 50,
        poll: Duration::from_millis(5),
        grace: Duration::from_millis(100),
        lease: LEASE,
        ..WorkerSettings::new(&["notify"])
    };
    Worker {
        store: store.clone(),
        clock: Arc::clone(clock) as _,
        random: random(),
        wake: Arc::new(Notify::new()),
        settings,
    }
}

async fn many_workers_do_each_job_once(store: Store) {
    let jobs: Vec<_> = (0..1000).map(|n| job(n, "notify")).collect();
    add(&store, &jobs).await;
    let clock = Arc::new(ManualClock::at(START));
    let seen: Arc<Mutex<HashMap<JobId, u32>>> = Arc::default();
    let stop = CancellationToken::new();
    let mut running = tokio::task::JoinSet::new();
    for number in 0..4u64 {
        let mut worker = worker(&store, &clock);
        worker.random = Arc::new(Counting::from(number << 32));
        let seen = Arc::clone(&seen);
        let stop = stop.clone();
        let handler = each(8, move |job: Job| {
            let seen = Arc::clone(&seen);
            async move {
                *seen.lock().unwrap().entry(job.id).or_default() += 1;
                Outcome::Done
            }
        });
        running.spawn(async move { worker.run(handler, stop).await });
    }
    while seen.lock().unwrap().len() < 1000 || left(&store, clock.now()).await.due > 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    while running.join_next().await.is_some() {}
    assert!(seen.lock().unwrap().values().all(|times| *times == 1));
    // Nothing is leased either.
    assert_eq!(left(&store, START.plus(LEASE * 100)).await.due, 0);
}

async fn the_worker_retries_until_it_buries(store: Store) {
    add(&store, &[job(1, "notify")]).await;
    let clock = Arc::new(ManualClock::at(START));
    let worker = worker(&store, &clock);
    let stop = CancellationToken::new();
    let handler = each(1, |_| async { Outcome::Retry("smtp_451") });
    let mut tries = 0;
    while left(&store, clock.now()).await.dead == 0 {
        tries += worker.once(&handler, &stop).await.unwrap();
        assert_eq!(worker.once(&handler, &stop).await.unwrap(), 0, "it came back at once");
        clock.advance(Duration::from_secs(27 * 3600));
    }
    assert_eq!(tries, 8);
}

async fn a_panic_does_not_end_the_worker(store: Store) {
    add(&store, &[job(1, "notify")]).await;
    let clock = Arc::new(ManualClock::at(START));
    let worker = worker(&store, &clock);
    let stop = CancellationToken::new();
    let handler = each(1, |job: Job| async move {
        assert!(job.attempts > 1, "the first time it breaks");
        Outcome::Done
    });
    assert_eq!(worker.once(&handler, &stop).await.unwrap(), 1);
    clock.advance(Duration::from_secs(120));
    assert_eq!(worker.once(&handler, &stop).await.unwrap(), 1);
    assert_eq!(left(&store, START.plus(LEASE * 1000)).await, Backlog { due: 0, oldest: None, dead: 0 });
}

async fn a_worker_that_must_stop_gives_back_what_it_cannot_finish(store: Store) {
    add(&store, &[job(1, "notify")]).await;
    let clock = Arc::new(ManualClock::at(START));
    let worker = worker(&store, &clock);
    let stop = CancellationToken::new();
    let begun = Arc::new(Notify::new());
    let handler = each(1, {
        let begun = Arc::clone(&begun);
        move |_| {
            begun.notify_one();
            std::future::pending()
        }
    });
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(handler, stop).await }
    });
    begun.notified().await;
    assert_eq!(left(&store, START).await.due, 0);
    stop.cancel();
    running.await.unwrap();
    assert_eq!(left(&store, START).await.due, 1);
    assert_eq!(take(&store, START, 9).await[0].attempts, 1);
}

async fn a_worker_keeps_its_leases_while_it_works(database: Database) {
    let store = &database.store;
    add(store, &[job(1, "notify")]).await;
    let clock = Arc::new(ManualClock::at(START));
    let mut worker = worker(store, &clock);
    worker.settings.lease = Duration::from_millis(90);
    let go = Arc::new(Notify::new());
    let begun = Arc::new(Notify::new());
    let handler = each(1, {
        let go = Arc::clone(&go);
        let begun = Arc::clone(&begun);
        move |_| {
            let go = Arc::clone(&go);
            let begun = Arc::clone(&begun);
            async move {
                begun.notify_one();
                go.notified().await;
                Outcome::Done
            }
        }
    });
    let running = tokio::spawn(async move { worker.once(&handler, &CancellationToken::new()).await });
    begun.notified().await;
    clock.advance(LEASE);
    // The lease as it was claimed has run out by the clock; wait until it has been renewed from there.
    while left(store, START.plus(LEASE)).await.due > 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(take(store, START.plus(LEASE), 2).await.is_empty());
    go.notify_one();
    assert_eq!(running.await.unwrap().unwrap(), 1);
    assert_eq!(left(store, START.plus(LEASE * 100)).await.due, 0);
    database.remove().await;
}

async fn a_worker_that_lost_all_its_leases_stops_and_changes_nothing(database: Database) {
    let store = &database.store;
    add(store, &[job(1, "notify")]).await;
    let clock = Arc::new(ManualClock::at(START));
    let mut worker = worker(store, &clock);
    worker.settings.lease = Duration::from_millis(90);
    let begun = Arc::new(Notify::new());
    let handler = each(1, {
        let begun = Arc::clone(&begun);
        move |_| {
            begun.notify_one();
            std::future::pending()
        }
    });
    let running = tokio::spawn(async move { worker.once(&handler, &CancellationToken::new()).await });
    begun.notified().await;
    // As after a long sleep of the machine: by the other's clock the lease has run out, however often it was renewed.
    let other = take(store, START.plus(LEASE * 9), 2).await.remove(0);
    // It ends by itself, although its handler never would.
    assert_eq!(running.await.unwrap().unwrap(), 1);
    let mut tx = store.begin("finish").await.unwrap();
    finish(&mut tx, &other).await.unwrap();
    tx.commit().await.unwrap();
    database.remove().await;
}

async fn settled_jobs_are_left_alone(store: Store) {
    add(&store, &[job(1, "notify"), job(2, "notify")]).await;
    let clock = Arc::new(ManualClock::at(START));
    let worker = worker(&store, &clock);
    let stop = CancellationToken::new();
    let handler = each(2, {
        let store = store.clone();
        move |job: Job| {
            let store = store.clone();
            async move {
                let mut tx = store.begin("its own end").await.unwrap();
                finish(&mut tx, &job).await.unwrap();
                tx.commit().await.unwrap();
                Outcome::Settled
            }
        }
    });
    assert_eq!(worker.once(&handler, &stop).await.unwrap(), 2);
    assert_eq!(left(&store, START.plus(LEASE * 100)).await.due, 0);
}

/// The table as it was before, with a job of each kind.
async fn before_subjects(store: &Store) {
    let mut tx = store.begin("go back").await.unwrap();
    for sql in [
        "DELETE FROM _sqlx_migrations WHERE version IN (17, 18)",
        "DROP TABLE job",
        "CREATE TABLE job (job_id BYTEA PRIMARY KEY, kind TEXT NOT NULL, mailbox_id BYTEA NOT NULL, \
         letter_id BYTEA NOT NULL, run_at BIGINT NOT NULL, attempts BIGINT NOT NULL, lease_token BYTEA, \
         leased_until BIGINT, dead_at BIGINT, last_code TEXT)",
        "CREATE INDEX job_due ON job (kind, run_at) WHERE dead_at IS NULL",
    ] {
        tx.execute(sql, &[]).await.unwrap().ignore();
    }
    // Of a notice both, with bytes that are no text; of the others one id, as both columns had it.
    for (number, kind, mailbox, letter) in
        [(1u8, "notice", 0u8, 0xff_u8), (2, "hand_over", 7, 7), (3, "announcement", 8, 8), (4, "moved", 9, 9)]
    {
        let sql = "INSERT INTO job (job_id, kind, mailbox_id, letter_id, run_at, attempts) VALUES ($1, $2, $3, $4, 0, 0)";
        let [number, mailbox, letter] = [number, mailbox, letter].map(|byte| [byte; 16]);
        tx.execute(sql, args![&number, kind, &mailbox, &letter]).await.unwrap().exactly(1).unwrap();
    }
    tx.commit().await.unwrap();
}

async fn what_was_enqueued_before_subjects_is_worked_off(store: Store) {
    before_subjects(&store).await;
    assert_eq!(store.pending_migrations().await.unwrap(), 2);
    store.migrate().await.unwrap();
    let clock = Arc::new(ManualClock::at(START));
    let mut worker = worker(&store, &clock);
    worker.settings.kinds = vec!["notice", "hand_over", "announcement", "moved"];
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let handler = each(1, {
        let seen = Arc::clone(&seen);
        move |job: Job| {
            let seen = Arc::clone(&seen);
            async move {
                let notice: Option<NoticeJob> = job.subject();
                let hand_over: Option<HandOverJob> = job.subject();
                let announcement: Option<AnnouncementJob> = job.subject();
                let moved: Option<MoveJob> = job.subject();
                seen.lock().unwrap().push(format!("{notice:?} {hand_over:?} {announcement:?} {moved:?}"));
                Outcome::Done
            }
        }
    });
    assert_eq!(worker.once(&handler, &CancellationToken::new()).await.unwrap(), 4);
    let notice = NoticeJob {
        mailbox_id: MailboxId::from_slice(&[0; 16]).unwrap(),
        letter_id: LetterId::from_slice(&[0xff; 16]).unwrap(),
    };
    let hand_over = HandOverJob(LetterId::from_slice(&[7; 16]).unwrap());
    let announcement = AnnouncementJob(AnnouncementId::from_slice(&[8; 16]).unwrap());
    let moved = MoveJob(MailboxId::from_slice(&[9; 16]).unwrap());
    let mut wanted = [
        format!("{:?} None None None", Some(notice)),
        format!("None {:?} None None", Some(hand_over)),
        format!("None None {:?} None", Some(announcement)),
        format!("None None None {:?}", Some(moved)),
    ];
    wanted.sort_unstable();
    let mut seen = seen.lock().unwrap().clone();
    seen.sort_unstable();
    assert_eq!(seen, wanted);
    assert_eq!(left(&store, START.plus(LEASE * 100)).await, Backlog { due: 0, oldest: None, dead: 0 });
}
