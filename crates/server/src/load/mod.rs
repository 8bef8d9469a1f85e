//! `kuvert load`: how many letters a second the agency door takes, and whether each is kept.
//!
//! Letters are signed before the clock starts and sent over the real door, mutual TLS and all, with a receipt
//! for each. What was sent and what was promised goes into a ledger of the client's own; `--check` compares it
//! with what is stored afterwards, and `--kills` ends the service at random moments meanwhile.

mod check;
mod drive;
mod ledger;
mod letters;
mod mailboxes;
mod service;

use crate::out;
use anyhow::{Result, ensure};
use letters::Door;
use serde::Serialize;
use std::{path::PathBuf, process::ExitCode, sync::Arc, time::Duration};

/// What is asked for.
#[derive(clap::Args, Clone, Debug)]
pub struct LoadArgs {
    /// The folder of a demo; prepared as `kuvert demo` does when it is empty
    #[arg(long, value_name = "DIR", default_value = "kuvert-load")]
    pub data: PathBuf,
    /// PostgreSQL instead of SQLite in DIR
    #[arg(long, value_name = "URL")]
    pub database: Option<String>,
    /// How many letters
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub letters: usize,
    /// How many connections at once
    #[arg(long, value_name = "C", default_value_t = 32)]
    pub connections: usize,
    /// Bytes of each letter's body
    #[arg(long, value_name = "B", default_value_t = 5_000)]
    pub bytes: usize,
    /// How many mailboxes the letters go to
    #[arg(long, value_name = "M", default_value_t = 1_000)]
    pub mailboxes: usize,
    /// Send deliverSecure messages of Mina Meddelanden to the SOAP door instead
    #[arg(long)]
    pub soap: bool,
    /// Send as many by the agency API first and by the SOAP door then, and tell how the rates compare
    #[arg(long, conflicts_with_all = ["soap", "kills"])]
    pub compare: bool,
    /// Compare what was promised with what is stored: lost, doubled, torn
    #[arg(long)]
    pub check: bool,
    /// Kill the service (SIGKILL) this many times at random moments and start it again; implies --check
    #[arg(long, value_name = "K", default_value_t = 0)]
    pub kills: usize,
    /// End with one line of JSON
    #[arg(long)]
    pub json: bool,
}

/// The figures.
#[derive(Debug, Default, Serialize)]
pub struct Figures {
    pub letters: usize,
    pub bytes: usize,
    pub connections: usize,
    pub mailboxes: usize,
    pub database: &'static str,
    pub door: Option<Door>,
    pub seconds: f64,
    pub letters_per_second: f64,
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    pub alg: &'static str,
    pub presigned: bool,
    pub refused: usize,
    pub repeated_tries: usize,
    /// Highest resident memory of the service, MiB; absent where it cannot be read.
    pub resident_mib: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kills: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubled: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<usize>,
}

/// Runs it. Exit 0 only when every letter was accepted, the service was killed as often as asked and, with `--check`,
/// nothing is lost, doubled or torn.
pub async fn run(args: LoadArgs) -> Result<ExitCode> {
    ensure!(args.letters > 0 && args.connections > 0 && args.mailboxes > 0, "give at least one of each");
    let mut service = service::find_or_start(&args).await?;
    ensure!(args.kills == 0 || service.is_ours(), "--kills needs a service that this command starts itself");
    out::note(&format!("service: {}", service.describe()));

    let recipients = mailboxes::open(service.config(), args.mailboxes).await?;
    out::note(&format!("{} mailboxes are open", recipients.len()));
    let doors: &[Door] = match (args.compare, args.soap) {
        (true, _) => &[Door::Rest, Door::Soap],
        (false, true) => &[Door::Soap],
        (false, false) => &[Door::Rest],
    };
    let (mut bad, mut rates) = (false, Vec::with_capacity(2));
    for door in doors {
        let figures = one(&mut service, &args, &recipients, *door).await?;
        let found = [figures.lost, figures.doubled, figures.torn];
        let too_few = figures.kills.is_some_and(|kills| kills < args.kills);
        bad |= found.iter().any(|n| n.is_some_and(|n| n > 0)) || figures.refused > 0 || too_few;
        rates.push(figures.letters_per_second);
        report(&args, &figures);
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

/// One door's run: signed before the clock starts, sent, and compared where that is asked for.
async fn one(
    service: &mut service::Service,
    args: &LoadArgs,
    recipients: &[domain::Identity],
    door: Door,
) -> Result<Figures> {
    out::note(&format!("signing {} letters ({})", args.letters, door.algorithm()));
    let signed = Arc::new(letters::sign(service, recipients, (args.letters, args.bytes), door)?);
    let ledger = ledger::Ledger::create(&args.data, args.kills > 0)?;
    let driven = drive::run(service, args, signed.clone(), &ledger).await?;
    let mut figures = figures(args, service, &driven, door);
    if args.check || args.kills > 0 {
        out::note("comparing the ledger with what is stored");
        service.settle(Duration::from_secs(5)).await?;
        let checked = check::run(service.config(), &signed, &ledger).await?;
        for finding in &checked.findings {
            out::note(finding);
        }
        figures.kills = (args.kills > 0).then_some(driven.kills);
        (figures.lost, figures.doubled, figures.torn) =
            (Some(checked.lost), Some(checked.doubled), Some(checked.torn));
    }
    Ok(figures)
}

fn figures(args: &LoadArgs, service: &service::Service, driven: &drive::Driven, door: Door) -> Figures {
    Figures {
        letters: driven.accepted,
        bytes: args.bytes,
        connections: args.connections,
        mailboxes: args.mailboxes,
        database: if args.database.is_some() { "postgresql" } else { "sqlite" },
        seconds: round(driven.elapsed.as_secs_f64()),
        letters_per_second: round(driven.accepted as f64 / driven.elapsed.as_secs_f64()),
        p50_ms: driven.percentile(0.50),
        p95_ms: driven.percentile(0.95),
        p99_ms: driven.percentile(0.99),
        door: Some(door),
        alg: door.algorithm(),
        presigned: true,
        refused: driven.refused,
        repeated_tries: driven.repeated,
        resident_mib: driven.resident_mib.or_else(|| service.resident_mib()),
        ..Figures::default()
    }
}

fn report(args: &LoadArgs, figures: &Figures) {
    let Figures { letters, seconds, letters_per_second, p50_ms, p95_ms, p99_ms, .. } = figures;
    let resident = figures.resident_mib.map_or("unknown".to_owned(), |mib| format!("{mib} MiB"));
    out::note(&format!(
        "{letters} letters in {seconds} s: {letters_per_second} letters/s; p50 {p50_ms} ms, p95 {p95_ms} ms, \
         p99 {p99_ms} ms; service resident {resident}"
    ));
    if let (Some(lost), Some(doubled), Some(torn)) = (figures.lost, figures.doubled, figures.torn) {
        let killed = match figures.kills {
            Some(kills) if kills < args.kills => {
                format!("killed only {kills} of {} times: give more letters; ", args.kills)
            }
            Some(kills) => format!("killed {kills} times; "),
            None => String::new(),
        };
        out::note(&format!("{killed}lost {lost}, doubled {doubled}, torn {torn}"));
    }
    if args.json {
        out::json(figures);
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
