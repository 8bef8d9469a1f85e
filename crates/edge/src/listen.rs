//! Accept loops: TLS where configured, the peer put into each request, limits on waiting, graceful stop.
//!
//! Nobody holds more of a door than a share. Until a connection has shown whose it is, it counts for where it comes from,
//! in places of their own (`sources`); from then on for the organisation, or on a door without client
//! certificates again for where it comes from (`shares`).

use crate::{
    begun::Begun,
    clients::{Clients, Shown},
    idle::{self, Activity},
    peer::{Peer, PeerCertificate},
    shares::{Holder, Share, Shares},
    sources::{Place, Source, Sources},
};
use axum::{Router, extract::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::conn::auto,
    service::TowerToHyperService,
};
use rustls::pki_types::UnixTime;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower::ServiceExt;
use tracing::{debug, warn};

/// Whether a proxy that is trusted connects from this address.
pub type IsProxy = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// How a door listens.
#[derive(Clone)]
pub struct Door {
    /// For logs and metrics.
    pub name: &'static str,
    pub router: Router,
    /// `None`: plain HTTP, for loopback or behind a proxy.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Whose certificates are let in, where it asks for one.
    pub clients: Option<Arc<Clients>>,
    /// Which sources are proxies that are trusted: behind one of them are many, and its share is nearly the whole door.
    pub is_proxy: IsProxy,
    pub limits: Limits,
}

/// How much of a door one party may hold, and how long.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Connections at once, after the handshake.
    pub connections: usize,
    /// Handshakes at once from one source. Four times as many wait.
    pub handshakes_per_source: usize,
    /// How long a handshake may take, and then the wait for a place among the connections.
    pub handshake: Duration,
    /// A connection on which nothing is asked for so long is closed.
    pub idle: Duration,
}

impl Limits {
    /// For a door with so many connections.
    pub fn of(connections: usize) -> Self {
        Self { connections, handshakes_per_source: 64, handshake: HANDSHAKE, idle: IDLE }
    }
}

impl Door {
    /// A door without TLS, for so many connections, before which stands no proxy.
    pub fn plain(name: &'static str, router: Router, connections: usize) -> Self {
        let limits = Limits::of(connections);
        Self { name, router, tls: None, clients: None, is_proxy: Arc::new(|_| false), limits }
    }
}

/// A port could not be had.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address}")]
pub struct BindError {
    /// The address asked for.
    pub address: SocketAddr,
    /// Why, such as that something else listens there.
    pub source: io::Error,
}

/// Takes the port on the given address.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| BindError { address, source })
}

/// Serves until `stop`, then lets requests under way finish for at most 25 seconds.
pub async fn serve(listeners: Vec<TcpListener>, door: Door, stop: CancellationToken) {
    let Limits { connections, handshakes_per_source, .. } = door.limits;
    let serving = Serving {
        sources: Sources::new(handshakes_per_source, HANDSHAKES.max(connections)),
        shares: Shares::of(connections),
        connections: TaskTracker::new(),
        stop: stop.clone(),
        door,
    };
    let mut loops = tokio::task::JoinSet::new();
    for listener in listeners {
        loops.spawn(accept(listener, serving.clone()));
    }
    // All accept loops first: a tracker that is closed while one still spawns would not wait for what it
    // took.
    while loops.join_next().await.is_some() {}
    serving.connections.close();
    if timeout(DRAIN, serving.connections.wait()).await.is_err() {
        warn!(door = serving.door.name, "Connections were cut that did not finish in time");
    }
}

#[derive(Clone)]
struct Serving {
    door: Door,
    sources: Arc<Sources>,
    shares: Arc<Shares>,
    connections: TaskTracker,
    stop: CancellationToken,
}

