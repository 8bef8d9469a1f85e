//! What happens to senders and operators is on record, and who writes to the letters database cannot change the record.

use super::{vouching::unvouched, world::World};
use domain::{CertificateDigest, words::RegistryEventType as E};
use evidence::Party;
use key_client::{By, Change, Changed, KeysError, OperatorChange, OperatorDescription, SenderChange};
use store::{both, testing::Database};
use testing::{DISPATCHER, LADAN, Rows as _, TOWN, org, pki::self_signed as certificate};

both!(
    each_change_of_a_sender_leaves_an_event,
    what_changed_nothing_leaves_none,
    a_record_that_was_changed_stops_the_next_change_and_is_found,
    each_change_of_an_operator_leaves_an_event,
    an_operator_or_its_certificate_that_was_changed_is_found,
    a_row_that_a_trigger_adds_undoes_the_change,
);

async fn sender(world: &World, change: SenderChange) -> Result<Changed, KeysError> {
    world.operator.change(By::Operator, Change::Sender(change)).await
}

async fn operator(world: &World, change: OperatorChange) -> Result<Changed, KeysError> {
    world.operator.change(By::Operator, Change::Operator(change)).await
}

/// Whatever it changes, and without anybody vouching for it.
async fn run(world: &World, sql: &'static str) {
    let mut tx = world.letters.begin("test").await.unwrap();
    tx.execute(sql, &[]).await.unwrap().ignore();
    tx.commit().await.unwrap();
}

fn put(number: &str, name: &str, may_send: bool) -> SenderChange {
    SenderChange::Put { number: org(number), name: name.into(), may_send }
}

fn described(number: &str, name: &str) -> OperatorDescription {
    OperatorDescription {
        number: org(number),
        domain: "ladan.example".into(),
        name: name.into(),
        service_address: "https://ladan.example/service/v3".into(),
        ui_address: None,
    }
}

async fn kinds(world: &World, party: Party, number: &str) -> Vec<E> {
    let events = world.service.history_of(party, &org(number)).await.unwrap();
    events.iter().map(|event| event.kind).collect()
}

async fn each_change_of_a_sender_leaves_an_event(database: Database) {
    let world = World::new(database).await;
    let der = certificate(TOWN);
    let town = org(TOWN);
    let sha256 = vault::sha256(&der);
    sender(&world, put(DISPATCHER, "Förmedlaren", false)).await.unwrap();
    let dispatcher =
        |listed| SenderChange::Dispatcher { sender: org(TOWN), dispatcher: org(DISPATCHER), listed };
    for change in [
        put(TOWN, "Exempelkommunen", false),
        put(TOWN, "Exempels kommun", true),
        SenderChange::AddCertificate { number: town.clone(), der },
        dispatcher(true),
        SenderChange::Suspend { number: town.clone(), suspended: true },
        SenderChange::Suspend { number: town.clone(), suspended: false },
        SenderChange::Sha1 { number: town.clone(), allowed: true },
        SenderChange::Sha1 { number: town.clone(), allowed: false },
        dispatcher(false),
        SenderChange::RevokeCertificate { sha256: CertificateDigest::from_bytes(sha256) },
    ] {
        assert!(matches!(sender(&world, change).await, Ok(Changed::Done(_))));
        assert_eq!(world.service.check_sets(None).await.unwrap(), []);
    }
    let events = world.service.history_of(Party::Sender, &town).await.unwrap();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    let wanted = [
        E::SenderAdded,
        E::SenderRenamed,
        E::SenderMaySend,
        E::CertificateAdded,
        E::DispatcherAdded,
        E::SenderSuspended,
        E::SenderResumed,
        E::Sha1Allowed,
        E::Sha1Refused,
        E::DispatcherRemoved,
        E::CertificateRevoked,
    ];
    assert_eq!(kinds, wanted);
    let said: Vec<_> = events.iter().map(|event| &event.particulars).collect();
    assert_eq!((said[0].name.as_deref(), said[0].may_send), (Some("Exempelkommunen"), Some(false)));
    assert_eq!((said[1].name.as_deref(), said[2].may_send), (Some("Exempels kommun"), Some(true)));
    assert_eq!(
        (said[3].certificate, said[10].certificate),
        (Some(CertificateDigest::from_bytes(sha256)), Some(CertificateDigest::from_bytes(sha256)))
    );
    assert_eq!((&said[4].dispatcher, &said[9].dispatcher), (&Some(org(DISPATCHER)), &Some(org(DISPATCHER))));
}

