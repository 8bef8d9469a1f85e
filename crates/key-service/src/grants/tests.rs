use super::*;
use domain::{AddressMac, IdentityKind, LoginMac};
use std::time::Duration;
use vault::SystemRandom;

const START: Time = Time::from_millis(1_700_000_000_000);

fn minutes(n: u64) -> Time {
    START.plus(Duration::from_secs(60 * n))
}

fn logged_in(settings: Settings) -> (Grants, GrantToken) {
    let mut grants = Grants::new(&settings, START);
    let token = GrantToken::random(&SystemRandom);
    let applicant = Applicant {
        kind: IdentityKind::Personnummer,
        login_mac: LoginMac::from_bytes([1; 32]),
        address_mac: AddressMac::from_bytes([2; 32]),
        profile_sealed: vec![],
        adult: true,
    };
    let person = Some(PersonId::new(&SystemRandom));
    let verified = Verified {
        person,
        name: "Anna".into(),
        provider: "demo".into(),
        loa: "loa3".into(),
        device: "firefox/windows".into(),
        fresh_until: minutes(5),
        applicant,
    };
    grants.add(&token, verified, START, &SystemRandom);
    (grants, token)
}

#[test]
fn a_log_in_that_is_not_used_ends_after_a_quarter_of_an_hour() {
    let (mut grants, token) = logged_in(Settings::default());
    assert!(grants.view(&token, minutes(14)).is_some());
    assert!(grants.view(&token, minutes(28)).is_some());
    assert!(grants.view(&token, minutes(43)).is_none());
    assert!(grants.view(&token, minutes(29)).is_none(), "once ended, always ended");
}

#[test]
fn a_log_in_ends_after_an_hour_however_much_it_is_used() {
    let (mut grants, token) = logged_in(Settings::default());
    for minute in (0..60).step_by(5) {
        let view = grants.view(&token, minutes(minute)).unwrap();
        assert_eq!(view.ends_at, minutes(60));
        assert_eq!(view.idle_ends_at, minutes((minute + 15).min(60)));
    }
    assert!(grants.view(&token, minutes(60)).is_none());
}

#[test]
fn log_out_ends_it_at_once_and_a_made_up_token_is_none() {
    let (mut grants, token) = logged_in(Settings::default());
    assert!(grants.view(&GrantToken::random(&SystemRandom), START).is_none());
    grants.end(&token);
    grants.end(&token);
    assert!(matches!(grants.spend_open(&token, START), Err(Spent::Refused(KeysError::NoGrant))));
}

#[test]
fn one_log_in_opens_sixty_letters_in_ten_seconds_and_no_more() {
    let (mut grants, token) = logged_in(Settings::default());
    assert!((0..60).all(|_| grants.spend_open(&token, START).is_ok()));
    assert!(matches!(grants.spend_open(&token, START), Err(Spent::Budget("opens of one log-in"))));
    assert!(grants.spend_open(&token, START.plus(Duration::from_secs(1))).is_ok());
}

#[test]
fn all_log_ins_together_have_a_ceiling() {
    let (mut grants, token) = logged_in(Settings { all_opens_per_second: 10, ..Settings::default() });
    assert_eq!((0..50).filter(|_| grants.spend_open(&token, START).is_ok()).count(), 20);
    assert!(matches!(grants.spend_open(&token, START), Err(Spent::Budget("opens of all"))));
}

#[test]
fn a_log_in_without_a_person_opens_nothing() {
    let (mut grants, token) = logged_in(Settings::default());
    grants.touch(&token, START).unwrap().person = None;
    assert!(matches!(grants.spend_open(&token, START), Err(Spent::Refused(KeysError::NotAllowed))));
    assert!(matches!(grants.spend_list(&token, START), Err(Spent::Refused(KeysError::NotAllowed))));
}

#[test]
fn ended_log_ins_are_forgotten() {
    let (mut grants, _) = logged_in(Settings::default());
    grants.forget_ended(minutes(14));
    assert_eq!(grants.count(), 1);
    grants.forget_ended(minutes(15));
    assert_eq!(grants.count(), 0);
}

#[test]
fn what_a_page_began_with_counts_once_and_for_a_moment() {
    let (mut grants, token) = logged_in(Settings::default());
    let rights = || Rights { person: PersonId::new(&SystemRandom), boxes: vec![] };
    assert!(grants.admitted(&token, START).is_none(), "no page has begun");
    grants.admit(&token, rights(), START);
    assert!(grants.admitted(&token, START).is_some());
    assert!(grants.admitted(&token, START).is_none(), "it counts once");
    grants.admit(&token, rights(), minutes(1));
    assert!(grants.admitted(&token, START).is_none(), "the clock went back");
    grants.admit(&token, rights(), START);
    for grant in grants.held.values_mut() {
        grant.admitted.as_mut().unwrap().since -= 2 * ONE_PAGE;
    }
    assert!(grants.admitted(&token, START).is_none(), "the page is made by now");
    grants.admit(&GrantToken::random(&SystemRandom), rights(), START);
    assert!(grants.admitted(&token, START).is_none(), "another log-in's");
}
