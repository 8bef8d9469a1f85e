//! The pages over real HTTP, with the real key service, a real OpenID provider and letters that were accepted.

use account::Accounts;
use domain::{
    Clock, Identity, IdentityKind, Language, MailboxId, MandateId, OrgNumber, PersonId, words::Because,
};
use eid::{
    Provider, Verifier,
    demo_provider::{DemoClient, DemoPerson, DemoProvider, DemoSettings, provider_config},
};
use intake::{Checked, Intake, Trust};
use key_client::{Column, Connector, Role, mandate_note, organisation_profile, person_profile};
use key_service::{KeyService, Root};
use mailbox::{Mailboxes, Objects};
use rcgen::{CertificateParams, DnType, KeyPair};
use registry::{
    Directory, Owner, Recorder, Register,
    boxes::{self, NewBox},
    operators::{self, NewOperator},
    organisations,
    people::{self, NewPerson},
    preferences,
    register::{Signatory, SignatoryFile},
    registrations::{self, AccountType, NewRegistration},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::{Store, args, testing::Database};
use tokio::net::TcpListener;
use vault::{Certificate, SystemRandom, jws::LetterSigner};
use web::{AccountChange, AccountNotice, CodeMessage, CodePost, CodeSent, Parts, Web, pages::Operator};

pub const TOWN: &str = "164020000016";
pub const OFFICE: &str = "164020000024";
pub const COMPANY: &str = "164020000040";
pub const ANNA: &str = "198101052382";
pub const BO: &str = "199001012385";
pub const CLEO: &str = "200001012384";
/// Born in 2015.
pub const DAVID: &str = "201501012387";

pub struct World {
    /// Goes when the world goes.
    #[allow(dead_code, reason = "held for its folder")]
    pub database: Database,
    pub store: Store,
    pub origin: String,
    pub content_origin: String,
    pub connector: Connector,
    /// Vouches for what the tests write to the database themselves.
    pub service: KeyService,
    pub codes: Arc<Codes>,
    /// What the operator's commands do.
    pub operator: Accounts,
    pub anna: (PersonId, MailboxId),
    pub bo: (PersonId, MailboxId),
    pub company: MailboxId,
    pub intake: Intake,
    /// Trusts nobody until told.
    pub trust: Trust,
    town: Organisation,
    office: Organisation,
}

/// Takes codes instead of sending them.
#[derive(Default)]
pub struct Codes(pub Mutex<Vec<(String, String)>>, pub Mutex<Vec<(String, AccountChange)>>);

impl CodePost for Codes {
    fn send(&self, message: CodeMessage) -> CodeSent<'_> {
        self.0.lock().unwrap().push((message.address, message.code));
        Box::pin(std::future::ready(true))
    }

    fn tell(&self, notice: AccountNotice) -> CodeSent<'_> {
        self.1.lock().unwrap().push((notice.address, notice.what));
        Box::pin(std::future::ready(true))
    }
}

struct Organisation {
    number: OrgNumber,
    certificate: Certificate,
    signer: LetterSigner,
}

impl Organisation {
    fn new(number: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
        params.not_after = rcgen::date_time_ymd(2100, 1, 1);
        let certificate = params.self_signed(&key).unwrap();
        let certificate = Certificate::parse(certificate.der()).unwrap();
        let signer = LetterSigner::from_pem(key.serialize_pem().as_bytes(), &certificate).unwrap();
        Self { number: OrgNumber::parse(number).unwrap(), certificate, signer }
    }
}

/// Which ports to use; 0 for any.
#[derive(Clone, Copy, Default)]
pub struct Ports {
    pub pages: u16,
    pub content: u16,
    pub provider: u16,
}

impl World {
    pub async fn new(database: Database, clock: Arc<dyn Clock>) -> Self {
        Self::at(database, clock, Ports::default()).await
    }

    pub async fn at(database: Database, clock: Arc<dyn Clock>, ports: Ports) -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let random = || Arc::new(SystemRandom);
        let listen = |port: u16| TcpListener::bind(("127.0.0.1", port));
        let pages = listen(ports.pages).await.unwrap();
        let content = listen(ports.content).await.unwrap();
        let provider = listen(ports.provider).await.unwrap();
        let origin = format!("http://127.0.0.1:{}", pages.local_addr().unwrap().port());
        let content_origin = format!("http://localhost:{}", content.local_addr().unwrap().port());
        let issuer = format!("http://localhost:{}", provider.local_addr().unwrap().port());

