//! What may not stand in the words that an agency has sent to people by e-mail and SMS: numbers that are dear to call, and
//! what looks as if it were ours.

use super::fold::{CombiningDots, fold};

/// Whether a text holds a telephone number that costs extra, or is of another country. Other Swedish numbers may stand
/// there: the sender is named in every text, and is a public body that is registered here.
pub fn has_dear_number(text: &str) -> bool {
    let text = zeros(&fold(text, CombiningDots::Gone));
    runs(&text).iter().any(|run| run.is_dear()) || text.contains("sms") && runs(&text).iter().any(Run::is_sms)
}

/// Whether a text says of itself, or of another, that it came through us: that is for us to say.
pub fn imitates_us(text: &str) -> bool {
    let letters: String =
        fold(text, CombiningDots::Gone).chars().map(latin).filter(|c| c.is_alphanumeric()).collect();
    OURS.iter().any(|ours| letters.contains(ours))
}

/// Digits in groups that blanks, hyphens, full stops, slashes or brackets part.
struct Run {
    /// Begins with a plus sign.
    plus: bool,
    groups: Vec<String>,
}

impl Run {
    /// From each group on, since other digits may stand before a number.
    fn is_dear(&self) -> bool {
        (0..self.groups.len()).any(|from| {
            let plus = self.plus && from == 0;
            is_dear(plus, &self.groups[from..])
        })
    }

    /// A short number that takes text messages for money.
    fn is_sms(&self) -> bool {
        self.groups.iter().any(|group| group.len() == 5 && ["71", "72", "73"].contains(&&group[..2]))
    }
}

/// A number ends where a group ends.
fn is_dear(plus: bool, groups: &[String]) -> bool {
    let mut digits = String::new();
    groups.iter().any(|group| {
        digits.push_str(group);
        let (country, number) = match (plus, digits.strip_prefix("00")) {
            (true, _) => (true, digits.as_str()),
            (false, Some(number)) => (true, number),
            (false, None) => (false, digits.as_str()),
        };
        let national = match (country, number.strip_prefix("46")) {
            (true, Some(number)) => format!("0{}", number.trim_start_matches('0')),
            (true, None) => return (8..=15).contains(&number.len()),
            (false, _) => number.to_owned(),
        };
        let four = ["0900", "0939", "0944"].iter().any(|prefix| national.starts_with(prefix));
        four && (9..=11).contains(&national.len())
            || national.starts_with("099") && (8..=10).contains(&national.len())
    })
}

fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut plus = false;
    let mut apart = MOST_APART + 1;
    let mut in_group = false;
    for c in text.chars() {
        if c.is_ascii_digit() {
            if !in_group {
                if apart > MOST_APART {
                    runs.push(Run { plus, groups: Vec::new() });
                }
                if let Some(run) = runs.last_mut() {
                    run.groups.push(String::new());
                }
            }
            if let Some(group) = runs.last_mut().and_then(|run| run.groups.last_mut()) {
                group.push(c);
            }
            (in_group, apart, plus) = (true, 0, false);
        } else {
            let parts =
                matches!(c, ' ' | '-' | '.' | '/' | '(' | ')' | '_' | '\u{2010}'..='\u{2015}' | '\u{2212}');
            apart = if parts { apart + 1 } else { MOST_APART + 1 };
            (in_group, plus) = (false, c == '+' || plus && parts);
        }
    }
    runs
}

/// The letter o beside a digit is read as one.
fn zeros(text: &str) -> String {
    let all: Vec<char> = text.chars().collect();
    let digit =
        |at: Option<usize>| at.and_then(|at| all.get(at)).is_some_and(|c| c.is_ascii_digit() || *c == 'o');
    let zero = |(at, c): (usize, &char)| match c {
        'o' if digit(at.checked_sub(1)) || digit(Some(at + 1)) => '0',
        c => *c,
    };
    all.iter().enumerate().map(zero).collect()
}

/// Letters of other scripts that look like ours.
fn latin(c: char) -> char {
    match c {
        'а' | 'α' => 'a',
        'е' | 'ε' => 'e',
        'о' | 'ο' => 'o',
        'р' | 'ρ' => 'p',
        'с' => 'c',
        'у' => 'y',
        'υ' | 'ս' | 'ц' => 'u',
        'к' | 'κ' => 'k',
        'т' | 'τ' => 't',
        'ѵ' | 'ν' => 'v',
        'г' => 'r',
        'і' | 'ι' => 'i',
        'м' => 'm',
        'н' => 'h',
        'п' => 'n',
        c => c,
    }
}

/// How we say in such a text, in its languages, who wrote it; without blanks.
const OURS: [&str; 8] = [
    "genomkuvert",
    "viakuvert",
    "throughkuvert",
    "frankuvert",
    "fromkuvert",
    "avkuvert",
    "avsandarekuvert",
    "senderkuvert",
];
/// Signs between two groups of one number.
const MOST_APART: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_cost_extra_or_are_abroad_are_seen_however_they_are_written() {
        for text in [
            "Ring genast 0900-123 45 67 och ha BankID redo",
            "0900 1234567",
            "09001234567",
            "0939-20 000 00",
            "0944 20 40 40",
            "099-301 01 22",
            "0 9 0 0 1 2 3 4 5 6 7",
            "O9OO-123 45 67",
            "０９００－１２３ ４５ ６７",
            "٠٩٠٠ ١٢٣ ٤٥ ٦٧",
            "0900\u{AD}123\u{2009}45\u{A0}67",
            "+46 900 123 45 67",
            "+46(0)900-123 45 67",
            "0046 900 123 45 67",
            "(0900) 123.45.67",
            "nr 1: 1 0900-123 45 67",
            "+44 20 7946 0958",
            "00 44 20 7946 0958",
            "+1-900-555-0100",
            "Sms:a JA till 72456",
        ] {
            assert!(has_dear_number(text), "{text}");
        }
    }

    #[test]
    fn other_numbers_are_let_be() {
        for text in [
            "Ring 08-123 45 67 eller 010-123 45 67.",
            "Ring 0771-12 34 56 eller 070-174 06 05, +46 70 174 06 05, 0046 8 123 45 67.",
            "Öppet 0900-1200, 1300-1600.",
            "Öppet 0900-1200 1300-1600",
            "Dnr 2026-0900, 0900",
            "721 30 Västerås, 72130",
            "Avgiften är 118 000 kr och 1 234 567 kr.",
            "29.11.2026 kl 09.00-12.00",
            "Bankgiro 5050-1055, org.nr 402000-0024",
            "",
        ] {
            assert!(!has_dear_number(text), "{text}");
        }
    }

    #[test]
    fn what_only_we_say_is_seen_however_it_is_written() {
        for text in [
            "Polisen via Kuvert: ring oss",
            "Från Skatteverket, genom Kuvert:",
            "skickad  GENOM\nKUVERT",
            "v i a K u v e r t",
            "via Kuvеrt",
            "via Ku\u{AD}vert",
            "ｖｉａ Ｋｕｖｅｒｔ",
            "via Kúvert",
            "sent through Kuvert",
        ] {
            assert!(imitates_us(text), "{text}");
        }
        for text in
            ["Lägg blanketten i ett kuvert.", "Du får ett kuvert via posten.", "Logga in i Kuvert.", ""]
        {
            assert!(!imitates_us(text), "{text}");
        }
    }
}
