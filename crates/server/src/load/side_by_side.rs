//! Two programs' services, each with a folder and databases of its own, measured in turns by one client on one machine: so
//! what else the machine does meanwhile meets both.

use super::{one, people, people::Eid, plan::Plan};
use crate::out;
use anyhow::Result;
use domain::Identity;
use sender_tools::load::{Compared, LoadArgs};
use std::{path::Path, process::ExitCode};

/// Runs it. Exit 0 only when every letter was accepted and opened; what the ratios may be is for the reader to say.
pub async fn run(args: &LoadArgs, other: &Path, recipients: &[Identity]) -> Result<ExitCode> {
    let plans = [
        Plan::new(args.service.as_deref(), &args.data.join("first"), args.database.as_deref())?,
        Plan::new(Some(other), &args.data.join("second"), args.side_by_side_database.as_deref())?,
    ];
    let eid = Eid::start(recipients, &[&plans[0], &plans[1]]).await?;
    let mut services = Vec::with_capacity(2);
    for (name, plan) in NAMES.iter().zip(&plans) {
        services.push(people::serve(plan, &eid, recipients, args.readers).await?);
        out::note(&format!("{name}: {}", services[services.len() - 1].describe()));
    }
    let door = args.doors()[0];
    let mut all = [Vec::new(), Vec::new()];
    let mut bad = false;
    for round in 0..args.rounds {
        // Who goes first has the machine as the round before left it.
        for which in if round % 2 == 0 { [0, 1] } else { [1, 0] } {
            out::note(&format!("round {} of {}, the {}", round + 1, args.rounds, NAMES[which]));
            let figures = one(&mut services[which], args, recipients, door).await?;
            bad |= figures.are_bad(args);
            figures.report(&LoadArgs { json: false, ..args.clone() });
            all[which].push(figures);
        }
    }
    for service in &mut services {
        service.stop().await?;
    }
    Compared::of(&all).report(args);
    Ok(if bad { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

const NAMES: [&str; 2] = ["first", "second"];
