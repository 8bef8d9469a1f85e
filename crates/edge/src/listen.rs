//! Accept loops: TLS where configured, the peer put into each request, limits on waiting, graceful stop.

use crate::{
    begun::Begun,
    peer::{Peer, PeerCertificate},
    shares::{Share, Shares},
};
use axum::{Router, extract::Request};
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto, graceful::GracefulShutdown},
    service::TowerToHyperService,
};
use std::{io, net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::Semaphore,
};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use tracing::{debug, warn};

/// How a door listens.
#[derive(Clone)]
pub struct Door {
    /// For logs and metrics.
    pub name: &'static str,
    /// What answers.
    pub router: Router,
    /// `None`: plain HTTP, for loopback or behind a proxy.
    pub tls: Option<Arc<rustls::ServerConfig>>,
    /// Asked again for each connection, since a resumed TLS session skips the certificate check.
    pub revoked: Option<crate::tls::Revoked>,
    /// Connections at once; more wait in the kernel's queue. One client certificate gets half of them at most.
    pub connections: usize,
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

const HANDSHAKE: Duration = Duration::from_secs(10);
const HEADERS: Duration = Duration::from_secs(20);
const DRAIN: Duration = Duration::from_secs(25);

/// Takes the port on the given address.
pub async fn bind(address: SocketAddr) -> Result<TcpListener, BindError> {
    TcpListener::bind(address).await.map_err(|source| BindError { address, source })
}

/// Serves until `stop`, then lets requests under way finish for at most 25 seconds.
pub async fn serve(listeners: Vec<TcpListener>, door: Door, stop: CancellationToken) {
    let graceful = Arc::new(GracefulShutdown::new());
    let limit = Arc::new(Semaphore::new(door.connections));
    let shares = Shares::of(door.connections);
    let mut loops = tokio::task::JoinSet::new();
    for listener in listeners {
        let (limit, shares) = (limit.clone(), shares.clone());
        loops.spawn(accept(listener, door.clone(), graceful.clone(), limit, shares, stop.clone()));
    }
    while loops.join_next().await.is_some() {}
    let Ok(graceful) = Arc::try_unwrap(graceful) else { return };
    if tokio::time::timeout(DRAIN, graceful.shutdown()).await.is_err() {
        warn!(door = door.name, "Connections were cut that did not finish in time");
    }
}

async fn accept(
    listener: TcpListener,
    door: Door,
    graceful: Arc<GracefulShutdown>,
    limit: Arc<Semaphore>,
    shares: Arc<Shares>,
    stop: CancellationToken,
) {
    let (handshaken, mut ready) = tokio::sync::mpsc::channel::<Connection>(64);
    loop {
        let permit = tokio::select! {
            () = stop.cancelled() => break,
            Some(connection) = ready.recv() => { start(connection, &graceful); continue }
            Ok(permit) = limit.clone().acquire_owned() => permit,
        };
        tokio::select! {
            () = stop.cancelled() => break,
            Some(connection) = ready.recv() => start(connection, &graceful),
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let (door, shares) = (door.clone(), shares.clone());
                    tokio::spawn(welcome(stream, address, door, permit, shares, handshaken.clone()));
                }
                // Out of file descriptors, most likely: wait a little instead of spinning.
                Err(error) => {
                    warn!(door = door.name, %error, "Cannot accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

type Stream = Box<dyn Duplex>;
trait Duplex: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Duplex for T {}

struct Connection {
    stream: Stream,
    peer: Peer,
    door: Door,
    permit: tokio::sync::OwnedSemaphorePermit,
    share: Option<Share>,
}

/// The TLS handshake, off the accept loop so that a slow one holds up nobody.
async fn welcome(
    stream: TcpStream,
    address: SocketAddr,
    door: Door,
    permit: tokio::sync::OwnedSemaphorePermit,
    shares: Arc<Shares>,
    ready: tokio::sync::mpsc::Sender<Connection>,
) {
    let _ = stream.set_nodelay(true);
    let Some(config) = door.tls.clone() else {
        let peer = Peer { address, certificate: None };
        let _ = ready.send(Connection { stream: Box::new(stream), peer, door, permit, share: None }).await;
        return;
    };
    let handshake = tokio::time::timeout(HANDSHAKE, TlsAcceptor::from(config).accept(stream)).await;
    let tls = match handshake {
        Ok(Ok(tls)) => tls,
        Ok(Err(error)) => {
            metrics::counter!("kuvert_tls_handshakes_failed_total", "door" => door.name).increment(1);
            debug!(door = door.name, %error, "TLS handshake failed");
            return;
        }
        Err(_) => return,
    };
    let certificate = tls.get_ref().1.peer_certificates().and_then(|c| c.first());
    let certificate = certificate.and_then(|der| PeerCertificate::read(der));
    if let (Some(revoked), Some(certificate)) = (&door.revoked, &certificate)
        && revoked(&certificate.sha256)
    {
        debug!(door = door.name, "A revoked certificate resumed a session and was turned away");
        return;
    }
    let share = match certificate.as_ref().map(|certificate| shares.take(certificate.sha256)) {
        Some(None) => {
            metrics::counter!("kuvert_connections_over_share_total", "door" => door.name).increment(1);
            return;
        }
        share => share.flatten(),
    };
    let peer = Peer { address, certificate };
    let _ = ready.send(Connection { stream: Box::new(tls), peer, door, permit, share }).await;
}

fn start(connection: Connection, graceful: &GracefulShutdown) {
    let Connection { stream, peer, door, permit, share } = connection;
    let service = door.router.map_request(move |mut request: Request<hyper::body::Incoming>| {
        request.extensions_mut().insert(peer.clone());
        request.map(axum::body::Body::new)
    });
    let mut builder = auto::Builder::new(TokioExecutor::new());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(HEADERS);
    builder.http2().timer(TokioTimer::new()).max_concurrent_streams(64).keep_alive_interval(HEADERS);
    let stream = TokioIo::new(Begun::within(HEADERS, stream));
    let serving = builder.serve_connection_with_upgrades(stream, TowerToHyperService::new(service));
    let serving = graceful.watch(serving.into_owned());
    tokio::spawn(async move {
        if let Err(error) = serving.await {
            debug!(door = door.name, %error, "A connection ended early");
        }
        drop((permit, share));
    });
}
