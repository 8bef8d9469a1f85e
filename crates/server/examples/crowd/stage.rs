//! The service, and who calls it: a demo, its other organisation, and somebody who reads pages.

use anyhow::{Context, Result, bail, ensure};
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, Issuer, KeyPair, KeyUsagePurpose};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject},
};
use std::{net::SocketAddr, path::Path, process::Stdio, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpSocket, TcpStream},
    process::{Child, Command},
};
use tokio_rustls::TlsConnector;

const TOWN: &str = "164020000016";
const OFFICE: &str = "164020000024";

pub struct Stage {
    folder: tempfile::TempDir,
    base: u16,
    child: Child,
    office: Arc<ClientConfig>,
    /// Two certificates of one organisation, both registered.
    pub town: [Arc<ClientConfig>; 2],
}

impl Stage {
    pub async fn open(program: Option<&str>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let program = program.map_or_else(std::env::current_exe, |path| Ok(path.into()))?;
        let base = free_ports()?;
        let mut command = Command::new(&program);
        command.arg("demo").arg("--data").arg(folder.path()).args(["--port-base", &base.to_string()]);
        command.args(["--log", "error"]).stdin(Stdio::null()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("no output")?).lines();
        while lines.next_line().await?.context("the service ended before it was ready")? != "ready" {}
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
        let pki = folder.path().join("pki");
        let second = second(&pki)?;
        let config = folder.path().join("kuvert.toml");
        let file = folder.path().join("second.pem");
        std::fs::write(&file, &second.0)?;
        let mut add = Command::new(&program);
        add.args(["agency", "cert", "add", "--config"]).arg(config).arg(&file).stdout(Stdio::null());
        ensure!(add.status().await?.success(), "the second certificate is not registered");
        // The door reads the registry every second.
        tokio::time::sleep(std::time::Duration::from_secs(2)).await;
        let read = |name: String| std::fs::read(pki.join(name));
        let own = |number: &str| -> Result<_> {
            client(&pki, &read(format!("{number}.pem"))?, &read(format!("{number}.key"))?)
        };
        let town = [own(TOWN)?, client(&pki, second.0.as_bytes(), second.1.as_bytes())?];
        let office = own(OFFICE)?;
        Ok(Self { base, child, office, town, folder })
    }

    pub fn agency(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.base + 1).into()
    }
    pub fn web(&self) -> SocketAddr {
        ([127, 0, 0, 1], self.base).into()
    }

    /// The other organisation asks who can be reached.
    pub fn call(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let (door, client) = (self.agency(), self.office.clone());
        async move {
            let mut stream = tls(connect(2, door).await?, &client).await?;
            let body = format!("{{\"sender\":\"{OFFICE}\",\"recipients\":[\"198101052382\"]}}");
            let head = format!("POST /v1/reachability HTTP/1.1\r\nContent-Length: {}\r\n", body.len());
            ask(&mut stream, &format!("{head}Content-Type: application/json\r\n"), &body).await
        }
    }

    /// Somebody reads the first page.
    pub fn page(&self) -> impl Future<Output = Result<()>> + Send + 'static {
        let door = self.web();
        async move { ask(&mut connect(2, door).await?, "GET / HTTP/1.1\r\n", "").await }
    }

    pub fn resident_mib(&self) -> Result<u64> {
        let pid = self.child.id().context("the service has ended")?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
        let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:")).context("no such line")?;
        Ok(line.split_whitespace().next().context("no number")?.parse::<u64>()? / 1024)
    }

    pub async fn close(&mut self) -> Result<()> {
        let pid = self.child.id().context("the service has ended")?;
        Command::new("kill").args(["-TERM", &pid.to_string()]).status().await?;
        ensure!(self.child.wait().await?.success(), "the service did not end well");
        ensure!(self.folder.path().exists(), "its folder is gone");
        Ok(())
    }
}

/// From this address of loopback.
pub async fn connect(last: u8, to: SocketAddr) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, last], 0).into())?;
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

fn free_ports() -> Result<u16> {
    for _ in 0..100 {
        let chance = u16::from_be_bytes(domain::chance::bytes(&vault::SystemRandom));
        let base = 22_000 + chance % 30_000;
        if (0..5).all(|n| std::net::TcpListener::bind(("127.0.0.1", base + n)).is_ok()) {
            return Ok(base);
        }
    }
    bail!("no five free ports in a row")
}
