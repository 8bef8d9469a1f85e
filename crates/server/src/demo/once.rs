//! `kuvert demo --once`: the main job done once without a person, each step with the fact that it checked.

use super::{
    cast::{CITIZENS, KOMMUNEN},
    folder::Folder,
    pdf,
};
use crate::out;
use anyhow::{Context, Result, bail, ensure};
use domain::{chance, letter::AttachmentType};
use evidence::receipt::{self, ReceiptKeys};
use reqwest::Method;
use sender_tools::{
    agency_client::{AgencyClient, Reply},
    citizen::Citizen,
    compose::{self, Draft, File},
};
use serde_json::json;
use std::{
    fs,
    path::Path,
    time::{Duration, Instant},
};
use store::{Settings, Store};
use vault::{SystemRandom, sha256};

/// Runs every step. `Ok(true)` only when all held; an error names the step.
pub async fn run(folder: &Folder) -> Result<bool> {
    let run = hex::encode(chance::bytes::<4>(&SystemRandom));
    let walk = Walk {
        folder,
        subject: format!("Beslut i ärende {run}"),
        secret: format!("beslut-{run}-hemligt"),
        reference: format!("once-{run}"),
    };
    let document = pdf::document("Beslut", &[&walk.secret, "Ansökan beviljas."], 48_000);
    let sent = walk.send(&document).await.context("step 1, send")?;
    walk.repeat(&sent).await.context("step 2, repeat")?;
    walk.sealed().await.context("step 3, sealed at rest")?;
    walk.notified().await.context("step 4, notice")?;
    walk.read(&document).await.context("step 5, log in and read")?;
    walk.verify(&sent).await.context("step 6, receipt")?;
    walk.told(&sent).await.context("step 7, events")?;
    out::line("every step held");
    Ok(true)
}

struct Walk<'a> {
    folder: &'a Folder,
    subject: String,
    secret: String,
    reference: String,
}

struct Sent {
    client: AgencyClient,
    signed: compose::Signed,
    payload: Vec<u8>,
    letter_id: String,
    receipt: String,
}

