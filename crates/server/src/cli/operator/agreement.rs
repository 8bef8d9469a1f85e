//! `kuvert operator agreement`: what a recipient signs, made with a person's certificate and key. No register is asked.

use super::super::{agency::OrgArg, mailbox::lines};
use crate::out;
use anyhow::{Context, Result, ensure};
use delivery::XmlSigner;
use domain::{Clock, Identity, SystemClock};
use mina_meddelanden::{AGREEMENT_ACTS, Said, Signed};
use std::path::{Path, PathBuf};
use vault::Certificate;

#[derive(clap::Args)]
pub struct Args {
    /// What is agreed to
    #[arg(long, value_parser = AGREEMENT_ACTS)]
    act: String,
    /// The certificate of the person who signs, PEM, with its chain; its serialNumber is the person's number
    #[arg(long, value_name = "FILE")]
    person_certificate: PathBuf,
    /// Its private key, PEM, RSA
    #[arg(long, value_name = "FILE")]
    key: PathBuf,
    /// File with the recipient's number on its first line, or - for standard input [default: as in the certificate]
    #[arg(long, value_name = "FILE")]
    number_from: Option<String>,
    /// The operator's internet domain, for register, deregister and move
    #[arg(long, value_name = "DOMAIN")]
    to: Option<String>,
    /// A sender that is accepted, for preferences; once for each
    #[arg(long, value_name = "ORGNR")]
    accept: Vec<OrgArg>,
    /// The text that is agreed to, as the request has it
    #[arg(long)]
    text: String,
    /// The instant that stands in it, or only a day: with a day, two of one day cannot be told apart [default: now]
    #[arg(long, value_name = "WHEN")]
    date: Option<String>,
}

pub fn run(args: &Args) -> Result<()> {
    let chain = Certificate::chain_from_pem(&read(&args.person_certificate)?);
    let chain = chain.with_context(|| format!("in {}", args.person_certificate.display()))?;
    let signer = XmlSigner::from_pem(&read(&args.key)?, &chain).context("--person-certificate, --key")?;
    out::line(&said(args, signer.certificate())?.signed(&signer)?);
    Ok(())
}

/// What a register would take, if the rest holds.
fn said(args: &Args, certificate: &Certificate) -> Result<Said> {
    let person = certificate.person.clone();
    let person =
        person.context("--person-certificate: its subject needs one serialNumber of twelve digits")?;
    let named = args.number_from.as_deref().map(lines).transpose()?;
    let named = named.map(|lines| lines.into_iter().next().context("--number-from: has no number"));
    let recipient = match named.transpose()? {
        Some(number) => Identity::parse(&number).context("--number-from")?,
        None => person.clone(),
    };
    ensure!(
        !recipient.is_person() || recipient == person,
        "--number-from: a person signs for themselves alone"
    );
    let (at_operator, choice) = match args.act.as_str() {
        "register" | "deregister" | "move" => (true, false),
        "preferences" => (false, true),
        act => {
            ensure!(
                !recipient.is_person(),
                "--act: {act} is for companies; give its number by --number-from"
            );
            (false, false)
        }
    };
    ensure!(
        args.to.is_some() == at_operator,
        "--to: register, deregister and move name an operator, others none"
    );
    ensure!(args.accept.is_empty() || choice, "--accept: only preferences name senders");
    let date = args.date.as_deref().map(|date| {
        Signed::parse(date).context("--date: give YYYY-MM-DD, or an instant such as 2026-12-01T09:30:00Z")
    });
    Ok(Said {
        act: args.act.clone(),
        recipient,
        supplier: args.to.clone().unwrap_or_default(),
        date: date.transpose()?.unwrap_or_else(|| Signed::At(SystemClock.now())),
        accepted: args.accept.iter().map(|OrgArg(number)| number.as_str().to_owned()).collect(),
        text: args.text.clone(),
    })
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}
