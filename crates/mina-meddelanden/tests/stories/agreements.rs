//! What somebody signed works once, and never after a newer one.

use crate::{
    moving::{PATH, account, agreed, change, store_preferences},
    world::{ANNA, Agreed, BO, BREVEN, CLEO, COMPANY, LADAN, OFFICE, World, between},
};
use domain::{AgreementDigest, Clock, Identity, Time};
use key_client::{AgreementSignature, AgreementUse, KeysError, Role, SecretBytes};
use registry::registrations::{self, Place};
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::Rows as _;

both!(
    a_move_is_not_made_twice_by_one_signature,
    the_same_consent_written_anew_is_the_same_agreement,
    every_act_works_once,
    what_was_signed_before_a_newer_one_changes_nothing,
    what_was_changed_on_our_own_pages_is_newer_too,
    signatures_for_a_company_work_once_each,
    a_request_that_was_put_back_by_another_hand_counts_nobody_twice,
    what_is_refused_uses_nothing_up,
    what_was_used_stays_used_whatever_happens_to_the_letters,
);

const DAY: Duration = Duration::from_secs(24 * 3600);

fn refused(code: &str) -> Result<String, (u32, String)> {
    Err((5012, code.to_owned()))
}

impl World {
    pub fn moves(&self, who: &str, agreed: &Agreed<'_>) -> String {
        change(agreed, who, &[self.pki.agrees(who, agreed)])
    }

    async fn at_home(&self) -> bool {
        self.store.count("SELECT count(*) AS n FROM mailbox WHERE closed_at IS NULL").await == 1
    }
}

async fn a_move_is_not_made_twice_by_one_signature(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let away = world.moves(ANNA, &agreed(ANNA, "move", "ladan.example"));
    let back = world.moves(ANNA, &agreed(ANNA, "move", "kuvert.example"));
    world.calls(LADAN, PATH, &away).await.unwrap();
    assert_eq!(
        world.store.count("SELECT count(*) AS n FROM job WHERE kind = 'moved'").await,
        1,
        "she is told"
    );
    // The answer was lost: nothing is changed, and it is said so.
    assert_eq!(world.calls(LADAN, PATH, &away).await.unwrap_err().1, "already_registered");
    world.calls(LADAN, PATH, &back).await.unwrap();
    assert_eq!(world.store.count("SELECT count(*) AS n FROM job WHERE kind = 'moved'").await, 2);
    for _ in 0..2 {
        assert_eq!(world.calls(LADAN, PATH, &away).await, refused("agreement_used"));
    }
    assert!(world.at_home().await);
    // Three weeks later it is still good by its date.
    world.clock.advance(21 * DAY);
    assert_eq!(world.calls(LADAN, PATH, &away).await, refused("agreement_older"));
    assert!(world.at_home().await);
}

async fn the_same_consent_written_anew_is_the_same_agreement(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let away = agreed(ANNA, "move", "ladan.example");
    world.calls(LADAN, PATH, &world.moves(ANNA, &away)).await.unwrap();
    world.calls(LADAN, PATH, &world.moves(ANNA, &agreed(ANNA, "move", "kuvert.example"))).await.unwrap();
    // Signed once more, with another certificate of hers.
    let anew = world.pki.agrees(ANNA, &away);
    // Base64 in lines, the message with other prefixes.
    let lines = anew.replace("PEFncmVl", "PEFn\ncmVl");
    assert_ne!(lines, anew);
    for signature in [anew.clone(), lines, format!("{anew}\n<!-- -->")] {
        let message = change(&away, ANNA, &[signature]);
        assert_eq!(world.calls(LADAN, PATH, &message).await, refused("agreement_used"));
    }
    // Twice in one request, and by the other operator.
    let twice = change(&away, ANNA, &[anew.clone(), world.pki.agrees(ANNA, &away)]);
    assert_eq!(world.calls(LADAN, PATH, &twice).await, refused("agreement_used"));
    assert_eq!(world.calls(BREVEN, PATH, &change(&away, ANNA, &[anew])).await.unwrap_err().0, 6005);
    assert!(world.at_home().await);
}