        let settings = DemoSettings {
            issuer: issuer.clone(),
            clients: vec![DemoClient {
                client_id: "kuvert".into(),
                secret: None,
                redirect_uris: vec![format!("{origin}/login/callback")],
            }],
            people: [(ANNA, "Anna"), (BO, "Bo"), (CLEO, "Cleo"), (DAVID, "David")].map(person).into(),
        };
        let demo = DemoProvider::new(settings, clock.clone(), random()).unwrap();
        tokio::spawn(async move { axum::serve(provider, demo.router()).await });
        let config = provider_config("demo", &issuer, "kuvert", None);

        let store = database.store.clone();
        let dir = database.dir().to_owned();
        let service = KeyService::open(key_service::Parts {
            root: Root::load_or_init(&dir.join("root.key"), &SystemRandom).unwrap(),
            letters: store.clone(),
            keys: database.keys().await.unwrap(),
            verifiers: vec![Verifier::open(config.clone()).unwrap()],
            register: Some(Register::File(dir.join("signatories.json"))),
            settings: key_service::Settings::default(),
            clock: clock.clone(),
            random: random(),
        })
        .await
        .unwrap();
        let (connector, _) = service.start(tokio_util::sync::CancellationToken::new());
        let town = Organisation::new(TOWN);
        let office = Organisation::new(OFFICE);
        let mut tx = store.begin("register").await.unwrap();
        for (one, name) in [(&town, "Exempelkommunen"), (&office, "Exempelverket")] {
            registry::senders::add(&mut tx, &one.number, name, true, clock.now()).await.unwrap();
            registry::certificates::add(&mut tx, &one.number, &one.certificate.der, clock.now())
                .await
                .unwrap();
        }
        tx.commit().await.unwrap();

        let objects = Objects::open(&dir.join("objects"), random()).unwrap();
        let gateway = connector.keys(Role::Gateway);
        let trust = Trust::default();
        let intake = Intake::start(
            intake::Parts {
                store: store.clone(),
                gateway_keys: Arc::new(gateway.gateway_keys().await.unwrap()),
                keys: gateway,
                directory: Directory::load(&store).await.unwrap(),
                trust: trust.clone(),
                whereabouts: intake::Whereabouts::Own,
                outgoing: None,
                objects: objects.clone(),
                clock: clock.clone(),
                random: random(),
            },
            intake::Settings::new("kuvert-test"),
        )
        .await
        .unwrap();

