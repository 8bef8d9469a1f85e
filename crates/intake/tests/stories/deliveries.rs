//! Deliveries of Mina Meddelanden: the same acceptance as letters of the agency API.

use crate::world::{ANNA, BO, DISPATCHER, NOW, OFFICE, TOWN, World, org};
use bytes::Bytes;
use delivery::{Delivery, XmlSigner, read::Attachment};
use domain::{Code, OrgNumber, Time, words::ReceiptWish};
use intake::{AcceptError, Answer, Delivered};
use mailbox::Form;
use registry::{declined, dispatch, senders};
use store::{both, testing::Database};
use testing::Rows as _;
use vault::{Authorities, Certificate};

both!(
    a_delivery_becomes_a_letter_that_its_recipient_reads,
    the_same_message_is_one_letter_however_it_is_sealed,
    messages_of_one_delivery_are_all_accepted_or_none,
    who_may_sign_seal_and_call_is_asked_of_the_registry_and_the_authorities,
    an_authority_in_between_comes_with_each_signature,
    who_cannot_be_reached_is_told_without_a_fault,
);

pub use testing::{
    Authority,
    delivery::{message, to},
};

/// As it comes from the wire.
pub fn sealed(delivery: &Delivery, sender: &XmlSigner, dispatcher: &XmlSigner) -> Bytes {
    testing::delivery::sealed(delivery, sender, dispatcher).into()
}

/// A world that trusts an authority.
pub async fn world(database: Database) -> (World, Authority) {
    let world = World::new(database).await;
    let pki = Authority::new();
    world.trust.replace(Authorities::from_pem(&pki.pem).unwrap());
    (world, pki)
}

impl World {
    pub async fn takes(&self, caller: &str, envelope: Bytes) -> Result<Vec<Answer>, Code> {
        match self.intake.deliver(&org(caller), envelope).await {
            Ok(Delivered { letters, .. }) => letters.map_err(|refusal| refusal.code),
            Err(AcceptError::Refused(refusal)) => Err(refusal.code),
            Err(error) => panic!("{error:?}"),
        }
    }

    pub async fn letters(&self) -> i64 {
        self.store.count("SELECT count(*) AS n FROM letter").await
    }
}

async fn a_delivery_becomes_a_letter_that_its_recipient_reads(database: Database) {
    let (world, pki) = world(database).await;
    let envelope = sealed(&to(ANNA, vec![message("m-1")]), &pki.signer(TOWN), &pki.signer(DISPATCHER));
    let answers = world.takes(DISPATCHER, envelope.clone()).await.unwrap();
    let anna = world.actor(world.anna.0).await;
    let opened = world.mailboxes.open(&anna, world.anna.1, answers[0].letter_id).await.unwrap().unwrap();
    assert_eq!(opened.letter.subject, "Beslut om bygglov");
    assert_eq!(opened.letter.receipt, ReceiptWish::Opened);
    assert_eq!(opened.letter.notes.metadata[0].value, "BN-2026-17");
    assert!(opened.doubt.is_none());
    assert_eq!(opened.original.signed, envelope);
    assert_eq!(opened.original.form, Form::Delivery { message: 0 });
    // The registry's name is shown, whatever the delivery says.
    assert_ne!(opened.original.sender_name, "Ett annat namn");
    assert!(opened.original.dispatcher.is_some());
}

async fn the_same_message_is_one_letter_however_it_is_sealed(database: Database) {
    let (world, pki) = world(database).await;
    let delivery = to(ANNA, vec![message("m-1")]);
    let first = sealed(&delivery, &pki.signer(TOWN), &pki.signer(TOWN));
    let again = sealed(&delivery, &pki.signer(DISPATCHER), &pki.signer(DISPATCHER));
    let first = world.takes(TOWN, first).await.unwrap();
    let again = world.takes(DISPATCHER, again).await.unwrap();
    assert_eq!((first[0].receipt.as_str(), again[0].repeated), (again[0].receipt.as_str(), true));
    let mut other = message("m-1");
    other.subject = "Avslag".into();
    let other = sealed(&to(ANNA, vec![other]), &pki.signer(TOWN), &pki.signer(TOWN));
    assert_eq!(world.takes(TOWN, other).await, Err(Code::ReferenceConflict));
    assert_eq!(world.letters().await, 1);
}

async fn messages_of_one_delivery_are_all_accepted_or_none(database: Database) {
    let (world, pki) = world(database).await;
    let town = pki.signer(TOWN);
    let send = |messages| world.takes(TOWN, sealed(&to(ANNA, messages), &town, &town));
    assert_eq!(send(vec![message("a"), message("b"), message("c")]).await.unwrap().len(), 3);
    assert_eq!(world.letters().await, 3);
    // Some of them again: the old answers stand, the new one is accepted.
    let answers = send(vec![message("d"), message("b")]).await.unwrap();
    assert_eq!((answers[0].repeated, answers[1].repeated), (false, true));
    // One that conflicts takes the other with it, known before or doubled within the delivery.
    let mut other = message("a");
    other.subject = "Något annat".into();
    assert_eq!(send(vec![message("e"), other.clone()]).await, Err(Code::ReferenceConflict));
    other.id = "f".into();
    assert_eq!(send(vec![message("f"), message("g"), other]).await, Err(Code::ReferenceConflict));
    let mut encrypted = message("h");
    encrypted.attachments = vec![Attachment::new("a.pdf", "application/pdf", b"no pdf".to_vec())];
    assert_eq!(send(vec![message("i"), encrypted]).await, Err(Code::AttachmentContentMismatch));
    assert_eq!(world.letters().await, 4);
}

