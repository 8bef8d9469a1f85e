//! Mailbox operators and the certificates that they connect with: the operator's command, and for ourselves the
//! configuration. Each change leaves an event in the chain of the operator that it is about.

use super::{
    Acted, Expected,
    senders::{certificate, certified},
};
use crate::{change::Acting, failure::Failure};
use domain::{CertificateDigest, OrgNumber, words::RegistryEventType as Kind};
use evidence::{Particulars, Party};
use key_client::{OperatorChange, OperatorDescription};
use registry::{
    operators::{self, NewOperator, Operator, OperatorCertificateError, OperatorError},
    senders::shown,
    sets::{CertificateFacts, Facts, Subject, Table},
};

impl Acting<'_> {
    pub(super) async fn change_operator(&mut self, change: &OperatorChange) -> Result<Acted, Failure> {
        let acted = match change {
            OperatorChange::Put(new) => self.put_operator(new).await,
            OperatorChange::Own(new) => self.set_own_operator(new).await,
            OperatorChange::Rename { number, name } => self.rename_operator(number, name).await,
            OperatorChange::End { number } => self.end_operator(number).await,
            OperatorChange::AddCertificate { der } => return self.add_operator_certificate(der).await,
            OperatorChange::RevokeCertificate { sha256 } => {
                return self.revoke_operator_certificate(sha256).await;
            }
        };
        match acted {
            Err(NotDone::Failed(failure)) => Err(failure),
            Err(NotDone::Refused(error)) => Ok(Acted::refused(&error.to_string())),
            Ok(acted) => Ok(acted),
        }
    }

    async fn put_operator(&mut self, new: &OperatorDescription) -> Result<Acted, NotDone> {
        let known = self.take_operator(&new.number).await?;
        let new = described(new);
        let added = operators::add(&mut self.tx, &new, self.at.0).await?;
        if !added {
            operators::change(&mut self.tx, &new).await?;
        }
        let row = row(&new, false)?;
        let changed = known.is_none_or(|known| facts(&known) != row);
        let kind = if added { Kind::OperatorAdded } else { Kind::OperatorChanged };
        Ok(self.operator_done(new.number, row, changed.then_some(kind), added).await?)
    }

    /// Under another number than before, the one we were ends.
    async fn set_own_operator(&mut self, new: &OperatorDescription) -> Result<Acted, NotDone> {
        let known = self.take_operator(&new.number).await?;
        let new = described(new);
        let before = operators::own(&mut self.tx).await?.filter(|own| own.number != *new.number);
        if let Some(before) = &before {
            self.take_operator(&before.number).await?;
        }
        let changed = operators::set_own(&mut self.tx, &new, self.at.0).await?;
        let row = row(&new, true)?;
        let kind = match known {
            Some(known) if facts(&known) == row => None,
            Some(_) => Some(Kind::OperatorChanged),
            None => Some(Kind::OperatorAdded),
        };
        let mut acted = self.operator_done(new.number, row, kind, changed).await?;
        if let Some(before) = before {
            let ended_at = before.ended_at.or(Some(self.at.0));
            let left = facts(&Operator { own: false, ended_at, ..before.clone() });
            acted.expected.push((Subject::operator(&before.number), Expected::Row(left.into())));
            let of = (Party::Operator, &before.number);
            acted.expected.push(self.happened(of, Kind::OperatorEnded, Particulars::default()).await?);
        }
        Ok(acted)
    }

    async fn rename_operator(&mut self, number: &OrgNumber, name: &str) -> Result<Acted, NotDone> {
        let Some(known) = self.take_operator(number).await? else { return Ok(Acted::done(false, vec![])) };
        let renamed = operators::rename(&mut self.tx, number, name).await?;
        let name = shown(name).map_err(OperatorError::from)?;
        let changed = renamed && known.name != name;
        let row = facts(&Operator { name, ..known });
        Ok(self.operator_done(number, row, changed.then_some(Kind::OperatorChanged), renamed).await?)
    }

    async fn end_operator(&mut self, number: &OrgNumber) -> Result<Acted, NotDone> {
        let Some(known) = self.take_operator(number).await? else { return Ok(Acted::done(false, vec![])) };
        if !operators::end(&mut self.tx, number, self.at.0).await? {
            return Ok(Acted::done(false, vec![]));
        }
        let ended = facts(&Operator { ended_at: Some(self.at.0), ..known });
        let of = (Party::Operator, number);
        let event = self.happened(of, Kind::OperatorEnded, Particulars::default()).await?;
        Ok(Acted::done(true, vec![(Subject::operator(number), Expected::Row(ended.into())), event]))
    }

    async fn add_operator_certificate(&mut self, der: &[u8]) -> Result<Acted, Failure> {
        let named = vault::Certificate::parse(der).ok().and_then(|certificate| certificate.organisation);
        if let Some(named) = &named {
            self.take(&[Subject::operator(named)]).await?;
        }
        match operators::add_certificate(&mut self.tx, der, self.at.0).await {
            Ok(_) => {}
            Err(OperatorCertificateError::Store(error)) => return Err(error.into()),
            Err(error) => return Ok(Acted::refused(&error.to_string())),
        }
        let (Some(number), Some(new)) = (named, certificate(der)) else {
            return Ok(Acted::refused("not an X.509 certificate"));
        };
        let subject = Subject::operator(&number);
        if self.certificate_before(&subject, Table::OperatorCertificate, &new.sha256).is_some() {
            return Ok(Acted::done(true, vec![]));
        }
        let of = (Party::Operator, &number);
        let event = self.happened(of, Kind::CertificateAdded, certified(&new.sha256)).await?;
        Ok(Acted::done(true, vec![(subject, Expected::Row(Facts::OperatorCertificate(new))), event]))
    }

    async fn revoke_operator_certificate(&mut self, sha256: &CertificateDigest) -> Result<Acted, Failure> {
        let Some(number) = operators::of_certificate(&mut self.tx, sha256).await? else {
            return Ok(Acted::done(false, vec![]));
        };
        let subject = Subject::operator(&number);
        let at = self.at.0;
        self.take(std::slice::from_ref(&subject)).await?;
        let before = self.certificate_before(&subject, Table::OperatorCertificate, sha256);
        let revoked = operators::revoke_certificate(&mut self.tx, sha256, at).await?;
        let (Some(before), true) = (before, revoked) else { return Ok(Acted::done(false, vec![])) };
        let row = Facts::OperatorCertificate(CertificateFacts { revoked_at: Some(at), ..before });
        let of = (Party::Operator, &number);
        let event = self.happened(of, Kind::CertificateRevoked, certified(sha256)).await?;
        Ok(Acted::done(true, vec![(subject, Expected::Row(row)), event]))
    }

    async fn take_operator(&mut self, number: &OrgNumber) -> Result<Option<Operator>, Failure> {
        self.take(&[Subject::operator(number)]).await?;
        Ok(operators::find(&mut self.tx, number).await?)
    }

    async fn operator_done(
        &mut self,
        number: &OrgNumber,
        row: Row,
        kind: Option<Kind>,
        outcome: bool,
    ) -> Result<Acted, Failure> {
        let particulars = Particulars {
            name: Some(row.name.clone()),
            domain: Some(row.domain.clone()),
            service_address: Some(row.service_address.clone()),
            ui_address: row.ui_address.clone(),
            ..Particulars::default()
        };
        let mut rows = vec![(Subject::operator(number), Expected::Row(row.into()))];
        if let Some(kind) = kind {
            rows.push(self.happened((Party::Operator, number), kind, particulars).await?);
        }
        Ok(Acted::done(outcome, rows))
    }
}

