//! A register with its key service, senders, operators and people; calls go through the router, certificates and all.

use axum::{Router, body::Body, extract::Request};
use delivery::{XmlSigner, document, write::Xml};
use domain::{Clock, Identity, IdentityKind, Language, MailboxId, ManualClock, OrgNumber, Time};
use edge::{Peer, peer::PeerCertificate};
use http_body_util::BodyExt;
use intake::{Intake, Outgoing, Trust, Whereabouts, whereabouts};
use key_client::{Connector, Role};
use key_service::{KeyService, Root};
use mailbox::Objects;
use mina_meddelanden::{Agreements, Door, Far, FarParts, Said, Signed};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use registry::{
    Directory, Owner, Recorder, Register,
    boxes::{self, NewBox},
    operators::{self, NewOperator},
    people::{self, NewPerson},
    register::{Signatory, SignatoryFile, SignatureRule},
};
use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};
use store::{Store, testing::Database};
use tower::ServiceExt;
use vault::{Authorities, Certificate, SystemRandom};

pub const TOWN: &str = "164020000016";
pub const OFFICE: &str = "164020000024";
pub const DISPATCHER: &str = "164020000032";
pub const COMPANY: &str = "164020000040";
/// Ourselves, and another operator.
pub const OWN: &str = "164020000057";
pub const LADAN: &str = "164020000065";
pub const BREVEN: &str = "164020000073";
pub const ANNA: &str = "198101052382";
pub const BO: &str = "199001012385";
pub const CLEO: &str = "200001012384";
/// Born in 2015.
pub const DAVID: &str = "201501012387";
pub const NOW: &str = "2026-11-22T10:00:00.000Z";

pub struct World {
    #[allow(dead_code, reason = "held for its folder")]
    database: Database,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub connector: Connector,
    /// Vouches for what the tests write to the database themselves.
    pub service: KeyService,
    pub pki: Pki,
    pub router: Router,
    pub intake: Intake,
    pub directory: Directory,
    /// The certificates that the organisations connect with.
    connects: HashMap<&'static str, [u8; 32]>,
    signatories: PathBuf,
}

/// One authority for all; the demo's published keys for organisations and people alike.
pub struct Pki {
    issuer: Issuer<'static, KeyPair>,
    pem: Vec<u8>,
}

const KEY: &str = include_str!("../../../server/src/demo/keys/164020000016.pem");

impl Pki {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// What we sign and seal with.
    fn outgoing(&self, give_up_after: Duration) -> Outgoing {
        Outgoing {
            organisation: org(OWN),
            signer: self.signer(OWN),
            envelope_bytes: 1024 * 1024,
            give_up_after,
        }
    }

    /// Of an organisation or a person.
    pub fn signer(&self, number: &str) -> XmlSigner {
        XmlSigner::from_pem(KEY.as_bytes(), &[self.certificate(number)]).unwrap()
    }

    fn certificate(&self, number: &str) -> Certificate {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
        params.distinguished_name.push(DnType::CommonName, "Någon Exempel");
        params.not_after = rcgen::date_time_ymd(2100, 1, 1);
        let certificate = params.signed_by(&KeyPair::from_pem(KEY).unwrap(), &self.issuer).unwrap();
        Certificate::parse(certificate.der()).unwrap()
    }

    /// The signed document that says this act of today.
    pub fn signs(&self, who: &str, id: &str, act: &str, supplier: &str) -> String {
        let agreed = Agreed { id, act, supplier, date: "2026-11-22", accepted: &[], text: "Jag vill." };
        self.document(who, &agreed)
    }

    fn document(&self, who: &str, agreement: &Agreed<'_>) -> String {
        let said = Said {
            act: agreement.act.to_owned(),
            recipient: Identity::parse(agreement.id).unwrap(),
            supplier: agreement.supplier.to_owned(),
            date: Signed::parse(agreement.date).unwrap(),
            accepted: agreement.accepted.iter().map(|&sender| sender.to_owned()).collect(),
            text: agreement.text.to_owned(),
        };
        said.signed(&self.signer(who)).unwrap()
    }