async fn every_act_works_once(database: Database) {
    let world = World::new(database).await;
    let of = |act, supplier| agreed(ANNA, act, supplier);
    let signed = |agreed: &Agreed<'_>| account(agreed.act, agreed, &[world.pki.agrees(ANNA, agreed)]);
    let register = signed(&of("register", "ladan.example"));
    let leave = signed(&of("deregister", "ladan.example"));
    world.calls(LADAN, PATH, &register).await.unwrap();
    let only = Agreed { accepted: &[OFFICE], ..agreed(ANNA, "preferences", "") };
    let only = store_preferences(&only, ANNA, &[world.pki.agrees(ANNA, &only)]);
    let none = agreed(ANNA, "preferences", "");
    let none = store_preferences(&none, ANNA, &[world.pki.agrees(ANNA, &none)]);
    world.calls(LADAN, PATH, &only).await.unwrap();
    world.calls(LADAN, PATH, &none).await.unwrap();
    assert_eq!(world.calls(LADAN, PATH, &only).await, refused("agreement_used"));
    world.calls(LADAN, PATH, &leave).await.unwrap();
    assert_eq!(world.calls(LADAN, PATH, &register).await, refused("agreement_used"));
    assert!(world.place(ANNA).await.is_empty());
    // With the time of day she can register again on the same day; and what she left by is used as well.
    let now = world.clock.now().plus(Duration::from_secs(60)).to_string();
    let again = Agreed { date: &now, ..of("register", "ladan.example") };
    world.clock.advance(Duration::from_secs(120));
    world.calls(LADAN, PATH, &signed(&again)).await.unwrap();
    assert_eq!(world.calls(LADAN, PATH, &leave).await, refused("agreement_older"), "a day is not newer");
    assert_eq!(world.place(ANNA).await, ["Lådan"]);
}

async fn what_was_signed_before_a_newer_one_changes_nothing(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let start = world.clock.now();
    world.clock.advance(DAY);
    let at = |minutes: u64| start.plus(DAY + Duration::from_secs(60 * minutes)).to_string();
    let yesterday = start.date().to_string();
    let today = world.clock.now().date().to_string();
    let early = at(5);
    let late = at(10);
    let to = |supplier, date| Agreed { date, ..agreed(ANNA, "move", supplier) };
    // Signed and kept back by the operator.
    let kept = [
        world.moves(ANNA, &to("ladan.example", &yesterday)),
        world.moves(ANNA, &to("ladan.example", &early)),
        world.moves(ANNA, &to("ladan.example", &today)),
    ];
    world.clock.advance(Duration::from_secs(20 * 60));
    world.calls(BREVEN, PATH, &world.moves(ANNA, &to("breven.example", &late))).await.unwrap();
    for message in &kept {
        assert_eq!(world.calls(LADAN, PATH, message).await, refused("agreement_older"));
    }
    world.clock.advance(DAY);
    for message in &kept {
        assert_eq!(world.calls(LADAN, PATH, message).await, refused("agreement_older"));
    }
    assert_eq!(world.place(ANNA).await, ["Breven"]);
    // Two days without a time: on that day nobody can tell, afterwards the one that was kept back is refused.
    let today = world.clock.now().date().to_string();
    let kept = world.moves(ANNA, &to("breven.example", &today));
    world.calls(LADAN, PATH, &world.moves(ANNA, &to("ladan.example", &today))).await.unwrap();
    world.clock.advance(DAY);
    assert_eq!(world.calls(BREVEN, PATH, &kept).await, refused("agreement_older"));
    // What is newer holds.
    let now = world.clock.now().to_string();
    world.calls(BREVEN, PATH, &world.moves(ANNA, &to("breven.example", &now))).await.unwrap();
    assert_eq!(world.place(ANNA).await, ["Breven"]);
    let ahead = world.clock.now().plus(Duration::from_secs(600)).to_string();
    let ahead = world.moves(ANNA, &to("ladan.example", &ahead));
    assert_eq!(world.calls(LADAN, PATH, &ahead).await, refused("agreement_invalid"));
}

