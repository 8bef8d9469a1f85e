//! We, and two operators that answer as they please.

use crate::{
    another::Wire,
    service::to,
    world::{ANNA, BO, BREVEN, LADAN, OWN, TOWN, World, between, org},
};
use Says::{Delivered, Fault, Nothing, TooLarge};
use axum::{Router, extract::State, http::StatusCode, response::IntoResponse};
use domain::{Identity, OrgNumber};
use intake::whereabouts::{OperatorAddress, Place, Register};
use key_client::Role;
use mina_meddelanden::HandOver;
use std::{
    collections::{HashMap, VecDeque},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use store::{jobs::Worker, testing::Database};
use testing::Rows as _;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

pub const HOUR: Duration = Duration::from_secs(3600);

/// Where each has a mailbox.
#[derive(Debug, Default)]
pub struct Places {
    pub of: Mutex<HashMap<&'static str, Place>>,
    pub panics: AtomicBool,
}

impl Register for Places {
    fn places<'a>(
        &'a self,
        _: &'a OrgNumber,
        recipients: &'a [Identity],
    ) -> Pin<Box<dyn Future<Output = Vec<Option<Place>>> + Send + 'a>> {
        assert!(!self.panics.load(Ordering::Relaxed));
        let places = self.of.lock().unwrap();
        let answers: Vec<_> = recipients.iter().map(|one| places.get(one.expose()).cloned()).collect();
        Box::pin(std::future::ready(answers))
    }

    fn forget(&self, _: &OrgNumber, _: &[Identity]) {}

    fn is_operator(&self, _: &OrgNumber) -> bool {
        false
    }
}

#[derive(Clone, Copy)]
pub enum Says {
    Delivered,
    Fault(u32),
    /// An error without a fault: whether it has the letter, nobody knows.
    Nothing,
    /// What stands before it lets the message not through.
    TooLarge,
}

/// What the operators say next, and how many letters each has got.
#[derive(Clone)]
pub struct Told {
    next: Arc<Mutex<VecDeque<Says>>>,
    got: Arc<Mutex<Vec<String>>>,
    /// One must be had to answer at Lådan.
    pub gate: Arc<Semaphore>,
}

async fn answer(State(told): State<Told>, uri: axum::http::Uri) -> axum::response::Response {
    told.got.lock().unwrap().push(uri.path().trim_start_matches('/').to_owned());
    if uri.path().ends_with(LADAN) {
        told.gate.acquire().await.unwrap().forget();
        told.gate.add_permits(1);
    }
    let says = told.next.lock().unwrap().pop_front().unwrap_or(Delivered);
    let kind = [("content-type", "text/xml; charset=utf-8")];
    match says {
        // A page of what stands before it, which happens to be XML.
        Nothing => (StatusCode::BAD_GATEWAY, "<html><body>502</body></html>").into_response(),
        TooLarge => StatusCode::PAYLOAD_TOO_LARGE.into_response(),
        Fault(number) => {
            let fault = format!(
                "<S:Envelope xmlns:S=\"http://schemas.xmlsoap.org/soap/envelope/\"><S:Body><S:Fault>\
                 <faultcode>S:Server</faultcode><detail><ErrorCode>{number}</ErrorCode></detail>\
                 </S:Fault></S:Body></S:Envelope>"
            );
            (StatusCode::INTERNAL_SERVER_ERROR, kind, fault).into_response()
        }
        Delivered => {
            let result = format!(
                "<deliverSecureResponse xmlns=\"{}\"><return><TransId>T-1</TransId><Status>\
                 <Delivered>true</Delivered></Status></return></deliverSecureResponse>",
                delivery::names::SERVICE_V3
            );
            (kind, delivery::write::envelope(&result)).into_response()
        }
    }
}

/// We, two operators behind one wire, and a register that says where everybody is.
pub struct Two {
    pub world: World,
    pub wire: Wire,
    pub told: Told,
    pub places: Arc<Places>,
    pub worker: Arc<Worker>,
    pub hand_over: Arc<HandOver>,
}

impl Two {
    /// Anna is at Lådan, and Bo at Breven.
    pub async fn new(database: Database) -> Self {
        let places = Arc::new(Places::default());
        let world = World::handing_over(database, places.clone()).await;
        let mut tx = world.store.begin("list us").await.unwrap();
        registry::senders::add(&mut tx, &org(OWN), "Kuvert", false, domain::Clock::now(&*world.clock))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.service.adopt_silently().await.unwrap();
        world.lets_dispatch(TOWN, OWN).await;
        let gate = Arc::new(Semaphore::new(1));
        let told = Told { next: Arc::default(), got: Arc::default(), gate };
        let router = Router::new().fallback(answer).with_state(told.clone());
        let wire = Wire::new(router, &world.pki, world.folder(), OWN).await;
        let keys = world.connector.keys(Role::Outgoing);
        let soap = wire.soap.clone();
        let random = Arc::new(SystemRandom);
        let hand_over = HandOver::new(world.intake.clone(), keys, soap, world.clock.clone(), random.clone());
        let worker = Worker {
            store: world.store.clone(),
            clock: world.clock.clone(),
            random,
            wake: Arc::default(),
            settings: HandOver::settings(),
        };
        let worker = Arc::new(worker);
        let hand_over = Arc::new(hand_over);
        let two = Self { world, wire, told, places, worker, hand_over };
        for (number, domain) in [(LADAN, "ladan.example"), (BREVEN, "breven.example")] {
            two.is_registered(number, domain, two.wire.port).await;
        }
        two.is_at(ANNA, LADAN);
        two.is_at(BO, BREVEN);
        two
    }

