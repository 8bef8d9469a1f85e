//! Recipients register, move, choose senders and leave, by what they have signed.

use crate::world::{
    ANNA, Agreed, Answered, BO, BREVEN, CLEO, COMPANY, DAVID, LADAN, Pki, TOWN, World, all, between,
};
use domain::{Clock, Time};
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;

both!(
    a_person_registers_moves_and_leaves,
    a_signature_is_good_for_the_request_that_was_signed_and_no_other,
    a_company_needs_as_many_as_its_rule_says,
    senders_are_turned_off_and_on_by_the_recipient,
    someone_moves_here_and_away_again,
);

pub const V1: &str = "http://minameddelanden.gov.se/schema/Recipient";
pub const V2: &str = "http://minameddelanden.gov.se/schema/Recipient/v2";
pub const V3: &str = "http://minameddelanden.gov.se/schema/Recipient/v3";
const SENDER: &str = "http://minameddelanden.gov.se/schema/Sender";
pub const PATH: &str = "/Recipient/v3";
const TODAY: &str = "2026-11-22";

pub fn agreed<'a>(id: &'a str, act: &'a str, supplier: &'a str) -> Agreed<'a> {
    Agreed { id, act, supplier, date: TODAY, accepted: &[], text: "Jag vill." }
}

pub fn account(operation: &str, agreed: &Agreed<'_>, signatures: &[String]) -> String {
    let (part, kind, account) = match operation {
        "register" => ("accountRequest", "Create", "<accountType>Secure</accountType>"),
        _ => ("deregisterAccount", "Delete", ""),
    };
    let signatures: String = signatures.iter().map(|s| format!("<signature>{s}</signature>")).collect();
    let Agreed { id, supplier, date, text, .. } = agreed;
    format!(
        "<{operation} xmlns=\"{V3}\"><{part}><r:Id xmlns:r=\"{V1}\">{id}</r:Id><r:Type xmlns:r=\"{V1}\">{kind}</r:Type>\
         <r:AgreementText xmlns:r=\"{V1}\">{text}</r:AgreementText><r:Timestamp xmlns:r=\"{V1}\">{date}</r:Timestamp>\
         <r:ServiceSupplier xmlns:r=\"{V1}\">{supplier}</r:ServiceSupplier></{part}>{account}{signatures}</{operation}>"
    )
}

pub fn change(agreed: &Agreed<'_>, user: &str, signatures: &[String]) -> String {
    let signatures: String =
        signatures.iter().map(|s| format!("<SignatureData>{s}</SignatureData>")).collect();
    let Agreed { id, supplier, text, .. } = agreed;
    format!(
        "<changeServiceSupplier xmlns=\"{V2}\"><Id>{id}</Id><UserIdentity>{user}</UserIdentity>\
         <ServiceSupplier>{supplier}</ServiceSupplier><AgreementText>{text}</AgreementText>{signatures}\
         </changeServiceSupplier>"
    )
}

pub fn store_preferences(agreed: &Agreed<'_>, user: &str, signatures: &[String]) -> String {
    let signatures: String =
        signatures.iter().map(|s| format!("<SignatureData>{s}</SignatureData>")).collect();
    let sender = |number: &&str| {
        format!(
            "<r:AcceptedSenders xmlns:r=\"{V1}\"><s:Id xmlns:s=\"{SENDER}\">{number}</s:Id>\
             <s:Name xmlns:s=\"{SENDER}\">Verket</s:Name></r:AcceptedSenders>"
        )
    };
    let Agreed { id, text, accepted, .. } = agreed;
    let accepted: String = accepted.iter().map(sender).collect();
    format!(
        "<storeAccountPreferences xmlns=\"{V2}\"><Id>{id}</Id><UserIdentity>{user}</UserIdentity>\
         <preferences><r:Id xmlns:r=\"{V1}\">{id}</r:Id>{accepted}</preferences>\
         <AgreementText>{text}</AgreementText>{signatures}</storeAccountPreferences>"
    )
}

