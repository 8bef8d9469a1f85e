//! What an operator sees: metrics, the log, and `kuvert evidence check`.

use crate::play::service::Service;
use anyhow::{Context, Result};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs::File,
    io::{Read, Seek, SeekFrom},
};

/// How things stood at an instant.
pub struct Mark {
    metrics: BTreeMap<String, f64>,
    log_bytes: u64,
}

/// Watches one service.
pub struct Watch {
    http: reqwest::Client,
    /// Whether this program has `kuvert evidence check`.
    pub has_sweep: bool,
    /// Faults that were there before, and are not ours to tell again.
    known: BTreeSet<String>,
    /// Mailboxes that cannot be put back as they were.
    ignored: Vec<String>,
}

impl Watch {
    pub async fn new(service: &Service) -> Result<Self> {
        let http = reqwest::Client::builder().no_proxy().build()?;
        let has_sweep = service.command(&["evidence", "check", "--help"], "").await?.code == 0;
        Ok(Self { http, has_sweep, known: BTreeSet::new(), ignored: Vec::new() })
    }

    pub async fn mark(&self, service: &Service) -> Result<Mark> {
        let log_bytes =
            service.log.as_ref().and_then(|path| path.metadata().ok()).map_or(0, |file| file.len());
        Ok(Mark { metrics: self.metrics(service).await?, log_bytes })
    }

    /// The same for a process that has just begun: its counters begin at nothing, and its log goes on from here.
    pub fn anew(service: &Service) -> Mark {
        let log_bytes =
            service.log.as_ref().and_then(|path| path.metadata().ok()).map_or(0, |file| file.len());
        Mark { metrics: BTreeMap::new(), log_bytes }
    }

    /// Alarms since then: counters that rose, and lines of the log at level ERROR.
    pub async fn alarms(&self, service: &Service, since: &Mark) -> Result<Vec<String>> {
        let mut alarms = Vec::new();
        for (name, value) in self.metrics(service).await? {
            let before = since.metrics.get(&name).copied().unwrap_or_default();
            // What the sweep found is the sweep's.
            if value > before && ALARMS.iter().any(|one| name.starts_with(one)) {
                alarms.push(name);
            }
        }
        // A service that has just started looks at every mailbox, and tells again of those that could not be put back.
        alarms.extend(errors(&self.log(service, since)?).filter(|line| !self.knows(line)));
        Ok(alarms)
    }

    /// What the log has said since then.
    pub fn log(&self, service: &Service, since: &Mark) -> Result<String> {
        let Some(path) = &service.log else { return Ok(String::new()) };
        let mut file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
        file.seek(SeekFrom::Start(since.log_bytes))?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Everything that the sweep finds now, without what was known: a line a fault.
    pub async fn sweep(&self, service: &Service) -> Result<Vec<String>> {
        if !self.has_sweep {
            return Ok(Vec::new());
        }
        let said = service.command(&["evidence", "check", "--json"], "").await?;
        let mut faults: Vec<String> = said
            .out
            .lines()
            .filter(|line| line.starts_with('{') && is_fault(line))
            .map(str::to_owned)
            .collect();
        if said.code != 0 && faults.is_empty() {
            faults.push(format!("exit {}: {}", said.code, said.err.trim()));
        }
        faults.retain(|fault| !self.knows(fault));
        Ok(faults)
    }

    /// Whether this fault was there before, or concerns what cannot be put back.
    pub fn knows(&self, fault: &str) -> bool {
        self.known.contains(fault) || self.ignored.iter().any(|name| fault.contains(name))
    }

    /// What is found now is not told again.
    pub fn forget(&mut self, faults: Vec<String>) {
        self.known.extend(faults);
    }

    /// Nothing is told any more of what has these names.
    pub fn ignore(&mut self, names: &[String]) {
        self.ignored.extend_from_slice(names);
    }

    /// What the background sweep has found, by its metrics.
    pub async fn found_in_background(&self, service: &Service) -> Result<f64> {
        let metrics = self.metrics(service).await?;
        Ok(metrics.iter().filter(|(name, _)| name.starts_with(BACKGROUND)).map(|(_, value)| value).sum())
    }

    async fn metrics(&self, service: &Service) -> Result<BTreeMap<String, f64>> {
        let answer = self.http.get(format!("{}/metrics", service.urls.internal)).send().await?;
        let text = answer.text().await?;
        let lines = text.lines().filter(|line| line.starts_with("kuvert_"));
        Ok(lines
            .filter_map(|line| {
                let (name, value) = line.rsplit_once(' ')?;
                Some((name.to_owned(), value.parse().ok()?))
            })
            .collect())
    }
}

/// Lines at level ERROR, but for those of the sweep that the service makes by itself.
pub fn errors(log: &str) -> impl Iterator<Item = String> + '_ {
    let lines = log.lines().filter(|line| line.contains(" ERROR ") && !line.contains("::heads::sweep"));
    lines.map(str::to_owned)
}

/// The last line may be a summary.
fn is_fault(line: &str) -> bool {
    let parsed: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
    parsed.get("fault").is_some() || parsed.get("table").is_some()
}

const ALARMS: [&str; 3] =
    ["kuvert_unvouched_total", "kuvert_letters_unverified_total", "kuvert_keys_unopenable_total"];
/// The gauge of the sweep that the service makes by itself.
const BACKGROUND: &str = "kuvert_evidence_faulty_mailboxes";
