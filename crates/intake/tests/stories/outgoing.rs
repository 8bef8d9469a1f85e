//! Letters for mailboxes at other operators: taken in charge, kept sealed, and ended once.

mod beside;
mod told;

use crate::{
    accept::keys,
    deliveries::{Authority, message, sealed, to},
    world::{ANNA, BO, DISPATCHER, LADAN, OFFICE, OWN, TOWN, World, attaching, code, letter, org, with},
};
use delivery::Sealed;
use domain::{
    Clock as _, Code, Identity, LetterId, OrgNumber,
    words::{EventType, ReturnReason},
};
use evidence::receipt;
use intake::{
    AcceptError, Answer, Ending, Heading, OperatorAddress, Outbound, Outgoing, Route, Sought, Whereabouts,
};
use key_client::{KeysError, Role};
use mailbox::Original;
use serde_json::json;
use std::{sync::Arc, time::Duration};
use store::{both, testing::Database};
use testing::Rows as _;
use vault::{Authorities, Certificate, Untrusted};

both!(
    a_letter_for_elsewhere_is_taken_in_charge_and_forwarded_once,
    a_returned_letter_says_why_and_a_large_one_leaves_no_object,
    what_waits_for_an_operator_is_made_due_unless_it_answered_with_a_fault,
    what_cannot_be_handed_over_is_refused_before_its_attachments,
    our_chain_goes_with_what_we_sign,
    nothing_is_taken_in_charge_with_an_expired_certificate,
    whoever_comes_here_meanwhile_gets_the_letter_here,
    a_signed_delivery_is_sealed_anew_and_never_for_another_operator,
    where_a_letter_may_be_is_known_before_it_is_sent,
);

const ADDRESS: &str = "https://ladan.example/service/v3";
const TEXT: &[u8] = b"Bilaga med hemligheter";

fn outgoing(pki: &Authority) -> Outgoing {
    Outgoing {
        organisation: org(OWN),
        signer: pki.signer(OWN),
        envelope_bytes: 1024 * 1024,
        give_up_after: Duration::from_secs(3600),
    }
}

async fn world_with(database: Database, whereabouts: Whereabouts) -> (World, Authority) {
    let pki = Authority::new();
    let world = signing(database, whereabouts, outgoing(&pki), &pki).await;
    (world, pki)
}

async fn signing(database: Database, whereabouts: Whereabouts, outgoing: Outgoing, pki: &Authority) -> World {
    let world = World::leaving(database, |_| {}, Some(outgoing), whereabouts).await;
    world.trust.replace(Authorities::from_pem(&pki.pem).unwrap());
    let now = world.clock.now();
    let mut tx = world.store.begin("list us").await.unwrap();
    registry::senders::add(&mut tx, &org(OWN), "Exempelposten", false, now).await.unwrap();
    registry::dispatch::list(&mut tx, &org(TOWN), &org(OWN), now).await.unwrap();
    tx.commit().await.unwrap();
    world
}

/// Anna's mailbox is at the other operator.
async fn world(database: Database) -> (World, Authority) {
    let (world, pki) = world_with(database, Whereabouts::Own).await;
    world.moves_away(ANNA).await;
    (world, pki)
}

fn ladan() -> OperatorAddress {
    OperatorAddress { number: org(LADAN), service_address: ADDRESS.into() }
}

impl World {
    async fn waiting(&self, letter_id: LetterId) -> (Outbound, Original) {
        let letter = self.intake.outbound(letter_id).await.unwrap().unwrap();
        let key = self.connector.keys(Role::Outgoing).outbound_key(letter_id).await.unwrap();
        let original = self.intake.outbound_envelope(&letter, &key).await.unwrap();
        (letter, original)
    }

    /// That it has ended and that nothing opens it any more.
    async fn is_gone(&self, letter_id: LetterId) {
        assert!(self.intake.outbound(letter_id).await.unwrap().is_none());
        let key = self.connector.keys(Role::Outgoing).outbound_key(letter_id).await;
        assert_eq!(key.err(), Some(KeysError::Gone));
        let kept = "SELECT count(*) AS n FROM outbound WHERE sealed_key IS NOT NULL OR envelope IS NOT NULL \
            OR object IS NOT NULL";
        assert_eq!(self.store.count(kept).await, 0);
    }