impl World {
    /// The operator where the recipient is, by name.
    pub async fn place(&self, id: &str) -> Vec<String> {
        let element = format!("<isRegistered xmlns=\"{V3}\"><recipientId>{id}</recipientId></isRegistered>");
        all(&self.calls(LADAN, PATH, &element).await.unwrap(), "Name")
    }

    pub async fn registers(&self, caller: &str, who: &str, agreed: &Agreed<'_>) -> Answered {
        let signature = self.pki.agrees(who, agreed);
        self.calls(caller, PATH, &account("register", agreed, &[signature])).await
    }
}

async fn a_person_registers_moves_and_leaves(database: Database) {
    let world = World::new(database).await;
    let register = agreed(ANNA, "register", "ladan.example");
    let answer = world.registers(LADAN, ANNA, &register).await.unwrap();
    assert_eq!(between(&answer, "Status"), "Complete");
    assert_eq!(world.place(ANNA).await, ["Lådan"]);
    // Again, or at another operator: there is one mailbox.
    assert_eq!(world.registers(LADAN, ANNA, &register).await.unwrap_err().0, 5007);
    let elsewhere = agreed(ANNA, "register", "breven.example");
    assert_eq!(world.registers(BREVEN, ANNA, &elsewhere).await.unwrap_err().0, 5007);
    let moves = agreed(ANNA, "move", "breven.example");
    let moves = change(&moves, ANNA, &[world.pki.agrees(ANNA, &moves)]);
    // The operator that she goes to asks, not the one she leaves.
    assert_eq!(world.calls(LADAN, PATH, &moves).await.unwrap_err().0, 6005);
    assert_eq!(between(&world.calls(BREVEN, PATH, &moves).await.unwrap(), "Status"), "Complete");
    assert_eq!(world.place(ANNA).await, ["Breven"]);
    let leaves = agreed(ANNA, "deregister", "breven.example");
    let leaves = account("deregister", &leaves, &[world.pki.agrees(ANNA, &leaves)]);
    world.calls(BREVEN, PATH, &leaves).await.unwrap();
    assert!(world.place(ANNA).await.is_empty());
    assert_eq!(world.calls(BREVEN, PATH, &leaves).await.unwrap_err().0, 8002);
    let child = agreed(DAVID, "register", "ladan.example");
    assert_eq!(world.registers(LADAN, DAVID, &child).await.unwrap_err().1, "recipient_under_age");
}

async fn a_signature_is_good_for_the_request_that_was_signed_and_no_other(database: Database) {
    let world = World::new(database).await;
    let good = agreed(ANNA, "register", "ladan.example");
    let signature = world.pki.agrees(ANNA, &good);
    let with = |other: &Agreed<'_>| account("register", other, std::slice::from_ref(&signature));
    for other in [
        Agreed { id: BO, ..good.clone() },
        Agreed { text: "Jag vill något annat.", ..good.clone() },
        Agreed { date: "2026-11-21", ..good.clone() },
    ] {
        let fault = world.calls(LADAN, PATH, &with(&other)).await.unwrap_err();
        assert_eq!(fault, (5012, "agreement_invalid".to_owned()), "{}", other.id);
    }
    let other = Agreed { supplier: "breven.example", ..good.clone() };
    assert_eq!(world.calls(BREVEN, PATH, &with(&other)).await.unwrap_err().0, 5012);
    // Another act, another person, an authority that nobody trusts, an old date.
    let leave = agreed(ANNA, "deregister", "ladan.example");
    let fault =
        world.calls(LADAN, PATH, &account("register", &good, &[world.pki.agrees(ANNA, &leave)])).await;
    assert_eq!(fault.unwrap_err().0, 5012);
    let fault = world.calls(LADAN, PATH, &account("register", &good, &[world.pki.agrees(BO, &good)])).await;
    assert_eq!(fault.unwrap_err(), (8003, "signatory_not_allowed".to_owned()));
    let fault =
        world.calls(LADAN, PATH, &account("register", &good, &[Pki::new().agrees(ANNA, &good)])).await;
    assert_eq!(fault.unwrap_err(), (5002, "certificate_untrusted".to_owned()));
    world.clock.advance(Duration::from_secs(31 * 24 * 3600));
    assert_eq!(world.calls(LADAN, PATH, &with(&good)).await.unwrap_err().0, 5012);
    // Only an operator, and only for itself.
    let today = world.clock.now().date().to_string();
    let fresh = Agreed { date: &today, ..good.clone() };
    assert_eq!(world.registers(TOWN, ANNA, &fresh).await.unwrap_err().0, 6005);
    assert_eq!(world.registers(BREVEN, ANNA, &fresh).await.unwrap_err().0, 6005);
    let nowhere = Agreed { supplier: "nobody.example", ..fresh };
    assert_eq!(world.registers(LADAN, ANNA, &nowhere).await.unwrap_err().0, 8004);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM registration").await, 0);
}

