//! `kuvert operator register`, `move` and `deregister`: what a recipient signed is taken to the register of another
//! party, which verifies it and answers. Without the recipient's signature nothing is said to it for them.

use super::super::{ConfigArg, JsonArg, mailbox::lines};
use crate::{config::Config, house, out};
use anyhow::{Context, Result, bail, ensure};
use base64::{Engine, engine::general_purpose::STANDARD};
use domain::{CivilDate, Identity};
use mina_meddelanden::{AccountAt, Agreed, Authorised, CallError, FarClient, SignedAgreement, said};
use serde_json::json;
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    config: ConfigArg,
    #[command(flatten)]
    json: JsonArg,
    /// File with the signature; once for each who signs. What it says need not be said again where it is a signed
    /// Agreement (docs/mina-meddelanden.md)
    #[arg(long, value_name = "FILE", required = true)]
    signature: Vec<PathBuf>,
    /// The signer's certificate, PEM, where it does not stand in the signature; as many as there are signatures
    #[arg(long, value_name = "FILE")]
    certificate: Vec<PathBuf>,
    /// File with the recipient's number on its first line (and on the second, for an organisation that moves, the number
    /// of the person who asks), or - for standard input [default: as signed]
    #[arg(long, value_name = "FILE")]
    number_from: Option<String>,
    /// The operator's internet domain [default: as signed, or else this instance's]
    #[arg(long, value_name = "DOMAIN")]
    to: Option<String>,
    /// File with the text that was agreed to [default: as signed]
    #[arg(long, value_name = "FILE")]
    text_file: Option<PathBuf>,
    /// The day that stands in what was signed [default: as signed]
    #[arg(long, value_name = "YYYY-MM-DD")]
    date: Option<String>,
}

/// What is asked of the register.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Act {
    Register,
    Move,
    Deregister,
}

impl Act {
    /// As it stands in an Agreement.
    fn word(self) -> &'static str {
        match self {
            Self::Register => "register",
            Self::Move => "move",
            Self::Deregister => "deregister",
        }
    }

    fn done(self) -> &'static str {
        match self {
            Self::Register => "registered at",
            Self::Move => "moved to",
            Self::Deregister => "no longer registered at",
        }
    }
}

