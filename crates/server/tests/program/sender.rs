//! An agency's system: letters, and questions that may be wrong.

use crate::process::Demo;
use delivery::{
    Notice,
    notice::{EmailMessage, SmsMessage},
};
use domain::letter::AttachmentType;
use reqwest::{Certificate, Client, ClientBuilder, Identity};
use sender_tools::{
    agency_client::{AgencyClient, Reply},
    compose::{self, Draft, File},
};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
#[allow(unused_imports, reason = "an example that shares this file knows fewer of them")]
pub use testing::{ANNA, BO, CLEO, OFFICE, TOWN};

pub struct Sender {
    pub client: AgencyClient,
    /// For questions that [`AgencyClient`] would not ask.
    pub http: Client,
    pub door: String,
    pem: PathBuf,
    key: PathBuf,
}

impl Sender {
    pub fn of(demo: &Demo, number: &str) -> Self {
        let pem = demo.pki(&format!("{number}.pem"));
        let key = demo.pki(&format!("{number}.key"));
        let door = format!("https://127.0.0.1:{}", demo.base + 1);
        Self::new(&door, pem, key, &demo.pki("ca.pem"))
    }

    pub fn new(door: &str, pem: PathBuf, key: PathBuf, ca: &Path) -> Self {
        let client = AgencyClient::new(door, &pem, &key, ca).unwrap();
        let http = plain(&pem, &key, ca).http1_only().build().unwrap();
        Self { client, http, door: door.to_owned(), pem, key }
    }

    /// As `http`, with all calls on one connection.
    pub fn over_http2(&self, ca: &Path) -> Client {
        plain(&self.pem, &self.key, ca).http2_prior_knowledge().build().unwrap()
    }

    pub fn sign(&self, draft: &Draft) -> compose::Signed {
        draft.sign(&compose::signer(&self.pem, &self.key).unwrap()).unwrap()
    }

    /// The letter's id.
    pub async fn sends(&self, draft: &Draft) -> String {
        match self.client.send(&self.sign(draft)).await.unwrap() {
            Reply::Accepted { letter_id, .. } => letter_id,
            other => panic!("{other:?}"),
        }
    }

    /// Posts a whole `notify` message: the answer, or the code of the fault. What was answered is kept in `said`.
    pub async fn notifies(&self, notice: &Notice, said: &mut Vec<u8>) -> Result<String, String> {
        let url = format!("{}/Service/v3", self.door);
        let request = self.http.post(url).header("content-type", "text/xml; charset=utf-8");
        let answer = request.body(notice.envelope()).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        said.extend_from_slice(text.as_bytes());
        match (status, text.split_once("Description")) {
            (200, None) => Ok(text),
            (500, Some((_, described))) => {
                let code = described.split_once('>').unwrap().1.split(':').next().unwrap();
                Err(code.to_owned())
            }
            _ => panic!("{status} {text}"),
        }
    }

    /// The refusal's code.
    pub async fn is_refused(&self, draft: &Draft) -> String {
        match self.client.send(&self.sign(draft)).await.unwrap() {
            Reply::Refused { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }
}

fn plain(pem: &Path, key: &Path, ca: &Path) -> ClientBuilder {
    let mut identity = std::fs::read(key).unwrap();
    identity.extend(std::fs::read(pem).unwrap());
    Client::builder()
        .identity(Identity::from_pem(&identity).unwrap())
        .tls_certs_only(Certificate::from_pem_bundle(&std::fs::read(ca).unwrap()).unwrap())
        .no_proxy()
}

pub fn letter(sender: &str, recipient: &str, reference: &str, subject: &str, body: &str) -> Draft {
    Draft {
        reference: reference.into(),
        sender: sender.into(),
        recipient: recipient.into(),
        subject: subject.into(),
        body: body.into(),
        ..Draft::default()
    }
}

/// Words of the town for these people, the same in the e-mail and the text message.
pub fn notice(id: &str, recipients: &[&str], subject: &str, text: &str) -> Notice {
    Notice {
        message: testing::delivery::plain(id, subject, text),
        email: Some(EmailMessage {
            from: "vatten@exempelkommunen.example".into(),
            subject: subject.into(),
            text: text.into(),
        }),
        sms: Some(SmsMessage { from: "Kommunen".into(), text: text.into() }),
        ..testing::delivery::notice(id, recipients)
    }
}

pub fn with(mut draft: Draft, more: Value, attachments: Vec<File>) -> Draft {
    draft.more = more.as_object().cloned().unwrap_or_else(Map::new);
    draft.attachments = attachments;
    draft
}

pub fn text_file(name: &str, content: impl Into<Vec<u8>>) -> File {
    File { name: name.into(), media_type: AttachmentType::Text, content: content.into().into() }
}
