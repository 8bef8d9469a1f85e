//! Letters that are handed over to operators that answer as they please, or not at all.

use crate::{
    another::Wire,
    service::to,
    world::{ANNA, BO, BREVEN, LADAN, OWN, TOWN, World, between, org},
};
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
use store::{both, jobs::Worker, testing::Database};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

both!(
    already_exists_is_delivered_where_an_earlier_try_had_no_answer,
    a_letter_that_may_be_somewhere_follows_its_recipient_all_the_same,
    a_silent_operator_is_left_alone_and_gets_all_when_it_answers,
    a_letter_that_may_be_there_is_asked_for_once_more_before_it_is_given_up,
    already_exists_shows_that_an_operator_answers_again,
    whoever_may_not_have_been_told_yet_is_asked_for_twenty_minutes,
    one_operator_that_does_not_answer_leaves_places_to_others,
    a_letter_that_what_stands_before_an_operator_refuses_holds_up_no_other,
    what_arrived_is_not_told_as_given_up_where_it_could_not_be_written,
    a_letter_that_makes_us_panic_is_not_buried,
);

const HOUR: Duration = Duration::from_secs(3600);

/// Where each has a mailbox.
#[derive(Debug, Default)]
struct Places {
    of: Mutex<HashMap<&'static str, Place>>,
    panics: AtomicBool,
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
enum Says {
    Delivered,
    Fault(u32),
    /// An error without a fault: whether it has the letter, nobody knows.
    Nothing,
    /// What stands before it lets the message not through.
    TooLarge,
}
use Says::{Delivered, Fault, Nothing, TooLarge};

/// What the operators say next, and how many letters each has got.
#[derive(Clone)]
struct Told {
    next: Arc<Mutex<VecDeque<Says>>>,
    got: Arc<Mutex<Vec<String>>>,
    /// One must be had to answer at Lådan.
    gate: Arc<Semaphore>,
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
        Nothing => StatusCode::BAD_GATEWAY.into_response(),
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
struct Two {
    world: World,
    wire: Wire,
    told: Told,
    places: Arc<Places>,
    worker: Arc<Worker>,
    hand_over: Arc<HandOver>,
}

impl Two {
    /// Anna is at Lådan, and Bo at Breven.
    async fn new(database: Database) -> Self {
        let places = Arc::new(Places::default());
        let world = World::handing_over(database, places.clone()).await;
        let mut tx = world.store.begin("list us").await.unwrap();
        registry::senders::add(&mut tx, &org(OWN), "Kuvert", false, domain::Clock::now(&*world.clock))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        world.lets_dispatch(TOWN, OWN).await;
        let gate = Arc::new(Semaphore::new(1));
        let told = Told { next: Arc::default(), got: Arc::default(), gate };
        let router = Router::new().fallback(answer).with_state(told.clone());
        let wire = Wire::new(router, &world.pki, world.folder(), OWN).await;
        // Registered operators get letters where they are registered.
        let mut tx = world.store.begin("register operators").await.unwrap();
        for (number, domain) in [(LADAN, "ladan.example"), (BREVEN, "breven.example")] {
            let service_address = &format!("https://127.0.0.1:{}/{number}", wire.port);
            let new = registry::operators::NewOperator {
                number: &org(number),
                domain,
                name: domain,
                service_address,
                ui_address: None,
            };
            assert!(registry::operators::change(&mut tx, &new).await.unwrap());
        }
        tx.commit().await.unwrap();
        let keys = world.connector.keys(Role::Outgoing);
        let (soap, random) = (wire.soap.clone(), Arc::new(SystemRandom));
        let hand_over = HandOver::new(world.intake.clone(), keys, soap, world.clock.clone(), random.clone());
        let worker = Worker {
            store: world.store.clone(),
            clock: world.clock.clone(),
            random,
            wake: Arc::default(),
            settings: HandOver::settings(),
        };
        let (worker, hand_over) = (Arc::new(worker), Arc::new(hand_over));
        let two = Self { world, wire, told, places, worker, hand_over };
        two.is_at(ANNA, LADAN);
        two.is_at(BO, BREVEN);
        two
    }

