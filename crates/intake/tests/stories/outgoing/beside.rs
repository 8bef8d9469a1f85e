//! A registration elsewhere that somebody has written beside a mailbox that is open here.

use super::*;
use registry::sets::Table;
use testing::Rows as _;

both!(a_registration_beside_an_open_mailbox_leads_no_letter_away);

impl World {
    /// The letters' administrator writes that the mailbox is at the other operator.
    async fn is_said_to_be_away(&self, number: &str) -> u64 {
        let mac = self.keys.address_mac(&Identity::parse(number).unwrap());
        let sql = "INSERT INTO registration (address_mac, registered_at, operator, account_type) \
            VALUES ($1, 1, '164020000065', 'secure')";
        self.store.change(sql, store::args![&mac]).await
    }

    async fn way(&self, number: &str) -> Result<Result<Route, Code>, KeysError> {
        let identity = Identity::parse(number).unwrap();
        let now = self.clock.now();
        let address_mac = self.keys.address_mac(&identity);
        let mut found = self.intake.look_up_many(&[address_mac], &org(TOWN), now).await.unwrap();
        let found = found.remove(&address_mac).unwrap()?;
        let sought = Sought { identity: &identity, address_mac: &address_mac, found: &found };
        Ok(self.intake.routes(&org(TOWN), &[sought], now).await.unwrap().remove(0))
    }
}

async fn a_registration_beside_an_open_mailbox_leads_no_letter_away(database: Database) {
    let (world, _) = world_with(database, Whereabouts::Own).await;
    world.knows_ladan().await;
    world.directory.refresh(&world.store).await.unwrap();
    assert_eq!(world.is_said_to_be_away(ANNA).await, 1);
    let unvouched = KeysError::Unvouched(Table::Registration.as_str().to_owned());
    for many in [false, true] {
        // Alone, and several that wait together are looked up by other statements.
        let anna = letter(&format!("a{many}"));
        let bo = with(letter(&format!("b{many}")), "recipient", json!(BO));
        if many {
            let (refused, taken) = tokio::join!(world.refused(&anna, &[]), world.send(&bo, &[]));
            assert_eq!((refused, taken.unwrap().forwarding), (Code::Unavailable, false));
        } else {
            assert_eq!(world.refused(&anna, &[]).await, Code::Unavailable);
        }
    }
    assert_eq!(world.way(ANNA).await.unwrap_err(), unvouched);
    assert_eq!(world.way(BO).await.unwrap().unwrap(), Route::Here);
    for sql in
        ["SELECT count(*) AS n FROM outbound", "SELECT count(*) AS n FROM job WHERE kind = 'hand_over'"]
    {
        assert_eq!(world.store.count(sql).await, 0, "{sql}");
    }
    assert_eq!(world.letters_in(world.anna.1).await, 0);
    // Taken back, her letters come; when she has truly moved, they go after her.
    world.store.change("DELETE FROM registration", &[]).await;
    assert!(!world.send(&letter("c"), &[]).await.unwrap().forwarding);
    let events = world.keys.events();
    let mac = world.keys.address_mac(&Identity::parse(ANNA).unwrap());
    let mut tx = world.store.begin("move").await.unwrap();
    let to = registry::registrations::Place::At(org(LADAN));
    let secure = registry::registrations::AccountType::Secure;
    let moved = registry::registrations::move_to(&mut tx, &mac, &to, secure, &world.recorder(&events)).await;
    assert!(moved.unwrap());
    tx.commit().await.unwrap();
    assert_eq!(world.way(ANNA).await.unwrap().unwrap(), Route::Away(ladan()));
    assert!(world.send(&letter("d"), &[]).await.unwrap().forwarding);
}
