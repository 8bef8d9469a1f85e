//! `notify` at the door: the answer's form, and faults in the interface's numbers.

use crate::world::{ANNA, BO, DISPATCHER, OFFICE, TOWN, World, all, between};
use delivery::{Message, Notice, notice::EmailMessage};
use domain::{ContactId, words::Channel};
use store::{args, both, testing::Database};
use testing::{Rows as _, delivery::plain};
use vault::SystemRandom;

both!(
    each_recipient_has_a_status_in_order,
    whoever_is_not_vouched_for_is_not_told,
    refusals_are_faults_and_leave_nothing
);

const PATH: &str = "/Service/v3";

fn notice(id: &str, text: &str) -> Notice {
    let email =
        EmailMessage { from: "vatten@exempel.se".into(), subject: "Vatten".into(), text: text.into() };
    let message = Message { body: Vec::new(), ..plain(id, "Vatten", "") };
    Notice { email: Some(email), message, ..testing::delivery::notice(id, &[BO, ANNA]) }
}

async fn world(database: Database) -> World {
    let world = World::new(database).await;
    let mailbox_id = world.has_box(ANNA).await;
    for channel in [Channel::Email, Channel::Sms] {
        let sql = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
            confirmed_at, code_tries) SELECT $1, owner_id, $2, $1, $4, 0, 1, 1, 0 FROM mailbox WHERE mailbox_id = $3";
        let mut tx = world.store.begin("contact").await.unwrap();
        let tag = [channel as u8; 32];
        let args = args![ContactId::new(&SystemRandom), channel.as_str(), mailbox_id, &tag];
        tx.execute(sql, args).await.unwrap().exactly(1).unwrap();
        tx.commit().await.unwrap();
        world.service.adopt_silently().await.unwrap();
    }
    world
}

/// Whose row another hand has changed: the agency learns that they were not reached, and nothing is sent.
async fn whoever_is_not_vouched_for_is_not_told(database: Database) {
    let world = world(database).await;
    for (no, sql) in [
        "UPDATE person SET protected_at = 1",
        "UPDATE person SET protected_at = NULL",
        "UPDATE mailbox SET owner_kind = 'ghost'",
        "UPDATE identity SET owner_kind = 'ghost'",
    ]
    .into_iter()
    .enumerate()
    {
        let mut tx = world.store.begin("tamper").await.unwrap();
        assert!(tx.execute(sql, &[]).await.unwrap().any());
        tx.commit().await.unwrap();
        let notice = notice(&format!("t{no}"), "Vattnet stängs.");
        let answer = world.posts(DISPATCHER, PATH, notice.envelope()).await.unwrap();
        let told = answer.contains("<DeliveredFlag>true</DeliveredFlag>");
        assert_eq!(told, sql.ends_with("NULL"), "{sql}: {answer}");
    }
}

async fn each_recipient_has_a_status_in_order(database: Database) {
    let world = world(database).await;
    let answer = world.posts(DISPATCHER, PATH, notice("1", "Vattnet stängs.").envelope()).await.unwrap();
    let transaction = between(&answer, "TransId");
    assert_eq!(transaction.len(), 36);
    // The whole of it, as the schema has it.
    let expected = format!(
        "<notifyResponse xmlns=\"http://minameddelanden.gov.se/schema/Service/v3\"><return>\
         <TransId xmlns=\"http://minameddelanden.gov.se/schema/Notification/v3\">{transaction}</TransId>\
         <Status xmlns=\"http://minameddelanden.gov.se/schema/Notification/v3\"><RecipientId>{BO}</RecipientId>\
         <DeliveryStatus><DeliveredFlag>false</DeliveredFlag></DeliveryStatus></Status>\
         <Status xmlns=\"http://minameddelanden.gov.se/schema/Notification/v3\"><RecipientId>{ANNA}</RecipientId>\
         <DeliveryStatus><DeliveredFlag>true</DeliveredFlag><NotifiedByChannel>SMS</NotifiedByChannel>\
         <NotifiedByChannel>EMail</NotifiedByChannel></DeliveryStatus></Status></return></notifyResponse>"
    );
    assert!(answer.contains(&expected), "{answer}");
    let again = world.posts(TOWN, PATH, notice("1", "Vattnet stängs.").envelope()).await.unwrap();
    assert_eq!(again, answer);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM announcement").await, 1);
    assert_eq!(all(&answer, "RecipientId"), [BO, ANNA]);
}

async fn refusals_are_faults_and_leave_nothing(database: Database) {
    let world = world(database).await;
    let good = notice("1", "Vattnet stängs.").envelope();
    for (name, caller, message, number, code) in [
        ("a link", TOWN, notice("1", "Se exempel.se").envelope(), 5001, "link_not_allowed"),
        ("another caller", OFFICE, good.clone(), 6005, "caller_not_allowed"),
        ("an unknown sender", TOWN, good.replace(TOWN, "164020000081"), 5014, "sender_unknown"),
        ("no such part", TOWN, good.replace("EmailMessage", "MailMessage"), 5001, "delivery_malformed"),
        ("a bad number", TOWN, good.replace(BO, "199001012386"), 5001, "check_digit_invalid"),
        ("too long", TOWN, notice("1", &"å ".repeat(6000)).envelope(), 5005, "body_too_large"),
        (
            "another namespace",
            TOWN,
            good.replace("schema/Service/v3", "schema/Service"),
            5001,
            "operation_unknown",
        ),
        ("another operation", TOWN, good.replace("notify", "notified"), 5001, "operation_unknown"),
        ("two operations", TOWN, good.replace("</S:Body>", "<a/></S:Body>"), 5001, "malformed_request"),
    ] {
        assert_eq!(
            world.posts(caller, PATH, message).await.unwrap_err(),
            (number, code.to_owned()),
            "{name}"
        );
    }
    for sql in [
        "SELECT count(*) AS n FROM announcement",
        "SELECT count(*) AS n FROM announcement_way",
        "SELECT count(*) AS n FROM job",
    ] {
        assert_eq!(world.store.count(sql).await, 0, "{sql}");
    }
    assert!(world.posts(TOWN, PATH, good.clone()).await.is_ok());
    let other = good.replace(">Vattnet stängs.<", ">Vattnet stängs inte.<");
    assert_eq!(world.posts(TOWN, PATH, other).await.unwrap_err(), (5007, "reference_conflict".into()));
}
