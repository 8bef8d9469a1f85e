//! `getPendingAccountRequest` and `deletePendingAccountRequest`: what companies have asked for that more must sign.

use super::{Owned, Session, response};
use crate::authorisation;
use delivery::{
    ReadError,
    names::{RECIPIENT, RECIPIENT_V3},
    read::Children,
};
use domain::Code;
use intake::AcceptError;
use registry::pending::PendingKind;

/// Whose requests, and who asks.
pub(super) struct Accounts {
    ids: Vec<String>,
    user: String,
}

impl Accounts {
    pub(super) fn read(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let mut ids = Vec::new();
        while let Some(id) = of.optional((RECIPIENT_V3, "recipientId"))? {
            of.check(ids.len() < MOST, "recipientId", "more than 100 in one question")?;
            ids.push(id);
        }
        let user = of.text((RECIPIENT_V3, "userIdentity"))?;
        of.end()?;
        Ok(Self { ids, user })
    }
}

const MOST: usize = 100;
const KINDS: [(PendingKind, &str); 2] =
    [(PendingKind::Register, "Create"), (PendingKind::Deregister, "Delete")];

impl Session<'_> {
    /// Those of the recipients that have such a request; without recipients, none.
    pub(super) async fn pending_accounts(&self, asked: Accounts) -> Result<String, AcceptError> {
        let mut found = Vec::new();
        for id in &asked.ids {
            let owned = Owned { id: id.clone(), user: asked.user.clone() };
            let (_, address_mac) = self.owned(&owned).await?;
            for (kind, name) in KINDS {
                if let Some((waiting, _)) = self.far.waiting(kind, &address_mac).await? {
                    let (authorised, _) = self.waits(kind, &owned).await?;
                    found.push((id, name, waiting, authorised));
                }
            }
        }
        Ok(response(RECIPIENT_V3, "getPendingAccountRequestResponse", |xml| {
            for (id, name, waiting, authorised) in &found {
                xml.open("return");
                xml.open_in(RECIPIENT, "AccountRequest");
                xml.text("Id", id);
                xml.text("Type", name);
                xml.text("AgreementText", &waiting.text);
                xml.text("Timestamp", waiting.date.as_deref().unwrap_or_default());
                xml.text("ServiceSupplier", &waiting.supplier);
                xml.close("AccountRequest");
                xml.open_in(RECIPIENT, "SignatureStatus");
                authorisation::result(authorised, None, xml);
                xml.close("SignatureStatus");
                xml.close("return");
            }
        }))
    }

    pub(super) async fn delete_pending_account(&self, asked: Owned) -> Result<String, AcceptError> {
        let (_, address_mac) = self.owned(&asked).await?;
        let mut taken = false;
        for (kind, _) in KINDS {
            taken |= self.far.take_back(kind, &address_mac).await?;
        }
        if !taken {
            return Err(Code::RequestUnknown.into());
        }
        Ok(response(RECIPIENT_V3, "deletePendingAccountRequestResponse", |_| {}))
    }
}
