use crate::world::{ANNA, BO, COMPANY, OFFICE, World, identity, org, person};
use account::SignatoryError;
use domain::{
    MailboxId, PersonId,
    words::{Because, EventType},
};
use metrics_exporter_prometheus::PrometheusBuilder;
use registry::{Register, register::SignatoryFile};
use std::path::PathBuf;
use store::{both, testing::Database};
use testing::Rows as _;

both!(
    a_signatory_has_the_right_while_the_register_says_so,
    what_cannot_be_followed_says_why,
    signatories_of_an_organisation_that_is_gone_from_the_register_end,
    a_register_that_cannot_be_read_ends_nobodys_rights,
    at_a_log_in_what_the_register_no_longer_says_ends,
);

impl World {
    fn register_path(&self) -> PathBuf {
        self.database.dir().join("signatories.json")
    }

    /// A company that Anna and Bo sign for; both have logged in.
    async fn company(&self, number: &str) -> MailboxId {
        let mailbox = self.operator.open_for_organisation(&org(number), "Exempelbolaget AB").await.unwrap();
        self.operator.describe_company(&org(number), "Exempelbolaget AB", None).await.unwrap();
        for (number_of, name) in [(ANNA, "Anna Exempel"), (BO, "Bo Exempel")] {
            self.operator.add_signatory(&org(number), &person(number_of, name)).await.unwrap();
        }
        mailbox
    }

    /// Follows the register in the background, and answers what the measures say of it.
    fn follows(&self) -> String {
        let recorder = PrometheusBuilder::new().build_recorder();
        // The measures are of the thread that follows.
        tokio::task::block_in_place(|| {
            metrics::with_local_recorder(&recorder, || {
                tokio::runtime::Handle::current().block_on(self.operator.sync_register());
            });
        });
        let text = recorder.handle().render();
        let line = text.lines().find(|line| line.starts_with("kuvert_register_readable"));
        line.unwrap_or_default().to_owned()
    }

    async fn signs_for(&self, person: PersonId) -> Vec<MailboxId> {
        let boxes = self.rights(person).await.boxes;
        boxes.into_iter().filter(|(_, why)| *why == Because::Signatory).map(|(id, _)| id).collect()
    }
}

async fn a_signatory_has_the_right_while_the_register_says_so(database: Database) {
    let world = World::new(database).await;
    let company = org(COMPANY);
    let mailbox = world.operator.open_for_organisation(&company, "Exempelbolaget AB").await.unwrap();
    world.operator.describe_company(&company, "Exempelbolaget AB", None).await.unwrap();
    world.operator.add_signatory(&company, &person(ANNA, "Anna Exempel")).await.unwrap();
    assert_eq!(
        world.store.count("SELECT count(*) AS n FROM mandate").await,
        0,
        "nobody is known by this number yet"
    );
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
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate WHERE revoked_at IS NULL").await, 1);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate").await, 2);
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

/// As when a company has been struck off: the register knows nothing of it any more.
async fn signatories_of_an_organisation_that_is_gone_from_the_register_end(database: Database) {
    let world = World::new(database).await;
    let (anna, _) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let gone = world.company(COMPANY).await;
    let stays = world.company(OFFICE).await;
    let anna = anna.rights.person;
    let bo = bo.rights.person;
    assert_eq!((world.signs_for(anna).await.len(), world.signs_for(bo).await.len()), (2, 2));
    assert_eq!(world.follows(), "kuvert_register_readable 1");
    assert_eq!(world.signs_for(anna).await.len(), 2, "nothing has changed");
    // The whole entry goes, not only who signs.
    let text = std::fs::read_to_string(world.register_path()).unwrap();
    let mut file: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert!(strike(&mut file, COMPANY), "{text}");
    std::fs::write(world.register_path(), file.to_string()).unwrap();
    assert_eq!(world.follows(), "kuvert_register_readable 1");
    for person in [anna, bo] {
        assert_eq!(world.signs_for(person).await, [stays]);
    }
    let chain = world.chain(gone).await;
    assert_eq!(chain.iter().filter(|(kind, _)| *kind == EventType::MandateRevoked).count(), 2);
    // An empty register is one that was read.
    SignatoryFile::default().write(&world.register_path()).await.unwrap();
    assert_eq!(world.follows(), "kuvert_register_readable 1");
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate WHERE revoked_at IS NULL").await, 0);
}

/// Takes what stands under this number out, wherever it stands.
fn strike(value: &mut serde_json::Value, number: &str) -> bool {
    match value {
        serde_json::Value::Object(members) => {
            let here = members.remove(number).is_some();
            members.values_mut().fold(here, |struck, member| strike(member, number) | struck)
        }
        _ => false,
    }
}

async fn a_register_that_cannot_be_read_ends_nobodys_rights(database: Database) {
    let world = World::new(database).await;
    // Where nobody was ever put into it there need not be one.
    assert_eq!(world.follows(), "");
    let (anna, _) = world.settles(ANNA).await;
    world.settles(BO).await;
    let mailbox = world.company(COMPANY).await;
    let person = anna.rights.person;
    let good = std::fs::read(world.register_path()).unwrap();
    for bad in [&b"{"[..], b"", b"[]", b"{\"organisations\":7}"] {
        std::fs::write(world.register_path(), bad).unwrap();
        assert_eq!(world.follows(), "kuvert_register_readable 0", "{}", String::from_utf8_lossy(bad));
        assert_eq!(world.signs_for(person).await, [mailbox]);
    }
    std::fs::remove_file(world.register_path()).unwrap();
    assert_eq!(world.follows(), "kuvert_register_readable 0", "it is not there");
    assert_eq!(world.signs_for(person).await, [mailbox]);
    std::fs::write(world.register_path(), good).unwrap();
    assert_eq!(world.follows(), "kuvert_register_readable 1");
    assert_eq!(world.signs_for(person).await, [mailbox]);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM mandate WHERE revoked_at IS NOT NULL").await, 0);
}

async fn at_a_log_in_what_the_register_no_longer_says_ends(database: Database) {
    let world = World::new(database).await;
    let (anna, _) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let one = world.company(COMPANY).await;
    let other = world.company(OFFICE).await;
    let keys = world.connector.keys(key_client::Role::Operator);
    let mac = keys.address_macs("test", &[identity(ANNA)]).await.unwrap()[0];
    let mut file = SignatoryFile::read(&world.register_path()).await.unwrap();
    assert!(file.remove(&org(COMPANY), &mac));
    file.write(&world.register_path()).await.unwrap();
    world.web.sync_person(&mac).await;
    assert_eq!(world.signs_for(anna.rights.person).await, [other]);
    let mut his = world.signs_for(bo.rights.person).await;
    his.sort_unstable();
    let mut both = [one, other];
    both.sort_unstable();
    assert_eq!(his, both, "only hers");
}
