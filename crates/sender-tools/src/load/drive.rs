//! Sending, with a clock.

use super::{
    LoadArgs,
    latencies::Latencies,
    ledger::{Ledger, Line},
    letters::{Door, Ready, SENDERS, Wire},
    service::Service,
};
use crate::{
    agency_client::{AgencyClient, Reply},
    demo::Pki,
    out,
};
use anyhow::{Result, bail};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};
use tokio::{sync::Mutex, task::JoinSet};

pub struct Driven {
    pub accepted: usize,
    pub refused: usize,
    /// Tries whose outcome was unknown and that were sent again.
    pub repeated: usize,
    pub kills: usize,
    pub elapsed: Duration,
    pub resident_mib: Option<u64>,
    pub latencies: Latencies,
}

/// What the workers share.
struct Shared {
    clients: Vec<AgencyClient>,
    letters: Arc<Vec<Ready>>,
    next: AtomicUsize,
    done: AtomicUsize,
    ended: AtomicUsize,
    repeated: AtomicUsize,
}

/// What they find out.
#[derive(Default)]
struct Results {
    refused: usize,
    latencies: Vec<Duration>,
}

/// Counts a worker as ended however it ends.
struct Ends(Arc<Shared>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.ended.fetch_add(1, Relaxed);
    }
}

/// Sends all letters over `args.connections` connections at once.
pub async fn run(
    service: &mut Service,
    args: &LoadArgs,
    letters: Arc<Vec<Ready>>,
    ledger: &Ledger,
) -> Result<Driven> {
    let pki = Pki::of(service.folder());
    let client = |number: &&str| {
        AgencyClient::new(service.door(), &pki.certificate(number), &pki.key(number), &pki.ca())
    };
    let clients = SENDERS.iter().map(client).collect::<Result<_>>()?;
    let (next, done, ended, repeated) = Default::default();
    let shared = Arc::new(Shared { clients, letters, next, done, ended, repeated });
    let results = Arc::new(Mutex::new(Results::default()));
    let start = Instant::now();
    let mut workers = JoinSet::new();
    // Workers hand their lines to the one who holds the ledger, and go on when they are written.
    let (lines, mut written) = tokio::sync::mpsc::channel::<(Line, tokio::sync::oneshot::Sender<()>)>(1024);
    for _ in 0..args.connections {
        workers.spawn(work(shared.clone(), lines.clone(), results.clone()));
    }
    drop(lines);
    let book = async {
        while let Some((line, ack)) = written.recv().await {
            ledger.write(&line)?;
            let _ = ack.send(());
        }
        Ok::<_, anyhow::Error>(())
    };
    let watch = watch(service, args, &shared);
    let ((), (kills, resident)) = tokio::try_join!(book, watch)?;
    while let Some(worker) = workers.join_next().await {
        worker??;
    }
    let elapsed = start.elapsed();
    let Results { refused, latencies } = std::mem::take(&mut *results.lock().await);
    Ok(Driven {
        accepted: latencies.len(),
        refused,
        repeated: shared.repeated.load(Relaxed),
        kills,
        elapsed,
        resident_mib: resident,
        latencies: latencies.into(),
    })
}

type Lines = tokio::sync::mpsc::Sender<(Line, tokio::sync::oneshot::Sender<()>)>;

async fn work(shared: Arc<Shared>, lines: Lines, results: Arc<Mutex<Results>>) -> Result<()> {
    let _ends = Ends(shared.clone());
    let mut latencies = Vec::new();
    let mut refused = 0;
    loop {
        let no = shared.next.fetch_add(1, Relaxed);
        let Some(letter) = shared.letters.get(no) else { break };
        let (body, door) = match &letter.wire {
            Wire::Rest(signed) => (signed.multipart(), Door::Rest),
            Wire::Soap(envelope) => (envelope.clone(), Door::Soap),
        };
        book(&lines, Line::Sending { no }).await?;
        let start = Instant::now();
        match send(&shared, letter.sender, &body, door).await? {
            Reply::Accepted { letter_id, receipt, .. } => {
                latencies.push(start.elapsed());
                book(&lines, Line::Promised { no, letter_id, receipt }).await?;
            }
            Reply::Refused { status, code, detail, .. } => {
                refused += 1;
                if refused == 1 {
                    out::note(&format!("refused: {status} {code} {detail}"));
                }
                book(&lines, Line::Refused { no, code }).await?;
            }
            Reply::Unknown { status, code, detail, .. } => {
                bail!("no outcome after many tries: {status} {code} {detail}")
            }
        }
        shared.done.fetch_add(1, Relaxed);
    }
    let mut results = results.lock().await;
    results.refused += refused;
    results.latencies.append(&mut latencies);
    Ok(())
}

/// Until the outcome is known, as the API asks: the service may be down for a while.
async fn send(shared: &Shared, sender: usize, body: &bytes::Bytes, door: Door) -> Result<Reply> {
    let mut last =
        Reply::Unknown { status: 0, code: "no answer".to_owned(), detail: String::new(), call_id: None };
    let client = &shared.clients[sender];
    for _ in 0..600 {
        let reply = match door {
            Door::Rest => client.send_body(body.clone()).await,
            Door::Soap => client.deliver(body.clone()).await,
        };
        match reply {
            Ok(unknown @ Reply::Unknown { .. }) => last = unknown,
            Ok(known) => return Ok(known),
            Err(_) => {}
        }
        shared.repeated.fetch_add(1, Relaxed);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    Ok(last)
}

async fn book(lines: &Lines, line: Line) -> Result<()> {
    let (ack, written) = tokio::sync::oneshot::channel();
    lines.send((line, ack)).await.map_err(|_| anyhow::anyhow!("the ledger cannot be written"))?;
    written.await.map_err(|_| anyhow::anyhow!("the ledger cannot be written"))
}

/// Progress, the service's memory, and the killing.
async fn watch(service: &mut Service, args: &LoadArgs, shared: &Shared) -> Result<(usize, Option<u64>)> {
    let mut kills = 0;
    let mut resident = None;
    let mut told = Instant::now();
    let mut next_kill = Instant::now() + service.random_pause();
    while shared.ended.load(Relaxed) < args.connections {
        tokio::time::sleep(Duration::from_millis(20)).await;
        resident = resident.max(service.resident_mib());
        if kills < args.kills && Instant::now() >= next_kill {
            service.kill_and_restart().await?;
            kills += 1;
            next_kill = Instant::now() + service.random_pause();
        } else if service.is_ours() && !service.is_alive() {
            bail!("the service has ended by itself");
        }
        if told.elapsed() >= Duration::from_secs(2) {
            told = Instant::now();
            let kills = if args.kills > 0 { format!(", killed {kills} times") } else { String::new() };
            out::note(&format!("{} of {} letters{kills}", shared.done.load(Relaxed), args.letters));
        }
    }
    Ok((kills, resident))
}
