//! The names of mailboxes' owners and of helpers, opened by the key service for those who may see them.

use crate::{fault::Fault, state::Web, visitor::Session};
use domain::{MailboxId, PersonId};
use key_client::{Access, Column, mandate_note, organisation_profile, person_profile};
use registry::{Owner, identities, mandates, mandates::Mandate};
use std::collections::HashMap;
use store::args;

/// What to call each mailbox that the person acts for.
pub(crate) struct BoxNames(HashMap<MailboxId, String>);

impl BoxNames {
    /// All of them. A name that may not be seen, as that of a protected person, is left out.
    pub(crate) async fn read(web: &Web, session: &Session) -> Result<Self, Fault> {
        let (mut items, mut owners) = (Vec::new(), Vec::new());
        let mut names = HashMap::new();
        let mut tx = web.0.parts.store.read("names of mailboxes").await?;
        for one in &session.boxes {
            match one.owner {
                Owner::Person(id) if Some(id) == session.view.person => {
                    names.insert(one.mailbox_id, session.view.name.clone());
                }
                Owner::Person(id) => {
                    // Sealed at a log-in, under one of the tags that the owner logs in with.
                    for row in tx.query(LOGINS, args![id]).await? {
                        items.push((
                            Column::Profile,
                            person_profile(&row.array(0)?),
                            one.owner_profile.clone(),
                        ));
                        owners.push(one.mailbox_id);
                    }
                }
                Owner::Organisation(_) => {
                    for number in identities::of_owner(&mut tx, one.owner).await? {
                        let place = organisation_profile(&number.mac);
                        items.push((Column::Profile, place, one.owner_profile.clone()));
                        owners.push(one.mailbox_id);
                    }
                }
            }
        }
        drop(tx);
        if !items.is_empty() {
            let opened = web.0.parts.keys.open_columns(Access::Grant(session.grant.clone()), items).await?;
            for (mailbox, profile) in owners.into_iter().zip(opened) {
                let name = profile.and_then(|json| name_in(&json));
                names.extend(name.map(|name| (mailbox, name)));
            }
        }
        Ok(Self(names))
    }

    /// A mailbox's name.
    pub(crate) fn of(&self, mailbox: MailboxId) -> Option<&str> {
        self.0.get(&mailbox).map(String::as_str)
    }

    /// The name to put on a letter: none when there is only one mailbox, for then it says nothing.
    pub(crate) fn label(&self, session: &Session, mailbox: MailboxId) -> Option<String> {
        (session.boxes.len() > 1).then(|| self.of(mailbox).unwrap_or("–").to_owned())
    }
}

/// The names of those who hold or held a right over a mailbox, as the owner wrote them.
pub(crate) async fn holders(
    web: &Web,
    session: &Session,
    mandates: &[Mandate],
) -> Result<Vec<Option<String>>, Fault> {
    if mandates.is_empty() {
        return Ok(Vec::new());
    }
    let item = |one: &Mandate| (Column::Note, mandate_note(one.mandate_id), one.note.clone());
    let items = mandates.iter().map(item).collect();
    let opened = web.0.parts.keys.open_columns(Access::Grant(session.grant.clone()), items).await?;
    Ok(opened.into_iter().map(|note| String::from_utf8(note?).ok()).collect())
}

/// The same by person, for histories.
pub(crate) async fn people_of(
    web: &Web,
    session: &Session,
    mailbox: MailboxId,
) -> Result<HashMap<PersonId, String>, Fault> {
    let mut tx = web.0.parts.store.read("names of holders").await?;
    let mandates = mandates::of_mailbox(&mut tx, mailbox).await?;
    drop(tx);
    let names = holders(web, session, &mandates).await?;
    Ok(mandates.iter().zip(names).filter_map(|(one, name)| Some((one.person_id, name?))).collect())
}

fn name_in(profile: &[u8]) -> Option<String> {
    let profile: serde_json::Value = serde_json::from_slice(profile).ok()?;
    profile.get("name")?.as_str().map(str::to_owned)
}

const LOGINS: &str = "SELECT mac FROM login WHERE person_id = $1 ORDER BY mac LIMIT 4";
