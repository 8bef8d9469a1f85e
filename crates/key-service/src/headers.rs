//! The keys for the headers of many letters, with one line in the mailbox's history.

use crate::{
    failure::{AGAIN, Failure},
    grants::Spent,
    letter_key::find,
    rights::rights,
    service::Inner,
};
use domain::{
    LetterId, MailboxId, PersonId, Time,
    words::{Act, EventType},
};
use evidence::NewEvent;
use key_client::{GrantToken, KeysError, SecretKey};
use mailbox::{LetterFacts, may, may_box};
use std::collections::HashMap;
use store::Tries;
use vault::{Key, Purpose, derive};

impl Inner {
    pub(crate) async fn headers(
        &self,
        grant: &GrantToken,
        mailbox: MailboxId,
        letters: Vec<LetterId>,
    ) -> Result<Vec<(LetterId, Option<SecretKey>)>, Failure> {
        if letters.len() > MOST {
            return Err(KeysError::Budget.into());
        }
        let now = self.clock.now();
        let person = self.grants.lock().spend_list(grant, now)?;
        if letters.is_empty() {
            return Ok(vec![]);
        }
        // Outside any transaction that writes: half a thousand openings take their time.
        let mut tx = self.letters.glance("find headers").await?;
        may_box(&rights(&mut tx, person, now).await?, mailbox, Act::List).ok_or(KeysError::NotAllowed)?;
        let found = find(&mut tx, &self.keks.event_rings(now)?, mailbox, &letters).await?;
        drop(tx);
        let opened = self.open_keys(mailbox, found, |key| derive(key, Purpose::Headers)).await?;
        let opened =
            opened.into_iter().filter_map(|(sealed, key)| Some((sealed.facts, key?))).collect::<Vec<_>>();

        let mut tries = Tries::again(AGAIN);
        let allowed = loop {
            match self.list(person, mailbox, &opened, now).await {
                Err(failure) if tries.left(failure.is_transient()) => {}
                outcome => break outcome?,
            }
        };
        let mut keys: HashMap<LetterId, Key> = opened
            .into_iter()
            .filter(|(facts, _)| allowed.contains(&facts.letter_id))
            .map(|(facts, key)| (facts.letter_id, key))
            .collect();
        Ok(letters.into_iter().map(|id| (id, keys.remove(&id).map(SecretKey::from))).collect())
    }

    /// Decides once more by what holds now, and writes it down.
    async fn list(
        &self,
        person: PersonId,
        mailbox: MailboxId,
        opened: &[(LetterFacts, Key)],
        now: Time,
    ) -> Result<Vec<LetterId>, Failure> {
        let mut tx = self.letters.begin_urgent("list letters").await?;
        let rights = self.rights_over(&mut tx, person, mailbox, now).await?;
        let because = may_box(&rights, mailbox, Act::List).ok_or(KeysError::NotAllowed)?;
        let allowed: Vec<_> = opened
            .iter()
            .filter(|(facts, _)| may(&rights, facts, Act::List, now).is_some())
            .map(|(facts, _)| facts.letter_id)
            .collect();
        if !allowed.is_empty() {
            let listed = NewEvent::by_person(EventType::Listed, now, person, because);
            evidence::append(&mut tx, &self.events, mailbox, mailbox.own_chain(), listed, &*self.random)
                .await?;
            tx.commit().await?;
        }
        Ok(allowed)
    }
}

impl From<Spent> for Failure {
    fn from(spent: Spent) -> Self {
        match spent {
            Spent::Budget(which) => Self::Budget(which),
            Spent::Refused(error) => Self::Refused(error),
        }
    }
}

const MOST: usize = 500;