        let keys = connector.keys(Role::Web);
        let web_keys = Arc::new(keys.web_keys().await.unwrap());
        let house =
            Mailboxes::new(store.clone(), keys.clone(), web_keys.clone(), objects, clock.clone(), random());
        let register_path = dir.join("signatories.json");
        let codes = Arc::new(Codes::default());
        let people = People { store: &store, connector: &connector, service: &service, clock: &*clock };
        let anna = people.with_box(ANNA, "Anna Exempel").await;
        let bo = people.with_box(BO, "Bo Exempel").await;
        let company = people.company(&register_path).await;
        let accounts = |keys| {
            Accounts::new(account::Parts {
                store: store.clone(),
                keys,
                web_keys: web_keys.clone(),
                register: Register::File(register_path.clone()),
                codes: account::CodeLimits::default(),
                clock: clock.clone(),
                random: random(),
            })
        };
        let operator = accounts(connector.keys(Role::Operator));
        let web = Web::new(Parts {
            accounts: accounts(keys.clone()),
            keys,
            web_keys: web_keys.clone(),
            mailboxes: house,
            providers: vec![Provider::open(config, clock.clone(), random()).unwrap()],
            codes: codes.clone(),
            origin: origin.clone(),
            content_origin: content_origin.clone(),
            operator: Operator {
                name: "Exempeloperatören".into(),
                email: "hjalp@example.com".into(),
                number: String::new(),
            },
            // A proxy on another machine, which says for whom it asks.
            limits: web::Limits {
                proxies: edge::Proxies::parse(&["192.0.2.0/24"]).unwrap(),
                ..web::Limits::default()
            },
            openapi: serde_json::from_str(include_str!("../../../sender-gateway/openapi.json")).unwrap(),
            clock: clock.clone(),
            random: random(),
        });
        let peer = edge::Peer { address: ([192, 0, 2, 1], 50_000).into(), certificate: None };
        let router = web::router(&web).layer(axum::Extension(peer));
        let files = web::content_router(&web);
        tokio::spawn(async move { axum::serve(pages, router).await });
        tokio::spawn(async move { axum::serve(content, files).await });
        Self {
            database,
            store,
            origin,
            content_origin,
            connector,
            service,
            codes,
            operator,
            anna,
            bo,
            company,
            intake,
            trust,
            town,
            office,
        }
    }

    /// Sends a letter; members of `more` replace those of a small one. Files are name, type, content.
    pub async fn send(&self, from: &str, reference: &str, more: Value, files: &[(&str, &str, &[u8])]) {
        use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
        let sender = if from == TOWN { &self.town } else { &self.office };
        let entry = |(name, media_type, bytes): &(&str, &str, &[u8])| {
            json!({"name": name, "media_type": media_type, "bytes": bytes.len(),
                "sha256": BASE64_URL_SAFE_NO_PAD.encode(vault::sha256(bytes))})
        };
        let mut letter = json!({
            "reference": reference, "sender": from, "recipient": ANNA, "subject": "Beslut om bygglov",
            "language": "sv", "body": {"media_type": "text/plain", "content": "Hej Anna,\n\nVi har beviljat ditt bygglov."},
            "attachments": files.iter().map(entry).collect::<Vec<_>>(),
        });
        for (name, value) in more.as_object().unwrap() {
            letter[name] = value.clone();
        }
        let jws = sender.signer.sign_flattened(letter.to_string().as_bytes()).unwrap();
        let checked = self.intake.check(&sender.number, jws.into()).await.unwrap_or_else(|e| panic!("{e}"));
        let Checked::Draft(mut draft) = checked else { panic!("a repeat") };
        for (at, (_, _, bytes)) in files.iter().enumerate() {
            let mut sink = draft.attachment(at).await.unwrap();
            for piece in bytes.chunks(64 * 1024) {
                sink.write(piece).await.unwrap();
            }
            sink.finish().await.unwrap();
        }
        self.intake.accept(draft).await.unwrap_or_else(|e| panic!("{e}"));
    }

    pub async fn count(&self, sql: &'static str) -> i64 {
        let mut tx = self.store.read("count").await.unwrap();
        tx.one(sql, &[]).await.unwrap().unwrap().int(0).unwrap()
    }

    pub async fn sql(&self, sql: &'static str, values: &[store::Value<'_>]) {
        self.tamper(sql, values).await;
        self.service.adopt_silently().await.unwrap();
    }

    /// A change by whoever administers the letters database: nobody vouches for it.
    pub async fn tamper(&self, sql: &'static str, values: &[store::Value<'_>]) {
        let mut tx = self.store.begin("test").await.unwrap();
        tx.execute(sql, values).await.unwrap().count();
        tx.commit().await.unwrap();
    }

    /// Somebody has a mailbox at another operator, and has turned a sender off there.
    pub async fn is_elsewhere(&self, number: &str, off: &str) {
        let identity = Identity::parse(number).unwrap();
        let macs = self.connector.keys(Role::Operator).person_macs(&[identity]).await.unwrap();
        let gateway = self.connector.keys(Role::Gateway).gateway_keys().await.unwrap();
        let operator = OrgNumber::parse("164020000065").unwrap();
        let address_mac = &macs[0].address_mac;
        let recorder = Recorder::service(&gateway.events, &SystemRandom, &domain::SystemClock);
        let mut tx = self.store.begin("test").await.unwrap();
        let new = NewOperator {
            number: &operator,
            domain: "ladan.example",
            name: "Lådan",
            service_address: "https://ladan.example/service/v3",
            ui_address: None,
        };
        operators::add(&mut tx, &new, domain::SystemClock.now()).await.unwrap();
        let new = NewRegistration { address_mac, operator: &operator, account_type: AccountType::Secure };
        assert!(registrations::register(&mut tx, &new, &recorder).await.unwrap());
        let off = preferences::sender_mac(&gateway.sender, address_mac, &OrgNumber::parse(off).unwrap());
        preferences::store(&mut tx, address_mac, &[off], domain::SystemClock.now()).await.unwrap();
        tx.commit().await.unwrap();
    }

    pub async fn protect(&self, person: PersonId, now: domain::Time) {
        self.sql("UPDATE person SET protected_at = $1 WHERE person_id = $2", args![now, person]).await;
    }
}

