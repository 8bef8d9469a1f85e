//! Another operator and our register over a real wire: mutual TLS, a port, and the register that goes silent.

use crate::world::{ANNA, BO, CLEO, COMPANY, LADAN, OFFICE, OWN, Pki, TOWN, World, org};
use domain::{CertificateDigest, CivilDate, Clock, Identity, ManualClock};
use edge::listen;
use intake::whereabouts::{OperatorAddress, Place, Register};
use mina_meddelanden::{
    AccountAt, Agreed, Authorised, CallError, FarAddresses, FarClient, Operators, Places, PlacesSettings,
    SignedAgreement, SoapClient,
};
use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use store::{both, testing::Database};
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

both!(
    the_register_says_where_each_recipient_is,
    a_thousand_recipients_are_one_call,
    what_a_recipient_signed_is_taken_to_the_register,
);

/// A router behind mutual TLS.
pub struct Wire {
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
    calls: Arc<AtomicUsize>,
    client: FarClient,
    pub soap: SoapClient,
    pub port: u16,
    /// Answers of the router are held back while this is taken.
    gate: Arc<tokio::sync::RwLock<()>>,
}

impl Wire {
    /// `caller` is the organisation whose certificate the client shows.
    pub async fn new(router: axum::Router, pki: &Pki, folder: &Path, caller: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let files = pki.files(folder, caller);
        let clients = edge::clients::Clients::new(&files.authority, Vec::new(), Arc::new(All)).unwrap();
        let tls = edge::tls::mutual(&files.server, &files.server_key, &clients).unwrap();
        let calls = Arc::new(AtomicUsize::new(0));
        let gate = Arc::new(tokio::sync::RwLock::new(()));
        let counted = calls.clone();
        let held = gate.clone();
        let router = router.layer(axum::middleware::from_fn(
            move |request: axum::extract::Request, next: axum::middleware::Next| {
                counted.fetch_add(1, Ordering::SeqCst);
                let held = held.clone();
                async move {
                    let _passed = held.read().await;
                    next.run(request).await
                }
            },
        ));
        let tls = Some(tls);
        let clients = Some(clients);
        let door = listen::Door { tls, clients, ..listen::Door::plain("register", router, 16) };
        let listener = listen::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let stop = CancellationToken::new();
        let task = tokio::spawn(listen::serve(vec![listener], door, stop.clone()));
        let read = |path: &Path| std::fs::read(path).unwrap();
        let certificate = read(&files.client);
        let key = read(&files.client_key);
        let authority = read(&files.authority);
        let soap = SoapClient::new(&certificate, &key, &authority, Duration::from_secs(30)).unwrap();
        let addresses = FarAddresses {
            authority: format!("https://127.0.0.1:{port}/Authority"),
            recipient: format!("https://127.0.0.1:{port}/Recipient/v3"),
        };
        let client = FarClient::new(soap.clone(), addresses, Operators::Elsewhere);
        Self { stop, task, calls, client, soap, port, gate }
    }

    async fn of(world: &World, caller: &str) -> Self {
        let wire = Self::new(world.router.clone(), &world.pki, world.folder(), caller).await;
        world.lets_connect(&std::fs::read(world.folder().join("wire-client.pem")).unwrap()).await;
        wire
    }

    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }

    async fn goes_silent(&mut self) {
        self.stop.cancel();
        (&mut self.task).await.unwrap();
    }

    pub fn places(&self, clock: &Arc<ManualClock>) -> Places {
        let settings =
            PlacesSettings { fresh: Duration::from_secs(300), stale: Duration::from_secs(24 * 3600) };
        Places::new(self.client.clone(), org(LADAN), settings, clock.clone(), &SystemRandom)
    }
}

/// Whose certificate it is says the router.
struct All;

impl edge::clients::Registered for All {
    fn is_revoked(&self, _: &CertificateDigest) -> bool {
        false
    }

    fn is_known(&self, _: &CertificateDigest, _: &domain::OrgNumber) -> bool {
        true
    }
}

pub fn ids<const N: usize>(numbers: [&str; N]) -> Vec<Identity> {
    numbers.iter().map(|number| Identity::parse(number).unwrap()).collect()
}

fn agreed(recipient: &Identity, supplier: &str) -> Agreed {
    Agreed {
        recipient: recipient.clone(),
        supplier: supplier.into(),
        text: "Jag vill.".into(),
        date: CivilDate::parse("2026-11-22").unwrap(),
    }
}

fn at(number: &str, service_address: &str) -> Option<Place> {
    Some(Place::At(OperatorAddress { number: org(number), service_address: service_address.into() }))
}

const KUVERT: &str = "https://kuvert.example/Service/v3";

