//! `changeServiceSupplier`: a mailbox moves to another operator, or comes back; and what of it waits for signatures.

use super::{Owned, Session, account::signatures, by_agreement::Effect, response};
use crate::{
    agreement::{Agreement, MOVE, SignatureData},
    authorisation::{self, Authorised},
    far::{identity, is_recipient_id, supplier_members},
};
use delivery::{
    ReadError,
    names::{RECIPIENT, RECIPIENT_V2},
    read::Children,
    write::Xml,
};
use domain::{AddressMac, Code, Refusal};
use intake::AcceptError;
use registry::{operators::Operator, pending::PendingKind, register::Authorisation, registrations::Place};

pub(super) struct Change {
    agreement: Agreement,
    user: String,
    signatures: Vec<SignatureData>,
}

impl Change {
    pub(super) fn read(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let id = of.text((RECIPIENT_V2, "Id"))?;
        of.check(is_recipient_id(&id), "Id", "is not in the form of a RecipientId")?;
        let user = of.text((RECIPIENT_V2, "UserIdentity"))?;
        let supplier = of.text((RECIPIENT_V2, "ServiceSupplier"))?;
        let text = of.text((RECIPIENT_V2, "AgreementText"))?;
        let signatures = signatures(&mut of, "SignatureData")?;
        let agreement = Agreement { id, act: MOVE, supplier, date: None, accepted: Default::default(), text };
        Ok(Self { agreement, user, signatures })
    }
}

impl Session<'_> {
    pub(super) async fn change_supplier(&self, asked: Change) -> Result<String, AcceptError> {
        let to = self.far.supplier(&asked.agreement.supplier)?;
        // The operator that the recipient moves to asks; or, for those who come back to us, the one they leave.
        let caller = self.far.operator(self.caller)?;
        if to.number != caller.number && !to.own {
            return Err(Refusal::new(Code::CallerNotAllowed)
                .because("ServiceSupplier names another operator")
                .into());
        }
        let judged = self.judge(PendingKind::Move, &asked.agreement, &asked.signatures).await?;
        let authorised = &judged.authorised;
        if !authorised.signed_by.iter().any(|signer| signer.identity.expose() == asked.user) {
            return Err(Refusal::new(Code::SignatoryNotAllowed)
                .because("UserIdentity has not signed")
                .into());
        }
        if authorised.status == Authorisation::Complete {
            let place = if to.own { Place::Here } else { Place::At(to.number.clone()) };
            self.by_agreement(&judged, &Effect::Move(place)).await?;
        }
        Ok(response(RECIPIENT_V2, "changeServiceSupplierResponse", |xml| {
            xml.open("signatureAuthorizationResult");
            authorisation::result(authorised, Some(self.far.0.clock.now()), xml);
            xml.close("signatureAuthorizationResult");
        }))
    }

    pub(super) async fn pending_change(&self, asked: Owned) -> Result<String, AcceptError> {
        let (authorised, supplier) = self.waits(PendingKind::Move, &asked).await?;
        Ok(response(RECIPIENT_V2, "getPendingChangeServiceSupplierResponse", |xml| {
            xml.open("return");
            if let Some(operator) = &supplier {
                supplier_in("serviceSupplier", operator, xml);
            }
            xml.open("pendingSignatures");
            authorisation::result(&authorised, None, xml);
            xml.close("pendingSignatures");
            xml.close("return");
        }))
    }

    pub(super) async fn delete_pending_change(&self, asked: Owned) -> Result<String, AcceptError> {
        let (_, supplier) = self.waits(PendingKind::Move, &asked).await?;
        self.take_back(PendingKind::Move, &asked).await?;
        let supplier = supplier.ok_or(Code::OperatorUnknown)?;
        Ok(response(RECIPIENT_V2, "deletePendingChangeServiceSupplierResponse", |xml| {
            supplier_in("serviceSupplier", &supplier, xml);
        }))
    }

    /// The request of this kind that waits for the recipient, for someone who may act for it.
    pub(super) async fn waits(
        &self,
        kind: PendingKind,
        asked: &Owned,
    ) -> Result<(Authorised, Option<Operator>), AcceptError> {
        let (id, address_mac) = self.owned(asked).await?;
        let (waiting, _) = self.far.waiting(kind, &address_mac).await?.ok_or(Code::RequestUnknown)?;
        let authorised = self.far.worth(self.caller, &id, &waiting).await?;
        Ok((authorised, self.far.supplier(&waiting.supplier).ok()))
    }

    pub(super) async fn take_back(&self, kind: PendingKind, asked: &Owned) -> Result<(), AcceptError> {
        let (id, address_mac) = self.owned(asked).await?;
        if self.far.take_back(kind, &id, &address_mac).await? {
            Ok(())
        } else {
            Err(Code::RequestUnknown.into())
        }
    }

    /// A recipient for whom the person may act, and an operator asks. Anything else is told as not there.
    pub(super) async fn owned(&self, asked: &Owned) -> Result<(domain::Identity, AddressMac), AcceptError> {
        self.far.operator(self.caller)?;
        let id = identity(&asked.id, "/Id")?;
        let person = identity(&asked.user, "/UserIdentity")?;
        if !self.far.acts_for(self.caller, &person, &id).await? {
            return Err(Code::SignatoryNotAllowed.into());
        }
        let address_mac = self.far.address_mac(self.caller, &id).await?;
        Ok((id, address_mac))
    }
}

/// A `ServiceSupplier` under a name of another namespace.
pub(super) fn supplier_in(name: &str, operator: &Operator, xml: &mut Xml) {
    let mut inside = Xml(String::new());
    supplier_members(operator, &mut inside);
    xml.open(name);
    for member in ["Id", "Name", "ServiceAdress", "UIAdress", "InternalServiceAdress"] {
        inside.0 = inside.0.replacen(&format!("<{member}>"), &format!("<{member} xmlns=\"{RECIPIENT}\">"), 1);
    }
    xml.0.push_str(&inside.0);
    xml.close(name);
}
