//! Sending. Between two transactions, inside none.

use crate::{
    Notifier,
    delivery::{Delivery, Failure},
    plan::Group,
    texts,
    window::{Attempt, Before, Planned},
    worker::DueNotice,
};
use domain::{ContactId, SenderMac, jobs::NoticeJob, words::NoticeState};
use futures_util::{StreamExt, stream};
use key_client::{Access, Column, NoticeFor, contact_address};
use registry::contacts::Reach;
use std::collections::HashMap;
use tracing::{info, warn};

/// What a group came to.
pub(crate) struct Reached {
    pub group: Group,
    pub attempts: Vec<Attempt>,
}

impl Notifier {
    /// Sends what was written down, several mailboxes at a time.
    pub(crate) async fn reach(&self, groups: Vec<Group>, planned: Vec<Vec<Planned>>) -> Vec<Reached> {
        let addresses = &self.addresses(&groups, &planned).await;
        let sending = groups.into_iter().zip(planned).map(|(group, planned)| async move {
            let mut attempts = Vec::with_capacity(planned.len());
            for (contact, planned) in group.contacts.iter().zip(planned) {
                let result = self.try_one(&group, contact, &planned, addresses).await;
                attempts.push(Attempt { planned, result });
            }
            Reached { group, attempts }
        });
        stream::iter(sending).buffer_unordered(AT_ONCE).collect().await
    }

    async fn try_one(
        &self,
        group: &Group,
        contact: &Reach,
        planned: &Planned,
        addresses: &HashMap<ContactId, String>,
    ) -> Result<(), Failure> {
        let contact_id = contact.contact_id;
        let channel = contact.channel.as_str();
        let result = match (planned.before, addresses.get(&contact_id)) {
            (Some(Before::Sent), _) => return count(channel, "shared", Ok(())),
            (Some(Before::UnderWay), _) => return count(channel, UNDER_WAY, Err(Failure::Later(UNDER_WAY))),
            (Some(Before::Failed), _) => return count(channel, "failed_before", Err(FAILED_BEFORE)),
            (None, None) => Err(Failure::Later("address_sealed")),
            (None, Some(address)) => {
                self.channels.send(&self.compose(group, contact, planned, address)).await
            }
        };
        match result {
            Ok(()) => {}
            Err(Failure::BadAddress(code)) => {
                info!(contact.id = %contact_id, code, "Contact {contact_id} does not work and is passed over");
            }
            Err(failure) => {
                let code = failure.code();
                warn!(contact.id = %contact_id, code, "Could not send a notice to contact {contact_id}");
            }
        }
        count(channel, result.map_or_else(Failure::code, |()| "sent"), result)
    }

    fn compose(&self, group: &Group, contact: &Reach, planned: &Planned, address: &str) -> Delivery {
        let language = contact.language;
        let sender = group.sender_mac.filter(|_| contact.show_sender).and_then(|mac| self.sender_name(&mac));
        Delivery {
            id: planned.notice_id,
            address: address.to_owned(),
            channel: planned.channel,
            subject: texts::subject(language).to_owned(),
            text: texts::text(language, sender.as_deref()),
            at: planned.window_at,
        }
    }

    /// Neither letters nor announcements say in clear who sent them; the tag of each registered sender is tried.
    pub(crate) fn sender_name(&self, mac: &SenderMac) -> Option<String> {
        let tag = |number: &str| {
            SenderMac::from_bytes(self.notifier_keys.sender.tag("sender", &[number.as_bytes()]))
        };
        self.directory.current().senders().find(|s| tag(s.number.as_str()) == *mac).map(|s| s.name.clone())
    }

    /// The name of a registered sender.
    pub(crate) fn name_of(&self, number: &str) -> Option<String> {
        self.directory.current().senders().find(|s| s.number.as_str() == number).map(|s| s.name.clone())
    }

    async fn addresses(&self, groups: &[Group], planned: &[Vec<Planned>]) -> HashMap<ContactId, String> {
        let mut wanted = HashMap::new();
        for (group, planned) in groups.iter().zip(planned) {
            let needed = group.contacts.iter().zip(planned).filter(|(_, planned)| planned.before.is_none());
            wanted.extend(needed.map(|(contact, _)| (contact.contact_id, &contact.address)));
        }
        let letters = groups.iter().flat_map(|group| &group.jobs);
        let letter = |due: &DueNotice| {
            let NoticeJob { mailbox_id, letter_id } = due.letter;
            NoticeFor::Letter { mailbox: mailbox_id, letter: letter_id }
        };
        self.opened(letters.map(letter).collect(), wanted.into_iter().collect()).await
    }

    /// Addresses as the key service opens them for these notices. Those that do not open are left out.
    pub(crate) async fn opened(
        &self,
        notices: Vec<NoticeFor>,
        wanted: Vec<(ContactId, &Vec<u8>)>,
    ) -> HashMap<ContactId, String> {
        let mut addresses = HashMap::with_capacity(wanted.len());
        for some in wanted.chunks(OPENED_AT_ONCE) {
            let item = |(id, sealed): &(ContactId, &Vec<u8>)| {
                (Column::Contact, contact_address(*id), (*sealed).clone())
            };
            let items = some.iter().map(item).collect();
            match self.keys.open_columns(Access::Notifier(notices.clone()), items).await {
                Ok(opened) => {
                    let opened = some
                        .iter()
                        .zip(opened)
                        .filter_map(|((id, _), address)| Some((*id, String::from_utf8(address?).ok()?)));
                    addresses.extend(opened);
                }
                Err(error) => warn!(%error, "The key service opened no addresses"),
            }
        }
        addresses
    }
}

impl Reached {
    /// One channel that was reached is enough. Nothing is given up while a channel may still work.
    pub(crate) fn verdict(&self) -> Result<NoticeState, &'static str> {
        if self.attempts.iter().any(|attempt| attempt.result.is_ok()) {
            return Ok(NoticeState::Sent);
        }
        let later = self.attempts.iter().find_map(|attempt| match attempt.result {
            Err(Failure::Later(code)) => Some(code),
            _ => None,
        });
        later.map_or(Ok(NoticeState::Failed), Err)
    }
}

fn count(channel: &'static str, code: &'static str, result: Result<(), Failure>) -> Result<(), Failure> {
    metrics::counter!("kuvert_notices_total", "channel" => channel, "result" => code).increment(1);
    result
}

/// Another worker is about to send the same notice.
pub(crate) const UNDER_WAY: &str = "under_way";
const FAILED_BEFORE: Failure = Failure::Never("failed_before");
/// Mailboxes that are told at once.
pub(crate) const AT_ONCE: usize = 8;
/// Addresses in one question to the key service.
const OPENED_AT_ONCE: usize = 500;
