//! Whose a number is. Where a change names somebody by a number, the key store says who that is: by the letters database
//! alone, what one person signed or the operator ordered could be led to another.

use crate::{
    change::Acting,
    failure::Failure,
    unvouched::{TRIES, alarm},
};
use domain::{AddressMac, MailboxId};
use key_client::AddressStatement;
use registry::{
    Owner, boxes, identities,
    sets::{Subject, Table},
};

/// Somebody who is known.
#[derive(Clone, Copy)]
pub(super) struct Known {
    pub owner: Owner,
    /// Theirs, open or closed.
    pub mailbox: Option<MailboxId>,
}

/// What the two databases do not agree on, and of whom.
struct Gainsaid(Table, String);

impl Acting<'_> {
    /// Who has this number now, taken up with the mailbox. `None` when nobody is known by it.
    pub(super) async fn whose(&mut self, address_mac: &AddressMac) -> Result<Option<Known>, Failure> {
        let mut attempt = 0;
        let known = loop {
            attempt += 1;
            match self.try_whose(address_mac).await? {
                Ok(known) => break known,
                // A change may lie between the two readings.
                Err(_) if attempt < TRIES => {}
                Err(Gainsaid(table, of)) => return Err(alarm(table, &of)),
            }
        };
        let Some(known) = known else { return Ok(None) };
        self.take(&[Subject::owner(known.owner)]).await?;
        if let Some(mailbox) = known.mailbox
            && self.take_mailbox(mailbox).await? != Some(known.owner)
        {
            return Err(alarm(Table::Mailbox, &Subject::mailbox(mailbox)));
        }
        Ok(Some(known))
    }

    async fn try_whose(
        &mut self,
        address_mac: &AddressMac,
    ) -> Result<Result<Option<Known>, Gainsaid>, Failure> {
        let claimed = identities::owner_now(&mut self.tx, address_mac, self.at.0).await?;
        let stated = self.inner.statements(std::slice::from_ref(address_mac)).await?.pop().flatten();
        let (owner, stated) = match (claimed, stated) {
            (None, None) => return Ok(Ok(None)),
            (Some(owner), Some(stated)) if is_of(&stated, owner) => (owner, stated),
            // A first mailbox is being opened by them: soon both know of it, or neither.
            (None, Some(stated)) if !stated.settled => return Err(Failure::UnderWay(vec![])),
            (Some(owner), _) => {
                return Ok(Err(Gainsaid(Table::Identity, Subject::owner(owner).to_string())));
            }
            (None, Some(stated)) => {
                let of = format!("{} {}", stated.owner_kind, hex::encode(stated.owner_id));
                return Ok(Err(Gainsaid(Table::Identity, of)));
            }
        };
        let found = boxes::of_owner(&mut self.tx, owner).await?.map(|found| found.mailbox_id);
        match (found, stated.mailbox) {
            (None, Some(stated)) if stated.vouched.next.is_some() => {
                Err(Failure::UnderWay(vec![Subject::mailbox(stated.mailbox_id)]))
            }
            // One whose key is lost is stated no more, and can be moved all the same.
            (mailbox, stated) if stated.as_ref().is_none_or(|one| Some(one.mailbox_id) == mailbox) => {
                Ok(Ok(Some(Known { owner, mailbox })))
            }
            _ => Ok(Err(Gainsaid(Table::Mailbox, Subject::owner(owner).to_string()))),
        }
    }
}

fn is_of(stated: &AddressStatement, owner: Owner) -> bool {
    stated.owner_kind == owner.kind().as_str() && stated.owner_id == owner.id()
}
