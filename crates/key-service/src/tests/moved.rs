//! Rows of one person's or one mailbox's that the letters database's administrator puts into the place of another's: what is
//! sealed in them opens for neither, and nothing is confirmed by them.

use super::{
    vouching::unvouched,
    world::{Citizen, World},
};
use crate::purpose::Purpose;
use domain::{ContactId, ContactMac, DeclinedMac, MandateId, PersonId, words::Channel};
use key_client::{
    Access, By, Change, Changed, Column, SecretBytes, contact_address, contact_waiting, declined_sender,
    invitation_helper, invitation_label, invitation_owner, mandate_note, person_profile,
};
use registry::contacts::{self, Code};
use std::collections::BTreeMap;
use store::{args, both, testing::Database};
use testing::{ANNA, BO, CLEO, Rows as _};
use vault::SystemRandom;

both!(
    an_address_that_was_moved_to_another_person_opens_for_nobody,
    an_address_that_was_moved_to_another_person_is_not_confirmed,
    a_name_that_was_moved_to_another_person_is_not_shown,
    an_invitation_that_was_moved_shows_no_name,
    what_is_said_of_a_mailbox_opens_for_those_of_that_mailbox_alone,
    what_waits_is_sealed_anew_for_whom_it_waits,
);

const CONTACT: &str = "INSERT INTO contact (contact_id, person_id, channel, address, address_mac, show_sender, added_at, \
    confirmed_at, code_mac, code_expires_at, code_tries) VALUES ($1, $2, 'email', $3, $4, 0, 0, $5, $6, $7, 0)";
const INVITATION: &str = "INSERT INTO invitation (invitation_id, mailbox_id, address_mac, label, owner_name, valid_to, \
    invited_at, helper_id, helper_name) VALUES ($1, $2, $3, $4, $5, 9000000000000, 0, $6, $7)";

/// An address as the pages keep it.
struct Kept {
    id: ContactId,
    sealed: Vec<u8>,
    mac: ContactMac,
    code: Code,
}

impl World {
    /// One that waits for its code, or one that was confirmed.
    async fn keeps(&self, of: Citizen, address: &str, confirmed_at: Option<i64>) -> Kept {
        let id = ContactId::new(&SystemRandom);
        let code = Code::new(&SystemRandom);
        let key = self.service.0.keks.mac(Purpose::ContactIndex, self.clock_now()).unwrap();
        let mac = contacts::address_mac(&key, Channel::Email, address);
        let code_mac = contacts::code_mac(&key, of.person, &mac, &code);
        let place = match confirmed_at {
            Some(_) => contact_address(id),
            None => contact_waiting(id, of.person),
        };
        let sealed = self.sealed(Column::Contact, place, address).await;
        let until = self.clock_now().plus(contacts::CODE_LIFE);
        self.change(CONTACT, args![id, of.person, &sealed, &mac, confirmed_at, &code_mac, until]).await;
        Kept { id, sealed, mac, code }
    }

    /// What the page of addresses would show of it, in either of its places.
    async fn shows(&self, to: Citizen, kept: &Kept) -> Option<String> {
        let mut shown = None;
        for place in [contact_address(kept.id), contact_waiting(kept.id, to.person)] {
            shown = shown.or(self.opens_for(to.person, Column::Contact, place, &kept.sealed).await);
        }
        shown
    }

    async fn confirms(&self, who: Citizen, id: ContactId, code: &Code) -> Changed {
        let code = SecretBytes::new(code.expose().as_bytes().to_vec());
        let by = By::Grant(self.log_in(Some(who.person)));
        self.web.change(by, Change::ConfirmContact { contact_id: id, code }).await.unwrap()
    }
}

