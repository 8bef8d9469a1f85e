//! Letters that are handed over to operators that answer as they please, or not at all.

use crate::{
    two::{
        HOUR,
        Says::{Delivered, Fault, Nothing, TooLarge},
        Two,
    },
    world::{ANNA, BO, BREVEN, LADAN, OWN, TOWN},
};
use intake::whereabouts::Place;
use mina_meddelanden::HandOver;
use std::{sync::atomic::Ordering, time::Duration};
use store::{both, testing::Database};
use testing::Rows as _;
use tokio_util::sync::CancellationToken;

both!(
    already_exists_is_delivered_where_an_earlier_try_had_no_answer,
    a_letter_that_may_be_somewhere_follows_its_recipient_all_the_same,
    a_silent_operator_is_left_alone_and_gets_all_when_it_answers,
    a_letter_that_may_be_there_is_asked_for_once_more_before_it_is_given_up,
    already_exists_shows_that_an_operator_answers_again,
    whoever_may_not_have_been_told_yet_is_asked_for_twenty_minutes,
    one_operator_that_does_not_answer_leaves_places_to_others,
    a_letter_that_what_stands_before_an_operator_refuses_holds_up_no_other,
    what_arrived_is_not_told_as_given_up_where_it_could_not_be_written,
    a_letter_that_makes_us_panic_is_not_buried,
    after_a_long_stop_letters_are_sent_before_any_is_given_up,
    whoever_is_suspended_has_letters_wait_wherever_they_go,
    what_stands_in_the_way_here_gives_no_letter_up_for_a_day,
    a_sender_that_does_not_list_us_for_a_while_has_its_letters_sent_all_the_same,
    where_a_letter_goes_now_is_kept_when_it_is_not_sent_there,
);

async fn already_exists_is_delivered_where_an_earlier_try_had_no_answer(database: Database) {
    let two = Two::new(database).await;
    // Refused the first time: it is somebody else's letter that exists.
    two.sends("fault").await;
    two.say([Fault(6005), Fault(5007)]);
    two.works().await;
    two.works_later().await;
    assert_eq!(two.codes().await, ["already_exists"]);
    // A fault says nothing of the try before it.
    two.sends("lost").await;
    two.say([Nothing, Fault(5000), Fault(5007)]);
    two.works().await;
    two.works_later().await;
    two.works_later().await;
    assert_eq!(two.codes().await[1..], ["delivered"]);
    // What had no answer went to another operator.
    two.sends("moved").await;
    two.say([Nothing, Fault(5007)]);
    two.works().await;
    two.is_at(ANNA, BREVEN);
    two.works_later().await;
    assert_eq!(two.codes().await[2..], ["already_exists"]);
    // A fault that says nothing: what answers may not be what has taken it.
    two.is_at(ANNA, LADAN);
    two.sends("unclear").await;
    two.say([Fault(5000), Fault(0), Fault(5007)]);
    two.works().await;
    two.works_later().await;
    two.works_later().await;
    assert_eq!(two.codes().await[3..], ["delivered"]);
    assert_eq!((two.got(LADAN), two.got(BREVEN)), (9, 1));
}

async fn a_letter_that_may_be_somewhere_follows_its_recipient_all_the_same(database: Database) {
    let two = Two::new(database).await;
    two.sends("to another operator").await;
    two.say([Nothing, Delivered]);
    two.works().await;
    two.is_at(ANNA, BREVEN);
    two.works_later().await;
    two.is_at(ANNA, LADAN);
    two.sends("home").await;
    two.say([Nothing, Fault(6005)]);
    two.works().await;
    two.is_at(ANNA, BREVEN);
    two.works_later().await;
    let in_doubt =
        format!("SELECT count(*) AS n FROM outbound WHERE ended_at IS NULL AND sent_to = '{LADAN}'");
    assert_eq!(two.world.store.count(in_doubt.leak()).await, 1, "what another says does not count for it");
    two.world.has_box(ANNA).await;
    two.places.of.lock().unwrap().insert(ANNA, Place::Here);
    two.works_later().await;
    assert_eq!(two.codes().await, ["delivered", "delivered_here"]);
    assert_eq!((two.got(LADAN), two.got(BREVEN)), (2, 2), "who may have it is not asked again");
    let arrived =
        format!("SELECT count(*) AS n FROM outbound WHERE last_code = 'delivered' AND operator = '{BREVEN}'");
    assert_eq!(two.world.store.count(arrived.leak()).await, 1, "known by where it arrived");
    assert_eq!(two.world.store.count("SELECT count(*) AS n FROM letter").await, 1);
}

