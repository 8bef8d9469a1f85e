//! Every refusal has its code, and leaves nothing behind.

use crate::world::{
    ANNA, BO, COMPANY, DISPATCHER, OFFICE, Organisation, TOWN, World, attaching, code, entry, letter, with,
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use domain::{Clock as _, Code};
use intake::Presented;
use serde_json::{Value, json};
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;

const PDF: &[u8] = b"%PDF-1.4\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n";

both!(
    what_the_letter_part_decides_is_refused_with_nothing_stored,
    signatures_and_keys_are_refused_with_nothing_stored,
    only_the_sender_and_its_dispatchers_may_send,
    recipients_that_cannot_be_reached_are_refused,
    nothing_is_taken_for_somebody_who_has_moved_away,
    attachments_that_are_not_what_they_say_are_refused,
    a_certificate_that_is_registered_later_is_taken_at_once,
    what_changes_while_attachments_come_counts,
    what_is_revoked_while_a_recipient_is_looked_up_counts,
    a_caller_that_a_revocation_list_names_is_nobody,
);

async fn what_the_letter_part_decides_is_refused_with_nothing_stored(database: Database) {
    let world = World::new(database).await;
    let sample = || letter("r");
    let attached = |name: &str| attaching(sample(), &[(name, "application/pdf", PDF)]);
    let many: Vec<_> = (0..26).map(|_| entry("a.pdf", "application/pdf", PDF)).collect();
    for (bad, expected) in [
        (with(sample(), "surprise", json!(1)), Code::UnknownMember),
        (with(sample(), "facts", json!({})), Code::NotSupported),
        (with(sample(), "subject", json!("")), Code::FieldInvalid),
        (with(sample(), "subject", json!("a\u{202e}b")), Code::CharactersNotAllowed),
        (with(sample(), "reference", json!("x".repeat(129))), Code::FieldInvalid),
        (with(sample(), "sender", json!("12")), Code::IdentityInvalid),
        (with(sample(), "sender", json!(12)), Code::PayloadMalformed),
        (with(sample(), "recipient", json!("198101052383")), Code::CheckDigitInvalid),
        (with(sample(), "audience", json!("another")), Code::WrongAudience),
        (with(sample(), "visible_from", json!("2027-11-23T10:00:00Z")), Code::FieldInvalid),
        (
            with(sample(), "body", json!({"media_type": "text/plain", "content": "x".repeat(300_000)})),
            Code::BodyTooLarge,
        ),
        (attached("../x.pdf"), Code::FileNameNotAllowed),
        (attached("a\nb.pdf"), Code::CharactersNotAllowed),
        (attaching(sample(), &[("a.zip", "application/zip", PDF)]), Code::AttachmentTypeNotAllowed),
        (with(sample(), "attachments", many.into()), Code::TooManyAttachments),
    ] {
        assert_eq!(world.refused(&bad, &[]).await, expected, "{bad}");
    }
    let mut lacking = sample();
    lacking.as_object_mut().unwrap().remove("language");
    assert_eq!(world.refused(&lacking, &[]).await, Code::FieldMissing);
    let twice =
        sample().to_string().replacen("\"language\":\"sv\"", "\"language\":\"sv\",\"language\":\"sv\"", 1);
    let twice = world.town.sign_bytes(twice.as_bytes());
    assert_eq!(code(world.send_as(&world.town.number, twice, &[]).await), Code::DuplicateMember);
    let no_json = world.town.sign_bytes(b"hej");
    assert_eq!(code(world.send_as(&world.town.number, no_json, &[]).await), Code::PayloadMalformed);
    let large = Bytes::from(vec![b' '; 1024 * 1024 + 1]);
    assert_eq!(code(world.send_as(&world.town.number, large, &[]).await), Code::LetterTooLarge);
    world.nothing_is_stored().await;
}

/// A JWS with another protected header, the rest as signed.
fn reheaded(jws: &Bytes, change: impl FnOnce(&mut Value)) -> Bytes {
    let mut jws: Value = serde_json::from_slice(jws).unwrap();
    let protected = URL_SAFE_NO_PAD.decode(jws["protected"].as_str().unwrap()).unwrap();
    let mut header: Value = serde_json::from_slice(&protected).unwrap();
    change(&mut header);
    jws["protected"] = URL_SAFE_NO_PAD.encode(header.to_string()).into();
    jws.to_string().into_bytes().into()
}

async fn signatures_and_keys_are_refused_with_nothing_stored(database: Database) {
    let world = World::new(database).await;
    let jws = world.town.sign(&letter("r"));
    let send = |jws: Bytes| async { code(world.send_as(&world.town.number, jws, &[]).await) };
    assert_eq!(send(Bytes::from_static(b"{}")).await, Code::JwsMalformed);
    assert_eq!(send(Bytes::from_static(b"a.b.c")).await, Code::JwsMalformed);
    for member in ["crit", "b64", "jwk", "jku", "x5u", "x5c", "surprise"] {
        let headed = reheaded(&jws, |header| header[member] = json!(["x"]));
        assert_eq!(send(headed).await, Code::JwsHeaderNotAllowed, "{member}");
    }
    assert_eq!(send(reheaded(&jws, |h| h["typ"] = "JWT".into())).await, Code::JwsHeaderNotAllowed);
    for alg in ["none", "HS256", "RS1", "es256"] {
        assert_eq!(send(reheaded(&jws, |h| h["alg"] = alg.into())).await, Code::AlgorithmNotAllowed, "{alg}");
    }
    assert_eq!(send(reheaded(&jws, |h| h["alg"] = "PS256".into())).await, Code::AlgorithmNotAllowed);
    let mut unprotected: Value = serde_json::from_slice(&jws).unwrap();
    unprotected["header"] = json!({});
    assert_eq!(send(unprotected.to_string().into()).await, Code::JwsHeaderNotAllowed);
    let mut other: Value = serde_json::from_slice(&jws).unwrap();
    other["payload"] = URL_SAFE_NO_PAD.encode(letter("another").to_string()).into();
    assert_eq!(send(other.to_string().into()).await, Code::SignatureInvalid);

    let stranger = Organisation::new(TOWN);
    assert_eq!(send(stranger.sign(&letter("r"))).await, Code::UnknownKey);
    assert_eq!(send(world.office.sign(&letter("r"))).await, Code::UnknownKey);
    // kid and x5t#S256 that do not agree.
    let mixed = reheaded(&jws, |h| h["kid"] = URL_SAFE_NO_PAD.encode([7; 32]).into());
    assert_eq!(send(mixed).await, Code::UnknownKey);

    let old = Organisation::until(TOWN, 2027);
    world.certify(&old).await;
    world.clock.advance(Duration::from_secs(60 * 24 * 3600));
    assert_eq!(send(old.sign(&letter("r"))).await, Code::CertificateExpired);
    world.revoke(&world.town).await;
    world.directory.refresh(&world.store).await.unwrap();
    assert_eq!(send(world.town.sign(&letter("r"))).await, Code::CertificateRevoked);
    // Known by its kid alone, and still refused with the same words; a forged one never gets that far.
    let by_kid = reheaded(&jws, |h| drop(h.as_object_mut().unwrap().remove("x5t#S256")));
    assert_eq!(send(by_kid).await, Code::SignatureInvalid);
    // A payload without a sender is judged after its signature.
    assert_eq!(send(stranger.sign(&json!({}))).await, Code::UnknownKey);
    assert_eq!(send(world.office.sign(&json!({}))).await, Code::FieldMissing);
    world.nothing_is_stored().await;
}

async fn only_the_sender_and_its_dispatchers_may_send(database: Database) {
    let world = World::new(database).await;
    let town = &world.town;
    let office = &world.office;
    let dispatcher = &world.dispatcher;
    let of = |sender: &str| with(letter("r"), "sender", sender.into());
    // The office calls with the town's letter, and the town with one that it wrote in the office's name.
    assert_eq!(code(world.send_as(&office.number, town.sign(&of(TOWN)), &[]).await), Code::CallerNotAllowed);
    assert_eq!(code(world.send_as(&town.number, town.sign(&of(OFFICE)), &[]).await), Code::CallerNotAllowed);
    let unknown = of("162021004748");
    assert_eq!(code(world.send_as(&town.number, town.sign(&unknown), &[]).await), Code::SenderUnknown);
    let own = with(letter("r"), "sender", DISPATCHER.into());
    assert_eq!(
        code(world.send_as(&dispatcher.number, dispatcher.sign(&own), &[]).await),
        Code::SenderUnknown
    );
    let mut tx = world.store.begin("suspend").await.unwrap();
    registry::senders::suspend(&mut tx, &office.number, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.directory.refresh(&world.store).await.unwrap();
    assert_eq!(
        code(world.send_as(&office.number, office.sign(&of(OFFICE)), &[]).await),
        Code::SenderSuspended
    );
    world.nothing_is_stored().await;

    // What is allowed: the dispatcher calls with the town's signature, or with its own.
    let signed_by_town = world.send_as(&dispatcher.number, town.sign(&letter("1")), &[]).await.unwrap();
    let signed_by_dispatcher =
        world.send_as(&dispatcher.number, dispatcher.sign(&letter("2")), &[]).await.unwrap();
    assert_ne!(signed_by_town.letter_id, signed_by_dispatcher.letter_id);
    // Taken off the list it may neither call nor sign.
    let mut tx = world.store.begin("unlist").await.unwrap();
    registry::dispatch::unlist(&mut tx, &town.number, &dispatcher.number, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    world.directory.refresh(&world.store).await.unwrap();
    let called = world.send_as(&dispatcher.number, town.sign(&letter("3")), &[]).await;
    assert_eq!(code(called), Code::CallerNotAllowed);
    let signed = world.send_as(&town.number, dispatcher.sign(&letter("3")), &[]).await;
    assert_eq!(code(signed), Code::UnknownKey);
}

async fn recipients_that_cannot_be_reached_are_refused(database: Database) {
    let world = World::new(database).await;
    let to = |recipient: &str| with(letter("r"), "recipient", recipient.into());
    assert_eq!(world.refused(&to("197010632391"), &[]).await, Code::RecipientUnknown);
    assert_eq!(world.refused(&to("201706042387"), &[]).await, Code::RecipientUnderAge);
    let events = world.keys.events();
    let recorder = world.recorder(&events);
    let mut tx = world.store.begin("change").await.unwrap();
    registry::people::decease(&mut tx, world.bo.0, world.clock.now()).await.unwrap();
    registry::boxes::close(&mut tx, world.company, &recorder).await.unwrap();
    let keys = world.connector.keys(key_client::Role::Gateway).gateway_keys().await.unwrap();
    let mac = registry::declined::sender_mac(&keys.sender, world.anna.1, &world.town.number);
    registry::declined::decline(&mut tx, world.anna.1, &world.town.number, &mac, b"sealed", &recorder)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.refused(&to(BO), &[]).await, Code::RecipientDeceased);
    assert_eq!(world.refused(&to(COMPANY), &[]).await, Code::MailboxClosed);
    assert_eq!(world.refused(&to(ANNA), &[]).await, Code::SenderDeclined);
    world.nothing_is_stored().await;
    let office = with(to(ANNA), "sender", OFFICE.into());
    assert!(world.send_as(&world.office.number, world.office.sign(&office), &[]).await.is_ok());
}

async fn nothing_is_taken_for_somebody_who_has_moved_away(database: Database) {
    let world = World::new(database).await;
    let to = |reference: &str, recipient: &str| with(letter(reference), "recipient", recipient.into());
    let begun = world.draft(&to("begun", ANNA)).await.unwrap();
    let stranger = "197010632391";
    for recipient in [ANNA, COMPANY, stranger] {
        world.moves_away(recipient).await;
    }
    assert_eq!(world.refused(&to("r", stranger), &[]).await, Code::RecipientElsewhere);
    // Alone, and asked for together with others.
    let asked: Vec<_> =
        (0..40).map(|no| to(&no.to_string(), [ANNA, COMPANY, stranger, BO][no % 4])).collect();
    let sent = asked.iter().map(|letter| world.send(letter, &[]));
    for (no, sent) in futures_util::future::join_all(sent).await.into_iter().enumerate() {
        match no % 4 {
            3 => drop(sent.unwrap()),
            _ => assert_eq!(code(sent), Code::RecipientElsewhere, "{no}"),
        }
    }
    // Begun before the move and finished after it.
    world.clock.advance(Duration::from_secs(60));
    let finished = world.intake.accept(begun).await;
    assert_eq!(finished.unwrap_err().refusal().code, Code::RecipientElsewhere);
    for mailbox in [world.anna.1, world.company] {
        assert_eq!(world.letters_in(mailbox).await, 0);
    }
    assert_eq!(world.letters_in(world.bo.1).await, 10);
}

async fn attachments_that_are_not_what_they_say_are_refused(database: Database) {
    let world = World::new(database).await;
    let encrypted = b"%PDF-1.4\ntrailer\n<< /Encrypt 5 0 R >>\nstartxref\n9\n%%EOF\n";
    let large = [&b"%PDF-1.4\n"[..], &vec![b'x'; 600_000]].concat();
    for (media_type, bytes, expected) in [
        ("application/pdf", &b"MZ\x90\0"[..], Code::AttachmentContentMismatch),
        ("application/pdf", b"%PDF-1.4\nno end", Code::PdfBroken),
        ("application/pdf", &large, Code::PdfBroken),
        ("application/pdf", encrypted, Code::PdfEncrypted),
        ("image/png", PDF, Code::AttachmentContentMismatch),
        ("text/plain", b"\xFF\xFE\0", Code::AttachmentContentMismatch),
    ] {
        let letter = attaching(letter("r"), &[("a", media_type, bytes)]);
        assert_eq!(world.refused(&letter, &[bytes]).await, expected, "{media_type}");
    }
    let two = attaching(letter("r"), &[("a.pdf", "application/pdf", PDF), ("b.txt", "text/plain", b"hello")]);
    assert_eq!(world.refused(&two, &[PDF]).await, Code::AttachmentMissing);
    assert_eq!(world.refused(&two, &[PDF, b"hello", b"more"]).await, Code::AttachmentExtra);
    assert_eq!(world.refused(&two, &[PDF, b"hellO"]).await, Code::AttachmentChecksumMismatch);
    assert_eq!(world.refused(&two, &[PDF, b"hell"]).await, Code::AttachmentSizeMismatch);
    assert_eq!(world.refused(&two, &[PDF, b"hello!"]).await, Code::AttachmentSizeMismatch);
    assert_eq!(world.refused(&two, &[b"hello", PDF]).await, Code::AttachmentSizeMismatch);
    // A large one that was whole and durable, followed by one that is refused.
    let good = [&b"%PDF-1.4\n"[..], &vec![b'x'; 600_000], PDF].concat();
    let pair =
        attaching(letter("r"), &[("a.pdf", "application/pdf", &good), ("b.txt", "text/plain", b"hello")]);
    assert_eq!(world.refused(&pair, &[&good, b"hellO"]).await, Code::AttachmentChecksumMismatch);
    world.nothing_is_stored().await;
}

async fn a_certificate_that_is_registered_later_is_taken_at_once(database: Database) {
    let world = World::new(database).await;
    let renewed = Organisation::until(TOWN, 2101);
    let caller = &world.town.number;
    assert_eq!(code(world.send_as(caller, renewed.sign(&letter("r")), &[]).await), Code::UnknownKey);
    world.certify(&renewed).await;
    assert!(world.send_as(caller, renewed.sign(&letter("r")), &[]).await.is_ok());
    // And a revoked one is refused with the very next letter, before anybody refreshed the directory.
    world.revoke(&renewed).await;
    assert_eq!(code(world.send_as(caller, renewed.sign(&letter("s")), &[]).await), Code::CertificateRevoked);
}

async fn what_changes_while_attachments_come_counts(database: Database) {
    let world = World::new(database).await;
    let [closed, rolled] =
        [world.draft(&letter("1")).await.unwrap(), world.draft(&letter("2")).await.unwrap()];
    world.clock.advance(Duration::from_secs(60));
    let events = world.keys.events();
    let mut tx = world.store.begin("close").await.unwrap();
    registry::boxes::close(&mut tx, world.anna.1, &world.recorder(&events)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.intake.accept(closed).await.unwrap_err().refusal().code, Code::MailboxClosed);
    world.nothing_is_stored().await;
    // Open again, with the key of another epoch: what commits now is sealed to that one.
    let next = "UPDATE mailbox SET closed_at = NULL, epoch = 2 WHERE mailbox_id = $1";
    world.store.change(next, store::args![world.anna.1]).await;
    world.intake.accept(rolled).await.unwrap();
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter_key WHERE epoch = 2").await, 1);
}

/// The registry is read anew by whoever notices first: by another letter, or by the task that asks every second.
async fn what_is_revoked_while_a_recipient_is_looked_up_counts(database: Database) {
    let world = World::new(database).await;
    world.revoke(&world.town).await;
    let checked = world.intake.check(&world.town.number, world.town.sign(&letter("late")));
    tokio::pin!(checked);
    assert!(futures_util::poll!(checked.as_mut()).is_pending(), "it waits for its look-up");
    assert!(world.directory.refresh(&world.store).await.unwrap(), "it was judged by what is no more");
    assert_eq!(checked.await.map(drop).unwrap_err().refusal().code, Code::CertificateRevoked);
    world.nothing_is_stored().await;
}

async fn a_caller_that_a_revocation_list_names_is_nobody(database: Database) {
    let world = World::new(database).await;
    let town = &world.town;
    let presented =
        |listed| Presented { sha256: &town.certificate.sha256, organisation: Some(&town.number), listed };
    assert_eq!(world.intake.caller(Some(presented(false))).await.unwrap(), town.number);
    // It is registered and in force; its authority has taken it back.
    let refused = world.intake.caller(Some(presented(true))).await.unwrap_err();
    assert_eq!(refused.refusal().code, Code::CertificateUnknown);
    assert_eq!(world.intake.caller(Some(presented(false))).await.unwrap(), town.number);
}
