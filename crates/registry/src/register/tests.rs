#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    mandates::{self, MandateKind},
    owner::Owner,
    world::{KOMMUNEN, VERKET, World, org},
};
use domain::{AddressMac, MandateId, words::EventType};
use std::{collections::HashSet, time::Duration};
use store::{Store, args, both};
use vault::SystemRandom;

both!(
    signatories_come_and_go_with_the_register,
    one_who_is_not_known_yet_gets_the_right_later,
    a_signatory_who_comes_back_comes_back,
    an_organisation_that_is_no_longer_named_has_no_signatories,
);

fn signatory(world: &World, name: &str) -> Signatory {
    let mandate_id = MandateId::new(&SystemRandom);
    Signatory { mandate_id, person_mac: world.address(name), note: name.as_bytes().to_vec() }
}

async fn signatories_come_and_go_with_the_register(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let organisation = world.organisation(&mut tx, "bolaget").await;
    let mailbox = world.open(&mut tx, Owner::Organisation(organisation)).await;
    let anna = world.person(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let annas = signatory(&world, "anna");
    let bos = signatory(&world, "bo");
    let both = [annas.clone(), bos.clone()];
    let synced = sync(&mut tx, mailbox, &both, &world.service()).await.unwrap();
    assert_eq!(synced, Synced { granted: 2, revoked: 0 });
    assert_eq!(sync(&mut tx, mailbox, &both, &world.service()).await.unwrap(), Synced::default());
    let held = mandates::for_person(&mut tx, anna, world.now()).await.unwrap();
    assert_eq!((held[0].mandate_id, held[0].kind), (annas.mandate_id, MandateKind::Signatory));
    assert_eq!((held[0].note.as_slice(), held[0].valid_to), (b"anna".as_slice(), None));
    world.later(Duration::from_secs(1));
    let synced = sync(&mut tx, mailbox, &[bos], &world.service()).await.unwrap();
    assert_eq!(synced, Synced { granted: 0, revoked: 1 });
    assert!(mandates::boxes_of(&mut tx, anna, world.now()).await.unwrap().is_empty());
    assert_eq!(mandates::boxes_of(&mut tx, bo, world.now()).await.unwrap().len(), 1);
    let events = world.events(&mut tx, mailbox).await;
    let kinds: Vec<_> = events[1..].iter().map(|event| (event.kind, event.detail.as_deref())).collect();
    let granted = EventType::MandateGranted;
    let revoked = EventType::MandateRevoked;
    assert_eq!(kinds, [granted, granted, revoked].map(|kind| (kind, Some("signatory"))));
}

async fn one_who_is_not_known_yet_gets_the_right_later(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let organisation = world.organisation(&mut tx, "bolaget").await;
    let mailbox = world.open(&mut tx, Owner::Organisation(organisation)).await;
    let annas = [signatory(&world, "anna")];
    assert_eq!(sync(&mut tx, mailbox, &annas, &world.service()).await.unwrap(), Synced::default());
    let anna = world.person(&mut tx, "anna").await;
    assert_eq!(sync(&mut tx, mailbox, &annas, &world.service()).await.unwrap().granted, 1);
    assert_eq!(mandates::boxes_of(&mut tx, anna, world.now()).await.unwrap().len(), 1);
}

async fn a_signatory_who_comes_back_comes_back(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let organisation = world.organisation(&mut tx, "bolaget").await;
    let mailbox = world.open(&mut tx, Owner::Organisation(organisation)).await;
    let anna = world.person(&mut tx, "anna").await;
    let annas = [signatory(&world, "anna")];
    for _ in 0..2 {
        assert_eq!(sync(&mut tx, mailbox, &annas, &world.service()).await.unwrap().granted, 1);
        assert_eq!(mandates::boxes_of(&mut tx, anna, world.now()).await.unwrap().len(), 1);
        world.later(Duration::from_secs(1));
        assert_eq!(sync(&mut tx, mailbox, &[], &world.service()).await.unwrap().revoked, 1);
        assert!(mandates::boxes_of(&mut tx, anna, world.now()).await.unwrap().is_empty());
    }
    // The id of another's mandate is not taken over.
    let bo = world.person(&mut tx, "bo").await;
    let stolen = Signatory { person_mac: world.address("bo"), ..annas[0].clone() };
    assert!(sync(&mut tx, mailbox, &[stolen], &world.service()).await.is_err());
    assert!(mandates::boxes_of(&mut tx, bo, world.now()).await.unwrap().is_empty());
}

async fn an_organisation_that_is_no_longer_named_has_no_signatories(store: Store) {
    let world = World::new(store);
    let mut tx = world.tx().await;
    let mut boxes = Vec::new();
    for name in ["bolaget", "föreningen"] {
        let organisation = world.organisation(&mut tx, name).await;
        boxes.push(world.open(&mut tx, Owner::Organisation(organisation)).await);
    }
    let anna = world.person(&mut tx, "anna").await;
    let bo = world.person(&mut tx, "bo").await;
    let nobody = HashSet::new();
    assert!(!any_signatory(&mut tx).await.unwrap());
    assert!(unnamed(&mut tx, &nobody, world.now()).await.unwrap().is_empty());
    for mailbox in &boxes {
        let both = [signatory(&world, "anna"), signatory(&world, "bo")];
        sync(&mut tx, *mailbox, &both, &world.service()).await.unwrap();
    }
    // A right that no register gives: over a person's mailbox.
    let annas = world.open(&mut tx, Owner::Person(anna)).await;
    let forged = "INSERT INTO mandate (mandate_id, mailbox_id, person_id, kind, note, valid_from) \
        VALUES ($1, $2, $3, 'signatory', $4, 0)";
    let forged_id = MandateId::new(&SystemRandom);
    tx.execute(forged, args![forged_id, annas, bo, b"".as_slice()]).await.unwrap().exactly(1).unwrap();
    assert!(any_signatory(&mut tx).await.unwrap());
    let both = HashSet::from([
        world.address("bolaget"),
        world.address("föreningen"),
        AddressMac::from_bytes([9; 32]),
    ]);
    assert_eq!(unnamed(&mut tx, &both, world.now()).await.unwrap(), [annas]);
    let one = HashSet::from([world.address("bolaget")]);
    let mut gone = unnamed(&mut tx, &one, world.now()).await.unwrap();
    gone.sort_unstable();
    let mut expected = vec![annas, boxes[1]];
    expected.sort_unstable();
    assert_eq!(gone, expected);
    for mailbox in gone {
        sync(&mut tx, mailbox, &[], &world.service()).await.unwrap();
    }
    for person in [anna, bo] {
        let left = mandates::for_person(&mut tx, person, world.now()).await.unwrap();
        assert_eq!(left.iter().map(|one| one.mailbox_id).collect::<Vec<_>>(), [boxes[0]]);
    }
    // The organisation has got another number, and the register has the new one only.
    world.later(Duration::from_secs(1));
    let end = "UPDATE identity SET valid_to = $1 WHERE mac = $2";
    tx.execute(end, args![world.now(), &world.address("bolaget")]).await.unwrap().exactly(1).unwrap();
    assert_eq!(unnamed(&mut tx, &one, world.now()).await.unwrap(), [boxes[0]]);
}

#[tokio::test]
async fn the_file_is_read_back_as_written() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signatories.json");
    let register = Register::File(path.clone());
    // What is not there says nothing: not that there is nobody.
    assert!(matches!(register.signatories(&org(KOMMUNEN)).await, Err(RegisterError::Missing)));
    assert!(matches!(
        register.organisations_of(&AddressMac::from_bytes([1; 32])).await,
        Err(RegisterError::Missing)
    ));
    assert!(matches!(register.company(&org(KOMMUNEN)).await, Err(RegisterError::Missing)));
    assert_eq!(SignatoryFile::read_or_begin(&path).await.unwrap(), SignatoryFile::default());
    let one = |byte, note: &[u8]| Signatory {
        mandate_id: MandateId::new(&SystemRandom),
        person_mac: AddressMac::from_bytes([byte; 32]),
        note: note.to_vec(),
    };
    let mut file = SignatoryFile::default();
    file.add(&org(KOMMUNEN), one(1, b"a"));
    file.add(&org(KOMMUNEN), one(2, &[0, 255, 16]));
    file.add(&org(VERKET), one(1, b""));
    let renamed = one(1, b"b");
    file.add(&org(KOMMUNEN), renamed.clone());
    file.write(&path).await.unwrap();
    assert_eq!(register.read().await.unwrap(), file);
    assert_eq!(register.signatories(&org(KOMMUNEN)).await.unwrap()[1], renamed);
    assert_eq!(
        register.organisations_of(&AddressMac::from_bytes([1; 32])).await.unwrap(),
        [org(KOMMUNEN), org(VERKET)]
    );
    assert_eq!(register.organisations_of(&AddressMac::from_bytes([2; 32])).await.unwrap(), [org(KOMMUNEN)]);
    assert!(file.remove(&org(KOMMUNEN), &AddressMac::from_bytes([2; 32])));
    assert!(!file.remove(&org(KOMMUNEN), &AddressMac::from_bytes([2; 32])));
    assert!(file.remove(&org(KOMMUNEN), &AddressMac::from_bytes([1; 32])));
    // Still there, so that its mandates are taken back.
    assert_eq!(file.organisations().count(), 2);
    assert!(Register::None.read().await.unwrap().organisations().next().is_none());
}

