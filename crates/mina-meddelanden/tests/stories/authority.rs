//! Who may send, who dispatches, who signs.

use crate::world::{ANNA, Agreed, BO, COMPANY, DISPATCHER, LADAN, OFFICE, TOWN, World, all, between};
use store::{both, testing::Database};

both!(senders_and_dispatchers_are_listed, who_signs_for_a_company_is_told_to_operators);

const PORT: &str = "http://minameddelanden.gov.se/Authority";
const COMMON: &str = "http://minameddelanden.gov.se/schema/Authority";
const PATH: &str = "/Authority";

fn call(operation: &str, inside: &str) -> String {
    format!("<a:{operation} xmlns:a=\"{PORT}\">{inside}</a:{operation}>")
}

async fn senders_and_dispatchers_are_listed(database: Database) {
    let world = World::new(database).await;
    let answer = world.calls(LADAN, PATH, &call("getSenders", "")).await.unwrap();
    assert_eq!(all(&answer, "Id"), [TOWN, OFFICE]);
    assert!(answer.contains("<return>"), "the child stands in no namespace: {answer}");
    let answer = world.calls(LADAN, PATH, &call("getDispatchers", "")).await.unwrap();
    let document = delivery::parse(answer.as_bytes()).unwrap();
    let dispatcher = document.descendants().find(|node| node.text() == Some(DISPATCHER)).unwrap();
    let listed: Vec<_> =
        dispatcher.next_siblings().filter(|node| node.tag_name().name() == "Senders").collect();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].text(), Some(TOWN));
    for (number, accepted) in [(TOWN, "true"), (DISPATCHER, "false"), ("164020000081", "false")] {
        let question = call("isSenderAccepted", &format!("<arg0>{number}</arg0>"));
        assert_eq!(between(&world.calls(TOWN, PATH, &question).await.unwrap(), "return"), accepted);
    }
    // A qualified child is another element.
    let fault = world.calls(TOWN, PATH, &call("isSenderAccepted", "<a:arg0>1</a:arg0>")).await.unwrap_err();
    assert_eq!(fault, (5001, "delivery_malformed".to_owned()));
}

async fn who_signs_for_a_company_is_told_to_operators(database: Database) {
    let world = World::new(database).await;
    let rights = call("getUserAccessRights", &format!("<arg0>{ANNA}</arg0>"));
    assert_eq!(world.calls(TOWN, PATH, &rights).await.unwrap_err().0, 6005);
    let answer = world.calls(LADAN, PATH, &rights).await.unwrap();
    assert_eq!(all(&answer, "OrganizationName"), ["Exempelbolaget AB"]);
    assert_eq!(all(&answer, "GrantType"), ["AuthorizedSignatory"]);
    // Spelt as the interface spells it. Consents are none of ours, so it says the same.
    let without = call("getUserAccessRightsNoConcent", &format!("<arg0>{ANNA}</arg0>"));
    assert_eq!(world.calls(TOWN, PATH, &without).await.unwrap_err().0, 6005);
    let told = world.calls(LADAN, PATH, &without).await.unwrap();
    assert_eq!(all(&told, "GrantedAccess"), ["View", "InitiateAccountAction", "EditSettings"]);
    assert!(told.contains("getUserAccessRightsNoConcentResponse"));
    assert_eq!(told.replace("RightsNoConcent", "Rights"), answer);
    let person = |n: &str| {
        format!("<arg1><p:Id xmlns:p=\"{COMMON}\">{n}</p:Id><p:Name xmlns:p=\"{COMMON}\">N</p:Name></arg1>")
    };
    let test = |signed: &str, next: &str| {
        call("testNewSigner", &format!("<arg0>{COMPANY}</arg0>{signed}{next}<arg3>Ownership</arg3>"))
    };
    let next = format!("<arg2>{BO}</arg2>");
    let status =
        async |question: String| between(&world.calls(LADAN, PATH, &question).await.unwrap(), "Status");
    assert_eq!(status(test(&person(ANNA), &next)).await, "Complete");
    assert_eq!(status(test("", &next)).await, "Incomplete");
    let agreed = Agreed {
        id: COMPANY,
        act: "ownership",
        supplier: "",
        date: "2026-11-22",
        accepted: &[],
        text: "Vi tecknar firman.",
    };
    use base64::{Engine as _, prelude::BASE64_STANDARD};
    let verify = |who: &[&str], text: &str| {
        let signatures: String =
            who.iter().map(|who| format!("<arg1>{}</arg1>", world.pki.agrees(who, &agreed))).collect();
        let text = BASE64_STANDARD.encode(text);
        let inside = format!("<arg0>{COMPANY}</arg0>{signatures}<arg2>{text}</arg2><arg3>Ownership</arg3>");
        call("verifyAuthorizedSignatures", &inside)
    };
    assert_eq!(status(verify(&[ANNA, BO], agreed.text)).await, "Complete");
    assert_eq!(status(verify(&[ANNA], agreed.text)).await, "Incomplete");
    let fault = world.calls(LADAN, PATH, &verify(&[ANNA, BO], "Något annat")).await.unwrap_err();
    assert_eq!(fault, (5012, "agreement_invalid".to_owned()));
}
