//! Random tamperings, many at once on separate mailboxes: each is judged by what names its own mailbox.

use crate::play::{
    agency::{OFFICE, TOWN},
    boxes::{self, Mailbox},
    chance::Chance,
    citizen::Citizen,
    database::hex,
    random::{self, Done, Family},
    report::{Report, progress},
    seen::Seen,
    stage::{ANNA, CLEO, Stage, path},
    watch::{self, Mark},
};
use anyhow::{Context, Result};
use std::time::Duration;

/// A mailbox that is tampered with in this batch.
struct Target {
    /// Where it stands among all.
    at: usize,
    /// The other one, where something was exchanged between two.
    with: usize,
    done: Done,
    seen: Seen,
}

impl Target {
    /// The mailboxes that it concerns: where nothing was exchanged, the other one may be tampered with for itself.
    fn boxes<'a>(&self, pool: &'a [Mailbox]) -> Vec<&'a Mailbox> {
        let mut boxes = vec![&pool[self.at]];
        if self.done.what.starts_with("swap") {
            boxes.push(&pool[self.with]);
        }
        boxes
    }
}

/// Plays them, and puts everything back after each batch.
pub async fn play(
    stage: &mut Stage,
    (count, boxes): (usize, usize),
    seed: u64,
    report: &mut Report,
) -> Result<()> {
    let boxes = boxes.max(6);
    let readers: Vec<_> = [ANNA, CLEO].into_iter().cycle().take(boxes).collect();
    progress(&format!("{}: opening {boxes} mailboxes", stage.database.name()));
    let mut pool = boxes::open(stage, &readers).await?;
    let mut chance = Chance::new(seed);
    let mut done = 0;
    let mut batch = 0;
    while done < count {
        batch += 1;
        // Of three batches one is of events; of ten of those, one is read as well.
        let family = if batch % 3 == 0 { Family::Evidence } else { Family::Rows };
        let is_read = family == Family::Rows || batch % 30 == 3;
        let mark = stage.mark().await?;
        let before = reach(stage, &pool).await?;
        let most = if is_read && family == Family::Evidence { 4 } else { usize::MAX };
        let mut targets = tamper(stage, &pool, family, most.min(count - done), &mut chance).await?;
        // Even where something breaks off, nothing stays tampered with.
        let touched = Box::pin(touch(stage, &pool, &before, is_read, &mark, &mut targets)).await;
        let mut left = stage.put_back().await.context("a batch could not be put back")?;
        touched?;
        for target in &targets {
            done += 1;
            report.random(&format!("r{done}"), &target.done.what, &target.seen);
        }
        // What cannot be put back any more is not played on again. Where somebody has read on a chain that was tampered
        // with, what they added stands on it, and that is no false alarm.
        let (whole, lost): (Vec<_>, Vec<_>) =
            pool.into_iter().partition(|one| !left.iter().any(|line| one.is_named_in(line)));
        pool = whole;
        for one in &lost {
            stage.watch.ignore(&one.names());
        }
        if family == Family::Evidence && is_read {
            left.clear();
        }
        report.after(&format!("batch {batch}"), &left);
        if done < count {
            let readers: Vec<_> = lost.iter().map(|one| one.reader).collect();
            pool.extend(boxes::open(stage, &readers).await?);
        }
        if batch % 10 == 0 || done >= count {
            progress(&format!("{}: {done} of {count} random tamperings", stage.database.name()));
        }
    }
    Ok(())
}

/// Each mailbox once; two of them, one of each reader, are left alone to compare with.
async fn tamper(
    stage: &mut Stage,
    pool: &[Mailbox],
    family: Family,
    most: usize,
    chance: &mut Chance,
) -> Result<Vec<Target>> {
    let mut free: Vec<usize> = (0..pool.len()).filter(|at| !controls(pool).contains(&Some(*at))).collect();
    let mut targets = Vec::new();
    while free.len() >= 2 && targets.len() < most {
        let at = free.swap_remove(chance.below(free.len()));
        let with = free[chance.below(free.len())];
        let done = random::tamper(stage, chance, family, &pool[at], &pool[with]).await?;
        let Some(done) = done else {
            free.push(at);
            continue;
        };
        if done.what.starts_with("swap") {
            free.retain(|one| *one != with);
        }
        targets.push(Target { at, with, done, seen: Seen::default() });
    }
    Ok(targets)
}

/// The first mailbox of each reader.
fn controls(pool: &[Mailbox]) -> [Option<usize>; 2] {
    [ANNA, CLEO].map(|reader| pool.iter().position(|one| one.reader == reader))
}

/// Senders ask, readers read, Bo tries; then the operator looks.
async fn touch(
    stage: &mut Stage,
    pool: &[Mailbox],
    before: &[Vec<String>],
    is_read: bool,
    mark: &Mark,
    targets: &mut [Target],
) -> Result<()> {
    let after = reach(stage, pool).await?;
    for target in targets.iter_mut() {
        for (before, after) in before.iter().zip(&after) {
            let was = &before[target.at];
            let is = &after[target.at];
            // Another word than this is what the row says, and is believed.
            if was != is && is.contains("unavailable") {
                target.seen.refused.push(format!("reachability: {is}"));
            }
        }
        if target.done.resend {
            resend(stage, pool, target).await?;
        }
    }
    if is_read {
        for reader in [ANNA, CLEO] {
            read(stage, pool, reader, targets).await?;
        }
        intrude(stage, pool, targets).await?;
    }
    let sweep = stage.watch.sweep(&stage.service).await?;
    judge(stage, pool, mark, &sweep, targets)?;
    if targets.iter().any(|target| !target.seen.is_noticed()) {
        let sweep = stage.sweep_again().await?;
        judge(stage, pool, mark, &sweep, targets)?;
    }
    Ok(())
}