    /// Files for both ends of a wire.
    pub fn files(&self, folder: &std::path::Path, caller: &str) -> Files {
        let file = |name: &str, content: &[u8]| {
            let path = folder.join(name);
            std::fs::write(&path, content).unwrap();
            path
        };
        let key = KeyPair::from_pem(KEY).unwrap();
        let server = CertificateParams::new(["127.0.0.1".to_owned()]).unwrap();
        let server = server.signed_by(&key, &self.issuer).unwrap().pem();
        let mut client = CertificateParams::default();
        client.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), caller);
        let client = client.signed_by(&key, &self.issuer).unwrap().pem();
        Files {
            authority: file("wire-ca.pem", &self.pem),
            server: file("wire-server.pem", server.as_bytes()),
            client: file("wire-client.pem", client.as_bytes()),
            key: file("wire.key", KEY.as_bytes()),
        }
    }

    /// `SignatureData`'s members for an agreement.
    pub fn agrees(&self, who: &str, agreement: &Agreed<'_>) -> String {
        use base64::{Engine as _, prelude::BASE64_STANDARD};
        let document = self.document(who, agreement);
        let mut xml = Xml(String::new());
        const NS: &str = "http://minameddelanden.gov.se/schema/Common";
        xml.text_in(NS, "Signature", &BASE64_STANDARD.encode(document));
        xml.text_in(NS, "Certificate", "");
        xml.0
    }
}

/// PEM files; both ends have the same key.
pub struct Files {
    pub authority: PathBuf,
    pub server: PathBuf,
    pub client: PathBuf,
    pub key: PathBuf,
}

/// What somebody signs.
#[derive(Clone)]
pub struct Agreed<'a> {
    pub id: &'a str,
    pub act: &'a str,
    pub supplier: &'a str,
    /// A day, or an instant.
    pub date: &'a str,
    pub accepted: &'a [&'a str],
    pub text: &'a str,
}

/// An answer, or the fault's number and our code.
pub type Answered = Result<String, (u32, String)>;

impl World {
    pub async fn new(database: Database) -> Self {
        Self::leaving(database, Whereabouts::Own, None).await
    }

    /// One that hands letters over to where that register says, for an hour.
    pub async fn handing_over(database: Database, register: Arc<dyn whereabouts::Register>) -> Self {
        Self::leaving(database, Whereabouts::Register(register), Some(Duration::from_secs(3600))).await
    }

