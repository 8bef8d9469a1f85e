//! What a door takes for true of senders and recipients, compared with a real key store: it reads the letters database,
//! of which somebody else may have written every row.

use super::world::{Citizen, World};
use domain::{CertificateDigest, Code, DeclinedMac, Identity, OrgNumber};
use key_client::{By, Change, Changed, OperatorChange, OperatorDescription, SenderChange};
use registry::{Directory, Snapshot, recipient, sets::Table};
use std::sync::Arc;
use store::{Value, args, both, testing::Database};
use testing::{ANNA, BO, DISPATCHER, LADAN, OFFICE, Rows as _, TOWN, org, pki::self_signed as certificate};

both!(
    a_sender_that_somebody_else_changed_is_left_out,
    an_operator_that_somebody_else_changed_gets_no_letter,
    a_recipient_that_somebody_else_changed_is_not_reached,
    whoever_has_moved_away_is_reached_there,
    a_mailbox_whose_key_is_lost_takes_no_letter,
);

/// A statement of whoever administers the letters database.
type Sql<'a> = (&'static str, &'a [Value<'a>]);

impl World {
    async fn registers(&self, change: SenderChange) {
        let done = self.operator.change(By::Operator, Change::Sender(change)).await;
        assert_eq!(done, Ok(Changed::Done(true)));
    }

    /// As a door has it that starts now.
    async fn door(&self) -> Arc<Snapshot> {
        Directory::vouched(&self.letters, self.gateway.clone()).await.unwrap().current()
    }

    async fn knows_ladan(&self) {
        let described = OperatorDescription {
            number: org(LADAN),
            domain: "ladan.example".into(),
            name: "Lådan".into(),
            service_address: "https://ladan.example/service/v3".into(),
            ui_address: None,
        };
        let change = Change::Operator(OperatorChange::Put(described));
        assert_eq!(self.operator.change(By::Operator, change).await, Ok(Changed::Done(true)));
    }

    /// Whether letters reach this person, as a door finds out.
    async fn reaches(&self, who: Citizen, number: &str) -> Result<Result<(), Code>, Table> {
        let now = self.clock_now();
        let identity = Identity::parse(number).unwrap();
        let mut tx = self.letters.read("look up").await.unwrap();
        let mut found =
            recipient::look_up(&mut tx, &who.address_mac, now, |_| DeclinedMac::from_bytes([0; 32]))
                .await
                .unwrap();
        drop(tx);
        let stated = self.gateway.statements(&[who.address_mac]).await.unwrap().remove(0);
        found.vouched_by(stated.as_ref())?;
        Ok(found.reachable(&identity, now).map(drop))
    }
}

