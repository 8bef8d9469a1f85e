use crate::world::{ANNA, BO, COMPANY, World, identity, org, person};
use account::SignatoryError;
use domain::words::Because;
use registry::{Register, register::SignatoryFile};
use store::{both, testing::Database};

both!(a_signatory_has_the_right_while_the_register_says_so, what_cannot_be_followed_says_why);

async fn a_signatory_has_the_right_while_the_register_says_so(database: Database) {
    let world = World::new(database).await;
    let company = org(COMPANY);
    let mailbox = world.operator.open_for_organisation(&company, "Exempelbolaget AB").await.unwrap();
    world.operator.describe_company(&company, "Exempelbolaget AB", None).await.unwrap();
    world.operator.add_signatory(&company, &person(ANNA, "Anna Exempel")).await.unwrap();
    assert_eq!(world.count("SELECT count(*) FROM mandate").await, 0, "nobody is known by this number yet");
    // Known from her first log-in on.
    let (anna, own) = world.settles(ANNA).await;
    assert_eq!(anna.rights.boxes, [(own, Because::Owner), (mailbox, Because::Signatory)]);
    let names = world.names(&anna).await;
    assert_eq!(names[&mailbox], "Exempelbolaget AB");
    let holders = world.web.holders(&anna.grant, mailbox).await.unwrap();
    assert_eq!(holders[0].name.as_deref(), Some("Anna Exempel"));
    // The register drops her and names Bo, who has logged in before.
    world.settles(BO).await;
    let path = world.database.dir().join("signatories.json");
    let mut file = SignatoryFile::read(&path).await.unwrap();
    let mac = world.connector.keys(key_client::Role::Operator).address_macs("test", &[identity(ANNA)]).await;
    assert!(file.remove(&company, &mac.unwrap()[0]));
    file.write(&path).await.unwrap();
    world.operator.add_signatory(&company, &person(BO, "Bo Exempel")).await.unwrap();
    assert_eq!(world.rights(anna.rights.person).await.boxes, [(own, Because::Owner)]);
    world.operator.sync_register().await;
    assert_eq!(world.count("SELECT count(*) FROM mandate WHERE revoked_at IS NULL").await, 1);
    assert_eq!(world.count("SELECT count(*) FROM mandate").await, 2);
}

async fn what_cannot_be_followed_says_why(database: Database) {
    let world = World::new(database).await;
    let unopened = world.operator.sync_organisation(&org(COMPANY)).await;
    assert!(matches!(unopened, Err(SignatoryError::NoMailbox)), "{unopened:?}");
    let unnamed = world.operator.describe_company(&org(COMPANY), "a\u{202e}b", None).await;
    assert!(matches!(unnamed, Err(SignatoryError::Name(_))), "{unnamed:?}");
    let without = world.accounts(Register::None);
    let nowhere = without.describe_company(&org(COMPANY), "Exempelbolaget AB", None).await;
    assert!(matches!(nowhere, Err(SignatoryError::NoFile)), "{nowhere:?}");
    let path = world.database.dir().join("signatories.json");
    std::fs::write(&path, "{").unwrap();
    let broken = world.operator.sync_organisation(&org(COMPANY)).await;
    assert!(matches!(broken, Err(SignatoryError::Account(_))), "{broken:?}");
    // A log-in is not held up by it.
    world.settles(ANNA).await;
}
