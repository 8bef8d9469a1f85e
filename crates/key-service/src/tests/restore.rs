//! An older letters database stops only whom it concerns, and taken up by the operator it gives nobody what had ended.

use super::world::{Citizen, World};
use domain::{Identity, LetterId, MailboxId, MandateId, OrgNumber, words::EventType};
use key_client::{
    By, Change, Changed, GrantToken, KeysError, OpenMailbox, Opening, PersonMacs, SenderChange,
};
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::{ANNA, BO, Rows as _, TOWN};
use vault::SystemRandom;

const CLEO: &str = "197010632391";

both!(
    what_had_ended_stays_ended_and_what_is_missing_is_told,
    an_older_state_stops_only_whom_it_concerns,
    who_came_after_the_backup_begins_anew,
    what_nobody_has_vouched_for_is_not_taken_up,
);

/// Children last.
const TABLES: [&str; 13] = [
    "person",
    "sender",
    "mailbox",
    "dispatch",
    "certificate",
    "identity",
    "login",
    "contact",
    "mandate",
    "declined",
    "letter",
    "letter_key",
    "event",
];

impl World {
    async fn back_up(&self) {
        self.count_handed_over().await;
        let mut tx = self.letters.begin("test").await.unwrap();
        for table in TABLES {
            let sql: &'static str = format!("CREATE TABLE then_{table} AS SELECT * FROM {table}").leak();
            let _ = tx.execute(sql, &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn restore_backup(&self) {
        self.count_handed_over().await;
        let mut tx = self.letters.begin("test").await.unwrap();
        for table in TABLES.iter().rev() {
            let _ = tx.execute(format!("DELETE FROM {table}").leak(), &[]).await.unwrap();
        }
        for table in TABLES {
            let sql = format!("INSERT INTO {table} SELECT * FROM then_{table}");
            let _ = tx.execute(sql.leak(), &[]).await.unwrap();
        }
        tx.commit().await.unwrap();
    }

    async fn count_handed_over(&self) {
        self.service.count_own().await.unwrap();
    }

    async fn opened(&self, number: &str) -> (GrantToken, Citizen) {
        let grant = self.log_in_as(number).await;
        let mailbox_id = MailboxId::new(&SystemRandom);
        let open = OpenMailbox { mailbox_id, language: domain::Language::Swedish, moves: None };
        let changed = self.web.change(By::Grant(grant.clone()), Change::OpenMailbox(open)).await.unwrap();
        assert_eq!(changed, Changed::Opened(vec![Opening::Here(mailbox_id)]));
        self.web.refresh_person(&grant).await.unwrap();
        let macs = self.operator.person_macs(&[Identity::parse(number).unwrap()]).await.unwrap()[0];
        let (person, _) = self.service.0.known_login(&macs.login_mac).await.unwrap().unwrap();
        let PersonMacs { address_mac, login_mac } = macs;
        (grant, Citizen { person, mailbox: mailbox_id, address_mac, login_mac })
    }

    async fn by(&self, grant: &GrantToken, change: Change) {
        let done = self.web.change(By::Grant(grant.clone()), change).await.unwrap();
        assert!(!matches!(done, Changed::Refused(_)));
    }

    async fn by_operator(&self, change: SenderChange) {
        self.operator.change(By::Operator, Change::Sender(change)).await.unwrap();
    }

    /// Whether the letter opens for this log-in.
    async fn reads(&self, grant: &GrantToken, of: Citizen, letter: LetterId) -> Result<(), KeysError> {
        self.web.content(grant, of.mailbox, letter).await.map(drop)
    }
}

async fn what_had_ended_stays_ended_and_what_is_missing_is_told(database: Database) {
    let world = World::new(database).await;
    let (anna, a) = world.opened(ANNA).await;
    let (bo, b) = world.opened(BO).await;
    let town = OrgNumber::parse(TOWN).unwrap();
    world
        .by_operator(SenderChange::Put { number: town.clone(), name: "Staden".into(), may_send: true })
        .await;
    let mandate_id = MandateId::new(&SystemRandom);
    let note = vec![1; 60];
    let valid_to = world.clock_now().plus(Duration::from_secs(86_400));
    let grant = Change::GrantHelper { mailbox_id: a.mailbox, mandate_id, helper: b.person, note, valid_to };
    world.by(&anna, grant).await;
    let letter = world.send(a).await.letter;
    world.reads(&bo, a, letter).await.unwrap();
    world.back_up().await;

    world.by(&anna, Change::RevokeHelper { mailbox_id: a.mailbox, mandate_id }).await;
    world
        .by(&anna, Change::TurnOff { mailbox_id: a.mailbox, sender: town.clone(), sealed: vec![1; 60] })
        .await;
    world.by(&bo, Change::CloseMailbox { mailbox_id: b.mailbox }).await;
    world.by_operator(SenderChange::Suspend { number: town.clone(), suspended: true }).await;
    world.send(a).await;
    assert_eq!(world.reads(&bo, a, letter).await, Err(KeysError::Gone));
    world.restore_backup().await;
    // What the backup gives counts for nobody.
    assert_eq!(world.reads(&bo, a, letter).await, Err(KeysError::Unvouched("mandate".into())));

    let restored = world.service.accept_restore("the disk was lost").await.unwrap();
    assert_eq!((restored.ended, &restored.gone), (4, &vec![]));
    // The world's letters were promised to nobody.
    assert!(restored.left.iter().all(|fault| fault.what == "submission"), "{:?}", restored.left);
    assert_eq!(
        restored.missing.keys().copied().collect::<std::collections::BTreeSet<_>>(),
        [a.mailbox, b.mailbox].into()
    );
    assert!(restored.epoch > 0);
    assert_eq!(world.reads(&bo, a, letter).await, Err(KeysError::Gone));
    world.reads(&anna, a, letter).await.unwrap();
    for (what, sql) in [
        ("mandate", "SELECT COUNT(*) AS n FROM mandate WHERE revoked_at IS NOT NULL"),
        ("declined", "SELECT COUNT(*) AS n FROM declined"),
        ("mailbox", "SELECT COUNT(*) AS n FROM mailbox WHERE closed_at IS NOT NULL"),
        ("sender", "SELECT COUNT(*) AS n FROM sender WHERE suspended_at IS NOT NULL"),
    ] {
        assert_eq!(world.letters.count(sql).await, 1, "{what}");
    }
    assert!(world.chain(a.mailbox, a.mailbox.own_chain()).await.contains(&EventType::RestoreAccepted));
    let checked = world.service.check_all(None, &mut |_| {}).await.unwrap();
    assert_eq!(checked.sets, []);
    assert!(checked.faults.iter().all(|fault| fault.what != "missing"), "{:?}", checked.faults);
    // What begins again afterwards is not ended by a second look.
    world.by(&anna, Change::TurnOn { mailbox_id: a.mailbox, sender: town }).await;
    let again = world.service.accept_restore("once more").await.unwrap();
    assert_eq!((again.ended, again.taken_up.len(), again.missing.len()), (0, 0, 0));
    assert_eq!(world.letters.count("SELECT COUNT(*) AS n FROM declined").await, 0);
}

async fn an_older_state_stops_only_whom_it_concerns(database: Database) {
    let world = World::new(database).await;
    let (anna, a) = world.opened(ANNA).await;
    let (bo, b) = world.opened(BO).await;
    let to_anna = world.send(a).await.letter;
    let to_bo = world.send(b).await.letter;
    world.back_up().await;
    world.by(&anna, Change::CloseMailbox { mailbox_id: a.mailbox }).await;
    world.restore_backup().await;
    assert_eq!(world.reads(&anna, a, to_anna).await, Err(KeysError::Unvouched("mailbox".into())));
    world.reads(&bo, b, to_bo).await.unwrap();
    world.service.accept_restore("the disk was lost").await.unwrap();
    world.reads(&anna, a, to_anna).await.unwrap();
}

async fn who_came_after_the_backup_begins_anew(database: Database) {
    let world = World::new(database).await;
    let (anna, a) = world.opened(ANNA).await;
    world.back_up().await;
    let (_, c) = world.opened(CLEO).await;
    world.restore_backup().await;
    let restored = world.service.accept_restore("the disk was lost").await.unwrap();
    assert_eq!(restored.gone.len(), 2, "{:?}", restored.gone);
    let (_, again) = world.opened(CLEO).await;
    assert_ne!((again.person, again.mailbox), (c.person, c.mailbox));
    let letter = world.send(a).await.letter;
    world.reads(&anna, a, letter).await.unwrap();
    let checked = world.service.check_all(None, &mut |_| {}).await.unwrap();
    assert_eq!(checked.sets, []);
}

async fn what_nobody_has_vouched_for_is_not_taken_up(database: Database) {
    let world = World::new(database).await;
    let (_, a) = world.opened(ANNA).await;
    world
        .letters
        .tamper(
            "INSERT INTO person (person_id, profile, language, created_at) VALUES ($1, $1, 'sv', 0)",
            args![&[7u8; 16]],
        )
        .await;
    let steal = "UPDATE login SET person_id = $1";
    world.letters.tamper(steal, args![&[7u8; 16]]).await;
    let restored = world.service.accept_restore("somebody tries").await.unwrap();
    assert_eq!(restored.unknown.len(), 1);
    let rows = "SELECT COUNT(*) AS n FROM login l JOIN mailbox m ON m.owner_id = l.person_id";
    assert_eq!(world.letters.count(rows).await, 1, "the key store says who logs in");
    let macs = world.operator.person_macs(&[Identity::parse(ANNA).unwrap()]).await.unwrap()[0];
    assert_eq!(world.service.0.known_login(&macs.login_mac).await.unwrap().unwrap().0, a.person);
}
