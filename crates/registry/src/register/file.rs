//! The register as a file.

use super::{Company, RegisterError, SignatureRule};
use domain::{
    AddressMac, MandateId, OrgNumber,
    text::{self, TextError},
};
use serde::{Deserialize, Deserializer, Serialize};
use std::{collections::BTreeMap, io::ErrorKind, path::Path};

/// The content of the file: signatories by organisation, and what else is known of it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatoryFile {
    signatories: BTreeMap<OrgNumber, Vec<Signatory>>,
    /// Absent in older files, and for those of whom nothing is said.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    organisations: BTreeMap<OrgNumber, Said>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Said {
    /// In clear: it is public, as the number is.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    rule: SignatureRule,
}

/// Someone who may sign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Signatory {
    /// What the mandate will be called; given when the signatory is added, so that the note can be sealed for it.
    pub mandate_id: MandateId,
    /// Address tag of the person's number.
    #[serde(serialize_with = "hex::serde::serialize", deserialize_with = "address_mac")]
    pub person_mac: AddressMac,
    /// (sealed) The name as the register gives it, for `mandate.note`.
    #[serde(with = "hex::serde")]
    pub note: Vec<u8>,
}

fn address_mac<'de, D: Deserializer<'de>>(from: D) -> Result<AddressMac, D::Error> {
    hex::serde::deserialize(from).map(AddressMac::from_bytes)
}

impl SignatoryFile {
    pub async fn read(path: &Path) -> Result<Self, RegisterError> {
        match tokio::fs::read(path).await {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|_| RegisterError::Form),
            Err(error) if error.kind() == ErrorKind::NotFound => Err(RegisterError::Missing),
            Err(error) => Err(RegisterError::Read(error.kind())),
        }
    }

    /// Reads the file that is to be added to: one that is not there yet begins empty.
    pub async fn read_or_begin(path: &Path) -> Result<Self, RegisterError> {
        match Self::read(path).await {
            Err(RegisterError::Missing) => Ok(Self::default()),
            other => other,
        }
    }

    /// Writes the whole file anew beside the old one and puts it in its place, so that a reader sees one or the other.
    pub async fn write(&self, path: &Path) -> Result<(), RegisterError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|_| RegisterError::Form)?;
        let beside = path.with_extension("new");
        let write = async {
            tokio::fs::write(&beside, bytes).await?;
            tokio::fs::File::open(&beside).await?.sync_all().await?;
            tokio::fs::rename(&beside, path).await
        };
        write.await.map_err(|error| RegisterError::Write(error.kind()))
    }

    /// Those who may sign for an organisation.
    pub fn signatories(&self, organisation: &OrgNumber) -> &[Signatory] {
        self.signatories.get(organisation).map_or(&[], Vec::as_slice)
    }

    /// All that is known of an organisation.
    pub fn company(&self, organisation: &OrgNumber) -> Company {
        let Said { name, rule } = self.organisations.get(organisation).cloned().unwrap_or_default();
        Company { name, rule, signatories: self.signatories(organisation).to_vec() }
    }

    /// The organisations that a person may sign for.
    pub fn organisations_of(&self, person_mac: &AddressMac) -> Vec<OrgNumber> {
        let theirs = |signatories: &[Signatory]| signatories.iter().any(|one| one.person_mac == *person_mac);
        self.signatories.iter().filter(|(_, all)| theirs(all)).map(|(number, _)| number.clone()).collect()
    }

    /// Every organisation of the register.
    pub fn organisations(&self) -> impl Iterator<Item = &OrgNumber> {
        self.signatories.keys()
    }

    /// Adds a signatory, or puts a new name on one that is there.
    pub fn add(&mut self, organisation: &OrgNumber, signatory: Signatory) {
        let all = self.signatories.entry(organisation.clone()).or_default();
        all.retain(|one| one.person_mac != signatory.person_mac);
        all.push(signatory);
    }

    /// Says how an organisation is called, and how many must sign for it unless that stays as it is.
    pub fn describe(
        &mut self,
        organisation: &OrgNumber,
        name: &str,
        rule: Option<SignatureRule>,
    ) -> Result<(), TextError> {
        let name = text::line(name.trim(), 1, 100)?;
        self.signatories.entry(organisation.clone()).or_default();
        let said = self.organisations.entry(organisation.clone()).or_default();
        said.name = Some(name);
        said.rule = rule.unwrap_or(said.rule);
        Ok(())
    }

    /// Removes a signatory; false when there is none such.
    pub fn remove(&mut self, organisation: &OrgNumber, person_mac: &AddressMac) -> bool {
        let Some(all) = self.signatories.get_mut(organisation) else { return false };
        let before = all.len();
        all.retain(|one| one.person_mac != *person_mac);
        // The organisation stays, empty, so that its mandates are taken back at the next look.
        all.len() != before
    }
}