async fn a_company_needs_as_many_as_its_rule_says(database: Database) {
    let world = World::new(database).await;
    let register = agreed(COMPANY, "register", "ladan.example");
    let answer = world.registers(LADAN, ANNA, &register).await.unwrap();
    assert_eq!(between(&answer, "Status"), "Incomplete");
    assert!(world.place(COMPANY).await.is_empty());
    let pending = |user: &str| {
        format!(
            "<getPendingAccountRequest xmlns=\"{V3}\"><recipientId>{COMPANY}</recipientId>\
             <userIdentity>{user}</userIdentity></getPendingAccountRequest>"
        )
    };
    let answer = world.calls(LADAN, PATH, &pending(CLEO)).await.unwrap();
    assert_eq!(all(&answer, "AgreementText"), ["Jag vill."]);
    assert_eq!(all(&answer, "Status"), ["Incomplete"]);
    let fault = world.calls(LADAN, PATH, &pending(DAVID)).await.unwrap_err();
    assert_eq!(fault, (8003, "signatory_not_allowed".to_owned()));
    // One who is no signatory counts for nothing; the same one twice counts once.
    assert_eq!(world.registers(LADAN, DAVID, &register).await.unwrap_err().0, 8003);
    assert_eq!(between(&world.registers(LADAN, ANNA, &register).await.unwrap(), "Status"), "Incomplete");
    let answer = world.registers(LADAN, BO, &register).await.unwrap();
    assert_eq!(between(&answer, "Status"), "Complete");
    assert_eq!(all(&answer, "SignedBy").len(), 2);
    assert_eq!(world.place(COMPANY).await, ["Lådan"]);
    assert!(all(&world.calls(LADAN, PATH, &pending(CLEO)).await.unwrap(), "Status").is_empty());
    // A move waits as well, and can be taken back.
    let moves = agreed(COMPANY, "move", "breven.example");
    let moves = change(&moves, ANNA, &[world.pki.agrees(ANNA, &moves)]);
    assert_eq!(between(&world.calls(BREVEN, PATH, &moves).await.unwrap(), "Status"), "Incomplete");
    let identity = format!("<Id>{COMPANY}</Id><UserIdentity>{BO}</UserIdentity>");
    let get = format!(
        "<getPendingChangeServiceSupplier xmlns=\"{V2}\">{identity}</getPendingChangeServiceSupplier>"
    );
    assert_eq!(all(&world.calls(BREVEN, PATH, &get).await.unwrap(), "ServiceAdress").len(), 1);
    let delete = format!(
        "<deletePendingChangeServiceSupplier xmlns=\"{V2}\"><organizationIdentity>{identity}</organizationIdentity>\
         </deletePendingChangeServiceSupplier>"
    );
    world.calls(BREVEN, PATH, &delete).await.unwrap();
    assert_eq!(world.calls(BREVEN, PATH, &get).await.unwrap_err(), (5003, "request_unknown".to_owned()));
    let signer = format!(
        "<isAuthorizedSigner xmlns=\"{V2}\"><CompanyId>{COMPANY}</CompanyId><UserIdentity>{CLEO}</UserIdentity>\
         </isAuthorizedSigner>"
    );
    let answer = world.calls(BREVEN, PATH, &signer).await.unwrap();
    assert_eq!(between(&answer, "isAccountAuthorizedSigner"), "true");
    assert_eq!(between(&answer, "CompanyName"), "Exempelbolaget AB");
    assert_eq!(between(&answer, "serviceSupplier"), "ladan.example");
}