async fn a_silent_operator_is_left_alone_and_gets_all_when_it_answers(database: Database) {
    let two = Two::new(database).await;
    two.sends("first").await;
    two.say([Nothing]);
    assert_eq!(two.works().await, 1);
    for id in ["second", "third"] {
        two.sends(id).await;
        assert_eq!(two.works().await, 1, "not sent");
    }
    assert_eq!(two.codes().await, ["no_answer waits", "silent waits", "silent waits"]);
    // It answers the first that asks; those that were looked at in the same moment need not wait either.
    two.world.clock.advance(Duration::from_secs(6));
    two.works().await;
    two.works().await;
    assert_eq!(two.codes().await, ["delivered"; 3]);
    assert_eq!(two.got(LADAN), 4);
}

async fn a_letter_that_may_be_there_is_asked_for_once_more_before_it_is_given_up(database: Database) {
    let two = Two::new(database).await;
    two.sends("first").await;
    two.say([Nothing]);
    two.works().await;
    two.world.clock.advance(HOUR - Duration::from_secs(2));
    two.sends("second").await;
    two.say([Nothing]);
    two.works().await;
    let asked = two.got(LADAN);
    // The hour is over for the first, and the operator has just been silent.
    assert_eq!(two.tries(3, []).await[0], "silent waits");
    assert_eq!(two.got(LADAN), asked);
    assert_eq!(two.tries(6, [Fault(5007)]).await[0], "delivered");
    assert!(two.got(LADAN) > asked);
    assert_eq!(two.tries(HOUR.as_secs(), []).await[1..], ["delivered"]);
}

async fn already_exists_shows_that_an_operator_answers_again(database: Database) {
    let two = Two::new(database).await;
    two.sends("first").await;
    two.say([Nothing]);
    two.works().await;
    two.sends("second").await;
    assert_eq!(two.works().await, 1, "not sent while it is silent");
    two.sql("UPDATE job SET run_at = run_at + 3600000 WHERE subject <> (SELECT letter_id FROM outbound ORDER BY letter_id LIMIT 1)").await;
    two.world.clock.advance(Duration::from_secs(6));
    two.say([Fault(5007)]);
    two.does_one().await;
    assert_eq!(two.got(""), 2);
    // No time has passed, and the other is due.
    assert_eq!(two.works().await, 3);
    assert_eq!(two.codes().await, ["delivered"; 2]);
}

async fn whoever_may_not_have_been_told_yet_is_asked_for_twenty_minutes(database: Database) {
    let two = Two::new(database).await;
    two.sends("a").await;
    two.sql("UPDATE outbound SET give_up_at = give_up_at * 2").await;
    // Tries without answer are none of its time to be told.
    for _ in 0..6 {
        assert_eq!(two.tries(60, [Nothing]).await, ["no_answer waits"]);
    }
    const MINUTE: u64 = 60;
    assert_eq!(two.tries(MINUTE, [Fault(6005)]).await, ["fault waits"]);
    assert_eq!(two.tries(19 * MINUTE, [Fault(5002)]).await, ["fault waits"]);
    // Another answer, and it begins anew.
    assert_eq!(two.tries(MINUTE, [Fault(5000)]).await, ["fault waits"]);
    assert_eq!(two.tries(MINUTE, [Fault(6005)]).await, ["fault waits"]);
    assert_eq!(two.tries(19 * MINUTE, [Fault(6005)]).await, ["fault waits"]);
    // So it does with another operator.
    two.is_at(ANNA, BREVEN);
    assert_eq!(two.tries(MINUTE, [Fault(6005)]).await, ["fault waits"]);
    assert_eq!(two.tries(20 * MINUTE, [Fault(6005)]).await, ["dispatcher_not_approved"]);
}