    /// What the sender is told of a letter, and that the whole evidence holds.
    async fn told(&self, letter_id: LetterId) -> Vec<EventType> {
        evidence::audit(&self.store, &self.keys.events()).await.unwrap();
        let mut tx = self.store.read("told").await.unwrap();
        let found = intake::submission::by_letter(&mut tx, letter_id).await.unwrap().unwrap();
        let told = evidence::feed::of_letter(&mut tx, found.mailbox_id, letter_id, true).await.unwrap();
        let feed = tx.query("SELECT type FROM feed_waiting ORDER BY seq", &[]).await.unwrap();
        assert_eq!(feed.len(), told.len());
        told.into_iter().map(|(_, kind)| kind).collect()
    }
}

async fn a_letter_for_elsewhere_is_taken_in_charge_and_forwarded_once(database: Database) {
    let (world, _) = world(database).await;
    let sent = attaching(letter("a"), &[("hemligt.txt", "text/plain", TEXT)]);
    let answer = world.send(&sent, &[TEXT]).await.unwrap();
    assert!(answer.forwarding && !answer.repeated);
    let promised = receipt::verify(&answer.receipt, &keys(&world).await).unwrap();
    assert_eq!(promised.receipt.event.kind, EventType::TakenInCharge);
    assert!(promised.is_to(&Identity::parse(ANNA).unwrap()) && promised.is_of(sent.to_string().as_bytes()));
    // The same again, and another under its reference.
    let again = world.send(&sent, &[TEXT]).await.unwrap();
    assert_eq!(again, Answer { repeated: true, ..answer.clone() });
    assert_eq!(
        world.refused(&with(letter("a"), "subject", json!("Annat")), &[]).await,
        Code::ReferenceConflict
    );
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, 0);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM job WHERE kind = 'hand_over'").await, 1);
    nothing_can_be_read(&world).await;

    let (waiting, original) = world.waiting(answer.letter_id).await;
    let envelope = Sealed::from_envelope(&original.signed).unwrap();
    for signature in [&envelope.signature, &envelope.seal] {
        assert_eq!(signature.certificate.organisation, Some(org(OWN)));
    }
    let delivery = &envelope.delivery;
    assert_eq!((delivery.sender_id.as_str(), delivery.recipient_id.as_str()), (TOWN, ANNA));
    assert_eq!((delivery.messages.len(), delivery.messages[0].id.as_str()), (1, "a"));
    assert_eq!(delivery.messages[0].attachments[0].content, TEXT);
    assert_eq!(world.intake.heading(&waiting, &original).await.unwrap(), Heading::To(ladan()));
    world.intake.outbound_tried(&waiting, "no_answer").await.unwrap();
    assert_eq!(world.told(answer.letter_id).await, [EventType::TakenInCharge]);

    let ending = Ending::HandedOver { transaction: Some("T-1") };
    world.intake.outbound_ended(&waiting, ending).await.unwrap();
    // Whoever comes too late changes nothing.
    world.intake.outbound_ended(&waiting, Ending::Returned(ReturnReason::GivenUp)).await.unwrap();
    world.intake.outbound_tried(&waiting, "no_answer").await.unwrap();
    assert!(!world.intake.outbound_sends(answer.letter_id, &org(LADAN)).await.unwrap());
    assert!(world.intake.come_home(&waiting, &original).await.is_ok());
    world.is_gone(answer.letter_id).await;
    assert_eq!(world.told(answer.letter_id).await, [EventType::TakenInCharge, EventType::Forwarded]);
    assert_eq!(
        world.store.count("SELECT count(*) AS n FROM outbound WHERE last_code = 'delivered'").await,
        1
    );
    assert_eq!(world.store.count("SELECT count(*) AS n FROM outbound WHERE attempts = 1").await, 1);
    assert_eq!(world.send(&sent, &[TEXT]).await.unwrap(), again);
    nothing_can_be_read(&world).await;
}

/// Neither what the letter says nor to whom stands in any column.
async fn nothing_can_be_read(world: &World) {
    let mut tx = world.store.read("look").await.unwrap();
    let mut bytes = Vec::new();
    for sql in [
        "SELECT proof AS first, COALESCE(envelope, letter_id) AS second FROM outbound",
        "SELECT sender_mac AS first, address_mac AS second FROM outbound",
        "SELECT COALESCE(sealed_key, letter_id) AS first, COALESCE(answer, letter_id) AS second FROM outbound",
        "SELECT reference AS first, receipt AS second FROM submission",
        "SELECT body AS first, entry AS second FROM event",
    ] {
        for row in tx.query(sql, &[]).await.unwrap() {
            bytes.extend_from_slice(row.bytes("first").unwrap());
            bytes.extend_from_slice(row.bytes("second").unwrap());
        }
    }
    assert!(bytes.len() > 1500);
    for secret in ["bygglov", "hemlig", ANNA, "QmlsYWdh", "deliverSecure", "T-1"] {
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{secret} can be read");
    }
}