#[tokio::test]
async fn a_file_in_another_form_is_an_error_and_not_an_empty_register() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signatories.json");
    let id = MandateId::new(&SystemRandom);
    for text in [
        "".to_owned(),
        "[]".to_owned(),
        r#"{"signatories":{"198101052382":[]}}"#.to_owned(),
        r#"{"signatories":{},"more":1}"#.to_owned(),
        format!(
            r#"{{"signatories":{{"{KOMMUNEN}":[{{"mandate_id":"{id}","person_mac":"00","note":""}}]}}}}"#
        ),
        format!(
            r#"{{"signatories":{{"{KOMMUNEN}":[{{"mandate_id":"{id}","person_mac":"{:064}","note":"0"}}]}}}}"#,
            0
        ),
        format!(
            r#"{{"signatories":{{"{KOMMUNEN}":[{{"mandate_id":"{id}","person_mac":"{:064}","note":"zz"}}]}}}}"#,
            0
        ),
    ] {
        tokio::fs::write(&path, &text).await.unwrap();
        assert!(matches!(Register::File(path.clone()).read().await, Err(RegisterError::Form)), "{text}");
    }
    assert!(matches!(Register::File(dir.path().to_owned()).read().await, Err(RegisterError::Read(_))));
}

#[tokio::test]
async fn an_organisation_has_a_name_and_a_rule_and_without_them_anyone_signs_alone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signatories.json");
    let register = Register::File(path.clone());
    let one = |byte| Signatory {
        mandate_id: MandateId::new(&SystemRandom),
        person_mac: AddressMac::from_bytes([byte; 32]),
        note: b"sealed".to_vec(),
    };
    let mut file = SignatoryFile::default();
    (1..=3).for_each(|byte| file.add(&org(KOMMUNEN), one(byte)));
    file.write(&path).await.unwrap();
    // As it was written before there were names and rules, and so that an older program reads it.
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("signatories") && !text.contains("organisations"), "{text}");
    let company = register.company(&org(KOMMUNEN)).await.unwrap();
    assert_eq!((company.name.as_deref(), company.rule), (None, SignatureRule::AnyOne));
    assert_eq!(company.signatories.len(), 3);
    assert_eq!(register.company(&org(VERKET)).await.unwrap(), Company::default());

    let two = "2".parse().unwrap();
    file.describe(&org(KOMMUNEN), " Exempelbolaget AB ", Some(two)).unwrap();
    file.describe(&org(VERKET), "Verket", None).unwrap();
    assert!(file.describe(&org(VERKET), "Ver\u{202E}ket", None).is_err());
    file.write(&path).await.unwrap();
    assert_eq!(register.read().await.unwrap(), file);
    let company = register.company(&org(KOMMUNEN)).await.unwrap();
    assert_eq!((company.name.as_deref(), company.rule), (Some("Exempelbolaget AB"), two));
    // Another name leaves the rule, and a company without signatories is one that is looked after.
    file.describe(&org(KOMMUNEN), "Nya Exempelbolaget AB", None).unwrap();
    assert_eq!(file.company(&org(KOMMUNEN)).rule, two);
    assert_eq!(file.organisations().count(), 2);
}

