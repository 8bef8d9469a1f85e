//! What agencies tell by e-mail and text message: who is reached, repeats, and refusals that leave nothing.

use crate::world::{ANNA, BO, COMPANY, DISPATCHER, OFFICE, TOWN, World, org};
use delivery::{
    Message, Notice,
    notice::{EmailMessage, SmsMessage},
};
use domain::{Code, ContactId, PersonId, words::Channel};
use intake::{AcceptError, Announced, Told};
use key_client::announcement_words;
use registry::{dispatch, senders};
use store::{args, both, testing::Database};
use testing::{Rows as _, delivery::notice};
use vault::SystemRandom;

both!(
    each_recipient_is_told_by_the_channels_there_are,
    who_cannot_be_reached_is_answered_so,
    the_same_again_gets_the_same_answer,
    twins_at_once_are_one_announcement,
    another_content_under_the_same_id_is_a_conflict,
    who_may_tell_is_who_may_send,
    what_is_refused_leaves_nothing,
    one_address_is_told_once,
    a_thousand_recipients_are_one_announcement,
    without_text_messages_none_is_promised,
    a_sender_has_a_quota_of_recipients_a_day,
    a_sender_that_calls_many_times_at_once_gets_no_more,
    texts_that_deceive_are_refused,
);

const EMAIL: Told = Told { email: true, sms: false };
const SMS: Told = Told { email: false, sms: true };
const BOTH: Told = Told { email: true, sms: true };
const NOBODY: Told = Told { email: false, sms: false };

impl World {
    async fn announces(&self, caller: &str, notice: &Notice) -> Result<Announced, Code> {
        match self.intake.announce(&org(caller), notice.envelope().into()).await {
            Ok(announced) => Ok(announced),
            Err(AcceptError::Refused(refusal)) => Err(refusal.code),
            Err(error) => panic!("{error:?}"),
        }
    }

    /// How each is told.
    async fn tells(&self, notice: &Notice) -> Vec<Told> {
        let announced = self.announces(TOWN, notice).await.unwrap();
        let ids: Vec<_> = announced.recipients.iter().map(|(id, _)| id.clone()).collect();
        assert_eq!(ids, notice.recipient_ids);
        announced.recipients.into_iter().map(|(_, told)| told).collect()
    }

    async fn contact(&self, person: PersonId, channel: Channel) -> ContactId {
        let id = ContactId::new(&SystemRandom);
        let add = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
            confirmed_at, code_tries) VALUES ($1, $2, $3, $4, $1, 0, 1, 1, 0)";
        assert_eq!(self.store.change(add, args![id, person, channel.as_str(), b"sealed"]).await, 1);
        id
    }

    async fn ways(&self) -> i64 {
        self.store.count("SELECT count(*) AS n FROM announcement_way WHERE state = 'waiting'").await
    }
}