async fn what_was_changed_on_our_own_pages_is_newer_too(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let kept = world.moves(ANNA, &agreed(ANNA, "move", "ladan.example"));
    world.clock.advance(DAY);
    let address_mac = world.mac(ANNA).await;
    let keys = world.connector.keys(Role::Gateway).gateway_keys().await.unwrap();
    let recorder = registry::Recorder::service(&keys.events, &vault::SystemRandom, &*world.clock);
    let mut tx = world.store.begin("close").await.unwrap();
    assert!(registrations::deregister(&mut tx, &address_mac, &Place::Here, &recorder).await.unwrap());
    tx.commit().await.unwrap();
    world.service.adopt_silently().await.unwrap();
    assert_eq!(world.calls(LADAN, PATH, &kept).await, refused("agreement_older"));
    assert!(world.place(ANNA).await.is_empty());
}

async fn signatures_for_a_company_work_once_each(database: Database) {
    let world = World::new(database).await;
    let register = agreed(COMPANY, "register", "ladan.example");
    let leave = agreed(COMPANY, "deregister", "ladan.example");
    let signs = async |who: &str, agreed: &Agreed<'_>| {
        let message = account(agreed.act, agreed, &[world.pki.agrees(who, agreed)]);
        world.calls(LADAN, PATH, &message).await.map(|answer| between(&answer, "Status"))
    };
    assert_eq!(signs(ANNA, &register).await.unwrap(), "Incomplete");
    assert_eq!(signs(ANNA, &register).await.unwrap(), "Incomplete", "it waits, and may come again");
    assert_eq!(signs(BO, &register).await.unwrap(), "Complete");
    assert_eq!(signs(ANNA, &leave).await.unwrap(), "Incomplete");
    assert_eq!(signs(BO, &leave).await.unwrap(), "Complete");
    for who in [ANNA, BO] {
        assert_eq!(signs(who, &register).await, refused("agreement_used"));
    }
    // Both at once, one of them fresh.
    let fresh = [world.pki.agrees(ANNA, &register), world.pki.agrees(CLEO, &register)];
    assert_eq!(
        world.calls(LADAN, PATH, &account("register", &register, &fresh)).await,
        refused("agreement_used")
    );
    assert_eq!(world.store.count("SELECT count(*) AS n FROM pending").await, 0);
    // A fresh one waits; taken back, it has been used too.
    assert_eq!(signs(CLEO, &register).await.unwrap(), "Incomplete");
    let identity = format!("<recipientId>{COMPANY}</recipientId><userIdentity>{BO}</userIdentity>");
    let v3 = crate::moving::V3;
    let delete =
        format!("<deletePendingAccountRequest xmlns=\"{v3}\">{identity}</deletePendingAccountRequest>");
    world.calls(LADAN, PATH, &delete).await.unwrap();
    assert_eq!(signs(CLEO, &register).await, refused("agreement_used"));
    // And one whose place another request has taken.
    let other = Agreed { text: "Jag vill mer.", ..register.clone() };
    let third = Agreed { text: "Jag vill mest.", ..register.clone() };
    assert_eq!(signs(ANNA, &other).await.unwrap(), "Incomplete");
    assert_eq!(signs(ANNA, &third).await.unwrap(), "Incomplete");
    assert_eq!(signs(ANNA, &other).await, refused("agreement_used"));
    assert_eq!(signs(BO, &third).await.unwrap(), "Complete");
}