async fn senders_are_turned_off_and_on_by_the_recipient(database: Database) {
    let world = World::new(database).await;
    world.registers(LADAN, ANNA, &agreed(ANNA, "register", "ladan.example")).await.unwrap();
    let accepted = async |world: &World| {
        let element = format!(
            "<getAccountPreferences xmlns=\"{V3}\"><RecipientId>{ANNA}</RecipientId><UserIdentity>{ANNA}</UserIdentity>\
             </getAccountPreferences>"
        );
        let answer = world.calls(LADAN, PATH, &element).await.unwrap();
        all(&answer, "Id")[1..].to_vec()
    };
    assert_eq!(accepted(&world).await, [TOWN, crate::world::OFFICE]);
    let only = Agreed { accepted: &[crate::world::OFFICE], ..agreed(ANNA, "preferences", "") };
    let store = |signature: String| store_preferences(&only, ANNA, &[signature]);
    // Signed over another choice.
    let other = world.pki.agrees(ANNA, &agreed(ANNA, "preferences", ""));
    assert_eq!(world.calls(LADAN, PATH, &store(other)).await.unwrap_err().0, 5012);
    let message = store(world.pki.agrees(ANNA, &only));
    assert_eq!(world.calls(BREVEN, PATH, &message).await.unwrap_err().0, 8002);
    assert_eq!(between(&world.calls(LADAN, PATH, &message).await.unwrap(), "Status"), "Complete");
    assert_eq!(accepted(&world).await, [crate::world::OFFICE]);
    let ask = format!(
        "<isReachable xmlns=\"{V3}\"><senderOrgNr>{TOWN}</senderOrgNr><recipientId>{ANNA}</recipientId></isReachable>"
    );
    let answer = world.calls(TOWN, PATH, &ask).await.unwrap();
    assert_eq!(between(&answer, "SenderAccepted"), "false");
    assert!(Time::parse(&between(&answer, "LastSenderAcceptChange")).is_ok());
}

async fn someone_moves_here_and_away_again(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    assert_eq!(world.place(ANNA).await, ["Kuvert"]);
    let away = agreed(ANNA, "move", "ladan.example");
    let away = change(&away, ANNA, &[world.pki.agrees(ANNA, &away)]);
    world.calls(LADAN, PATH, &away).await.unwrap();
    assert_eq!(world.place(ANNA).await, ["Lådan"]);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mailbox WHERE closed_at IS NULL").await, 0);
    let back = agreed(ANNA, "move", "kuvert.example");
    let back = change(&back, ANNA, &[world.pki.agrees(ANNA, &back)]);
    world.calls(LADAN, PATH, &back).await.unwrap();
    assert_eq!(world.place(ANNA).await, ["Kuvert"]);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mailbox WHERE closed_at IS NULL").await, 1);
    // Bo has never had a mailbox here: he opens one on our pages.
    let here = agreed(BO, "move", "kuvert.example");
    let here = change(&here, BO, &[world.pki.agrees(BO, &here)]);
    assert_eq!(world.calls(LADAN, PATH, &here).await.unwrap_err().0, 8002);
}
