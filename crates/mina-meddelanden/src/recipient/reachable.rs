//! `isReachable` and `isRegistered`: up to a thousand recipients in one question, one answer each, in order.

use super::{Session, response};
use crate::far::{is_recipient_id, supplier_members};
use delivery::{
    ReadError,
    names::{RECIPIENT, RECIPIENT_V3},
    read::Children,
    write::Xml,
};
use domain::{Code, Identity, OrgNumber, Refusal};
use intake::AcceptError;
use registry::registrations::{AccountType, Place, Status};

/// Who can be reached by a sender.
pub(super) struct Reachable {
    sender: String,
    recipients: Vec<String>,
}

/// Who has a mailbox, whatever the sender.
pub(super) struct Registered {
    recipients: Vec<String>,
}

impl Reachable {
    pub(super) fn read(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let sender = of.text((RECIPIENT_V3, "senderOrgNr"))?;
        Ok(Self { sender, recipients: recipients(of)? })
    }
}

impl Registered {
    pub(super) fn read(of: Children<'_, '_>) -> Result<Self, ReadError> {
        Ok(Self { recipients: recipients(of)? })
    }
}

fn recipients(mut of: Children<'_, '_>) -> Result<Vec<String>, ReadError> {
    let mut recipients = Vec::new();
    while let Some(recipient) = of.optional((RECIPIENT_V3, "recipientId"))? {
        of.check(recipients.len() < MOST, "recipientId", "more than 1000 in one question")?;
        of.check(is_recipient_id(&recipient), "recipientId", "is not in the form of a RecipientId")?;
        recipients.push(recipient);
    }
    of.end()?;
    Ok(recipients)
}

impl Session<'_> {
    pub(super) async fn is_reachable(&self, asked: Reachable) -> Result<String, AcceptError> {
        let sender = OrgNumber::parse(&asked.sender);
        let sender = sender.map_err(|_| Refusal::new(Code::IdentityInvalid).at("/senderOrgNr"))?;
        let parts = &*self.far.0;
        self.far.snapshot().may_send(self.caller, &sender, parts.clock.now())?;
        let statuses = self.statuses(&asked.recipients, Some(&sender)).await?;
        Ok(response(RECIPIENT_V3, "isReachableResponse", |xml| {
            for (id, status) in asked.recipients.iter().zip(&statuses) {
                xml.open("return");
                xml.open_in(RECIPIENT, "AccountStatus");
                self.account(id, status, None, xml);
                xml.close("AccountStatus");
                xml.text_in(RECIPIENT, "SenderAccepted", if status.accepts { "true" } else { "false" });
                if let Some(at) = status.accept_changed_at {
                    xml.text_in(RECIPIENT, "LastSenderAcceptChange", &at.to_string());
                }
                xml.close("return");
            }
        }))
    }

    pub(super) async fn is_registered(&self, asked: Registered) -> Result<String, AcceptError> {
        self.far.operator(self.caller)?;
        if asked.recipients.is_empty() {
            return Err(Refusal::new(Code::DeliveryMalformed)
                .because("recipientId: at least one is needed")
                .into());
        }
        let statuses = self.statuses(&asked.recipients, None).await?;
        Ok(response(RECIPIENT_V3, "isRegisteredResponse", |xml| {
            for (id, status) in asked.recipients.iter().zip(&statuses) {
                xml.open("return");
                self.account(id, status, Some(RECIPIENT), xml);
                xml.close("return");
            }
        }))
    }

    /// Numbers whose check digit does not agree are nobody's.
    async fn statuses(&self, ids: &[String], sender: Option<&OrgNumber>) -> Result<Vec<Status>, AcceptError> {
        let parsed: Vec<Option<Identity>> = ids.iter().map(|id| Identity::parse(id).ok()).collect();
        let identities: Vec<Identity> = parsed.iter().flatten().cloned().collect();
        let macs = self.far.address_macs(self.caller, &identities).await?;
        let mut found = self.places(&macs, sender).await?.into_iter();
        let statuses = parsed.iter().map(|one| match one {
            Some(_) => found.next().unwrap_or_default(),
            None => Status::default(),
        });
        Ok(statuses.collect())
    }

    /// `namespace`: each member names it itself, where the element around is of another.
    fn account(&self, id: &str, status: &Status, namespace: Option<&str>, xml: &mut Xml) {
        let snapshot = self.far.snapshot();
        let text = |xml: &mut Xml, name, value: &str| match namespace {
            Some(namespace) => xml.text_in(namespace, name, value),
            None => xml.text(name, value),
        };
        text(xml, "RecipientId", id);
        let account = status.account.as_ref();
        let operator = account.and_then(|account| match &account.place {
            Place::Here => snapshot.own_operator(),
            Place::At(number) => snapshot.operator(number),
        });
        let kind = match account.map(|account| account.account_type) {
            Some(AccountType::Secure) => "Secure",
            Some(AccountType::Anonymous) => "Anonymous",
            None => "Not",
        };
        text(xml, "Type", kind);
        text(xml, "Pending", if status.pending { "true" } else { "false" });
        if let Some(operator) = operator {
            match namespace {
                Some(namespace) => xml.open_in(namespace, "ServiceSupplier"),
                None => xml.open("ServiceSupplier"),
            }
            supplier_members(operator, xml);
            xml.close("ServiceSupplier");
        }
        if let Some(account) = account {
            text(xml, "LastRegistration", &account.since.to_string());
        }
    }
}

const MOST: usize = 1000;
