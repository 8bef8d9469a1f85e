//! That a mailbox has moved because of what was signed is told to its owner.

use crate::world::{Citizen, HOUR, World};
use domain::{Clock, JobId, jobs::MoveJob, words::Channel};
use notifier::{Failure, Fault, MOVED, Mover};
use std::sync::Arc;
use store::{
    Store, args, both,
    jobs::{self, NewJob, Worker, WorkerSettings},
};
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

both!(
    the_owner_is_told_at_each_address_also_of_a_closed_mailbox,
    what_could_not_be_told_is_told_later,
    without_an_address_there_is_nothing_to_do,
);

impl World {
    async fn moved(&self, of: Citizen) {
        let now = self.clock.now();
        let id = JobId::new(now, &SystemRandom);
        let mut tx = self.store.begin("move").await.unwrap();
        jobs::enqueue(&mut tx, &NewJob::new(id, &MoveJob(of.mailbox_id), now)).await.unwrap();
        tx.commit().await.unwrap();
    }

    async fn tell_moves(&self) {
        let settings = WorkerSettings::new(&[MOVED]);
        let worker = Worker { settings, ..self.worker() };
        let stop = CancellationToken::new();
        let mover = Arc::new(Mover(Arc::clone(&self.notifier)));
        while worker.once(&mover, &stop).await.unwrap() > 0 {}
    }
}

async fn the_owner_is_told_at_each_address_also_of_a_closed_mailbox(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    world.contact(anna, Channel::Sms, "+46701740605").await;
    world.with_mail("bo@example.test").await;
    world.execute("UPDATE mailbox SET closed_at = 1 WHERE mailbox_id = $1", args![anna.mailbox_id]).await;
    world.moved(anna).await;
    world.tell_moves().await;
    let mail = world.mail.sent();
    let phones = world.phones.sent();
    assert_eq!((mail.len(), phones.len()), (1, 1));
    assert_eq!(mail[0].address, "anna@example.test");
    let text = &phones[0].text;
    assert!(
        text.starts_with("Platsen för din digitala brevlåda har ändrats efter en underskrift."),
        "{text}"
    );
    assert!(text.ends_with("Vi skickar aldrig länkar.") && !text.contains('/'), "{text}");
    assert_eq!(world.jobs().await, 0);
}

async fn what_could_not_be_told_is_told_later(store: Store) {
    let world = World::new(store).await;
    let anna = world.with_mail("anna@example.test").await;
    world.mail.fault("anna@example.test", Fault::Fail(Failure::Later("busy")));
    world.moved(anna).await;
    world.tell_moves().await;
    assert_eq!((world.mail.sent().len(), world.jobs().await), (0, 1));
    world.mail.heal();
    world.clock.advance(HOUR);
    world.tell_moves().await;
    assert_eq!((world.mail.sent().len(), world.jobs().await), (1, 0));
}

async fn without_an_address_there_is_nothing_to_do(store: Store) {
    let world = World::new(store).await;
    let anna = world.citizen().await;
    world.moved(anna).await;
    world.tell_moves().await;
    assert_eq!((world.mail.sent().len(), world.jobs().await), (0, 0));
}
