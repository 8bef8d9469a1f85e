//! A register with its key service, senders, operators and people; calls go through the router, certificates and all.

use axum::{Router, body::Body, extract::Request};
use delivery::{document, write::Xml};
use domain::{AddressMac, CertificateDigest, Clock, Identity, MailboxId, ManualClock, Time};
use edge::{Peer, peer::PeerCertificate};
use http_body_util::BodyExt;
use intake::{Intake, Outgoing, Trust, Whereabouts, whereabouts};
use key_client::{Connector, Role};
use key_service::KeyService;
use mina_meddelanden::{Agreements, Door, Far, FarParts, Said, Signed};
use registry::{
    Directory, Register, operators,
    register::{Signatory, SignatoryFile, SignatureRule},
};
use std::{collections::HashMap, ops::Deref, path::PathBuf, sync::Arc, time::Duration};
use store::{Store, testing::Database};
use testing::{Authority, pki::named, registry::People};
use tower::ServiceExt;
use vault::{Authorities, Certificate, SystemRandom};

pub use testing::{ANNA, BO, BREVEN, CLEO, COMPANY, DAVID, DISPATCHER, LADAN, OFFICE, OWN, TOWN, org};

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
    connects: HashMap<&'static str, CertificateDigest>,
    signatories: PathBuf,
}

/// One authority for all, organisations and people alike.
pub struct Pki(Authority);

impl Deref for Pki {
    type Target = Authority;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}

impl Pki {
    pub fn new() -> Self {
        Self(Authority::new())
    }

    fn trusted(&self) -> Authorities {
        Authorities::from_pem(&self.pem).unwrap()
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
        let server = self.server("127.0.0.1");
        let client = self.pair(&named(caller));
        Files {
            authority: file("wire-ca.pem", &self.pem),
            server: file("wire-server.pem", server.certificate.as_bytes()),
            server_key: file("wire-server.key", server.key.as_bytes()),
            client: file("wire-client.pem", client.certificate.as_bytes()),
            client_key: file("wire-client.key", client.key.as_bytes()),
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

/// PEM files.
pub struct Files {
    pub authority: PathBuf,
    pub server: PathBuf,
    pub server_key: PathBuf,
    pub client: PathBuf,
    pub client_key: PathBuf,
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
        let clock = Arc::new(ManualClock::at(testing::now()));
        let random = || Arc::new(SystemRandom);
        let pki = Pki::new();
        let service = testing::key_service::open(&database, clock.clone(), Vec::new()).await;
        service.take_agreements(Agreements::Xml(pki.trusted()));
        let connector = testing::key_service::start(&service);
        let connects = organisations(&store, &pki, clock.now()).await;
        service.adopt_silently().await.unwrap();
        let mut parts = testing::intake::parts(&database, &connector, clock.clone()).await;
        parts.trust = Trust::new(pki.trusted());
        parts.whereabouts = whereabouts;
        parts.outgoing = give_up_after.map(|time| Arc::new(pki.outgoing(time)));
        let directory = parts.directory.clone();
        let path = testing::key_service::signatories(&database);
        let far = Far(Arc::new(FarParts {
            store: store.clone(),
            keys: parts.keys.clone(),
            gateway_keys: parts.gateway_keys.clone(),
            directory: directory.clone(),
            register: Register::File(path.clone()),
            agreements: Agreements::Xml(pki.trusted()),
            clock: clock.clone(),
            random: random(),
        }));
        let intake = Intake::start(parts, intake::Settings::new("kuvert.example")).await.unwrap();
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
        let service = testing::key_service::open(&self.database, self.clock.clone(), Vec::new()).await;
        service.take_agreements(Agreements::Xml(self.pki.trusted()));
        testing::key_service::start(&service).keys(Role::Gateway)
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

    pub async fn mac(&self, number: &str) -> AddressMac {
        let identity = Identity::parse(number).unwrap();
        self.connector.keys(Role::Operator).person_macs(&[identity]).await.unwrap()[0].address_mac
    }

    /// A person with a mailbox here.
    pub async fn has_box(&self, number: &str) -> MailboxId {
        let people = People::new(&self.store, &self.connector, &*self.clock).await;
        let (_, mailbox) = people.person(number, "Någon Exempel").await;
        self.service.adopt_silently().await.unwrap();
        mailbox
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
        let sha256 = self.connects.get(caller).copied().unwrap_or(CertificateDigest::from_bytes([7; 32]));
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
}

/// Leaves an answer where `tests/peers/mina-meddelanden` holds it to the schemas that we serve, if that is asked for.
fn keep(path: &str, answer: &str) {
    let Some(folder) = std::env::var_os("KUVERT_TEST_ANSWERS") else { return };
    let (service, _) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    let name = format!("{}-{}.xml", service.to_lowercase(), hex::encode(vault::sha256(answer.as_bytes())));
    std::fs::write(PathBuf::from(folder).join(name), answer).unwrap();
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

async fn organisations(store: &Store, pki: &Pki, now: Time) -> HashMap<&'static str, CertificateDigest> {
    let mut connects = HashMap::new();
    let mut tx = store.begin("register").await.unwrap();
    testing::registry::senders(&mut tx, now).await;
    for number in [TOWN, OFFICE, DISPATCHER] {
        let der = pki.certificate(number, 2100).der;
        let entry = registry::certificates::add(&mut tx, &org(number), &der, now).await.unwrap();
        connects.insert(number, entry.sha256);
    }
    registry::dispatch::list(&mut tx, &org(TOWN), &org(DISPATCHER), now).await.unwrap();
    testing::registry::own(&mut tx, now).await;
    for (number, name) in [(LADAN, "Lådan"), (BREVEN, "Breven")] {
        registry::senders::add(&mut tx, &org(number), name, false, now).await.unwrap();
        testing::registry::operator(&mut tx, number, now).await;
        let der = pki.certificate(number, 2100).der;
        let entry = operators::add_certificate(&mut tx, &der, now).await.unwrap();
        connects.insert(number, entry.sha256);
    }
    tx.commit().await.unwrap();
    connects
}