impl Walk<'_> {
    /// A signed letter with a PDF over mutual TLS.
    async fn send(&self, document: &[u8]) -> Result<Sent> {
        let pki = self.folder.path.join("pki");
        let pem = pki.join(format!("{KOMMUNEN}.pem"));
        let key = pki.join(format!("{KOMMUNEN}.key"));
        let client = AgencyClient::new(&self.folder.urls.agency, &pem, &key, &pki.join("ca.pem"))?;
        let more = json!({"kind": "decision", "receipt": "opened", "matter": {"id": self.reference}});
        let draft = Draft {
            reference: self.reference.clone(),
            sender: KOMMUNEN.to_owned(),
            recipient: CITIZENS[0].number.to_owned(),
            subject: self.subject.clone(),
            body: format!("Hej,\n\nVi har fattat beslut. {}", self.secret),
            html: false,
            attachments: vec![File {
                name: "beslut.pdf".into(),
                media_type: AttachmentType::Pdf,
                content: document.to_vec().into(),
            }],
            more: more.as_object().cloned().unwrap_or_default(),
        };
        let signed = draft.sign(&compose::signer(&pem, &key)?)?;
        let Reply::Accepted { letter_id, receipt, repeated: false, .. } = client.send(&signed).await? else {
            bail!("the letter was not accepted as new");
        };
        out::line(&format!(
            "1. sent a PS256-signed letter with a PDF of {} bytes over mutual TLS: 201, letter {letter_id}",
            spaced(document.len() as u64)
        ));
        Ok(Sent { client, signed, payload: draft.payload(), letter_id, receipt })
    }

    /// The same again: the same receipt, byte for byte.
    async fn repeat(&self, sent: &Sent) -> Result<()> {
        match sent.client.send(&sent.signed).await? {
            Reply::Accepted { letter_id, receipt, repeated: true, .. } => {
                ensure!(letter_id == sent.letter_id && receipt == sent.receipt, "the receipt differs");
            }
            other => bail!("a repeat was answered with {other:?}"),
        }
        let bytes = sent.receipt.len();
        out::line(&format!("2. sent it again: 200 and the same receipt, {bytes} of {bytes} bytes alike"));
        Ok(())
    }

    /// Nothing readable in what is stored.
    async fn sealed(&self) -> Result<()> {
        let needles =
            [self.secret.as_str(), &self.subject, "beslut.pdf", CITIZENS[0].number, &self.reference];
        let mut bytes = 0;
        let mut hits = 0;
        if self.folder.config.store.database.starts_with("postgres:") {
            let dumped = dump(&self.folder.config.store.database).await?;
            bytes += dumped.len() as u64;
            hits += count(&dumped, &needles);
        }
        for path in files(&self.folder.path)? {
            let content = fs::read(&path)?;
            bytes += content.len() as u64;
            hits += count(&content, &needles);
        }
        ensure!(
            bytes > 100_000,
            "only {bytes} bytes were looked through: the stored letter is not among them"
        );
        ensure!(hits == 0, "{hits} readable places in the stored bytes");
        out::line(&format!(
            "3. looked through {} stored bytes: text, subject, file name, personal number and reference found 0 times",
            spaced(bytes)
        ));
        Ok(())
    }

    /// A notice without content or link.
    async fn notified(&self) -> Result<()> {
        let outbox = self.folder.path.join("outbox");
        let deadline = Instant::now() + Duration::from_secs(20);
        let state = loop {
            let history = self.history().await?;
            if let Some(state) =
                history.iter().find(|kind| kind.starts_with("notice_") || *kind == "no_contact_point")
            {
                break state.clone();
            }
            ensure!(Instant::now() < deadline, "no notice state after 20 s");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        ensure!(state == "notice_sent", "the notice ended as {state}");
        let mut notices = 0;
        let mut telling = 0;
        for entry in fs::read_dir(outbox)? {
            let text = fs::read_to_string(entry?.path())?;
            notices += 1;
            let tells = text.contains(&self.subject) || text.contains(&self.secret) || text.contains("http");
            telling += usize::from(tells);
        }
        ensure!(notices > 0 && telling == 0, "{telling} of {notices} notices say too much");
        out::line(&format!(
            "4. the notice is {state}: {notices} in the outbox, 0 with content, subject or link"
        ));
        Ok(())
    }

    /// e-ID, inbox, letter, attachment.
    async fn read(&self, document: &[u8]) -> Result<()> {
        let anna = &CITIZENS[0];
        let mut citizen = Citizen::log_in(&self.folder.urls.web, anna.number).await?;
        let page = citizen.open(&self.subject).await?;
        ensure!(page.contains(&self.secret), "the letter's text is not on the page");
        let file = citizen.download(&page, "beslut.pdf").await?;
        ensure!(sha256(&file) == sha256(document), "the attachment is not what was sent");
        citizen.log_out().await?;
        ensure!(citizen.open(&self.subject).await.is_err(), "the letter can be read after logging out");
        out::line(&format!(
            "5. logged in by e-ID, opened the letter, downloaded beslut.pdf: {} bytes, the SHA-256 sent; \
             logged out: shown nothing more",
            spaced(file.len() as u64)
        ));
        Ok(())
    }

    /// The receipt, by the published keys and by what the sender knows itself.
    async fn verify(&self, sent: &Sent) -> Result<()> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let keys = http.get(format!("{}/log/keys", self.folder.urls.web)).send().await?.bytes().await?;
        let keys = ReceiptKeys::parse(&keys).context("the published keys")?;
        let verified = receipt::verify(&sent.receipt, &keys).context("the receipt does not verify")?;
        let recipient = domain::Identity::parse(CITIZENS[0].number)?;
        ensure!(
            verified.is_of(&sent.payload) && verified.is_to(&recipient),
            "the receipt is for another letter or recipient"
        );
        let other = domain::Identity::parse(CITIZENS[1].number)?;
        ensure!(
            !(verified.is_of(&sent.payload) && verified.is_to(&other)),
            "the receipt fits another recipient too"
        );
        let mut changed = sent.payload.clone();
        changed[10] ^= 1;
        ensure!(
            !(verified.is_of(&changed) && verified.is_to(&recipient)),
            "the receipt fits a changed letter too"
        );
        out::line(
            "6. verified the receipt with the published key: it fits this letter and recipient, no other",
        );
        Ok(())
    }

    /// The sender sees that the letter was opened.
    async fn told(&self, sent: &Sent) -> Result<()> {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            let path = format!("/v1/events?sender={KOMMUNEN}&limit=1000");
            let feed = sent.client.ask(Method::GET, &path, None).await?;
            let events = feed["events"].as_array().cloned().unwrap_or_default();
            let ours = events.iter().filter(|e| e["letter_id"] == sent.letter_id.as_str());
            let types: Vec<_> = ours.filter_map(|e| e["type"].as_str().map(str::to_owned)).collect();
            if types.iter().any(|t| t == "opened") {
                ensure!(types[0] == "accepted", "the feed begins with {}", types[0]);
                out::line(&format!("7. the sender's feed says: {}", types.join(", ")));
                return Ok(());
            }
            ensure!(Instant::now() < deadline, "the feed says only: {}", types.join(", "));
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    async fn history(&self) -> Result<Vec<String>> {
        let pki = self.folder.path.join("pki");
        let file = |ending: &str| pki.join(format!("{KOMMUNEN}.{ending}"));
        let client =
            AgencyClient::new(&self.folder.urls.agency, &file("pem"), &file("key"), &pki.join("ca.pem"))?;
        let path = format!("/v1/letters?reference={}&sender={KOMMUNEN}", self.reference);
        let status = client.ask(Method::GET, &path, None).await?;
        let history = status["history"].as_array().cloned().unwrap_or_default();
        Ok(history.iter().filter_map(|h| h["type"].as_str().map(str::to_owned)).collect())
    }
}

