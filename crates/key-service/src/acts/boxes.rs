//! Mailboxes are opened and closed.

use super::{Acted, Expected};
use crate::{
    change::Acting,
    directory::{self, Address, Known},
    failure::Failure,
    unvouched::alarm,
};
use domain::{AddressMac, IdentityKind, Language, MailboxId, PersonId, words::Because};
use key_client::{Applicant, Changed, GrantToken, KeysError, OpenFor, OpenMailbox, Opening};
use registry::{
    Owner, Recorder,
    boxes::{self, BoxError, NewBox},
    organisations, people,
    preferences::{self, BroughtHome},
    registrations,
    sets::{Facts, MailboxFacts, Subject, Table},
};
use vault::seal_to::PublicKey;

/// What is said of a box that was not opened.
fn word(error: BoxError) -> Result<&'static str, Failure> {
    match error {
        BoxError::UnderAge => Ok("under_age"),
        BoxError::Deceased => Ok("deceased"),
        BoxError::UnknownOwner => Ok("unknown_owner"),
        BoxError::Elsewhere(_) => Ok("elsewhere"),
        BoxError::Registry(error) => Err(error.into()),
    }
}

impl Acting<'_> {
    /// Whoever is logged in, by the numbers of their own e-ID answer.
    pub(super) async fn open_mailbox(
        &mut self,
        grant: &GrantToken,
        new: &OpenMailbox,
    ) -> Result<Acted, Failure> {
        let applicant = self.inner.grants.lock().touch(grant, self.at.0)?.applicant.clone();
        let language = new.language;
        let mut acted = Acted::done(true, vec![]);
        let person = self.make_known(&applicant, language, &mut acted).await?;
        let owner = Owner::Person(person);
        let recorder = self.recorder().by(person, Because::Owner);
        let clock = self.at;
        let by = recorder.by;
        if new.moves.is_some() {
            registrations::bring_home(&mut self.tx, owner, self.at.0).await?;
        }
        let opened = match self.open(owner, new.mailbox_id, applicant.adult, by, &mut acted).await? {
            Ok(opened) => opened,
            Err(BoxError::Elsewhere(operator)) => {
                return Ok(Acted {
                    outcome: Changed::Opened(vec![Opening::Elsewhere(operator)]),
                    ..nothing()
                });
            }
            Err(error) => return Ok(Acted::refused(word(error)?)),
        };
        // Another log-in may have opened one under another id meanwhile; what was sealed for this one does not fit it.
        if let Some(off) = new.moves.as_ref().filter(|_| opened == new.mailbox_id) {
            let tags: Vec<_> =
                off.iter().map(|one| self.declined_tag(opened, &one.sender)).collect::<Result<_, _>>()?;
            let home: Vec<_> = off
                .iter()
                .zip(&tags)
                .map(|(one, tag)| BroughtHome {
                    sender: &one.sender,
                    sender_mac: tag,
                    sealed_sender: &one.sealed,
                })
                .collect();
            let recorder = Recorder { clock: &clock, ..self.inner.recorder_by(by) };
            preferences::bring_home(&mut self.tx, &applicant.address_mac, opened, &home, &recorder).await?;
            let rows =
                tags.into_iter().map(|tag| (Subject::mailbox(opened), Expected::Row(Facts::Declined(tag))));
            acted.expected.extend(rows);
        }
        acted.outcome = Changed::Opened(vec![Opening::Here(opened)]);
        Ok(acted)
    }

    pub(super) async fn open_for_people(&mut self, people: &[OpenFor]) -> Result<Acted, Failure> {
        let mut acted = Acted::done(true, vec![]);
        let mut opened = Vec::with_capacity(people.len());
        for one in people {
            let language = Language::default();
            let person = self.make_known(&one.applicant, language, &mut acted).await?;
            let owner = Owner::Person(person);
            let by = registry::By::Service;
            match self.open(owner, one.mailbox_id, one.applicant.adult, by, &mut acted).await? {
                Ok(mailbox_id) => opened.push(Opening::Here(mailbox_id)),
                Err(BoxError::Elsewhere(operator)) => opened.push(Opening::Elsewhere(operator)),
                Err(error) => return Ok(Acted::refused(word(error)?)),
            }
        }
        acted.outcome = Changed::Opened(opened);
        Ok(acted)
    }

    pub(super) async fn open_for_organisation(
        &mut self,
        address_mac: &AddressMac,
        profile: &[u8],
        mailbox_id: MailboxId,
    ) -> Result<Acted, Failure> {
        let now = self.at.0;
        let random = &*self.inner.random;
        let (id, new) = organisations::register(&mut self.tx, address_mac, profile, now, random).await?;
        let owner = Owner::Organisation(id);
        let mut acted = Acted::done(true, vec![]);
        let mut keys = self.inner.keys.read("find address").await?;
        let stated = directory::address(&mut keys, address_mac, now).await?;
        drop(keys);
        if new {
            self.take_new(Subject::owner(owner)).await?;
            acted
                .expected
                .push((Subject::owner(owner), Expected::Row(Facts::Organisation { ended_at: None })));
            acted.known.addresses.push(Address::new(*address_mac, now, owner));
        }
        if new == stated.is_some() || stated.is_some_and(|stated| !stated.is_of(owner)) {
            return Err(alarm(Table::Identity, &Subject::owner(owner)));
        }
        match self.open(owner, mailbox_id, true, registry::By::Service, &mut acted).await? {
            Ok(opened) => acted.outcome = Changed::Opened(vec![Opening::Here(opened)]),
            Err(error) => return Ok(Acted::refused(word(error)?)),
        }
        Ok(acted)
    }

    /// The owner alone closes a mailbox, beside the operator.
    pub(super) async fn close_own_mailbox(
        &mut self,
        person: PersonId,
        mailbox_id: MailboxId,
    ) -> Result<Acted, Failure> {
        match self.governs(person, mailbox_id).await? {
            Some(Because::Owner) => {
                self.close_mailbox(mailbox_id, registry::By::Person(person, Because::Owner)).await
            }
            _ => Err(KeysError::NotAllowed.into()),
        }
    }

    /// The operator, by the number of whoever asked for it.
    pub(super) async fn close_for(&mut self, address_mac: &AddressMac) -> Result<Acted, Failure> {
        match self.whose(address_mac).await?.and_then(|known| known.mailbox) {
            Some(mailbox_id) => self.close_mailbox(mailbox_id, registry::By::Service).await,
            None => Ok(Acted::refused("no_mailbox")),
        }
    }

    async fn close_mailbox(&mut self, mailbox_id: MailboxId, by: registry::By) -> Result<Acted, Failure> {
        let recorder = self.inner.recorder_by(by);
        let at = self.at;
        let closed = boxes::close(&mut self.tx, mailbox_id, &Recorder { clock: &at, ..recorder }).await?;
        Ok(Acted::done(closed, self.box_row(mailbox_id, |facts| facts.closed_at = Some(at.0))))
    }

    /// The row of a mailbox that was taken up, changed.
    pub(super) fn box_row(
        &self,
        mailbox_id: MailboxId,
        change: impl Fn(&mut MailboxFacts),
    ) -> Vec<(Subject, Expected)> {
        let subject = Subject::mailbox(mailbox_id);
        let before = self.before(&subject).and_then(|set| set.of(Table::Mailbox).next());
        let Some(Facts::Mailbox(facts)) = before else { return vec![] };
        let mut facts = *facts;
        change(&mut facts);
        vec![(subject, Expected::Row(Facts::Mailbox(facts)))]
    }

    /// Opens the owner's mailbox, or opens it again; its key is made before anything is sealed to it.
    async fn open(
        &mut self,
        owner: Owner,
        mailbox_id: MailboxId,
        adult: bool,
        by: registry::By,
        acted: &mut Acted,
    ) -> Result<Result<MailboxId, BoxError>, Failure> {
        let at = self.at;
        let found = boxes::of_owner(&mut self.tx, owner).await?;
        let mailbox_id = match &found {
            Some(found) => {
                if self.take_mailbox(found.mailbox_id).await? != Some(owner) {
                    return Err(alarm(Table::Mailbox, &Subject::mailbox(found.mailbox_id)));
                }
                found.mailbox_id
            }
            None => {
                self.take_new(Subject::mailbox(mailbox_id)).await?;
                mailbox_id
            }
        };
        let keys = self.inner.make_mailbox_keys(&[mailbox_id]).await?;
        let key = keys.first().ok_or(Failure::Opaque)?;
        let public_key = PublicKey::from_bytes(key.public_key);
        let new = NewBox { mailbox_id, owner, epoch: key.epoch, public_key: &public_key, adult };
        let recorder = Recorder { clock: &at, ..self.inner.recorder_by(by) };
        let opened = match boxes::open(&mut self.tx, &new, &recorder).await {
            Err(BoxError::Registry(error)) => return Err(error.into()),
            Err(error) => return Ok(Err(error)),
            Ok(opened) => opened,
        };
        let facts = MailboxFacts { owner, opened_at: at.0, closed_at: None };
        acted.expected.push((Subject::mailbox(opened), Expected::Row(Facts::Mailbox(facts))));
        Ok(Ok(opened))
    }

    /// The person behind an e-ID answer or the operator's word. The letters database says who that is, and the key store
    /// must not gainsay it: a log-in or number that it gives to another is nobody's.
    async fn make_known(
        &mut self,
        applicant: &Applicant,
        language: Language,
        acted: &mut Acted,
    ) -> Result<PersonId, Failure> {
        let now = self.at.0;
        let random = &*self.inner.random;
        let new = people::NewPerson {
            login_mac: &applicant.login_mac,
            address_mac: &applicant.address_mac,
            kind: applicant.kind,
            profile: &applicant.profile_sealed,
            language,
        };
        let (person, is_new) = people::register(&mut self.tx, &new, now, random).await?;
        let owner = Owner::Person(person);
        let subject = Subject::person(person);
        if is_new {
            self.take_new(subject.clone()).await?;
            let state = Facts::Person { protected_at: None, deceased_at: None };
            acted.expected.push((subject.clone(), Expected::Row(state)));
            acted.known.addresses.push(Address::new(applicant.address_mac, now, owner));
        } else {
            self.take(std::slice::from_ref(&subject)).await?;
        }
        // Only now: another log-in of theirs may have been first a moment ago, and the key store knew of it before the letters
        // database did.
        let mut keys = self.inner.keys.read("find person").await?;
        let login = directory::login(&mut keys, &applicant.login_mac).await?.map(|(person, _)| person);
        let address = directory::address(&mut keys, &applicant.address_mac, now).await?;
        drop(keys);
        // Known by a log-in alone, as when another number of theirs was used before.
        let by_login = login == Some(person);
        let same_address = address.as_ref().map(|address| address.is_of(owner));
        let fits = match (is_new, same_address) {
            (true, None) => login.is_none(),
            (true, Some(_)) => false,
            (false, Some(same)) => same && login.is_none_or(|login| login == person),
            (false, None) => by_login,
        };
        if !fits {
            return Err(alarm(if by_login { Table::Identity } else { Table::Login }, &subject));
        }
        if login.is_none() {
            acted.known.logins.push((applicant.login_mac, person));
        }
        debug_assert_ne!(applicant.kind, IdentityKind::Organisation, "an e-ID is a person's");
        Ok(person)
    }
}

/// Nothing that may differ.
fn nothing() -> Acted {
    Acted { outcome: Changed::Done(false), expected: vec![], known: Known::default() }
}
