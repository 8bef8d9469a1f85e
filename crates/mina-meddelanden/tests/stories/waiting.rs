//! What companies have asked for that waits for more of their signatories: who sees it, and who takes it back.

use crate::{
    moving::{PATH, V2, V3, account, agreed, store_preferences},
    world::{ANNA, Agreed, BO, CLEO, COMPANY, DAVID, LADAN, OFFICE, TOWN, World, all, between},
};
use store::{both, testing::Database};

both!(
    without_recipients_all_that_the_person_may_sign_for_is_told,
    who_has_ceased_to_sign_counts_no_more,
    a_request_is_taken_back_by_any_of_its_signatories,
    a_choice_of_senders_waits_and_is_taken_back,
);

const SECOND: &str = "164020000099";

fn pending(ids: &[&str], user: &str) -> String {
    let ids: String = ids.iter().map(|id| format!("<recipientId>{id}</recipientId>")).collect();
    format!(
        "<getPendingAccountRequest xmlns=\"{V3}\">{ids}<userIdentity>{user}</userIdentity></getPendingAccountRequest>"
    )
}

fn take_back(id: &str, user: &str) -> String {
    format!(
        "<deletePendingAccountRequest xmlns=\"{V3}\"><recipientId>{id}</recipientId><userIdentity>{user}</userIdentity>\
         </deletePendingAccountRequest>"
    )
}

/// Company and kind of each request.
fn told(answer: &str) -> Vec<(String, String)> {
    let document = delivery::parse(answer.as_bytes()).unwrap();
    let requests = document.descendants().filter(|node| node.tag_name().name() == "AccountRequest");
    let texts = |request: roxmltree::Node<'_, '_>| {
        let mut members = request.children().map(|member| member.text().unwrap().to_owned());
        (members.next().unwrap(), members.next().unwrap())
    };
    requests.map(texts).collect()
}

async fn without_recipients_all_that_the_person_may_sign_for_is_told(database: Database) {
    let world = World::new(database).await;
    world.lets_sign(SECOND, "Andra bolaget AB", &[BO, CLEO], "all").await;
    world.registers(LADAN, ANNA, &agreed(COMPANY, "register", "ladan.example")).await.unwrap();
    let second = agreed(SECOND, "register", "ladan.example");
    world.registers(LADAN, BO, &second).await.unwrap();
    assert_eq!(between(&world.registers(LADAN, CLEO, &second).await.unwrap(), "Status"), "Complete");
    let leaves = agreed(SECOND, "deregister", "ladan.example");
    let leaves = account("deregister", &leaves, &[world.pki.agrees(CLEO, &leaves)]);
    assert_eq!(between(&world.calls(LADAN, PATH, &leaves).await.unwrap(), "Status"), "Incomplete");

    let asked = async |ids: &[&str], user: &str| world.calls(LADAN, PATH, &pending(ids, user)).await;
    let pair = |id: &str, kind: &str| (id.to_owned(), kind.to_owned());
    let both = [pair(COMPANY, "Create"), pair(SECOND, "Delete")];
    assert_eq!(told(&asked(&[], BO).await.unwrap()), both);
    assert_eq!(told(&asked(&[], ANNA).await.unwrap()), both[..1]);
    assert_eq!(told(&asked(&[], DAVID).await.unwrap()), [], "who signs for nobody has nothing waiting");
    // Those that are named, each once, in their order.
    let [first, second] = both;
    assert_eq!(told(&asked(&[SECOND, COMPANY, SECOND, BO], BO).await.unwrap()), [second, first]);
    let many: Vec<&str> = (0..1000).map(|no| if no % 2 == 0 { BO } else { SECOND }).collect();
    assert_eq!(told(&asked(&many, BO).await.unwrap()).len(), 1);
    let refused = |number, code: &str| Err((number, code.to_owned()));
    assert_eq!(asked(&vec![BO; 1001], BO).await, refused(5001, "delivery_malformed"));
    assert_eq!(asked(&[COMPANY, SECOND], ANNA).await, refused(8003, "signatory_not_allowed"));
    assert_eq!(asked(&[ANNA], BO).await, refused(8003, "signatory_not_allowed"));
    let fault = world.calls(TOWN, PATH, &pending(&[], BO)).await;
    assert_eq!(fault, refused(6005, "caller_not_allowed"));
}