/// What the operator was told, and what the sweep says, of each.
fn judge(
    stage: &Stage,
    pool: &[Mailbox],
    mark: &Mark,
    sweep: &[String],
    targets: &mut [Target],
) -> Result<()> {
    let log = stage.watch.log(&stage.service, mark)?;
    let bo = hex(&stage.bo.id);
    for target in targets.iter_mut().filter(|target| !target.seen.is_noticed()) {
        let boxes = target.boxes(pool);
        let names = |line: &String| {
            let forged = target.done.forged.as_ref().map(|(id, _)| uuid::Uuid::from_bytes(*id).to_string());
            boxes.iter().any(|one| one.is_named_in(line))
                || target.done.names_bo && line.contains(&bo)
                || forged.is_some_and(|id| line.contains(&id) || line.contains(&id.replace('-', "")))
        };
        target.seen.at_once.extend(watch::errors(&log).filter(names));
        target.seen.sweep.extend(sweep.iter().filter(|line| names(line)).cloned());
    }
    Ok(())
}

/// What each of the two senders is told of every mailbox.
async fn reach(stage: &Stage, pool: &[Mailbox]) -> Result<Vec<Vec<String>>> {
    let numbers: Vec<_> = pool.iter().map(|one| one.number.clone()).collect();
    Ok(vec![stage.agency(TOWN).reach(&numbers).await?, stage.agency(OFFICE).reach(&numbers).await?])
}

/// A letter is sent once more: the answer is the receipt that it was given.
async fn resend(stage: &Stage, pool: &[Mailbox], target: &mut Target) -> Result<()> {
    for letter in target.boxes(pool).into_iter().flat_map(|one| &one.letters) {
        let reply = stage.agency(letter.by).send(&letter.draft).await?;
        match reply.is_taken() {
            true if reply.receipt != letter.receipt => target.seen.forged += 1,
            true => {}
            false => target.seen.refused.push(format!("sent again: {} {}", reply.status, reply.code)),
        }
    }
    Ok(())
}

/// The signatory logs in and opens every letter of the mailboxes that were tampered with. Where a mailbox that was left
/// alone cannot be read either, the answers say nothing of one of them.
async fn read(stage: &Stage, pool: &[Mailbox], reader: &str, targets: &mut [Target]) -> Result<()> {
    let control = pool.iter().find(|one| one.reader == reader).context("no control")?;
    let Some(mut citizen) = ready(stage, control).await? else { return Ok(()) };
    for target in targets {
        let both = target.boxes(pool);
        let mut own = Seen::default();
        for letter in both.iter().filter(|one| one.reader == reader).flat_map(|one| &one.letters) {
            let mut page = citizen.open(&letter.path()).await?;
            if page.status == TOO_MANY {
                // What one log-in may open in ten seconds is used up.
                citizen = Citizen::log_in(&stage.service.urls.web, reader).await?;
                page = citizen.open(&letter.path()).await?;
            }
            stage.judge(&citizen, letter, &page, &mut own).await?;
        }
        if let Some((id, secret)) = target.done.forged.as_ref().filter(|_| both[0].reader == reader) {
            let page = citizen.open(&path(&both[0].id, id)).await?;
            match page.status {
                200 if page.certifies() && page.text.contains(secret) => own.forged += 1,
                200 if page.warns() => own.at_once.push("the page says that it is not verified".to_owned()),
                200 | TOO_MANY => {}
                status => own.unreadable.push(format!("the page answers {status}")),
            }
        }
        target.seen.forged += own.forged;
        if !vanishes(&target.done.what) {
            target.seen.unreadable.append(&mut own.unreadable);
        }
        target.seen.at_once.append(&mut own.at_once);
    }
    Ok(())
}

/// Its reader, logged in, and the control can be read; on a crowded machine at the second try.
async fn ready(stage: &Stage, control: &Mailbox) -> Result<Option<Citizen>> {
    for attempt in 0..3 {
        // The pages with their lists first, by a log-in of their own: one may ask for so many lists in ten seconds, and
        // what does not open is asked for again by each page.
        let web = &stage.service.urls.web;
        let Ok(mut citizen) = Citizen::log_in(web, control.reader).await else { continue };
        citizen.page("/").await?;
        citizen.page("/history").await?;
        let Ok(mut citizen) = Citizen::log_in(web, control.reader).await else { continue };
        let mut seen = Seen::default();
        let page = citizen.open(&control.letters[0].path()).await?;
        if page.status == TOO_MANY && attempt == 0 {
            eprintln!("T slept");
            tokio::time::sleep(TEN_SECONDS).await;
            continue;
        }
        stage.judge(&citizen, &control.letters[0], &page, &mut seen).await?;
        if !seen.is_noticed() && seen.harm() == 0 {
            return Ok(Some(citizen));
        }
        progress(&format!("a mailbox that was left alone cannot be read: {}", seen.ways()));
    }
    Ok(None)
}

/// Whether a letter is gone so that nobody asks for it who does not know of it.
fn vanishes(what: &str) -> bool {
    what.starts_with("delete a letter")
        || what.contains("letter.visible_from")
        || what.contains("mailbox_id of two")
}

async fn intrude(stage: &Stage, pool: &[Mailbox], targets: &mut [Target]) -> Result<()> {
    for target in targets.iter_mut().filter(|target| target.done.intrude) {
        let letters: Vec<_> = pool[target.at].letters.iter().collect();
        // That Bo is refused is what should be; that his own log-in breaks is a report.
        let mut own = Seen::default();
        stage.intrudes(&letters, &mut own).await?;
        target.seen.access += own.access;
    }
    Ok(())
}

const TOO_MANY: u16 = 429;
const TEN_SECONDS: Duration = Duration::from_secs(10);