async fn one_operator_that_does_not_answer_leaves_places_to_others(database: Database) {
    let two = Two::new(database).await;
    for no in 0..20 {
        two.sends(&format!("ladan-{no}")).await;
    }
    two.sends_to(BO, "breven").await;
    // Not even those whose time is over wait for a place.
    two.world.clock.advance(HOUR);
    let held = two.told.gate.clone().acquire_owned().await.unwrap();
    let workers: Vec<_> = (0..HandOver::WORKERS)
        .map(|_| {
            let worker = two.worker.clone();
            let hand_over = two.hand_over.clone();
            tokio::spawn(async move {
                while worker.once(&hand_over, &CancellationToken::new()).await.unwrap() > 0 {}
            })
        })
        .collect();
    let ended = "SELECT count(*) AS n FROM outbound WHERE ended_at IS NOT NULL";
    let busy = "SELECT count(*) AS n FROM outbound WHERE last_code = 'busy'";
    while two.got(LADAN) < 8
        || two.world.store.count(busy).await < 12
        || two.world.store.count(ended).await == 0
    {
        tokio::task::yield_now().await;
    }
    assert_eq!((two.got(LADAN), two.got(BREVEN)), (8, 1), "half of sixteen places");
    drop(held);
    for worker in workers {
        worker.await.unwrap();
    }
    // Those that found no place come back by themselves, and the first of them brings the others.
    two.world.clock.advance(Duration::from_secs(6));
    two.works().await;
    assert_eq!(two.codes().await, vec!["delivered"; 21]);
    assert_eq!(two.got(LADAN), 20, "each once");
}

async fn a_letter_that_what_stands_before_an_operator_refuses_holds_up_no_other(database: Database) {
    let two = Two::new(database).await;
    two.sends("too large").await;
    two.sends("small").await;
    two.say([TooLarge]);
    two.works().await;
    assert_eq!(two.codes().await, ["answer_unreadable waits", "delivered"]);
    // Nor is it made due by what comes after it.
    two.sends("silent").await;
    two.say([Nothing]);
    two.works().await;
    two.sql("UPDATE job SET run_at = run_at + 3600000 WHERE subject = (SELECT letter_id FROM outbound ORDER BY letter_id LIMIT 1)").await;
    two.world.clock.advance(Duration::from_secs(6));
    two.works().await;
    assert_eq!(two.codes().await, ["answer_unreadable waits", "delivered", "delivered"]);
}

async fn what_arrived_is_not_told_as_given_up_where_it_could_not_be_written(database: Database) {
    let two = Two::new(database).await;
    two.sends("last").await;
    two.world.clock.advance(HOUR);
    two.sql("ALTER TABLE feed_waiting RENAME TO feed_away").await;
    two.works().await;
    two.sql("ALTER TABLE feed_away RENAME TO feed_waiting").await;
    assert_eq!(two.codes().await, ["internal waits"]);
    assert_eq!(two.tries(60, [Fault(5007)]).await, ["delivered"]);
    assert_eq!(two.got(LADAN), 2);
}

async fn a_letter_that_makes_us_panic_is_not_buried(database: Database) {
    let two = Two::new(database).await;
    two.sends("a").await;
    two.places.panics.store(true, Ordering::Relaxed);
    for _ in 0..10 {
        two.tries(1, []).await;
    }
    two.places.panics.store(false, Ordering::Relaxed);
    assert_eq!(two.tries(1, []).await, ["delivered"]);
    // Nor does it wait for ever.
    two.sends("b").await;
    two.places.panics.store(true, Ordering::Relaxed);
    assert_eq!(two.tries(HOUR.as_secs(), []).await[1..], ["internal waits"]);
    assert_eq!(two.tries(24 * HOUR.as_secs(), []).await[1..], ["given_up"]);
}

async fn after_a_long_stop_letters_are_sent_before_any_is_given_up(database: Database) {
    let mut two = Two::new(database).await;
    for id in ["first", "second"] {
        two.sends(id).await;
    }
    two.world.clock.advance(100 * HOUR);
    two.restarts();
    // The register is not there yet, and then the network is not.
    let anna = two.places.of.lock().unwrap().remove(ANNA).unwrap();
    assert_eq!(two.tries(1, []).await, ["unavailable waits"; 2]);
    two.is_registered(LADAN, "ladan.example", 1).await;
    two.places.of.lock().unwrap().insert(ANNA, anna);
    assert_eq!(two.tries(1, []).await, ["no_connection waits", "silent waits"]);
    two.is_registered(LADAN, "ladan.example", two.wire.port).await;
    assert_eq!(two.tries(10, []).await, ["delivered"; 2]);
    // An hour later what stands in the way counts.
    two.sends("third").await;
    two.world.clock.advance(100 * HOUR);
    two.places.of.lock().unwrap().remove(ANNA);
    assert_eq!(two.tries(1, []).await[2..], ["given_up"]);
}