#[test]
fn a_rule_says_how_many_must_sign() {
    let rule = |text: &str| text.parse::<SignatureRule>();
    for (text, of, needed) in [
        ("any-one", 1, Some(1)),
        ("any-one", 3, Some(1)),
        ("any-one", 0, None),
        ("all", 1, Some(1)),
        ("all", 3, Some(3)),
        ("all", 0, None),
        ("1", 3, Some(1)),
        ("2", 3, Some(2)),
        ("3", 3, Some(3)),
        ("4", 3, None),
    ] {
        assert_eq!(rule(text).unwrap().needed(of), needed, "{text} of {of}");
        assert_eq!(rule(text).unwrap().to_string(), text);
    }
    for text in ["", "0", "-1", "any", "All", "any one", "70000", "2.0"] {
        assert!(rule(text).is_err(), "{text}");
    }
}

#[test]
fn signatures_of_enough_signatories_complete_a_request() {
    let signatories = (1..=3).map(|byte| Signatory {
        mandate_id: MandateId::new(&SystemRandom),
        person_mac: AddressMac::from_bytes([byte; 32]),
        note: vec![],
    });
    let mut company = Company { signatories: signatories.collect(), ..Company::default() };
    let judge = |company: &Company, by: &[u8]| {
        company.authorisation(&by.iter().map(|byte| AddressMac::from_bytes([*byte; 32])).collect::<Vec<_>>())
    };
    assert_eq!(judge(&company, &[2]), Authorisation::Complete);
    assert_eq!(judge(&company, &[]), Authorisation::Incomplete(1));
    assert_eq!(judge(&company, &[9]), Authorisation::Incomplete(1), "no signatory");
    company.rule = "2".parse().unwrap();
    assert_eq!(judge(&company, &[1]), Authorisation::Incomplete(1));
    assert_eq!(judge(&company, &[1, 1, 9]), Authorisation::Incomplete(1), "the same again, and no signatory");
    assert_eq!(judge(&company, &[3, 1]), Authorisation::Complete);
    company.rule = SignatureRule::All;
    assert_eq!(judge(&company, &[3, 1]), Authorisation::Incomplete(1));
    assert_eq!(judge(&company, &[3, 1, 2]), Authorisation::Complete);
    company.rule = "4".parse().unwrap();
    assert_eq!(judge(&company, &[3, 1, 2]), Authorisation::RuleNotSupported);
    company.signatories.clear();
    company.rule = SignatureRule::AnyOne;
    assert_eq!(judge(&company, &[1]), Authorisation::RuleNotSupported);
}

#[tokio::test]
async fn a_rule_in_another_form_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("signatories.json");
    for (said, good) in [
        (r#"{"rule":"all"}"#, true),
        (r#"{"name":"Bolaget AB"}"#, true),
        (r#"{"rule":"some"}"#, false),
        (r#"{"rule":2}"#, false),
        (r#"{"board":"all"}"#, false),
    ] {
        let text = format!(r#"{{"signatories":{{}},"organisations":{{"{KOMMUNEN}":{said}}}}}"#);
        tokio::fs::write(&path, &text).await.unwrap();
        assert_eq!(Register::File(path.clone()).read().await.is_ok(), good, "{said}");
    }
}