async fn an_address_that_was_moved_to_another_person_opens_for_nobody(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let waits = world.keeps(anna, "anna@example.se", None).await;
    let counts = world.keeps(anna, "anna@work.example", Some(1)).await;
    for (kept, then, back) in [
        (&waits, None, "UPDATE contact SET person_id = $1 WHERE contact_id = $2"),
        (&counts, Some(1i64), "UPDATE contact SET person_id = $1, confirmed_at = 1 WHERE contact_id = $2"),
    ] {
        assert!(world.shows(anna, kept).await.is_some());
        let away = "UPDATE contact SET person_id = $1, confirmed_at = NULL WHERE contact_id = $2";
        world.letters.tamper(away, args![bo.person, kept.id]).await;
        assert_eq!(world.shows(bo, kept).await, None, "{then:?}");
        world.letters.tamper(back, args![anna.person, kept.id]).await;
        assert!(world.shows(anna, kept).await.is_some());
    }
    // Neither as one that he has confirmed: his set has it not.
    world
        .letters
        .tamper("UPDATE contact SET person_id = $1 WHERE contact_id = $2", args![bo.person, counts.id])
        .await;
    let access = Access::Grant(world.log_in(Some(bo.person)));
    let item = (Column::Contact, contact_address(counts.id), counts.sealed.clone());
    unvouched(world.web.open_columns(access, vec![item]).await, "contact");
}

async fn an_address_that_was_moved_to_another_person_is_not_confirmed(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let own = world.keeps(bo, "bo@example.se", None).await;
    let waits = world.keeps(anna, "anna@example.se", None).await;
    let counts = world.keeps(anna, "anna@work.example", Some(1)).await;
    // Hers, with the tag and the code of what he wrote himself.
    let put = "UPDATE contact SET person_id = $1, confirmed_at = NULL, address_mac = $2, code_tries = 0, \
        code_expires_at = 9000000000000, code_mac = (SELECT c.code_mac FROM contact c WHERE c.contact_id = $3) \
        WHERE contact_id = $4";
    let mac = "UPDATE contact SET address_mac = $1 WHERE contact_id = $2";
    world.letters.tamper(mac, args![&[7u8; 32], own.id]).await;
    for hers in [&waits, &counts] {
        world.letters.tamper(put, args![bo.person, &own.mac, own.id, hers.id]).await;
        assert_eq!(world.confirms(bo, hers.id, &own.code).await, Changed::Refused("ended".into()));
        world.letters.tamper("DELETE FROM contact WHERE contact_id = $1", args![hers.id]).await;
        // Nor his own under the id of hers, beside which hers would open from then on.
        let renamed = "UPDATE contact SET contact_id = $1, address_mac = $2 WHERE contact_id = $3";
        world.letters.tamper(renamed, args![hers.id, &own.mac, own.id]).await;
        assert_eq!(world.confirms(bo, hers.id, &own.code).await, Changed::Refused("ended".into()));
        world.letters.tamper(renamed, args![own.id, &[7u8; 32], hers.id]).await;
    }
    // His own is confirmed, and opens in the place of its row from then on.
    world.letters.tamper(mac, args![&own.mac, own.id]).await;
    assert_eq!(world.confirms(bo, own.id, &own.code).await, Changed::Done(true));
    let sealed = {
        let mut tx = world.letters.read("test").await.unwrap();
        let row = tx.one("SELECT address FROM contact WHERE contact_id = $1", args![own.id]).await.unwrap();
        row.unwrap().bytes("address").unwrap().to_vec()
    };
    let opened = world.opens_for(bo.person, Column::Contact, contact_address(own.id), &sealed).await;
    assert_eq!(opened.as_deref(), Some("bo@example.se"));
    assert_eq!(world.service.check_sets(Some(bo.mailbox)).await.unwrap(), []);
}