async fn a_returned_letter_says_why_and_a_large_one_leaves_no_object(database: Database) {
    let (world, _) = world(database).await;
    let large = "x".repeat(400 * 1024);
    let sent = attaching(letter("a"), &[("stor.txt", "text/plain", large.as_bytes())]);
    let answer = world.send(&sent, &[large.as_bytes()]).await.unwrap();
    assert_eq!(world.objects_stored(), 1);
    let (waiting, original) = world.waiting(answer.letter_id).await;
    assert_eq!(Sealed::from_envelope(&original.signed).unwrap().delivery.messages[0].attachments.len(), 1);
    world.intake.outbound_ended(&waiting, Ending::Returned(ReturnReason::NotDelivered)).await.unwrap();
    world.is_gone(answer.letter_id).await;
    world.objects_become(0).await;
    assert_eq!(world.told(answer.letter_id).await, [EventType::TakenInCharge, EventType::Returned]);
    let mut tx = world.store.read("why").await.unwrap();
    let why = intake::outbound::reasons(&mut tx, &[answer.letter_id]).await.unwrap();
    assert_eq!(why[&answer.letter_id], ReturnReason::NotDelivered);
}

async fn what_waits_for_an_operator_is_made_due_unless_it_answered_with_a_fault(database: Database) {
    let (world, _) = world(database).await;
    let mut sent = Vec::new();
    for reference in ["silent", "fault", "untried"] {
        sent.push(world.send(&letter(reference), &[]).await.unwrap().letter_id);
    }
    for (letter_id, code) in [(sent[0], "no_answer"), (sent[1], "fault")] {
        let (waiting, _) = world.waiting(letter_id).await;
        world.intake.outbound_tried(&waiting, code).await.unwrap();
    }
    let mut tx = world.store.begin("wait").await.unwrap();
    let later = world.clock.now().plus(Duration::from_secs(3600));
    let waits = "UPDATE job SET run_at = $1 WHERE kind = 'hand_over'";
    tx.execute(waits, store::args![later]).await.unwrap().exactly(3).unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.intake.outbound_hasten(&org(TOWN)).await.unwrap(), 0);
    assert_eq!(world.intake.outbound_hasten(&org(LADAN)).await.unwrap(), 1);
    assert_eq!(world.intake.outbound_hasten(&org(LADAN)).await.unwrap(), 0);
}

async fn what_cannot_be_handed_over_is_refused_before_its_attachments(database: Database) {
    let (world, _) = world(database).await;
    for (member, value, pointer) in [
        ("kind", json!("decision"), "/kind"),
        ("reply_by", json!("2026-12-01"), "/reply_by"),
        ("visible_from", json!("2026-12-01T10:00:00.000Z"), "/visible_from"),
        ("confidential", json!(true), "/confidential"),
        ("matter", json!({"shared_id": "S-1"}), "/matter/shared_id"),
    ] {
        let refusal = world.draft(&with(letter("a"), member, value)).await.err().unwrap().refusal();
        assert_eq!((refusal.code, refusal.pointer.as_deref()), (Code::NotSupported, Some(pointer)));
    }
    let manifest = [entry_of(800 * 1024)];
    let refused = world.draft(&with(letter("a"), "attachments", json!(manifest))).await;
    assert_eq!(refused.err().unwrap().refusal().code, Code::AttachmentTooLarge);
    // A sender that the recipient has turned off, wherever that was said.
    let gateway = world.connector.keys(Role::Gateway).gateway_keys().await.unwrap();
    let mac = world.keys.address_mac(&Identity::parse(ANNA).unwrap());
    let off = registry::preferences::sender_mac(&gateway.sender, &mac, &org(TOWN));
    for (off, code) in [(vec![off], Some(Code::SenderDeclined)), (vec![], None)] {
        let mut tx = world.store.begin("say").await.unwrap();
        registry::preferences::store(&mut tx, &mac, &off, world.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(world.draft(&letter("a")).await.err().map(|error| error.refusal().code), code);
    }
    // A sender that does not list us.
    let office = with(letter("a"), "sender", json!(OFFICE));
    let refused = world.send_as(&org(OFFICE), world.office.sign(&office), &[]).await;
    assert_eq!(code(refused), Code::SenderMustSign);
    // Letters of those who no longer do wait for them to do so again.
    let answer = world.send(&letter("b"), &[]).await.unwrap();
    let (waiting, original) = world.waiting(answer.letter_id).await;
    let mut tx = world.store.begin("unlist").await.unwrap();
    registry::dispatch::unlist(&mut tx, &org(TOWN), &org(OWN), world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let heading = world.intake.heading(&waiting, &original).await.unwrap_err();
    assert_eq!(heading.refusal().code, Code::SenderMustSign);
    world.intake.outbound_ended(&waiting, Ending::Returned(ReturnReason::SenderMustSign)).await.unwrap();
    assert_eq!(world.refused(&letter("c"), &[]).await, Code::SenderMustSign);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM submission").await, 1);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM outbound").await, 1);
}

