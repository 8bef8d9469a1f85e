//! Who can be reached, and where.

use crate::world::{ANNA, BO, CLEO, DISPATCHER, LADAN, OFFICE, TOWN, World, all, org};
use store::{args, both, testing::Database};
use testing::Rows as _;

both!(
    each_recipient_is_told_in_order_with_the_operator_that_has_the_mailbox,
    a_thousand_are_asked_at_once_and_not_one_more,
    only_who_may_send_for_the_sender_asks_and_only_operators_ask_for_accounts,
    where_somebody_is_is_told_as_far_as_it_is_vouched_for,
);

const V3: &str = "http://minameddelanden.gov.se/schema/Recipient/v3";
const PATH: &str = "/Recipient/v3";

fn reachable(sender: &str, ids: &[&str]) -> String {
    let ids: String = ids.iter().map(|id| format!("<recipientId>{id}</recipientId>")).collect();
    format!("<isReachable xmlns=\"{V3}\"><senderOrgNr>{sender}</senderOrgNr>{ids}</isReachable>")
}

async fn each_recipient_is_told_in_order_with_the_operator_that_has_the_mailbox(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    // The third has no check digit that agrees: nobody has it.
    let ids = [CLEO, ANNA, "198101052383"];
    let answer = world.calls(DISPATCHER, PATH, &reachable(TOWN, &ids)).await.unwrap();
    assert_eq!(all(&answer, "RecipientId"), ids);
    assert_eq!(all(&answer, "Type"), ["Not", "Secure", "Not"]);
    assert_eq!(all(&answer, "SenderAccepted"), ["false", "true", "false"]);
    assert_eq!(all(&answer, "ServiceAdress"), ["https://kuvert.example/Service/v3"]);
    assert_eq!(all(&answer, "InternalServiceAdress"), [""]);
    assert!(all(&answer, "LastRegistration")[0].starts_with("2026-11-22T"));
    let registered =
        format!("<r:isRegistered xmlns:r=\"{V3}\"><r:recipientId>{ANNA}</r:recipientId></r:isRegistered>");
    let answer = world.calls(LADAN, PATH, &registered).await.unwrap();
    assert_eq!(all(&answer, "Type"), ["Secure"]);
    assert_eq!(all(&answer, "Name"), ["Kuvert"]);
    let wsdl = world.gets("/Recipient/v3?wsdl").await;
    assert!(wsdl.contains("https://kuvert.example/Recipient/v3"));
    assert!(world.gets("/Recipient/v3?xsd=recipient-v3").await.contains("targetNamespace"));
}

async fn a_thousand_are_asked_at_once_and_not_one_more(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let ids = vec![ANNA; 1000];
    let answer = world.calls(TOWN, PATH, &reachable(TOWN, &ids)).await.unwrap();
    let accepted = answer.matches(">true</SenderAccepted>").count();
    assert_eq!((accepted, answer.matches(">Secure</Type>").count()), (1000, 1000));
    let fault = world.calls(TOWN, PATH, &reachable(TOWN, &vec![ANNA; 1001])).await.unwrap_err();
    assert_eq!(fault, (5001, "delivery_malformed".to_owned()));
    let fault = world.calls(TOWN, PATH, &reachable(TOWN, &["not-a-number"])).await.unwrap_err();
    assert_eq!(fault, (5001, "delivery_malformed".to_owned()));
}

async fn only_who_may_send_for_the_sender_asks_and_only_operators_ask_for_accounts(database: Database) {
    let world = World::new(database).await;
    let fault = world.calls(OFFICE, PATH, &reachable(TOWN, &[BO])).await.unwrap_err();
    assert_eq!(fault, (6005, "caller_not_allowed".to_owned()));
    let registered = format!("<isRegistered xmlns=\"{V3}\"><recipientId>{BO}</recipientId></isRegistered>");
    let fault = world.calls(TOWN, PATH, &registered).await.unwrap_err();
    assert_eq!(fault, (6005, "caller_not_allowed".to_owned()));
    let fault = world.calls(TOWN, PATH, &format!("<isReachible xmlns=\"{V3}\"/>")).await.unwrap_err();
    assert_eq!(fault, (5001, "operation_unknown".to_owned()));
}

/// The letters' administrator has registered Anna, who has her mailbox here, at another operator.
async fn where_somebody_is_is_told_as_far_as_it_is_vouched_for(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let registered =
        |id: &str| format!("<isRegistered xmlns=\"{V3}\"><recipientId>{id}</recipientId></isRegistered>");
    let asks = async |caller, element: String| world.calls(caller, PATH, &element).await;
    let unavailable = "unavailable".to_owned();
    for (sql, undo, values) in [
        (
            "INSERT INTO registration (address_mac, registered_at, operator, account_type) \
             VALUES ($1, 1, '164020000065', 'secure')",
            "DELETE FROM registration WHERE address_mac = $1",
            world.mac(ANNA).await,
        ),
        (
            "UPDATE identity SET valid_to = valid_from WHERE mac = $1",
            "UPDATE identity SET valid_to = NULL WHERE mac = $1",
            world.mac(ANNA).await,
        ),
    ] {
        world.store.tamper(sql, args![&values]).await;
        assert_eq!(asks(TOWN, reachable(TOWN, &[BO, ANNA])).await.unwrap_err().1, unavailable, "{sql}");
        assert_eq!(asks(LADAN, registered(ANNA)).await.unwrap_err().1, unavailable, "{sql}");
        assert_eq!(all(&asks(TOWN, reachable(TOWN, &[BO])).await.unwrap(), "Type"), ["Not"]);
        world.store.tamper(undo, args![&values]).await;
        let answer = asks(TOWN, reachable(TOWN, &[BO, ANNA])).await.unwrap();
        assert_eq!(all(&answer, "Type"), ["Not", "Secure"]);
    }
    // That she accepts a sender again is a row too, beside the one that is vouched for.
    let keys = world.connector.keys(key_client::Role::Gateway).gateway_keys().await.unwrap();
    let mut tx = world.store.begin("turn off").await.unwrap();
    let row = tx.one("SELECT mailbox_id FROM mailbox", &[]).await.unwrap().unwrap();
    let mailbox: domain::MailboxId = row.id("mailbox_id").unwrap();
    tx.commit().await.unwrap();
    let tag = registry::declined::sender_mac(&keys.sender, mailbox, &org(TOWN));
    let off = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $2, 0)";
    world.store.tamper(off, args![mailbox, &tag]).await;
    world.service.adopt_silently().await.unwrap();
    let answer = asks(TOWN, reachable(TOWN, &[ANNA])).await.unwrap();
    assert_eq!(all(&answer, "SenderAccepted"), ["false"]);
    let on = "INSERT INTO accepted (mailbox_id, sender_mac, accepted_at) VALUES ($1, $2, 1)";
    world.store.tamper(on, args![mailbox, &tag]).await;
    assert_eq!(asks(TOWN, reachable(TOWN, &[ANNA])).await.unwrap_err().1, unavailable);
}