async fn what_changed_nothing_leaves_none(database: Database) {
    let world = World::new(database).await;
    let der = certificate(TOWN);
    sender(&world, put(TOWN, "Exempelkommunen", true)).await.unwrap();
    let add = || SenderChange::AddCertificate { number: org(TOWN), der: der.clone() };
    sender(&world, add()).await.unwrap();
    for change in [
        put(TOWN, "Exempelkommunen", true),
        put(TOWN, "  Exempelkommunen ", true),
        add(),
        SenderChange::Suspend { number: org(TOWN), suspended: false },
        SenderChange::Sha1 { number: org(TOWN), allowed: false },
        SenderChange::Dispatcher { sender: org(TOWN), dispatcher: org(DISPATCHER), listed: true },
        SenderChange::Dispatcher { sender: org(TOWN), dispatcher: org(DISPATCHER), listed: false },
        SenderChange::RevokeCertificate { sha256: CertificateDigest::from_bytes([1; 32]) },
    ] {
        sender(&world, change).await.unwrap();
    }
    assert_eq!(kinds(&world, Party::Sender, TOWN).await, [E::SenderAdded, E::CertificateAdded]);
    // Refused: neither a row nor an event.
    let other = SenderChange::AddCertificate { number: org(TOWN), der: certificate(LADAN) };
    assert!(matches!(sender(&world, other).await, Ok(Changed::Refused(_))));
    assert!(matches!(sender(&world, put(LADAN, "", true)).await, Ok(Changed::Refused(_))));
    assert_eq!(world.letters.count("SELECT count(*) AS n FROM registry_event").await, 2);
}

async fn a_record_that_was_changed_stops_the_next_change_and_is_found(database: Database) {
    let world = World::new(database).await;
    sender(&world, put(TOWN, "Exempelkommunen", true)).await.unwrap();
    sender(&world, put(TOWN, "Exempels kommun", true)).await.unwrap();
    let fault = async || {
        let faults = world.service.check_sets(None).await.unwrap();
        faults.into_iter().map(|fault| fault.table).collect::<Vec<_>>()
    };
    run(&world, "CREATE TABLE saved AS SELECT * FROM registry_event").await;
    for sql in [
        "DELETE FROM registry_event WHERE seq = 1",
        "DELETE FROM registry_event",
        "UPDATE registry_event SET at = at + 1 WHERE seq = 1",
        "UPDATE registry_event SET type = 'sender_suspended' WHERE seq = 1",
        "UPDATE registry_event SET entry = (SELECT o.entry FROM saved o WHERE o.seq = 0) WHERE seq = 1",
        "INSERT INTO registry_event SELECT party, number, 2, at, type, body, entry FROM saved WHERE seq = 1",
    ] {
        world.letters.tamper(sql, &[]).await;
        assert_eq!(fault().await, ["registry_event"], "{sql}");
        assert!(world.service.history_of(Party::Sender, &org(TOWN)).await.is_err(), "{sql}");
        let next = sender(&world, SenderChange::Suspend { number: org(TOWN), suspended: true }).await;
        unvouched(next, "registry_event");
        run(&world, "DELETE FROM registry_event").await;
        run(&world, "INSERT INTO registry_event SELECT * FROM saved").await;
        assert_eq!(fault().await, Vec::<&str>::new());
    }
    // What is sealed in the row was flipped: its entry still fits the set, and it does not open.
    world.letters.tamper("UPDATE registry_event SET body = entry WHERE seq = 1", &[]).await;
    assert_eq!(fault().await, ["registry_event"]);
    assert!(world.service.history_of(Party::Sender, &org(TOWN)).await.is_err());
}

async fn each_change_of_an_operator_leaves_an_event(database: Database) {
    let world = World::new(database).await;
    for keys in [&world.web, &world.gateway, &world.notifier, &world.outgoing] {
        let change = Change::Operator(OperatorChange::Put(described(LADAN, "Lådan")));
        assert_eq!(keys.change(By::Operator, change).await, Err(KeysError::NotAllowed));
    }
    let own = |number, name| {
        OperatorChange::Own(OperatorDescription {
            domain: "kuvert.example".into(),
            ..described(number, name)
        })
    };
    let der = certificate(LADAN);
    let sha256 = vault::sha256(&der);
    for (change, outcome) in [
        (own(TOWN, "Vi"), true),
        (own(TOWN, "Vi"), false),
        (OperatorChange::Put(described(LADAN, "Lådan")), true),
        (OperatorChange::Put(described(LADAN, "Lådan AB")), false),
        (OperatorChange::Put(described(LADAN, "Lådan AB")), false),
        (OperatorChange::Rename { number: org(LADAN), name: "Nya lådan".into() }, true),
        (OperatorChange::AddCertificate { der: der.clone() }, true),
        (OperatorChange::AddCertificate { der: der.clone() }, true),
        (OperatorChange::RevokeCertificate { sha256: CertificateDigest::from_bytes(sha256) }, true),
        (OperatorChange::RevokeCertificate { sha256: CertificateDigest::from_bytes(sha256) }, false),
        (OperatorChange::End { number: org(LADAN) }, true),
        (OperatorChange::End { number: org(LADAN) }, false),
        (OperatorChange::Put(described(LADAN, "Nya lådan")), true),
        (own(DISPATCHER, "Vi"), true),
    ] {
        assert_eq!(operator(&world, change).await, Ok(Changed::Done(outcome)));
        assert_eq!(world.service.check_sets(None).await.unwrap(), []);
    }
    let wanted = [
        E::OperatorAdded,
        E::OperatorChanged,
        E::OperatorChanged,
        E::CertificateAdded,
        E::CertificateRevoked,
        E::OperatorEnded,
        E::OperatorAdded,
    ];
    assert_eq!(kinds(&world, Party::Operator, LADAN).await, wanted);
    assert_eq!(kinds(&world, Party::Operator, TOWN).await, [E::OperatorAdded, E::OperatorEnded]);
    assert_eq!(kinds(&world, Party::Operator, DISPATCHER).await, [E::OperatorAdded]);
    // What is at fault is told, and nothing is written.
    for change in [
        OperatorChange::Put(OperatorDescription { domain: "fel".into(), ..described(LADAN, "X") }),
        OperatorChange::Put(described(DISPATCHER, "Vi")),
        OperatorChange::End { number: org(DISPATCHER) },
        OperatorChange::AddCertificate { der: vec![1] },
        OperatorChange::AddCertificate { der: certificate(DISPATCHER) },
    ] {
        assert!(matches!(operator(&world, change).await, Ok(Changed::Refused(_))));
    }
    assert_eq!(kinds(&world, Party::Operator, LADAN).await, wanted);
    assert_eq!(world.service.check_sets(None).await.unwrap(), []);
}

