//! An agency's system: letters, and questions that may be wrong.

use crate::process::Demo;
use domain::letter::AttachmentType;
use reqwest::{Certificate, Client, Identity};
use serde_json::{Map, Value};
use server::{
    agency_client::{AgencyClient, Reply},
    compose::{self, Draft, File},
};
use std::path::{Path, PathBuf};

pub const TOWN: &str = "164020000016";
pub const OFFICE: &str = "164020000024";
pub const ANNA: &str = "198101052382";
pub const BO: &str = "199001012385";
pub const CLEO: &str = "200001012384";

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
        let (pem, key) = (demo.pki(&format!("{number}.pem")), demo.pki(&format!("{number}.key")));
        let door = format!("https://127.0.0.1:{}", demo.base + 1);
        Self::new(&door, pem, key, &demo.pki("ca.pem"))
    }

    pub fn new(door: &str, pem: PathBuf, key: PathBuf, ca: &Path) -> Self {
        let client = AgencyClient::new(door, &pem, &key, ca).unwrap();
        let mut identity = std::fs::read(&key).unwrap();
        identity.extend(std::fs::read(&pem).unwrap());
        let http = Client::builder()
            .identity(Identity::from_pem(&identity).unwrap())
            .tls_certs_only(Certificate::from_pem_bundle(&std::fs::read(ca).unwrap()).unwrap())
            .http1_only()
            .no_proxy()
            .build()
            .unwrap();
        Self { client, http, door: door.to_owned(), pem, key }
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

    /// The refusal's code.
    pub async fn is_refused(&self, draft: &Draft) -> String {
        match self.client.send(&self.sign(draft)).await.unwrap() {
            Reply::Refused { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }
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

pub fn with(mut draft: Draft, more: Value, attachments: Vec<File>) -> Draft {
    draft.more = more.as_object().cloned().unwrap_or_else(Map::new);
    draft.attachments = attachments;
    draft
}

pub fn text_file(name: &str, content: impl Into<Vec<u8>>) -> File {
    File { name: name.into(), media_type: AttachmentType::Text, content: content.into().into() }
}
