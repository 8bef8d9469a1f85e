//! Where letters go by the word of another register, and that none goes round in circles.

use super::*;
use domain::DeclinedMac;
use intake::whereabouts::{Place, Register};
use std::{collections::HashMap, pin::Pin, sync::Mutex};
use testing::CLEO;
use testing::Rows as _;

both!(
    another_register_says_where_letters_go,
    no_letter_goes_back_to_who_brought_it_or_on_for_another_operator,
);

/// Says what it was told to say, and where that was forgotten, what it was told to say then.
#[derive(Debug, Default)]
struct Told(Mutex<HashMap<String, Option<Place>>>, Mutex<HashMap<String, Option<Place>>>);

/// The one that it has named beside those that somebody's mailbox is at.
const NAMED: &str = OFFICE;

impl Register for Told {
    fn places<'a>(
        &'a self,
        _: &'a OrgNumber,
        recipients: &'a [Identity],
    ) -> Pin<Box<dyn Future<Output = Vec<Option<Place>>> + Send + 'a>> {
        let told = self.0.lock().unwrap();
        let answers: Vec<_> = recipients
            .iter()
            .map(|one| told.get(one.expose()).cloned().unwrap_or(Some(Place::Nowhere)))
            .collect();
        Box::pin(std::future::ready(answers))
    }

    fn forget(&self, _: &OrgNumber, recipients: &[Identity]) {
        for one in recipients {
            if let Some(then) = self.1.lock().unwrap().remove(one.expose()) {
                self.0.lock().unwrap().insert(one.expose().to_owned(), then);
            }
        }
    }

    fn is_operator(&self, number: &OrgNumber) -> bool {
        number.as_str() == NAMED
    }
}

async fn another_register_says_where_letters_go(database: Database) {
    let told = Arc::new(Told::default());
    let (world, pki) = world_with(database, Whereabouts::Register(told.clone())).await;
    let says = |number: &str, place| told.0.lock().unwrap().insert(number.into(), place);
    let send = async |reference: &str, recipient: &str| {
        let letter = with(letter(reference), "recipient", json!(recipient));
        world.send(&letter, &[]).await.map(|answer| answer.forwarding)
    };
    let refused = |outcome: Result<bool, AcceptError>| outcome.unwrap_err().refusal().code;
    // An open box here, and the register knows nobody, or does not answer.
    assert!(!send("a", ANNA).await.unwrap());
    says(ANNA, None);
    assert!(!send("b", ANNA).await.unwrap());
    says(ANNA, Some(Place::Here));
    assert!(!send("c", ANNA).await.unwrap());
    says(ANNA, Some(Place::Declined));
    assert_eq!(refused(send("d", ANNA).await), Code::SenderDeclined);
    // Moved: an old open box here does not count.
    says(ANNA, Some(Place::At(ladan())));
    assert!(send("e", ANNA).await.unwrap());
    // Nobody that we have.
    says(CLEO, None);
    let unknown = send("f", CLEO).await.unwrap_err();
    assert_eq!(unknown.refusal().code, Code::Unavailable);
    assert!(unknown.retry_after().is_some());
    says(CLEO, Some(Place::Nowhere));
    assert_eq!(refused(send("f", CLEO).await), Code::RecipientUnknown);
    says(CLEO, Some(Place::Here));
    assert_eq!(refused(send("f", CLEO).await), Code::RecipientUnknown);
    // What was remembered proves wrong, and is asked anew.
    told.1.lock().unwrap().insert(CLEO.into(), Some(Place::At(ladan())));
    assert!(send("f", CLEO).await.unwrap());
    // Brought by whom it would go to, which is no operator that we know.
    let itself = OperatorAddress { number: org(DISPATCHER), ..ladan() };
    says(CLEO, Some(Place::At(itself)));
    let brought = sealed(&to(CLEO, vec![message("m-1")]), &pki.signer(TOWN), &pki.signer(DISPATCHER));
    assert_eq!(world.takes(DISPATCHER, brought).await, Err(Code::RecipientUnknown));
    assert_eq!(world.store.count("SELECT count(*) AS n FROM letter").await, 3);
    assert_eq!(world.store.count("SELECT count(*) AS n FROM outbound").await, 2);

    says(CLEO, Some(Place::At(ladan())));
    // Many at once, in order.
    says(BO, Some(Place::Declined));
    let identities = [ANNA, BO, CLEO].map(|number| Identity::parse(number).unwrap());
    let mut tx = world.store.read("look up").await.unwrap();
    let mut found = Vec::new();
    for identity in &identities {
        let mac = world.keys.address_mac(identity);
        found.push(
            registry::recipient::look_up(&mut tx, &mac, world.clock.now(), |_| {
                DeclinedMac::from_bytes([0; 32])
            })
            .await
            .unwrap(),
        );
    }
    drop(tx);
    let macs = identities.each_ref().map(|identity| world.keys.address_mac(identity));
    let sought = |at: usize| Sought { identity: &identities[at], address_mac: &macs[at], found: &found[at] };
    let sought = [0, 1, 2].map(sought);
    let routes = world.intake.routes(&org(TOWN), &sought, world.clock.now()).await.unwrap();
    let away = || Ok(Route::Away(ladan()));
    assert_eq!(routes, [away(), Err(Code::SenderDeclined), away()]);
    // An operator that is registered here is where it was registered, whatever the register says.
    says(BO, Some(Place::At(OperatorAddress { service_address: "https://127.0.0.1/".into(), ..ladan() })));
    let route = async || world.intake.routes(&org(TOWN), &sought[1..2], world.clock.now()).await.unwrap();
    assert_ne!(route().await, [away()]);
    world.knows_ladan().await;
    world.directory.refresh(&world.store).await.unwrap();
    assert_eq!(route().await, [away()]);
}

