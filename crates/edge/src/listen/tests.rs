mod lengths;

use super::*;
use crate::{
    clients::Registered,
    tls::{mutual, public},
};
use axum::{Extension, routing::get};
use domain::{CertificateDigest, OrgNumber};
use rcgen::{
    CertificateRevocationListParams, ExtendedKeyUsagePurpose, KeyIdMethod, KeyPair, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use rustls::{ClientConfig, RootCertStore, pki_types::ServerName};
use testing::{Authority, NOBODY as UNKNOWN, OFFICE as TWO, TOWN as ONE, pki::named};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// An authority, a door's files, and clients of organisations.
struct Pki {
    folder: tempfile::TempDir,
    authority: Authority,
}

struct Register;

impl Registered for Register {
    fn is_revoked(&self, _: &CertificateDigest) -> bool {
        false
    }

    fn is_known(&self, _: &CertificateDigest, organisation: &OrgNumber) -> bool {
        organisation.as_str() != UNKNOWN
    }
}

impl Pki {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = Authority::new();
        let door = authority.server("127.0.0.1");
        let file = |name: &str, text: &[u8]| std::fs::write(folder.path().join(name), text).unwrap();
        file("ca.pem", &authority.pem);
        file("door.pem", door.certificate.as_bytes());
        file("door.key", door.key.as_bytes());
        Self { folder, authority }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join(name)
    }

    fn clients(&self) -> Arc<Clients> {
        Clients::new(&self.path("ca.pem"), Vec::new(), Arc::new(Register)).unwrap()
    }

    fn door(&self, limits: Limits) -> Door {
        let clients = self.clients();
        let tls = mutual(&self.path("door.pem"), &self.path("door.key"), &clients).unwrap();
        let tls = Some(tls);
        let clients = Some(clients);
        Door { tls, clients, limits, ..Door::plain("test", router(), 1) }
    }

    fn revokes(&self, serial: u64) -> Vec<u8> {
        let revoked = RevokedCertParams {
            serial_number: SerialNumber::from(serial),
            revocation_time: date_time_ymd(2025, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 1, 2),
            next_update: date_time_ymd(2025, 1, 3), // long out of date, and enforced all the same
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: vec![revoked],
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(self.authority.issuer()).unwrap().der().to_vec()
    }

    fn client(&self, number: &str, serial: u64, alpn: &[&str]) -> Arc<ClientConfig> {
        let mut params = named(number);
        params.serial_number = Some(SerialNumber::from(serial));
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let key = KeyPair::generate().unwrap();
        let own = params.signed_by(&key, self.authority.issuer()).unwrap();
        let mut roots = RootCertStore::empty();
        for ca in crate::tls::read_certificates(&self.path("ca.pem")).unwrap() {
            roots.add(ca).unwrap();
        }
        let key = rustls::pki_types::PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ClientConfig::builder_with_provider(crate::tls::provider());
        let config = config.with_safe_default_protocol_versions().unwrap().with_root_certificates(roots);
        let mut config = config.with_client_auth_cert(vec![own.der().clone()], key).unwrap();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        Arc::new(config)
    }
}

fn router() -> Router {
    let listed = |Extension(peer): Extension<Peer>| async move {
        peer.certificate.map_or("nobody", |one| if one.listed { "listed" } else { "good" })
    };
    Router::new().route("/", get(listed))
}

/// A door that is open until it is dropped.
struct Open {
    address: SocketAddr,
    stop: CancellationToken,
}

impl Open {
    async fn new(door: Door) -> Self {
        let listener = bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(serve(vec![listener], door, stop.clone()));
        Self { address, stop }
    }

    /// A TCP connection from this address of loopback.
    async fn from(&self, last: u8) -> TcpStream {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        // Each of another /24.
        socket.bind(([127, 0, last - 1, last], 0).into()).unwrap();
        socket.connect(self.address).await.unwrap()
    }

    /// A TLS connection, if it is let in.
    async fn tls(&self, last: u8, client: &Arc<ClientConfig>) -> Option<Client> {
        let name = ServerName::from(std::net::IpAddr::from([127, 0, 0, 1]));
        let connector = tokio_rustls::TlsConnector::from(client.clone());
        connector.connect(name, self.from(last).await).await.ok()
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

type Client = tokio_rustls::client::TlsStream<TcpStream>;

/// What is answered on a connection that is kept; `None` when it is closed.
async fn asks(stream: &mut (impl AsyncRead + AsyncWrite + Unpin)) -> Option<String> {
    stream.write_all(b"GET / HTTP/1.1\r\nHost: door\r\n\r\n").await.ok()?;
    let mut answer = Vec::new();
    let mut some = [0; 1024];
    loop {
        let read = stream.read(&mut some).await.ok().filter(|read| *read > 0)?;
        answer.extend_from_slice(&some[..read]);
        let text = String::from_utf8_lossy(&answer);
        if let Some((_, body)) = text.split_once("\r\n\r\n")
            && !body.is_empty()
        {
            return Some(body.to_owned());
        }
    }
}

async fn is_closed(stream: &mut (impl AsyncRead + Unpin)) -> bool {
    let mut rest = Vec::new();
    let end = timeout(Duration::from_secs(20), stream.read_to_end(&mut rest)).await;
    end.is_ok()
}

fn limits(connections: usize) -> Limits {
    Limits { handshake: Duration::from_secs(30), ..Limits::of(connections) }
}

#[tokio::test]
async fn silent_connections_of_one_host_hold_up_nobody_else() {
    let pki = Pki::new();
    let door = Open::new(pki.door(Limits { handshakes_per_source: 2, ..limits(64) })).await;
    let mut silent = Vec::new();
    for _ in 0..100 {
        silent.push(door.from(1).await);
    }
    // Two shake hands and six wait; the rest is closed at once.
    for stream in &mut silent[8..] {
        assert!(is_closed(stream).await);
    }
    let client = pki.client(ONE, 1, &[]);
    let mut other = door.tls(2, &client).await.unwrap();
    assert_eq!(asks(&mut other).await.as_deref(), Some("good"));
    // And the host itself is served again once they are gone.
    drop(silent);
    let mut own = loop {
        if let Some(own) = door.tls(1, &client).await {
            break own;
        }
    };
    assert_eq!(asks(&mut own).await.as_deref(), Some("good"));
}

#[tokio::test]
async fn a_handshake_that_does_not_come_is_given_up() {
    let pki = Pki::new();
    let short = Duration::from_millis(50);
    let door = Open::new(pki.door(Limits { handshake: short, ..limits(8) })).await;
    let mut silent = door.from(1).await;
    assert!(is_closed(&mut silent).await);
}

#[tokio::test]
async fn idle_http2_that_answers_pings_is_closed() {
    let pki = Pki::new();
    let idle = Duration::from_millis(200);
    let door = Open::new(pki.door(Limits { idle, ..limits(8) })).await;
    let stream = door.tls(1, &pki.client(ONE, 1, &["h2"])).await.unwrap();
    let (_, connection) = hyper::client::conn::http2::handshake::<_, _, axum::body::Body>(
        TokioExecutor::new(),
        TokioIo::new(stream),
    )
    .await
    .unwrap();
    // It answers every ping, asks nothing, and ends when the door ends it.
    assert!(timeout(Duration::from_secs(20), connection).await.is_ok());
    // The same without TLS, by HTTP/1 that has asked once.
    let plain =
        Open::new(Door { limits: Limits { idle, ..limits(8) }, ..Door::plain("p", router(), 8) }).await;
    let mut stream = plain.from(1).await;
    assert_eq!(asks(&mut stream).await.as_deref(), Some("nobody"));
    assert!(is_closed(&mut stream).await);
}

#[tokio::test]
async fn an_organisation_has_one_share_with_all_its_certificates_and_strangers_few() {
    let pki = Pki::new();
    let short = Duration::from_millis(300);
    let door = Open::new(pki.door(Limits { handshake: short, ..Limits::of(16) })).await;
    let certificates = [pki.client(ONE, 1, &[]), pki.client(ONE, 2, &[])];
    let strangers = [pki.client(UNKNOWN, 3, &[]), pki.client("4711", 4, &[])];
    let mut held = Vec::new();
    for no in 0..12 {
        let mut stream = door.tls(1, &certificates[no % 2]).await.unwrap();
        if asks(&mut stream).await.is_some() {
            held.push(stream);
        }
    }
    assert_eq!(held.len(), 8, "half of the door, by two certificates and from one host");
    let mut other = door.tls(1, &pki.client(TWO, 5, &[])).await.unwrap();
    assert!(asks(&mut other).await.is_some());
    let mut few = Vec::new();
    for no in 0..12 {
        let mut stream = door.tls(2, &strangers[no % 2]).await.unwrap();
        if asks(&mut stream).await.is_some() {
            few.push(stream);
        }
    }
    assert_eq!(few.len(), 4);
}

#[tokio::test]
async fn a_list_that_comes_later_ends_an_open_connection_and_a_resumed_session() {
    let pki = Pki::new();
    let door = pki.door(limits(16));
    let clients = door.clients.clone().unwrap();
    let door = Open::new(door).await;
    let client = pki.client(ONE, 7, &[]);
    let mut open = door.tls(1, &client).await.unwrap();
    assert_eq!(asks(&mut open).await.as_deref(), Some("good"));
    clients.renew_lists(vec![pki.revokes(8)]).unwrap();
    assert_eq!(asks(&mut open).await.as_deref(), Some("good"), "of another certificate");
    clients.renew_lists(vec![pki.revokes(7)]).unwrap();
    assert_eq!(asks(&mut open).await.as_deref(), Some("listed"));
    // The ticket of the first connection skips the check of the certificate, and still gets no further.
    if let Some(mut again) = door.tls(1, &client).await {
        assert_eq!(asks(&mut again).await, None);
    }
    if let Some(mut new) = door.tls(1, &pki.client(ONE, 7, &[])).await {
        assert_eq!(asks(&mut new).await, None);
    }
    clients.renew_lists(Vec::new()).unwrap();
    assert!(clients.renew_lists(vec![b"nothing".to_vec()]).is_err());
    assert_eq!(asks(&mut open).await.as_deref(), Some("good"), "the lists before stay in force");
}

#[tokio::test]
async fn a_door_without_client_certificates_shares_by_source() {
    let pki = Pki::new();
    let short = Duration::from_millis(300);
    let tls = public(&pki.path("door.pem"), &pki.path("door.key")).unwrap();
    assert!(tls.alpn_protocols.len() == 2);
    let limits = Limits { handshake: short, ..Limits::of(16) };
    let door = Open::new(Door { limits, ..Door::plain("p", router(), 16) }).await;
    let mut held = Vec::new();
    for _ in 0..12 {
        let mut stream = door.from(1).await;
        if asks(&mut stream).await.is_some() {
            held.push(stream);
        }
    }
    assert_eq!(held.len(), 8);
    let mut other = door.from(2).await;
    assert!(asks(&mut other).await.is_some());
    let is_proxy: IsProxy = Arc::new(|address| address.is_loopback());
    let door = Open::new(Door { limits, is_proxy, ..Door::plain("p", router(), 16) }).await;
    held.clear();
    for _ in 0..12 {
        let mut stream = door.from(1).await;
        if asks(&mut stream).await.is_some() {
            held.push(stream);
        }
    }
    assert_eq!(held.len(), 12, "behind a proxy are many");
}
