//! What the service would refuse at its start: files that are not there, keys that do not fit, folders that cannot be
//! written.

use super::Config;
use crate::house;
use anyhow::{Context, Result, bail, ensure};
use domain::OrgNumber;
use std::{
    fs,
    path::{Path, PathBuf},
};

impl Config {
    /// Looks at the files and folders that the configuration names, as whoever runs this. Opens no database and no port.
    pub fn check_files(&self) -> Result<()> {
        self.check_private_files()?;
        let root = &self.keys.root_file;
        if self.instance.production || root.exists() {
            key_service::Root::load(root).with_context(|| format!("keys.root_file: {}", root.display()))?;
        }
        let agency = &self.agency;
        pair("agency", &agency.certificate, &agency.key_file)?;
        edge::tls::read_certificates(&agency.client_authorities).context("agency.client_authorities")?;
        house::trust::read(agency)?;
        if let (Some(certificate), Some(key)) = (&self.web.certificate, &self.web.key_file) {
            pair("web", certificate, key)?;
        }
        house::far_client(self)?;
        if let Some(outgoing) = &self.outgoing {
            let own = OrgNumber::parse(&self.instance.number).context("instance.number")?;
            house::outgoing::read(outgoing, &own)?;
            house::outgoing::client(outgoing, self)?;
        }
        for provider in &self.eid {
            for (key, file) in [
                ("client_key_file", &provider.client_key_file),
                ("client_secret_file", &provider.client_secret_file),
                ("ca_file", &provider.ca_file),
            ] {
                if let Some(file) = file {
                    house::read_file(&format!("eid.{key}"), file)?;
                }
            }
        }
        writable("objects.folder", &self.objects.folder)?;
        if let Some(folder) = self.register.file.as_deref().and_then(Path::parent) {
            ensure!(folder.is_dir(), "register.file: the folder {} is not there", folder.display());
        }
        for (key, database) in
            [("store.database", &self.store.database), ("keys.database", &self.keys.database)]
        {
            if let Some(folder) = database.strip_prefix("sqlite:").and_then(|path| Path::new(path).parent()) {
                writable(key, folder)?;
            }
        }
        Ok(())
    }

    /// Refuses secrets that others than their owner can read, as the root key always is. Files that are not there are named
    /// by whoever needs them.
    pub fn check_private_files(&self) -> Result<()> {
        if !self.instance.production {
            return Ok(());
        }
        for (key, path) in self.secrets() {
            private(&key, path)?;
        }
        Ok(())
    }

    /// Every file that holds a secret, by its key.
    fn secrets(&self) -> Vec<(String, &Path)> {
        let some = |key: &str, path: &'_ Option<PathBuf>| path.clone().map(|_| key.to_owned());
        let mut all: Vec<(String, &Path)> = vec![
            ("keys.root_file".to_owned(), &self.keys.root_file),
            ("agency.key_file".to_owned(), &self.agency.key_file),
        ];
        for (key, path) in [
            ("store.password_file", &self.store.password_file),
            ("keys.password_file", &self.keys.password_file),
            ("web.key_file", &self.web.key_file),
            ("far.key_file", &self.far.key_file),
        ] {
            all.extend(some(key, path).zip(path.as_deref()));
        }
        if let Some(outgoing) = &self.outgoing {
            all.push(("outgoing.key_file".to_owned(), &outgoing.key_file));
        }
        for provider in &self.eid {
            for (key, path) in [
                ("client_key_file", &provider.client_key_file),
                ("client_secret_file", &provider.client_secret_file),
            ] {
                all.extend(some(&format!("eid.{key}"), path).zip(path.as_deref()));
            }
        }
        if let notifier::settings::EmailSettings::Smtp(smtp) = &self.notices.email {
            all.extend(
                some("notices.email.password_file", &smtp.password_file).zip(smtp.password_file.as_deref()),
            );
        }
        if let notifier::settings::SmsSettings::Http(sms) = &self.notices.sms {
            all.push(("notices.sms.password_file".to_owned(), &sms.password_file));
        }
        all
    }
}

#[cfg(unix)]
fn private(key: &str, path: &Path) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let Ok(found) = fs::metadata(path) else { return Ok(()) };
    let mode = found.permissions().mode() & 0o777;
    ensure!(
        mode & 0o077 == 0,
        "{key}: {} can be read by others than its owner (mode {mode:04o}): chmod 600 {}",
        path.display(),
        path.display()
    );
    Ok(())
}

#[cfg(not(unix))]
fn private(_: &str, _: &Path) -> Result<()> {
    Ok(())
}

/// Certificate and key of a door that fit each other.
fn pair(section: &str, certificate: &Path, key: &Path) -> Result<()> {
    let named = || format!("{section}.certificate, {section}.key_file");
    edge::tls::public(certificate, key).map(drop).with_context(named)
}

/// A folder that files can be made in, or that can be made itself. What is made to see it is removed.
fn writable(key: &str, folder: &Path) -> Result<()> {
    let there = folder.ancestors().find(|folder| folder.exists());
    let Some(there) = there else { bail!("{key}: {} is not there", folder.display()) };
    ensure!(there.is_dir(), "{key}: {} is no folder", there.display());
    let trial = there.join(format!(".kuvert-check-{}", std::process::id()));
    let made = fs::write(&trial, b"").and_then(|()| fs::remove_file(&trial));
    made.with_context(|| format!("{key}: nothing can be written in {}", there.display()))
}
