//! Who plays on a demo's folder, what they send, and what is stored of it. Shared with the test of the same attacks.

use super::{
    corpus::{self, Cast, Forge, Party},
    door::{Door, Request},
    wire,
};
use anyhow::Result;
use domain::{CertificateDigest, OrgNumber};
use key_client::SenderChange;
use server::{config::Config, house::Operator};
use std::path::Path;
use vault::Certificate;

/// The demo's organisations, with their keys. Their second certificates are registered and revoked.
pub async fn cast(config: &Config, pki: &Path) -> Result<Cast> {
    let text = |name: &str| std::fs::read_to_string(pki.join(name));
    let party = |number: &str| -> Result<Party> {
        let certificate = Certificate::from_pem(text(&format!("{number}.pem"))?.as_bytes())?;
        Ok(Party::new(number, &text(&format!("{number}.key"))?, &certificate.der))
    };
    let sender = party("164020000016")?;
    let dispatcher = party("164020000032")?;
    let other = party("164020000024")?;
    let authority = corpus::issuer("Kuvert Demo CA", rcgen::KeyPair::from_pem(&text("ca.key")?)?);
    let revoked = corpus::revocable([&sender, &dispatcher], &authority);
    let operator = Operator::open(config).await?;
    for (party, der) in [&sender, &dispatcher].into_iter().zip(&revoked) {
        let number = OrgNumber::parse(&party.number)?;
        let der = der.to_vec();
        let sha256 = vault::sha256(&der);
        operator.change_sender(SenderChange::AddCertificate { number, der }).await?;
        operator
            .change_sender(SenderChange::RevokeCertificate { sha256: CertificateDigest::from_bytes(sha256) })
            .await?;
    }
    operator.close().await;
    Ok(Cast { sender, dispatcher, other, recipient: "198101052382".into(), authority, revoked })
}

/// All of the corpus, and what only the wire can carry.
pub fn attacks(forge: &Forge, door: &Door) -> Result<Vec<(String, Request)>> {
    let of =
        |attack: corpus::Attack| (format!("{}: {}", attack.group, attack.name), Request::post(attack.body));
    let mut all: Vec<_> = corpus::all(forge).into_iter().map(of).collect();
    all.extend(wire::all(forge, door)?);
    Ok(all)
}

/// Rows of submission, letter and part.
pub async fn rows(config: &Config) -> Result<[i64; 3]> {
    let operator = Operator::open(config).await?;
    let mut tx = operator.store.read("count rows").await?;
    let mut counts = [0; 3];
    for (count, sql) in counts.iter_mut().zip(COUNTS) {
        *count = tx.one(sql, &[]).await?.map_or(Ok(0), |row| row.number("n"))?;
    }
    drop(tx);
    operator.close().await;
    Ok(counts)
}

const COUNTS: [&str; 3] = [
    "SELECT COUNT(*) AS n FROM submission",
    "SELECT COUNT(*) AS n FROM letter",
    "SELECT COUNT(*) AS n FROM part",
];
