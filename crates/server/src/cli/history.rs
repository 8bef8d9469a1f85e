//! `kuvert agency history` and `kuvert operator history`: what was changed of an organisation, and when.

use super::{ConfigArg, JsonArg};
use crate::{config::Config, house::Operator, out};
use anyhow::Result;
use domain::OrgNumber;
use evidence::{Party, Registered};
use serde_json::{Value, json};

/// Prints the chain, oldest first; fails when an event is missing, added, moved or changed.
pub async fn run(config: &ConfigArg, json: JsonArg, party: Party, number: &OrgNumber) -> Result<()> {
    let operator = Operator::open(&Config::read(&config.config)?).await?;
    let events = operator.history_of(party, number).await?;
    operator.close().await;
    if json.json {
        out::json(&events.iter().map(describe).collect::<Vec<_>>());
        return Ok(());
    }
    for event in &events {
        let rest = particulars(event).into_iter().map(|(name, value)| format!("  {name} {value}"));
        out::line(&format!("{}  {}{}", event.at, event.kind, rest.collect::<String>()));
    }
    if events.is_empty() {
        out::note(&format!("nothing is on record of {number}"));
    }
    Ok(())
}

fn describe(event: &Registered) -> Value {
    let mut line = json!({"seq": event.seq, "at": event.at.to_string(), "type": event.kind.as_str()});
    for (name, value) in particulars(event) {
        line[name] = value.into();
    }
    line
}

fn particulars(event: &Registered) -> Vec<(&'static str, String)> {
    let of = &event.particulars;
    let sends = of.may_send.map(|sends| if sends { "sender" } else { "dispatcher" }.to_owned());
    let all = [
        ("name", of.name.clone()),
        ("role", sends),
        ("certificate", of.certificate.map(hex::encode)),
        ("dispatcher", of.dispatcher.as_ref().map(|number| number.as_str().to_owned())),
        ("domain", of.domain.clone()),
        ("service_address", of.service_address.clone()),
        ("ui_address", of.ui_address.clone()),
    ];
    all.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
}
