//! Agencies: letters that are honestly sent, and what the door answers.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use reqwest::{Certificate, Client, Identity};
use serde_json::{Value, json};
use std::{path::Path, time::Duration};
pub use testing::{DISPATCHER, OFFICE, TOWN};
use vault::jws::LetterSigner;

/// An organisation with its certificate, at the agency door.
pub struct Agency {
    pub number: &'static str,
    http: Client,
    door: String,
    pub signer: LetterSigner,
}

/// A letter before it is signed.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub reference: String,
    pub sender: String,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    /// Name and text of a file.
    pub file: Option<(String, String)>,
    pub confidential: bool,
    /// RFC 3339.
    pub visible_from: Option<String>,
}

/// What the door said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    pub status: u16,
    /// Of a problem.
    pub code: String,
    pub letter_id: String,
    pub receipt: String,
}

impl Reply {
    pub fn is_taken(&self) -> bool {
        (200..300).contains(&self.status)
    }
}

impl Draft {
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = json!({
            "reference": self.reference, "sender": self.sender, "recipient": self.recipient, "subject": self.subject,
            "language": "sv", "body": {"media_type": "text/plain", "content": self.body}, "receipt": "opened",
        });
        if let Some((name, text)) = &self.file {
            payload["attachments"] = json!([{"name": name, "media_type": "text/plain", "bytes": text.len(),
                "sha256": URL_SAFE_NO_PAD.encode(vault::sha256(text.as_bytes()))}]);
        }
        if self.confidential {
            payload["confidential"] = Value::Bool(true);
        }
        if let Some(from) = &self.visible_from {
            payload["visible_from"] = Value::String(from.clone());
        }
        payload.to_string().into_bytes()
    }
}

impl Agency {
    pub fn open(pki: &Path, number: &'static str, door: &str) -> Result<Self> {
        let read = |name: String| {
            let path = pki.join(name);
            std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))
        };
        let certificate = read(format!("{number}.pem"))?;
        let key = read(format!("{number}.key"))?;
        let mut identity = key.clone();
        identity.push(b'\n');
        identity.extend_from_slice(&certificate);
        let http = Client::builder()
            .identity(Identity::from_pem(&identity)?)
            .tls_certs_only(Certificate::from_pem_bundle(&read("ca.pem".to_owned())?)?)
            .http1_only()
            .timeout(Duration::from_secs(60))
            .no_proxy()
            .build()?;
        let parsed = vault::Certificate::from_pem(&certificate)?;
        let signer = LetterSigner::from_pem(&key, &parsed)?;
        Ok(Self { number, http, door: door.to_owned(), signer })
    }

    /// Sends a letter, signed with the organisation's own key.
    pub async fn send(&self, draft: &Draft) -> Result<Reply> {
        self.send_signed(&self.signer.sign_flattened(&draft.payload())?, draft).await
    }

    /// Sends a letter that somebody has signed.
    pub async fn send_signed(&self, jws: &[u8], draft: &Draft) -> Result<Reply> {
        let body = multipart(jws, draft.file.as_ref().map(|(_, text)| text.as_str()));
        let kind = format!("multipart/form-data; boundary={BOUNDARY}");
        let url = format!("{}/v1/letters", self.door);
        let request = self.http.post(url).header("content-type", kind).body(body);
        let response = request.send().await.context("the agency door does not answer")?;
        let status = response.status().as_u16();
        let answer: Value = response.json().await.unwrap_or_default();
        let text = |name: &str| answer[name].as_str().unwrap_or_default().to_owned();
        Ok(Reply { status, code: text("code"), letter_id: text("letter_id"), receipt: text("receipt") })
    }

    /// Who can be reached: one answer each, in order; a word for those who cannot.
    pub async fn reach(&self, recipients: &[String]) -> Result<Vec<String>> {
        let url = format!("{}/v1/reachability", self.door);
        let body = json!({"sender": self.number, "recipients": recipients});
        let response = self.http.post(url).json(&body).send().await?;
        let status = response.status();
        let answer: Value = response.json().await.unwrap_or_default();
        let Some(results) = answer["results"].as_array() else {
            let code = answer["code"].as_str().unwrap_or_default();
            return Ok(vec![format!("{} {code}", status.as_u16()); recipients.len()]);
        };
        ensure!(results.len() == recipients.len(), "the door does not answer for each recipient");
        let word = |one: &Value| match one["reachable"].as_bool() {
            Some(true) => "reachable".to_owned(),
            _ => one["reason"].as_str().unwrap_or("no reason").to_owned(),
        };
        Ok(results.iter().map(word).collect())
    }

    /// What the sender is told happened to a letter.
    pub async fn told(&self, reference: &str) -> Result<Vec<String>> {
        let path = format!("{}/v1/letters?reference={reference}&sender={}", self.door, self.number);
        let answer: Value = self.http.get(path).send().await?.json().await.unwrap_or_default();
        let history = answer["history"].as_array().cloned().unwrap_or_default();
        Ok(history.iter().filter_map(|one| one["type"].as_str().map(str::to_owned)).collect())
    }
}

fn multipart(jws: &[u8], file: Option<&str>) -> Vec<u8> {
    let mut body = Vec::with_capacity(jws.len() + 1024);
    let mut part = |name: &str, media_type: &str, content: &[u8]| {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {media_type}\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    part("name=\"letter\"", "application/jose+json", jws);
    if let Some(file) = file {
        part("name=\"attachment\"; filename=\"attachment\"", "text/plain", file.as_bytes());
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    body
}

const BOUNDARY: &str = "administrator-4h7k2m9q5s8v1x3z6b0d";
