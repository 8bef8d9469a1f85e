//! Senders, dispatchers and certificates: the operator's command. Each change leaves an event in the sender's own chain.

use super::{Acted, Expected};
use crate::{change::Acting, failure::Failure};
use domain::{CertificateDigest, OrgNumber, words::RegistryEventType as Kind};
use evidence::{Particulars, Party};
use key_client::SenderChange;
use registry::{
    certificates::{self, CertificateError},
    dispatch,
    senders::{self, SenderError},
    sets::{CertificateFacts, Facts, Subject, Table},
};

type Rows = Vec<(Subject, Expected)>;

impl Acting<'_> {
    pub(super) async fn change_sender(&mut self, change: &SenderChange) -> Result<Acted, Failure> {
        match change {
            SenderChange::Put { number, name, may_send } => self.put_sender(number, name, *may_send).await,
            SenderChange::Suspend { number, suspended } => self.suspend(number, *suspended).await,
            SenderChange::Sha1 { number, allowed } => self.sha1(number, *allowed).await,
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
        let called = |name: &str| Particulars { name: Some(name.to_owned()), ..Particulars::default() };
        let sends = Particulars { may_send: Some(may_send), ..Particulars::default() };
        let mut events = vec![];
        match &known {
            None => {
                events.push((Kind::SenderAdded, Particulars { may_send: Some(may_send), ..called(&shown) }));
            }
            Some(known) => {
                if known.name != shown {
                    events.push((Kind::SenderRenamed, called(&shown)));
                }
                if known.may_send != may_send {
                    events.push((Kind::SenderMaySend, sends));
                }
            }
        }
        let row = Facts::Sender { name: shown, may_send, suspended_at, sha1 };
        let mut rows = vec![(subject, Expected::Row(row))];
        for (kind, particulars) in events {
            rows.push(self.happened((Party::Sender, number), kind, particulars).await?);
        }
        Ok(Acted::done(added, rows))
    }

    async fn suspend(&mut self, number: &OrgNumber, suspended: bool) -> Result<Acted, Failure> {
        let at = self.at.0;
        let rows = self.sender_row(number, |suspended_at, _| *suspended_at = suspended.then_some(at)).await?;
        let (done, kind) = match suspended {
            true => (senders::suspend(&mut self.tx, number, at).await?, Kind::SenderSuspended),
            false => (senders::resume(&mut self.tx, number).await?, Kind::SenderResumed),
        };
        self.sender_done(number, done.then(|| (kind, Particulars::default())), rows).await
    }

    async fn sha1(&mut self, number: &OrgNumber, allowed: bool) -> Result<Acted, Failure> {
        let rows = self.sender_row(number, |_, sha1| *sha1 = allowed).await?;
        let done = senders::set_sha1(&mut self.tx, number, allowed).await?;
        let kind = if allowed { Kind::Sha1Allowed } else { Kind::Sha1Refused };
        self.sender_done(number, done.then(|| (kind, Particulars::default())), rows).await
    }

    async fn dispatcher(
        &mut self,
        sender: &OrgNumber,
        dispatcher: &OrgNumber,
        listed: bool,
    ) -> Result<Acted, Failure> {
        let subject = Subject::sender(sender);
        let at = self.at.0;
        self.take(std::slice::from_ref(&subject)).await?;
        let particulars = Particulars { dispatcher: Some(dispatcher.clone()), ..Particulars::default() };
        if listed {
            let done = dispatch::list(&mut self.tx, sender, dispatcher, at).await?;
            let row = Facts::Dispatch { dispatcher: dispatcher.clone(), valid_from: at, valid_to: None };
            let event = done.then_some((Kind::DispatcherAdded, particulars));
            return self.sender_done(sender, event, vec![(subject, Expected::Row(row))]).await;
        }
        let held = self.before(&subject).into_iter().flat_map(|set| set.of(Table::Dispatch));
        let ended = held.filter_map(|facts| match facts {
            Facts::Dispatch { dispatcher: of, valid_from, valid_to: None } if of == dispatcher => {
                Some(Facts::Dispatch { dispatcher: of.clone(), valid_from: *valid_from, valid_to: Some(at) })
            }
            _ => None,
        });
        let rows = ended.map(|facts| (subject.clone(), Expected::Row(facts))).collect();
        let done = dispatch::unlist(&mut self.tx, sender, dispatcher, at).await?;
        self.sender_done(sender, done.then_some((Kind::DispatcherRemoved, particulars)), rows).await
    }

    async fn add_certificate(&mut self, number: &OrgNumber, der: &[u8]) -> Result<Acted, Failure> {
        let subject = Subject::sender(number);
        self.take(std::slice::from_ref(&subject)).await?;
        match certificates::add(&mut self.tx, number, der, self.at.0).await {
            Ok(_) => {}
            Err(CertificateError::Store(error)) => return Err(error.into()),
            Err(error) => return Ok(Acted::refused(&error.to_string())),
        }
        let Some(new) = certificate(der) else { return Ok(Acted::refused("not an X.509 certificate")) };
        if self.certificate_before(&subject, Table::Certificate, &new.sha256).is_some() {
            return Ok(Acted::done(true, vec![]));
        }
        let event = (Kind::CertificateAdded, certified(&new.sha256));
        let rows = vec![(subject, Expected::Row(Facts::Certificate(new)))];
        self.sender_done(number, Some(event), rows).await
    }

    async fn revoke_certificate(&mut self, sha256: &CertificateDigest) -> Result<Acted, Failure> {
        let Some(of) = certificates::organisation_of(&mut self.tx, sha256).await? else {
            return Ok(Acted::done(false, vec![]));
        };
        let subject = Subject::sender(&of);
        let at = self.at.0;
        self.take(std::slice::from_ref(&subject)).await?;
        let before = self.certificate_before(&subject, Table::Certificate, sha256);
        let revoked = certificates::revoke(&mut self.tx, sha256, at).await?;
        let rows = before.map(|one| Facts::Certificate(CertificateFacts { revoked_at: Some(at), ..one }));
        let rows = rows.map(|row| (subject, Expected::Row(row))).into_iter().collect();
        let event = revoked.then(|| (Kind::CertificateRevoked, certified(sha256)));
        self.sender_done(&of, event, rows).await
    }

    /// What was done, with its event when something was.
    async fn sender_done(
        &mut self,
        number: &OrgNumber,
        event: Option<(Kind, Particulars)>,
        mut rows: Rows,
    ) -> Result<Acted, Failure> {
        let Some((kind, particulars)) = event else { return Ok(Acted::done(false, rows)) };
        rows.push(self.happened((Party::Sender, number), kind, particulars).await?);
        Ok(Acted::done(true, rows))
    }

    /// A certificate as it stood.
    pub(super) fn certificate_before(
        &self,
        subject: &Subject,
        table: Table,
        sha256: &CertificateDigest,
    ) -> Option<CertificateFacts> {
        self.before(subject)?.of(table).find_map(|facts| match facts {
            Facts::Certificate(one) | Facts::OperatorCertificate(one) if one.sha256 == *sha256 => Some(*one),
            _ => None,
        })
    }

    /// The sender's row, changed.
    async fn sender_row(
        &mut self,
        number: &OrgNumber,
        change: impl Fn(&mut Option<domain::Time>, &mut bool),
    ) -> Result<Rows, Failure> {
        let subject = Subject::sender(number);
        self.take(std::slice::from_ref(&subject)).await?;
        let before = self.before(&subject).and_then(|set| set.of(Table::Sender).next().cloned());
        let Some(Facts::Sender { name, may_send, mut suspended_at, mut sha1 }) = before else {
            return Ok(vec![]);
        };
        change(&mut suspended_at, &mut sha1);
        let row = Facts::Sender { name, may_send, suspended_at, sha1 };
        Ok(vec![(subject, Expected::Row(row))])
    }
}

/// A certificate as its row will stand.
pub(super) fn certificate(der: &[u8]) -> Option<CertificateFacts> {
    let vault::Certificate { sha256, not_before, not_after, .. } = vault::Certificate::parse(der).ok()?;
    Some(CertificateFacts { sha256, not_before, not_after, revoked_at: None })
}

pub(super) fn certified(sha256: &CertificateDigest) -> Particulars {
    Particulars { certificate: Some(*sha256), ..Particulars::default() }
}

fn failed(error: SenderError) -> Failure {
    match error {
        SenderError::Store(error) => error.into(),
        SenderError::Name(_) => key_client::KeysError::Rejected("name".into()).into(),
    }
}