async fn whoever_is_suspended_has_letters_wait_wherever_they_go(database: Database) {
    let two = Two::new(database).await;
    two.sends("away").await;
    two.is_suspended(TOWN, true).await;
    assert_eq!(two.tries(1, []).await, ["sender_must_sign waits"]);
    two.world.has_box(ANNA).await;
    two.places.of.lock().unwrap().insert(ANNA, Place::Here);
    assert_eq!(two.tries(1, []).await, ["sender_suspended waits"]);
    assert_eq!(two.world.store.count("SELECT count(*) AS n FROM letter").await, 0);
    two.is_suspended(TOWN, false).await;
    assert_eq!(two.tries(1, []).await, ["delivered_here"]);
}

async fn what_stands_in_the_way_here_gives_no_letter_up_for_a_day(database: Database) {
    let two = Two::new(database).await;
    two.sends("a").await;
    two.sends_to(BO, "b").await;
    let anna = two.places.of.lock().unwrap().remove(ANNA).unwrap();
    let bo = two.places.of.lock().unwrap().remove(BO).unwrap();
    for after in [1, HOUR.as_secs(), 23 * HOUR.as_secs()] {
        assert_eq!(two.tries(after, []).await, ["unavailable waits"; 2]);
    }
    assert_eq!(
        two.world.store.count("SELECT CAST(sum(attempts) AS BIGINT) AS n FROM outbound").await,
        0,
        "none was sent"
    );
    two.places.of.lock().unwrap().insert(ANNA, anna);
    assert_eq!(two.tries(1, []).await, ["delivered", "unavailable waits"]);
    assert_eq!(two.tries(HOUR.as_secs(), []).await, ["delivered", "given_up"]);
    two.places.of.lock().unwrap().insert(BO, bo);
    assert_eq!(two.tries(1, []).await[1..], ["given_up"]);
}

async fn a_sender_that_does_not_list_us_for_a_while_has_its_letters_sent_all_the_same(database: Database) {
    let two = Two::new(database).await;
    two.sends("a").await;
    two.world.no_longer_dispatches(TOWN, OWN).await;
    assert_eq!(two.tries(1, []).await, ["sender_must_sign waits"]);
    two.world.lets_dispatch(TOWN, OWN).await;
    assert_eq!(two.tries(1, []).await, ["delivered"]);
    two.sends("b").await;
    two.world.no_longer_dispatches(TOWN, OWN).await;
    assert_eq!(two.tries(24 * HOUR.as_secs(), []).await[1..], ["sender_must_sign waits"]);
    assert_eq!(two.tries(HOUR.as_secs(), []).await[1..], ["sender_must_sign"]);
}

async fn where_a_letter_goes_now_is_kept_when_it_is_not_sent_there(database: Database) {
    let two = Two::new(database).await;
    two.sends_to(BO, "breven is silent").await;
    two.say([Nothing]);
    two.works().await;
    two.is_at(ANNA, BREVEN);
    two.sends("follows").await;
    two.is_at(ANNA, LADAN);
    two.sends("stays").await;
    two.sql("UPDATE job SET run_at = run_at + 3600000 WHERE subject = (SELECT letter_id FROM outbound ORDER BY letter_id LIMIT 1)").await;
    two.is_at(ANNA, BREVEN);
    two.works().await;
    // Both were taken in charge for one operator or the other, and both wait for the one that is silent.
    assert_eq!(two.codes().await, ["no_answer waits", "silent waits", "silent waits"]);
    let at = format!("SELECT count(*) AS n FROM outbound WHERE operator = '{BREVEN}'");
    assert_eq!(two.world.store.count(at.leak()).await, 3);
    assert_eq!((two.got(LADAN), two.got(BREVEN)), (0, 1));
}
