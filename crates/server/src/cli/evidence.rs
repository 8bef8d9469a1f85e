//! `kuvert evidence`: whether everything stands as it was written.

use super::{ConfigArg, JsonArg};
use crate::{config::Config, house::Operator, out};
use anyhow::Result;
use clap::Subcommand;
use domain::MailboxId;
use key_service::{Checked, EvidenceFault, Restored, SetFault};
use serde_json::json;
use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

#[derive(Subcommand)]
pub enum Verb {
    /// Compare the letter database with what the key store knows of it, while the service runs or not: what decides, every
    /// event of every chain, every letter. Exit 0 when all of it holds, 1 when something does not
    #[command(after_help = "\
Examples:
  kuvert evidence check --config /etc/kuvert/kuvert.toml
  kuvert evidence check --mailbox 3f0c9f0e-52a5-4b7b-9d0c-0d5f3a3b7a11 --json

With --json each fault is a line of its own: {\"fault\":\"set\",\"table\":…,\"set\":…} for rows that decide something and are not
what is vouched for, {\"fault\":\"evidence\",\"what\":…,\"mailbox\":…,\"chain\":…,\"seq\":…} for what happened in a mailbox. What it
means and what to do stands in docs/operate.md.")]
    Check {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// One mailbox alone, with its owner
        #[arg(long, value_name = "ID")]
        mailbox: Option<MailboxId>,
    },
    /// Take up an older letter database, once it is restored and checked: what it says counts from now on, but for rights that had
    /// ended, which stay ended. Each mailbox that it concerns has it in its history, senders read their feeds anew, and what is
    /// missing is listed
    #[command(after_help = "\
Example:
  kuvert evidence accept-restore --config /etc/kuvert/kuvert.toml --reason 'disk lost, backup of 03.00'

Stop the service first, and be sure whose backup it is: what stands in it is believed. It can be run again when it was cut short.
Exit 0 when everything holds afterwards, 1 when something is left that an older state does not explain.")]
    AcceptRestore {
        #[command(flatten)]
        config: ConfigArg,
        #[command(flatten)]
        json: JsonArg,
        /// Why, for the record in the key store: no names and no numbers of people
        #[arg(long, value_name = "TEXT", value_parser = reason)]
        reason: String,
    },
}

fn reason(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    match text.chars().count() {
        3..=500 if !text.chars().any(char::is_control) => Ok(text.to_owned()),
        _ => Err("say why, in 3 to 500 characters on one line"),
    }
}

pub async fn run(verb: Verb) -> Result<ExitCode> {
    match verb {
        Verb::Check { config, json, mailbox } => check(&config, json.json, mailbox).await,
        Verb::AcceptRestore { config, json, reason } => accept(&config, json.json, &reason).await,
    }
}

async fn check(config: &ConfigArg, json: bool, mailbox: Option<MailboxId>) -> Result<ExitCode> {
    let operator = Operator::open(&Config::read(&config.config)?).await?;
    let mut told = Instant::now();
    let mut progress = |done: u64| {
        if told.elapsed() >= TOLD_EVERY {
            told = Instant::now();
            out::note(&format!("{done} mailboxes checked"));
        }
    };
    let checked = operator.check_evidence(mailbox, &mut progress).await;
    operator.close().await;
    let checked = checked?;
    tell(&checked, json);
    Ok(if checked.holds() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell(checked: &Checked, json: bool) {
    for fault in &checked.sets {
        if json {
            out::json(&json!({"fault": "set", "table": fault.table, "set": fault.set}));
        } else {
            out::line(&format!("BAD  {} of {} is not what is vouched for", fault.table, fault.set));
        }
    }
    for fault in &checked.faults {
        if json {
            out::json(&json!({
                "fault": "evidence",
                "what": fault.what,
                "mailbox": fault.mailbox,
                "chain": fault.chain,
                "seq": fault.seq,
            }));
        } else {
            out::line(&format!("BAD  {}", words(fault)));
        }
    }
    let faults = checked.sets.len() + checked.faults.len();
    let summary = format!(
        "{} mailboxes, {} events ({} not counted yet), {} letters for other operators: {}",
        checked.mailboxes,
        checked.events,
        checked.uncounted,
        checked.outbound,
        if faults == 0 { "everything holds".to_owned() } else { format!("{faults} faults") }
    );
    if json { out::note(&summary) } else { out::line(&summary) }
}

async fn accept(config: &ConfigArg, json: bool, reason: &str) -> Result<ExitCode> {
    let operator = Operator::open(&Config::read(&config.config)?).await?;
    let restored = operator.accept_restore(reason).await;
    operator.close().await;
    let restored = restored?;
    let set = |one: &SetFault| json!({"table": one.table, "set": one.set});
    if json {
        out::json(&json!({
            "epoch": restored.epoch,
            "taken_up": restored.taken_up.iter().map(set).collect::<Vec<_>>(),
            "ended_again": restored.ended,
            "gone": restored.gone,
            "missing": restored.missing,
            "unknown": restored.unknown.iter().map(set).collect::<Vec<_>>(),
            "left": restored.left.iter().map(words).collect::<Vec<_>>(),
        }));
        out::note(&summary(&restored));
    } else {
        tell_restored(&restored);
    }
    let whole = restored.left.is_empty() && restored.unknown.is_empty();
    Ok(if whole { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn tell_restored(restored: &Restored) {
    for (mailbox, events) in &restored.missing {
        out::line(&format!("missing  mailbox {mailbox}: at least {events} events are gone"));
    }
    for one in &restored.gone {
        out::line(&format!("gone     {one}: came after the backup"));
    }
    for one in &restored.unknown {
        out::line(&format!(
            "BAD      {} of {}: nobody has ever vouched for it; it decides nothing",
            one.table, one.set
        ));
    }
    for fault in &restored.left {
        out::line(&format!("BAD      {}", words(fault)));
    }
    out::line(&summary(restored));
}

fn summary(restored: &Restored) -> String {
    let left = restored.left.len() + restored.unknown.len();
    format!(
        "{} sets taken up, {} rights ended again, {} mailboxes miss events; the senders' feed has epoch {}: {}",
        restored.taken_up.len(),
        restored.ended,
        restored.missing.len(),
        restored.epoch,
        if left == 0 {
            "everything holds".to_owned()
        } else {
            format!("{left} faults are left that an older state does not explain")
        }
    )
}

/// A fault in words.
pub fn words(fault: &EvidenceFault) -> String {
    let what = match fault.what {
        "event" => "an event does not open, does not follow, or says other than its row",
        "missing" => "events that were counted are not there",
        "letter" => "a letter is not as it was accepted",
        "letter_gone" => "a letter is not there, and was not erased",
        "opened_at" => "the row says other than the chain about when it was opened",
        "notice_state" => "the row says other than the chain about its notice",
        "notice_job" => "it waits for its notice, and nothing will send one",
        "place" => "it lies in another folder than it was put in",
        "mailbox_key" => "its row has another public key than the key store (a copy, which decides nothing)",
        "erased_since" => {
            "letters were erased, and its row does not say that its key is to be destroyed for it"
        }
        "contact" => "an address for notices does not open in its place",
        "submission" => "what its sender was promised is not there",
        other => other,
    };
    let chain = fault.chain.map_or(String::new(), |chain| format!(", chain {chain}"));
    let seq = fault.seq.map_or(String::new(), |seq| format!(", event {seq}"));
    format!("mailbox {}{chain}{seq}: {what}", fault.mailbox)
}

const TOLD_EVERY: Duration = Duration::from_secs(2);
