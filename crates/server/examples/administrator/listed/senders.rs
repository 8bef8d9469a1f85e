//! Tampering with who may send: 32 to 35.

use crate::play::{
    agency::{DISPATCHER, OFFICE, Reply, TOWN},
    database::{Row, Value},
    seen::Seen,
    stage::{ANNA, Kind, Letter, Stage},
};
use anyhow::{Context, Result};
use rcgen::{CertificateParams, DistinguishedName, DnType, Issuer, KeyPair, KeyUsagePurpose};
use vault::{Certificate, jws::LetterSigner};

/// A certificate, and what signs with it.
pub struct Signer {
    pub certificate: Certificate,
    pub signer: LetterSigner,
    pem: String,
}

/// Says that it is an organisation's; signed by the authority in this folder, or by itself.
pub fn certified(number: &str, authority: Option<&std::path::Path>) -> Result<Signer> {
    let key = KeyPair::generate()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, "Exempel");
    params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    let pem = match authority {
        None => params.self_signed(&key)?.pem(),
        Some(pki) => {
            let ca_key = KeyPair::from_pem(&std::fs::read_to_string(pki.join("ca.key"))?)?;
            let mut ca = CertificateParams::default();
            ca.distinguished_name = DistinguishedName::new();
            ca.distinguished_name.push(DnType::CommonName, "Kuvert Demo CA");
            params.use_authority_key_identifier_extension = true;
            params.signed_by(&key, &Issuer::new(ca, ca_key))?.pem()
        }
    };
    let certificate = Certificate::from_pem(pem.as_bytes())?;
    let signer = LetterSigner::from_pem(key.serialize_pem().as_bytes(), &certificate)?;
    Ok(Signer { certificate, signer, pem })
}

/// 32: letters of the office come from the tax agency.
pub async fn renamed(stage: &mut Stage) -> Result<Seen> {
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let row = stage.database.row("sender", &format!("WHERE number = '{OFFICE}'")).await?;
    stage.hand().update(&row, &[("name", Value::Text("Skatteverket".to_owned()))]).await?;
    stage.registry_changed().await?;
    let (draft, secret) = stage.draft(ANNA, Kind { office: true, ..Kind::default() });
    let reply = stage.office.send(&draft).await?;
    taken(stage, reply, draft, secret, &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 33: a key of one's own signs for the office.
pub async fn own_certificate(stage: &mut Stage) -> Result<Seen> {
    let own = certified(OFFICE, None)?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let like = stage.database.rows("certificate", &format!("WHERE organisation = '{OFFICE}'")).await?;
    let like = like.into_iter().next().context("the office has no certificate")?;
    let kid = own.certificate.verifying_key().map(|key| key.thumbprint()).context("no key")?;
    let row = like
        .with("sha256", Value::Bytes(own.certificate.sha256.as_bytes().to_vec()))
        .with("der", Value::Bytes(own.certificate.der.clone()))
        .with("kid", Value::Text(kid));
    stage.hand().insert(&[row]).await?;
    stage.registry_changed().await?;
    sends_as_office(stage, &own.signer, DISPATCHER, &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 34: the operator has revoked a certificate; whoever stole its key has the revocation taken back.
pub async fn certificate_back(stage: &mut Stage) -> Result<Seen> {
    let pki = stage.service.folder.join("pki");
    let stolen = certified(OFFICE, Some(&pki))?;
    let file = pki.join("stolen.pem");
    std::fs::write(&file, &stolen.pem)?;
    let file = file.to_string_lossy().into_owned();
    stage.service.must(&["agency", "cert", "add", &file], "").await?;
    stage.service.must(&["agency", "cert", "revoke", &file], "").await?;
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let sha256 = stage.database.bytes(stolen.certificate.sha256.as_bytes());
    let row = stage.database.row("certificate", &format!("WHERE sha256 = {sha256}")).await?;
    stage.hand().update(&row, &[("revoked_at", Value::Null)]).await?;
    stage.registry_changed().await?;
    sends_as_office(stage, &stolen.signer, DISPATCHER, &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// 35: the town acts for the office.
pub async fn dispatcher(stage: &mut Stage) -> Result<Seen> {
    let mark = stage.mark().await?;
    let mut seen = Seen::default();
    let like = stage.database.rows("dispatch", &format!("WHERE sender = '{OFFICE}'")).await?;
    let like: Row = like.into_iter().next().context("the office has no dispatcher")?;
    let row = like.with("dispatcher", Value::Text(TOWN.to_owned())).with("valid_to", Value::Null);
    stage.hand().insert(&[row]).await?;
    stage.registry_changed().await?;
    let (draft, secret) = stage.draft(ANNA, Kind { office: true, ..Kind::default() });
    let reply = stage.town.send(&draft).await?;
    seen.forged += u32::from(reply.is_taken());
    taken(stage, reply, draft, secret, &mut seen).await?;
    stage.conclude(&mark, &mut seen).await?;
    Ok(seen)
}

/// A letter that the office has not signed.
async fn sends_as_office(stage: &mut Stage, signer: &LetterSigner, by: &str, seen: &mut Seen) -> Result<()> {
    let (draft, secret) = stage.draft(ANNA, Kind { office: true, ..Kind::default() });
    let jws = signer.sign_flattened(&draft.payload())?;
    let reply = stage.agency(by).send_signed(&jws, &draft).await?;
    seen.forged += u32::from(reply.is_taken());
    taken(stage, reply, draft, secret, seen).await
}

/// Anna reads it, if the door took it.
async fn taken(
    stage: &Stage,
    reply: Reply,
    draft: crate::play::agency::Draft,
    secret: String,
    seen: &mut Seen,
) -> Result<()> {
    if !reply.is_taken() {
        seen.refused.push(format!("a letter: {} {}", reply.status, reply.code));
        return Ok(());
    }
    let id = *uuid::Uuid::try_parse(&reply.letter_id)?.as_bytes();
    let mailbox = stage.anna.mailbox;
    let receipt = reply.receipt;
    let letter = Letter { id, mailbox, secret, draft, receipt, by: OFFICE };
    stage.reads(ANNA, &[&letter], seen).await
}
