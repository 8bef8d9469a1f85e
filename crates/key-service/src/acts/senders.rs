//! Senders, dispatchers and certificates: the operator's command.

use super::{Acted, Expected};
use crate::{change::Acting, failure::Failure};
use domain::OrgNumber;
use key_client::SenderChange;
use registry::{
    certificates::{self, CertificateError},
    dispatch,
    senders::{self, SenderError},
    sets::{Facts, Subject, Table},
};

impl Acting<'_> {
    pub(super) async fn change_sender(&mut self, change: &SenderChange) -> Result<Acted, Failure> {
        match change {
            SenderChange::Put { number, name, may_send } => self.put_sender(number, name, *may_send).await,
            SenderChange::Suspend { number, suspended } => {
                let at = self.at.0;
                let row = self.sender_row(number, |_, _, suspended_at, _| {
                    *suspended_at = suspended.then_some(at);
                });
                let row = row.await?;
                let done = match suspended {
                    true => senders::suspend(&mut self.tx, number, at).await?,
                    false => senders::resume(&mut self.tx, number).await?,
                };
                Ok(Acted::done(done, row))
            }
            SenderChange::Sha1 { number, allowed } => {
                let row = self.sender_row(number, |_, _, _, sha1| *sha1 = *allowed).await?;
                Ok(Acted::done(senders::set_sha1(&mut self.tx, number, *allowed).await?, row))
            }
            SenderChange::Dispatcher { sender, dispatcher, listed } => {
                self.dispatcher(sender, dispatcher, *listed).await
            }
            SenderChange::AddCertificate { number, der } => self.add_certificate(number, der).await,
            SenderChange::RevokeCertificate { sha256 } => self.revoke_certificate(sha256).await,
        }
    }

    async fn put_sender(&mut self, number: &OrgNumber, name: &str, may_send: bool) -> Result<Acted, Failure> {
        let subject = Subject::sender(number);
        let Ok(shown) = senders::shown(name) else { return Ok(Acted::refused("name")) };
        let known = senders::find(&mut self.tx, number).await?;
        self.take(std::slice::from_ref(&subject)).await?;
        let (suspended_at, sha1) = known.as_ref().map_or((None, false), |one| (one.suspended_at, one.sha1));
        let added = senders::add(&mut self.tx, number, name, may_send, self.at.0).await.map_err(failed)?;
        if !added {
            senders::rename(&mut self.tx, number, name).await.map_err(failed)?;
            senders::set_may_send(&mut self.tx, number, may_send).await?;
        }
        let row = Facts::Sender { name: shown, may_send, suspended_at, sha1 };
        Ok(Acted::done(added, vec![(subject, Expected::Row(row))]))
    }

    async fn dispatcher(
        &mut self,
        sender: &OrgNumber,
        dispatcher: &OrgNumber,
        listed: bool,
    ) -> Result<Acted, Failure> {
        let (subject, at) = (Subject::sender(sender), self.at.0);
        self.take(std::slice::from_ref(&subject)).await?;
        if listed {
            let done = dispatch::list(&mut self.tx, sender, dispatcher, at).await?;
            let row = Facts::Dispatch { dispatcher: dispatcher.clone(), valid_from: at, valid_to: None };
            return Ok(Acted::done(done, vec![(subject, Expected::Row(row))]));
        }
        let held = self.before(&subject).into_iter().flat_map(|set| set.of(Table::Dispatch));
        let ended = held.filter_map(|facts| match facts {
            Facts::Dispatch { dispatcher: of, valid_from, valid_to: None } if of == dispatcher => {
                Some(Facts::Dispatch { dispatcher: of.clone(), valid_from: *valid_from, valid_to: Some(at) })
            }
            _ => None,
        });
        let expected = ended.map(|facts| (subject.clone(), Expected::Row(facts))).collect();
        Ok(Acted::done(dispatch::unlist(&mut self.tx, sender, dispatcher, at).await?, expected))
    }

    async fn add_certificate(&mut self, number: &OrgNumber, der: &[u8]) -> Result<Acted, Failure> {
        let subject = Subject::sender(number);
        self.take(std::slice::from_ref(&subject)).await?;
        let entry = match certificates::add(&mut self.tx, number, der, self.at.0).await {
            Ok(entry) => entry,
            Err(CertificateError::Store(error)) => return Err(error.into()),
            Err(error) => return Ok(Acted::refused(&error.to_string())),
        };
        let row = Facts::Certificate { sha256: entry.sha256, revoked_at: entry.revoked_at };
        Ok(Acted::done(true, vec![(subject, Expected::Row(row))]))
    }

    async fn revoke_certificate(&mut self, sha256: &[u8; 32]) -> Result<Acted, Failure> {
        let Some(of) = certificates::organisation_of(&mut self.tx, sha256).await? else {
            return Ok(Acted::done(false, vec![]));
        };
        let (subject, at) = (Subject::sender(&of), self.at.0);
        self.take(std::slice::from_ref(&subject)).await?;
        let revoked = certificates::revoke(&mut self.tx, sha256, at).await?;
        let row = Facts::Certificate { sha256: *sha256, revoked_at: Some(at) };
        Ok(Acted::done(revoked, vec![(subject, Expected::Row(row))]))
    }

    /// The sender's row, changed.
    async fn sender_row(
        &mut self,
        number: &OrgNumber,
        change: impl Fn(&mut String, &mut bool, &mut Option<domain::Time>, &mut bool),
    ) -> Result<Vec<(Subject, Expected)>, Failure> {
        let subject = Subject::sender(number);
        self.take(std::slice::from_ref(&subject)).await?;
        let before = self.before(&subject).and_then(|set| set.of(Table::Sender).next().cloned());
        let Some(Facts::Sender { mut name, mut may_send, mut suspended_at, mut sha1 }) = before else {
            return Ok(vec![]);
        };
        change(&mut name, &mut may_send, &mut suspended_at, &mut sha1);
        let row = Facts::Sender { name, may_send, suspended_at, sha1 };
        Ok(vec![(subject, Expected::Row(row))])
    }
}

fn failed(error: SenderError) -> Failure {
    match error {
        SenderError::Store(error) => error.into(),
        SenderError::Name(_) => key_client::KeysError::Rejected("name".into()).into(),
    }
}
