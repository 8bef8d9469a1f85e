//! `kuvert agency`: senders and dispatchers, their certificates, whom they may act for.

mod cert;
mod quota;

use super::{
    ConfigArg, JsonArg,
    certified::{certificate_state, date},
    history,
};
use crate::{
    config::{Config, FarMode},
    house::Operator,
    out,
};
use anyhow::{Context, Result, ensure};
use clap::Subcommand;
use domain::OrgNumber;
use evidence::Party;
use key_client::SenderChange;
use registry::{certificates, dispatch, senders};
use serde_json::{Value, json};
use std::process::ExitCode;

#[derive(Subcommand)]
pub enum Verb {
    /// Register an organisation, or rename one that is registered
    #[command(after_help = "\
Example:
  kuvert agency add 164020000016 Exempelkommunen")]
    Add {
        #[command(flatten)]
        config: ConfigArg,
        /// 16 and ten digits
        number: OrgArg,
        /// The name that recipients see
        name: String,
        /// It only sends for others, and is no sender itself
        #[arg(long)]
        dispatcher_only: bool,
    },
    /// List organisations
    #[command(after_help = "\
Example:
  kuvert agency list --json")]
    List {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
    },
    /// Show one organisation with its certificates and dispatchers
    #[command(after_help = "\
Example:
  kuvert agency show 164020000016")]
    Show {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// 16 and ten digits
        number: OrgArg,
    },
    /// Accept nothing from an organisation from now on, or accept it again
    #[command(after_help = "\
Example:
  kuvert agency suspend 164020000016")]
    Suspend {
        #[command(flatten)]
        config: ConfigArg,
        /// 16 and ten digits
        number: OrgArg,
        /// Take the suspension back
        #[arg(long)]
        resume: bool,
    },
    /// Let a dispatcher act for a sender, or take that back
    #[command(after_help = "\
Example:
  kuvert agency dispatch 164020000016 164020000032")]
    Dispatch {
        #[command(flatten)]
        config: ConfigArg,
        /// Whom the letters are from
        sender: OrgArg,
        /// Who hands them over
        dispatcher: OrgArg,
        /// Take it back
        #[arg(long)]
        remove: bool,
    },
    /// Let a sender sign deliveries of Mina Meddelanden with SHA-1, or take that back
    #[command(after_help = "\
Example:
  kuvert agency sha1 164020000016
  kuvert agency sha1 164020000016 --refuse

SHA-1 is broken: let it only until the sender's system is renewed.")]
    Sha1 {
        #[command(flatten)]
        config: ConfigArg,
        /// 16 and ten digits
        number: OrgArg,
        /// Take it back
        #[arg(long)]
        refuse: bool,
    },
    /// How many recipients an organisation may look up in a day, and has; or set it to fit what it sends
    #[command(after_help = "\
Examples:
  kuvert agency quota 164020000016
  kuvert agency quota 164020000016 large
  kuvert agency quota 164020000032 10000000
  kuvert agency quota 164020000016 default

Each letter and each recipient asked for by reachability or notify counts. small is 20 000, medium 200 000, large 2 000 000;
without a setting keys.limits.lookups_per_day holds. For a dispatcher it is the sum of what it sends for others.")]
    Quota {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// 16 and ten digits
        number: OrgArg,
        /// small, medium, large, a number, or default
        per_day: Option<quota::PerDay>,
    },
    /// What happened to an organisation, its certificates and its dispatchers, each event checked
    #[command(after_help = "\
Example:
  kuvert agency history 164020000016")]
    History {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// 16 and ten digits
        number: OrgArg,
    },
    /// Add and revoke certificates
    #[command(subcommand)]
    Cert(cert::Verb),
}

/// An organisation's number, checked by clap.
#[derive(Clone, Debug)]
pub struct OrgArg(pub OrgNumber);

impl std::str::FromStr for OrgArg {
    type Err = domain::identity::IdentityError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        OrgNumber::parse(text).map(Self)
    }
}

pub async fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Add { config, number: OrgArg(number), name, dispatcher_only } => {
            add(&config, &number, &name, !dispatcher_only).await?;
        }
        Verb::List { config, json } => list(&config, json).await?,
        Verb::Show { config, json, number: OrgArg(number) } => show(&config, json, &number).await?,
        Verb::Suspend { config, number: OrgArg(number), resume } => suspend(&config, &number, resume).await?,
        Verb::Sha1 { config, number: OrgArg(number), refuse } => set_sha1(&config, &number, !refuse).await?,
        Verb::Dispatch { config, sender, dispatcher, remove } => {
            set_dispatch(&config, &sender.0, &dispatcher.0, remove).await?;
        }
        Verb::Quota { config, json, number: OrgArg(number), per_day } => {
            quota::run(&config, json, &number, per_day).await?;
        }
        Verb::History { config, json, number: OrgArg(number) } => {
            history::run(&config, json, Party::Sender, &number).await?;
        }
        Verb::Cert(verb) => cert::run(verb).await?,
    }
    Ok(ExitCode::SUCCESS)
}

async fn is_registered(operator: &Operator, number: &OrgNumber) -> Result<bool> {
    let mut tx = operator.store.read("find agency").await?;
    Ok(senders::find(&mut tx, number).await?.is_some())
}

async fn operator(config: &ConfigArg) -> Result<Operator> {
    Operator::open(&Config::read(&config.config)?).await
}