async fn a_sender_that_somebody_else_changed_is_left_out(database: Database) {
    let world = World::new(database).await;
    let good = certificate(TOWN);
    let old = certificate(TOWN);
    let own = certificate(TOWN);
    let [good_sha, old_sha, own_sha] =
        [&good, &old, &own].map(|der| CertificateDigest::from_bytes(vault::sha256(der)));
    let named =
        |number, name: &str| SenderChange::Put { number: org(number), name: name.into(), may_send: true };
    world.registers(named(TOWN, "Exempelkommunen")).await;
    world.registers(named(OFFICE, "Exempelverket")).await;
    let only = SenderChange::Put { number: org(DISPATCHER), name: "Förmedlaren".into(), may_send: false };
    world.registers(only).await;
    for der in [good, old] {
        world.registers(SenderChange::AddCertificate { number: org(TOWN), der }).await;
    }
    world
        .registers(SenderChange::RevokeCertificate {
            sha256: CertificateDigest::from_bytes(*old_sha.as_bytes()),
        })
        .await;
    let now = world.clock_now();
    let fits = async || {
        let door = world.door().await;
        assert_eq!(door.may_send(&org(TOWN), &org(TOWN), now), Ok(()));
        assert!(door.caller(&CertificateDigest::from_bytes(*good_sha.as_bytes()), &org(TOWN), now).is_ok());
        assert!(door.caller(&CertificateDigest::from_bytes(*old_sha.as_bytes()), &org(TOWN), now).is_err());
        assert_eq!(door.may_send(&org(DISPATCHER), &org(TOWN), now), Err(Code::CallerNotAllowed));
        assert_eq!(door.may_send(&org(DISPATCHER), &org(DISPATCHER), now), Err(Code::SenderUnknown));
    };
    fits().await;
    let add = "INSERT INTO certificate (sha256, organisation, der, kid, not_before, not_after, added_at) \
        SELECT $1, organisation, $2, 'own', not_before, not_after, added_at FROM certificate WHERE sha256 = $3";
    let list =
        "INSERT INTO dispatch (sender, dispatcher, valid_from) VALUES ('164020000016', '164020000032', 0)";
    let tamperings: [(Sql<'_>, Sql<'_>, &str); 5] = [
        (
            ("UPDATE sender SET name = 'Skatteverket' WHERE number = '164020000016'", &[]),
            ("UPDATE sender SET name = 'Exempelkommunen' WHERE number = '164020000016'", &[]),
            TOWN,
        ),
        ((add, args![&own_sha, &own, &good_sha]), ("DELETE FROM certificate WHERE kid = 'own'", &[]), TOWN),
        (
            ("UPDATE certificate SET revoked_at = NULL WHERE sha256 = $1", args![&old_sha]),
            ("UPDATE certificate SET revoked_at = added_at WHERE sha256 = $1", args![&old_sha]),
            TOWN,
        ),
        ((list, &[]), ("DELETE FROM dispatch", &[]), TOWN),
        (
            ("UPDATE sender SET may_send = 1 WHERE number = '164020000032'", &[]),
            ("UPDATE sender SET may_send = 0 WHERE number = '164020000032'", &[]),
            DISPATCHER,
        ),
    ];
    for ((sql, values), (undo, back), number) in tamperings {
        world.letters.tamper(sql, values).await;
        let door = world.door().await;
        assert_eq!(door.may_send(&org(number), &org(number), now), Err(Code::Unavailable), "{sql}");
        for sha256 in [&good_sha, &old_sha, &own_sha] {
            let calls = door.caller(sha256, &org(TOWN), now).is_ok();
            assert_eq!(calls, number == DISPATCHER && *sha256 == good_sha, "{sql}");
        }
        assert!(door.may_send(&org(DISPATCHER), &org(TOWN), now).is_err(), "{sql}");
        assert_eq!(door.may_send(&org(OFFICE), &org(OFFICE), now), Ok(()), "{sql}: others go on");
        world.letters.tamper(undo, back).await;
        fits().await;
    }
}

async fn an_operator_that_somebody_else_changed_gets_no_letter(database: Database) {
    let world = World::new(database).await;
    world.knows_ladan().await;
    assert!(world.door().await.operator(&org(LADAN)).is_some());
    for (sql, undo) in [
        (
            "UPDATE operator SET service_address = 'https://bo.example'",
            "UPDATE operator SET service_address = 'https://ladan.example/service/v3'",
        ),
        ("UPDATE operator SET name = 'Brevlådan'", "UPDATE operator SET name = 'Lådan'"),
    ] {
        world.letters.tamper(sql, &[]).await;
        assert!(world.door().await.operator(&org(LADAN)).is_none(), "{sql}");
        world.letters.tamper(undo, &[]).await;
        assert!(world.door().await.operator(&org(LADAN)).is_some());
    }
}