async fn a_name_that_was_moved_to_another_person_is_not_shown(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let cleo = world.citizen(CLEO).await;
    let mut sealed = BTreeMap::new();
    for (of, name) in [(anna, "Anna"), (cleo, "Cleo")] {
        let profile = world.sealed(Column::Profile, person_profile(&of.login_mac), name).await;
        let put = "UPDATE person SET profile = $1 WHERE person_id = $2";
        world.change(put, args![&profile, of.person]).await;
        sealed.insert(name, profile);
    }
    world.mandate(cleo, bo, b"note").await;
    let shown = async |to: PersonId, of: Citizen, name: &str| {
        world.opens_for(to, Column::Profile, person_profile(&of.login_mac), &sealed[name]).await
    };
    assert_eq!(shown(bo.person, cleo, "Cleo").await.as_deref(), Some("Cleo"));
    // Bo may see whose Cleo's mailbox is: Anna's name and log-in are put there.
    let profile = "UPDATE person SET profile = $1 WHERE person_id = $2";
    world.letters.tamper(profile, args![&sealed["Anna"], cleo.person]).await;
    world.letters.tamper("DELETE FROM login WHERE person_id = $1", args![cleo.person]).await;
    let login = "UPDATE login SET person_id = $1 WHERE person_id = $2";
    world.letters.tamper(login, args![cleo.person, anna.person]).await;
    assert_eq!(shown(bo.person, anna, "Anna").await, None);
    assert_eq!(shown(bo.person, cleo, "Anna").await, None, "nor under the log-in that Cleo has");
    // Nor in his own place.
    world.letters.tamper(profile, args![&sealed["Anna"], bo.person]).await;
    world.letters.tamper("DELETE FROM login WHERE person_id = $1", args![bo.person]).await;
    world.letters.tamper(login, args![bo.person, cleo.person]).await;
    assert_eq!(shown(bo.person, anna, "Anna").await, None);
    assert_eq!(shown(anna.person, anna, "Anna").await.as_deref(), Some("Anna"));
}

async fn an_invitation_that_was_moved_shows_no_name(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let cleo = world.citizen(CLEO).await;
    let id = MandateId::new(&SystemRandom);
    let owner = invitation_owner(id, anna.mailbox, &cleo.address_mac);
    let helper = invitation_helper(id, anna.mailbox, cleo.person);
    let label = world.sealed(Column::Note, invitation_label(id, anna.mailbox), "my friend").await;
    let owner = world.sealed(Column::Note, owner, "Anna").await;
    let helper = world.sealed(Column::Note, helper, "Cleo").await;
    let row = args![id, anna.mailbox, &cleo.address_mac, &label, &owner, cleo.person, &helper];
    world.change(INVITATION, row).await;
    // As the pages read the row for whoever is logged in.
    let shown = async |to: Citizen, mailbox: Citizen, asked: Citizen| {
        let places = [
            (invitation_label(id, mailbox.mailbox), &label),
            (invitation_owner(id, mailbox.mailbox, &asked.address_mac), &owner),
            (invitation_helper(id, mailbox.mailbox, cleo.person), &helper),
        ];
        let mut shown = vec![];
        for (place, sealed) in places {
            shown.push(world.opens_for(to.person, Column::Note, place, sealed).await.is_some());
        }
        shown
    };
    assert_eq!(shown(anna, anna, cleo).await, [true, false, true]);
    assert_eq!(shown(cleo, anna, cleo).await, [false, true, false]);
    assert_eq!(shown(bo, anna, cleo).await, [false; 3]);
    world.letters.tamper("UPDATE invitation SET address_mac = $1", args![&bo.address_mac]).await;
    assert_eq!(shown(bo, anna, bo).await, [false; 3], "made out to another");
    world.letters.tamper("UPDATE invitation SET mailbox_id = $1", args![bo.mailbox]).await;
    assert_eq!(shown(bo, bo, bo).await, [false; 3], "from another mailbox");
    assert_eq!(shown(bo, anna, cleo).await, [false; 3], "in the places that they had");
}

