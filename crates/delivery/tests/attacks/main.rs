//! Every attack is refused where it must be, and none takes long to read.

#![allow(clippy::unwrap_used, reason = "tests")]

mod corpus;

use corpus::{By, Cast, Forge, Party, all, harmless};
use delivery::{Forward, Sealed, forward::Covering, letter, names::SERVICE_V3};
use domain::letter::Limits;
use std::time::{Duration, Instant};
use testing::{DISPATCHER, OFFICE, TOWN, pki::rsa_key};

/// As far as no registry and no authorities are needed.
fn read(message: &[u8]) -> Result<Sealed, String> {
    let sealed = Sealed::from_envelope(message).map_err(|error| error.to_string())?;
    let to = letter::addressed(&sealed.delivery).map_err(|refusal| refusal.code.as_str().to_owned())?;
    for one in &sealed.delivery.messages {
        letter::letter(&sealed.delivery, &to, one, &Limits::default())
            .map_err(|refusal| refusal.code.as_str().to_owned())?;
    }
    Ok(sealed)
}

fn forge() -> Forge {
    let (authority, _) = corpus::authority("Prov CA");
    let party = |number: &str, key: &str| {
        let pair = rcgen::KeyPair::from_pkcs8_pem_and_sign_algo(key, &rcgen::PKCS_RSA_SHA256).unwrap();
        let certificate = corpus::subject(number).signed_by(&pair, &authority).unwrap();
        Party::new(number, key, certificate.der())
    };
    let sender = party(TOWN, rsa_key(TOWN));
    let dispatcher = party(DISPATCHER, rsa_key(DISPATCHER));
    let other = party(OFFICE, rsa_key(OFFICE));
    let revoked = corpus::revocable([&sender, &dispatcher], &authority);
    let recipient = "198101052382".into();
    Forge::new(Cast { sender, dispatcher, other, recipient, authority, revoked }, "test", MOST)
}

#[test]
fn what_is_only_dressed_differently_is_taken_and_says_the_same() {
    let forge = forge();
    for (name, message) in harmless(&forge) {
        let sealed = read(&message).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(sealed.delivery.sender_id, "164020000016", "{name}");
        assert_eq!(sealed.delivery.messages[0].subject, corpus::SUBJECT, "{name}");
    }
}

#[test]
fn each_attack_is_refused_for_its_own_reason() {
    let forge = forge();
    let attacks = all(&forge);
    assert!(attacks.len() >= 60, "{} attacks", attacks.len());
    let names: std::collections::HashSet<_> =
        attacks.iter().map(|attack| (attack.group, attack.name)).collect();
    assert_eq!(names.len(), attacks.len(), "each has a name of its own");
    let mut told = Vec::new();
    let mut slow = Vec::new();
    for attack in &attacks {
        let start = Instant::now();
        let verdict = read(&attack.body);
        let took = start.elapsed();
        let why = match (attack.by, verdict) {
            (By::Reader, Ok(_)) => "TAKEN".into(),
            (_, Err(why)) => why,
            // The signatures hold: it reaches those who are to refuse it.
            (By::House, Ok(_)) => "reaches the house".into(),
        };
        told.push(format!("{}: {} = {why}", attack.group, attack.name));
        if took > LONGEST {
            slow.push(format!("{}: {} took {} ms", attack.group, attack.name, took.as_millis()));
        }
    }
    assert!(slow.is_empty(), "{}", slow.join("\n"));
    // Each for its own reason: an attack that fails for another one tests nothing.
    let expected: Vec<&str> = include_str!("reasons.txt").lines().collect();
    let other = told.iter().filter(|line| !expected.contains(&line.as_str()));
    let other: Vec<_> = other.map(String::as_str).collect();
    let gone: Vec<_> = expected.iter().filter(|line| !told.iter().any(|one| one == *line)).copied().collect();
    assert!(
        other.is_empty() && gone.is_empty(),
        "not as in reasons.txt:\n{}\n\nexpected:\n{}",
        other.join("\n"),
        gone.join("\n")
    );
}

/// The same deliveries, forwarded: what stands in another operation, under another name, is read no less strictly.
#[test]
fn no_attack_is_read_as_a_forwarded_delivery() {
    let forge = forge();
    let forward = |message: &str| {
        let covering = Covering {
            forwarder_id: "199001012385".into(),
            forwarder_name: "Bo Bengtsson".into(),
            recipient_ids: vec!["198101052382".into()],
            body_type: "text/plain".into(),
            ..Covering::default()
        };
        let around = covering.envelope(forge.good().as_bytes(), None).unwrap();
        // Of that message the operation, without the original; of the attack all that stands around its own.
        let (_, operation) = around.split_once("<S:Body>")?;
        let (operation, _) = operation.split_once("</S:Body>")?;
        let (before, rest) = operation.split_once("<OrginalDelivery")?;
        let (_, after) = rest.split_once("</OrginalDelivery>")?;
        let outer = format!("<deliverSecure xmlns=\"{SERVICE_V3}\"><deliverSecure");
        let (head, original) = message.split_once(&outer)?;
        let (original, tail) = original.rsplit_once("</deliverSecure></deliverSecure>")?;
        Some(format!("{head}{before}<OrginalDelivery{original}</OrginalDelivery>{after}{tail}"))
    };
    let good = forward(&forge.good()).unwrap();
    let read = Forward::from_envelope(good.as_bytes()).unwrap();
    assert_eq!(read.original.delivery.messages[0].subject, corpus::SUBJECT);
    let mut tried = 0;
    let mut wrong = Vec::new();
    for attack in all(&forge).iter().filter(|attack| attack.by == By::Reader) {
        let Some(message) = std::str::from_utf8(&attack.body).ok().and_then(forward) else { continue };
        tried += 1;
        let taken = Forward::from_envelope(message.as_bytes()).is_ok_and(|read| {
            let messages = &read.original.delivery.messages;
            letter::addressed(&read.original.delivery).is_ok_and(|to| {
                messages
                    .iter()
                    .all(|one| letter::letter(&read.original.delivery, &to, one, &Limits::default()).is_ok())
            })
        });
        if taken {
            wrong.push(format!("{}: {}", attack.group, attack.name));
        }
    }
    assert!(tried >= 50, "{tried} attacks");
    assert!(wrong.is_empty(), "{} of {tried} were taken:\n{}", wrong.len(), wrong.join("\n"));
}

/// What grows with the square of the message takes minutes; what does not takes less, also unoptimised.
const LONGEST: Duration = Duration::from_secs(10);
/// Messages of a third of what the door reads show it as well, and reach the same limits.
const MOST: usize = 3 * 1024 * 1024;
