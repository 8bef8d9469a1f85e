//! What people and agencies do every day, with kills, rotations and restores in between. None of it may be reported.

use crate::play::{
    chance::Chance,
    citizen::Citizen,
    report::{Report, progress},
    stage::{ANNA, BO, CLEO, Kind, Letter, Stage},
    watch::{Mark, Watch},
};
use anyhow::{Context, Result, ensure};
use std::collections::BTreeMap;

mod restored;

/// A day of many.
struct Day<'a> {
    stage: &'a mut Stage,
    chance: Chance,
    /// Letters of late, for people to do something with, and where each lies.
    letters: Vec<(Letter, &'static str, bool)>,
    readers: BTreeMap<&'static str, (Citizen, u32)>,
    mark: Mark,
    done: BTreeMap<&'static str, usize>,
}

/// Does so many things; how many of each.
pub async fn play(stage: &mut Stage, count: usize, seed: u64, report: &mut Report) -> Result<()> {
    let mark = stage.mark().await?;
    let name = stage.database.name();
    let own = stage.service.is_ours();
    let chance = Chance::new(seed);
    let readers = BTreeMap::new();
    let done = BTreeMap::new();
    let mut day = Day { stage, chance, letters: Vec::new(), readers, mark, done };
    let rare = (count / 4).max(40);
    for n in 1..=count {
        match n % rare {
            0 if own => day.kill(report).await?,
            1 => day.rotate(n / rare).await?,
            30 if own && n < rare => restored::restore(&mut day, report).await?,
            _ => day.act().await.with_context(|| format!("honest act {n}"))?,
        }
        if n % 1000 == 0 {
            progress(&format!("{name}: {n} of {count} honest acts"));
        }
    }
    day.look(report).await?;
    let done: Vec<_> = day.done.iter().map(|(what, count)| format!("{count} {what}")).collect();
    progress(&format!("{name}: {}", done.join(", ")));
    Ok(())
}

impl Day<'_> {
    fn count(&mut self, what: &'static str) {
        *self.done.entry(what).or_default() += 1;
    }

    async fn act(&mut self) -> Result<()> {
        match self.chance.below(10) {
            _ if self.letters.len() < 10 => self.letter().await,
            0..=4 => self.letter().await,
            5..=7 => self.open().await,
            _ => self.move_one().await,
        }
    }

    async fn letter(&mut self) -> Result<()> {
        let to = [ANNA, BO, CLEO][self.chance.below(3)];
        let file = self.chance.below(5) == 0;
        let office = self.chance.below(2) == 0;
        let kind = Kind { file, office, confidential: self.chance.below(10) == 0 };
        let letter = self.stage.letter(to, kind).await?;
        if self.letters.len() >= 60 {
            let at = self.chance.below(self.letters.len());
            self.letters.swap_remove(at);
        }
        self.letters.push((letter, to, false));
        self.count("letters");
        Ok(())
    }

    /// Somebody who is logged in. A log-in lasts for some letters, so that its budget does.
    async fn reader(&mut self, number: &'static str) -> Result<&mut Citizen> {
        if self.readers.get(number).is_none_or(|(_, used)| *used >= 25) {
            let citizen = Citizen::log_in(&self.stage.service.urls.web, number).await?;
            self.readers.insert(number, (citizen, 0));
            self.count("log-ins");
        }
        let (citizen, used) = self.readers.get_mut(number).context("nobody is logged in")?;
        *used += 1;
        Ok(citizen)
    }

    async fn open(&mut self) -> Result<()> {
        let at = self.chance.below(self.letters.len());
        let (letter, reader, _) = self.letters[at].clone();
        let page = self.reader(reader).await?.open(&letter.path()).await?;
        ensure!(
            page.certifies() && page.text.contains(&letter.secret),
            "an honest letter answers {}",
            page.status
        );
        self.letters[at].2 = true;
        self.count("openings");
        Ok(())
    }

    /// To the archive, the bin or back.
    async fn move_one(&mut self) -> Result<()> {
        let at = self.chance.below(self.letters.len());
        let (letter, reader, opened) = self.letters[at].clone();
        if !opened {
            return self.open().await;
        }
        let path = letter.path();
        let page = self.reader(reader).await?.page(&path).await?;
        let ways: Vec<_> = ["archive", "bin", "restore"]
            .into_iter()
            .filter(|way| page.text.contains(&format!("action=\"{path}/{way}\"")))
            .collect();
        let way = *self.chance.one_of(&ways).context("a letter that cannot be moved")?;
        let moved = self.reader(reader).await?.act(&path, &format!("{path}/{way}"), &[]).await?;
        ensure!(moved.status == 200, "moving a letter answers {}", moved.status);
        self.count("moves");
        Ok(())
    }

    /// A new key for an old one, while everything goes on.
    async fn rotate(&mut self, nth: usize) -> Result<()> {
        let purpose = ["mailbox", "profile", "events-keys", "contact"][nth % 4];
        let status = self.stage.service.must(&["keys", "status", "--json"], "").await?;
        let purpose = if status.out.contains(&format!("\"{purpose}\"")) { purpose } else { "mailbox" };
        self.stage.service.must(&["keys", "rotate", purpose], "").await?;
        self.count("rotations");
        Ok(())
    }

    /// Killed in the middle of letters that are being sent.
    async fn kill(&mut self, report: &mut Report) -> Result<()> {
        self.look(report).await?;
        let (draft, secret) = self.stage.draft(ANNA, Kind::default());
        let wait = std::time::Duration::from_millis(self.chance.next() % 40);
        let town = &self.stage.town;
        let service = &mut self.stage.service;
        let kill = async {
            tokio::time::sleep(wait).await;
            service.kill_and_restart().await
        };
        // Its outcome may stay unknown; then it is sent again, as the API asks.
        let (_, killed) = tokio::join!(town.send(&draft), kill);
        killed?;
        self.readers.clear();
        self.mark = Watch::anew(&self.stage.service);
        let letter = self.stage.send(draft, secret).await?;
        self.letters.push((letter, ANNA, false));
        self.count("kills");
        Ok(())
    }

    /// Alarms since the last look, and what the sweep finds.
    async fn look(&mut self, report: &mut Report) -> Result<()> {
        let mut alarms = self.stage.watch.alarms(&self.stage.service, &self.mark).await?;
        let found = self.stage.watch.sweep(&self.stage.service).await?;
        self.stage.watch.forget(found.clone());
        alarms.extend(found);
        report.after("honest acts", &alarms);
        self.mark = self.stage.mark().await?;
        self.count("checks");
        Ok(())
    }
}
