//! Whether those who have signed may: a person for itself, a company's signatories by its rule. What is not enough yet
//! waits.

use crate::{
    agreement::{Agreement, SignatureData, Signer},
    far::{Far, failed},
};
use delivery::{names::AUTHORITY, write::Xml};
use domain::{AddressMac, AgreementDigest, Code, Identity, OrgNumber, Refusal};
use intake::AcceptError;
use key_client::{Access, AgreementSignature, AgreementUse, Column, KeysError, SecretBytes, pending_request};
use registry::{
    pending::{self, Pending, PendingKind},
    register::{Authorisation, Company},
};
use serde::{Deserialize, Serialize};

/// Whose request it is, and whether enough have signed.
pub(crate) struct Authorised {
    pub id: Identity,
    pub status: Authorisation,
    pub signed_by: Vec<Signatory>,
}

/// Somebody who has signed. No `Debug`: it names a person.
#[derive(Clone)]
pub(crate) struct Signatory {
    pub identity: Identity,
    pub name: String,
    /// Of the agreement; `None` for one that was taken before digests were kept.
    pub digest: Option<AgreementDigest>,
}

/// A request that waits, as it is sealed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Waiting {
    pub supplier: String,
    pub date: Option<String>,
    pub accepted: Vec<String>,
    pub text: String,
    /// Number and name of those who have signed.
    pub signed_by: Vec<(String, String)>,
    /// The digest of what each of them signed, hexadecimal, in their order. Absent where they signed before these were kept.
    #[serde(default)]
    pub digests: Vec<String>,
}

impl Waiting {
    fn signers(&self) -> Vec<Signatory> {
        let digests = self.digests.iter().map(|one| digest(one)).chain(std::iter::repeat(None));
        let signer = |((number, name), digest): (&(String, String), Option<AgreementDigest>)| {
            Some(Signatory { identity: Identity::parse(number).ok()?, name: name.clone(), digest })
        };
        self.signed_by.iter().zip(digests).filter_map(signer).collect()
    }
}

impl Far {
    /// Verifies each signature over the agreement.
    pub(crate) fn signers(
        &self,
        agreement: &Agreement,
        signatures: &[SignatureData],
    ) -> Result<Vec<Signatory>, Refusal> {
        let now = self.0.clock.now();
        let mut signers: Vec<Signatory> = Vec::with_capacity(signatures.len());
        for signature in signatures {
            let Signer { identity, name, digest, .. } =
                self.0.agreements.signer(agreement, signature, now)?;
            if !signers.iter().any(|signer| signer.identity == identity) {
                signers.push(Signatory { identity, name, digest: Some(digest) });
            }
        }
        Ok(signers)
    }

    /// What the signatures, with those that were given before, are worth. Of these, one whose signer has ceased to be a
    /// signatory counts no more.
    pub(crate) async fn authorise(
        &self,
        caller: &OrgNumber,
        id: &Identity,
        mut signed_by: Vec<Signatory>,
        before: Vec<Signatory>,
    ) -> Result<Authorised, AcceptError> {
        if id.is_person() {
            // Nobody signs for somebody else.
            if signed_by.is_empty() || signed_by.iter().any(|signer| signer.identity != *id) {
                return Err(Code::SignatoryNotAllowed.into());
            }
            return Ok(Authorised { id: id.clone(), status: Authorisation::Complete, signed_by });
        }
        let company = self.company(id).await?;
        let macs = self.macs_of(caller, &signed_by).await?;
        if !company.signatories.is_empty() && !macs.iter().all(|mac| signs(&company, mac)) {
            return Err(Code::SignatoryNotAllowed.into());
        }
        let (before, macs_before) = self.still_signatories(caller, &company, before).await?;
        signed_by.extend(before);
        let macs = [macs, macs_before].concat();
        Ok(Authorised { id: id.clone(), status: company.authorisation(&macs), signed_by })
    }

    /// Those of them who are signatories today, and their tags.
    async fn still_signatories(
        &self,
        caller: &OrgNumber,
        company: &Company,
        signers: Vec<Signatory>,
    ) -> Result<(Vec<Signatory>, Vec<AddressMac>), AcceptError> {
        let macs = self.macs_of(caller, &signers).await?;
        Ok(signers.into_iter().zip(macs).filter(|(_, mac)| signs(company, mac)).unzip())
    }