async fn our_chain_goes_with_what_we_sign(database: Database) {
    let pki = Authority::new().below();
    let world = signing(database, Whereabouts::Own, outgoing(&pki), &pki).await;
    world.moves_away(ANNA).await;
    let answer = world.send(&letter("a"), &[]).await.unwrap();
    let (_, original) = world.waiting(answer.letter_id).await;
    let envelope = Sealed::from_envelope(&original.signed).unwrap();
    // Whoever receives it trusts the root and knows nothing else.
    let root = Authorities::from_pem(&pki.pem).unwrap();
    let now = world.clock.now();
    for signature in [&envelope.signature, &envelope.seal] {
        assert_eq!(signature.certificate.organisation, Some(org(OWN)));
        assert_eq!(signature.others, [pki.between[0].der.clone()]);
        assert_eq!(root.trust(&signature.certificate, &signature.others, now), Ok(()));
        assert_eq!(root.trust(&signature.certificate, &[], now), Err(Untrusted::Issuer));
    }
    let kept = Certificate::parse(&original.certificate).unwrap();
    assert_eq!(kept.organisation, Some(org(OWN)), "what is kept is our own certificate");
}

async fn nothing_is_taken_in_charge_with_an_expired_certificate(database: Database) {
    let pki = Authority::new();
    let outgoing = Outgoing { signer: pki.signer_alone(OWN, 2027), ..outgoing(&pki) };
    let last = outgoing.signer.certificate().not_after;
    let world = signing(database, Whereabouts::Own, outgoing, &pki).await;
    world.moves_away(ANNA).await;
    world.clock.advance(last.since(world.clock.now()));
    let first = world.send(&letter("a"), &[]).await.unwrap();
    world.clock.advance(Duration::from_secs(1));
    // Said before any attachment comes, as something to try again.
    let refused = world.draft(&letter("b")).await.err().unwrap();
    assert!(matches!(refused, AcceptError::Unavailable(_)), "{refused:?}");
    assert_eq!(refused.refusal().code, Code::Unavailable);
    let town = pki.signer(TOWN);
    let delivery = sealed(&to(ANNA, vec![message("m-1")]), &town, &town);
    let refused = world.intake.deliver(&org(TOWN), delivery).await.unwrap_err();
    assert!(matches!(refused, AcceptError::Unavailable(_)), "{refused:?}");
    // What was promised before is promised still, and what stays here is taken.
    let again = world.send(&letter("a"), &[]).await.unwrap();
    assert_eq!(again, Answer { repeated: true, ..first });
    world.send(&with(letter("c"), "recipient", json!(BO)), &[]).await.unwrap();
    assert_eq!(world.store.count("SELECT count(*) AS n FROM outbound").await, 1);
}

fn entry_of(bytes: usize) -> serde_json::Value {
    let sha256 = "A".repeat(43);
    json!({"name": "a.txt", "media_type": "text/plain", "bytes": bytes, "sha256": sha256})
}

async fn whoever_comes_here_meanwhile_gets_the_letter_here(database: Database) {
    let (world, _) = world(database).await;
    let sent = attaching(letter("a"), &[("hemligt.txt", "text/plain", TEXT)]);
    let sent = with(sent, "receipt", json!("opened"));
    let answer = world.send(&sent, &[TEXT]).await.unwrap();
    let (waiting, original) = world.waiting(answer.letter_id).await;
    assert!(!world.intake.come_home(&waiting, &original).await.unwrap(), "not there yet");
    world.moves_back(ANNA).await;
    assert_eq!(world.intake.heading(&waiting, &original).await.unwrap(), Heading::Home);
    assert!(world.intake.come_home(&waiting, &original).await.unwrap());
    assert!(world.intake.come_home(&waiting, &original).await.unwrap(), "twice is once");
    world.is_gone(answer.letter_id).await;
    assert_eq!(world.letters_in(world.anna.1).await, 1);
    assert_eq!(world.told(answer.letter_id).await, [EventType::TakenInCharge, EventType::Accepted]);
    assert_eq!(world.send(&sent, &[TEXT]).await.unwrap(), Answer { repeated: true, ..answer.clone() });
    assert_eq!(world.store.count("SELECT count(*) AS n FROM job WHERE kind = 'notice'").await, 1);

    let anna = world.actor(world.anna.0).await;
    let opened = world.mailboxes.open(&anna, world.anna.1, answer.letter_id).await.unwrap().unwrap();
    assert!(opened.doubt.is_none());
    assert_eq!(
        (opened.letter.subject.as_str(), opened.letter.reference.as_str()),
        ("Beslut om bygglov", "a")
    );
    assert_eq!(opened.letter.attachments[0].name, "hemligt.txt");
    let after = world.told_now(answer.letter_id).await;
    assert_eq!(after, [EventType::TakenInCharge, EventType::Accepted, EventType::Opened]);
}