/// Lådan asks our register: Anna is with us, Bo at Lådan, Cleo nowhere.
async fn the_register_says_where_each_recipient_is(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    world.lets_dispatch(TOWN, LADAN).await;
    let mut wire = Wire::of(&world, LADAN).await;
    let signature = world.pki.signs(BO, BO, "register", "ladan.example").into_bytes();
    let signed = SignedAgreement { signature, certificate: String::new() };
    wire.client.register(&agreed(&ids([BO])[0], "ladan.example"), &[signed]).await.unwrap();
    let places = wire.places(&world.clock);
    let town = org(TOWN);
    let asked = ids([CLEO, ANNA, BO, ANNA]);
    let known = [Some(Place::Nowhere), at(OWN, KUVERT), Some(Place::Here), at(OWN, KUVERT)];
    assert_eq!(places.places(&town, &asked).await, known);
    assert_eq!(wire.calls(), 2, "one question for all, after Bo's registration");
    let names = places.take_names();
    assert_eq!(names[&org(OWN)], "Kuvert");
    assert!(places.is_operator(&org(OWN)) && !places.is_operator(&town));
    assert!(places.take_names().is_empty());
    // Fresh for five minutes; then asked again.
    world.clock.advance(Duration::from_secs(299));
    assert_eq!(places.places(&town, &asked).await, known);
    assert_eq!(wire.calls(), 2);
    world.clock.advance(Duration::from_secs(1));
    assert_eq!(places.places(&town, &asked).await, known);
    assert_eq!(wire.calls(), 3);
    // What has been found not to hold is asked anew.
    places.forget(&town, &asked[1..2]);
    assert_eq!(places.places(&town, &asked).await, known);
    assert_eq!(wire.calls(), 4);
    // The office has not let Lådan act for it: the register answers and refuses, so nothing older counts.
    assert_eq!(places.places(&org(OFFICE), &asked[..1]).await, [None]);
    world.lets_dispatch(OFFICE, LADAN).await;
    assert_eq!(places.places(&org(OFFICE), &asked[1..2]).await, [at(OWN, KUVERT)]);
    world.no_longer_dispatches(OFFICE, LADAN).await;
    world.clock.advance(Duration::from_secs(400));
    assert_eq!(places.places(&org(OFFICE), &asked[1..2]).await, [None]);

    wire.goes_silent().await;
    let company = ids([COMPANY]);
    assert_eq!(places.places(&town, &asked).await, known, "an older answer counts while it is silent");
    assert_eq!(places.places(&town, &company).await, [None], "of the company nothing was known");
    world.clock.advance(Duration::from_secs(23 * 3600));
    assert_eq!(places.places(&town, &asked).await, known);
    world.clock.advance(Duration::from_secs(3600));
    assert_eq!(places.places(&town, &asked).await, [None, None, None, None], "not for longer than a day");
}

async fn a_thousand_recipients_are_one_call(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let wire = Wire::of(&world, TOWN).await;
    // Every one of them an account with an operator: the longest answer there is.
    let told = wire.client.is_reachable(&org(TOWN), &vec![ids([ANNA])[0].clone(); 1000]).await.unwrap();
    assert_eq!(told.len(), 1000);
    assert!(
        told.iter()
            .all(|one| matches!(one, Some(one) if one.accepts && matches!(one.at, AccountAt::Supplier(_))))
    );
    let fault = wire.client.is_registered(&ids([ANNA])).await.unwrap_err();
    assert!(matches!(fault, CallError::Fault { code: 6005, call_id } if call_id.len() == 36));

    // Letters of many tasks, while the calls under way are held: they share the next ones.
    let places = wire.places(&world.clock);
    let before = wire.calls();
    let closed = wire.gate.write().await;
    let town = org(TOWN);
    let office = ids([ANNA]);
    let ask = |recipient: Identity| {
        let places = places.clone();
        let town = town.clone();
        tokio::spawn(async move { places.places(&town, &[recipient]).await })
    };
    let many: Vec<_> = numbers(300).into_iter().map(ask).collect();
    tokio::task::yield_now().await;
    let known = places.places(&town, &office);
    tokio::pin!(known);
    // All have asked when the last one has; then the register answers.
    assert!(futures_util::poll!(&mut known).is_pending());
    drop(closed);
    assert_eq!(known.await, [at(OWN, KUVERT)]);
    for one in many {
        assert_eq!(one.await.unwrap(), [Some(Place::Nowhere)]);
    }
    let calls = wire.calls() - before;
    assert!((1..=12).contains(&calls), "{calls} calls for 301 letters");
}

/// Different people's numbers with check digits.
fn numbers(count: u32) -> Vec<Identity> {
    let mut found = Vec::new();
    let mut no = 0;
    while found.len() < count as usize {
        found.extend(Identity::parse(&format!("19750315{no:04}")));
        no += 1;
    }
    found
}

