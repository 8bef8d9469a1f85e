//! The service, and who calls it: a demo, its other organisation, and somebody who reads pages.

use crate::common::{Demo, Words};
use anyhow::{Result, ensure};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{net::SocketAddr, path::Path, process::Stdio, sync::Arc, time::Duration};
use testing::{ANNA, OFFICE, TOWN};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    process::Command,
};
use tokio_rustls::TlsConnector;

pub struct Stage {
    pub service: Demo,
    office: Arc<ClientConfig>,
    /// Two certificates of one organisation, both registered.
    pub town: [Arc<ClientConfig>; 2],
}

impl Stage {
    pub async fn open(words: &Words) -> Result<Self> {
        let service = Demo::start(words).await?;
        let pki = service.path().join("pki");
        let second = second(&pki)?;
        let file = service.path().join("second.pem");
        std::fs::write(&file, &second.0)?;
        let mut add = Command::new(&service.program);
        add.args(["agency", "cert", "add", "--config"]).arg(service.path().join("kuvert.toml"));
        let added = add.arg(&file).stdout(Stdio::null()).status().await?;
        ensure!(added.success(), "the second certificate is not registered");
        // The door reads the registry every second.
        tokio::time::sleep(Duration::from_secs(2)).await;
        let read = |name: String| std::fs::read(pki.join(name));
        let own = |number: &str| -> Result<_> {
            client(&pki, &read(format!("{number}.pem"))?, &read(format!("{number}.key"))?)
        };
        let town = [own(TOWN)?, client(&pki, second.0.as_bytes(), second.1.as_bytes())?];
        let office = own(OFFICE)?;
        Ok(Self { service, office, town })
    }

    pub fn agency(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.service.base + 1).into()
    }

    pub fn web(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.service.base).into()
    }

    /// The other organisation asks who can be reached.
    pub fn call(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let door = self.agency();
        let client = self.office.clone();
        async move {
            let mut stream = tls(connect(2, door).await?, &client).await?;
            let body = format!("{{\"sender\":\"{OFFICE}\",\"recipients\":[\"198101052382\"]}}");
            let head = format!("POST /v1/reachability HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
            ask(&mut stream, &format!("{head}Content-Type: application/json\r\n"), &body).await
        }
    }

    /// A citizen elsewhere logs in and sees the inbox.
    pub fn log_in(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let web = format!("http://{}", self.web());
        async move { crate::citizen::log_in(&web, ANNA).await.map(drop) }
    }

    /// Somebody reads the first page.
    pub fn page(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let door = self.web();
        async move { ask(&mut connect(2, door).await?, "GET / HTTP/1.1\r\n", "").await }
    }
}

/// From this address of loopback.
pub async fn connect(last: u8, to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    // Each of another /24.
    socket.bind(([127, 0, last - 1, last], 0).into())?;
    Ok(socket.connect(to).await?)
}

pub async fn tls(
    stream: TcpStream,
    client: &Arc<ClientConfig>,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>> {
    Ok(TlsConnector::from(client.clone()).connect(ServerName::try_from("localhost")?, stream).await?)
}

/// A request on a connection of its own; anything but a 200 is an error.
pub async fn ask(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), head: &str, body: &str) -> Result<()> {
    stream.write_all(format!("{head}Host: localhost\r\nConnection: close\r\n\r\n{body}").as_bytes()).await?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer).await;
    ensure!(
        answer.starts_with(b"HTTP/1.1 200"),
        "{}",
        String::from_utf8_lossy(&answer[..answer.len().min(100)])
    );
    Ok(())
}

fn client(pki: &Path, certificate: &[u8], key: &[u8]) -> Result<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    for ca in CertificateDer::pem_file_iter(pki.join("ca.pem"))? {
        roots.add(ca?)?;
    }
    let chain = CertificateDer::pem_slice_iter(certificate).collect::<Result<_, _>>()?;
    let builder = ClientConfig::builder().with_root_certificates(roots);
    let mut config = builder.with_client_auth_cert(chain, PrivateKeyDer::from_pem_slice(key)?)?;
    // Each connection shakes hands in full.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

/// Another certificate of the town, by the demo's authority, and its key.
fn second(pki: &Path) -> Result<(String, String)> {
    let ca_key = KeyPair::from_pem(&std::fs::read_to_string(pki.join("ca.key"))?)?;
    let mut ca = CertificateParams::default();
    ca.distinguished_name = rcgen::DistinguishedName::new();
    ca.distinguished_name.push(DnType::CommonName, "Kuvert Demo CA");
    let issuer = Issuer::new(ca, ca_key);
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), TOWN);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    Ok((params.signed_by(&key, &issuer)?.pem(), key.serialize_pem()))
}