/// Takes what comes. A place is had at once or the connection is closed, so that one who opens thousands holds up nobody.
async fn accept(listener: TcpListener, serving: Serving) {
    loop {
        let accepted = tokio::select! {
            () = serving.stop.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let door = serving.door.name;
        match accepted {
            Ok((stream, address)) => match serving.sources.take(address.ip()) {
                Ok(place) => {
                    let serving = serving.clone();
                    let tracker = serving.connections.clone();
                    tracker.spawn(async move { serving.welcome(stream, address, place).await });
                }
                // Dropped without a word: an answer, or even an alert, would cost more than the attempt.
                Err(crowded) => serving.turned_away(crowded.as_str()),
            },
            // Out of file descriptors, most likely: wait a little instead of spinning.
            Err(error) => {
                warn!(door, %error, "Cannot accept a connection");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

impl Serving {
    /// From the first byte to the last.
    async fn welcome(self, stream: TcpStream, address: SocketAddr, place: Place) {
        // Answers are written in one piece; Nagle's algorithm would hold their last segment back.
        let _ = stream.set_nodelay(true);
        let Limits { handshake, .. } = self.door.limits;
        let shaking = async {
            // On a plain door nothing is to be waited for, and the turn is over at once.
            let _turn = place.turn().await?;
            self.shake_hands(stream).await
        };
        let begun = tokio::select! {
            () = self.stop.cancelled() => return,
            // Turn and handshake share one time: who is slow costs those behind no more than it.
            begun = timeout(handshake, shaking) => begun,
        };
        let Ok(Some((stream, shown))) = begun else {
            if begun.is_err() {
                self.turned_away("silent");
            }
            return;
        };
        let (certificate, shown) = shown.unzip();
        let mut peer = Peer { address, certificate };
        let shown = shown.zip(self.door.clients.clone());
        // A resumed session skips the verifier of certificates, and the certificate may have been revoked
        // since.
        if let Some((shown, clients)) = &shown
            && !may_stay(&mut peer, shown, clients)
        {
            debug!(door = self.door.name, "A revoked certificate resumed a session and was turned away");
            return;
        }
        // The place is held until there is a share: who waits for one too many is still counted where they come from.
        let Some(share) = self.shares.take_within(handshake, &self.holder(&peer)).await else {
            metrics::counter!("kuvert_connections_over_share_total", "door" => self.door.name).increment(1);
            return;
        };
        drop(place);
        self.answer(stream, peer, shown, share).await;
    }

    async fn shake_hands(
        &self,
        stream: TcpStream,
    ) -> Option<(Box<dyn Duplex>, Option<(PeerCertificate, Arc<Shown>)>)> {
        let Some(config) = self.door.tls.clone() else { return Some((Box::new(stream), None)) };
        match TlsAcceptor::from(config).accept(stream).await {
            Ok(tls) => {
                let shown = certificate(&tls);
                Some((Box::new(tls), shown))
            }
            Err(error) => {
                metrics::counter!("kuvert_tls_handshakes_failed_total", "door" => self.door.name)
                    .increment(1);
                debug!(door = self.door.name, %error, "TLS handshake failed");
                None
            }
        }
    }

    fn holder(&self, peer: &Peer) -> Holder {
        let Some(clients) = &self.door.clients else {
            // `::ffff:192.0.2.1` is the same source as `192.0.2.1`; counted apart it would have two shares.
            let address = peer.address.ip().to_canonical();
            return match (self.door.is_proxy)(address) {
                true => Holder::Proxy(Source::of(address)),
                false => Holder::Source(Source::of(address)),
            };
        };
        let certificate = peer.certificate.as_ref();
        let organisation = certificate.and_then(|one| Some((one.sha256, one.organisation.clone()?)));
        match organisation {
            Some((sha256, number)) if clients.registered().is_known(&sha256, &number) => {
                // Only who is registered gets an organisation's share: a number in a certificate from any
                // authority could otherwise eat up another's.
                Holder::Organisation(number)
            }
            other => Holder::Stranger(other.map(|(_, number)| number)),
        }
    }

    async fn answer(
        self,
        stream: Box<dyn Duplex>,
        peer: Peer,
        shown: Option<(Arc<Shown>, Arc<Clients>)>,
        _share: Share,
    ) {
        let Limits { idle, .. } = self.door.limits;
        let activity = Activity::new();
        let router = self.door.router;
        let seen = Activity::clone;
        let noted = seen(&activity);
        let service = tower::service_fn(move |request: Request<hyper::body::Incoming>| {
            let router = router.clone();
            let under_way = noted.begin();
            let mut peer = peer.clone();
            if let Some((shown, clients)) = &shown {
                // At each request, not once a connection: one that is kept open must not outlive a
                // revocation.
                may_stay(&mut peer, shown, clients);
            }
            let mut request = request.map(|body| idle::noted(body, &noted));
            request.extensions_mut().insert(peer);
            async move { router.oneshot(request).await.map(|answer| idle::watched(answer, under_way)) }
        });
        let mut builder = auto::Builder::new(TokioExecutor::new());
        builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
        builder
            .http2()
            .timer(TokioTimer::new())
            // Each stream holds a window of memory, so streams are bounded as connections are.
            .max_concurrent_streams(64)
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .keep_alive_interval(HEADERS);
        let stream = TokioIo::new(Begun::within(HEADERS, stream));
        let serving = builder.serve_connection(stream, TowerToHyperService::new(service));
        let mut serving = std::pin::pin!(serving);
        let mut stopping = false;
        // While there is no answer to give, its end is looked for when it may have come at the earliest.
        while let Some(left) = activity.left(idle) {
            tokio::select! {
                ended = serving.as_mut() => {
                    if let Err(error) = ended {
                        debug!(door = self.door.name, %error, "A connection ended early");
                    }
                    return;
                }
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    serving.as_mut().graceful_shutdown();
                }
                () = tokio::time::sleep(left) => {}
            }
        }
        metrics::counter!("kuvert_connections_idle_closed_total", "door" => self.door.name).increment(1);
        // HTTP/2 clients are told (GOAWAY), so that they do not take the close for a failure and a request
        // for lost.
        serving.as_mut().graceful_shutdown();
        let _ = timeout(CLOSING, serving).await;
    }

    fn turned_away(&self, why: &'static str) {
        metrics::counter!("kuvert_handshakes_turned_away_total", "door" => self.door.name, "why" => why)
            .increment(1);
    }
}

/// Whether the certificate is good by the lists and the register of this moment; the peer says what the lists say.
fn may_stay(peer: &mut Peer, shown: &Shown, clients: &Clients) -> bool {
    let Some(certificate) = &mut peer.certificate else { return true };
    certificate.listed = !shown.is_good(clients, UnixTime::now());
    !certificate.listed && !clients.registered().is_revoked(&certificate.sha256)
}

fn certificate(tls: &TlsStream<TcpStream>) -> Option<(PeerCertificate, Arc<Shown>)> {
    let chain = tls.get_ref().1.peer_certificates()?;
    let own = PeerCertificate::read(chain.first()?)?;
    Some((own, Arc::new(Shown::new(chain))))
}

const HANDSHAKE: Duration = Duration::from_secs(3);
const HEADERS: Duration = Duration::from_secs(20);
const IDLE: Duration = Duration::from_secs(60);
/// What is left of a connection that is closed for being idle.
const CLOSING: Duration = Duration::from_secs(5);
const DRAIN: Duration = Duration::from_secs(25);
/// Handshakes of all sources together, at least.
const HANDSHAKES: usize = 1024;
/// What may have come of one HTTP/2 connection and is not read yet: what its requests hold beside what is counted.
const STREAM_WINDOW: u32 = 256 * 1024;
const CONNECTION_WINDOW: u32 = 512 * 1024;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