async fn an_operator_or_its_certificate_that_was_changed_is_found(database: Database) {
    let world = World::new(database).await;
    operator(&world, OperatorChange::Put(described(LADAN, "Lådan"))).await.unwrap();
    operator(&world, OperatorChange::AddCertificate { der: certificate(LADAN) }).await.unwrap();
    let stated = world.gateway.registry_statements().await.unwrap();
    assert_eq!((stated.len(), stated[0].kind.as_str(), stated[0].number.as_str()), (1, "operator", LADAN));
    run(&world, "CREATE TABLE saved_operator AS SELECT * FROM operator").await;
    run(&world, "CREATE TABLE saved AS SELECT * FROM operator_certificate").await;
    for (sql, table) in [
        ("UPDATE operator SET name = 'Skatteverket'", "operator"),
        ("UPDATE operator SET domain = 'evil.example'", "operator"),
        ("UPDATE operator SET service_address = 'https://evil.example/'", "operator"),
        ("UPDATE operator SET ui_address = 'https://evil.example/'", "operator"),
        ("UPDATE operator SET own = 1", "operator"),
        ("UPDATE operator SET ended_at = 1", "operator"),
        ("UPDATE operator_certificate SET revoked_at = 1", "operator_certificate"),
        ("UPDATE operator_certificate SET not_after = not_after + 1", "operator_certificate"),
        ("UPDATE operator_certificate SET der = sha256", "operator_certificate"),
        ("DELETE FROM operator_certificate", "operator_certificate"),
    ] {
        world.letters.tamper(sql, &[]).await;
        let faults = world.service.check_sets(None).await.unwrap();
        assert_eq!(faults.iter().map(|fault| fault.table).collect::<Vec<_>>(), [table], "{sql}");
        unvouched(operator(&world, OperatorChange::End { number: org(LADAN) }).await, table);
        run(&world, "DELETE FROM operator_certificate").await;
        run(&world, "DELETE FROM operator").await;
        run(&world, "INSERT INTO operator SELECT * FROM saved_operator").await;
        run(&world, "INSERT INTO operator_certificate SELECT * FROM saved").await;
    }
    assert_eq!(world.service.check_sets(None).await.unwrap(), []);
}

async fn a_row_that_a_trigger_adds_undoes_the_change(database: Database) {
    let world = World::new(database).await;
    sender(&world, put(TOWN, "Exempelkommunen", true)).await.unwrap();
    let statements: &[&'static str] = match world.letters.database_kind() {
        store::DatabaseKind::Sqlite => {
            &["CREATE TRIGGER hang_on AFTER INSERT ON registry_event WHEN NEW.seq = 1 BEGIN \
                INSERT INTO registry_event (party, number, seq, at, type, body, entry) \
                VALUES (NEW.party, NEW.number, 2, NEW.at, NEW.type, NEW.body, NEW.entry); END"]
        }
        store::DatabaseKind::Postgres => &[
            "CREATE FUNCTION hang_on() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
                INSERT INTO registry_event (party, number, seq, at, type, body, entry) \
                VALUES (NEW.party, NEW.number, 2, NEW.at, NEW.type, NEW.body, NEW.entry); RETURN NEW; END $$",
            "CREATE TRIGGER hang_on AFTER INSERT ON registry_event FOR EACH ROW WHEN (NEW.seq = 1) \
                EXECUTE FUNCTION hang_on()",
        ],
    };
    for sql in statements {
        run(&world, sql).await;
    }
    unvouched(sender(&world, put(TOWN, "Skatteverket", true)).await, "registry_event");
    assert_eq!(kinds(&world, Party::Sender, TOWN).await, [E::SenderAdded]);
    assert_eq!(world.letters.count("SELECT count(*) AS n FROM sender WHERE name = 'Skatteverket'").await, 0);
}
