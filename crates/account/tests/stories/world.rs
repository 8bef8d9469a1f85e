//! The acts of role web and of the operator over the real key service; people log in at a provider on this machine.

use account::{Accounts, NewPerson, Opened};
use domain::{Clock, Language, MailboxId, ManualClock, PersonId, words::EventType};
use eid::{Callback, LoginRequest, Provider, code_challenge};
use key_client::{Connector, GrantToken, GrantView, Keys, Role, WebKeys};
use key_service::KeyService;
use mailbox::{Actor, Rights};
use registry::Register;
use reqwest::{Client, header, redirect::Policy};
use std::{collections::HashMap, sync::Arc};
use store::{Store, testing::Database};
use testing::{eid::Demo, registry::People};
use vault::SystemRandom;

pub use testing::{ANNA, BO, CLEO, COMPANY, DAVID, LADAN, OFFICE, TOWN, identity, org};

const CALLBACK: &str = "http://127.0.0.1:8080/login/callback";

pub struct World {
    /// Goes when the world goes.
    #[allow(dead_code, reason = "held for its folder")]
    pub database: Database,
    pub store: Store,
    pub clock: Arc<ManualClock>,
    pub connector: Connector,
    pub service: KeyService,
    /// What pages work with.
    pub web: Accounts,
    /// What the operator's commands work with.
    pub operator: Accounts,
    pub web_keys: Arc<WebKeys>,
    keys: Keys,
    provider: Provider,
    issuer: String,
}

pub fn person(number: &str, name: &str) -> NewPerson {
    NewPerson { identity: identity(number), name: name.to_owned() }
}

impl World {
    pub async fn new(database: Database) -> Self {
        // Another test may have been first.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let clock = Arc::new(ManualClock::at(testing::now()));
        let any: Arc<dyn Clock> = clock.clone();
        let random = || Arc::new(SystemRandom);
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let demo = Demo::start(listener, CALLBACK, any.clone());
        let store = database.store.clone();
        let service = testing::key_service::open(&database, any.clone(), vec![demo.verifier()]).await;
        let connector = testing::key_service::start(&service);
        let keys = connector.keys(Role::Web);
        let web_keys = Arc::new(keys.web_keys().await.unwrap());
        let register = Register::File(testing::key_service::signatories(&database));
        let accounts = |keys: Keys| {
            Accounts::new(account::Parts {
                store: store.clone(),
                keys,
                web_keys: web_keys.clone(),
                register: register.clone(),
                codes: account::CodeLimits::default(),
                clock: any.clone(),
                random: random(),
            })
        };
        let web = accounts(keys.clone());
        let operator = accounts(connector.keys(Role::Operator));
        let mut tx = store.begin("register").await.unwrap();
        testing::registry::senders(&mut tx, clock.now()).await;
        tx.commit().await.unwrap();
        service.adopt_silently().await.unwrap();
        let provider = demo.provider();
        let issuer = demo.issuer;
        Self { database, store, clock, connector, service, web, operator, web_keys, keys, provider, issuer }
    }

    /// Identifies at the provider, as the pages have it done.
    pub async fn logs_in(&self, number: &str) -> GrantToken {
        let nonce = self.keys.begin_login("demo").await.unwrap();
        let state = eid::word(&SystemRandom);
        let verifier = eid::word(&SystemRandom);
        let request = LoginRequest {
            anew: false,
            state: &state,
            nonce: &nonce.nonce,
            code_challenge: &code_challenge(&verifier),
            redirect_uri: CALLBACK,
            locale: "sv",
        };
        let url = self.provider.authorization_url(&request).await.unwrap();
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.push(("person".into(), number.into()));
        let browser = Client::builder().redirect(Policy::none()).no_proxy().build().unwrap();
        let sent = browser.post(format!("{}/login", self.issuer)).form(&form).send().await.unwrap();
        let back = sent.headers()[header::LOCATION].to_str().unwrap();
        let query = back.split_once('?').unwrap().1;
        let Callback::Code(code) = self.provider.callback(query, &state).await.unwrap() else {
            panic!("no code");
        };
        let answer = self.provider.redeem(&code, &verifier, CALLBACK).await.unwrap();
        let answer = serde_json::to_value(answer).unwrap();
        self.keys.finish_login("demo", answer, &nonce.nonce).await.unwrap().grant
    }

    /// Logs in, opens a mailbox and goes on.
    pub async fn settles(&self, number: &str) -> (Actor, MailboxId) {
        let grant = self.logs_in(number).await;
        let opened = self.web.open_mailbox(&grant, Language::Swedish, false).await.unwrap();
        let Opened::Here(mailbox) = opened else { panic!("{opened:?}") };
        (self.actor(&grant).await, mailbox)
    }

    /// The operator's acts, with another register of signatories.
    pub fn accounts(&self, register: Register) -> Accounts {
        Accounts::new(account::Parts {
            store: self.store.clone(),
            keys: self.connector.keys(Role::Operator),
            web_keys: self.web_keys.clone(),
            register,
            codes: account::CodeLimits::default(),
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom),
        })
    }

    /// The pages' acts, with other limits of codes.
    pub fn with_codes(&self, codes: account::CodeLimits) -> Accounts {
        Accounts::new(account::Parts {
            store: self.store.clone(),
            keys: self.keys.clone(),
            web_keys: self.web_keys.clone(),
            register: Register::None,
            codes,
            clock: self.clock.clone(),
            random: Arc::new(SystemRandom),
        })
    }

    pub async fn view(&self, grant: &GrantToken) -> GrantView {
        self.keys.grant(grant).await.unwrap().unwrap()
    }

    /// What the mailboxes are called that somebody acts for.
    pub async fn names(&self, actor: &Actor) -> HashMap<MailboxId, String> {
        let known = self.web.who(actor.rights.person).await.unwrap();
        let view = self.view(&actor.grant).await;
        self.web.box_names(&actor.grant, &view, &known.boxes).await.unwrap()
    }

    /// Who is logged in, with the rights of this moment.
    pub async fn actor(&self, grant: &GrantToken) -> Actor {
        let person = self.keys.grant(grant).await.unwrap().unwrap().person.unwrap();
        Actor { grant: grant.clone(), rights: self.rights(person).await }
    }

    pub async fn rights(&self, person: PersonId) -> Rights {
        let known = self.web.who(person).await.unwrap();
        let boxes = known.boxes.iter().map(|one| (one.mailbox_id, one.because)).collect();
        Rights { person, boxes }
    }

    /// Somebody has a mailbox at another operator, and has turned a sender off there.
    pub async fn is_elsewhere(&self, number: &str, off: &str) {
        let people = People::new(&self.store, &self.connector, &*self.clock).await;
        people.elsewhere(number, &[off]).await;
    }

    /// What stands in the mailbox's own chain, with its detail, oldest first.
    pub async fn chain(&self, mailbox: MailboxId) -> Vec<(EventType, String)> {
        let mut tx = self.store.read("chain").await.unwrap();
        let rings = self.service.event_rings().unwrap();
        let events = evidence::read_chain(&mut tx, &rings, mailbox, mailbox.own_chain()).await.unwrap();
        events.into_iter().map(|one| (one.kind, one.detail.unwrap_or_default())).collect()
    }
}