async fn what_a_recipient_signed_is_taken_to_the_register(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let wire = Wire::of(&world, LADAN).await;
    let anna = ids([ANNA]);
    let bo = ids([BO]);
    let signed = |who: &str, id: &str, act: &str, supplier: &str| {
        let signature = world.pki.signs(who, id, act, supplier).into_bytes();
        [SignedAgreement { signature, certificate: String::new() }]
    };
    let register = signed(BO, BO, "register", "ladan.example");
    let told = wire.client.register(&agreed(&bo[0], "ladan.example"), &register).await;
    assert_eq!(told, Ok(Authorised::Complete));
    let place = wire.client.is_registered(&bo).await.unwrap();
    assert!(
        matches!(&place[0], Some(AccountAt::Supplier(at)) if at.number == org(LADAN) && at.name == "Lådan")
    );
    // The document says what was signed, for whoever takes it there.
    let said = mina_meddelanden::said(&register[0].signature).unwrap();
    assert_eq!((said.act.as_str(), said.supplier.as_str()), ("register", "ladan.example"));
    assert_eq!((said.recipient, said.text.as_str()), (bo[0].clone(), "Jag vill."));
    assert!(mina_meddelanden::said(b"something else").is_none());
    // Another's signature, and one for another act.
    let fault = wire.client.register(&agreed(&anna[0], "ladan.example"), &register).await.unwrap_err();
    assert!(matches!(fault, CallError::Fault { code: 5012, .. }), "{fault}");
    let moves = signed(ANNA, ANNA, "move", "ladan.example");
    let to = agreed(&anna[0], "ladan.example");
    let told = wire.client.change_service_supplier(&to, &anna[0], &moves).await;
    assert_eq!(told, Ok(Authorised::Complete));
    let leaves = signed(BO, BO, "deregister", "ladan.example");
    let told = wire.client.deregister(&agreed(&bo[0], "ladan.example"), &leaves).await;
    assert_eq!(told, Ok(Authorised::Complete));
    let places = wire.client.is_registered(&ids([ANNA, BO])).await.unwrap();
    assert!(
        matches!(&places[..], [Some(AccountAt::Supplier(at)), Some(AccountAt::Nowhere)] if at.number == org(LADAN))
    );
    // A company's request waits for the second signatory.
    let company = ids([COMPANY]);
    let one = signed(ANNA, COMPANY, "register", "ladan.example");
    let told = wire.client.register(&agreed(&company[0], "ladan.example"), &one).await;
    assert_eq!(told, Ok(Authorised::Incomplete { signed: 1 }));
}

/// Answers that others' registers have given, in files that are not part of this repository.
#[tokio::test]
async fn official_samples_are_understood() {
    let samples = Path::new(env!("CARGO_MANIFEST_DIR")).join(SAMPLES);
    let Ok(three) = std::fs::read_to_string(samples.join("isReachable-response-three-states.xml")) else {
        // Where they are not, the whole run names them among what it left out.
        return;
    };
    let read = |name: &str| std::fs::read_to_string(samples.join(name)).unwrap();
    let numbers = ids(["200001102391", "201001212388", "201301172399"]);
    let town = org(TOWN);
    let kivra = "165568402266";
    let told = answers(three).await.places(&town, &numbers).await;
    let live = "https://mm.kivra.com/service/v3";
    assert_eq!(told, [at(kivra, live), Some(Place::Declined), Some(Place::Nowhere)]);
    for (name, made_up, number) in [("organisation", "165591628136", kivra), ("person", "190101010159", CLEO)]
    {
        // Their recipients have no check digits that agree, and nobody could ask for them.
        let text = read(&format!("isReachable-response-{name}.xml")).replace(made_up, number);
        let secure = text.replace("{{request.baseUrl}}", "https://operator.example");
        let told = answers(secure).await.places(&town, &ids([number])).await;
        assert_eq!(told, [at(kivra, "https://operator.example/deliversecure")], "{name}");
        let plain = text.replace("{{request.baseUrl}}", "http://operator.example");
        assert_eq!(answers(plain).await.places(&town, &ids([number])).await, [None], "{name}");
        // An answer about somebody else is none.
        let told = answers(text.clone()).await.places(&town, &ids([ANNA])).await;
        assert_eq!(told, [None], "{name}");
    }
}

/// A register that always answers this.
async fn answers(text: String) -> Places {
    let folder = tempfile::tempdir().unwrap();
    let router = axum::Router::new()
        .fallback(move || async move { ([("content-type", "text/xml; charset=utf-8")], text) });
    let wire = Wire::new(router, &Pki::new(), folder.path(), LADAN).await;
    let clock = Arc::new(ManualClock::at(domain::SystemClock.now()));
    wire.places(&clock)
}

const SAMPLES: &str = "../../../shared/reference/mina-meddelanden/samples/sundsvall";