    async fn macs_of(
        &self,
        caller: &OrgNumber,
        signers: &[Signatory],
    ) -> Result<Vec<AddressMac>, AcceptError> {
        let identities: Vec<Identity> = signers.iter().map(|signer| signer.identity.clone()).collect();
        self.address_macs(caller, &identities).await
    }

    pub(crate) async fn company(&self, id: &Identity) -> Result<Company, AcceptError> {
        let number = OrgNumber::parse(id.expose()).map_err(|_| Code::IdentityInvalid)?;
        Ok(self.signatories().await?.company(&number))
    }

    /// Whether this person may act for the recipient: it is the person, or a signatory.
    pub(crate) async fn acts_for(
        &self,
        caller: &OrgNumber,
        person: &Identity,
        id: &Identity,
    ) -> Result<bool, AcceptError> {
        if id.is_person() {
            return Ok(person == id);
        }
        let mac = self.address_mac(caller, person).await?;
        Ok(signs(&self.company(id).await?, &mac))
    }

    /// The request of this kind that waits, with its ciphertext.
    pub(crate) async fn waiting(
        &self,
        kind: PendingKind,
        address_mac: &AddressMac,
    ) -> Result<Option<(Waiting, Vec<u8>)>, AcceptError> {
        let mut tx = self.0.store.read("find pending request").await?;
        let found = pending::find(&mut tx, kind, address_mac, self.0.clock.now()).await?;
        drop(tx);
        let Some(found) = found else { return Ok(None) };
        Ok(self.opened(&found).await?.map(|waiting| (waiting, found.request)))
    }

    /// What a stored request says.
    pub(crate) async fn opened(&self, found: &Pending) -> Result<Option<Waiting>, AcceptError> {
        let place = pending_request(found.kind.as_str(), &found.address_mac);
        let item = (Column::Pending, place, found.request.clone());
        let opened = self.0.keys.open_columns(Access::Gateway, vec![item]).await?;
        let bytes = opened.first().and_then(Option::as_deref);
        Ok(bytes.and_then(|bytes| serde_json::from_slice(bytes).ok()))
    }

    /// What the signatures of a request that waits are worth today. Who has ceased to be a signatory counts no more, and
    /// keeps nobody from seeing the request.
    pub(crate) async fn worth(
        &self,
        caller: &OrgNumber,
        id: &Identity,
        waiting: &Waiting,
    ) -> Result<Authorised, AcceptError> {
        let company = self.company(id).await?;
        let (signed_by, macs) = self.still_signatories(caller, &company, waiting.signers()).await?;
        Ok(Authorised { id: id.clone(), status: company.authorisation(&macs), signed_by })
    }

    /// Those others who signed the same request before; a request that asks for something else begins anew.
    pub(crate) fn before(
        before: Option<&Waiting>,
        agreement: &Agreement,
        signers: &[Signatory],
    ) -> Vec<Signatory> {
        let same = before.filter(|before| {
            before.supplier == agreement.supplier
                && before.accepted.iter().eq(&agreement.accepted)
                && before.text == agreement.text
        });
        let is_other =
            |earlier: &Signatory| !signers.iter().any(|signer| signer.identity == earlier.identity);
        same.into_iter().flat_map(Waiting::signers).filter(is_other).collect()
    }

    /// Lets a request wait for more signatures, sealed.
    pub(crate) async fn let_wait(
        &self,
        kind: PendingKind,
        address_mac: &AddressMac,
        before: Option<&[u8]>,
        agreement: &Agreement,
        signed_by: &[Signatory],
    ) -> Result<(), AcceptError> {
        let waiting = Waiting {
            supplier: agreement.supplier.clone(),
            date: agreement.date.clone(),
            accepted: agreement.accepted.iter().cloned().collect(),
            text: agreement.text.clone(),
            signed_by: signed_by
                .iter()
                .map(|one| (one.identity.expose().to_owned(), one.name.clone()))
                .collect(),
            // In their order; one that has none stands as no digest at all.
            digests: signed_by.iter().map(|one| one.digest.map_or_else(String::new, hex::encode)).collect(),
        };
        let json = serde_json::to_vec(&waiting).map_err(|error| AcceptError::Internal(Box::new(error)))?;
        let place = pending_request(kind.as_str(), address_mac);
        let sealed = self.0.keys.seal_columns(vec![(Column::Pending, place, json)]).await?;
        let sealed = sealed.first().ok_or(key_client::KeysError::Unavailable)?;
        let mut tx = self.0.store.begin("let request wait").await?;
        let put = pending::put(&mut tx, kind, address_mac, before, sealed, self.0.clock.now()).await?;
        tx.commit().await?;
        // Somebody else signed at the same time: the caller asks again and finds both.
        if put { Ok(()) } else { Err(AcceptError::Unavailable("another signature came at the same time")) }
    }

