//! Logging in, by a real OpenID Connect provider on this machine.

use super::world::World;
use domain::{Clock, ManualClock};
use eid::{Callback, LoginRequest, Provider, code_challenge};
use key_client::{Access, Column, GrantToken, KeysError, person_profile};
use reqwest::{Client, header, redirect::Policy};
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};
use store::{args, both, testing::Database};
use testing::{ANNA, DAVID, Rows as _, eid::Demo};
use vault::SystemRandom;

const CALLBACK: &str = "http://127.0.0.1:8080/eid/callback";

both!(
    a_verified_answer_is_a_log_in_and_is_taken_once,
    an_answer_for_another_nonce_or_too_late_is_rejected,
    an_answer_that_was_used_counts_no_more_after_a_restart,
    however_many_log_ins_begin_the_next_one_begins_too,
    identifying_again_takes_the_place_of_the_log_in_and_counts_for_five_minutes,
    only_the_same_person_who_identified_anew_renews_a_log_in,
    a_person_sees_their_own_log_ins_and_ends_them_from_afar,
    somebody_new_opens_a_mailbox_and_is_known_from_then_on,
);

/// A browser, a provider and the front that carries between them.
struct Front {
    demo: Demo,
    provider: Provider,
    /// By which the provider knows the browser again.
    cookie: Mutex<String>,
}

impl Front {
    async fn start(clock: &Arc<ManualClock>) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let demo = Demo::start(listener, CALLBACK, Arc::clone(clock) as Arc<dyn Clock>);
        let provider = demo.provider();
        Self { demo, provider, cookie: Mutex::default() }
    }

    async fn logs_in(
        &self,
        world: &World,
        number: &str,
        instead_of: Option<&GrantToken>,
    ) -> Result<GrantToken, KeysError> {
        let nonce = world.web.begin_login("demo").await?;
        let answer = self.answer(number, &nonce.nonce).await;
        let done = world.web.finish_login_on("demo", answer, &nonce.nonce, "", instead_of.cloned()).await;
        done.map(|logged_in| logged_in.grant)
    }

    async fn logs_in_on(&self, world: &World, number: &str, device: &str) -> GrantToken {
        let nonce = world.web.begin_login("demo").await.unwrap();
        let answer = self.answer(number, &nonce.nonce).await;
        world.web.finish_login_on("demo", answer, &nonce.nonce, device, None).await.unwrap().grant
    }

    /// The person identifies; the front redeems the code.
    async fn answer(&self, number: &str, nonce: &str) -> serde_json::Value {
        let verifier = eid::word(&SystemRandom);
        let (url, state) = self.address(nonce, &verifier).await;
        let mut form: Vec<(String, String)> = url.query_pairs().into_owned().collect();
        form.push(("person".into(), number.into()));
        let login = format!("{}/login", self.demo.issuer);
        let sent = browser().post(login).form(&form).send().await.unwrap();
        let cookie = sent.headers()[header::SET_COOKIE].to_str().unwrap().split(';').next().unwrap();
        cookie.clone_into(&mut self.cookie.lock().unwrap());
        self.redeem(&sent, &state, &verifier).await
    }

    /// The provider lets the last identification count, and nobody identifies.
    async fn answer_from_memory(&self, nonce: &str) -> serde_json::Value {
        let verifier = eid::word(&SystemRandom);
        let (url, state) = self.address(nonce, &verifier).await;
        let url = url.as_str().replace("prompt=login", "");
        let cookie = self.cookie.lock().unwrap().clone();
        let sent = browser().get(url).header(header::COOKIE, cookie).send().await.unwrap();
        self.redeem(&sent, &state, &verifier).await
    }

    async fn address(&self, nonce: &str, verifier: &str) -> (reqwest::Url, String) {
        let state = eid::word(&SystemRandom);
        let request = LoginRequest {
            state: &state,
            nonce,
            code_challenge: &code_challenge(verifier),
            redirect_uri: CALLBACK,
            locale: "sv",
            anew: false,
        };
        let url = self.provider.authorization_url(&request).await.unwrap();
        (url.as_str().parse().unwrap(), state)
    }

    async fn redeem(&self, sent: &reqwest::Response, state: &str, verifier: &str) -> serde_json::Value {
        let back = sent.headers()[header::LOCATION].to_str().unwrap();
        let query = back.split_once('?').unwrap().1;
        let Callback::Code(code) = self.provider.callback(query, state).await.unwrap() else {
            panic!("no code");
        };
        serde_json::to_value(self.provider.redeem(&code, verifier, CALLBACK).await.unwrap()).unwrap()
    }
}