enum NotDone {
    /// What was asked is at fault.
    Refused(OperatorError),
    Failed(Failure),
}

impl From<Failure> for NotDone {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}
impl From<store::Error> for NotDone {
    fn from(error: store::Error) -> Self {
        Self::Failed(error.into())
    }
}
impl From<OperatorError> for NotDone {
    fn from(error: OperatorError) -> Self {
        match error {
            OperatorError::Store(error) => Self::Failed(error.into()),
            error => Self::Refused(error),
        }
    }
}

/// The columns of an operator that are vouched for.
#[derive(Clone, PartialEq, Eq)]
struct Row {
    domain: String,
    name: String,
    service_address: String,
    ui_address: Option<String>,
    own: bool,
    ended_at: Option<domain::Time>,
}

impl From<Row> for Facts {
    fn from(row: Row) -> Self {
        let Row { domain, name, service_address, ui_address, own, ended_at } = row;
        Self::Operator { domain, name, service_address, ui_address, own, ended_at }
    }
}

/// As it will stand, by what was asked.
fn row(new: &NewOperator<'_>, own: bool) -> Result<Row, OperatorError> {
    Ok(Row {
        domain: new.domain.trim().to_ascii_lowercase(),
        name: shown(new.name)?,
        service_address: new.service_address.to_owned(),
        ui_address: new.ui_address.map(str::to_owned),
        own,
        ended_at: None,
    })
}

fn facts(operator: &Operator) -> Row {
    Row {
        domain: operator.domain.clone(),
        name: operator.name.clone(),
        service_address: operator.service_address.clone(),
        ui_address: operator.ui_address.clone(),
        own: operator.own,
        ended_at: operator.ended_at,
    }
}

fn described(new: &OperatorDescription) -> NewOperator<'_> {
    NewOperator {
        number: &new.number,
        domain: &new.domain,
        name: &new.name,
        service_address: &new.service_address,
        ui_address: new.ui_address.as_deref(),
    }
}
