//! Letters are opened over the pages, with a clock: people log in before it starts, and each opens some, one after the other.

use super::{latencies::Latencies, people, service::Service};
use crate::{citizen::Citizen, out};
use anyhow::{Result, ensure};
use domain::Identity;
use futures_util::{StreamExt, TryStreamExt, stream};
use reqwest::StatusCode;
use serde::Serialize;
use std::time::{Duration, Instant};

/// The figures of openings.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Openings {
    pub letters: usize,
    pub people: usize,
    pub readers: usize,
    pub seconds: f64,
    pub letters_per_second: f64,
    /// Until the letter's page is there.
    pub p50_ms: f64,
    pub p95_ms: f64,
    pub p99_ms: f64,
    /// Until the opening is on record, which is before its page is asked for.
    pub recorded_p50_ms: f64,
    pub recorded_p95_ms: f64,
    pub recorded_p99_ms: f64,
    /// Processor time of the service for each, ms, its page included.
    pub cpu_ms: Option<f64>,
}

impl Openings {
    pub(super) fn report(&self) {
        let Self { letters, people, readers, seconds, letters_per_second, .. } = self;
        let cpu = self.cpu_ms.map_or("unknown".to_owned(), |ms| format!("{ms} ms"));
        let Self { p50_ms, p95_ms, p99_ms, recorded_p50_ms, recorded_p95_ms, recorded_p99_ms, .. } = self;
        out::note(&format!(
            "{letters} letters opened by {people} people, {readers} at once, in {seconds} s: {letters_per_second} \
             letters/s; shown after p50 {p50_ms} ms, p95 {p95_ms} ms, p99 {p99_ms} ms; on record after p50 \
             {recorded_p50_ms} ms, p95 {recorded_p95_ms} ms, p99 {recorded_p99_ms} ms; processor {cpu} each"
        ));
    }
}

/// Somebody who is logged in, and the unread letters that they will open.
struct Reader {
    citizen: Citizen,
    letters: Vec<String>,
    form: Vec<(String, String)>,
}

/// Until recorded, and until shown.
type Took = (Duration, Duration);

/// Opens `count` letters, by `readers` people at a time.
pub async fn run(service: &Service, people: &[Identity], count: usize, readers: usize) -> Result<Openings> {
    let people = &people[..people.len().min(count)];
    let all = find(service, people, count, readers).await?;
    out::note(&format!("{} people are logged in and open {count} letters", all.len()));
    let people = all.len();
    let start = Instant::now();
    let used = service.used_ms();
    let took = stream::iter(all.into_iter().map(read)).buffer_unordered(readers);
    let took: Vec<Took> = took.try_collect::<Vec<_>>().await?.concat();
    let seconds = start.elapsed().as_secs_f64();
    ensure!(took.len() == count, "{} of {count} letters were opened", took.len());
    let (recorded, shown): (Vec<_>, Vec<_>) = took.into_iter().unzip();
    let recorded = Latencies::from(recorded);
    let shown = Latencies::from(shown);
    Ok(Openings {
        letters: count,
        people,
        readers,
        seconds: super::round(seconds),
        letters_per_second: super::round(count as f64 / seconds),
        p50_ms: shown.percentile(0.50),
        p95_ms: shown.percentile(0.95),
        p99_ms: shown.percentile(0.99),
        recorded_p50_ms: recorded.percentile(0.50),
        recorded_p95_ms: recorded.percentile(0.95),
        recorded_p99_ms: recorded.percentile(0.99),
        cpu_ms: super::each_ms(used, service.used_ms(), count),
    })
}

/// Who opens what: all the same number of letters, but for the last who may have fewer.
async fn find(service: &Service, people: &[Identity], count: usize, readers: usize) -> Result<Vec<Reader>> {
    let each = count.div_ceil(people.len());
    let citizens = people::log_in(service, people, readers).await?;
    let unread = citizens.into_iter().map(|mut citizen| async move {
        let (letters, form) = citizen.unread().await?;
        anyhow::Ok(Reader { citizen, letters, form })
    });
    let mut all: Vec<Reader> = stream::iter(unread).buffered(readers).try_collect().await?;
    let mut left = count;
    for reader in &mut all {
        reader.letters.truncate(each.min(left));
        left -= reader.letters.len();
    }
    let found = count - left;
    ensure!(
        left == 0,
        "only {found} of {count} letters can be opened: send more (--letters), to more (--mailboxes)"
    );
    all.retain(|reader| !reader.letters.is_empty());
    Ok(all)
}

async fn read(reader: Reader) -> Result<Vec<Took>> {
    let Reader { mut citizen, letters, form } = reader;
    let mut all = Vec::with_capacity(letters.len());
    for letter in &letters {
        let start = Instant::now();
        let answer = citizen.submit(letter, &form).await?;
        let recorded = start.elapsed();
        ensure!(answer.status() == StatusCode::SEE_OTHER, "an opening is answered with {}", answer.status());
        let page = citizen.html(answer).await?;
        all.push((recorded, start.elapsed()));
        ensure!(page.contains("Provbrev"), "a letter was opened and not shown");
    }
    Ok(all)
}
