//! A letter to everybody: most have no address, and telling so must cost little.

use crate::world::{START, TOWN, World};
use domain::words::EventType;
use std::time::{Duration, Instant};
use store::{Store, both};
use tokio_util::sync::CancellationToken;

both!(sixty_four_letters_without_an_address_cost_little);

async fn sixty_four_letters_without_an_address_cost_little(store: Store) {
    let world = World::new(store).await;
    let mut mailboxes = Vec::new();
    for _ in 0..64 {
        mailboxes.push(world.citizen().await.mailbox_id);
    }
    let mut letters = Vec::new();
    for _ in 0..12 {
        letters.extend(world.letters(&mailboxes, TOWN).await);
    }
    let worker = world.worker();
    let stop = CancellationToken::new();
    let mut took: Vec<Duration> = Vec::new();
    loop {
        let began = Instant::now();
        match worker.once(&world.notifier, &stop).await.unwrap() {
            0 => break,
            found => assert_eq!(found, 64),
        }
        took.push(began.elapsed());
    }
    took.sort();
    let middle = took[took.len() / 2];
    #[allow(clippy::print_stderr, reason = "a figure to read")]
    {
        eprintln!("a batch of 64 letters without an address: {middle:?}");
    }
    // Claiming, telling and settling, each in few statements: a statement for each letter would take far longer, also
    // on a busy machine and without optimisation.
    assert!(middle < Duration::from_millis(400), "{middle:?}");
    for letter in letters.iter().step_by(97) {
        assert_eq!(world.state(*letter).await, "no_contact_point");
        assert_eq!(world.told(*letter, TOWN).await, [EventType::NoContactPoint]);
    }
    assert_eq!(world.jobs().await, 0);
    assert_eq!(START, domain::Clock::now(&*world.clock));
}