    /// Registered operators get letters where they are registered.
    pub async fn is_registered(&self, number: &str, domain: &str, port: u16) {
        let new = registry::operators::NewOperator {
            number: &org(number),
            domain,
            name: domain,
            service_address: &format!("https://127.0.0.1:{port}/{number}"),
            ui_address: None,
        };
        let mut tx = self.world.store.begin("register operator").await.unwrap();
        assert!(registry::operators::change(&mut tx, &new).await.unwrap());
        tx.commit().await.unwrap();
        self.world.directory.refresh(&self.world.store).await.unwrap();
    }

    pub async fn is_suspended(&self, sender: &str, suspended: bool) {
        let mut tx = self.world.store.begin("suspend").await.unwrap();
        let now = domain::Clock::now(&*self.world.clock);
        let changed = match suspended {
            true => registry::senders::suspend(&mut tx, &org(sender), now).await,
            false => registry::senders::resume(&mut tx, &org(sender)).await,
        };
        assert!(changed.unwrap());
        tx.commit().await.unwrap();
        self.world.service.adopt_silently().await.unwrap();
        self.world.directory.refresh(&self.world.store).await.unwrap();
    }

    /// The process begins anew.
    pub fn restarts(&mut self) {
        let world = &self.world;
        let keys = world.connector.keys(Role::Outgoing);
        let soap = self.wire.soap.clone();
        let random = Arc::new(SystemRandom);
        self.hand_over =
            Arc::new(HandOver::new(world.intake.clone(), keys, soap, world.clock.clone(), random));
    }

    pub fn is_at(&self, who: &'static str, operator: &str) {
        let service_address = format!("https://127.0.0.1:{}/{operator}", self.wire.port);
        let at = Place::At(OperatorAddress { number: org(operator), service_address });
        self.places.of.lock().unwrap().insert(who, at);
    }

    pub fn say<const N: usize>(&self, says: [Says; N]) {
        self.told.next.lock().unwrap().extend(says);
    }

    pub async fn sends(&self, id: &str) {
        self.sends_to(ANNA, id).await;
    }

    pub async fn sends_to(&self, who: &str, id: &str) {
        // So that ids are in order.
        self.world.clock.advance(Duration::from_millis(1));
        let message = self.world.sealed(&to(who, id));
        let answer = self.world.posts(TOWN, "/Service/v3", message).await.unwrap();
        assert_eq!(between(&answer, "Delivered"), "true");
    }

    /// All that is due; answers how many letters operators have got since the beginning.
    pub async fn works(&self) -> usize {
        while self.does_one().await > 0 {}
        self.got("")
    }

    pub async fn does_one(&self) -> usize {
        self.worker.once(&self.hand_over, &CancellationToken::new()).await.unwrap()
    }

    pub async fn works_later(&self) -> usize {
        self.world.clock.advance(HOUR / 3);
        self.works().await
    }

    pub async fn sql(&self, sql: &'static str) {
        self.world.store.change(sql, &[]).await;
    }

    /// One try of all after so many seconds, whenever they are due.
    pub async fn tries<const N: usize>(&self, after: u64, says: [Says; N]) -> Vec<String> {
        self.world.clock.advance(Duration::from_secs(after));
        self.sql("UPDATE job SET run_at = 0").await;
        self.say(says);
        self.works().await;
        self.codes().await
    }

    pub fn got(&self, operator: &str) -> usize {
        self.told.got.lock().unwrap().iter().filter(|one| one.contains(operator)).count()
    }

    /// How the letters stand, in the order in which they were taken in charge.
    pub async fn codes(&self) -> Vec<String> {
        let mut tx = self.world.store.read("codes").await.unwrap();
        let all = "SELECT COALESCE(last_code, '') AS last_code, ended_at FROM outbound ORDER BY letter_id";
        let code = |row: &store::Row| {
            let waits = if row.opt_time("ended_at").unwrap().is_none() { " waits" } else { "" };
            format!("{}{waits}", row.text("last_code").unwrap())
        };
        tx.query(all, &[]).await.unwrap().iter().map(code).collect()
    }
}
