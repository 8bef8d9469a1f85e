//! The authorities whose certificates sign deliveries, and their revocation lists, read from files.

use super::{House, files};
use crate::config::Agency;
use anyhow::{Context, Result};
use domain::Time;
use std::path::{Path, PathBuf};
use vault::Authorities;

/// Reads those that a configuration names; a file that cannot be read is named.
pub fn read(agency: &Agency) -> Result<Authorities> {
    let path = agency.signing_authorities.as_ref().unwrap_or(&agency.client_authorities);
    let lists = agency.revocation_lists.as_deref().map(|folder| (LISTS, folder));
    from_files(("agency.signing_authorities", path), lists)
}

/// The files whose revocation lists are out of date, and since when.
pub fn stale_lists(agency: &Agency, now: Time) -> Result<Vec<(PathBuf, Time)>> {
    let mut stale = Vec::new();
    let Some(folder) = &agency.revocation_lists else { return Ok(stale) };
    for path in list_files(LISTS, folder)? {
        let until = vault::lists_until(&files::read(LISTS, &path)?);
        let until = until.with_context(|| format!("{LISTS}: {}", path.display()))?;
        stale.extend(until.filter(|until| *until <= now).map(|until| (path, until)));
    }
    Ok(stale)
}

/// Reads a file of authorities and a folder of lists, each with the name of where it was told.
pub fn from_files(authorities: (&str, &Path), lists: Option<(&str, &Path)>) -> Result<Authorities> {
    let (name, path) = authorities;
    let named = || format!("{name}: {}", path.display());
    let mut authorities = Authorities::from_pem(&files::read(name, path)?).with_context(named)?;
    let Some((name, folder)) = lists else { return Ok(authorities) };
    for path in list_files(name, folder)? {
        let named = || format!("{name}: {}", path.display());
        authorities.add_list(&files::read(name, &path)?).with_context(named)?;
    }
    Ok(authorities)
}

fn list_files(name: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    let mut lists = Vec::new();
    for file in std::fs::read_dir(folder).with_context(|| format!("{name}: {}", folder.display()))? {
        let path = file?.path();
        if path.extension().is_some_and(|ending| ending == "crl" || ending == "pem") {
            lists.push(path);
        }
    }
    Ok(lists)
}

impl House {
    /// Reads them again. Where that fails, those in force stay so.
    pub(super) fn refresh_trust(&self) -> Result<()> {
        self.trust.replace(read(&self.config.agency)?);
        Ok(())
    }
}

const LISTS: &str = "agency.revocation_lists";
