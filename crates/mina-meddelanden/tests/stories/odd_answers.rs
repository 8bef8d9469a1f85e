//! A register that answers, and oddly: whoever asks for others has their answers all the same.

use crate::{
    another::{Wire, ids},
    world::{ANNA, BO, BREVEN, CLEO, COMPANY, DISPATCHER, LADAN, OFFICE, OWN, Pki, TOWN, org},
};
use axum::http::StatusCode;
use domain::{Clock, ManualClock};
use futures_util::future::join_all;
use intake::whereabouts::{Place, Register};
use mina_meddelanden::Places;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

type Answer = (StatusCode, String);

/// A register that says what it is told to, whatever it is asked.
struct Odd {
    wire: Wire,
    places: Places,
    clock: Arc<ManualClock>,
    answer: Arc<Mutex<Answer>>,
    _folder: tempfile::TempDir,
}

impl Odd {
    async fn new() -> Self {
        let answer = Arc::new(Mutex::new(accounts(&[])));
        let said = answer.clone();
        let router = axum::Router::new().fallback(move || {
            let (status, text) = said.lock().unwrap().clone();
            async move { (status, [("content-type", "text/xml; charset=utf-8")], text) }
        });
        let folder = tempfile::tempdir().unwrap();
        let wire = Wire::new(router, &Pki::new(), folder.path(), LADAN).await;
        let clock = Arc::new(ManualClock::at(domain::SystemClock.now()));
        let places = wire.places(&clock);
        Self { wire, places, clock, answer, _folder: folder }
    }

    fn says(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }

    async fn knows<const N: usize>(&self, sender: &str, recipients: [&str; N]) -> Vec<Option<Place>> {
        self.places.places(&org(sender), &ids(recipients)).await
    }

    /// Of the town's Anna and Bo an older answer is kept.
    async fn with_older_answers() -> Self {
        let odd = Self::new().await;
        odd.says(accounts(&[ANNA, BO]));
        assert_eq!(odd.knows(TOWN, [ANNA, BO]).await, [Some(Place::Here), Some(Place::Here)]);
        odd.clock.advance(Duration::from_secs(400));
        odd
    }
}

#[tokio::test]
async fn whom_the_register_leaves_out_takes_no_other_answer_along() {
    let odd = Odd::with_older_answers().await;
    // Anna's is new, Bo's is the older one, of Cleo nothing is known.
    odd.says(accounts(&[ANNA]));
    let told = odd.knows(TOWN, [ANNA, BO, CLEO]).await;
    assert_eq!(told, [Some(Place::Here), Some(Place::Here), None]);
    // The register is not silent: the next one is asked for at once, and Bo as well.
    odd.says(accounts(&[CLEO]));
    assert!(odd.knows(TOWN, [ANNA, BO, CLEO]).await.iter().all(|place| *place == Some(Place::Here)));
    assert_eq!(odd.wire.calls(), 3);
    odd.clock.advance(Duration::from_secs(24 * 3600));
    odd.says(accounts(&[]));
    assert_eq!(odd.knows(TOWN, [ANNA, BO]).await, [None, None], "not for longer than a day");
}

#[tokio::test]
async fn an_odd_answer_concerns_whom_it_was_asked_for_and_nobody_else() {
    for odd_one in [
        fault("<ErrorCode>5000</ErrorCode>"),
        fault(""),
        (StatusCode::OK, "<html>".to_owned()),
        (StatusCode::OK, soap("<isReachible/>")),
    ] {
        let odd = Odd::with_older_answers().await;
        odd.says(odd_one.clone());
        assert_eq!(odd.knows(TOWN, [BO, CLEO]).await, [Some(Place::Here), None], "{odd_one:?}");
        // More senders than there are calls at once: each has a call of its own.
        let senders = [OFFICE, DISPATCHER, COMPANY, OWN, LADAN, BREVEN];
        let told = join_all(senders.map(|sender| odd.knows(sender, [ANNA]))).await;
        assert!(told.iter().all(|told| *told == [None]));
        assert_eq!(odd.wire.calls(), 2 + senders.len(), "{odd_one:?}");
        odd.says(accounts(&[ANNA]));
        assert_eq!(odd.knows(OFFICE, [ANNA]).await, [Some(Place::Here)]);
    }
}

#[tokio::test]
async fn a_refusal_lets_nothing_older_count_and_silence_lets_nobody_ask() {
    let odd = Odd::with_older_answers().await;
    odd.says(fault("<ErrorCode>6005</ErrorCode>"));
    assert_eq!(odd.knows(TOWN, [BO]).await, [None]);
    odd.says((StatusCode::BAD_GATEWAY, "<html>".to_owned()));
    assert_eq!(odd.knows(TOWN, [BO]).await, [Some(Place::Here)]);
    assert_eq!(odd.wire.calls(), 3);
    odd.says(accounts(&[ANNA, BO]));
    assert_eq!(odd.knows(OFFICE, [ANNA]).await, [None]);
    assert_eq!(odd.wire.calls(), 3, "taken for silent for two seconds");
    odd.clock.advance(Duration::from_secs(2));
    assert_eq!(odd.knows(OFFICE, [ANNA]).await, [Some(Place::Here)]);
}

/// The accounts of these at Lådan, who asks.
fn accounts(ids: &[&str]) -> Answer {
    let one = |id: &&str| {
        format!(
            "<return><AccountStatus xmlns=\"{RECIPIENT}\"><RecipientId>{id}</RecipientId><Pending>false</Pending>\
             <Type>Secure</Type><ServiceSupplier><Id>{LADAN}</Id><Name>Lådan</Name>\
             <ServiceAdress>https://ladan.example/Service/v3</ServiceAdress></ServiceSupplier></AccountStatus>\
             <SenderAccepted xmlns=\"{RECIPIENT}\">true</SenderAccepted></return>"
        )
    };
    let all: String = ids.iter().map(one).collect();
    let answer = format!("<isReachableResponse xmlns=\"{RECIPIENT}/v3\">{all}</isReachableResponse>");
    (StatusCode::OK, soap(&answer))
}

fn fault(detail: &str) -> Answer {
    let fault = format!(
        "<s:Fault xmlns:s=\"{SOAP}\"><faultcode>s:Server</faultcode><faultstring>no</faultstring>\
         <detail>{detail}</detail></s:Fault>"
    );
    (StatusCode::INTERNAL_SERVER_ERROR, soap(&fault))
}

fn soap(body: &str) -> String {
    format!("<s:Envelope xmlns:s=\"{SOAP}\"><s:Body>{body}</s:Body></s:Envelope>")
}

const SOAP: &str = "http://schemas.xmlsoap.org/soap/envelope/";
const RECIPIENT: &str = "http://minameddelanden.gov.se/schema/Recipient";