async fn add(config: &ConfigArg, number: &OrgNumber, name: &str, may_send: bool) -> Result<()> {
    let config = Config::read(&config.config)?;
    let operator = Operator::open(&config).await?;
    let change = SenderChange::Put { number: number.clone(), name: name.to_owned(), may_send };
    let new = operator.change_sender(change).await?;
    out::line(&format!("{} {number} {name}", if new { "registered" } else { "changed" }));
    followed(
        &config,
        match may_send {
            true => {
                "within five minutes it may send only if the register (FaR) lists it, and bears the name that it has there"
            }
            false => "it may connect; whom it may act for, the register (FaR) says",
        },
    );
    operator.close().await;
    Ok(())
}

/// What another register undoes, where one is followed.
fn followed(config: &Config, says: &str) {
    if config.far.mode == FarMode::External {
        out::note(&format!("warning: far.mode is external: {says}"));
    }
}

async fn list(config: &ConfigArg, json: JsonArg) -> Result<()> {
    let operator = operator(config).await?;
    let mut tx = operator.store.read("list agencies").await?;
    let all = senders::list(&mut tx).await?;
    drop(tx);
    if json.json {
        out::json(&all.iter().map(describe).collect::<Vec<_>>());
    } else {
        for sender in &all {
            let role = if sender.may_send { "sender" } else { "dispatcher" };
            let state = if sender.suspended_at.is_some() { " (suspended)" } else { "" };
            let sha1 = if sender.sha1 { " (SHA-1 let)" } else { "" };
            out::line(&format!("{}  {role:<10}  {}{state}{sha1}", sender.number, sender.name));
        }
    }
    operator.close().await;
    Ok(())
}

async fn show(config: &ConfigArg, json: JsonArg, number: &OrgNumber) -> Result<()> {
    let operator = operator(config).await?;
    let now = operator.now();
    let mut tx = operator.store.read("show agency").await?;
    let sender = senders::find(&mut tx, number).await?.context("this organisation is not registered")?;
    let certificates = certificates::list(&mut tx, number).await?;
    let dispatchers = dispatch::of_sender(&mut tx, number).await?;
    drop(tx);
    let mut facts = describe(&sender);
    facts["certificates"] = certificates
        .iter()
        .map(|c| {
            json!({"sha256": hex::encode(c.sha256), "kid": c.kid, "not_before": c.not_before.to_string(),
                "not_after": c.not_after.to_string(), "state": certificate_state(c.usable(now))})
        })
        .collect();
    facts["dispatchers"] = dispatchers
        .iter()
        .filter(|d| d.valid_to.is_none_or(|end| now < end))
        .map(|d| json!({"number": d.dispatcher.as_str(), "since": d.valid_from.to_string()}))
        .collect();
    if json.json {
        out::json(&facts);
    } else {
        out::line(&format!(
            "{} {}: {}",
            sender.number,
            sender.name,
            facts["state"].as_str().unwrap_or_default()
        ));
        for c in &certificates {
            let state = certificate_state(c.usable(now));
            let sha256 = hex::encode(c.sha256);
            out::line(&format!("  certificate {sha256}  {state}, until {}", date(c.not_after)));
        }
        for d in facts["dispatchers"].as_array().into_iter().flatten() {
            out::line(&format!("  dispatcher  {}", d["number"].as_str().unwrap_or_default()));
        }
    }
    operator.close().await;
    Ok(())
}

async fn suspend(config: &ConfigArg, number: &OrgNumber, resume: bool) -> Result<()> {
    let operator = operator(config).await?;
    ensure!(is_registered(&operator, number).await?, "{number} is not registered");
    let change = SenderChange::Suspend { number: number.clone(), suspended: !resume };
    let changed = operator.change_sender(change).await?;
    let word = if resume { "accepted again" } else { "suspended" };
    out::line(&format!("{number} is {}{word}", if changed { "" } else { "already " }));
    operator.close().await;
    Ok(())
}

async fn set_sha1(config: &ConfigArg, number: &OrgNumber, allowed: bool) -> Result<()> {
    let operator = operator(config).await?;
    ensure!(is_registered(&operator, number).await?, "{number} is not registered: agency add");
    operator.change_sender(SenderChange::Sha1 { number: number.clone(), allowed }).await?;
    let may = if allowed { "may sign" } else { "may not sign" };
    out::line(&format!("{number} {may} deliveries with SHA-1"));
    operator.close().await;
    Ok(())
}

async fn set_dispatch(
    config: &ConfigArg,
    sender: &OrgNumber,
    dispatcher: &OrgNumber,
    remove: bool,
) -> Result<()> {
    let config = Config::read(&config.config)?;
    let operator = Operator::open(&config).await?;
    for number in [sender, dispatcher] {
        ensure!(is_registered(&operator, number).await?, "{number} is not registered: agency add");
    }
    let of = sender.clone();
    let by = dispatcher.clone();
    operator.change_sender(SenderChange::Dispatcher { sender: of, dispatcher: by, listed: !remove }).await?;
    let may = if remove { "may no longer act" } else { "may act" };
    out::line(&format!("{dispatcher} {may} for {sender}"));
    followed(&config, "within five minutes it is again as the register (FaR) lists it");
    operator.close().await;
    Ok(())
}

fn describe(sender: &senders::Sender) -> Value {
    let state = if sender.suspended_at.is_some() { "suspended" } else { "in force" };
    json!({"number": sender.number.as_str(), "name": sender.name, "may_send": sender.may_send, "state": state,
        "sha1": sender.sha1})
}
