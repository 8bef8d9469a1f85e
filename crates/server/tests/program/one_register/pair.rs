//! Two operators, each a process of its own with its own databases, ports and configuration. A keeps the register of
//! addresses; for B it is another party's.

use crate::process::{Said, Service, free_ports, kuvert, run, run_with};
use domain::{Clock, SystemClock};
use edge::listen::{self, Door};
use eid::demo_provider::{DemoClient, DemoPerson, DemoProvider, DemoSettings};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use server::{
    demo::{cast, pki},
    published_keys,
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

/// One of the two.
pub struct Operator {
    pub name: &'static str,
    /// Its internet domain, by which requests name it.
    pub domain: &'static str,
    pub number: &'static str,
    pub folder: PathBuf,
    pub base: u16,
    service: Option<Service>,
}

/// Both, and what they share: certificates, people, and an e-ID that knows them.
pub struct Pair {
    pub a: Operator,
    pub b: Operator,
    pub pki: PathBuf,
    people: Issuer<'static, KeyPair>,
    eid_stop: CancellationToken,
}

/// The senders' one certificate serves TLS and letters; so do the operators'.
const A: &str = cast::FORMEDLAREN;
const B: &str = cast::BOLAGET;
/// Everybody's key, which is published: what counts here is who is in the certificate.
const KEY: &str = published_keys::PUBLIC_KEYS[0].1;

impl Pair {
    /// Makes certificates, configurations and databases in a folder. Nothing runs yet but the e-ID.
    pub async fn new(folder: &Path) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let pki = folder.join("pki");
        pki::prepare(&pki, &cast::certified(), SystemClock.now()).unwrap();
        let people = people(&pki);
        let operator = |name, domain, number: &'static str, at: &str| {
            let folder = folder.join(at);
            std::fs::create_dir_all(&folder).unwrap();
            Operator { name, domain, number, folder, base: free_ports(4), service: None }
        };
        let a = operator("Operatör A", "a.example", A, "a");
        let b = operator("Operatör B", "b.example", B, "b");
        let (eid_stop, issuer) = eid(&[&a, &b]).await;
        let register = "mode = \"own\"\nperson_authorities = \"../pki/people.pem\"".to_owned();
        std::fs::write(a.config(), a.configuration(&issuer, &register)).unwrap();
        let register = format!(
            "mode = \"external\"\nauthority_address = \"{0}/Authority\"\nrecipient_address = \"{0}/Recipient/v3\"\n\
             certificate = \"../pki/{B}.pem\"\nkey_file = \"../pki/{B}.key\"\nauthorities = \"../pki/ca.pem\"",
            a.door()
        );
        std::fs::write(b.config(), b.configuration(&issuer, &register)).unwrap();
        for one in [&a, &b] {
            one.kuvert(&["migrate"], "").good();
        }
        Self { a, b, pki, people, eid_stop }
    }

    /// What a person signs: this act, at the operator of this domain. The path of the signed document.
    pub fn signs(&self, who: &str, act: &str, domain: &str) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), who);
        params.distinguished_name.push(DnType::CommonName, "Någon Exempel");
        let key = KeyPair::from_pem(KEY).unwrap();
        let file = |name: String, content: &str| {
            let path = self.pki.join(name);
            std::fs::write(&path, content).unwrap();
            path.display().to_string()
        };
        let certificate = file(format!("{who}.pem"), &params.signed_by(&key, &self.people).unwrap().pem());
        let key = file(format!("{who}.key"), KEY);
        let with = ["--text", "Jag vill.", "--person-certificate", &certificate, "--key", &key];
        let signed =
            run(&[&["operator", "agreement", "--act", act, "--to", domain], &with[..]].concat()).good();
        file(format!("{who}-{act}-{domain}.xml"), &signed.out)
    }

    /// The e-ID ends; the operators end with their own values.
    pub fn end(self) {
        self.eid_stop.cancel();
    }
}

impl Operator {
    pub fn config(&self) -> PathBuf {
        self.folder.join("kuvert.toml")
    }

    pub fn door(&self) -> String {
        format!("https://127.0.0.1:{}", self.base + 1)
    }

    /// A command on this instance, with this on its standard input.
    pub fn kuvert(&self, words: &[&str], input: &str) -> Said {
        let config = self.config().display().to_string();
        run_with(&[words, &["--config", &config]].concat(), input)
    }

