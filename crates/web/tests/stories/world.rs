//! The pages over real HTTP, with the real key service, a real OpenID provider and letters that were accepted.

use account::Accounts;
use domain::{Clock, MailboxId, MandateId, PersonId};
use intake::{Checked, Intake, Trust};
use key_client::{Column, Connector, Keys, Role, mandate_note};
use key_service::KeyService;
use registry::{
    Register,
    register::{Signatory, SignatoryFile},
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use store::{Store, args, testing::Database};
use testing::{Organisation, Rows as _, attaching, identity, org, registry::People, with};
use tokio::net::TcpListener;
use vault::SystemRandom;
use web::{AccountChange, AccountNotice, CodeMessage, CodePost, CodeSent, Parts, Web, pages::Operator};

pub use testing::{ANNA, BO, CLEO, COMPANY, DAVID, OFFICE, TOWN};

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

        let demo = testing::eid::Demo::start(provider, &format!("{origin}/login/callback"), clock.clone());
        let service = testing::key_service::open(&database, clock.clone(), vec![demo.verifier()]).await;
        let connector = testing::key_service::start(&service);
        let store = database.store.clone();
        let town = Organisation::new(TOWN);
        let office = Organisation::new(OFFICE);
        let mut tx = store.begin("register").await.unwrap();
        testing::registry::senders(&mut tx, clock.now()).await;
        for one in [&town, &office] {
            let der = &one.certificate.der;
            registry::certificates::add(&mut tx, &one.number, der, clock.now()).await.unwrap();
        }
        tx.commit().await.unwrap();

        let parts = testing::intake::parts(&database, &connector, clock.clone()).await;
        let trust = parts.trust.clone();
        let objects = parts.objects.clone();
        let intake = Intake::start(parts, intake::Settings::new("kuvert-test")).await.unwrap();
        let keys = connector.keys(Role::Web);
        let (mailboxes, web_keys) =
            testing::intake::mailboxes(&database, &connector, objects, clock.clone()).await;
        let register_path = testing::key_service::signatories(&database);
        let codes = Arc::new(Codes::default());
        let people = People::new(&store, &connector, &*clock).await;
        let anna = people.person(ANNA, "Anna Exempel").await;
        let bo = people.person(BO, "Bo Exempel").await;
        let company = people.company(COMPANY, "Exempelbolaget AB").await.1;
        signatory(&connector.keys(Role::Operator), &register_path).await;
        service.adopt_silently().await.unwrap();
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
            mailboxes,
            providers: vec![demo.provider()],
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
        let sender = if from == TOWN { &self.town } else { &self.office };
        let text = "Hej Anna,\n\nVi har beviljat ditt bygglov.";
        let body = json!({"media_type": "text/plain", "content": text});
        let letter = with(with(testing::letter(reference), "sender", from.into()), "body", body);
        let mut letter = attaching(letter, files);
        for (name, value) in more.as_object().unwrap() {
            letter[name] = value.clone();
        }
        let jws = sender.sign(&letter);
        let checked = self.intake.check(&sender.number, jws).await.unwrap_or_else(|e| panic!("{e}"));
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

    pub async fn sql(&self, sql: &'static str, values: &[store::Value<'_>]) {
        self.tamper(sql, values).await;
        self.service.adopt_silently().await.unwrap();
    }

    /// A change by whoever administers the letters database: nobody vouches for it.
    pub async fn tamper(&self, sql: &'static str, values: &[store::Value<'_>]) {
        self.store.change(sql, values).await;
    }

    /// Somebody has a mailbox at another operator, and has turned a sender off there.
    pub async fn is_elsewhere(&self, number: &str, off: &str) {
        let people = People::new(&self.store, &self.connector, &domain::SystemClock).await;
        people.elsewhere(number, &[off]).await;
    }

    pub async fn protect(&self, person: PersonId, now: domain::Time) {
        self.sql("UPDATE person SET protected_at = $1 WHERE person_id = $2", args![now, person]).await;
    }
}

/// Anna in the register as the company's signatory: she gets her right when she logs in.
async fn signatory(operator: &Keys, register: &std::path::Path) {
    let macs = operator.person_macs(&[identity(ANNA)]).await.unwrap();
    let mandate_id = MandateId::new(&SystemRandom);
    let note = (Column::Note, mandate_note(mandate_id), b"Anna Exempel".to_vec());
    let note = operator.seal_columns(vec![note]).await.unwrap().remove(0);
    let mut file = SignatoryFile::default();
    file.add(&org(COMPANY), Signatory { person_mac: macs[0].address_mac, mandate_id, note });
    file.write(register).await.unwrap();
}