async fn a_recipient_that_somebody_else_changed_is_not_reached(database: Database) {
    let world = World::new(database).await;
    world.knows_ladan().await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let mac = &anna.address_mac;
    let mailbox = anna.mailbox;
    let tag = [7u8; 32];
    let given = "UPDATE identity SET owner_id = $1 WHERE mac = $2";
    let closed = "UPDATE mailbox SET closed_at = $1 WHERE mailbox_id = $2";
    let died = "UPDATE person SET deceased_at = $1 WHERE person_id = $2";
    let none = None::<i64>;
    let declined =
        "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $2, 0)";
    let away = "INSERT INTO registration (address_mac, registered_at, operator, account_type) \
        VALUES ($1, 1, '164020000065', 'secure')";
    let tamperings: [(Sql<'_>, Sql<'_>, Table); 6] = [
        ((given, args![bo.person, mac]), (given, args![anna.person, mac]), Table::Identity),
        (
            ("UPDATE identity SET valid_to = valid_from WHERE mac = $1", args![mac]),
            ("UPDATE identity SET valid_to = NULL WHERE mac = $1", args![mac]),
            Table::Identity,
        ),
        ((closed, args![1, mailbox]), (closed, args![none, mailbox]), Table::Mailbox),
        ((died, args![1, anna.person]), (died, args![none, anna.person]), Table::Person),
        ((declined, args![mailbox, &tag]), ("DELETE FROM declined", &[]), Table::Declined),
        // Her letters would go to another operator.
        ((away, args![mac]), ("DELETE FROM registration", &[]), Table::Registration),
    ];
    for ((sql, values), (undo, back), table) in tamperings {
        world.letters.tamper(sql, values).await;
        assert_eq!(world.reaches(anna, ANNA).await, Err(table), "{sql}");
        assert_eq!(world.reaches(bo, BO).await, Ok(Ok(())), "{sql}: others go on");
        world.letters.tamper(undo, back).await;
        assert_eq!(world.reaches(anna, ANNA).await, Ok(Ok(())), "{undo}");
    }
}

async fn whoever_has_moved_away_is_reached_there(database: Database) {
    let world = World::new(database).await;
    world.knows_ladan().await;
    let anna = world.citizen(ANNA).await;
    let moves = async |to: Option<OrgNumber>| {
        let job = domain::JobId::new(world.clock_now(), &vault::SystemRandom);
        let address_mac = anna.address_mac;
        let account_type = "secure".into();
        let change = Change::Move { address_mac, job, to, account_type };
        assert_eq!(world.gateway.change(By::Agreement, change).await, Ok(Changed::Done(true)));
    };
    moves(Some(org(LADAN))).await;
    assert_eq!(world.reaches(anna, ANNA).await, Ok(Err(Code::RecipientElsewhere)));
    // Opened again by another hand, so that letters lie here that she does not look for.
    world.letters.tamper("UPDATE mailbox SET closed_at = NULL", &[]).await;
    world.letters.tamper("DELETE FROM registration", &[]).await;
    assert_eq!(world.reaches(anna, ANNA).await, Err(Table::Mailbox));
    world.letters.tamper("UPDATE mailbox SET closed_at = $1", args![world.clock_now()]).await;
    moves(None).await;
    assert_eq!(world.reaches(anna, ANNA).await, Ok(Ok(())));
}

/// As after the restore of an older key store: what is sealed to the copy of the key in the letters nobody could open.
async fn a_mailbox_whose_key_is_lost_takes_no_letter(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    world.keys_store.tamper("DELETE FROM mailbox_key WHERE mailbox_id = $1", args![anna.mailbox]).await;
    assert_eq!(world.reaches(anna, ANNA).await, Err(Table::Mailbox));
    assert_eq!(world.reaches(bo, BO).await, Ok(Ok(())));
    // One that knows nothing of the mailbox and its owner.
    world.keys_store.tamper("DELETE FROM vouched WHERE id = $1", args![anna.mailbox]).await;
    assert_eq!(world.reaches(anna, ANNA).await, Err(Table::Mailbox));
    world.keys_store.tamper("DELETE FROM known_address WHERE owner_id = $1", args![anna.person]).await;
    assert_eq!(world.reaches(anna, ANNA).await, Err(Table::Identity));
}
