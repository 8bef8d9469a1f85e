//! What is stored of an accepted letter, and what is answered to a repeat.

use crate::world::{ANNA, World, attaching, code, letter, with};
use domain::{Clock as _, Code, Identity};
use evidence::receipt::{self, ReceiptKeys};
use serde_json::json;
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;

const PDF: &[u8] =
    b"%PDF-1.4\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\nstartxref\n9\n%%EOF\n";

both!(
    an_accepted_letter_is_stored_as_ciphertext_only,
    a_repeat_gets_the_same_receipt_whatever_has_happened_since,
);

async fn an_accepted_letter_is_stored_as_ciphertext_only(database: Database) {
    let world = World::new(database).await;
    let sent = attaching(letter("dnr 2026-1482"), &[("beslut-hemligt.pdf", "application/pdf", PDF)]);
    let answer = world.send(&sent, &[PDF]).await.unwrap();
    assert!(!answer.repeated);
    let verified = receipt::verify(&answer.receipt, &keys(&world).await).unwrap();
    assert_eq!(verified.receipt.letter_id, answer.letter_id);
    assert_eq!(verified.receipt.reference, "dnr 2026-1482");
    assert_eq!(verified.receipt.accepted_at, world.clock.now());
    let recipient = Identity::parse(ANNA).unwrap();
    assert_eq!(
        verified.receipt.event.recipient,
        Some(evidence::recipient(&verified.receipt.nonce, &recipient))
    );
    let payload = sent.to_string();
    let content = evidence::content(&verified.receipt.nonce, payload.as_bytes());
    assert_eq!(verified.receipt.event.content, Some(content));
    for (sql, rows) in [
        ("SELECT count(*) AS n FROM submission", 1),
        ("SELECT count(*) AS n FROM letter WHERE notice_state = 'pending'", 1),
        ("SELECT count(*) AS n FROM letter_key", 1),
        ("SELECT count(*) AS n FROM part WHERE ciphertext IS NOT NULL", 2),
        ("SELECT count(*) AS n FROM event WHERE type = 'accepted' AND seq = 0", 1),
        ("SELECT count(*) AS n FROM feed_waiting", 1),
        ("SELECT count(*) AS n FROM job WHERE kind = 'notice'", 1),
    ] {
        assert_eq!(world.store.count(sql).await, rows, "{sql}");
    }
    let mut tx = world.store.read("look").await.unwrap();
    let mut bytes = Vec::new();
    for sql in [
        "SELECT reference AS first, receipt AS second FROM submission",
        "SELECT header AS first, sender_mac AS second FROM letter",
        "SELECT sealed AS first, mailbox_id AS second FROM letter_key",
        "SELECT ciphertext AS first, letter_id AS second FROM part",
        "SELECT body AS first, entry AS second FROM event",
    ] {
        for row in tx.query(sql, &[]).await.unwrap() {
            bytes.extend_from_slice(row.bytes("first").unwrap());
            bytes.extend_from_slice(row.bytes("second").unwrap());
        }
    }
    assert!(bytes.len() > 2000);
    for word in
        ["bygglov", "beslut", "1482", "hemligt", "%PDF", ANNA, "Exempelkommunen", "eyJ", "164020000016"]
    {
        let found = bytes.windows(word.len()).any(|w| w == word.as_bytes());
        assert!(!found, "{word} can be read in the database");
    }
    let mut tx = world.store.read("look").await.unwrap();
    let events = world.keys.events();
    assert_eq!(evidence::chain_holds(&mut tx, &events, world.anna.1, answer.letter_id).await.unwrap(), 1);
}

async fn a_repeat_gets_the_same_receipt_whatever_has_happened_since(database: Database) {
    let world = World::new(database).await;
    let sent = letter("once");
    let first = world.send(&sent, &[]).await.unwrap();
    world.clock.advance(Duration::from_secs(3600));
    let events = world.keys.events();
    let mut tx = world.store.begin("close").await.unwrap();
    registry::boxes::close(&mut tx, world.anna.1, &world.recorder(&events)).await.unwrap();
    tx.commit().await.unwrap();
    world.revoke(&world.town).await;
    world.directory.refresh(&world.store).await.unwrap();
    // Another signature over the same bytes, as ECDSA makes one each time.
    let again = world.send(&sent, &[]).await.unwrap();
    assert!(again.repeated);
    assert_eq!((again.receipt, again.letter_id), (first.receipt, first.letter_id));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, 1);
    // Many at once as well.
    let repeats = (0..20).map(|_| world.send(&sent, &[]));
    for again in futures_util::future::join_all(repeats).await {
        assert!(again.unwrap().repeated);
    }
    // Another payload under the reference is a conflict, and a new letter is refused for the certificate.
    assert_eq!(world.refused(&with(sent, "subject", json!("Annat")), &[]).await, Code::ReferenceConflict);
    assert_eq!(world.refused(&letter("new"), &[]).await, Code::CertificateRevoked);
    // The signature of a repeat must hold all the same.
    let mut jws = world.town.sign(&letter("once")).to_vec();
    let at = jws.len() - 10;
    jws[at] = if jws[at] == b'A' { b'B' } else { b'A' };
    assert_eq!(code(world.send_as(&world.town.number, jws.into(), &[]).await), Code::SignatureInvalid);
}

pub async fn keys(world: &World) -> ReceiptKeys {
    let gateway = world.connector.keys(key_client::Role::Gateway).gateway_keys().await.unwrap();
    ReceiptKeys::from(gateway.receipt.public())
}