async fn each_recipient_is_told_by_the_channels_there_are(database: Database) {
    let world = World::new(database).await;
    world.contact(world.anna.0, Channel::Email).await;
    world.contact(world.bo.0, Channel::Email).await;
    world.contact(world.bo.0, Channel::Sms).await;
    let both = notice("1", &[ANNA, BO]);
    assert_eq!(world.tells(&both).await, [EMAIL, BOTH]);
    assert_eq!(world.ways().await, 3);
    assert_eq!(world.tells(&Notice { email: None, ..notice("2", &[ANNA, BO]) }).await, [NOBODY, SMS]);
    assert_eq!(world.tells(&Notice { sms: None, ..notice("3", &[BO, ANNA]) }).await, [EMAIL, EMAIL]);
    // What is written down: words that only the notifier's key opens, in their place, and one job each.
    let id = async |notice: &Notice| world.announces(TOWN, notice).await.unwrap().id;
    let first = id(&both).await;
    let other = id(&Notice { sms: None, ..notice("3", &[BO, ANNA]) }).await;
    let mut tx = world.store.read("words").await.unwrap();
    let sql = "SELECT words FROM announcement WHERE announcement_id = $1";
    let row = tx.one(sql, args![first]).await.unwrap().unwrap();
    let sealed = row.bytes("words").unwrap();
    let opened = world.keys.opens(&announcement_words(first), sealed).unwrap();
    let expected =
        r#"{"email":{"subject":"Vattnet","text":"Vattnet stängs kl. 10."},"sms":"Vattnet stängs.","sender""#;
    assert!(String::from_utf8(opened.clone()).unwrap().starts_with(expected));
    let to = key_client::AnnouncedTo::read(&opened).unwrap();
    assert_eq!((to.sender(), to.contacts().unwrap().count()), (TOWN, 3));
    assert!(world.keys.opens(&announcement_words(other), sealed).is_none());
    drop(tx);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM job WHERE kind = 'announcement'").await, 3);
    // An announcement is no letter, and no letter's notice.
    for sql in [
        "SELECT count(*) AS n FROM letter",
        "SELECT count(*) AS n FROM notice",
        "SELECT count(*) AS n FROM feed_waiting",
    ] {
        assert_eq!(world.store.count(sql).await, 0, "{sql}");
    }
}

async fn who_cannot_be_reached_is_answered_so(database: Database) {
    let world = World::new(database).await;
    let numbers = [ANNA, "200001012384", BO, "201501012387", COMPANY];
    // Boxes without addresses, no box, a minor.
    assert_eq!(world.tells(&notice("1", &numbers)).await, [NOBODY; 5]);
    let ended = "SELECT count(*) AS n FROM announcement \
                 WHERE words IS NULL AND ended_at IS NOT NULL AND sent + failed = 0";
    assert_eq!(
        (world.store.count(ended).await, world.store.count("SELECT count(*) AS n FROM job").await),
        (1, 0)
    );
    for person in [world.anna.0, world.bo.0] {
        world.contact(person, Channel::Email).await;
    }
    // The company is told through its signatory.
    assert_eq!(world.tells(&notice("2", &numbers)).await, [EMAIL, NOBODY, EMAIL, NOBODY, EMAIL]);
    let keys = world.connector.keys(key_client::Role::Gateway).gateway_keys().await.unwrap();
    let mac = registry::declined::sender_mac(&keys.sender, world.bo.1, &org(TOWN));
    let decline = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 0)";
    world.store.change(decline, args![world.bo.1, &mac, &b"sealed"[..]]).await;
    assert_eq!(world.tells(&notice("3", &[ANNA, BO])).await, [EMAIL, NOBODY]);
    world.store.change("DELETE FROM declined", &[]).await;
    world.store.change("UPDATE mailbox SET closed_at = 1 WHERE mailbox_id = $1", args![world.bo.1]).await;
    assert_eq!(world.tells(&notice("4", &[ANNA, BO])).await, [EMAIL, NOBODY]);
    world.store.change("UPDATE contact SET failed_at = 1 WHERE person_id = $1", args![world.anna.0]).await;
    assert_eq!(world.tells(&notice("5", &[ANNA, COMPANY])).await, [NOBODY, NOBODY]);
    world.store.change("UPDATE contact SET failed_at = NULL", &[]).await;
    world.store.change("UPDATE person SET deceased_at = 1 WHERE person_id = $1", args![world.anna.0]).await;
    assert_eq!(world.tells(&notice("6", &[ANNA, COMPANY])).await, [NOBODY, NOBODY]);
    world.store.change("UPDATE person SET deceased_at = NULL", &[]).await;
    world.moves_away(ANNA).await;
    assert_eq!(world.tells(&notice("7", &[ANNA])).await, [NOBODY]);
}

