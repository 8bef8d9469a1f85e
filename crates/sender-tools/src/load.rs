//! The driving half of `kuvert load`: letters are signed before the clock starts and sent over the real door, mutual TLS and
//! all, and people open them over the pages. What was sent and what was promised goes into a ledger of the client's own, for
//! whoever can compare it with what is stored.

mod args;
mod compared;
mod drive;
mod figures;
mod latencies;
mod ledger;
mod letters;
mod open;
mod people;
mod service;

pub use args::LoadArgs;
pub use compared::Compared;
pub use figures::Figures;
pub use ledger::{Ledger, Line};
pub use letters::{Door, Ready, SENDERS, Wire};
pub use open::Openings;
pub use people::open_mailboxes;
pub use service::{Addresses, Own, Service};

use crate::out;
use anyhow::Result;
use domain::Identity;
use std::sync::Arc;

/// One door's run, with what is needed to compare it with what is stored.
pub struct Run {
    pub figures: Figures,
    pub letters: Arc<Vec<Ready>>,
    pub ledger: Ledger,
    /// How often the service was killed meanwhile.
    pub kills: usize,
}

/// Signs, sends, and opens where that is asked for. Each step waits for the one before.
pub async fn run(service: &mut Service, args: &LoadArgs, recipients: &[Identity], door: Door) -> Result<Run> {
    out::note(&format!("signing {} letters ({})", args.letters, door.algorithm()));
    let letters = Arc::new(letters::sign(service, recipients, (args.letters, args.bytes), door)?);
    let ledger = Ledger::create(service.folder(), args.kills > 0)?;
    let used = service.used_ms();
    let driven = drive::run(service, args, letters.clone(), &ledger).await?;
    let mut figures = Figures::new(args, service, &driven, door);
    figures.cpu_ms = each_ms(used, service.used_ms(), args.letters).filter(|_| args.kills == 0);
    if args.open > 0 {
        figures.openings = Some(open::run(service, recipients, args.open, args.readers).await?);
        figures.resident_mib = figures.resident_mib.max(service.resident_mib());
    }
    Ok(Run { figures, letters, ledger, kills: driven.kills })
}

/// Processor time for each of so many, three decimals.
fn each_ms(before: Option<u64>, after: Option<u64>, count: usize) -> Option<f64> {
    let used = after?.checked_sub(before?)?;
    Some((used as f64 / count as f64 * 1000.0).round() / 1000.0)
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
