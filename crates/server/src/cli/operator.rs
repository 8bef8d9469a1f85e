//! `kuvert operator`: the mailbox operators that recipients can have their mailboxes at, and what another party's register
//! is told of recipients.

mod agreed;
mod agreement;
mod cert;

use super::{ConfigArg, JsonArg, agency::OrgArg, history};
use crate::{config::Config, house::Operator as Handle, out};
use agreed::Act;
use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use domain::OrgNumber;
use evidence::Party;
use key_client::{OperatorChange, OperatorDescription};
use registry::operators::{self, Operator};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Verb {
    /// Register another mailbox operator, or change one that is registered; one that had ended comes back
    #[command(after_help = "\
Example:
  kuvert operator add 164020000065 ladan.example Lådan --service-address https://ladan.example/service/v3")]
    Add {
        #[command(flatten)]
        config: ConfigArg,
        /// 16 and ten digits
        number: OrgArg,
        /// Its internet domain, by which requests name it
        domain: String,
        /// The name that senders and recipients see
        name: String,
        /// Where its Service/v3 takes letters, an https URL
        #[arg(long, value_name = "URL")]
        service_address: String,
        /// Where its pages for recipients are, an https URL
        #[arg(long, value_name = "URL")]
        ui_address: Option<String>,
    },
    /// List operators, ourselves too
    #[command(after_help = "\
Example:
  kuvert operator list --json")]
    List {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Show one operator
    #[command(after_help = "\
Example:
  kuvert operator show 164020000065")]
    Show {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// 16 and ten digits
        number: OrgArg,
    },
    /// Give an operator another name
    #[command(after_help = "\
Example:
  kuvert operator rename 164020000065 'Nya lådan'")]
    Rename {
        #[command(flatten)]
        config: ConfigArg,
        /// 16 and ten digits
        number: OrgArg,
        /// The name that senders and recipients see
        name: String,
    },
    /// End an operator: from now on nobody's mailbox is there. To take that back, add it again
    #[command(after_help = "\
Example:
  kuvert operator end 164020000065")]
    End {
        #[command(flatten)]
        config: ConfigArg,
        /// 16 and ten digits
        number: OrgArg,
    },
    /// What happened to an operator and its certificates, each event checked
    #[command(after_help = "\
Example:
  kuvert operator history 164020000065")]
    History {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// 16 and ten digits
        number: OrgArg,
    },
    /// Register, list and revoke the certificates that operators connect with
    #[command(subcommand)]
    Cert(cert::Verb),
    /// Tell another party's register that a recipient has their mailbox here, by what the recipient signed
    #[command(after_help = "\
Examples:
  kuvert operator register --signature agreement.xml
  kuvert operator register --signature eid.sig --number-from number.txt --text-file text.txt --date 2026-11-25")]
    Register(agreed::Args),
    /// Tell another party's register that a recipient moves here from another operator, or back to the register's own
    #[command(after_help = "\
Example:
  kuvert operator move --signature agreement.xml")]
    Move(agreed::Args),
    /// Tell another party's register that a recipient leaves, by what the recipient signed
    #[command(after_help = "\
Example:
  kuvert operator deregister --signature agreement.xml")]
    Deregister(agreed::Args),
    /// Sign an Agreement with a person's certificate, to try the flow; it goes to standard output
    #[command(after_help = "\
Examples:
  kuvert operator agreement --act register --to post.example.se --text 'Jag vill.' \\
    --person-certificate anna.pem --key anna.key > agreement.xml
  kuvert operator agreement --act preferences --accept 164020000016 --text 'Bara dessa.' --number-from company.txt \\
    --person-certificate anna.pem --key anna.key > agreement.xml")]
    Agreement(agreement::Args),
}

pub async fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Add { config, number: OrgArg(number), domain, name, service_address, ui_address } => {
            add(&config, OperatorDescription { number, domain, name, service_address, ui_address }).await?;
        }
        Verb::List { config, json } => list(&config, json).await?,
        Verb::Show { config, json, number: OrgArg(number) } => show(&config, json, &number).await?,
        Verb::Rename { config, number: OrgArg(number), name } => rename(&config, &number, &name).await?,
        Verb::End { config, number: OrgArg(number) } => end(&config, &number).await?,
        Verb::History { config, json, number: OrgArg(number) } => {
            history::run(&config, json, Party::Operator, &number).await?;
        }
        Verb::Cert(verb) => cert::run(verb).await?,
        Verb::Register(args) => return agreed::run(Act::Register, args).await,
        Verb::Move(args) => return agreed::run(Act::Move, args).await,
        Verb::Deregister(args) => return agreed::run(Act::Deregister, args).await,
        Verb::Agreement(args) => agreement::run(&args)?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn handle(config: &ConfigArg) -> Result<Handle> {
    Handle::open(&Config::read(&config.config)?).await
}

async fn add(config: &ConfigArg, new: OperatorDescription) -> Result<()> {
    let handle = handle(config).await?;
    let number = new.number.clone();
    let added = handle.change_operator(OperatorChange::Put(new)).await?;
    let mut tx = handle.store.read("show operator").await?;
    let operator = operators::find(&mut tx, &number).await?.context("the operator is not there")?;
    drop(tx);
    let done = if added { "registered" } else { "changed" };
    out::line(&format!("{done} {} {}, {}", operator.number, operator.name, operator.domain));
    handle.close().await;
    Ok(())
}

async fn list(config: &ConfigArg, json: JsonArg) -> Result<()> {
    let handle = handle(config).await?;
    let mut tx = handle.store.read("list operators").await?;
    let all = operators::list(&mut tx).await?;
    drop(tx);
    if json.json {
        out::json(&all.iter().map(describe).collect::<Vec<_>>());
    } else {
        for one in &all {
            let state = match (one.own, one.ended_at) {
                (_, Some(at)) => format!(" (ended {})", at.date()),
                (true, None) => " (this one)".to_owned(),
                (false, None) => String::new(),
            };
            out::line(&format!("{}  {}  {}{state}", one.number, one.domain, one.name));
        }
    }
    handle.close().await;
    Ok(())
}

async fn show(config: &ConfigArg, json: JsonArg, number: &OrgNumber) -> Result<()> {
    let handle = handle(config).await?;
    let mut tx = handle.store.read("show operator").await?;
    let operator = operators::find(&mut tx, number).await?;
    drop(tx);
    let operator = operator.with_context(|| unknown(number))?;
    let facts = describe(&operator);
    if json.json {
        out::json(&facts);
    } else {
        let state = facts["state"].as_str().unwrap_or_default();
        out::line(&format!("{} {}: {state}", operator.number, operator.name));
        out::line(&format!("  domain  {}", operator.domain));
        out::line(&format!("  service {}", operator.service_address));
        if let Some(address) = &operator.ui_address {
            out::line(&format!("  pages   {address}"));
        }
    }
    handle.close().await;
    Ok(())
}

async fn rename(config: &ConfigArg, number: &OrgNumber, name: &str) -> Result<()> {
    let handle = handle(config).await?;
    let change = OperatorChange::Rename { number: number.clone(), name: name.to_owned() };
    let renamed = handle.change_operator(change).await?;
    ensure!(renamed, "{number} is no operator here, or has ended: kuvert operator add");
    out::line(&format!("{number} is now {}", name.trim()));
    handle.close().await;
    Ok(())
}

async fn end(config: &ConfigArg, number: &OrgNumber) -> Result<()> {
    let handle = handle(config).await?;
    let mut tx = handle.store.read("find operator").await?;
    ensure!(operators::find(&mut tx, number).await?.is_some(), unknown(number));
    drop(tx);
    let ended = handle.change_operator(OperatorChange::End { number: number.clone() }).await?;
    out::line(&format!("{number} has {}ended", if ended { "" } else { "already " }));
    handle.close().await;
    Ok(())
}

fn unknown(number: &OrgNumber) -> String {
    format!("{number} is no operator here: kuvert operator add")
}

fn describe(operator: &Operator) -> Value {
    let state = if operator.ended_at.is_some() { "ended" } else { "in force" };
    json!({"number": operator.number.as_str(), "domain": operator.domain, "name": operator.name,
        "service_address": operator.service_address, "ui_address": operator.ui_address, "own": operator.own,
        "state": state, "since": operator.added_at.to_string()})
}
