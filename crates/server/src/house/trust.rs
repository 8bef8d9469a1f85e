//! The authorities whose certificates sign deliveries, and their revocation lists, read from files.

use super::House;
use crate::config::Agency;
use anyhow::{Context, Result};
use vault::Authorities;

/// Reads authorities and lists; a file that cannot be read is named.
pub fn read(agency: &Agency) -> Result<Authorities> {
    let path = agency.signing_authorities.as_ref().unwrap_or(&agency.client_authorities);
    let pem =
        std::fs::read(path).with_context(|| format!("agency.signing_authorities: {}", path.display()))?;
    let mut authorities = Authorities::from_pem(&pem)
        .with_context(|| format!("agency.signing_authorities: {}", path.display()))?;
    let Some(folder) = &agency.revocation_lists else { return Ok(authorities) };
    let files = std::fs::read_dir(folder);
    for file in files.with_context(|| format!("agency.revocation_lists: {}", folder.display()))? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == "crl" || ending == "pem") {
            let named = || format!("agency.revocation_lists: {}", path.display());
            authorities.add_list(&std::fs::read(&path).with_context(named)?).with_context(named)?;
        }
    }
    Ok(authorities)
}

impl House {
    /// Reads them again. Where that fails, those in force stay so.
    pub(super) fn refresh_trust(&self) -> Result<()> {
        self.trust.replace(read(&self.config.agency)?);
        Ok(())
    }
}
