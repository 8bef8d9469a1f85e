//! Times as people write them.

use crate::texts::Texts;
use domain::{CivilDate, Language, Time};

/// "31 januari 2027".
pub fn long(date: CivilDate, t: &Texts) -> String {
    let (year, month, day) = date.parts();
    format!("{day} {} {year}", month_name(month, t))
}

/// "31 jan", and the year when it is another than that of `now`.
pub fn short(date: CivilDate, now: Time, t: &Texts) -> String {
    let (year, month, day) = date.parts();
    let name: String = month_name(month, t).chars().take(3).collect();
    if year == now.date().parts().0 { format!("{day} {name}") } else { format!("{day} {name} {year}") }
}

/// "09.14" in Swedish, "09:14" in English.
pub fn clock(time: Time, t: &Texts) -> String {
    let at = time.in_stockholm();
    match t.lang {
        Language::Swedish => format!("{:02}.{:02}", at.hour(), at.minute()),
        Language::English => format!("{:02}:{:02}", at.hour(), at.minute()),
    }
}

/// How a row says when: the clock today, the weekday this week, else the date.
pub fn in_row(time: Time, now: Time, t: &Texts) -> String {
    match age(time, now) {
        Age::Today => clock(time, t),
        Age::ThisWeek => weekday(time.date(), t).chars().take(3).collect(),
        Age::Earlier => short(time.date(), now, t),
    }
}

/// "idag 09.20", "igår 17.02", "12 oktober 2026 08.15".
pub fn moment(time: Time, now: Time, t: &Texts) -> String {
    let day = match time.date().days_until(now.date()) {
        0 => t.letters.today.to_lowercase(),
        1 => t.letters.yesterday.to_lowercase(),
        _ => long(time.date(), t),
    };
    format!("{day} {}", clock(time, t))
}

/// "i dag", "i går" or "12 okt", within a sentence.
pub fn day(time: Time, now: Time, t: &Texts) -> String {
    match time.date().days_until(now.date()) {
        0 => t.letters.on_today.to_owned(),
        1 => t.letters.on_yesterday.to_owned(),
        _ => short(time.date(), now, t),
    }
}

/// "22 november 2026 09.14", without regard to what day it is.
pub fn exact(time: Time, t: &Texts) -> String {
    format!("{} {}", long(time.date(), t), clock(time, t))
}

/// The heading under which a letter of this time stands: "Idag", "Den här veckan", "Oktober", "Oktober 2025".
pub fn heading(time: Time, now: Time, t: &Texts) -> String {
    match age(time, now) {
        Age::Today => t.letters.today.to_owned(),
        Age::ThisWeek => t.letters.this_week.to_owned(),
        Age::Earlier => {
            let (year, month, _) = time.date().parts();
            let name = capital(month_name(month, t));
            if year == now.date().parts().0 { name } else { format!("{name} {year}") }
        }
    }
}

/// "Idag", "Igår" or "12 oktober 2026", as a heading.
pub fn day_heading(time: Time, now: Time, t: &Texts) -> String {
    match time.date().days_until(now.date()) {
        0 => t.letters.today.to_owned(),
        1 => t.letters.yesterday.to_owned(),
        _ => long(time.date(), t),
    }
}

enum Age {
    Today,
    ThisWeek,
    Earlier,
}

/// The week begins on Monday.
fn age(time: Time, now: Time) -> Age {
    let date = time.date();
    let today = now.date();
    match date.days_until(today) {
        ..=0 => Age::Today,
        days if days < i32::from(today.weekday()) => Age::ThisWeek,
        _ => Age::Earlier,
    }
}

fn month_name(month: i8, t: &Texts) -> &'static str {
    let (sv, en) = MONTHS[usize::from(month.unsigned_abs()).saturating_sub(1) % 12];
    if t.lang == Language::Swedish { sv } else { en }
}

fn weekday(date: CivilDate, t: &Texts) -> &'static str {
    let (sv, en) = DAYS[usize::from(date.weekday().unsigned_abs()).saturating_sub(1) % 7];
    if t.lang == Language::Swedish { sv } else { en }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

const MONTHS: [(&str, &str); 12] = [
    ("januari", "January"),
    ("februari", "February"),
    ("mars", "March"),
    ("april", "April"),
    ("maj", "May"),
    ("juni", "June"),
    ("juli", "July"),
    ("augusti", "August"),
    ("september", "September"),
    ("oktober", "October"),
    ("november", "November"),
    ("december", "December"),
];
const DAYS: [(&str, &str); 7] = [
    ("måndag", "Monday"),
    ("tisdag", "Tuesday"),
    ("onsdag", "Wednesday"),
    ("torsdag", "Thursday"),
    ("fredag", "Friday"),
    ("lördag", "Saturday"),
    ("söndag", "Sunday"),
];

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn at(text: &str) -> Time {
        Time::parse(text).unwrap()
    }

    #[test]
    fn letters_are_grouped_as_people_think_of_time() {
        let t = Texts::of(Language::Swedish);
        let now = at("2026-11-19T12:00:00Z"); // a Thursday
        for (time, group, row) in [
            ("2026-11-19T08:14:00Z", "Idag", "09.14"),
            ("2026-11-16T08:00:00Z", "Den här veckan", "mån"),
            ("2026-11-15T08:00:00Z", "November", "15 nov"),
            ("2026-10-28T08:00:00Z", "Oktober", "28 okt"),
            ("2025-12-31T23:30:00Z", "Januari", "1 jan"),
            ("2025-12-31T12:00:00Z", "December 2025", "31 dec 2025"),
        ] {
            assert_eq!(
                (heading(at(time), now, t).as_str(), in_row(at(time), now, t).as_str()),
                (group, row),
                "{time}"
            );
        }
    }

    #[test]
    fn a_clock_that_runs_ahead_shows_today_and_not_a_date_to_come() {
        let t = Texts::of(Language::English);
        assert_eq!(heading(at("2026-11-19T12:00:05Z"), at("2026-11-19T12:00:00Z"), t), "Today");
    }

    #[test]
    fn moments_are_told_from_now() {
        let t = Texts::of(Language::Swedish);
        let now = at("2026-11-19T12:00:00Z");
        assert_eq!(moment(at("2026-11-18T16:02:00Z"), now, t), "igår 17.02");
        assert_eq!(moment(at("2026-10-12T06:15:00Z"), now, t), "12 oktober 2026 08.15");
        assert_eq!(
            long(CivilDate::parse("2027-01-31").unwrap(), Texts::of(Language::English)),
            "31 January 2027"
        );
    }
}
