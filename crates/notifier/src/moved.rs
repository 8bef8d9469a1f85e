//! The job of telling somebody that their mailbox has moved because of what was signed: whoever signed, the owner learns
//! of it at each address that notices go to. The words name no operator.

use crate::{
    Notifier,
    delivery::{Delivery, Failure},
    reach::AT_ONCE,
    texts,
};
use domain::{
    ContactId, Time,
    jobs::{JobSubject, MoveJob},
};
use futures_util::{StreamExt, stream};
use key_client::NoticeFor;
use registry::contacts::{self, Reach};
use std::{collections::HashMap, sync::Arc};
use store::jobs::{Handler, Job, Outcome};
use tracing::{info, warn};

/// The kind of job that a move by agreement enqueues.
pub const MOVED: &str = MoveJob::KIND;

/// Tells of moves. Give it to a [`store::jobs::Worker`].
pub struct Mover(pub Arc<Notifier>);

impl Mover {
    async fn tell(&self, job: &Job) -> Result<Outcome, store::Error> {
        let Some(MoveJob(mailbox_id)) = job.subject() else { return Ok(Outcome::UNREADABLE) };
        let now = self.0.clock.now();
        let mut tx = self.0.store.read("plan notice of a move").await?;
        let contacts = contacts::for_mailbox(&mut tx, mailbox_id, now).await?;
        drop(tx);
        let wanted = contacts.iter().map(|one| (one.contact_id, &one.address)).collect();
        let addresses = &self.0.opened(vec![NoticeFor::Move(mailbox_id)], wanted).await;
        let sending: Vec<_> =
            contacts.iter().map(|contact| self.try_one(job, contact, addresses, now)).collect();
        let results: Vec<Result<(), Failure>> = stream::iter(sending).buffered(AT_ONCE).collect().await;
        if results.iter().any(Result::is_ok) {
            return Ok(Outcome::Done);
        }
        // A job that was tried enough is given up, and the operator sees it.
        let later = results.iter().find_map(|result| match result {
            Err(Failure::Later(code)) => Some(*code),
            _ => None,
        });
        Ok(later.map_or(Outcome::Done, Outcome::Retry))
    }

    async fn try_one(
        &self,
        job: &Job,
        contact: &Reach,
        addresses: &HashMap<ContactId, String>,
        at: Time,
    ) -> Result<(), Failure> {
        let result = match addresses.get(&contact.contact_id) {
            None => Err(Failure::Later("address_sealed")),
            Some(address) => {
                let language = contact.language;
                let parts: [&[u8]; 2] = [job.id.as_bytes(), contact.contact_id.as_bytes()];
                let delivery = Delivery {
                    id: self.0.notifier_keys.notice.tag("moved", &parts),
                    address: address.clone(),
                    channel: contact.channel,
                    subject: texts::moved_subject(language).to_owned(),
                    text: texts::moved(language).to_owned(),
                    at,
                };
                self.0.channels.send(&delivery).await
            }
        };
        let code = result.map_or_else(Failure::code, |()| "sent");
        let channel = contact.channel.as_str();
        metrics::counter!("kuvert_move_notices_total", "channel" => channel, "result" => code).increment(1);
        if result.is_err() {
            let id = contact.contact_id;
            info!(contact.id = %id, code, "Could not tell contact {id} of a move");
        }
        result
    }
}

impl Handler for Mover {
    async fn run(&self, jobs: Vec<Job>) -> Vec<(Job, Outcome)> {
        let mut outcomes = Vec::with_capacity(jobs.len());
        for job in jobs {
            let outcome = match Box::pin(self.tell(&job)).await {
                Ok(outcome) => outcome,
                Err(error) => {
                    warn!(%error, "Could not tell of a move; trying again");
                    Outcome::Retry("store")
                }
            };
            outcomes.push((job, outcome));
        }
        outcomes
    }
}
