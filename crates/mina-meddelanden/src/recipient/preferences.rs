//! `getAccountPreferences` and `storeAccountPreferences`: which senders a recipient takes letters from. Every sender is
//! taken until the recipient turns it off.

use super::{Owned, Session, account::signatures, by_agreement::Effect, response};
use crate::{
    agreement::{Agreement, PREFERENCES, SignatureData},
    authorisation,
    far::is_recipient_id,
};
use delivery::{
    ReadError,
    names::{RECIPIENT, RECIPIENT_V2, RECIPIENT_V3, SENDER},
    read::Children,
    write::Xml,
};
use domain::{AddressMac, Code, OrgNumber, Refusal};
use intake::AcceptError;
use registry::{pending::PendingKind, preferences, register::Authorisation, registrations::Place};

/// The senders that a recipient accepts from now on; all others are off.
pub(super) struct Store {
    agreement: Agreement,
    signatures: Vec<SignatureData>,
}

impl Store {
    pub(super) fn read(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let id = of.text((RECIPIENT_V2, "Id"))?;
        of.check(is_recipient_id(&id), "Id", "is not in the form of a RecipientId")?;
        of.text((RECIPIENT_V2, "UserIdentity"))?;
        let mut preferences = of.enter((RECIPIENT_V2, "preferences"))?;
        let same = preferences.text((RECIPIENT, "Id"))?;
        preferences.check(same == id, "Id", "is another recipient's")?;
        let mut accepted = std::collections::BTreeSet::new();
        while let Some(node) = preferences.maybe((RECIPIENT, "AcceptedSenders")) {
            let mut sender = Children::of(node, "AcceptedSenders")?;
            accepted.insert(sender.text((SENDER, "Id"))?);
            sender.text((SENDER, "Name"))?;
            sender.optional((SENDER, "Attention"))?;
            sender.end()?;
        }
        preferences.end()?;
        let text = of.text((RECIPIENT_V2, "AgreementText"))?;
        let signatures = signatures(&mut of, "SignatureData")?;
        let agreement =
            Agreement { id, act: PREFERENCES, supplier: String::new(), date: None, accepted, text };
        Ok(Self { agreement, signatures })
    }
}

impl Session<'_> {
    pub(super) async fn preferences(&self, asked: Owned) -> Result<String, AcceptError> {
        let (_, address_mac) = self.owned(&asked).await?;
        self.at_caller(&address_mac).await?;
        let parts = &*self.far.0;
        let mut tx = parts.store.read("show preferences").await?;
        let off = preferences::off(&mut tx, &parts.gateway_keys.sender, &address_mac).await?;
        drop(tx);
        let off: Vec<&OrgNumber> = off.iter().map(|sender| &sender.number).collect();
        let snapshot = self.far.snapshot();
        let mut senders: Vec<_> = snapshot.senders().filter(|sender| sender.may_send).collect();
        senders.sort_by(|a, b| a.number.cmp(&b.number));
        Ok(response(RECIPIENT_V3, "getAccountPreferencesResponse", |xml| {
            xml.open("return");
            xml.text_in(RECIPIENT, "Id", &asked.id);
            for sender in senders.into_iter().filter(|sender| !off.contains(&&sender.number)) {
                accepted(&sender.number, &sender.name, xml);
            }
            xml.close("return");
        }))
    }

    pub(super) async fn store_preferences(&self, asked: Store) -> Result<String, AcceptError> {
        self.far.operator(self.caller)?;
        let snapshot = self.far.snapshot();
        for number in &asked.agreement.accepted {
            let known = OrgNumber::parse(number).is_ok_and(|number| snapshot.knows(&number));
            if !known {
                return Err(Refusal::new(Code::SenderUnknown).because("in AcceptedSenders").into());
            }
        }
        let id = crate::far::identity(&asked.agreement.id, "/Id")?;
        self.at_caller(&self.far.address_mac(self.caller, &id).await?).await?;
        let judged = self.judge(PendingKind::Preferences, &asked.agreement, &asked.signatures).await?;
        let address_mac = judged.address_mac;
        if judged.authorised.status == Authorisation::Complete {
            let parts = &*self.far.0;
            let off = snapshot.senders().filter(|sender| sender.may_send);
            let off = off.filter(|sender| !asked.agreement.accepted.contains(sender.number.as_str()));
            let mac = &parts.gateway_keys.sender;
            let off: Vec<_> =
                off.map(|sender| preferences::sender_mac(mac, &address_mac, &sender.number)).collect();
            self.by_agreement(&judged, &Effect::Senders(off)).await?;
        }
        Ok(response(RECIPIENT_V2, "storeAccountPreferencesResponse", |xml| {
            xml.open("return");
            authorisation::result(&judged.authorised, Some(self.far.0.clock.now()), xml);
            xml.close("return");
        }))
    }

    pub(super) async fn pending_preferences(&self, asked: Owned) -> Result<String, AcceptError> {
        let (authorised, _) = self.waits(PendingKind::Preferences, &asked).await?;
        let (_, address_mac) = self.owned(&asked).await?;
        let waiting = self.far.waiting(PendingKind::Preferences, &address_mac).await?;
        let (waiting, _) = waiting.ok_or(Code::RequestUnknown)?;
        let snapshot = self.far.snapshot();
        Ok(response(RECIPIENT_V2, "getPendingAccountPreferencesResponse", |xml| {
            xml.open("return");
            xml.open("AccountPreferences");
            xml.text_in(RECIPIENT, "Id", &asked.id);
            for number in waiting.accepted.iter().filter_map(|number| OrgNumber::parse(number).ok()) {
                let name = snapshot.sender(&number).map_or("", |sender| sender.name.as_str());
                accepted(&number, name, xml);
            }
            xml.close("AccountPreferences");
            xml.open("PendingSignatures");
            authorisation::result(&authorised, None, xml);
            xml.close("PendingSignatures");
            xml.close("return");
        }))
    }

    pub(super) async fn delete_pending_preferences(&self, asked: Owned) -> Result<String, AcceptError> {
        self.take_back(PendingKind::Preferences, &asked).await?;
        Ok(response(RECIPIENT_V2, "deletePendingAccountPreferencesResponse", |xml| {
            xml.open("return");
            xml.text("Id", &asked.id);
            xml.text("UserIdentity", &asked.user);
            xml.close("return");
        }))
    }

    /// What a recipient has said of senders concerns the operator where the mailbox is.
    async fn at_caller(&self, address_mac: &AddressMac) -> Result<(), AcceptError> {
        let place = self
            .places(std::slice::from_ref(address_mac), None)
            .await?
            .into_iter()
            .next()
            .and_then(|status| status.account)
            .map(|account| account.place);
        match place {
            Some(Place::At(operator)) if operator == *self.caller => Ok(()),
            _ => Err(Code::AccountUnknown.into()),
        }
    }
}

fn accepted(number: &OrgNumber, name: &str, xml: &mut Xml) {
    xml.open_in(RECIPIENT, "AcceptedSenders");
    xml.text_in(SENDER, "Id", number.as_str());
    xml.text_in(SENDER, "Name", name);
    xml.close("AcceptedSenders");
}