    async fn leaving(database: Database, whereabouts: Whereabouts, give_up_after: Option<Duration>) -> Self {
        let store = database.store.clone();
        let dir = database.dir().to_owned();
        let clock = Arc::new(ManualClock::at(Time::parse(NOW).unwrap()));
        let random = || Arc::new(SystemRandom);
        let pki = Pki::new();
        let service = KeyService::open(key_service::Parts {
            root: Root::load_or_init(&dir.join("root.key"), &SystemRandom).unwrap(),
            letters: store.clone(),
            keys: database.keys().await.unwrap(),
            verifiers: Vec::new(),
            register: Some(Register::File(dir.join("signatories.json"))),
            settings: key_service::Settings::default(),
            clock: clock.clone(),
            random: random(),
        })
        .await
        .unwrap();
        service.take_agreements(Agreements::Xml(Authorities::from_pem(&pki.pem).unwrap()));
        let (connector, _) = service.start(tokio_util::sync::CancellationToken::new());
        let connects = organisations(&store, &pki, clock.now()).await;
        service.adopt_silently().await.unwrap();
        let directory = Directory::load(&store).await.unwrap();
        let gateway = connector.keys(Role::Gateway);
        let gateway_keys = Arc::new(gateway.gateway_keys().await.unwrap());
        let parts = intake::Parts {
            store: store.clone(),
            gateway_keys: gateway_keys.clone(),
            keys: gateway.clone(),
            directory: directory.clone(),
            trust: Trust::new(Authorities::from_pem(&pki.pem).unwrap()),
            whereabouts,
            outgoing: give_up_after.map(|time| Arc::new(pki.outgoing(time))),
            objects: Objects::open(&dir.join("objects"), random()).unwrap(),
            clock: clock.clone(),
            random: random(),
        };
        let intake = Intake::start(parts, intake::Settings::new("kuvert.example")).await.unwrap();
        let path = dir.join("signatories.json");
        let far = Far(Arc::new(FarParts {
            store: store.clone(),
            keys: gateway,
            gateway_keys,
            directory: directory.clone(),
            register: Register::File(path.clone()),
            agreements: Agreements::Xml(Authorities::from_pem(&pki.pem).unwrap()),
            clock: clock.clone(),
            random: random(),
        }));
        let door = Door {
            intake: intake.clone(),
            clock: clock.clone(),
            random: random(),
            origin: "https://kuvert.example".into(),
        };
        let router = mina_meddelanden::router(door, Some(far));
        let world = Self {
            database,
            store,
            clock,
            connector,
            service,
            pki,
            router,
            intake,
            directory,
            connects,
            signatories: path,
        };
        world.lets_sign(COMPANY, "Exempelbolaget AB", &[ANNA, BO, CLEO], "2").await;
        world
    }

    /// These people sign for a company, so many together.
    pub async fn lets_sign(&self, company: &str, name: &str, people: &[&str], rule: &str) {
        let mut file = SignatoryFile::read_or_begin(&self.signatories).await.unwrap();
        for number in people {
            let person_mac = self.mac(number).await;
            let mandate_id = domain::MandateId::new(&SystemRandom);
            file.add(&org(company), Signatory { mandate_id, person_mac, note: Vec::new() });
        }
        let rule: SignatureRule = rule.parse().unwrap();
        file.describe(&org(company), name, Some(rule)).unwrap();
        file.write(&self.signatories).await.unwrap();
    }

    pub async fn no_longer_signs(&self, company: &str, number: &str) {
        let mut file = SignatoryFile::read(&self.signatories).await.unwrap();
        assert!(file.remove(&org(company), &self.mac(number).await));
        file.write(&self.signatories).await.unwrap();
    }

