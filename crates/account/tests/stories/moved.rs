//! Rows of one person's that the letters database's administrator, who can log in as any other citizen, puts into the place of
//! another's: what the pages would show then.

use crate::world::{ANNA, BO, CLEO, World, identity};
use account::{NewAddress, WantedHelper};
use domain::words::Channel;
use mailbox::Actor;
use registry::contacts::Confirmation;
use std::time::Duration;
use store::{args, both, testing::Database};
use testing::Rows as _;

both!(
    an_address_that_was_moved_here_is_not_shown_and_put_back_is_its_owners,
    the_name_of_somebody_else_is_not_that_of_a_mailboxs_owner,
    an_invitation_that_was_moved_here_shows_nobody_and_cannot_be_accepted,
);

impl World {
    async fn adds(&self, who: &Actor, address: &str, confirmed: bool) {
        let added = self.web.add_contact(who, Channel::Email, address).await.unwrap();
        let NewAddress::Waits(sent) = added else { panic!("{address} does not wait") };
        if confirmed {
            let done = self.web.confirm_contact(who, sent.contact_id, &sent.code).await.unwrap();
            assert_eq!(done, Confirmation::Confirmed);
        }
    }

    async fn addresses(&self, who: &Actor) -> Vec<Option<String>> {
        self.web.contacts(who).await.unwrap().into_iter().map(|one| one.address).collect()
    }

    async fn invites(&self, from: &Actor, number: &str) {
        let valid_to = domain::Clock::now(&*self.clock).plus(Duration::from_secs(30 * 24 * 3600));
        let wanted = WantedHelper { number: identity(number), label: "Min vän".into(), valid_to };
        let mailbox = from.rights.boxes[0].0;
        self.web.invite(from, "Exempel", mailbox, &wanted).await.unwrap();
    }
}

async fn an_address_that_was_moved_here_is_not_shown_and_put_back_is_its_owners(database: Database) {
    let world = World::new(database).await;
    let (anna, _) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let hers = anna.rights.person;
    let his = bo.rights.person;
    world.adds(&anna, "anna@example.se", false).await;
    world.store.tamper("UPDATE contact SET person_id = $1", args![his]).await;
    assert_eq!(world.addresses(&bo).await, [None], "one that waits");
    world.store.tamper("UPDATE contact SET person_id = $1", args![hers]).await;
    assert_eq!(world.addresses(&anna).await, [Some("anna@example.se".to_owned())]);
    world.store.tamper("DELETE FROM contact", &[]).await;
    world.adds(&anna, "anna@example.se", true).await;
    let at = world.web.contacts(&anna).await.unwrap()[0].contact.confirmed_at;
    world.store.tamper("UPDATE contact SET person_id = $1, confirmed_at = NULL", args![his]).await;
    assert_eq!(world.addresses(&bo).await, [None], "one that was confirmed");
    // He has a code sent to an address of his own, and its row becomes that of hers.
    world.adds(&bo, "bo@example.se", false).await;
    let copy = "UPDATE contact SET address = (SELECT c.address FROM contact c WHERE c.code_mac IS NULL) \
        WHERE code_mac IS NOT NULL";
    world.store.tamper(copy, &[]).await;
    assert_eq!(world.addresses(&bo).await, [None, None]);
    world.store.tamper("DELETE FROM contact WHERE code_mac IS NOT NULL", &[]).await;
    world.store.tamper("UPDATE contact SET person_id = $1, confirmed_at = $2", args![hers, at]).await;
    assert_eq!(world.addresses(&anna).await, [Some("anna@example.se".to_owned())]);
}

async fn the_name_of_somebody_else_is_not_that_of_a_mailboxs_owner(database: Database) {
    let world = World::new(database).await;
    let (anna, _) = world.settles(ANNA).await;
    let (bo, _) = world.settles(BO).await;
    let (cleo, mailbox) = world.settles(CLEO).await;
    world.invites(&cleo, BO).await;
    let id = world.web.asks(&bo).await.unwrap()[0].invitation_id;
    assert!(world.web.accept_invitation(&bo, "Bo Exempel", id).await.unwrap());
    world.web.grant_helper(&cleo, mailbox, id, bo.rights.person).await.unwrap();
    let bo = world.actor(&bo.grant).await;
    assert_eq!(world.names(&bo).await[&mailbox], "Cleo Exempel");
    // Bo helps Cleo, and may see her name: Anna's profile and log-in are put into her place.
    let of_anna = anna.rights.person;
    let of_cleo = cleo.rights.person;
    let profile = "UPDATE person SET profile = (SELECT p.profile FROM person p WHERE p.person_id = $1) \
        WHERE person_id = $2";
    world.store.tamper(profile, args![of_anna, of_cleo]).await;
    world.store.tamper("DELETE FROM login WHERE person_id = $1", args![of_cleo]).await;
    world.store.tamper("UPDATE login SET person_id = $1 WHERE person_id = $2", args![of_cleo, of_anna]).await;
    assert_eq!(world.names(&bo).await.get(&mailbox), None);
}

async fn an_invitation_that_was_moved_here_shows_nobody_and_cannot_be_accepted(database: Database) {
    let world = World::new(database).await;
    let (anna, box_of_anna) = world.settles(ANNA).await;
    let (bo, box_of_bo) = world.settles(BO).await;
    let (cleo, _) = world.settles(CLEO).await;
    world.invites(&anna, CLEO).await;
    let id = world.web.asks(&cleo).await.unwrap()[0].invitation_id;
    // Made out to Bo.
    let number = "UPDATE invitation SET address_mac = (SELECT i.mac FROM identity i WHERE i.owner_id = $1)";
    world.store.tamper(number, args![bo.rights.person]).await;
    let asks = world.web.asks(&bo).await.unwrap();
    assert_eq!((asks.len(), asks[0].owner.as_deref()), (1, None));
    assert!(!world.web.accept_invitation(&bo, "Bo Exempel", id).await.unwrap());
    world.store.tamper(number, args![cleo.rights.person]).await;
    // From the mailbox of Bo, who would see whom Anna has asked.
    let mailbox = "UPDATE invitation SET mailbox_id = $1";
    world.store.tamper(mailbox, args![box_of_bo]).await;
    assert_eq!(world.web.asked(&bo, box_of_bo).await.unwrap()[0].label, None);
    assert!(!world.web.accept_invitation(&cleo, "Cleo Exempel", id).await.unwrap());
    world.store.tamper(mailbox, args![box_of_anna]).await;
    assert!(world.web.accept_invitation(&cleo, "Cleo Exempel", id).await.unwrap());
    world.store.tamper(mailbox, args![box_of_bo]).await;
    let asked = world.web.asked(&bo, box_of_bo).await.unwrap();
    assert_eq!((asked[0].label.as_deref(), &asked[0].helper), (None, &Some((cleo.rights.person, None))));
    world.store.tamper(mailbox, args![box_of_anna]).await;
    let asked = world.web.asked(&anna, box_of_anna).await.unwrap();
    assert_eq!(asked[0].label.as_deref(), Some("Min vän"));
    assert_eq!(asked[0].helper, Some((cleo.rights.person, Some("Cleo Exempel".to_owned()))));
}