    fn is_at(&self, who: &'static str, operator: &str) {
        let service_address = format!("https://127.0.0.1:{}/{operator}", self.wire.port);
        let at = Place::At(OperatorAddress { number: org(operator), service_address });
        self.places.of.lock().unwrap().insert(who, at);
    }

    fn say<const N: usize>(&self, says: [Says; N]) {
        self.told.next.lock().unwrap().extend(says);
    }

    async fn sends(&self, id: &str) {
        self.sends_to(ANNA, id).await;
    }

    async fn sends_to(&self, who: &str, id: &str) {
        // So that ids are in order.
        self.world.clock.advance(Duration::from_millis(1));
        let message = self.world.sealed(&to(who, id));
        let answer = self.world.posts(TOWN, "/Service/v3", message).await.unwrap();
        assert_eq!(between(&answer, "Delivered"), "true");
    }

    /// All that is due; answers how many letters operators have got since the beginning.
    async fn works(&self) -> usize {
        while self.does_one().await > 0 {}
        self.got("")
    }

    async fn does_one(&self) -> usize {
        self.worker.once(&self.hand_over, &CancellationToken::new()).await.unwrap()
    }

    async fn works_later(&self) -> usize {
        self.world.clock.advance(HOUR / 3);
        self.works().await
    }