pub async fn run(act: Act, args: Args) -> Result<ExitCode> {
    let config = Config::read(&args.config.config)?;
    let client = house::far_client(&config)?;
    let client = client
        .context("far.mode: this instance is the register itself; mailboxes are opened on its pages")?;
    let signatures = signatures(&args)?;
    let (agreed, user) = agreed(act, &args, &signatures, &config)?;
    let told = match act {
        Act::Register => client.register(&agreed, &signatures).await,
        Act::Deregister => client.deregister(&agreed, &signatures).await,
        Act::Move => client.change_service_supplier(&agreed, &user, &signatures).await,
    };
    let told = told.map_err(refused)?;
    let place = place(&client, &agreed.recipient).await;
    if args.json.json {
        let (state, signed) = match &told {
            Authorised::Complete => ("complete", None),
            Authorised::Incomplete { signed } => ("incomplete", Some(*signed)),
            Authorised::RulesNotSupported => ("rules_not_supported", None),
        };
        out::json(&json!({"act": act.word(), "state": state, "signed": signed, "operator": agreed.supplier,
            "now_at": place}));
    } else {
        out::line(&match &told {
            Authorised::Complete => format!("the register says: {} {}", act.done(), agreed.supplier),
            Authorised::Incomplete { signed } => {
                format!("the register says: it waits for more signatures; {signed} are there")
            }
            Authorised::RulesNotSupported => {
                "the register says: it does not understand the company's rule of who signs".to_owned()
            }
        });
        out::line(&format!("the mailbox is now at: {}", place.as_deref().unwrap_or("no operator")));
        if told == Authorised::Complete {
            hint(agreed.supplier == config.instance.id && act != Act::Deregister);
        }
    }
    Ok(if told == Authorised::RulesNotSupported { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The register keeps no mailboxes: what is here is opened and closed here.
fn hint(here: bool) {
    out::line(if here {
        "letters come here now: if no mailbox is open yet, kuvert mailbox open"
    } else {
        "letters come here no more: close the mailbox with kuvert mailbox close; its letters stay readable"
    });
}

fn signatures(args: &Args) -> Result<Vec<SignedAgreement>> {
    let signed = args.signature.len();
    let beside = args.certificate.len();
    ensure!(beside == 0 || beside == signed, "--certificate: give one for each --signature, or none");
    let one = |(no, path): (usize, &PathBuf)| {
        let signature = read(path)?;
        ensure!(!signature.is_empty(), "{}: is empty", path.display());
        ensure!(signature.len() <= LONGEST, "{}: a signature is not that long", path.display());
        let certificate = args.certificate.get(no).map(|path| -> Result<String> {
            let certificate = vault::Certificate::from_pem(&read(path)?);
            Ok(STANDARD.encode(certificate.with_context(|| format!("in {}", path.display()))?.der))
        });
        Ok(SignedAgreement { signature, certificate: certificate.transpose()?.unwrap_or_default() })
    };
    args.signature.iter().enumerate().map(one).collect()
}

/// What is asked for, and the person who asks.
fn agreed(
    act: Act,
    args: &Args,
    signatures: &[SignedAgreement],
    config: &Config,
) -> Result<(Agreed, Identity)> {
    let said = signatures.first().and_then(|one| said(&one.signature));
    if let Some(said) = &said {
        ensure!(
            said.act == act.word(),
            "--signature: what was signed is \"{}\", not \"{}\"",
            said.act,
            act.word()
        );
    }
    let numbers = args.number_from.as_deref().map(lines).transpose()?.unwrap_or_default();
    let number = |no: usize| numbers.get(no).map(|n| Identity::parse(n).context("the number")).transpose();
    let as_signed = said.as_ref().map(|said| said.recipient.clone());
    let recipient = number(0)?.or(as_signed).context("--number-from: whose mailbox is it?")?;
    let user = match number(1)? {
        Some(user) => user,
        None if recipient.is_person() || act != Act::Move => recipient.clone(),
        None => bail!("--number-from: give the number of the person who asks on the second line"),
    };
    let text = args.text_file.as_deref().map(|path| -> Result<String> {
        String::from_utf8(read(path)?).with_context(|| format!("{}: is not UTF-8", path.display()))
    });
    let text = text.transpose()?.or_else(|| said.as_ref().map(|said| said.text.clone()));
    let date = args.date.as_deref().map(|date| CivilDate::parse(date).context("--date: give YYYY-MM-DD"));
    let date = date.transpose()?.or_else(|| said.as_ref().map(|said| said.date.date()));
    let supplier = args.to.clone().or(said.map(|said| said.supplier));
    let agreed = Agreed {
        recipient,
        supplier: supplier.unwrap_or_else(|| config.instance.id.clone()),
        text: text.context("--text-file: give the text that was agreed to")?,
        date: date.context("--date: give the day that stands in what was signed")?,
    };
    Ok((agreed, user))
}

/// The name of the operator where the register has the recipient now, as far as it says.
async fn place(client: &FarClient, recipient: &Identity) -> Option<String> {
    match client.is_registered(std::slice::from_ref(recipient)).await.ok()?.pop()?? {
        AccountAt::Supplier(supplier) => Some(format!("{} ({})", supplier.name, supplier.number)),
        AccountAt::Nowhere | AccountAt::Unusable(_) => None,
    }
}

fn refused(error: CallError) -> anyhow::Error {
    match error {
        CallError::Fault { code, call_id } => anyhow::anyhow!(
            "the register refused it: fault {code}, call {call_id}; docs/mina-meddelanden.md says what the number means"
        ),
        error => anyhow::Error::from(error).context(
            "the register gave no answer that can be used: ask it where the mailbox is before trying again",
        ),
    }
}

fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))
}

/// What a register takes in one message.
const LONGEST: usize = 512 * 1024;