async fn no_letter_goes_back_to_who_brought_it_or_on_for_another_operator(database: Database) {
    // Without a mailbox here.
    let told = Arc::new(Told::default());
    let (world, pki) = world_with(database, Whereabouts::Register(told.clone())).await;
    let says = |place| told.0.lock().unwrap().insert(CLEO.into(), Some(place));
    let at = |number: &str| Place::At(OperatorAddress { number: org(number), ..ladan() });
    let to_cleo = |reference: &str| with(letter(reference), "recipient", json!(CLEO));
    let town = pki.signer(TOWN);
    let dispatcher = pki.signer(DISPATCHER);
    says(at(LADAN));
    let brought = sealed(&to(CLEO, vec![message("m-1")]), &town, &dispatcher);
    let by_soap = world.takes(DISPATCHER, brought).await.unwrap().remove(0).letter_id;
    let signed = world.dispatcher.sign(&to_cleo("a"));
    let by_rest = world.send_as(&org(DISPATCHER), signed, &[]).await.unwrap().letter_id;
    let by_town = world.send(&to_cleo("b"), &[]).await.unwrap().letter_id;
    // Cleo moves to whom two of them were brought by.
    says(at(DISPATCHER));
    for (letter_id, back) in [(by_soap, true), (by_rest, true), (by_town, false)] {
        let (waiting, original) = world.waiting(letter_id).await;
        let heading = world.intake.heading(&waiting, &original).await.unwrap();
        assert_eq!(heading == Heading::Nowhere(ReturnReason::NotDelivered), back, "{heading:?}");
    }
    let again = world.send_as(&org(DISPATCHER), world.dispatcher.sign(&to_cleo("c")), &[]).await;
    assert_eq!(code(again), Code::RecipientElsewhere);
    // An operator that only the other register has named, and that dispatches for the town.
    let mut tx = world.store.begin("list").await.unwrap();
    registry::dispatch::list(&mut tx, &org(TOWN), &org(NAMED), world.clock.now()).await.unwrap();
    tx.commit().await.unwrap();
    says(at(LADAN));
    let next = sealed(&to(CLEO, vec![message("m-2")]), &town, &pki.signer(NAMED));
    world.takes(NAMED, next).await.unwrap_err();
    assert_eq!(world.store.count("SELECT count(*) AS n FROM outbound").await, 3);
}