async fn who_may_sign_seal_and_call_is_asked_of_the_registry_and_the_authorities(database: Database) {
    let (world, pki) = world(database).await;
    let town = pki.signer(TOWN);
    let office = pki.signer(OFFICE);
    let dispatcher = pki.signer(DISPATCHER);
    let stranger = Authority::new();
    let delivery = to(ANNA, vec![message("m-1")]);
    let cases = [
        ("the sealer does not call", sealed(&delivery, &town, &town), DISPATCHER, Code::SealerNotAllowed),
        ("not listed", sealed(&delivery, &town, &office), OFFICE, Code::CallerNotAllowed),
        ("signed by one not listed", sealed(&delivery, &office, &town), TOWN, Code::SignerNotAllowed),
        (
            "signer's authority",
            sealed(&delivery, &stranger.signer(TOWN), &town),
            TOWN,
            Code::CertificateUntrusted,
        ),
        (
            "sealer's authority",
            sealed(&delivery, &town, &stranger.signer(TOWN)),
            TOWN,
            Code::CertificateUntrusted,
        ),
    ];
    for (name, envelope, caller, code) in cases {
        assert_eq!(world.takes(caller, envelope).await, Err(code), "{name}");
    }
    let expired = pki.signer_alone(TOWN, 2026);
    assert_eq!(world.takes(TOWN, sealed(&delivery, &expired, &town)).await, Err(Code::CertificateExpired));
    // Signed by a dispatcher that the sender lists, as one sender in production does.
    assert!(world.takes(DISPATCHER, sealed(&delivery, &dispatcher, &dispatcher)).await.is_ok());
    let mut tx = world.store.begin("unlist").await.unwrap();
    let now = Time::parse(NOW).unwrap();
    dispatch::unlist(&mut tx, &org(TOWN), &org(DISPATCHER), now).await.unwrap();
    senders::suspend(&mut tx, &org(OFFICE), now).await.unwrap();
    tx.commit().await.unwrap();
    let next = to(ANNA, vec![message("m-2")]);
    let refused = world.takes(DISPATCHER, sealed(&next, &dispatcher, &dispatcher)).await;
    assert_eq!(refused, Err(Code::CallerNotAllowed));
    assert_eq!(world.letters().await, 1);
}

async fn an_authority_in_between_comes_with_each_signature(database: Database) {
    let (world, root) = world(database).await;
    let pki = root.below().below();
    let whole = pki.signer(TOWN);
    let alone = pki.signer_alone(TOWN, 2100);
    let delivery = to(ANNA, vec![message("m-1")]);
    for (name, envelope) in [
        ("the letter's is left out", sealed(&delivery, &alone, &whole)),
        ("the seal's is left out", sealed(&delivery, &whole, &alone)),
    ] {
        assert_eq!(world.takes(TOWN, envelope).await, Err(Code::CertificateUntrusted), "{name}");
    }
    assert_eq!(world.letters().await, 0);
    let envelope = sealed(&delivery, &whole, &whole);
    // In another order in the seal, whose KeyInfo nothing covers.
    let text = std::str::from_utf8(&envelope).unwrap();
    let (head, rest) = text.rsplit_once("<X509Data>").unwrap();
    let (certificates, tail) = rest.split_once("</X509Data>").unwrap();
    let turned: String =
        certificates.split_inclusive("</X509Certificate>").collect::<Vec<_>>().into_iter().rev().collect();
    let turned = Bytes::from(format!("{head}<X509Data>{turned}</X509Data>{tail}"));
    assert!(turned != envelope);
    let letter_id = world.takes(TOWN, turned).await.unwrap()[0].letter_id;
    assert!(world.takes(TOWN, envelope).await.unwrap()[0].repeated);
    let anna = world.actor(world.anna.0).await;
    let opened = world.mailboxes.open(&anna, world.anna.1, letter_id).await.unwrap().unwrap();
    assert!(opened.doubt.is_none());
    // The evidence is of the town's own certificate.
    assert_eq!(Certificate::parse(&opened.original.certificate).unwrap().organisation, Some(org(TOWN)));
}

async fn who_cannot_be_reached_is_told_without_a_fault(database: Database) {
    let (world, pki) = world(database).await;
    let town = pki.signer(TOWN);
    let send = |recipient: &str, id| sealed(&to(recipient, vec![message(id)]), &town, &town);
    assert_eq!(world.takes(TOWN, send("200001012384", "m-1")).await, Err(Code::RecipientUnknown));
    let sender: OrgNumber = org(TOWN);
    let keys = world.connector.keys(key_client::Role::Gateway).gateway_keys().await.unwrap();
    let mac = declined::sender_mac(&keys.sender, world.bo.1, &sender);
    let decline = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 0)";
    world.store.change(decline, store::args![world.bo.1, &mac, &b"sealed"[..]]).await;
    let delivered = world.intake.deliver(&sender, send(BO, "m-2")).await.unwrap();
    assert_eq!(delivered.letters.unwrap_err().code, Code::SenderDeclined);
    assert_eq!(world.letters().await, 0);
}