fn browser() -> Client {
    Client::builder().redirect(Policy::none()).no_proxy().tls_certs_only([]).build().unwrap()
}

async fn world_with_front(database: Database) -> (World, Front) {
    let world = World::new(database).await;
    let front = Front::start(&world.clock).await;
    let verifier = front.demo.verifier();
    (world.restarted(vec![verifier]).await, front)
}

async fn a_verified_answer_is_a_log_in_and_is_taken_once(database: Database) {
    let (world, front) = world_with_front(database).await;
    let anna = world.citizen(ANNA).await;
    let sent = world.send(anna).await;
    let nonce = world.web.begin_login("demo").await.unwrap();
    let answer = front.answer(ANNA, &nonce.nonce).await;
    let logged_in = world.web.finish_login("demo", answer.clone(), &nonce.nonce).await.unwrap();
    assert_eq!((logged_in.person, logged_in.name.as_str()), (Some(anna.person), "Anna Exempel"));
    assert!(logged_in.applicant.adult);
    world.content(&logged_in.grant, anna, &sent).await.unwrap();
    let view = world.web.grant(&logged_in.grant).await.unwrap().unwrap();
    assert_eq!(
        (view.person, view.provider.as_str(), view.loa.as_str()),
        (Some(anna.person), "demo", eid::LOA3)
    );
    assert_eq!(view.idle_ends_at, world.clock.now().plus(Duration::from_secs(15 * 60)));

    let again = world.web.finish_login("demo", answer, &nonce.nonce).await;
    assert_eq!(again.err(), Some(KeysError::Rejected("nonce_mismatch".into())));
    world.web.end_grant(&logged_in.grant).await.unwrap();
    assert!(world.web.grant(&logged_in.grant).await.unwrap().is_none());
    let unknown = Some(KeysError::Rejected("provider_unknown".into()));
    assert_eq!(world.web.begin_login("other").await.err(), unknown);
    assert_eq!(world.gateway.begin_login("demo").await.err(), Some(KeysError::NotAllowed));
}

async fn an_answer_for_another_nonce_or_too_late_is_rejected(database: Database) {
    let (world, front) = world_with_front(database).await;
    let mismatch = Some(KeysError::Rejected("nonce_mismatch".into()));
    let one = world.web.begin_login("demo").await.unwrap();
    let two = world.web.begin_login("demo").await.unwrap();
    let answer = front.answer(ANNA, &one.nonce).await;
    assert_eq!(
        world.web.finish_login("demo", answer.clone(), &two.nonce).await.err(),
        mismatch,
        "stolen answer"
    );
    assert_eq!(world.web.finish_login("demo", answer.clone(), "made up").await.err(), mismatch);
    let mut forged = answer.clone();
    let token = forged["id_token"].as_str().unwrap().to_owned();
    let (signed, _) = token.rsplit_once('.').unwrap();
    forged["id_token"] = format!("{signed}.{}", "A".repeat(86)).into();
    let refused = world.web.finish_login("demo", forged, &one.nonce).await.err();
    assert_eq!(refused, Some(KeysError::Rejected("signature_bad".into())));
    assert_eq!(world.keys_store.count(USED).await, 0, "what is no log-in stores nothing and uses nothing up");
    world.web.finish_login("demo", answer.clone(), &one.nonce).await.unwrap();
    assert_eq!(world.web.finish_login("demo", answer, &one.nonce).await.err(), mismatch, "used up");

    let late = world.web.begin_login("demo").await.unwrap();
    world.clock.advance(Duration::from_secs(10 * 60));
    let answer = front.answer(ANNA, &late.nonce).await;
    assert_eq!(world.web.finish_login("demo", answer, &late.nonce).await.err(), mismatch, "too late");
    let nonce = world.web.begin_login("demo").await.unwrap();
    let no_answer = world.web.finish_login("demo", serde_json::json!({"id_token": 7}), &nonce.nonce).await;
    assert_eq!(no_answer.err(), Some(KeysError::Rejected("token_answer_malformed".into())));
}