fn person((number, given): (&str, &str)) -> DemoPerson {
    DemoPerson {
        subject: format!("subject-{}", given.to_lowercase()),
        given_name: given.into(),
        family_name: "Exempel".into(),
        identity: Identity::parse(number).unwrap(),
    }
}

/// People and organisations as the operator brings them in.
struct People<'a> {
    store: &'a Store,
    connector: &'a Connector,
    service: &'a KeyService,
    clock: &'a dyn Clock,
}

impl People<'_> {
    async fn with_box(&self, number: &str, name: &str) -> (PersonId, MailboxId) {
        let operator = self.connector.keys(Role::Operator);
        let identity = Identity::parse(number).unwrap();
        let macs = operator.person_macs(std::slice::from_ref(&identity)).await.unwrap().remove(0);
        let profile = json!({"name": name, "number": number}).to_string().into_bytes();
        let place = person_profile(&macs.login_mac);
        let profile = operator.seal_columns(vec![(Column::Profile, place, profile)]).await.unwrap().remove(0);
        let new = NewPerson {
            login_mac: &macs.login_mac,
            address_mac: &macs.address_mac,
            kind: IdentityKind::Personnummer,
            profile: &profile,
            language: Language::Swedish,
        };
        let mut tx = self.store.begin("register person").await.unwrap();
        let (person, _) = people::register(&mut tx, &new, self.clock.now(), &SystemRandom).await.unwrap();
        tx.commit().await.unwrap();
        (person, self.open(Owner::Person(person)).await)
    }

    /// The company, with Anna in the register as its signatory: she gets her right when she logs in.
    async fn company(&self, register: &std::path::Path) -> MailboxId {
        let operator = self.connector.keys(Role::Operator);
        let number = OrgNumber::parse(COMPANY).unwrap();
        let numbers = [number.identity(), Identity::parse(ANNA).unwrap()];
        let macs = operator.person_macs(&numbers).await.unwrap();
        let profile = json!({"name": "Exempelbolaget AB", "number": COMPANY}).to_string().into_bytes();
        let place = organisation_profile(&macs[0].address_mac);
        let profile = operator.seal_columns(vec![(Column::Profile, place, profile)]).await.unwrap().remove(0);
        let mut tx = self.store.begin("register company").await.unwrap();
        let mac = &macs[0].address_mac;
        let (id, _) =
            organisations::register(&mut tx, mac, &profile, self.clock.now(), &SystemRandom).await.unwrap();
        tx.commit().await.unwrap();
        let mandate_id = MandateId::new(&SystemRandom);
        let note = (Column::Note, mandate_note(mandate_id), b"Anna Exempel".to_vec());
        let note = operator.seal_columns(vec![note]).await.unwrap().remove(0);
        let mut file = SignatoryFile::default();
        file.add(&number, Signatory { person_mac: macs[1].address_mac, mandate_id, note });
        file.write(register).await.unwrap();
        self.open(Owner::Organisation(id)).await
    }

    async fn open(&self, owner: Owner) -> MailboxId {
        let operator = self.connector.keys(Role::Operator);
        let gateway = self.connector.keys(Role::Gateway).gateway_keys().await.unwrap();
        let mailbox_id = MailboxId::new(&SystemRandom);
        let (epoch, public_key) = operator.make_mailbox_key(mailbox_id).await.unwrap();
        let recorder = Recorder::service(&gateway.events, &SystemRandom, self.clock);
        let recorder = match owner.person() {
            Some(person) => recorder.by(person, Because::Owner),
            None => recorder,
        };
        let new = NewBox { mailbox_id, owner, epoch, public_key: &public_key, adult: true };
        let mut tx = self.store.begin("open box").await.unwrap();
        boxes::open(&mut tx, &new, &recorder).await.unwrap();
        tx.commit().await.unwrap();
        self.service.adopt_silently().await.unwrap();
        mailbox_id
    }
}