async fn who_has_ceased_to_sign_counts_no_more(database: Database) {
    let world = World::new(database).await;
    world.registers(LADAN, ANNA, &agreed(COMPANY, "register", "ladan.example")).await.unwrap();
    let text = async || between(&world.calls(LADAN, PATH, &pending(&[], BO)).await.unwrap(), "Text");
    assert!(text().await.starts_with("1 more"));
    world.no_longer_signs(COMPANY, ANNA).await;
    let answer = world.calls(LADAN, PATH, &pending(&[], BO)).await.unwrap();
    assert!(all(&answer, "SignedBy").is_empty() && text().await.starts_with("2 more"), "{answer}");
    // Nor does it keep the others from signing.
    world.lets_sign(COMPANY, "Bolaget AB", &[BO, CLEO], "all").await;
    let register = agreed(COMPANY, "register", "ladan.example");
    assert_eq!(between(&world.registers(LADAN, BO, &register).await.unwrap(), "Status"), "Incomplete");
    assert_eq!(between(&world.registers(LADAN, CLEO, &register).await.unwrap(), "Status"), "Complete");
}

async fn a_request_is_taken_back_by_any_of_its_signatories(database: Database) {
    let world = World::new(database).await;
    let register = agreed(COMPANY, "register", "ladan.example");
    world.registers(LADAN, ANNA, &register).await.unwrap();
    let refused = |number, code: &str| Err((number, code.to_owned()));
    let back = async |caller: &str, user: &str| world.calls(caller, PATH, &take_back(COMPANY, user)).await;
    assert_eq!(back(LADAN, DAVID).await, refused(8003, "signatory_not_allowed"));
    assert_eq!(back(TOWN, BO).await, refused(6005, "caller_not_allowed"));
    assert_eq!(told(&world.calls(LADAN, PATH, &pending(&[], ANNA)).await.unwrap()).len(), 1);
    assert!(back(LADAN, BO).await.unwrap().contains("deletePendingAccountRequestResponse"));
    assert!(told(&world.calls(LADAN, PATH, &pending(&[], ANNA)).await.unwrap()).is_empty());
    assert_eq!(back(LADAN, BO).await, refused(5003, "request_unknown"));
    // Anna's signature went with it.
    assert_eq!(between(&world.registers(LADAN, BO, &register).await.unwrap(), "Status"), "Incomplete");
}

async fn a_choice_of_senders_waits_and_is_taken_back(database: Database) {
    let world = World::new(database).await;
    let register = agreed(COMPANY, "register", "ladan.example");
    world.registers(LADAN, ANNA, &register).await.unwrap();
    world.registers(LADAN, BO, &register).await.unwrap();
    let only = Agreed { accepted: &[OFFICE], ..agreed(COMPANY, "preferences", "") };
    let stores = async |who: &str| {
        let message = store_preferences(&only, who, &[world.pki.agrees(who, &only)]);
        between(&world.calls(LADAN, PATH, &message).await.unwrap(), "Status")
    };
    let accepts = async || {
        let element = format!(
            "<isReachable xmlns=\"{V3}\"><senderOrgNr>{TOWN}</senderOrgNr><recipientId>{COMPANY}</recipientId></isReachable>"
        );
        between(&world.calls(TOWN, PATH, &element).await.unwrap(), "SenderAccepted")
    };
    assert_eq!(stores(ANNA).await, "Incomplete");
    assert_eq!(accepts().await, "true");
    let identity = |user: &str| format!("<Id>{COMPANY}</Id><UserIdentity>{user}</UserIdentity>");
    let get = async |user: &str| {
        let inside = identity(user);
        let element =
            format!("<getPendingAccountPreferences xmlns=\"{V2}\">{inside}</getPendingAccountPreferences>");
        world.calls(LADAN, PATH, &element).await
    };
    let delete = async |user: &str| {
        let element = format!(
            "<deletePendingAccountPreferences xmlns=\"{V2}\"><organizationIdentity>{}</organizationIdentity>\
             </deletePendingAccountPreferences>",
            identity(user)
        );
        world.calls(LADAN, PATH, &element).await
    };
    let refused = |number, code: &str| Err((number, code.to_owned()));
    assert_eq!(get(DAVID).await, refused(8003, "signatory_not_allowed"));
    let answer = get(CLEO).await.unwrap();
    assert_eq!(all(&answer, "Id"), [COMPANY, OFFICE, COMPANY, ANNA]);
    assert_eq!(between(&answer, "Status"), "Incomplete");
    assert_eq!(delete(DAVID).await, refused(8003, "signatory_not_allowed"));
    let answer = delete(CLEO).await.unwrap();
    assert_eq!((between(&answer, "Id"), between(&answer, "UserIdentity")), (COMPANY.into(), CLEO.into()));
    assert_eq!(get(CLEO).await, refused(5003, "request_unknown"));
    assert_eq!(delete(CLEO).await, refused(5003, "request_unknown"));
    // Two sign anew.
    assert_eq!(stores(BO).await, "Incomplete");
    assert_eq!(stores(CLEO).await, "Complete");
    assert_eq!(accepts().await, "false");
    assert_eq!(get(CLEO).await, refused(5003, "request_unknown"));
}