async fn what_is_said_of_a_mailbox_opens_for_those_of_that_mailbox_alone(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let cleo = world.citizen(CLEO).await;
    let mandate = world.mandate(anna, cleo, b"note").await;
    let note = world.sealed(Column::Note, mandate_note(mandate), "Cleo (my friend)").await;
    world.change("UPDATE mandate SET note = $1, revoked_at = 5", args![&note]).await;
    let declined = world
        .sealed(Column::Declined, declined_sender(anna.mailbox, &DeclinedMac::from_bytes([4; 32])), "16")
        .await;
    let decline = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 0)";
    world.change(decline, args![anna.mailbox, &[4u8; 32], &declined]).await;
    let shown = async |to: Citizen| {
        let note = world.opens_for(to.person, Column::Note, mandate_note(mandate), &note).await;
        let place = declined_sender(anna.mailbox, &DeclinedMac::from_bytes([4; 32]));
        let sender = world.opens_for(to.person, Column::Declined, place, &declined).await;
        [note.is_some(), sender.is_some()]
    };
    assert_eq!(shown(anna).await, [true, true]);
    assert_eq!(shown(bo).await, [false, false]);
    // A right that has ended is nobody's now; its row says that it is about Bo, or over his mailbox.
    world.letters.tamper("UPDATE mandate SET person_id = $1", args![bo.person]).await;
    assert_eq!(shown(bo).await, [false, false]);
    world.letters.tamper("UPDATE mandate SET mailbox_id = $1", args![bo.mailbox]).await;
    world.letters.tamper("UPDATE declined SET mailbox_id = $1", args![bo.mailbox]).await;
    let access = Access::Grant(world.log_in(Some(bo.person)));
    let item = (Column::Note, mandate_note(mandate), note.clone());
    let opened = world.web.open_columns(access, vec![item]).await.unwrap();
    assert!(opened[0].is_none());
}

async fn what_waits_is_sealed_anew_for_whom_it_waits(database: Database) {
    let world = World::new(database).await;
    let anna = world.citizen(ANNA).await;
    let bo = world.citizen(BO).await;
    let kept = world.keeps(anna, "anna@example.se", None).await;
    let id = MandateId::new(&SystemRandom);
    let places = [
        invitation_label(id, anna.mailbox),
        invitation_owner(id, anna.mailbox, &bo.address_mac),
        invitation_helper(id, anna.mailbox, bo.person),
    ];
    let mut sealed = vec![];
    for place in &places {
        sealed.push(world.sealed(Column::Note, place.clone(), "text").await);
    }
    let row = args![id, anna.mailbox, &bo.address_mac, &sealed[0], &sealed[1], bo.person, &sealed[2]];
    world.change(INVITATION, row).await;
    for (purpose, rows) in [("column-contact", 1), ("column-note", 3)] {
        assert_eq!(world.operator.rotate(purpose).await.unwrap().rewrapped, rows, "{purpose}");
    }
    world.keys_store.tamper("DELETE FROM kek WHERE purpose LIKE 'column-%' AND version = 1", &[]).await;
    let world = world.restarted(vec![]).await;
    let read = async |sql: &'static str| {
        let mut tx = world.letters.read("test").await.unwrap();
        tx.one(sql, &[]).await.unwrap().unwrap().bytes("sealed").unwrap().to_vec()
    };
    let address = read("SELECT address AS sealed FROM contact").await;
    let kept = Kept { sealed: address, ..kept };
    assert_eq!(world.shows(anna, &kept).await.as_deref(), Some("anna@example.se"));
    let fresh = [
        (anna, read("SELECT label AS sealed FROM invitation").await),
        (bo, read("SELECT owner_name AS sealed FROM invitation").await),
        (anna, read("SELECT helper_name AS sealed FROM invitation").await),
    ];
    for (place, (to, sealed)) in places.into_iter().zip(fresh) {
        assert!(world.opens_for(to.person, Column::Note, place, &sealed).await.is_some());
    }
}