/// Everything the service keeps, besides what the demo writes for people to look at: databases with their
/// journals, objects, registers, logs. Not the outbox (addresses belong in it), `demo.json` and the PKI.
fn files(folder: &Path) -> Result<Vec<std::path::PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if ["outbox", "demo.json", "pki", "kuvert.toml"].iter().any(|skip| name == *skip) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            found.extend(files(&entry.path())?);
        } else {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// Every sealed or textual value of the letters' tables in PostgreSQL, one after the other.
async fn dump(database: &str) -> Result<Vec<u8>> {
    let store = Store::open(database, &Settings::letters()).await?;
    let mut tx = store.read("look through the tables").await?;
    let mut bytes = Vec::new();
    for sql in SEALED {
        for row in tx.query(sql, &[]).await? {
            bytes.extend_from_slice(row.opt_bytes("first")?.unwrap_or_default());
            bytes.extend_from_slice(row.opt_bytes("second")?.unwrap_or_default());
            bytes.extend_from_slice(row.opt_text("word")?.unwrap_or_default().as_bytes());
        }
    }
    drop(tx);
    store.close().await;
    Ok(bytes)
}

fn count(haystack: &[u8], needles: &[&str]) -> usize {
    needles
        .iter()
        .map(|needle| haystack.windows(needle.len()).filter(|w| *w == needle.as_bytes()).count())
        .sum()
}

/// 48213 as 48 213.
fn spaced(number: u64) -> String {
    let digits = number.to_string();
    let groups: Vec<_> =
        digits.as_bytes().rchunks(3).rev().map(|g| String::from_utf8_lossy(g).into_owned()).collect();
    groups.join(" ")
}

/// Two binary columns and one of text.
const SEALED: [&str; 12] = [
    "SELECT header AS first, sender_mac AS second, notice_state AS word FROM letter",
    "SELECT sealed AS first, letter_id AS second, '' AS word FROM letter_key",
    "SELECT ciphertext AS first, letter_id AS second, object AS word FROM part",
    "SELECT reference AS first, receipt AS second, '' AS word FROM submission",
    "SELECT body AS first, entry AS second, type AS word FROM event",
    "SELECT profile AS first, person_id AS second, language AS word FROM person",
    "SELECT profile AS first, organisation_id AS second, '' AS word FROM organisation",
    "SELECT mac AS first, owner_id AS second, kind AS word FROM identity",
    "SELECT address AS first, address_mac AS second, channel AS word FROM contact",
    "SELECT note AS first, mandate_id AS second, kind AS word FROM mandate",
    "SELECT subject AS first, job_id AS second, kind AS word FROM job",
    "SELECT notice_id AS first, mailbox_id AS second, state AS word FROM notice",
];
