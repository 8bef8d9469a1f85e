//! `kuvert load`: how many letters a second the agency door takes, whether each is kept, and how long opening one takes.
//!
//! Letters are signed before the clock starts and sent over the real door, mutual TLS and all, with a receipt
//! for each. What was sent and what was promised goes into a ledger of the client's own; `--check` compares it
//! with what is stored afterwards, and `--kills` ends the service at random moments meanwhile. With `--open` people log in
//! and open letters over the pages; `--side-by-side` does the same with the service of another program, in turns.
//!
//! `sender_tools` drives and measures. Here a service is prepared, and its databases are compared with the ledger.

mod check;
mod mailboxes;
mod people;
mod plan;
mod side_by_side;

use crate::{config::Config, out};
use anyhow::{Result, ensure};
use domain::Identity;
use people::Eid;
use plan::Plan;
use sender_tools::load::{Door, Figures, LoadArgs, Run, Service};
use std::{process::ExitCode, time::Duration};

/// Runs it. Exit 0 only when every letter was accepted, and opened as many as asked, the service was killed as often as
/// asked and, with `--check`, nothing is lost, doubled or torn.
pub async fn run(args: LoadArgs) -> Result<ExitCode> {
    args.check()?;
    let recipients = mailboxes::people(args.mailboxes);
    if let Some(other) = &args.side_by_side {
        return side_by_side::run(&args, other, &recipients).await;
    }
    let plan = Plan::new(args.service.as_deref(), &args.data, args.database.as_deref())?;
    let (mut service, _eid) = start(&args, &plan, &recipients).await?;
    ensure!(args.kills == 0 || service.is_ours(), "--kills needs a service that this command starts itself");
    out::note(&format!("service: {}; {} mailboxes are open", service.describe(), recipients.len()));
    let mut bad = false;
    let mut rates = Vec::with_capacity(2);
    for door in args.doors() {
        let figures = one(&mut service, &args, &recipients, *door).await?;
        bad |= figures.are_bad(&args);
        rates.push(figures.letters_per_second);
        figures.report(&args);
    }
    service.stop().await?;
    if let [rest, soap] = rates[..] {
        let ratio = (soap / rest * 1000.0).round() / 1000.0;
        out::note(&format!("the SOAP door takes {ratio} of what the agency API takes"));
        if args.json {
            out::json(&serde_json::json!({"soap_to_rest": ratio}));
        }
    }
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// Finds or starts the service, and opens the mailboxes.
async fn start(args: &LoadArgs, plan: &Plan, recipients: &[Identity]) -> Result<(Service, Option<Eid>)> {
    let running = plan.running().await;
    if args.needs_people() {
        let folder = args.data.display();
        ensure!(
            running.is_none(),
            "people log in to a service that this command starts: stop the one on {folder}"
        );
        let eid = Eid::start(recipients, &[plan]).await?;
        let service = people::serve(plan, &eid, recipients, args.readers).await?;
        return Ok((service, Some(eid)));
    }
    let service = match running {
        Some(service) => service,
        None => plan.demo().await?,
    };
    mailboxes::open(&Config::read(service.config())?, recipients).await?;
    Ok((service, None))
}

/// One door's run, compared with what is stored where that is asked for.
async fn one(service: &mut Service, args: &LoadArgs, recipients: &[Identity], door: Door) -> Result<Figures> {
    let Run { mut figures, letters, ledger, kills } =
        sender_tools::load::run(service, args, recipients, door).await?;
    if args.check || args.kills > 0 {
        out::note("comparing the ledger with what is stored");
        service.settle(Duration::from_secs(5)).await?;
        let checked = check::run(&Config::read(service.config())?, &letters, &ledger).await?;
        for finding in &checked.findings {
            out::note(finding);
        }
        figures.kills = (args.kills > 0).then_some(kills);
        figures.lost = Some(checked.lost);
        figures.doubled = Some(checked.doubled);
        figures.torn = Some(checked.torn);
    }
    Ok(figures)
}
