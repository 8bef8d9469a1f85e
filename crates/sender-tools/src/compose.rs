//! A letter as a sender's system writes it: payload, manifest, signature, multipart body.

use anyhow::{Context, Result, ensure};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use domain::letter::AttachmentType;
use serde_json::{Map, Value, json};
use std::path::Path;
use vault::{Certificate, jws::LetterSigner, sha256};

/// A letter before it is signed. Members that are `None` are left out.
#[derive(Clone, Debug, Default)]
pub struct Draft {
    pub reference: String,
    pub sender: String,
    pub recipient: String,
    pub subject: String,
    pub body: String,
    pub html: bool,
    pub attachments: Vec<File>,
    /// Other members of the payload, as the API names them.
    pub more: Map<String, Value>,
}

/// A file to attach.
#[derive(Clone, Debug)]
pub struct File {
    pub name: String,
    pub media_type: AttachmentType,
    pub content: Bytes,
}

/// A letter that can be sent: the JWS and its attachments.
#[derive(Clone, Debug)]
pub struct Signed {
    pub jws: Vec<u8>,
    pub attachments: Vec<File>,
}

/// Separates the parts. Random enough that no attachment holds it by accident: 26 letters and digits.
pub const BOUNDARY: &str = "kuvert-0q8m3v5z1x7c9b2n4k6j";

impl Draft {
    pub fn payload(&self) -> Vec<u8> {
        let mut payload = json!({
            "reference": self.reference, "sender": self.sender, "recipient": self.recipient,
            "subject": self.subject, "language": "sv",
            "body": {"media_type": if self.html { "text/html" } else { "text/plain" }, "content": self.body},
        });
        if let Some(members) = payload.as_object_mut() {
            if !self.attachments.is_empty() {
                let manifest = self.attachments.iter().map(File::entry).collect();
                members.insert("attachments".to_owned(), Value::Array(manifest));
            }
            members.extend(self.more.clone());
        }
        payload.to_string().into_bytes()
    }

    /// A letter is not checked here: what the door refuses can be signed, too.
    pub fn sign(&self, signer: &LetterSigner) -> Result<Signed> {
        Ok(Signed { jws: signer.sign_flattened(&self.payload())?, attachments: self.attachments.clone() })
    }
}

impl File {
    /// Reads a file; its type is taken from the name's ending.
    pub fn read(path: &Path) -> Result<Self> {
        let name = path.file_name().and_then(|n| n.to_str()).context("a file without a readable name")?;
        let ending = path.extension().and_then(|e| e.to_str()).unwrap_or_default().to_ascii_lowercase();
        let media_type = match ending.as_str() {
            "pdf" => AttachmentType::Pdf,
            "png" => AttachmentType::Png,
            "jpg" | "jpeg" => AttachmentType::Jpeg,
            "txt" => AttachmentType::Text,
            "csv" => AttachmentType::Csv,
            "xml" => AttachmentType::Xml,
            "ics" => AttachmentType::Calendar,
            _ => anyhow::bail!("{name}: attachments are pdf, png, jpg, txt, csv, xml or ics"),
        };
        let content = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self { name: name.to_owned(), media_type, content: content.into() })
    }

    fn entry(&self) -> Value {
        json!({"name": self.name, "media_type": self.media_type.as_str(), "bytes": self.content.len(),
            "sha256": URL_SAFE_NO_PAD.encode(sha256(&self.content))})
    }
}

impl Signed {
    /// The body of `POST /v1/letters`, RFC 7578.
    pub fn multipart(&self) -> Bytes {
        let size: usize = self.attachments.iter().map(|a| a.content.len() + 256).sum();
        let mut body = Vec::with_capacity(self.jws.len() + size + 256);
        part(&mut body, "name=\"letter\"", "application/jose+json", &self.jws);
        for file in &self.attachments {
            // The name stands in the manifest; part headers are not read.
            part(
                &mut body,
                "name=\"attachment\"; filename=\"attachment\"",
                file.media_type.as_str(),
                &file.content,
            );
        }
        body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
        body.into()
    }
}

fn part(body: &mut Vec<u8>, disposition: &str, media_type: &str, content: &[u8]) {
    let head = format!(
        "--{BOUNDARY}\r\nContent-Disposition: form-data; {disposition}\r\nContent-Type: {media_type}\r\n\r\n"
    );
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(content);
    body.extend_from_slice(b"\r\n");
}

/// A signer from the PEM files of an organisation.
pub fn signer(certificate: &Path, key: &Path) -> Result<LetterSigner> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let pem = read(certificate)?;
    let parsed = Certificate::from_pem(&pem).with_context(|| format!("in {}", certificate.display()))?;
    ensure!(
        parsed.organisation.is_some(),
        "{}: names no organisation in serialNumber",
        certificate.display()
    );
    LetterSigner::from_pem(&read(key)?, &parsed).with_context(|| format!("in {}", key.display()))
}