impl World {
    async fn told_now(&self, letter_id: LetterId) -> Vec<EventType> {
        let mut tx = self.store.read("told").await.unwrap();
        let found = intake::submission::by_letter(&mut tx, letter_id).await.unwrap().unwrap();
        let told = evidence::feed::of_letter(&mut tx, found.mailbox_id, letter_id, true).await.unwrap();
        told.into_iter().map(|(_, kind)| kind).collect()
    }
}

async fn a_signed_delivery_is_sealed_anew_and_never_for_another_operator(database: Database) {
    let (world, pki) = world(database).await;
    let town = pki.signer(TOWN);
    let dispatcher = pki.signer(DISPATCHER);
    let office = pki.signer(OFFICE);
    let delivery = to(ANNA, vec![message("m-1")]);
    let envelope = sealed(&delivery, &town, &dispatcher);
    let answers = world.takes(DISPATCHER, envelope.clone()).await.unwrap();
    assert!(answers[0].forwarding);
    let again = world.takes(DISPATCHER, envelope.clone()).await.unwrap();
    assert_eq!(again[0], Answer { repeated: true, ..answers[0].clone() });
    let (_, original) = world.waiting(answers[0].letter_id).await;
    let ours = Sealed::from_envelope(&original.signed).unwrap();
    let theirs = Sealed::from_envelope(&envelope).unwrap();
    // The sender's own signature as it was, under our seal.
    assert_eq!(ours.signature, theirs.signature);
    assert_eq!((ours.payloads, ours.seal.certificate.organisation), (theirs.payloads, Some(org(OWN))));

    // Several messages would come apart; and a sender that does not list us is answered as before.
    let several = sealed(&to(ANNA, vec![message("m-2"), message("m-3")]), &town, &town);
    assert_eq!(world.takes(TOWN, several).await, Err(Code::RecipientElsewhere));
    let mut other = to(ANNA, vec![message("m-4")]);
    other.sender_id = OFFICE.into();
    assert_eq!(world.takes(OFFICE, sealed(&other, &office, &office)).await, Err(Code::RecipientElsewhere));
    // What an operator brings is never handed on.
    let mut tx = world.store.begin("operator").await.unwrap();
    let new = registry::operators::NewOperator {
        number: &org(DISPATCHER),
        domain: "breven.example",
        name: "Breven",
        service_address: "https://breven.example/service/v3",
        ui_address: None,
    };
    registry::operators::add(&mut tx, &new, world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    let next = sealed(&to(ANNA, vec![message("m-5")]), &town, &dispatcher);
    assert_eq!(world.takes(DISPATCHER, next).await, Err(Code::RecipientElsewhere));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM outbound").await, 1);
}

async fn where_a_letter_may_be_is_known_before_it_is_sent(database: Database) {
    let (world, _) = world(database).await;
    let letter_id = world.send(&letter("a"), &[]).await.unwrap().letter_id;
    let (mut waiting, _) = world.waiting(letter_id).await;
    assert_eq!((waiting.attempts, &waiting.sent_to, waiting.refused_since), (0, &None, None));
    assert!(world.intake.outbound_sends(letter_id, &org(LADAN)).await.unwrap());
    // Whoever sent it is killed here.
    assert_eq!(world.waiting(letter_id).await.0.sent_to, Some(org(LADAN)));
    let now = world.clock.now();
    (waiting.operator, waiting.refused_since) = (org(DISPATCHER), Some(now));
    world.intake.outbound_tried(&waiting, "fault").await.unwrap();
    let (tried, _) = world.waiting(letter_id).await;
    assert_eq!((tried.attempts, tried.sent_to, tried.refused_since), (1, None, Some(now)));
    assert_eq!(tried.operator, org(DISPATCHER));
}
