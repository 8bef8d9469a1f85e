//! What goes on beside the doors: notices, announcements, the event feed's positions, fresh registry and keys, tidying up.

use super::House;
use domain::Time;
use std::{sync::Arc, time::Duration};
use store::jobs::{Handler, Worker, WorkerSettings};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

/// Starts all of it; each ends soon after `stop`.
pub fn start(house: &Arc<House>, stop: &CancellationToken) -> JoinSet<()> {
    let mut work = Background { house: house.clone(), stop: stop.clone(), tasks: JoinSet::new() };
    work.off_the_queue(WorkerSettings::new(&[notifier::KIND]), house.notifier.clone());
    // A few at a time: each may go to thousands of addresses.
    let few = WorkerSettings { batch: 4, ..WorkerSettings::new(&[notifier::ANNOUNCEMENT]) };
    work.off_the_queue(few, Arc::new(notifier::Announcer(house.notifier.clone())));
    let moved = WorkerSettings::new(&[notifier::MOVED]);
    work.off_the_queue(moved, Arc::new(notifier::Mover(house.notifier.clone())));
    for _ in 0..mina_meddelanden::HandOver::WORKERS {
        let (house, stop) = work.shared();
        work.tasks.spawn(async move { house.hand_over(stop).await });
    }
    let sequencer = house.sequencer.clone();
    let stop = work.stop.clone();
    work.tasks.spawn(async move { sequencer.run(stop.cancelled()).await });
    work.every(SECOND, |house| async move { house.directory.refresh(&house.stores.letters).await.map(drop) });
    work.every(SECOND, |house| async move { house.hand_over_events().await });
    work.every(SECOND, |house| async move { house.key_service.service.check_some().await });
    work.every(MINUTE, |house| async move { house.refresh_keys().await });
    house.tell_lists(0);
    work.every(MINUTE, |house| async move { house.refresh_trust() });
    work.every(MEASURE, |house| async move { house.measure_jobs().await });
    work.every(HOUR, |house| async move { house.tidy().await });
    let first = house.clone();
    let follow = work.repeated(super::far::FOLLOW, |house| async move { house.follow_far().await });
    work.tasks.spawn(async move {
        // At start too: without it nobody is known who may send.
        if let Err(error) = first.follow_far().await {
            warn!(
                error = format!("{error:#}"),
                "The register of addresses does not answer; it will be asked again"
            );
        }
        follow.await;
    });
    let accounts = house.operator().accounts;
    let again = accounts.clone();
    let sync = work.repeated(SIGNATORIES, move |_| {
        let accounts = again.clone();
        async move {
            accounts.sync_register().await;
            anyhow::Ok(())
        }
    });
    work.tasks.spawn(async move {
        accounts.sync_register().await;
        sync.await;
    });
    work.tasks
}

/// What is started together.
struct Background {
    house: Arc<House>,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Background {
    fn shared(&self) -> (Arc<House>, CancellationToken) {
        (self.house.clone(), self.stop.clone())
    }

    fn off_the_queue<H: Handler>(&mut self, settings: WorkerSettings, handler: Arc<H>) {
        let worker = self.house.worker(settings);
        let stop = self.stop.clone();
        self.tasks.spawn(async move { worker.run(handler, stop).await });
    }

    fn every<F, Fut, E>(&mut self, pause: Duration, act: F)
    where
        F: Fn(Arc<House>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
        E: Into<anyhow::Error> + Send,
    {
        let repeated = self.repeated(pause, act);
        self.tasks.spawn(repeated);
    }

    /// Waits, does it, and does it again until the end. What fails is told and tried again.
    fn repeated<F, Fut, E>(&self, pause: Duration, act: F) -> impl Future<Output = ()> + Send + 'static
    where
        F: Fn(Arc<House>) -> Fut + Send + 'static,
        Fut: Future<Output = Result<(), E>> + Send,
        E: Into<anyhow::Error> + Send,
    {
        let (house, stop) = self.shared();
        async move {
            loop {
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(pause) => {}
                }
                if let Err(error) = act(house.clone()).await {
                    let error = format!("{:#}", error.into());
                    warn!(error, "Background work failed; it will be tried again");
                }
            }
        }
    }
}

impl House {
    /// Works on the letters' queue.
    pub(super) fn worker(&self, settings: WorkerSettings) -> Worker {
        Worker {
            store: self.stores.letters.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            wake: Arc::default(),
            settings,
        }
    }

    /// What waits and what was given up, for the operator to see.
    async fn measure_jobs(&self) -> Result<(), store::Error> {
        let mut tx = self.stores.letters.read("measure jobs").await?;
        let backlog = store::jobs::backlog(&mut tx, self.clock.now()).await?;
        metrics::gauge!("kuvert_jobs_due").set(backlog.due as f64);
        metrics::gauge!("kuvert_jobs_dead").set(backlog.dead as f64);
        Ok(())
    }

    /// What the roles have committed is counted by the key service.
    pub(super) async fn hand_over_events(&self) -> Result<(), key_client::KeysError> {
        use key_client::Role;
        let now = self.clock.now();
        let random = &*self.random;
        let gateway = self.connector.keys(Role::Gateway);
        let web = self.connector.keys(Role::Web);
        let notifier = self.connector.keys(Role::Notifier);
        gateway.hand_over(&self.gateway_keys.events, now, random).await?;
        web.hand_over(&self.web_keys.events, now, random).await?;
        notifier.hand_over(&self.notifier_keys.events, now, random).await
    }

    async fn refresh_keys(&self) -> Result<(), key_client::KeysError> {
        use key_client::Role;
        self.gateway_keys.refresh(&self.connector.keys(Role::Gateway)).await?;
        self.web_keys.refresh(&self.connector.keys(Role::Web)).await?;
        self.notifier_keys.refresh(&self.connector.keys(Role::Notifier)).await
    }

    /// Orphaned objects, requests that nobody signed in time, and events that are kept no longer.
    async fn tidy(&self) -> anyhow::Result<()> {
        let now: Time = self.clock.now();
        let removed = self.objects.collect(&self.stores.letters, now).await?;
        if removed > 0 {
            info!(removed, "Removed orphaned objects");
        }
        let mut tx = self.stores.letters.begin_background("forget requests").await?;
        registry::pending::expire(&mut tx, now).await?;
        tx.commit().await?;
        loop {
            // Some at a time: one transaction over a year of events would hold up all others.
            let mut tx = self.stores.letters.begin_background("forget events").await?;
            let forgotten = evidence::feed::forget(&mut tx, now.minus(FEED_KEPT)).await?;
            tx.commit().await?;
            if forgotten == 0 {
                return Ok(());
            }
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const MEASURE: Duration = Duration::from_secs(15);
/// The register of signatories is read this often, and at start.
const SIGNATORIES: Duration = Duration::from_secs(300);
/// The event feed is kept this long.
const FEED_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);