async fn an_answer_that_was_used_counts_no_more_after_a_restart(database: Database) {
    let (world, front) = world_with_front(database).await;
    let mismatch = Some(KeysError::Rejected("nonce_mismatch".into()));
    let one = world.web.begin_login("demo").await.unwrap();
    let two = world.web.begin_login("demo").await.unwrap();
    let answer = front.answer(ANNA, &one.nonce).await;
    let other = front.answer(ANNA, &two.nonce).await;
    world.web.finish_login("demo", answer.clone(), &one.nonce).await.unwrap();
    let world = world.restarted(vec![front.demo.verifier()]).await;
    assert_eq!(world.web.finish_login("demo", answer.clone(), &one.nonce).await.err(), mismatch);
    // One that was given out before counts after it, also when the key was renewed meanwhile.
    world.operator.rotate("login-nonce").await.unwrap();
    world.web.finish_login("demo", other, &two.nonce).await.unwrap();
    // Those that have lapsed are forgotten, an hour late.
    world.clock.advance(Duration::from_secs(69 * 60));
    world.service.tend().await.unwrap();
    assert_eq!(world.keys_store.count(USED).await, 2);
    world.clock.advance(Duration::from_secs(2 * 60));
    world.service.tend().await.unwrap();
    assert_eq!(world.keys_store.count(USED).await, 0);
    assert_eq!(world.web.finish_login("demo", answer, &one.nonce).await.err(), mismatch, "too late by now");
}

async fn however_many_log_ins_begin_the_next_one_begins_too(database: Database) {
    let (world, front) = world_with_front(database).await;
    // As many as had a place when attempts took one.
    for _ in 0..400_000 {
        world.service.0.begin_login("demo").unwrap();
    }
    let nonce = world.web.begin_login("demo").await.unwrap();
    let answer = front.answer(ANNA, &nonce.nonce).await;
    world.web.finish_login("demo", answer, &nonce.nonce).await.unwrap();
}

async fn identifying_again_takes_the_place_of_the_log_in_and_counts_for_five_minutes(database: Database) {
    let (world, front) = world_with_front(database).await;
    let minutes = |n: u64| Duration::from_secs(60 * n);
    let old = front.logs_in(&world, ANNA, None).await.unwrap();
    world.web.require_fresh(&old).await.unwrap();
    world.clock.advance(minutes(4));
    world.web.require_fresh(&old).await.unwrap();
    world.clock.advance(minutes(1));
    assert_eq!(world.web.require_fresh(&old).await, Err(KeysError::NotFresh));
    assert_eq!(world.notifier.require_fresh(&old).await, Err(KeysError::NotAllowed));

    let new = front.logs_in(&world, ANNA, Some(&old)).await.unwrap();
    assert_eq!(
        world.web.require_fresh(&old).await,
        Err(KeysError::NoGrant),
        "another token, and the old one ends"
    );
    let view = world.web.grant(&new).await.unwrap().unwrap();
    assert_eq!(view.fresh_until, world.clock.now().plus(minutes(5)));
    world.web.require_fresh(&new).await.unwrap();
    world.clock.advance(minutes(5));
    assert_eq!(world.web.require_fresh(&new).await, Err(KeysError::NotFresh));
    assert_eq!(world.web.require_fresh(&old).await, Err(KeysError::NoGrant));
}

async fn only_the_same_person_who_identified_anew_renews_a_log_in(database: Database) {
    let (world, front) = world_with_front(database).await;
    let old = front.logs_in(&world, ANNA, None).await.unwrap();
    let other = front.logs_in(&world, DAVID, Some(&old)).await;
    assert_eq!(other.err(), Some(KeysError::Rejected("other_person".into())));
    assert!(world.web.grant(&old).await.unwrap().is_some(), "and the log-in stays");

    // A provider that lets an earlier identification count, which is good for a log-in and not for this.
    let early = world.web.begin_login("demo").await.unwrap();
    let answer = front.answer(ANNA, &early.nonce).await;
    world.clock.advance(Duration::from_secs(2 * 60));
    let late = world.web.begin_login("demo").await.unwrap();
    let remembered = front.answer_from_memory(&late.nonce).await;
    let renewed = world.web.finish_login_on("demo", remembered, &late.nonce, "", Some(old.clone())).await;
    assert_eq!(renewed.err(), Some(KeysError::Rejected("auth_time_old".into())));
    world.web.finish_login_on("demo", answer, &early.nonce, "", Some(old.clone())).await.unwrap();

    let nonce = world.web.begin_login("demo").await.unwrap();
    let answer = front.answer(ANNA, &nonce.nonce).await;
    let ended = world.web.finish_login_on("demo", answer, &nonce.nonce, "", Some(old)).await;
    assert_eq!(ended.err(), Some(KeysError::NoGrant), "what has ended is not renewed");
}