async fn the_same_again_gets_the_same_answer(database: Database) {
    let world = World::new(database).await;
    world.contact(world.anna.0, Channel::Email).await;
    let same = notice("1", &[ANNA, BO]);
    let first = world.announces(TOWN, &same).await.unwrap();
    // Whatever has happened since, and whoever transmits it.
    world.contact(world.bo.0, Channel::Email).await;
    world.store.change("UPDATE contact SET failed_at = 1 WHERE person_id = $1", args![world.anna.0]).await;
    for caller in [TOWN, DISPATCHER] {
        let again = world.announces(caller, &same).await.unwrap();
        assert_eq!(again, Announced { repeated: true, ..first.clone() });
    }
    assert_eq!((world.ways().await, world.store.count("SELECT count(*) AS n FROM job").await), (1, 1));
}

async fn twins_at_once_are_one_announcement(database: Database) {
    let world = World::new(database).await;
    world.contact(world.anna.0, Channel::Email).await;
    let same = notice("1", &[ANNA]);
    let (a, b, c) = tokio::join!(
        world.announces(TOWN, &same),
        world.announces(DISPATCHER, &same),
        world.announces(TOWN, &same)
    );
    let all = [a.unwrap(), b.unwrap(), c.unwrap()];
    assert!(all.iter().all(|one| one.id == all[0].id && one.recipients == all[0].recipients));
    assert_eq!(all.iter().filter(|one| !one.repeated).count(), 1);
    assert_eq!((world.ways().await, world.store.count("SELECT count(*) AS n FROM job").await), (1, 1));
}

async fn another_content_under_the_same_id_is_a_conflict(database: Database) {
    let world = World::new(database).await;
    world.contact(world.anna.0, Channel::Email).await;
    world.tells(&notice("1", &[ANNA])).await;
    let others = [
        notice("1", &[BO]),
        notice("1", &[ANNA, ANNA]),
        Notice { sms: None, ..notice("1", &[ANNA]) },
        Notice {
            message: Message { body: b"Annat".to_vec(), ..notice("1", &[]).message },
            ..notice("1", &[ANNA])
        },
        // A conflict also where it would be refused by itself.
        Notice { email: None, sms: None, ..notice("1", &[ANNA]) },
    ];
    for other in &others {
        assert_eq!(world.announces(TOWN, other).await, Err(Code::ReferenceConflict));
    }
    assert_eq!(world.store.count("SELECT count(*) AS n FROM announcement").await, 1);
    // The same id of another sender is another announcement.
    let office = Notice { sender_id: OFFICE.into(), ..notice("1", &[ANNA]) };
    assert!(!world.announces(OFFICE, &office).await.unwrap().repeated);
}

async fn who_may_tell_is_who_may_send(database: Database) {
    let world = World::new(database).await;
    let to_anna = notice("1", &[ANNA]);
    assert_eq!(world.announces(OFFICE, &to_anna).await, Err(Code::CallerNotAllowed));
    let dispatcher = Notice { sender_id: DISPATCHER.into(), ..notice("1", &[ANNA]) };
    assert_eq!(world.announces(DISPATCHER, &dispatcher).await, Err(Code::SenderUnknown));
    let stranger = Notice { sender_id: "164020000081".into(), ..notice("1", &[ANNA]) };
    assert_eq!(world.announces(TOWN, &stranger).await, Err(Code::SenderUnknown));
    world.nothing_is_stored().await;
    assert!(world.announces(DISPATCHER, &to_anna).await.is_ok());
    let mut tx = world.store.begin("unlist").await.unwrap();
    dispatch::unlist(&mut tx, &org(TOWN), &org(DISPATCHER), domain::Clock::now(&*world.clock)).await.unwrap();
    tx.commit().await.unwrap();
    // The registry's new state is seen at once, before anything is written.
    assert_eq!(world.announces(DISPATCHER, &notice("2", &[ANNA])).await, Err(Code::CallerNotAllowed));
    let mut tx = world.store.begin("suspend").await.unwrap();
    senders::suspend(&mut tx, &org(TOWN), domain::Clock::now(&*world.clock)).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(world.announces(TOWN, &notice("3", &[ANNA])).await, Err(Code::SenderSuspended));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM announcement").await, 1);
}

