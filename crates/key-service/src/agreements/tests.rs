//! Which of two changes is the newer.

use super::*;

fn at(text: &str) -> Time {
    Time::parse(text).unwrap_or(Time::from_millis(0))
}

#[test]
fn what_was_signed_before_the_last_change_is_older() {
    let change = at("2026-11-22T10:00:00Z");
    let last = |exact| Some(Last { at: change, exact });
    let on = |day| Signed::On(domain::CivilDate::parse(day).unwrap_or_else(|_| change.date()));
    let came = at("2026-11-22T11:00:00Z");
    let next_day = at("2026-11-23T08:00:00Z");
    assert!(is_newer(on("2026-10-22"), None, came));
    // A day.
    assert!(!is_newer(on("2026-11-21"), last(false), came));
    assert!(is_newer(on("2026-11-22"), last(false), came), "its day lasts");
    assert!(!is_newer(on("2026-11-22"), last(true), came), "the last one said its instant");
    assert!(!is_newer(on("2026-11-22"), last(false), next_day), "kept back until the day was over");
    assert!(is_newer(on("2026-11-23"), last(true), next_day));
    // An instant.
    assert!(!is_newer(Signed::At(at("2026-11-22T09:59:59Z")), last(false), came));
    assert!(!is_newer(Signed::At(change), last(true), came));
    assert!(is_newer(Signed::At(at("2026-11-22T10:00:01Z")), last(true), next_day));
}

#[test]
fn of_two_changes_the_later_counts() {
    let early = at("2026-11-22T10:00:00Z");
    let late = at("2026-11-22T12:00:00Z");
    let agreed = Some(Last { at: early, exact: true });
    assert_eq!(latest(agreed, Some(late)).map(|last| last.at), Some(late));
    assert_eq!(latest(agreed, None).map(|last| last.at), Some(early));
    assert_eq!(latest(None, Some(late)).map(|last| last.exact), Some(false));
    assert!(latest(None, None).is_none());
}
