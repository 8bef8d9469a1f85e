//! Files that a command line or a configuration names. An error says where the name was given.

use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use vault::{Authorities, RevocationList};

/// The whole of one.
pub fn read(key: &str, path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("{key}: cannot read {}", path.display()))
}

/// The authorities in one, PEM.
pub fn authorities(key: &str, path: &Path) -> Result<Authorities> {
    Authorities::from_pem(&read(key, path)?).with_context(|| format!("{key}: {}", path.display()))
}

/// The authorities in one, with the revocation lists of a folder where one is named.
pub fn authorities_with_lists(named: (&str, &Path), lists: Option<(&str, &Path)>) -> Result<Authorities> {
    let mut authorities = authorities(named.0, named.1)?;
    let Some((key, folder)) = lists else { return Ok(authorities) };
    let mut read = Vec::new();
    for path in revocation_list_paths(key, folder)? {
        read.extend(revocation_lists(key, &path, &[&authorities])?);
    }
    read.iter().try_for_each(|list| authorities.add(list)).with_context(|| key.to_owned())?;
    Ok(authorities)
}

/// The revocation lists in one file. `owners` are the authorities whose signature is looked for.
pub fn revocation_lists(key: &str, path: &Path, owners: &[&Authorities]) -> Result<Vec<RevocationList>> {
    let named = || format!("{key}: {}", path.display());
    let lists = RevocationList::parse_all(&read(key, path)?).with_context(named)?;
    if lists.iter().any(|list| owners.iter().any(|owner| owner.disowns(list))) {
        bail!("{}: not signed by the authority that it names", named());
    }
    Ok(lists)
}

/// The files of a folder that hold revocation lists, by their names.
pub fn revocation_list_paths(key: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    let named = || format!("{key}: {}", folder.display());
    let mut lists = Vec::new();
    for file in std::fs::read_dir(folder).with_context(named)? {
        let path = file.with_context(named)?.path();
        if path.extension().is_some_and(|ending| ending == "crl" || ending == "pem") {
            lists.push(path);
        }
    }
    lists.sort();
    Ok(lists)
}