/// Who writes the letters' database puts the request back that waited with Anna's signature.
async fn a_request_that_was_put_back_by_another_hand_counts_nobody_twice(database: Database) {
    let world = World::new(database).await;
    let register = agreed(COMPANY, "register", "ladan.example");
    let signs = async |who: &str, agreed: &Agreed<'_>| {
        let message = account(agreed.act, agreed, &[world.pki.agrees(who, agreed)]);
        world.calls(LADAN, PATH, &message).await.map(|answer| between(&answer, "Status"))
    };
    signs(ANNA, &register).await.unwrap();
    let mut tx = world.store.read("keep").await.unwrap();
    let row = tx.one("SELECT address_mac, request, expires_at FROM pending", &[]).await.unwrap().unwrap();
    let mac: [u8; 32] = row.array("address_mac").unwrap();
    let request = row.bytes("request").unwrap().to_vec();
    let until: Time = row.time("expires_at").unwrap();
    drop(tx);
    signs(BO, &register).await.unwrap();
    let leave = agreed(COMPANY, "deregister", "ladan.example");
    signs(ANNA, &leave).await.unwrap();
    signs(BO, &leave).await.unwrap();
    let mut tx = world.store.begin("put back").await.unwrap();
    let put = "INSERT INTO pending (address_mac, kind, request, created_at, expires_at) \
        VALUES ($1, 'register', $2, 0, $3)";
    tx.execute(put, args![&mac, &request, until]).await.unwrap().exactly(1).unwrap();
    tx.commit().await.unwrap();
    assert_eq!(signs(CLEO, &register).await, refused("agreement_used"));
    assert!(world.place(COMPANY).await.is_empty());
}

async fn what_is_refused_uses_nothing_up(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let register = agreed(ANNA, "register", "ladan.example");
    let register = account("register", &register, &[world.pki.agrees(ANNA, &register)]);
    assert_eq!(world.calls(LADAN, PATH, &register).await.unwrap_err().1, "already_registered");
    world.calls(LADAN, PATH, &world.moves(ANNA, &agreed(ANNA, "move", "breven.example"))).await.unwrap_err();
    let leave = agreed(ANNA, "move", "breven.example");
    world.calls(BREVEN, PATH, &world.moves(ANNA, &leave)).await.unwrap();
    let out = agreed(ANNA, "deregister", "breven.example");
    let out = account("deregister", &out, &[world.pki.agrees(ANNA, &out)]);
    world.calls(BREVEN, PATH, &out).await.unwrap();
    world.calls(LADAN, PATH, &register).await.unwrap();
    assert_eq!(world.place(ANNA).await, ["Lådan"]);
}

async fn what_was_used_stays_used_whatever_happens_to_the_letters(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    let away = agreed(ANNA, "move", "ladan.example");
    world.calls(LADAN, PATH, &world.moves(ANNA, &away)).await.unwrap();
    let mut tx = world.store.begin("forget").await.unwrap();
    for sql in ["DELETE FROM registration", "DELETE FROM pending", "UPDATE mailbox SET closed_at = NULL"] {
        tx.execute(sql, &[]).await.unwrap().ignore();
    }
    tx.commit().await.unwrap();
    assert_eq!(world.calls(LADAN, PATH, &world.moves(ANNA, &away)).await, refused("agreement_used"));
    // Another key service on the same stores, as after a restart.
    let keys = world.another_key_service().await;
    let again = |who: &str, text: &str| AgreementUse {
        recipient: ANNA.into(),
        act: "move".into(),
        supplier: "ladan.example".into(),
        date: None,
        accepted: Vec::new(),
        text: text.into(),
        signatures: vec![AgreementSignature {
            signature: SecretBytes::new(world.pki.signs(who, ANNA, "move", "ladan.example").into_bytes()),
            certificate: String::new(),
        }],
        earlier: Vec::new(),
        acts: true,
    };
    let rejected = |code: &str| Err(KeysError::Rejected(code.to_owned()));
    assert_eq!(keys.use_agreement(again(ANNA, away.text)).await, rejected("agreement_used"));
    // It verifies for itself, whatever a door says.
    assert_eq!(keys.use_agreement(again(ANNA, "Något annat.")).await, rejected("agreement_invalid"));
    assert_eq!(keys.use_agreement(again(BO, away.text)).await, rejected("signatory_not_allowed"));
    let unknown =
        AgreementUse { earlier: vec![AgreementDigest::from_bytes([1; 32])], ..again(ANNA, away.text) };
    assert_eq!(keys.use_agreement(unknown).await, rejected("agreement_used"));
    let nobody = Identity::parse(CLEO).unwrap();
    assert_eq!(keys.end_agreements(&nobody, "ownership").await, rejected("agreement_invalid"));
}
