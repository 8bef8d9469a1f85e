//! Text messages: through an HTTP gateway in the form of 46elks, or into a folder for the demo.

use crate::{
    delivery::{Delivery, Failure, id_text, write_file},
    settings::{SetUpError, SmsGatewaySettings, SmsSettings},
};
use reqwest::{Client, StatusCode};
use std::{path::PathBuf, sync::Mutex, time::Duration};

/// Where text messages go.
pub enum Sms {
    /// Nowhere.
    Off,
    /// A gateway.
    Http(Box<Gateway>),
    /// One file for each message.
    Folder(PathBuf),
    /// Kept in memory, for tests: number and text.
    Memory(Mutex<Vec<(String, String)>>),
}

/// A gateway that takes a form with basic authentication.
pub struct Gateway {
    http: Client,
    url: String,
    username: String,
    password: String,
    sender: String,
}

impl Sms {
    /// From the configuration.
    pub fn open(settings: &SmsSettings) -> Result<Self, SetUpError> {
        match settings {
            SmsSettings::Off => Ok(Self::Off),
            SmsSettings::Folder { path } => Ok(Self::Folder(path.clone())),
            SmsSettings::Http(gateway) => Ok(Self::Http(Box::new(Gateway::open(gateway)?))),
        }
    }

    /// Sends one message; returns when the gateway has taken it over.
    pub async fn send(&self, delivery: &Delivery) -> Result<(), Failure> {
        match self {
            Self::Off => Err(Failure::Never("sms_off")),
            Self::Http(gateway) => gateway.send(delivery).await,
            Self::Folder(path) => {
                let text = format!("To: {}\n\n{}\n", delivery.address, delivery.text);
                write_file(path, &format!("{}.sms", id_text(&delivery.id)), text.into_bytes()).await
            }
            Self::Memory(sent) => {
                let message = (delivery.address.clone(), delivery.text.clone());
                sent.lock().map_err(|_| Failure::Later("memory"))?.push(message);
                Ok(())
            }
        }
    }
}

impl Gateway {
    fn open(settings: &SmsGatewaySettings) -> Result<Self, SetUpError> {
        let path = settings.password_file.clone();
        let password = std::fs::read_to_string(&path).map_err(|source| SetUpError::File { path, source })?;
        let http = Client::builder()
            .timeout(Duration::from_secs(settings.timeout_seconds))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .map_err(SetUpError::Http)?;
        Ok(Self {
            http,
            url: settings.url.clone(),
            username: settings.username.clone(),
            password: password.trim_end().to_owned(),
            sender: settings.sender.clone(),
        })
    }

    async fn send(&self, delivery: &Delivery) -> Result<(), Failure> {
        let form = [
            ("from", self.sender.as_str()),
            ("to", delivery.address.as_str()),
            ("message", delivery.text.as_str()),
        ];
        let request = self.http.post(&self.url).basic_auth(&self.username, Some(&self.password)).form(&form);
        // reqwest's own error names the address that was called, never the form.
        let response = request.send().await.map_err(|_| Failure::Later("sms_no_answer"))?;
        match response.status() {
            status if status.is_success() => Ok(()),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(Failure::Later("sms_not_now")),
            StatusCode::UNAUTHORIZED | StatusCode::PAYMENT_REQUIRED => Err(Failure::Later("sms_account")),
            status if status.is_client_error() => Err(Failure::BadAddress("sms_refused")),
            _ => Err(Failure::Later("sms_gateway")),
        }
    }
}
