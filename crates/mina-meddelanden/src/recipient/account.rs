//! `register` and `deregister`: a recipient opens or leaves a mailbox at an operator.

use super::{
    Session,
    by_agreement::{Effect, Judged},
    response,
};
use crate::{
    agreement::{Agreement, DEREGISTER, REGISTER, SignatureData, Signed},
    authorisation::{self, Authorised},
    far::{failed, identity, is_recipient_id},
};
use delivery::{
    ReadError,
    names::{RECIPIENT, RECIPIENT_V3},
    read::Children,
};
use domain::{Code, Refusal};
use intake::AcceptError;
use registry::{
    pending::PendingKind,
    people,
    register::Authorisation,
    registrations::{AccountType, Place, RegistrationError},
};

/// An `AccountRequest` with its signatures.
pub(super) struct Account {
    agreement: Agreement,
    account_type: AccountType,
    signatures: Vec<SignatureData>,
}

impl Account {
    pub(super) fn register(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let agreement = request(of.enter((RECIPIENT_V3, "accountRequest"))?, "Create", REGISTER)?;
        let account_type = match of.text((RECIPIENT_V3, "accountType"))?.as_str() {
            "Secure" => Some(AccountType::Secure),
            "Anonymous" => Some(AccountType::Anonymous),
            _ => None,
        };
        of.check(account_type.is_some(), "accountType", "is neither Secure nor Anonymous")?;
        let signatures = signatures(&mut of, "signature")?;
        Ok(Self { agreement, account_type: account_type.unwrap_or(AccountType::Secure), signatures })
    }

    pub(super) fn deregister(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let agreement = request(of.enter((RECIPIENT_V3, "deregisterAccount"))?, "Delete", DEREGISTER)?;
        let signatures = signatures(&mut of, "signature")?;
        Ok(Self { agreement, account_type: AccountType::Secure, signatures })
    }
}

fn request(mut of: Children<'_, '_>, kind: &str, act: &'static str) -> Result<Agreement, ReadError> {
    let id = of.text((RECIPIENT, "Id"))?;
    of.check(is_recipient_id(&id), "Id", "is not in the form of a RecipientId")?;
    let given = of.text((RECIPIENT, "Type"))?;
    of.check(given == kind, "Type", "does not fit the operation")?;
    let text = of.text((RECIPIENT, "AgreementText"))?;
    let date = of.text((RECIPIENT, "Timestamp"))?;
    let supplier = of.text((RECIPIENT, "ServiceSupplier"))?;
    of.end()?;
    // A date may carry an offset, which says nothing here.
    let date = date.trim();
    let day = Signed::parse(date).or_else(|| Signed::parse(date.get(..10)?));
    of.check(day.is_some(), "Timestamp", "is not a date")?;
    let date = day.map(|day| day.date().to_string());
    Ok(Agreement { id, act, supplier, date, accepted: Default::default(), text })
}

/// The signatures at the end of a request, at least one.
pub(super) fn signatures(of: &mut Children<'_, '_>, name: &str) -> Result<Vec<SignatureData>, ReadError> {
    let namespace = if name == "signature" { RECIPIENT_V3 } else { delivery::names::RECIPIENT_V2 };
    let mut signatures = vec![SignatureData::read(of.enter((namespace, name))?)?];
    while let Some(node) = of.maybe((namespace, name)) {
        of.check(signatures.len() < MOST_SIGNATURES, name, "more than 50 signatures")?;
        signatures.push(SignatureData::read(Children::of(node, name)?)?);
    }
    of.end()?;
    Ok(signatures)
}

impl Session<'_> {
    pub(super) async fn register(&self, asked: Account) -> Result<String, AcceptError> {
        let operator = self.own_request(&asked.agreement.supplier)?;
        let id = identity(&asked.agreement.id, "/Id")?;
        if id.is_person() && !people::is_of_age(&id, self.far.0.clock.now()) {
            return Err(Code::RecipientUnderAge.into());
        }
        let judged = self.judge(PendingKind::Register, &asked.agreement, &asked.signatures).await?;
        if judged.authorised.status == Authorisation::Complete {
            self.by_agreement(&judged, &Effect::Register(&operator, asked.account_type)).await?;
        }
        Ok(self.authorised("registerResponse", &judged.authorised))
    }

    pub(super) async fn deregister(&self, asked: Account) -> Result<String, AcceptError> {
        let operator = self.own_request(&asked.agreement.supplier)?;
        let judged = self.judge(PendingKind::Deregister, &asked.agreement, &asked.signatures).await?;
        if judged.authorised.status == Authorisation::Complete {
            self.by_agreement(&judged, &Effect::Deregister(Place::At(operator))).await?;
        }
        Ok(self.authorised("deregisterResponse", &judged.authorised))
    }

    /// An operator asks for its own mailboxes only. Ours are opened and closed on our own pages.
    fn own_request(&self, domain: &str) -> Result<domain::OrgNumber, Refusal> {
        let operator = self.far.operator(self.caller)?;
        let named = self.far.supplier(domain)?;
        if named.number != operator.number {
            return Err(
                Refusal::new(Code::CallerNotAllowed).because("ServiceSupplier names another operator")
            );
        }
        Ok(operator.number)
    }

    /// Verifies the signatures; where they are not enough, lets the request wait.
    pub(super) async fn judge<'a>(
        &self,
        kind: PendingKind,
        agreement: &'a Agreement,
        signatures: &'a [SignatureData],
    ) -> Result<Judged<'a>, AcceptError> {
        let id = identity(&agreement.id, "/Id")?;
        let signers = self.far.signers(agreement, signatures)?;
        let address_mac = self.far.address_mac(self.caller, &id).await?;
        let before = if id.is_person() { None } else { self.far.waiting(kind, &address_mac).await? };
        let waiting = before.as_ref().map(|(waiting, _)| waiting);
        let earlier = crate::far::Far::before(waiting, agreement, &signers);
        let now = signers.iter().filter_map(|signer| signer.digest).collect();
        let authorised = self.far.authorise(self.caller, &id, signers, earlier).await?;
        let judged = Judged { kind, address_mac, agreement, signatures, now, authorised };
        if let Authorisation::Incomplete(_) = judged.authorised.status {
            self.far.use_agreement(agreement, signatures, judged.earlier(), false).await?;
            let sealed = before.as_ref().map(|(_, sealed)| sealed.as_slice());
            let signed_by = &judged.authorised.signed_by;
            self.far.let_wait(kind, &address_mac, sealed, agreement, signed_by).await?;
        }
        Ok(judged)
    }

    fn authorised(&self, name: &str, authorised: &Authorised) -> String {
        response(RECIPIENT_V3, name, |xml| {
            xml.open("return");
            authorisation::result(authorised, Some(self.far.0.clock.now()), xml);
            xml.close("return");
        })
    }
}

/// Why a registration is not written, as the caller is told.
pub(super) fn refused(error: RegistrationError) -> AcceptError {
    match error {
        RegistrationError::UnknownOperator => Code::OperatorUnknown.into(),
        RegistrationError::Elsewhere(_) => {
            Refusal::new(Code::AlreadyRegistered).because("at another operator; change the supplier").into()
        }
        RegistrationError::Deceased => Code::RecipientDeceased.into(),
        RegistrationError::NoMailbox => Code::AccountUnknown.into(),
        RegistrationError::Registry(error) => failed(error),
    }
}

const MOST_SIGNATURES: usize = 50;
