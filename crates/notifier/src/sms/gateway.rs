//! An SMS gateway that takes `from`, `to` and `message` as a form with basic authentication, as 46elks does.

use crate::{
    delivery::Failure,
    settings::{SetUpError, SmsGatewaySettings},
};
use reqwest::{Client, Response, StatusCode};
use std::time::Duration;

/// A gateway. Has no `Debug`: it holds a password.
pub struct Gateway {
    http: Client,
    url: String,
    username: String,
    password: String,
    sender: String,
}

impl Gateway {
    pub(super) fn open(settings: &SmsGatewaySettings) -> Result<Self, SetUpError> {
        let path = settings.password_file.clone();
        let password = std::fs::read_to_string(&path).map_err(|source| SetUpError::File { path, source })?;
        // Another part of the process may have set it already; it is the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
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

    pub(super) async fn send(&self, number: &str, text: &str) -> Result<(), Failure> {
        let form = [("from", self.sender.as_str()), ("to", number), ("message", text)];
        let request = self.http.post(&self.url).basic_auth(&self.username, Some(&self.password)).form(&form);
        // What failed is not told on: an error of the client can quote what was sent.
        let response = request.send().await.map_err(|_| Failure::Later("sms_no_answer"))?;
        match response.status() {
            status if status.is_success() => taken(response).await,
            StatusCode::BAD_REQUEST | StatusCode::UNPROCESSABLE_ENTITY => Err(refused(response).await),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => Err(Failure::Later("sms_not_now")),
            // A wrong password, no money left, a wrong address of the gateway: the same for every number, so no
            // number is to blame and all wait until it is mended.
            status if status.is_client_error() => Err(Failure::Later("sms_account")),
            _ => Err(Failure::Later("sms_gateway")),
        }
    }
}

/// The gateway answers with the message as it keeps it, whose state may already be that it failed.
async fn taken(response: Response) -> Result<(), Failure> {
    let answer: serde_json::Value = serde_json::from_slice(&beginning(response).await).unwrap_or_default();
    if answer["status"] == "failed" { Err(Failure::Never("sms_failed")) } else { Ok(()) }
}

/// A form that the gateway does not take: because of the number, when it says so.
async fn refused(response: Response) -> Failure {
    let words = String::from_utf8_lossy(&beginning(response).await).to_lowercase();
    if ABOUT_THE_NUMBER.iter().any(|about| words.contains(about)) {
        Failure::BadAddress("sms_no_such_number")
    } else {
        Failure::Later("sms_refused")
    }
}

/// As much of an answer as is worth reading.
async fn beginning(mut response: Response) -> Vec<u8> {
    let mut read = Vec::new();
    while let Ok(Some(chunk)) = response.chunk().await {
        read.extend_from_slice(&chunk);
        if read.len() >= ANSWER_BYTES {
            break;
        }
    }
    read
}

const ANSWER_BYTES: usize = 16 * 1024;
const ABOUT_THE_NUMBER: [&str; 7] =
    ["'to'", "\"to\"", "invalid to", "to number", "phone number", "recipient", "destination"];