async fn what_is_refused_leaves_nothing(database: Database) {
    let world = World::new(database).await;
    world.contact(world.anna.0, Channel::Email).await;
    let mail = |subject: &str, text: &str| {
        let from = "a@b.se".to_owned();
        let email = Some(EmailMessage { from, subject: subject.into(), text: text.into() });
        Notice { email, ..notice("1", &[ANNA]) }
    };
    for (notice, code) in [
        (mail("Vatten", "Läs mer på exempelkommunen.se"), Code::LinkNotAllowed),
        (mail("Vatten\nBcc: bo@example.com", "Hej"), Code::CharactersNotAllowed),
        (mail("", "Hej"), Code::FieldInvalid),
        (Notice { email: None, sms: None, ..notice("1", &[ANNA]) }, Code::FieldMissing),
        (notice("1", &[ANNA, "198101052383"]), Code::CheckDigitInvalid),
        (notice("1", &[ANNA, "1981"]), Code::IdentityInvalid),
        (notice("", &[ANNA]), Code::FieldInvalid),
        (notice("1", &[]), Code::DeliveryMalformed),
    ] {
        assert_eq!(world.announces(TOWN, &notice).await, Err(code));
    }
    let other = notice("1", &[ANNA]).envelope().replace("notify", "deliverForward");
    let refused = world.intake.announce(&org(TOWN), other.into()).await.unwrap_err();
    assert_eq!(refused.refusal().code, Code::OperationUnknown);
    world.nothing_is_stored().await;
}

async fn one_address_is_told_once(database: Database) {
    let world = World::new(database).await;
    world.contact(world.anna.0, Channel::Email).await;
    assert_eq!(world.tells(&notice("1", &[ANNA, COMPANY, ANNA])).await, [EMAIL; 3]);
    assert_eq!(world.ways().await, 1);
}

async fn a_thousand_recipients_are_one_announcement(database: Database) {
    let world = World::new(database).await;
    world.contact(world.anna.0, Channel::Email).await;
    let mut numbers = vec!["200001012384"; 1000];
    numbers[999] = ANNA;
    let told = world.tells(&notice("1", &numbers)).await;
    assert_eq!((told.len(), told[998], told[999]), (1000, NOBODY, EMAIL));
    assert_eq!(world.tells(&notice("1", &numbers)).await, told);
    numbers.push(BO);
    assert_eq!(world.announces(TOWN, &notice("2", &numbers)).await, Err(Code::DeliveryMalformed));
}

async fn without_text_messages_none_is_promised(database: Database) {
    let world = World::with(database, |settings| settings.sms = false).await;
    world.contact(world.anna.0, Channel::Sms).await;
    world.contact(world.bo.0, Channel::Email).await;
    world.contact(world.bo.0, Channel::Sms).await;
    assert_eq!(world.tells(&notice("1", &[ANNA, BO])).await, [NOBODY, EMAIL]);
    assert_eq!(world.ways().await, 1);
}

async fn a_sender_has_a_quota_of_recipients_a_day(database: Database) {
    let world = World::with(database, |settings| {
        settings.announced_per_day = 3;
        settings.announced_per_day_of = [(org(OFFICE), 5)].into();
    })
    .await;
    world.contact(world.anna.0, Channel::Email).await;
    let two = |id: &str, sender: &str| Notice { sender_id: sender.into(), ..notice(id, &[ANNA, BO]) };
    assert!(world.announces(TOWN, &two("1", TOWN)).await.is_ok());
    assert_eq!(world.announces(TOWN, &two("2", TOWN)).await, Err(Code::AnnouncementQuota));
    assert_eq!(world.announces(DISPATCHER, &two("3", TOWN)).await, Err(Code::AnnouncementQuota));
    // A repeat takes nothing, a smaller one fits, and a larger sender has more.
    assert!(world.announces(TOWN, &two("1", TOWN)).await.unwrap().repeated);
    assert!(world.announces(TOWN, &notice("4", &[ANNA])).await.is_ok());
    assert_eq!(world.announces(TOWN, &notice("5", &[ANNA])).await, Err(Code::AnnouncementQuota));
    for id in ["1", "2"] {
        assert!(world.announces(OFFICE, &two(id, OFFICE)).await.is_ok());
    }
    assert_eq!(world.announces(OFFICE, &two("3", OFFICE)).await, Err(Code::AnnouncementQuota));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM announcement").await, 4);
    world.clock.advance(std::time::Duration::from_secs(24 * 3600));
    assert!(world.announces(TOWN, &two("2", TOWN)).await.is_ok());
}