    /// The handle of a door to another key service on the same stores.
    pub async fn another_key_service(&self) -> key_client::Keys {
        let service = KeyService::open(key_service::Parts {
            root: Root::load_or_init(&self.folder().join("root.key"), &SystemRandom).unwrap(),
            letters: self.store.clone(),
            keys: self.database.keys().await.unwrap(),
            verifiers: Vec::new(),
            register: None,
            settings: key_service::Settings::default(),
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom),
        })
        .await
        .unwrap();
        service.take_agreements(Agreements::Xml(Authorities::from_pem(&self.pki.pem).unwrap()));
        service.start(tokio_util::sync::CancellationToken::new()).0.keys(Role::Gateway)
    }

    pub fn folder(&self) -> &std::path::Path {
        self.database.dir()
    }

    /// The dispatcher may act for the sender.
    pub async fn lets_dispatch(&self, sender: &str, dispatcher: &str) {
        let mut tx = self.store.begin("list").await.unwrap();
        registry::dispatch::list(&mut tx, &org(sender), &org(dispatcher), self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.service.adopt_silently().await.unwrap();
        self.directory.refresh(&self.store).await.unwrap();
    }

    pub async fn no_longer_dispatches(&self, sender: &str, dispatcher: &str) {
        let mut tx = self.store.begin("unlist").await.unwrap();
        registry::dispatch::unlist(&mut tx, &org(sender), &org(dispatcher), self.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        self.service.adopt_silently().await.unwrap();
        self.directory.refresh(&self.store).await.unwrap();
    }

    pub async fn mac(&self, number: &str) -> [u8; 32] {
        let identity = Identity::parse(number).unwrap();
        self.connector.keys(Role::Operator).person_macs(&[identity]).await.unwrap()[0].address_mac
    }

    /// A person with a mailbox here.
    pub async fn has_box(&self, number: &str) -> MailboxId {
        let identity = Identity::parse(number).unwrap();
        let keys = self.connector.keys(Role::Operator);
        let macs = keys.person_macs(&[identity]).await.unwrap().remove(0);
        let mailbox_id = MailboxId::new(&SystemRandom);
        let (epoch, public_key) = keys.make_mailbox_key(mailbox_id).await.unwrap();
        let events = self.connector.keys(Role::Gateway).gateway_keys().await.unwrap().events;
        let recorder = Recorder::service(&events, &SystemRandom, &*self.clock);
        let mut tx = self.store.begin("open").await.unwrap();
        let new = NewPerson {
            login_mac: &macs.login_mac,
            address_mac: &macs.address_mac,
            kind: IdentityKind::Personnummer,
            profile: b"sealed",
            language: Language::Swedish,
        };
        let (person, _) = people::register(&mut tx, &new, self.clock.now(), &SystemRandom).await.unwrap();
        let owner = Owner::Person(person);
        let new = NewBox { mailbox_id, owner, epoch, public_key: &public_key, adult: true };
        let id = boxes::open(&mut tx, &new, &recorder).await.unwrap();
        tx.commit().await.unwrap();
        self.service.adopt_silently().await.unwrap();
        id
    }

    /// Registers one more, for whom it names.
    pub async fn lets_connect(&self, pem: &[u8]) {
        let certificate = Certificate::from_pem(pem).unwrap();
        let number = certificate.organisation.clone().unwrap();
        let now = self.clock.now();
        let mut tx = self.store.begin("register").await.unwrap();
        match self.directory.current().operator(&number) {
            Some(_) => drop(operators::add_certificate(&mut tx, &certificate.der, now).await.unwrap()),
            None => drop(registry::certificates::add(&mut tx, &number, &certificate.der, now).await.unwrap()),
        }
        tx.commit().await.unwrap();
    }

    /// The other end of a connection, by the organisation's own certificate.
    pub fn peer(&self, caller: &str) -> Peer {
        let sha256 = self.connects.get(caller).copied().unwrap_or([7; 32]);
        let certificate = PeerCertificate { sha256, organisation: Some(org(caller)), listed: false };
        Peer { address: ([127, 0, 0, 1], 5000).into(), certificate: Some(certificate) }
    }

    /// Posts a whole message.
    pub async fn posts(&self, caller: &str, path: &str, message: String) -> Answered {
        self.posts_from(self.peer(caller), path, message).await
    }

    /// From this other end.
    pub async fn posts_from(&self, peer: Peer, path: &str, message: String) -> Answered {
        let request = Request::post(path).header("content-type", "text/xml; charset=utf-8").extension(peer);
        let response = self.router.clone().oneshot(request.body(Body::from(message)).unwrap()).await.unwrap();
        let status = response.status();
        assert_eq!(response.headers()["content-type"], "text/xml; charset=utf-8");
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        keep(path, &text);
        if status == 200 {
            return Ok(text);
        }
        assert_eq!(status, 500);
        let number = between(&text, "ErrorCode").parse().unwrap();
        assert_eq!(between(&text, "CallId").len(), 36);
        let description = between(&text, "Description");
        Err((number, description.split(':').next().unwrap().to_owned()))
    }

    /// Calls with the operation's element.
    pub async fn calls(&self, caller: &str, path: &str, element: &str) -> Answered {
        self.posts(caller, path, delivery::write::envelope(element)).await
    }

    pub async fn gets(&self, path: &str) -> String {
        let request = Request::get(path).extension(self.peer(TOWN)).body(Body::empty()).unwrap();
        let response = self.router.clone().oneshot(request).await.unwrap();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        String::from_utf8(bytes.to_vec()).unwrap()
    }

    /// A change by whoever administers the letters' database.
    pub async fn tampers(&self, sql: &'static str, values: &[store::Value<'_>]) {
        let mut tx = self.store.begin("tamper").await.unwrap();
        assert!(tx.execute(sql, values).await.unwrap().count() > 0, "{sql}");
        tx.commit().await.unwrap();
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.store.read("count").await.unwrap();
        tx.one(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
    }
}

/// Leaves an answer where `tests/peers/mina-meddelanden` holds it to the schemas that we serve, if that is asked for.
fn keep(path: &str, answer: &str) {
    let Some(folder) = std::env::var_os("KUVERT_TEST_ANSWERS") else { return };
    let (service, _) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let name = format!("{}-{}.xml", service.to_lowercase(), hex::encode(vault::sha256(answer.as_bytes())));
    std::fs::write(PathBuf::from(folder).join(name), answer).unwrap();
}

pub fn org(number: &str) -> OrgNumber {
    OrgNumber::parse(number).unwrap()
}

/// The text of the first element of this name.
pub fn between(xml: &str, name: &str) -> String {
    let document = delivery::parse(xml.as_bytes()).unwrap();
    let node = document.descendants().find(|node| node.tag_name().name() == name);
    let node = node.unwrap_or_else(|| panic!("no {name} in {xml}"));
    document::text(node).map(std::borrow::Cow::into_owned).unwrap_or_default()
}

/// The texts of all elements of this name.
pub fn all(xml: &str, name: &str) -> Vec<String> {
    let document = delivery::parse(xml.as_bytes()).unwrap();
    let nodes = document.descendants().filter(|node| node.is_element() && node.tag_name().name() == name);
    nodes.map(|node| document::text(node).map(std::borrow::Cow::into_owned).unwrap_or_default()).collect()
}

async fn organisations(store: &Store, pki: &Pki, now: Time) -> HashMap<&'static str, [u8; 32]> {
    let mut connects = HashMap::new();
    let mut tx = store.begin("register").await.unwrap();
    for (number, name, may_send) in [
        (TOWN, "Exempelkommunen", true),
        (OFFICE, "Exempelverket", true),
        (DISPATCHER, "Exempelförmedlaren", false),
        (LADAN, "Lådan", false),
        (BREVEN, "Breven", false),
    ] {
        registry::senders::add(&mut tx, &org(number), name, may_send, now).await.unwrap();
        if ![LADAN, BREVEN].contains(&number) {
            let der = pki.certificate(number).der;
            let entry = registry::certificates::add(&mut tx, &org(number), &der, now).await.unwrap();
            connects.insert(number, entry.sha256);
        }
    }
    registry::dispatch::list(&mut tx, &org(TOWN), &org(DISPATCHER), now).await.unwrap();
    let own = org(OWN);
    let ladan = org(LADAN);
    let breven = org(BREVEN);
    let new = |number, domain, name, service_address| NewOperator {
        number,
        domain,
        name,
        service_address,
        ui_address: None,
    };
    let ours = new(&own, "kuvert.example", "Kuvert", "https://kuvert.example/Service/v3");
    operators::set_own(&mut tx, &ours, now).await.unwrap();
    for other in [
        new(&ladan, "ladan.example", "Lådan", "https://ladan.example/service/v3"),
        new(&breven, "breven.example", "Breven", "https://breven.example/service/v3"),
    ] {
        operators::add(&mut tx, &other, now).await.unwrap();
    }
    for number in [LADAN, BREVEN] {
        let der = pki.certificate(number).der;
        let entry = operators::add_certificate(&mut tx, &der, now).await.unwrap();
        connects.insert(number, entry.sha256);
    }
    tx.commit().await.unwrap();
    connects
}
