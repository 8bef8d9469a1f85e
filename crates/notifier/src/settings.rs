//! Section `notices` of the configuration.

use serde::{Deserialize, Serialize};
use std::{
    net::IpAddr,
    path::{Path, PathBuf},
};

/// How people are told that a letter has come.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NoticeSettings {
    /// What stands in `From`.
    pub from: String,
    /// Letters to the same mailbox within this time share one notice.
    #[serde(default = "ten")]
    pub coalesce_minutes: u64,
    /// The way of e-mail.
    pub email: EmailSettings,
    /// The way of text messages.
    #[serde(default)]
    pub sms: SmsSettings,
}

/// The way of e-mail.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum EmailSettings {
    /// A mail server.
    Smtp(SmtpSettings),
    /// One `.eml` file for each notice; refused in production.
    Folder {
        /// Where.
        path: PathBuf,
    },
}

/// A mail server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmtpSettings {
    /// The server, as its certificate has it. There is no way without TLS.
    pub host: String,
    /// 587 for `starttls`, 465 for `tls`.
    pub port: u16,
    /// `starttls` or `tls`. There is no way without.
    pub security: Security,
    /// User name, for servers that ask for one. With `password_file`, or neither.
    pub username: Option<String>,
    /// File with the password.
    pub password_file: Option<PathBuf>,
    /// PEM file with the only authorities trusted for this server; without it, the machine's.
    pub ca_file: Option<PathBuf>,
    /// Connections at once.
    #[serde(default = "four")]
    pub connections: u32,
    /// How long an answer may take.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
}

/// When TLS begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Security {
    /// After STARTTLS (RFC 3207), which must succeed.
    Starttls,
    /// At once (RFC 8314).
    Tls,
}

/// The way of text messages.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum SmsSettings {
    /// No text messages: phone numbers cannot be added.
    #[default]
    Off,
    /// A gateway that takes `from`, `to` and `message` as a form with basic authentication, as 46elks does.
    Http(SmsGatewaySettings),
    /// One `.sms` file for each notice; refused in production.
    Folder {
        /// Where.
        path: PathBuf,
    },
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsGatewaySettings {
    /// For `http`, as all below: where the form is posted.
    pub url: String,
    /// User name of the basic authentication.
    pub username: String,
    /// File with the password.
    pub password_file: PathBuf,
    /// Who the message is from: at most eleven letters and digits, or a number.
    pub sender: String,
    /// How long an answer may take.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
}

/// The settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("notices.{key}: {what}")]
pub struct SettingsError {
    /// The key that is wrong.
    pub key: &'static str,
    /// What to do about it.
    pub what: &'static str,
}

/// A channel cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    #[error("notices.from is no address")]
    From,
    #[error("cannot read {path}")]
    File { path: PathBuf, source: std::io::Error },
    #[error("the TLS settings of the mail server cannot be used")]
    Tls(#[source] lettre::transport::smtp::Error),
    #[error("the HTTP client of the SMS gateway cannot be made")]
    Http(#[source] reqwest::Error),
}

impl NoticeSettings {
    /// Makes paths whole from the folder of the configuration.
    pub fn resolve(&mut self, folder: &Path) {
        let whole = |path: &mut PathBuf| *path = folder.join(&*path);
        match &mut self.email {
            EmailSettings::Folder { path } => whole(path),
            EmailSettings::Smtp(smtp) => {
                [&mut smtp.password_file, &mut smtp.ca_file].into_iter().flatten().for_each(whole);
            }
        }
        match &mut self.sms {
            SmsSettings::Off => {}
            SmsSettings::Folder { path } => whole(path),
            SmsSettings::Http(gateway) => whole(&mut gateway.password_file),
        }
    }

    /// Refuses what cannot work, and in production what is only good for trying.
    pub fn check(&self, production: bool) -> Result<(), SettingsError> {
        let wrong = |key, what| Err(SettingsError { key, what });
        if self.from.parse::<lettre::message::Mailbox>().is_err() {
            return wrong("from", "give a name and an address, such as Kuvert <avisering@example.se>");
        }
        if self.coalesce_minutes > 24 * 60 {
            return wrong("coalesce_minutes", "give at most a day");
        }
        match &self.email {
            EmailSettings::Folder { .. } if production => {
                return wrong("email", "notices in a folder reach nobody; give a mail server");
            }
            EmailSettings::Smtp(smtp) => check_smtp(smtp)?,
            EmailSettings::Folder { .. } => {}
        }
        match &self.sms {
            SmsSettings::Folder { .. } if production => {
                wrong("sms", "notices in a folder reach nobody; give a gateway, or off")
            }
            SmsSettings::Http(gateway) => check_gateway(gateway, production),
            _ => Ok(()),
        }
    }
}

fn check_smtp(smtp: &SmtpSettings) -> Result<(), SettingsError> {
    let wrong = |key, what| Err(SettingsError { key, what });
    if smtp.host.is_empty() {
        return wrong("email.host", "give the server's name, as its certificate has it");
    }
    if smtp.username.is_some() != smtp.password_file.is_some() {
        return wrong("email.password_file", "give username and password_file, or neither");
    }
    if smtp.connections == 0 {
        return wrong("email.connections", "give at least one");
    }
    if smtp.timeout_seconds == 0 {
        return wrong("email.timeout_seconds", "give at least a second");
    }
    Ok(())
}

fn check_gateway(gateway: &SmsGatewaySettings, production: bool) -> Result<(), SettingsError> {
    let wrong = |key, what| Err(SettingsError { key, what });
    let Ok(url) = url::Url::parse(&gateway.url) else { return wrong("sms.url", "give an https address") };
    if url.scheme() != "https" && (production || !url.host_str().is_some_and(is_loopback)) {
        return wrong("sms.url", "give an https address");
    }
    // Addresses are shown and logged.
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("sms.url", "give the name in username and the password in password_file");
    }
    let number = gateway.sender.strip_prefix('+').is_some_and(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let name = gateway.sender.len() <= 11 && gateway.sender.bytes().all(|b| b.is_ascii_alphanumeric());
    if gateway.sender.is_empty() || !number && !name {
        return wrong("sms.sender", "give at most eleven letters and digits, or a number with its country");
    }
    if gateway.timeout_seconds == 0 {
        return wrong("sms.timeout_seconds", "give at least a second");
    }
    Ok(())
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn ten() -> u64 {
    10
}
fn four() -> u32 {
    4
}
fn thirty() -> u64 {
    30
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests;
