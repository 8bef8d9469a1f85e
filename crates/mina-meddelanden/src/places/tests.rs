//! Who waits, and for how long. Time is tokio's own and stands still but for what is waited for.
#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{FarAddresses, Operators, SoapClient};
use domain::ManualClock;
use futures_util::future::join_all;
use rcgen::{CertificateParams, KeyPair};
use std::net::TcpListener;
use vault::SystemRandom;

const SENDERS: [&str; 7] = [
    "164020000016",
    "164020000024",
    "164020000032",
    "164020000040",
    "164020000057",
    "164020000065",
    "164020000073",
];

/// A register that takes connections and never says a word.
struct Silent {
    places: Places,
    senders: Vec<OrgNumber>,
    anna: [Identity; 1],
    _register: TcpListener,
}

impl Silent {
    fn new() -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let key = KeyPair::generate().unwrap();
        let pem = CertificateParams::default().self_signed(&key).unwrap().pem();
        let key = key.serialize_pem();
        let timeout = Duration::from_secs(30);
        let soap = SoapClient::new(pem.as_bytes(), key.as_bytes(), pem.as_bytes(), timeout).unwrap();
        let register = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = format!("https://{}/", register.local_addr().unwrap());
        let addresses = FarAddresses { authority: address.clone(), recipient: address };
        let client = FarClient::new(soap, addresses, Operators::Anywhere);
        let senders: Vec<OrgNumber> =
            SENDERS.into_iter().map(|number| OrgNumber::parse(number).unwrap()).collect();
        let settings = PlacesSettings { fresh: Duration::from_secs(300), stale: Duration::from_secs(86_400) };
        let clock = Arc::new(ManualClock::at(Time::parse("2026-11-22T10:00:00.000Z").unwrap()));
        let places = Places::new(client, senders[6].clone(), settings, clock.clone(), &SystemRandom);
        let anna = [Identity::parse("198101052382").unwrap()];
        let silent = Self { places, senders, anna, _register: register };
        // Of the first sender an older answer is known.
        let mut state = silent.state();
        let key = state.cache.key(&silent.senders[0], &silent.anna[0]);
        state.cache.put(key, &Place::Nowhere, clock.now());
        drop(state);
        clock.advance(Duration::from_secs(400));
        silent
    }

    fn state(&self) -> parking_lot::MutexGuard<'_, State> {
        self.places.0.state.lock()
    }

    fn asks(&self, sender: usize) -> impl Future<Output = Vec<Option<Place>>> {
        self.places.places(&self.senders[sender], &self.anna)
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_when_the_register_is_found_silent_waits_for_no_other_call() {
    let silent = Silent::new();
    // One call at a time: six others stand behind it.
    silent.state().calls = CALLS - 1;
    let begun = Instant::now();
    let told = join_all((0..7).map(|sender| silent.asks(sender))).await;
    assert_eq!(told[0], [Some(Place::Nowhere)]);
    assert!(told[1..].iter().all(|told| *told == [None]));
    // The one call ended by itself, before anybody's patience did.
    assert!(begun.elapsed() < PATIENCE, "{:?}", begun.elapsed());
    assert!(silent.state().queue.is_empty());
}

#[tokio::test(start_paused = true)]
async fn nobody_waits_longer_than_the_patience_whatever_is_before_them() {
    let silent = Silent::new();
    // Calls that never end.
    silent.state().calls = CALLS;
    let begun = Instant::now();
    assert_eq!(silent.asks(0).await, [Some(Place::Nowhere)]);
    assert_eq!(silent.asks(1).await, [None]);
    assert_eq!(begun.elapsed().as_secs(), 2 * PATIENCE.as_secs());
    // They are not asked for any more.
    assert!(!silent.state().queue.is_empty());
    assert!(silent.state().queue.take().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_full_queue_is_a_silent_register() {
    let silent = Silent::new();
    silent.state().calls = CALLS;
    silent.state().queue.most = 2;
    let mut one = silent.asks(1);
    let mut two = silent.asks(2);
    assert!(futures_util::poll!(&mut one).is_pending() && futures_util::poll!(&mut two).is_pending());
    let begun = Instant::now();
    assert_eq!(silent.asks(0).await, [Some(Place::Nowhere)]);
    assert_eq!(silent.asks(3).await, [None]);
    assert_eq!(begun.elapsed(), Duration::ZERO);
}

#[test]
fn calls_end_however_whoever_asked_for_them_goes() {
    let silent = Silent::new();
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for turns in [0, 1, 5] {
        // The service stops, before the call has begun or while it is under way.
        let stopping = runtime();
        stopping.block_on(async {
            let mut asks = silent.asks(1);
            assert!(futures_util::poll!(&mut asks).is_pending());
            assert_eq!(silent.state().calls, 1);
            for _ in 0..turns {
                tokio::task::yield_now().await;
            }
        });
        drop(stopping);
        assert_eq!(silent.state().calls, 0);
    }
    // Whoever asked hangs up before the call has begun: nobody is asked for.
    runtime().block_on(async {
        let mut asks = silent.asks(1);
        assert!(futures_util::poll!(&mut asks).is_pending());
        drop(asks);
        tokio::task::yield_now().await;
        assert_eq!(silent.state().calls, 0);
    });
}
