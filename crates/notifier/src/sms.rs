//! Text messages: through an HTTP gateway in the form of 46elks, or into a folder for the demo.

mod gateway;

use crate::{
    delivery::{Delivery, Failure, id_text, write_file},
    memory::Memory,
    settings::{SetUpError, SmsSettings},
};
use gateway::Gateway;
use std::{path::PathBuf, sync::Arc};

/// Where text messages go.
pub enum Sms {
    Off,
    Http(Box<Gateway>),
    /// One file for each message.
    Folder(PathBuf),
    /// Kept in memory, for tests.
    Memory(Arc<Memory>),
}

impl Sms {
    pub fn open(settings: &SmsSettings) -> Result<Self, SetUpError> {
        match settings {
            SmsSettings::Off => Ok(Self::Off),
            SmsSettings::Folder { path } => Ok(Self::Folder(path.clone())),
            SmsSettings::Http(gateway) => Ok(Self::Http(Box::new(Gateway::open(gateway)?))),
        }
    }

    /// Sends one message; returns when the gateway has taken it over.
    pub async fn send(&self, delivery: &Delivery) -> Result<(), Failure> {
        if !is_e164(&delivery.address) {
            return Err(Failure::BadAddress("number_invalid"));
        }
        match self {
            Self::Off => Err(Failure::Never("sms_off")),
            Self::Http(gateway) => gateway.send(&delivery.address, &delivery.text).await,
            Self::Folder(path) => {
                let text = format!("To: {}\n\n{}\n", delivery.address, delivery.text);
                write_file(path, &format!("{}.sms", id_text(&delivery.id)), text.into_bytes()).await
            }
            Self::Memory(memory) => memory.take(&delivery.address, delivery.text.clone()).await,
        }
    }
}

/// A plus sign, a country and a number, fifteen digits at most (E.164 §6).
fn is_e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_country() {
        assert!(is_e164("+46701740605") && is_e164("+3581234567"));
        for number in
            ["0701740605", "46701740605", "+046701740605", "+46 70 174", "+467017406051234567", "+", "+46a"]
        {
            assert!(!is_e164(number), "{number}");
        }
    }
}
