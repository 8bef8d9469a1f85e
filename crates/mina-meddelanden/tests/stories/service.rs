//! What an operator serves: deliveries, and faults in the interface's form.

use crate::world::{ANNA, BO, CLEO, LADAN, TOWN, World, all, between};
use delivery::{Delivery, forward::Covering, read::Attachment};
use store::{both, testing::Database};
use testing::{Rows as _, delivery::plain};

both!(
    a_delivery_is_answered_with_what_became_of_it,
    what_is_forwarded_is_answered_for_each_recipient,
    faults_have_the_interfaces_numbers,
);

const PATH: &str = "/Service/v3";

pub fn to(recipient: &str, id: &str) -> Delivery {
    testing::delivery::to(recipient, vec![plain(id, "Beslut", "Hej")])
}

impl World {
    pub fn sealed(&self, delivery: &Delivery) -> String {
        let town = self.pki.signer(TOWN);
        testing::delivery::sealed(delivery, &town, &town)
    }
}

async fn a_delivery_is_answered_with_what_became_of_it(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let message = world.sealed(&to(ANNA, "m-1"));
    let answer = world.posts(TOWN, PATH, message.clone()).await.unwrap();
    assert_eq!(
        (between(&answer, "RecipientId"), between(&answer, "Delivered")),
        (ANNA.into(), "true".into())
    );
    let transaction = between(&answer, "TransId");
    assert_eq!(transaction.len(), 36);
    // The same again is the same letter.
    let again = world.posts(TOWN, PATH, message).await.unwrap();
    assert_eq!(between(&again, "TransId"), transaction);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, 1);
    // No mailbox is no fault.
    let answer = world.posts(TOWN, PATH, world.sealed(&to(BO, "m-2"))).await.unwrap();
    assert_eq!(all(&answer, "Delivered"), ["false"]);
    assert!(world.gets("/Service/v3?wsdl").await.contains("https://kuvert.example/Service/v3"));
}

async fn what_is_forwarded_is_answered_for_each_recipient(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let secure = world.sealed(&to(CLEO, "m-1"));
    let covering = Covering {
        forwarder_id: CLEO.into(),
        forwarder_name: "Cleo Cederlund".into(),
        recipient_ids: vec![BO.into(), ANNA.into()],
        body_type: "text/plain".into(),
        ..Covering::default()
    };
    let message = covering.envelope(secure.as_bytes(), None).unwrap();
    let answer = world.posts(LADAN, PATH, message.clone()).await.unwrap();
    assert!(answer.contains(
        "<deliverForwardResponse xmlns=\"http://minameddelanden.gov.se/schema/Service/v3\"><return>"
    ));
    assert_eq!(
        (all(&answer, "RecipientId"), all(&answer, "Delivered")),
        (vec![BO.into(), ANNA.into()], vec!["false".into(), "true".into()])
    );
    let again = world.posts(LADAN, PATH, message.clone()).await.unwrap();
    assert_eq!(again, answer);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, 1);
    let refused = |number, code: &str| Err((number, code.to_owned()));
    let other = Covering { subject: "Annat".into(), ..covering };
    let other = other.envelope(secure.as_bytes(), None).unwrap();
    assert_eq!(world.posts(LADAN, PATH, other).await, refused(5007, "reference_conflict"));
    // Who sealed it may deliver it, and does not forward for people.
    assert_eq!(world.posts(TOWN, PATH, message.clone()).await, refused(6005, "caller_not_allowed"));
    // In another namespace it is another operation.
    let other = message.replace("schema/Service/v3", "schema/Service/v2");
    assert_eq!(world.posts(LADAN, PATH, other).await, refused(5001, "operation_unknown"));
}

async fn faults_have_the_interfaces_numbers(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let good = world.sealed(&to(ANNA, "m-1"));
    let mut exe = to(ANNA, "m-2");
    exe.messages[0].attachments = vec![Attachment::new("a.exe", "application/x-msdownload", b"MZ".to_vec())];
    let mut stranger = to(ANNA, "m-3");
    stranger.sender_id = "164020000081".into();
    for (name, caller, message, number, code) in [
        ("changed", TOWN, good.replace("2026-11-22", "2026-11-23"), 5002, "seal_invalid"),
        (
            "no signature",
            TOWN,
            good.replace("SignatureValue", "SignaturValue"),
            5012,
            "xml_signature_not_allowed",
        ),
        ("not SOAP", TOWN, "<a/>".to_owned(), 5001, "malformed_request"),
        ("no XML", TOWN, "a".to_owned(), 5001, "xml_malformed"),
        ("an entity", TOWN, format!("<!DOCTYPE a [<!ENTITY b 'c'>]>{good}"), 5001, "xml_not_allowed"),
        ("a type", TOWN, world.sealed(&exe), 5019, "attachment_type_not_allowed"),
        ("another caller", crate::world::DISPATCHER, good.clone(), 6005, "sealer_not_allowed"),
        ("an unknown sender", TOWN, world.sealed(&stranger), 5014, "sender_unknown"),
    ] {
        let fault = world.posts(caller, PATH, message).await.unwrap_err();
        assert_eq!(fault, (number, code.to_owned()), "{name}");
    }
    assert_eq!(world.store.count("SELECT count(*) AS n FROM submission").await, 0);
}
