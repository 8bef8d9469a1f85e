//! Connections of one host that are opened and held.

use crate::stage::{Stage, connect, tls};
use anyhow::Result;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustls::ClientConfig;
use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    task::JoinHandle,
};

/// Opens connections in the background, and holds each until the door ends it.
pub struct Crowd {
    task: JoinHandle<()>,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    opened: AtomicUsize,
    held: AtomicUsize,
    most: AtomicUsize,
}

impl Crowd {
    /// That never begin the handshake.
    pub fn silent(stage: &Stage, count: usize, rate: usize) -> Self {
        let door = stage.agency();
        Self::open(count, rate, move |_, counts| async move {
            let mut stream = connect(1, door).await?;
            counts.hold(async { drop(stream.read(&mut [0; 1]).await) }).await;
            Ok(())
        })
    }

    /// Of one organisation, that speak HTTP/2 and answer every ping.
    pub fn idle(stage: &Stage, count: usize, rate: usize) -> Self {
        let door = stage.agency();
        let town = stage.town.clone();
        let town = town.map(|config| {
            let mut config = ClientConfig::clone(&config);
            config.alpn_protocols = vec![b"h2".to_vec()];
            Arc::new(config)
        });
        Self::open(count, rate, move |no, counts| {
            let client = town[no % town.len()].clone();
            async move {
                let stream = TokioIo::new(tls(connect(1, door).await?, &client).await?);
                let shaken = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream).await?;
                let (_asks, connection): (hyper::client::conn::http2::SendRequest<String>, _) = shaken;
                counts.hold(async { drop(connection.await) }).await;
                Ok(())
            }
        })
    }

    /// To the citizens' door, that asked once.
    pub fn web(stage: &Stage, count: usize, rate: usize) -> Self {
        let door: SocketAddr = stage.web();
        Self::open(count, rate, move |_, counts| async move {
            let mut stream = connect(1, door).await?;
            stream.write_all(b"GET /style.css HTTP/1.1\r\nHost: localhost\r\n\r\n").await?;
            counts.hold(async { while stream.read(&mut [0; 1024]).await.is_ok_and(|n| n > 0) {} }).await;
            Ok(())
        })
    }

    fn open<F>(count: usize, rate: usize, one: impl Fn(usize, Arc<Counts>) -> F + Send + 'static) -> Self
    where
        F: Future<Output = Result<()>> + Send + 'static,
    {
        let counts = Arc::new(Counts::default());
        let own = counts.clone();
        let task = tokio::spawn(async move {
            let mut all = tokio::task::JoinSet::new();
            let mut ticks = tokio::time::interval(Duration::from_secs(1) / u32::try_from(rate).unwrap_or(1));
            for no in 0..count {
                ticks.tick().await;
                own.opened.fetch_add(1, Relaxed);
                all.spawn(one(no, own.clone()));
            }
            all.join_all().await;
        });
        Self { task, counts }
    }

    /// Waits until all have been opened, and some more; false when some are still held after that, long after the door
    /// should have ended them.
    pub async fn end(self, count: usize, rate: usize) -> bool {
        while self.counts.opened.load(Relaxed) < count {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let at_the_end = self.counts.held.load(Relaxed);
        tokio::time::sleep(Duration::from_secs(75)).await;
        let left = self.counts.held.load(Relaxed);
        let most = self.counts.most.load(Relaxed);
        println!(
            "  {count} opened, {rate} a second: {most} held at most, {at_the_end} when all were opened, {left} after 75 s"
        );
        self.task.abort();
        left == 0
    }
}

impl Counts {
    async fn hold(&self, until: impl Future<Output = ()>) {
        let held = self.held.fetch_add(1, Relaxed) + 1;
        self.most.fetch_max(held, Relaxed);
        until.await;
        self.held.fetch_sub(1, Relaxed);
    }
}