async fn a_person_sees_their_own_log_ins_and_ends_them_from_afar(database: Database) {
    let (world, front) = world_with_front(database).await;
    let [phone, lost, tablet] = [
        front.logs_in_on(&world, ANNA, "firefox/android").await,
        front.logs_in_on(&world, ANNA, "chrome/windows").await,
        front.logs_in_on(&world, ANNA, "Mozilla/5.0 (iPad; anna@example.se)").await,
    ];
    let stranger = front.logs_in(&world, DAVID, None).await.unwrap();
    world.clock.advance(Duration::from_secs(60));
    let all = world.web.log_ins(&phone).await.unwrap();
    let shown: Vec<_> = all.iter().map(|one| (one.device.as_str(), one.is_own)).collect();
    assert_eq!((all.len(), shown[0]), (3, ("firefox/android", true)));
    assert!(shown.contains(&("chrome/windows", false)) && shown.contains(&("", false)), "{shown:?}");
    assert!(all.iter().all(|one| one.provider == "demo" && !one.id.is_empty()));

    let id = |device: &str| all.iter().find(|one| one.device == device).unwrap().id.clone();
    assert_eq!(
        world.web.end_log_in(&stranger, &id("chrome/windows")).await,
        Err(KeysError::Gone),
        "another's"
    );
    assert_eq!(world.web.end_log_in(&phone, "made up").await, Err(KeysError::Gone));
    world.web.end_log_in(&phone, &id("chrome/windows")).await.unwrap();
    assert!(world.web.grant(&lost).await.unwrap().is_none());
    assert!(world.web.grant(&tablet).await.unwrap().is_some());
    world.web.end_other_log_ins(&phone).await.unwrap();
    assert!(world.web.grant(&tablet).await.unwrap().is_none());
    assert_eq!(world.web.log_ins(&phone).await.unwrap().len(), 1);
    assert!(world.web.grant(&stranger).await.unwrap().is_some(), "others stay");
    assert_eq!(world.web.log_ins(&lost).await, Err(KeysError::NoGrant));
}

async fn somebody_new_opens_a_mailbox_and_is_known_from_then_on(database: Database) {
    let (world, front) = world_with_front(database).await;
    let nonce = world.web.begin_login("demo").await.unwrap();
    let answer = front.answer(ANNA, &nonce.nonce).await;
    let logged_in = world.web.finish_login("demo", answer, &nonce.nonce).await.unwrap();
    let grant = &logged_in.grant;
    let applicant = &logged_in.applicant;
    assert_eq!(logged_in.person, None);
    assert!(world.web.applicant(grant).await.unwrap() == *applicant);
    // One's own profile opens before it is stored.
    let items =
        || vec![(Column::Profile, person_profile(&applicant.login_mac), applicant.profile_sealed.clone())];
    let opened = world.web.open_columns(Access::Grant(grant.clone()), items()).await.unwrap();
    let profile: serde_json::Value = serde_json::from_slice(opened[0].as_ref().unwrap()).unwrap();
    assert_eq!(profile, serde_json::json!({"name": "Anna Exempel", "number": ANNA}));

    let anna = world.citizen(ANNA).await;
    let sql = "UPDATE person SET profile = $1 WHERE person_id = $2";
    world.change(sql, args![&applicant.profile_sealed, anna.person]).await;
    assert_eq!(world.web.grant(grant).await.unwrap().unwrap().person, None);
    world.web.refresh_person(grant).await.unwrap();
    assert_eq!(world.web.grant(grant).await.unwrap().unwrap().person, Some(anna.person));
    let sent = world.send(anna).await;
    world.content(grant, anna, &sent).await.unwrap();

    let nonce = world.web.begin_login("demo").await.unwrap();
    let young =
        world.web.finish_login("demo", front.answer(DAVID, &nonce.nonce).await, &nonce.nonce).await.unwrap();
    assert!(!young.applicant.adult && young.person.is_none());
}

const USED: &str = "SELECT COUNT(*) AS n FROM used_nonce";
