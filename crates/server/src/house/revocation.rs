//! The revocation lists in force: read again every minute from their folder. What cannot be used of it changes nothing:
//! the list that was there last stays in force, and somebody is told.

use anyhow::{Result, bail};
use domain::Time;
use sender_tools::files::{revocation_list_paths, revocation_lists};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use vault::{Authorities, RevocationList};

/// By the file that each came from.
#[derive(Clone, Debug, Default)]
pub struct Lists(BTreeMap<PathBuf, Vec<RevocationList>>);

impl Lists {
    /// Reads a folder whole; the first file that cannot be used is named. `owners` are the authorities whose signature
    /// is looked for, `key` is where the folder was told.
    pub fn read(key: &str, folder: &Path, owners: &[&Authorities]) -> Result<Self> {
        let mut lists = Self::default();
        for path in revocation_list_paths(key, folder)? {
            let read = revocation_lists(key, &path, owners)?;
            lists.0.insert(path, read);
        }
        Ok(lists)
    }

    /// Reads the folder again, and says of each file why it was not taken.
    pub fn renew(&mut self, key: &str, folder: &Path, owners: &[&Authorities]) -> Vec<String> {
        let found = match revocation_list_paths(key, folder) {
            Ok(found) => found,
            Err(error) => return vec![format!("{error:#}")],
        };
        let mut not_taken: Vec<String> = self
            .0
            .keys()
            .filter(|path| !found.contains(path))
            .map(|path| format!("{key}: {} is gone: restart the service to do without it", path.display()))
            .collect();
        for path in found {
            match revocation_lists(key, &path, owners).and_then(|read| self.newer(key, &path, read)) {
                Ok(read) => {
                    self.0.insert(path, read);
                }
                Err(error) => not_taken.push(format!("{error:#}")),
            }
        }
        not_taken
    }

    /// A file does not go back to an older list: what has been revoked since then would be let in again.
    fn newer(&self, key: &str, path: &Path, read: Vec<RevocationList>) -> Result<Vec<RevocationList>> {
        let held = self.0.get(path).map(Vec::as_slice).unwrap_or_default();
        for old in held {
            match read.iter().find(|new| new.has_issuer_of(old)) {
                Some(new) if new.this_update < old.this_update => {
                    bail!("{key}: {} holds an older list than the one in force", path.display())
                }
                None => bail!(
                    "{key}: {} no longer holds the list of an authority: restart the service to do without it",
                    path.display()
                ),
                Some(_) => {}
            }
        }
        Ok(read)
    }

    pub fn all(&self) -> impl Iterator<Item = &RevocationList> {
        self.0.values().flatten()
    }

    /// The files of lists that are out of date, and since when.
    pub fn stale(&self, now: Time) -> Vec<(&Path, Time)> {
        let stale = self.0.iter().filter_map(|(path, lists)| {
            let since =
                lists.iter().filter(|list| list.is_stale(now)).filter_map(|list| list.next_update).min()?;
            Some((path.as_path(), since))
        });
        stale.collect()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use rcgen::{
        BasicConstraints, CertificateParams, CertificateRevocationListParams, DnType, IsCa, Issuer,
        KeyIdMethod, KeyPair, KeyUsagePurpose, SerialNumber, date_time_ymd,
    };

    fn authority() -> (Issuer<'static, KeyPair>, Authorities) {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "Prov");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        (Issuer::new(params, key), Authorities::from_pem(pem.as_bytes()).unwrap())
    }

    fn list(issuer: &Issuer<'static, KeyPair>, year: i32, until: (i32, u8)) -> String {
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(year, 1, 1),
            next_update: date_time_ymd(until.0, until.1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: Vec::new(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(issuer).unwrap().pem().unwrap()
    }

    #[test]
    fn what_cannot_be_used_changes_nothing_and_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.crl");
        let (ours, authorities) = authority();
        let (namesake, _) = authority();
        let owners = [&authorities];
        let now = Time::parse("2026-11-25T00:00:00Z").unwrap();
        std::fs::write(&path, list(&ours, 2026, (2100, 1))).unwrap();
        let mut lists = Lists::read("lists", folder.path(), &owners).unwrap();
        let first = lists.all().next().unwrap().clone();
        let mut renew = |said: &str| {
            let told = lists.renew("lists", folder.path(), &owners);
            assert!(told.len() == 1 && told[0].contains(said), "{said}: {told:?}");
            assert_eq!(lists.all().collect::<Vec<_>>(), [&first], "{said}");
        };
        std::fs::write(&path, "half a fi").unwrap();
        renew("not a certificate revocation list");
        std::fs::write(&path, list(&namesake, 2026, (2100, 1))).unwrap();
        renew("not signed by the authority");
        std::fs::write(&path, list(&ours, 2025, (2100, 1))).unwrap();
        renew("older list");
        std::fs::remove_file(&path).unwrap();
        renew("is gone");
        std::fs::create_dir(&path).unwrap();
        renew("cannot read");
        std::fs::remove_dir(&path).unwrap();
        assert!(lists.stale(now).is_empty());

        // The next one is taken, out of date or not, and then says so.
        std::fs::write(&path, list(&ours, 2026, (2026, 2))).unwrap();
        assert!(lists.renew("lists", folder.path(), &owners).is_empty());
        assert_eq!(lists.stale(now), [(path.as_path(), Time::parse("2026-02-01T00:00:00Z").unwrap())]);
        std::fs::remove_dir_all(folder.path()).unwrap();
        assert_eq!(lists.renew("lists", folder.path(), &owners).len(), 1);
        assert_eq!(lists.all().count(), 1);
        assert!(Lists::read("lists", folder.path(), &owners).is_err(), "at start it must be there");
    }
}
