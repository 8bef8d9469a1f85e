//! `getPendingAccountRequest` and `deletePendingAccountRequest`: what companies have asked for that more must sign.

use super::{Owned, Session, response};
use crate::{authorisation, far::identity};
use delivery::{
    ReadError,
    names::{RECIPIENT, RECIPIENT_V3},
    read::Children,
};
use domain::{Code, Identity};
use intake::AcceptError;
use registry::pending::{self, PendingKind};

/// Whose requests, and who asks.
pub(super) struct Accounts {
    ids: Vec<String>,
    user: String,
}

impl Accounts {
    pub(super) fn read(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let mut ids = Vec::new();
        while let Some(id) = of.optional((RECIPIENT_V3, "recipientId"))? {
            of.check(ids.len() < MOST, "recipientId", "more than 1000 in one question")?;
            ids.push(id);
        }
        let user = of.text((RECIPIENT_V3, "userIdentity"))?;
        of.end()?;
        Ok(Self { ids, user })
    }
}

impl Session<'_> {
    /// The requests of these recipients; without any, of all that the person may sign for.
    pub(super) async fn pending_accounts(&self, asked: Accounts) -> Result<String, AcceptError> {
        let ids = self.signs_for(&asked).await?;
        let parts = &*self.far.0;
        let mut found = Vec::new();
        for some in ids.chunks(MOST) {
            let macs = self.far.address_macs(self.caller, some).await?;
            let mut tx = parts.store.read("find pending requests").await?;
            let waiting = pending::find_many(&mut tx, &macs, parts.clock.now()).await?;
            drop(tx);
            for (no, pending) in waiting {
                let (Some(id), Some((_, name))) =
                    (some.get(no), KINDS.iter().find(|(kind, _)| *kind == pending.kind))
                else {
                    continue;
                };
                if let Some(waiting) = self.far.opened(&pending).await? {
                    let authorised = self.far.worth(self.caller, id, &waiting).await?;
                    found.push((id, name, waiting, authorised));
                }
            }
        }
        Ok(response(RECIPIENT_V3, "getPendingAccountRequestResponse", |xml| {
            for (id, name, waiting, authorised) in &found {
                xml.open("return");
                xml.open_in(RECIPIENT, "AccountRequest");
                xml.text("Id", id.expose());
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

    /// Those that are asked for, each once, if the person may sign for all of them; where none are, all there are.
    async fn signs_for(&self, asked: &Accounts) -> Result<Vec<Identity>, AcceptError> {
        self.far.operator(self.caller)?;
        let person = identity(&asked.user, "/userIdentity")?;
        let person_mac = self.far.address_mac(self.caller, &person).await?;
        let companies = self.far.signatories().await?.organisations_of(&person_mac);
        let companies = companies.iter().filter_map(|number| Identity::parse(number.as_str()).ok());
        let all: Vec<Identity> = std::iter::once(person).chain(companies).collect();
        if asked.ids.is_empty() {
            return Ok(all);
        }
        let mut ids = Vec::with_capacity(asked.ids.len());
        for id in &asked.ids {
            let id = identity(id, "/recipientId")?;
            if !all.contains(&id) {
                return Err(Code::SignatoryNotAllowed.into());
            }
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        Ok(ids)
    }

    pub(super) async fn delete_pending_account(&self, asked: Owned) -> Result<String, AcceptError> {
        let (id, address_mac) = self.owned(&asked).await?;
        let mut taken = false;
        for (kind, _) in KINDS {
            taken |= self.far.take_back(kind, &id, &address_mac).await?;
        }
        if !taken {
            return Err(Code::RequestUnknown.into());
        }
        Ok(response(RECIPIENT_V3, "deletePendingAccountRequestResponse", |_| {}))
    }
}

const MOST: usize = 1000;
const KINDS: [(PendingKind, &str); 2] =
    [(PendingKind::Register, "Create"), (PendingKind::Deregister, "Delete")];
