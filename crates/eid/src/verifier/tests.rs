//! A provider that lies in many ways. Each lie has its own name, and none is a log-in.

mod liar;
mod lies;

use crate::{Algorithm, Answer, LOA3, ProviderConfig, Rejection, UserinfoMode, claims::*, jwks::Jwks, token};
use domain::Clock;
use liar::*;
use lies::{shift, take};
use serde_json::json;
use std::{sync::atomic::Ordering::SeqCst, time::Duration};

#[tokio::test]
async fn the_honest_story_is_a_log_in() {
    let world = World::new(|_| {}, |_| {}).await;
    let login = world.log_in().await.unwrap();
    assert_eq!(login.identity.expose(), "198101052382");
    assert_eq!((login.subject.as_str(), login.loa.as_str()), ("s-1", LOA3));
    assert_eq!(world.clock.now().since(login.auth_time), Duration::from_secs(5));
    assert_eq!(login.name.as_deref(), Some("Anna Exempelsson"));
}

#[tokio::test]
async fn what_providers_may_also_say_is_a_log_in_too() {
    type Truth = (&'static str, fn(&mut Story));
    let truths: &[Truth] = &[
        ("several audiences, asked for by us", |s| {
            s.id_token.claims["aud"] = json!([CLIENT, "other"]);
            s.id_token.claims["azp"] = CLIENT.into();
        }),
        ("an audience in a list", |s| s.id_token.claims["aud"] = json!([CLIENT])),
        ("no at_hash", |s| drop(take(&mut s.id_token.claims, "at_hash"))),
        ("a clock that is 59 s behind ours", |s| shift(s, -59, &["iat", "exp", "auth_time"])),
        ("a clock that is 59 s before ours", |s| shift(s, 59, &["iat", "exp", "auth_time"])),
        ("a fraction of a second", |s| {
            s.id_token.claims["exp"] = json!(s.id_token.claims["exp"].as_i64().unwrap() as f64 + 0.5);
        }),
        ("no typ, certificates in the header", |s| {
            take(&mut s.id_token.header, "typ");
            s.id_token.header["x5c"] = json!(["MII"]);
        }),
        ("keys for other things beside its own", |s| {
            let encryption =
                json!({"kty": "RSA", "use": "enc", "kid": s.key.jwk()["kid"], "n": "AQAB", "e": "AQAB"});
            let unknown = json!({"kty": "AKP", "alg": "ML-DSA-44", "kid": "pq", "pub": "AA"});
            s.jwks["keys"].as_array_mut().unwrap().extend([encryption, unknown]);
        }),
        ("the number in both tokens", |s| s.id_token.claims[PERSONAL_NUMBER] = "198101052382".into()),
        ("a coordination number", |s| {
            take(&mut s.userinfo.claims, PERSONAL_NUMBER);
            s.userinfo.claims[COORDINATION_NUMBER] = "197010632391".into();
        }),
        ("an odd name", |s| s.userinfo.claims["name"] = "Anna\u{202e}nosspmexE".into()),
    ];
    for (name, truth) in truths {
        let world = World::new(truth, |_| {}).await;
        let login = world.log_in().await.unwrap_or_else(|rejection| panic!("{name}: {rejection}"));
        assert!(login.name.is_none_or(|name| name == "Anna Exempelsson"));
    }
}

#[tokio::test]
async fn each_lie_has_its_name_and_is_no_log_in() {
    for (name, rejection, lie) in lies::all() {
        let world = World::new(lie, |_| {}).await;
        let outcome = world.log_in().await;
        assert_eq!(outcome.as_ref().err(), Some(&rejection), "{name}");
    }
}

#[tokio::test]
async fn no_character_of_a_token_can_be_another() {
    let world = World::new(|_| {}, |_| {}).await;
    let story = world.story.lock().unwrap();
    let keys = Jwks::read(story.jwks.to_string().as_bytes()).unwrap();
    let honest = story.id_token.text();
    assert!(token::open(&honest, &[Algorithm::ES256], &keys).is_ok());
    for at in 0..honest.len() {
        for other in ["A", "B", "_", ".", "=", " ", "é", ""] {
            let mut changed = honest.clone();
            changed.replace_range(at..=at, other);
            let opened = token::open(&changed, &[Algorithm::ES256], &keys);
            assert!(changed == honest || opened.is_err(), "character {at}");
        }
    }
}

#[tokio::test]
async fn plain_attributes_are_fetched_by_the_verifier_and_must_be_the_same_persons() {
    let plain = |config: &mut ProviderConfig| config.userinfo = UserinfoMode::Plain;

    fn tell(story: &mut Story) {
        (story.userinfo_type, story.userinfo.whole) =
            ("application/json", Some(story.userinfo.claims.to_string()));
    }
    assert_eq!(World::new(tell, plain).await.log_in().await.unwrap().identity.expose(), "198101052382");
    let another = |story: &mut Story| {
        story.userinfo.claims["sub"] = "s-2".into();
        tell(story);
    };
    assert_eq!(World::new(another, plain).await.log_in().await.unwrap_err(), Rejection::UserinfoSubject);
    let twice = |story: &mut Story| {
        tell(story);
        story.userinfo.whole = Some(r#"{"sub":"s-2","sub":"s-1"}"#.into());
    };
    assert_eq!(World::new(twice, plain).await.log_in().await.unwrap_err(), Rejection::ClaimsDuplicated);
}

#[tokio::test]
async fn an_answer_of_another_attempt_or_provider_is_refused() {
    let world = World::new(|_| {}, |_| {}).await;
    let answer = world.provider.redeem("code", "verifier", "https://kuvert.example.se/eid").await.unwrap();
    for nonce in ["", "n-2", "n-1 "] {
        let outcome = world.verifier.verify(&answer, nonce, world.clock.now()).await;
        assert_eq!(outcome.unwrap_err(), Rejection::NonceMismatch);
    }
    let elsewhere = Answer { provider: "other".into(), ..answer.clone() };
    assert_eq!(world.verify(&elsewhere).await.unwrap_err(), Rejection::OtherProvider);
    let swapped = Answer { access_token: "access-2".into(), ..answer.clone() };
    assert_eq!(world.verify(&swapped).await.unwrap_err(), Rejection::AccessTokenHash);
    let without = Answer { userinfo_jwt: None, ..answer.clone() };
    assert_eq!(world.verify(&without).await.unwrap_err(), Rejection::IdentityMissing);
    world.clock.advance(Duration::from_secs(360));
    assert_eq!(world.verify(&answer).await.unwrap_err(), Rejection::Expired);
}

#[tokio::test]
async fn an_empty_nonce_matches_nothing() {
    let world = World::new(|story| story.id_token.claims["nonce"] = "".into(), |_| {}).await;
    let answer = world.provider.redeem("code", "verifier", "https://kuvert.example.se/eid").await.unwrap();
    let outcome = world.verifier.verify(&answer, "", world.clock.now()).await;
    assert_eq!(outcome.unwrap_err(), Rejection::NonceMismatch);
}

#[tokio::test]
async fn a_new_key_is_learned_at_once_and_invented_keys_cost_one_fetch() {
    let world = World::new(|_| {}, |_| {}).await;
    world.log_in().await.unwrap();
    world.log_in().await.unwrap();
    assert_eq!(world.fetched_keys.load(SeqCst), 1);

    let rotate = |story: &mut Story| {
        let new = story.stranger.clone();
        story.jwks = json!({"keys": [new.jwk()]});
        for token in [&mut story.id_token, &mut story.userinfo] {
            token.header["kid"] = new.jwk()["kid"].clone();
            token.signer = new.clone();
        }
    };
    rotate(&mut world.story.lock().unwrap());
    world.log_in().await.unwrap();
    assert_eq!(world.fetched_keys.load(SeqCst), 2);

    world.story.lock().unwrap().id_token.header["kid"] = "invented".into();
    for _ in 0..20 {
        assert_eq!(world.log_in().await.unwrap_err(), Rejection::KeyUnknown);
    }
    assert_eq!(world.fetched_keys.load(SeqCst), 2, "the pause after the last one is not over");
    world.clock.advance(Duration::from_secs(31));
    for _ in 0..20 {
        assert_eq!(world.log_in().await.unwrap_err(), Rejection::KeyUnknown);
    }
    assert_eq!(world.fetched_keys.load(SeqCst), 3);
}