    /// Has the key service use an agreement: once, and never after a newer one. `earlier` are those who signed before.
    pub(crate) async fn use_agreement(
        &self,
        agreement: &Agreement,
        signatures: &[SignatureData],
        earlier: Vec<AgreementDigest>,
        acts: bool,
    ) -> Result<(), AcceptError> {
        let signature = |one: &SignatureData| AgreementSignature {
            signature: SecretBytes::new(one.signature.clone()),
            certificate: one.certificate.clone(),
        };
        let used = AgreementUse {
            recipient: agreement.id.clone(),
            act: agreement.act.to_owned(),
            supplier: agreement.supplier.clone(),
            date: agreement.date.clone(),
            accepted: agreement.accepted.iter().cloned().collect(),
            text: agreement.text.clone(),
            signatures: signatures.iter().map(signature).collect(),
            earlier,
            acts,
        };
        self.0.keys.use_agreement(used).await.map_err(|error| match error {
            KeysError::Rejected(code) => {
                let known = Code::ALL.iter().find(|one| one.as_str() == code);
                known.copied().unwrap_or(Code::AgreementInvalid).into()
            }
            error => error.into(),
        })
    }

    /// What waited is gone; none of its signatures can be used again.
    pub(crate) async fn take_back(
        &self,
        kind: PendingKind,
        recipient: &Identity,
        address_mac: &AddressMac,
    ) -> Result<bool, AcceptError> {
        self.0.keys.end_agreements(recipient, kind.as_str()).await?;
        let mut tx = self.0.store.begin("take request back").await?;
        let taken = pending::delete(&mut tx, kind, address_mac).await.map_err(|e| failed(e.into()))?;
        tx.commit().await?;
        Ok(taken)
    }
}

fn digest(text: &str) -> Option<AgreementDigest> {
    let mut digest = [0; 32];
    hex::decode_to_slice(text, &mut digest).ok().map(|()| digest).map(AgreementDigest::from_bytes)
}

/// Whether this is a signatory's tag.
fn signs(company: &Company, mac: &AddressMac) -> bool {
    company.signatories.iter().any(|one| one.person_mac == *mac)
}

/// The members of a `SignatureAuthorizationResult`, in `schema/Authority`.
pub(crate) fn result(authorised: &Authorised, at: Option<domain::Time>, xml: &mut Xml) {
    xml.text_in(AUTHORITY, "Id", authorised.id.expose());
    for signer in &authorised.signed_by {
        person(&signer.identity, &signer.name, "SignedBy", xml);
    }
    xml.text_in(AUTHORITY, "Status", status(authorised.status));
    if let Some(at) = at {
        xml.text_in(AUTHORITY, "Timestamp", &at.to_string());
    }
    if let Authorisation::Incomplete(more) = authorised.status {
        xml.text_in(AUTHORITY, "Text", &format!("{more} more of the signatories must sign."));
    }
}

/// A `Person` of `schema/Authority`, whose number has 12 digits.
pub(crate) fn person(identity: &Identity, name: &str, element: &str, xml: &mut Xml) {
    xml.open_in(AUTHORITY, element);
    xml.text("Id", identity.expose());
    xml.text("Name", name);
    xml.close(element);
}

pub(crate) fn status(status: Authorisation) -> &'static str {
    match status {
        Authorisation::Complete => "Complete",
        Authorisation::Incomplete(_) => "Incomplete",
        Authorisation::RuleNotSupported => "RulesNotSupported",
    }
}