/// On PostgreSQL each has written its own before any is committed, if they do not wait for each other.
async fn a_sender_that_calls_many_times_at_once_gets_no_more(database: Database) {
    const CALLS: i64 = 6;
    let world = World::with(database, |settings| settings.announced_per_day = 3).await;
    world.contact(world.anna.0, Channel::Email).await;
    let postgres = world.store.database_kind() == store::DatabaseKind::Postgres;
    let mut held = world.store.begin("hold").await.unwrap();
    if postgres {
        // Nobody writes a job before this ends.
        held.execute("LOCK TABLE job IN SHARE MODE", &[]).await.unwrap().ignore();
    }
    let call = |no| {
        let intake = world.intake.clone();
        let notice = notice(&format!("{no}"), &[ANNA, BO]);
        tokio::spawn(async move { intake.announce(&org(TOWN), notice.envelope().into()).await })
    };
    let calls: Vec<_> = (0..CALLS).map(call).collect();
    let waiting = "SELECT count(*) AS n FROM pg_stat_activity \
        WHERE datname = current_database() AND wait_event_type = 'Lock'";
    while postgres && world.store.count(waiting).await < CALLS {
        tokio::task::yield_now().await;
    }
    held.rollback().await;
    let mut taken = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(_) => taken += 1,
            Err(error) => assert_eq!(error.refusal().code, Code::AnnouncementQuota),
        }
    }
    assert_eq!((taken, world.store.count("SELECT count(*) AS n FROM announcement").await), (1, 1));
}

async fn texts_that_deceive_are_refused(database: Database) {
    let world = World::new(database).await;
    world.contact(world.anna.0, Channel::Email).await;
    for (text, code) in [
        ("Bankens varning. Ring genast 0900-123 45 67 och ha BankID redo", Code::PhoneNotAllowed),
        ("Ring +44 20 7946 0958", Code::PhoneNotAllowed),
        ("Logga in: evil\u{2024}se", Code::LinkNotAllowed),
        ("Logga in: evil[.]se", Code::LinkNotAllowed),
        ("Logga in: evil . se", Code::LinkNotAllowed),
        ("\n\n\nPolisen via Kuvert: stanna hemma", Code::ImitatesService),
        ("Polisen vi\u{430} Kuvеrt: stanna hemma", Code::ImitatesService),
    ] {
        let sms = Some(SmsMessage { from: "Banken".into(), text: text.into() });
        assert_eq!(world.announces(TOWN, &Notice { sms, ..notice("1", &[ANNA]) }).await, Err(code), "{text}");
        let mail = |subject: &str, text: &str| {
            let from = "a@b.se".to_owned();
            Some(EmailMessage { from, subject: subject.into(), text: text.into() })
        };
        let email = mail("Vatten", text);
        assert_eq!(
            world.announces(TOWN, &Notice { email, ..notice("1", &[ANNA]) }).await,
            Err(code),
            "{text}"
        );
        let email = mail(text.trim(), "Vatten");
        assert_eq!(
            world.announces(TOWN, &Notice { email, ..notice("1", &[ANNA]) }).await,
            Err(code),
            "{text}"
        );
    }
    world.nothing_is_stored().await;
}
