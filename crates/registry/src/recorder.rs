//! What a change of a mailbox needs to leave its evidence.

use crate::error::RegistryError;
use domain::{
    Clock, MailboxId, PersonId, Random, Time,
    words::{Because, EventType},
};
use evidence::NewEvent;
use key_client::EventRing;
use store::Tx;

/// Who makes the change, by what right, and what the event is written with.
#[derive(Clone, Copy)]
pub struct Recorder<'a> {
    /// The ring of `event.body`.
    pub events: &'a EventRing,
    pub random: &'a dyn Random,
    pub clock: &'a dyn Clock,
    pub by: By,
}

/// Who makes a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The operator or the service itself.
    Service,
    Person(PersonId, Because),
}

impl<'a> Recorder<'a> {
    /// For what the operator or the service does.
    pub fn service(events: &'a EventRing, random: &'a dyn Random, clock: &'a dyn Clock) -> Self {
        Self { events, random, clock, by: By::Service }
    }

    /// The same, in the name of a person.
    #[must_use]
    pub fn by(self, person: PersonId, because: Because) -> Self {
        Self { by: By::Person(person, because), ..self }
    }

    pub(crate) fn now(&self) -> Time {
        self.clock.now()
    }

    pub(crate) fn event(&self, kind: EventType) -> NewEvent {
        match self.by {
            By::Service => NewEvent::by_service(kind, self.now()),
            By::Person(person, because) => NewEvent::by_person(kind, self.now(), person, because),
        }
    }

    /// Appends to the mailbox's own chain.
    pub(crate) async fn record(
        &self,
        tx: &mut Tx,
        mailbox_id: MailboxId,
        event: NewEvent,
    ) -> Result<(), RegistryError> {
        evidence::append(tx, self.events, mailbox_id, mailbox_id.own_chain(), event, self.random).await?;
        Ok(())
    }
}
