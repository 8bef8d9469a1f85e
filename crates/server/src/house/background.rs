//! What goes on beside the doors: notices, announcements, the event feed's positions, fresh registry and keys, tidying up.

use super::House;
use domain::Time;
use std::{sync::Arc, time::Duration};
use store::jobs::{Worker, WorkerSettings};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::{info, warn};

const DAY: Duration = Duration::from_secs(24 * 3600);
/// The event feed is kept this long.
const FEED_KEPT: Duration = Duration::from_secs(400 * 24 * 3600);

/// The register of signatories is read this often, and at start.
const REGISTER: Duration = Duration::from_secs(300);

/// Starts all of it; each ends soon after `stop`.
pub fn start(house: &Arc<House>, stop: &CancellationToken) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(async move {
        h.worker(WorkerSettings::new(&[notifier::KIND])).run(h.notifier.clone(), s).await;
    });
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(async move {
        // A few at a time: each may go to thousands of addresses.
        let settings = WorkerSettings { batch: 4, ..WorkerSettings::new(&[notifier::ANNOUNCEMENT]) };
        h.worker(settings).run(Arc::new(notifier::Announcer(h.notifier.clone())), s).await;
    });
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(async move {
        let settings = WorkerSettings::new(&[notifier::MOVED]);
        h.worker(settings).run(Arc::new(notifier::Mover(h.notifier.clone())), s).await;
    });
    for _ in 0..mina_meddelanden::HandOver::WORKERS {
        let h = house.clone();
        let s = stop.clone();
        tasks.spawn(async move { h.hand_over(s).await });
    }
    let sequencer = house.sequencer.clone();
    let s = stop.clone();
    tasks.spawn(async move { sequencer.run(s.cancelled()).await });
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(every(Duration::from_secs(1), s, move || {
        let h = h.clone();
        async move { h.directory.refresh(&h.stores.letters).await.map(drop).map_err(|e| e.to_string()) }
    }));
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(every(Duration::from_secs(1), s, move || {
        let h = h.clone();
        async move { h.hand_over_events().await.map_err(|e| e.to_string()) }
    }));
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(every(Duration::from_secs(1), s, move || {
        let h = h.clone();
        async move { h.key_service.service.check_some().await.map_err(|e| e.to_string()) }
    }));
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(every(Duration::from_secs(60), s, move || {
        let h = h.clone();
        async move { h.refresh_keys().await.map_err(|e| e.to_string()) }
    }));
    house.tell_lists(0);
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(every(Duration::from_secs(60), s, move || {
        let h = h.clone();
        async move { h.refresh_trust().map_err(|e| format!("{e:#}")) }
    }));
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(every(Duration::from_secs(15), s, move || {
        let h = h.clone();
        async move { h.measure_jobs().await.map_err(|e| e.to_string()) }
    }));
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(every(Duration::from_secs(3600), s, move || {
        let h = h.clone();
        async move { h.tidy().await.map_err(|e| format!("{e:#}")) }
    }));
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(async move {
        let follow = move || {
            let h = h.clone();
            async move { h.follow_far().await.map_err(|e| format!("{e:#}")) }
        };
        // At start too: without it nobody is known who may send.
        if let Err(error) = follow().await {
            warn!(error, "The register of addresses does not answer; it will be asked again");
        }
        every(super::far::FOLLOW, s, follow).await;
    });
    let h = house.clone();
    let s = stop.clone();
    tasks.spawn(async move {
        let accounts = h.operator().accounts;
        accounts.sync_register().await;
        every(REGISTER, s, move || {
            let accounts = accounts.clone();
            async move {
                accounts.sync_register().await;
                Ok(())
            }
        })
        .await;
    });
    tasks
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
            let mut tx = self.stores.letters.begin_background("forget events").await?;
            let forgotten = evidence::feed::forget(&mut tx, now.minus(FEED_KEPT.max(DAY))).await?;
            tx.commit().await?;
            if forgotten == 0 {
                return Ok(());
            }
        }
    }
}

/// Does it, waits, and does it again until `stop`. What fails is told and tried again.
async fn every<F, Fut>(pause: Duration, stop: CancellationToken, act: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Result<(), String>>,
{
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        if let Err(error) = act().await {
            warn!(error, "Background work failed; it will be tried again");
        }
    }
}
