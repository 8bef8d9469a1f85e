//! What somebody signed themselves, led to another by whoever writes the letters' database.

use crate::{
    moving::{PATH, agreed},
    world::{ANNA, BO, LADAN, World},
};
use domain::AddressMac;
use store::{args, both, testing::Database};
use testing::Rows as _;

both!(ones_own_agreement_moves_nobody_else);

impl World {
    async fn owner(&self, mac: &AddressMac) -> Vec<u8> {
        let mut tx = self.store.read("look").await.unwrap();
        let row = tx.one("SELECT owner_id FROM identity WHERE mac = $1", args![mac]).await.unwrap().unwrap();
        row.bytes("owner_id").unwrap().to_vec()
    }
}

/// For a moment the letters' administrator has Bo's number lead to Anna.
async fn ones_own_agreement_moves_nobody_else(database: Database) {
    let world = World::new(database).await;
    world.has_box(ANNA).await;
    world.has_box(BO).await;
    let away = world.moves(BO, &agreed(BO, "move", "ladan.example"));
    let swaps = "UPDATE identity SET owner_id = (SELECT m.owner_id FROM mailbox m JOIN identity i \
        ON i.owner_id = m.owner_id WHERE i.mac = $1) WHERE mac = $2";
    let anna = world.mac(ANNA).await;
    let bo = world.mac(BO).await;
    let before = world.owner(&bo).await;
    world.store.tamper(swaps, args![&anna, &bo]).await;
    assert_eq!(world.calls(LADAN, PATH, &away).await.unwrap_err().1, "unavailable");
    world.store.tamper("UPDATE identity SET owner_id = $1 WHERE mac = $2", args![&before, &bo]).await;
    let open = "SELECT count(*) AS n FROM mailbox WHERE closed_at IS NULL";
    assert_eq!(
        (world.store.count(open).await, world.store.count("SELECT count(*) AS n FROM registration").await),
        (2, 0)
    );
    // It was not used up, and moves his own.
    world.calls(LADAN, PATH, &away).await.unwrap();
    assert_eq!(world.store.count(open).await, 1);
    assert_eq!(
        (world.place(ANNA).await, world.place(BO).await),
        (vec!["Kuvert".into()], vec!["Lådan".into()])
    );
}
