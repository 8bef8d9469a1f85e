//! For which mailboxes a person may act: read in the transaction that the decision belongs to.

use crate::failure::Failure;
use domain::{PersonId, Time};
use mailbox::Rights;
use store::Tx;

pub(crate) async fn rights(tx: &mut Tx, person: PersonId, now: Time) -> Result<Rights, Failure> {
    let boxes = registry::mandates::boxes_of(tx, person, now).await?;
    Ok(Rights { person, boxes: boxes.into_iter().map(|one| (one.mailbox_id, one.because)).collect() })
}