    async fn sql(&self, sql: &'static str) {
        let mut tx = self.world.store.begin("test").await.unwrap();
        let _ = tx.execute(sql, &[]).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// One try of all after so many seconds, whenever they are due.
    async fn tries<const N: usize>(&self, after: u64, says: [Says; N]) -> Vec<String> {
        self.world.clock.advance(Duration::from_secs(after));
        self.sql("UPDATE job SET run_at = 0").await;
        self.say(says);
        self.works().await;
        self.codes().await
    }

    fn got(&self, operator: &str) -> usize {
        self.told.got.lock().unwrap().iter().filter(|one| one.contains(operator)).count()
    }

    /// How the letters stand, in the order in which they were taken in charge.
    async fn codes(&self) -> Vec<String> {
        let mut tx = self.world.store.read("codes").await.unwrap();
        let all = "SELECT COALESCE(last_code, ''), ended_at FROM outbound ORDER BY letter_id";
        let code = |row: &store::Row| {
            let waits = if row.opt_time(1).unwrap().is_none() { " waits" } else { "" };
            format!("{}{waits}", row.text(0).unwrap())
        };
        tx.query(all, &[]).await.unwrap().iter().map(code).collect()
    }
}

async fn already_exists_is_delivered_where_an_earlier_try_had_no_answer(database: Database) {
    let two = Two::new(database).await;
    // Answered each time: it is somebody else's letter that exists.
    two.sends("fault").await;
    two.say([Fault(5000), Fault(5007)]);
    two.works().await;
    two.works_later().await;
    assert_eq!(two.codes().await, ["already_exists"]);
    // A fault says nothing of the try before it.
    two.sends("lost").await;
    two.say([Nothing, Fault(5000), Fault(5007)]);
    two.works().await;
    two.works_later().await;
    two.works_later().await;
    assert_eq!(two.codes().await[1..], ["delivered"]);
    // What had no answer went to another operator.
    two.sends("moved").await;
    two.say([Nothing, Fault(5007)]);
    two.works().await;
    two.is_at(ANNA, BREVEN);
    two.works_later().await;
    assert_eq!(two.codes().await[2..], ["already_exists"]);
    assert_eq!((two.got(LADAN), two.got(BREVEN)), (6, 1));
}

async fn a_letter_that_may_be_somewhere_follows_its_recipient_all_the_same(database: Database) {
    let two = Two::new(database).await;
    two.sends("to another operator").await;
    two.say([Nothing, Delivered]);
    two.works().await;
    two.is_at(ANNA, BREVEN);
    two.works_later().await;
    two.is_at(ANNA, LADAN);
    two.sends("home").await;
    two.say([Nothing, Fault(5000)]);
    two.works().await;
    two.is_at(ANNA, BREVEN);
    two.works_later().await;
    let in_doubt = format!("SELECT count(*) FROM outbound WHERE ended_at IS NULL AND sent_to = '{LADAN}'");
    assert_eq!(two.world.count(in_doubt.leak()).await, 1, "what another says does not count for it");
    two.world.has_box(ANNA).await;
    two.places.of.lock().unwrap().insert(ANNA, Place::Here);
    two.works_later().await;
    assert_eq!(two.codes().await, ["delivered", "delivered_here"]);
    assert_eq!((two.got(LADAN), two.got(BREVEN)), (2, 2), "who may have it is not asked again");
    let arrived =
        format!("SELECT count(*) FROM outbound WHERE last_code = 'delivered' AND operator = '{BREVEN}'");
    assert_eq!(two.world.count(arrived.leak()).await, 1, "known by where it arrived");
    assert_eq!(two.world.count("SELECT count(*) FROM letter").await, 1);
}

async fn a_silent_operator_is_left_alone_and_gets_all_when_it_answers(database: Database) {
    let two = Two::new(database).await;
    two.sends("first").await;
    two.say([Nothing]);
    assert_eq!(two.works().await, 1);
    for id in ["second", "third"] {
        two.sends(id).await;
        assert_eq!(two.works().await, 1, "not sent");
    }
    assert_eq!(two.codes().await, ["no_answer waits", "silent waits", "silent waits"]);
    // It answers the first that asks; those that were looked at in the same moment need not wait either.
    two.world.clock.advance(Duration::from_secs(6));
    two.works().await;
    two.works().await;
    assert_eq!(two.codes().await, ["delivered"; 3]);
    assert_eq!(two.got(LADAN), 4);
}

async fn a_letter_that_may_be_there_is_asked_for_once_more_before_it_is_given_up(database: Database) {
    let two = Two::new(database).await;
    two.sends("first").await;
    two.say([Nothing]);
    two.works().await;
    two.world.clock.advance(HOUR - Duration::from_secs(2));
    two.sends("second").await;
    two.say([Nothing]);
    two.works().await;
    let asked = two.got(LADAN);
    // The hour is over for the first, and the operator has just been silent.
    assert_eq!(two.tries(3, [Fault(5007)]).await[0], "delivered");
    assert!(two.got(LADAN) > asked);
    assert_eq!(two.tries(HOUR.as_secs(), []).await[1..], ["delivered"]);
}

async fn already_exists_shows_that_an_operator_answers_again(database: Database) {
    let two = Two::new(database).await;
    two.sends("first").await;
    two.say([Nothing]);
    two.works().await;
    two.sends("second").await;
    assert_eq!(two.works().await, 1, "not sent while it is silent");
    two.sql("UPDATE job SET run_at = run_at + 3600000 WHERE letter_id <> (SELECT letter_id FROM outbound ORDER BY letter_id LIMIT 1)").await;
    two.world.clock.advance(Duration::from_secs(6));
    two.say([Fault(5007)]);
    two.does_one().await;
    assert_eq!(two.got(""), 2);
    // No time has passed, and the other is due.
    assert_eq!(two.works().await, 3);
    assert_eq!(two.codes().await, ["delivered"; 2]);
}

async fn whoever_may_not_have_been_told_yet_is_asked_for_twenty_minutes(database: Database) {
    let two = Two::new(database).await;
    two.sends("a").await;
    two.sql("UPDATE outbound SET give_up_at = give_up_at * 2").await;
    // Tries without answer are none of its time to be told.
    for _ in 0..6 {
        assert_eq!(two.tries(60, [Nothing]).await, ["no_answer waits"]);
    }
    const MINUTE: u64 = 60;
    assert_eq!(two.tries(MINUTE, [Fault(6005)]).await, ["fault waits"]);
    assert_eq!(two.tries(19 * MINUTE, [Fault(5002)]).await, ["fault waits"]);
    // Another answer, and it begins anew.
    assert_eq!(two.tries(MINUTE, [Fault(5000)]).await, ["fault waits"]);
    assert_eq!(two.tries(MINUTE, [Fault(6005)]).await, ["fault waits"]);
    assert_eq!(two.tries(19 * MINUTE, [Fault(6005)]).await, ["fault waits"]);
    // So it does with another operator.
    two.is_at(ANNA, BREVEN);
    assert_eq!(two.tries(MINUTE, [Fault(6005)]).await, ["fault waits"]);
    assert_eq!(two.tries(20 * MINUTE, [Fault(6005)]).await, ["dispatcher_not_approved"]);
}

async fn one_operator_that_does_not_answer_leaves_places_to_others(database: Database) {
    let two = Two::new(database).await;
    for no in 0..20 {
        two.sends(&format!("ladan-{no}")).await;
    }
    two.sends_to(BO, "breven").await;
    let held = two.told.gate.clone().acquire_owned().await.unwrap();
    let workers: Vec<_> = (0..HandOver::WORKERS)
        .map(|_| {
            let (worker, hand_over) = (two.worker.clone(), two.hand_over.clone());
            tokio::spawn(async move {
                while worker.once(&hand_over, &CancellationToken::new()).await.unwrap() > 0 {}
            })
        })
        .collect();
    let ended = "SELECT count(*) FROM outbound WHERE ended_at IS NOT NULL";
    let busy = "SELECT count(*) FROM outbound WHERE last_code = 'busy'";
    while two.got(LADAN) < 8 || two.world.count(busy).await < 12 || two.world.count(ended).await == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!((two.got(LADAN), two.got(BREVEN)), (8, 1), "half of sixteen places");
    drop(held);
    for worker in workers {
        worker.await.unwrap();
    }
    // Those that found no place come back by themselves, and the first of them brings the others.
    two.world.clock.advance(Duration::from_secs(6));
    two.works().await;
    assert_eq!(two.codes().await, vec!["delivered"; 21]);
    assert_eq!(two.got(LADAN), 20, "each once");
}

async fn a_letter_that_what_stands_before_an_operator_refuses_holds_up_no_other(database: Database) {
    let two = Two::new(database).await;
    two.sends("too large").await;
    two.sends("small").await;
    two.say([TooLarge]);
    two.works().await;
    assert_eq!(two.codes().await, ["answer_unreadable waits", "delivered"]);
    // Nor is it made due by what comes after it.
    two.sends("silent").await;
    two.say([Nothing]);
    two.works().await;
    two.sql("UPDATE job SET run_at = run_at + 3600000 WHERE letter_id = (SELECT letter_id FROM outbound ORDER BY letter_id LIMIT 1)").await;
    two.world.clock.advance(Duration::from_secs(6));
    two.works().await;
    assert_eq!(two.codes().await, ["answer_unreadable waits", "delivered", "delivered"]);
}

async fn what_arrived_is_not_told_as_given_up_where_it_could_not_be_written(database: Database) {
    let two = Two::new(database).await;
    two.sends("last").await;
    two.world.clock.advance(HOUR);
    two.sql("ALTER TABLE feed_waiting RENAME TO feed_away").await;
    two.works().await;
    two.sql("ALTER TABLE feed_away RENAME TO feed_waiting").await;
    assert_eq!(two.codes().await, ["internal waits"]);
    assert_eq!(two.tries(60, [Fault(5007)]).await, ["delivered"]);
    assert_eq!(two.got(LADAN), 2);
}

async fn a_letter_that_makes_us_panic_is_not_buried(database: Database) {
    let two = Two::new(database).await;
    two.sends("a").await;
    two.places.panics.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        two.tries(1, []).await;
    }
    two.places.panics.store(false, Ordering::Relaxed);
    assert_eq!(two.tries(1, []).await, ["delivered"]);
}
