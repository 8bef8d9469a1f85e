//! The figures of one run, for people and for programs.

use super::{LoadArgs, drive::Driven, letters::Door, open::Openings, round, service::Service};
use crate::out;
use serde::Serialize;

/// What is told of one run. The last three are for whoever compares with what is stored.
#[derive(Clone, Debug, Default, Serialize)]
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
    /// Processor time of the service for each letter, ms; absent where it cannot be read or the service was killed.
    pub cpu_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub openings: Option<Openings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kills: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lost: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubled: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub torn: Option<usize>,
}

impl Figures {
    pub(super) fn new(args: &LoadArgs, service: &Service, driven: &Driven, door: Door) -> Self {
        Self {
            letters: driven.accepted,
            bytes: args.bytes,
            connections: args.connections,
            mailboxes: args.mailboxes,
            database: if args.database.is_some() { "postgresql" } else { "sqlite" },
            seconds: round(driven.elapsed.as_secs_f64()),
            letters_per_second: round(driven.accepted as f64 / driven.elapsed.as_secs_f64()),
            p50_ms: driven.latencies.percentile(0.50),
            p95_ms: driven.latencies.percentile(0.95),
            p99_ms: driven.latencies.percentile(0.99),
            door: Some(door),
            alg: door.algorithm(),
            presigned: true,
            refused: driven.refused,
            repeated_tries: driven.repeated,
            resident_mib: driven.resident_mib.or_else(|| service.resident_mib()),
            ..Self::default()
        }
    }

    /// Whether anything was refused or is not as promised, or the service was killed too seldom.
    pub fn are_bad(&self, args: &LoadArgs) -> bool {
        let found = [self.lost, self.doubled, self.torn];
        let too_few = self.kills.is_some_and(|kills| kills < args.kills);
        found.iter().any(|n| n.is_some_and(|n| n > 0)) || self.refused > 0 || too_few
    }

    /// For people, and where asked for as one line of JSON.
    pub fn report(&self, args: &LoadArgs) {
        let Self { letters, seconds, letters_per_second, p50_ms, p95_ms, p99_ms, .. } = self;
        let resident = self.resident_mib.map_or("unknown".to_owned(), |mib| format!("{mib} MiB"));
        let cpu = self.cpu_ms.map_or("unknown".to_owned(), |ms| format!("{ms} ms"));
        out::note(&format!(
            "{letters} letters in {seconds} s: {letters_per_second} letters/s; p50 {p50_ms} ms, p95 {p95_ms} ms, \
             p99 {p99_ms} ms; processor {cpu} each; service resident {resident}"
        ));
        if let Some(openings) = &self.openings {
            openings.report();
        }
        if let (Some(lost), Some(doubled), Some(torn)) = (self.lost, self.doubled, self.torn) {
            let killed = match self.kills {
                Some(kills) if kills < args.kills => {
                    format!("killed only {kills} of {} times: give more letters; ", args.kills)
                }
                Some(kills) => format!("killed {kills} times; "),
                None => String::new(),
            };
            out::note(&format!("{killed}lost {lost}, doubled {doubled}, torn {torn}"));
        }
        if args.json {
            out::json(self);
        }
    }
}
