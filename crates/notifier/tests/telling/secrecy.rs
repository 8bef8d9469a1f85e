//! What a notice does not say, and what the logs do not.

use crate::world::{AGENCY, MINUTE, TOWN, World};
use domain::words::Channel;
use notifier::{Failure, Fault};
use std::{io::Write, sync::Mutex};
use store::{Store, args, both};

both!(
    the_sender_is_named_only_where_the_person_chose_it,
    letters_of_several_senders_name_none,
    a_protected_person_never_reads_a_senders_name,
    nothing_of_a_person_stands_in_the_logs,
);

const SHOW: &str = "UPDATE contact SET show_sender = 1 WHERE contact_id = $1";

async fn the_sender_is_named_only_where_the_person_chose_it(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let chosen = world.contact(anna, Channel::Sms, "+46701740605").await;
    world.contact(anna, Channel::Sms, "+46701740606").await;
    world.execute(SHOW, args![chosen]).await;
    world.letters(&[anna.mailbox_id; 2], TOWN).await;
    world.work().await;
    let sent = world.phones.sent();
    assert_eq!(sent.len(), 2);
    for message in sent {
        let named = message.text.contains("från Exempelkommunen");
        assert_eq!(named, message.address == "+46701740605", "{}", message.text);
    }
}

async fn letters_of_several_senders_name_none(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let contact = world.contact(anna, Channel::Sms, "+46701740605").await;
    world.execute(SHOW, args![contact]).await;
    world.letter(anna.mailbox_id, TOWN).await;
    world.letter(anna.mailbox_id, AGENCY).await;
    world.work().await;
    let sent = world.phones.sent();
    assert_eq!(sent.len(), 1);
    assert!(!sent[0].text.contains("Exempel"), "{}", sent[0].text);
}

async fn a_protected_person_never_reads_a_senders_name(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    let contact = world.contact(anna, Channel::Sms, "+46701740605").await;
    world.execute(SHOW, args![contact]).await;
    world.execute("UPDATE person SET protected_at = 1 WHERE person_id = $1", args![anna.person_id]).await;
    world.letter(anna.mailbox_id, TOWN).await;
    let company = world.company(&[anna]).await;
    world.letter(company, TOWN).await;
    world.work().await;
    let sent = world.phones.sent();
    assert_eq!(sent.len(), 2);
    assert!(sent.iter().all(|m| !m.text.contains("Exempel")));
}

/// Everything goes wrong that can, at the most talkative level.
async fn nothing_of_a_person_stands_in_the_logs(store: Store) {
    let subscriber =
        tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(|| Lines).finish();
    // One for the process: what other tests log is read too, and must hold as well.
    let _ = tracing::subscriber::set_global_default(subscriber);
    let world = World::new(store).await;
    let anna = world.with_mail("canary.anna@example.test").await;
    world.contact(anna, Channel::Sms, "+46709990605").await;
    world.contact(anna, Channel::Email, "no address: canary.bad").await;
    world
        .execute(
            "UPDATE contact SET show_sender = 1 WHERE person_id = $1 AND channel = 'sms'",
            args![anna.person_id],
        )
        .await;
    world.mail.fault("canary.anna@example.test", Fault::Fail(Failure::Later("smtp_not_now")));
    world.phones.fault("+46709990605", Fault::Fail(Failure::BadAddress("sms_no_such_number")));
    let letter = world.letter(anna.mailbox_id, TOWN).await;
    world.work().await;
    world.mail.heal();
    world.after(2 * MINUTE).await;
    assert_eq!(world.state(letter).await, "sent");
    let read = LINES.lock().unwrap();
    let read = String::from_utf8_lossy(&read);
    assert!(read.contains("Could not send a notice"), "the logs were read");
    for word in ["canary", "46709990605", "Exempelkommunen", "nytt brev"] {
        assert!(!read.contains(word), "{word} stands in the logs");
    }
}

static LINES: Mutex<Vec<u8>> = Mutex::new(Vec::new());

struct Lines;

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        LINES.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
