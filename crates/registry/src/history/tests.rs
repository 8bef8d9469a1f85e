use super::*;
use crate::{
    sets::{self, Subject, Table},
    world::{KOMMUNEN, VERKET, World, org},
};
use domain::words::RegistryEventType as E;
use std::time::Duration;
use store::{Store, both};
use vault::SystemRandom;

both!(
    events_follow_each_other_in_a_chain_for_each_organisation,
    whatever_is_changed_in_a_chain_is_found,
    the_set_has_the_rows_of_the_chain,
);

async fn write(world: &World, tx: &mut Tx, of: (Party, &str), kind: E) -> Facts {
    let particulars = Particulars { name: Some("Namn".into()), ..Particulars::default() };
    let happened = Happened { kind, at: world.now(), particulars };
    let number = org(of.1);
    append(tx, &world.ring, (of.0, &number), happened, &SystemRandom).await.unwrap().unwrap()
}

async fn chain(world: &World, tx: &mut Tx, of: (Party, &str)) -> Result<Vec<E>, (u64, Flaw)> {
    let events = read(tx, &world.ring, (of.0, &org(of.1))).await.unwrap()?;
    Ok(events.iter().map(|event| event.kind).collect())
}

const TOWN: (Party, &str) = (Party::Sender, KOMMUNEN);

async fn three(world: &World, tx: &mut Tx) {
    for kind in [E::SenderAdded, E::CertificateAdded, E::SenderSuspended] {
        write(world, tx, TOWN, kind).await;
    }
}

async fn events_follow_each_other_in_a_chain_for_each_organisation(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    three(&world, &mut tx).await;
    write(&world, &mut tx, (Party::Sender, VERKET), E::SenderAdded).await;
    write(&world, &mut tx, (Party::Operator, KOMMUNEN), E::OperatorAdded).await;
    let wanted = [E::SenderAdded, E::CertificateAdded, E::SenderSuspended];
    assert_eq!(chain(&world, &mut tx, TOWN).await.unwrap(), wanted);
    assert_eq!(chain(&world, &mut tx, (Party::Sender, VERKET)).await.unwrap(), [E::SenderAdded]);
    assert_eq!(chain(&world, &mut tx, (Party::Operator, KOMMUNEN)).await.unwrap(), [E::OperatorAdded]);
    assert_eq!(chain(&world, &mut tx, (Party::Operator, VERKET)).await.unwrap(), []);
    // A clock that went back does not turn the order around.
    let ahead = Happened {
        kind: E::SenderResumed,
        at: world.now().plus(Duration::from_secs(60)),
        particulars: Particulars::default(),
    };
    let town = org(KOMMUNEN);
    let later = append(&mut tx, &world.ring, (TOWN.0, &town), ahead, &SystemRandom).await.unwrap().unwrap();
    let back = write(&world, &mut tx, TOWN, E::SenderSuspended).await;
    let at = |facts| match facts {
        Facts::Event(event) => event.at,
        _ => panic!("another row"),
    };
    assert_eq!(at(later), at(back));
}

async fn whatever_is_changed_in_a_chain_is_found(store: Store) {
    let world = World::new(store);
    for (sql, seq, flaw) in [
        ("DELETE FROM registry_event WHERE seq = 0", 0, Flaw::Missing),
        ("DELETE FROM registry_event WHERE seq = 1", 1, Flaw::Missing),
        ("UPDATE registry_event SET at = at - 1 WHERE seq = 1", 1, Flaw::Disagrees),
        ("UPDATE registry_event SET type = 'sender_resumed' WHERE seq = 2", 2, Flaw::Disagrees),
        ("UPDATE registry_event SET entry = body WHERE seq = 2", 2, Flaw::Disagrees),
        (
            "UPDATE registry_event SET body = (SELECT o.body FROM registry_event o WHERE o.seq = 0) WHERE seq = 1",
            1,
            Flaw::Unopenable,
        ),
        (
            "UPDATE registry_event SET entry = (SELECT o.entry FROM registry_event o WHERE o.seq = 0) WHERE seq = 1",
            1,
            Flaw::WrongEntry,
        ),
    ] {
        let mut tx = world.tx().await;
        three(&world, &mut tx).await;
        assert!(tx.execute(sql, &[]).await.unwrap().any());
        assert_eq!(chain(&world, &mut tx, TOWN).await, Err((seq, flaw)), "{sql}");
        tx.rollback().await;
    }
    // Written anew in the middle, by the right key: what follows does not fit.
    let mut tx = world.tx().await;
    three(&world, &mut tx).await;
    tx.execute("CREATE TABLE saved AS SELECT * FROM registry_event WHERE seq = 2", &[])
        .await
        .unwrap()
        .ignore();
    tx.execute("DELETE FROM registry_event WHERE seq >= 1", &[]).await.unwrap().ignore();
    write(&world, &mut tx, TOWN, E::CertificateRevoked).await;
    tx.execute("INSERT INTO registry_event SELECT * FROM saved", &[]).await.unwrap().exactly(1).unwrap();
    assert_eq!(chain(&world, &mut tx, TOWN).await, Err((2, Flaw::Unlinked)));
    tx.rollback().await;
}

async fn the_set_has_the_rows_of_the_chain(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    world.senders(&mut tx).await;
    let subject = Subject::sender(&org(KOMMUNEN));
    let digest = async |tx: &mut Tx| {
        let sets = sets::read(tx, std::slice::from_ref(&subject)).await.unwrap();
        sets[&subject].digest(&subject, Table::RegistryEvent)
    };
    let mut seen = vec![digest(&mut tx).await];
    three(&world, &mut tx).await;
    seen.push(digest(&mut tx).await);
    // Another's events are not in it.
    write(&world, &mut tx, (Party::Operator, KOMMUNEN), E::OperatorAdded).await;
    assert_eq!(digest(&mut tx).await, seen[1]);
    for sql in [
        "UPDATE registry_event SET at = at + 1 WHERE seq = 2",
        "UPDATE registry_event SET type = 'sender_resumed' WHERE seq = 2",
        "UPDATE registry_event SET entry = body WHERE seq = 2",
        "DELETE FROM registry_event WHERE seq = 2",
    ] {
        tx.execute(sql, &[]).await.unwrap().ignore();
        let now = digest(&mut tx).await;
        assert!(!seen.contains(&now), "{sql}");
        seen.push(now);
    }
}