    pub fn start(&mut self) {
        let mut command = kuvert();
        command.arg("serve").arg("--config").arg(self.config());
        let service = Service::start(command, self.base);
        self.service = Some(service.unwrap_or_else(|said| panic!("{} does not start: {said:?}", self.name)));
    }

    /// SIGKILL. Nothing is finished, nothing is written any more.
    pub fn kill(&mut self) {
        let mut service = self.service.take().unwrap();
        service.signal("KILL");
        assert_eq!(service.wait().code(), None);
    }

    /// SIGTERM, and exit 0.
    pub fn stop(&mut self) {
        self.service.take().unwrap().stop();
    }

    pub fn is_up(&self) -> bool {
        self.service.is_some()
    }

    pub fn running(&self) -> &Service {
        self.service.as_ref().unwrap()
    }

    /// How often the log has this.
    pub fn logged(&self, words: &str) -> usize {
        self.running().err.text().matches(words).count()
    }

    fn configuration(&self, issuer: &str, register: &str) -> String {
        let Self { name, domain, number, base, .. } = self;
        let provider = eid::demo_provider::provider_config("demo", issuer, domain, None);
        let [web, agency, internal, content] = [*base, base + 1, base + 2, base + 3];
        format!(
            r#"
[instance]
id = "{domain}"
name = "{name}"
number = "{number}"
email = "fragor@{domain}"
production = false

[store]
database = "sqlite:letters.db"

[keys]
database = "sqlite:keys.db"
root_file = "root.key"

[objects]
folder = "objects"

[agency]
listen = ["127.0.0.1:{agency}"]
origin = "https://127.0.0.1:{agency}"
certificate = "../pki/server.pem"
key_file = "../pki/server.key"
client_authorities = "../pki/ca.pem"

[web]
listen = ["127.0.0.1:{web}"]
origin = "http://127.0.0.1:{web}"
content_listen = ["127.0.0.1:{content}"]
content_origin = "http://localhost:{content}"

[internal]
listen = ["127.0.0.1:{internal}"]

{eid}
[notices]
from = "Kuvert <avisering@{domain}>"
coalesce_minutes = 10
email = {{ kind = "folder", path = "outbox" }}
sms = {{ kind = "folder", path = "outbox" }}

[far]
{register}

[outgoing]
certificate = "../pki/{number}.pem"
key_file = "../pki/{number}.key"
authorities = "../pki/ca.pem"

[log]
level = "info"
format = "text"
"#,
            eid = toml::to_string(&BTreeMap::from([("eid", [provider])])).unwrap(),
        )
    }
}

/// The authority of people's certificates.
fn people(pki: &Path) -> Issuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let key = KeyPair::generate().unwrap();
    std::fs::write(pki.join("people.pem"), params.self_signed(&key).unwrap().pem()).unwrap();
    Issuer::new(params, key)
}

/// One e-ID for both, in this process.
async fn eid(operators: &[&Operator]) -> (CancellationToken, String) {
    let port = free_ports(1);
    let issuer = format!("http://localhost:{port}");
    let clients = operators.iter().map(|one| DemoClient {
        client_id: one.domain.to_owned(),
        secret: None,
        redirect_uris: vec![format!("http://127.0.0.1:{}/login/callback", one.base)],
    });
    let people = cast::CITIZENS.iter().map(|citizen| DemoPerson {
        subject: format!("person-{}", citizen.email),
        given_name: citizen.name.split(' ').next().unwrap().to_owned(),
        family_name: "Exempel".to_owned(),
        identity: domain::Identity::parse(citizen.number).unwrap(),
    });
    let settings =
        DemoSettings { issuer: issuer.clone(), clients: clients.collect(), people: people.collect() };
    let provider = DemoProvider::new(settings, Arc::new(SystemClock), Arc::new(SystemRandom)).unwrap();
    let door = Door::plain("eid", provider.router(), 64);
    let mut listeners = vec![listen::bind(([127, 0, 0, 1], port).into()).await.unwrap()];
    // Where localhost is IPv6 first.
    listeners.extend(listen::bind((std::net::Ipv6Addr::LOCALHOST, port).into()).await.ok());
    let stop = CancellationToken::new();
    tokio::spawn(listen::serve(listeners, door, stop.clone()));
    (stop, issuer)
}
