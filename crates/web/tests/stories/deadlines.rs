//! A date to answer by is seen until it is dealt with.

use crate::{
    at_noon, bo_helps,
    citizen::Citizen,
    world::{ANNA, BO, OFFICE, TOWN},
};
use serde_json::json;
use std::time::Duration;
use store::{both, testing::Database};
use testing::Rows as _;

/// The part of the inbox above the letters.
fn todo(text: &str) -> String {
    let from = text.split("id=\"todo\"").nth(1).unwrap_or_default();
    from.split("</section>").next().unwrap_or_default().to_owned()
}

both!(what_is_overdue_stays_on_top_until_it_is_done);
async fn what_is_overdue_stays_on_top_until_it_is_done(database: Database) {
    let (world, clock) = at_noon(database).await;
    world.send(TOWN, "1", json!({"subject": "Tacka ja", "reply_by": "2026-12-13"}), &[]).await;
    world.send(OFFICE, "2", json!({"subject": "Komplettera", "reply_by": "2027-01-20"}), &[]).await;
    clock.advance(Duration::from_secs(33 * 24 * 60 * 60));
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let inbox = anna.get("/").await;
    let things = todo(&inbox.text);
    let first = things.find("Tacka ja").unwrap_or_else(|| panic!("gone: {}", inbox.text));
    assert!(first < things.find("Komplettera").unwrap(), "the overdue one is first");
    assert!(things.contains("Försenat – skulle ha besvarats 13 dec"), "{things}");
    // In its row too, and on the page of the letter that is not opened.
    inbox.says(r#"<span class="due late">Försenat 13 dec</span>"#);
    let at = inbox.address("/letters/").replace("/open", "").replace("/done", "");
    anna.get(&at).await.says("Öppna brevet").says("Svarsdatumet har passerat:").says("13 december 2026");
    // Opened, it is as late as before.
    anna.does(&format!("{at}/open"), &[]).await.says("svarsdatumet har passerat").says("Markera som klar");
    let inbox = anna.get("/").await;
    assert!(todo(&inbox.text).contains("Försenat – skulle ha besvarats 13 dec"), "{}", inbox.text);

    // Done, and taken back.
    let done = anna.does(&format!("{at}/done"), &[]).await;
    done.says("Brevet är markerat som klart.").says("Ångra").says(&format!("{at}/undone"));
    assert!(!todo(&done.text).contains("Tacka ja") && todo(&done.text).contains("Komplettera"));
    done.does_not_say("Försenat").says(r#"<span class="tag">Klar</span>"#);
    anna.does(&format!("{at}/undone"), &[]).await.says("Försenat – skulle ha besvarats 13 dec");
    // From the letter's own page one stays there.
    anna.get(&at).await;
    let letter = anna.does(&format!("{at}/done"), &[("stay", "1")]).await;
    letter.says("Inte klar än").does_not_say("svarsdatumet har passerat");
    anna.does(&format!("{at}/undone"), &[("stay", "1")]).await.says("Markera som klar");
    // Put away, it is out of the way; taken back, it is as late as it was.
    anna.does(&format!("{at}/archive"), &[]).await.does_not_say("Försenat");
    anna.get("/archive").await.says("Tacka ja").does_not_say("Försenat");
    anna.does(&format!("{at}/restore"), &[]).await.says("Försenat – skulle ha besvarats 13 dec");
    // It is no event: nothing of it is anybody's but the reader's.
    let kinds = "SELECT count(*) AS n FROM event WHERE type NOT IN ('accepted', 'listed', 'opened', 'archived', \
        'restored', 'mailbox_opened', 'mandate_granted', 'notice_sent', 'no_contact_point')";
    assert_eq!(world.store.count(kinds).await, 0);
}

both!(only_who_is_asked_says_that_it_is_done);
async fn only_who_is_asked_says_that_it_is_done(database: Database) {
    let (world, _) = at_noon(database).await;
    world.send(TOWN, "1", json!({"subject": "Tacka ja", "reply_by": "2026-12-13"}), &[]).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    bo_helps(&world, &mut anna).await;
    let at = anna.get("/").await.address("/letters/").replace("/open", "").replace("/done", "");
    let mut bo = Citizen::logs_in(&world, BO).await;
    let inbox = bo.get("/").await;
    inbox.says("Tacka ja").does_not_say("/done\"").says("markerar den som brevet är till");
    for act in ["done", "undone"] {
        assert_eq!(bo.post(&format!("{at}/{act}"), &[]).await.status, 404, "{act}");
    }
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter WHERE done_at IS NOT NULL").await, 0);
}
