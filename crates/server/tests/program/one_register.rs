//! Two operators with one register: letters find their way to either, follow a mailbox that moves, and none is lost or
//! doubled when one of the two is killed.

pub mod pair;
pub mod story;

use crate::sender::{ANNA, BO, CLEO};
use story::{AT_A, AT_B, Story};

/// Letters while somebody is down.
const SOME: usize = 12;

#[tokio::test(flavor = "multi_thread")]
async fn letters_find_the_mailbox_at_either_operator_and_none_is_lost_or_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let mut story = Story::begin(folder.path()).await;

    // By either operator to either mailbox.
    story.sends(AT_A, ANNA, "anna-home", AT_A).await;
    assert_eq!(story.handed_on(), 0, "Anna's mailbox is at A");
    story.sends(AT_A, BO, "bo-away", AT_B).await;
    story.sends(AT_B, ANNA, "anna-away", AT_A).await;
    assert_eq!(story.handed_on(), 2);
    story.sends(AT_B, BO, "bo-home", AT_B).await;
    // Cleo has a mailbox nowhere, and then one at B.
    assert_eq!(story.is_refused(AT_A, CLEO, "cleo-early").await, "recipient_unknown");
    assert_eq!(story.is_refused(AT_B, CLEO, "cleo-early").await, "recipient_unknown");
    story.at(AT_B).kuvert(&["mailbox", "open", "--name", "Cleo Exempel"], CLEO).good();
    story.tells_register("register", CLEO, "b.example");
    story.sends(AT_A, CLEO, "cleo-away", AT_B).await;
    story.settles().await;
    story.reads(AT_B, BO, "bo-away").await;
    story.reads(AT_A, ANNA, "anna-away").await;
    story.is_held_to_the_ledger().await;

    // B is killed; what is sent meanwhile waits at A.
    story.pair.b.kill();
    for no in 0..SOME {
        story.sends(AT_A, BO, &format!("bo-down-{no}"), AT_B).await;
    }
    let tried = story.has_tried_in_vain(AT_A, 0).await;
    story.pair.b.start();
    story.settles().await;
    story.is_held_to_the_ledger().await;
    assert_eq!(story.lists(AT_B, BO, "bo-down-0").await, 1);

    // Bo moves to A while letters are on their way to him at B, which is down: they come home.
    story.pair.b.kill();
    for no in 0..SOME {
        story.sends(AT_A, BO, &format!("bo-moving-{no}"), AT_A).await;
    }
    assert_eq!(story.handed_on(), 3 + 2 * SOME, "they were taken in charge for B");
    story.has_tried_in_vain(AT_A, tried).await;
    story.tells_register("move", BO, "a.example");
    story.settles().await;
    story.pair.b.start();
    story.at(AT_B).kuvert(&["mailbox", "close"], BO).good();
    story.sends(AT_A, BO, "bo-moved", AT_A).await;
    story.sends(AT_B, BO, "bo-moved-by-b", AT_A).await;
    story.settles().await;
    story.is_held_to_the_ledger().await;
    story.reads(AT_A, BO, "bo-moving-0").await;

    // Anna moves to B, which still remembers that she was at A.
    story.sends(AT_B, ANNA, "anna-remembered", AT_A).await;
    story.settles().await;
    story.at(AT_B).kuvert(&["mailbox", "open", "--name", "Anna Exempel"], ANNA).good();
    story.tells_register("move", ANNA, "b.example");
    story.sends(AT_A, ANNA, "anna-moved", AT_B).await;
    story.sends(AT_B, ANNA, "anna-moved-by-b", AT_B).await;
    story.settles().await;
    story.is_held_to_the_ledger().await;

    // A is killed while it hands over.
    let (done, all) = story.kills_a_while_it_hands_over(ANNA, 2 * SOME).await;
    assert!(done < all);
    let counts = story.is_held_to_the_ledger().await;
    assert_eq!(counts.values().sum::<usize>(), story.promised(), "{counts:?}");
    story.reads(AT_B, ANNA, "killed-0-0").await;

    // Cleo leaves.
    story.tells_register("deregister", CLEO, "b.example");
    assert_eq!(story.is_refused(AT_A, CLEO, "cleo-late").await, "recipient_unknown");
    story.pair.a.stop();
    story.pair.b.stop();
    story.pair.end();
}
