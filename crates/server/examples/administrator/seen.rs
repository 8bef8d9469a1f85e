//! What a tampering led to: how it was noticed, and what harm it did.

use crate::play::{
    agency::OFFICE,
    citizen::{Citizen, Page},
    stage::{Letter, Stage, path},
    watch::Mark,
};
use anyhow::Result;
use std::time::Duration;

/// How it was noticed, each with what says so; and the harm.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    pub unreadable: Vec<String>,
    pub refused: Vec<String>,
    pub at_once: Vec<String>,
    pub sweep: Vec<String>,
    /// Letters that the administrator has read.
    pub read: u32,
    /// Forged or altered letters that a page certified, or that the door took.
    pub forged: u32,
    /// Letters that were shown to somebody without a right.
    pub access: u32,
}

impl Seen {
    pub fn is_noticed(&self) -> bool {
        ![&self.unreadable, &self.refused, &self.at_once, &self.sweep].iter().all(|how| how.is_empty())
    }

    pub fn harm(&self) -> u32 {
        self.read + self.forged + self.access
    }

    /// The first way in which it was noticed.
    pub fn how(&self) -> &'static str {
        match self {
            Self { at_once, .. } if !at_once.is_empty() => "reported at once",
            Self { refused, .. } if !refused.is_empty() => "refused",
            Self { unreadable, .. } if !unreadable.is_empty() => "unreadable",
            Self { sweep, .. } if !sweep.is_empty() => "by the sweep",
            _ => "NOT NOTICED",
        }
    }

    /// Every way, in a few words.
    pub fn ways(&self) -> String {
        let ways = [
            ("unreadable", &self.unreadable),
            ("refused", &self.refused),
            ("reported", &self.at_once),
            ("sweep", &self.sweep),
        ];
        let first = |(name, how): &(&str, &Vec<String>)| {
            let first: String = how.first()?.chars().take(90).collect();
            Some(format!("{name}: {first}"))
        };
        ways.iter().filter_map(first).collect::<Vec<_>>().join("; ")
    }
}

impl Stage {
    pub async fn mark(&self) -> Result<Mark> {
        self.watch.mark(&self.service).await
    }

    /// The rightful reader logs in, opens these letters, and looks at what happened in their mailboxes.
    pub async fn reads(&self, number: &str, letters: &[&Letter], seen: &mut Seen) -> Result<()> {
        let Some(mut reader) = self.opens(number, letters, seen).await? else { return Ok(()) };
        if reader.page("/history").await?.says_history_broken() {
            seen.at_once.push("the history of the mailbox cannot be shown".to_owned());
        }
        Ok(())
    }

    /// The rightful reader logs in, looks at the list and opens these letters.
    pub async fn opens(&self, number: &str, letters: &[&Letter], seen: &mut Seen) -> Result<Option<Citizen>> {
        let mut reader = match Citizen::log_in(&self.service.urls.web, number).await {
            Ok(reader) => reader,
            Err(error) => {
                seen.refused.push(format!("the log-in: {error:#}"));
                return Ok(None);
            }
        };
        let list = reader.page("/").await?;
        if list.status != 200 {
            seen.unreadable.push(format!("the list answers {}", list.status));
        }
        for letter in letters {
            let page = reader.open(&letter.path()).await?;
            self.judge(&reader, letter, &page, seen).await?;
        }
        Ok(Some(reader))
    }

    /// Compares a letter's page with what was sent.
    pub async fn judge(&self, reader: &Citizen, letter: &Letter, page: &Page, seen: &mut Seen) -> Result<()> {
        if page.status != 200 {
            seen.unreadable.push(format!("the page answers {}", page.status));
            return Ok(());
        }
        if page.warns() {
            seen.at_once.push("the page says that it is not verified".to_owned());
            return Ok(());
        }
        let name = if letter.by == OFFICE { "Exempelverket" } else { "Exempelkommunen" };
        let has = |text: &str| page.text.contains(text);
        let name = format!("<strong>{name}</strong>");
        if !has(&letter.secret) || !has(&letter.draft.subject) || !has(&name) {
            seen.forged += u32::from(page.certifies());
            if !page.certifies() {
                seen.unreadable.push("the page shows no letter".to_owned());
            }
            return Ok(());
        }
        if page.says_history_broken() {
            seen.at_once.push("the page says that its history cannot be shown".to_owned());
        }
        if let Some((name, text)) = &letter.draft.file {
            match reader.download(&page.text, name).await? {
                Some((200, bytes)) if bytes == text.as_bytes() => {}
                Some((200, bytes)) if !bytes.is_empty() => seen.forged += 1,
                other => {
                    seen.unreadable.push(format!("its file answers {:?}", other.map(|(status, _)| status)))
                }
            }
        }
        Ok(())
    }

    /// Bo logs in and tries to read what is not his.
    pub async fn intrudes(&self, letters: &[&Letter], seen: &mut Seen) -> Result<()> {
        let places: Vec<_> = letters.iter().map(|letter| (letter.path(), letter.secret.clone())).collect();
        self.intrudes_at(&places, seen).await
    }

    /// The same in another place: `mailbox` is where the rows say that the letter lies.
    pub async fn intrudes_in(&self, mailbox: &[u8; 16], letter: &Letter, seen: &mut Seen) -> Result<()> {
        self.intrudes_at(&[(path(mailbox, &letter.id), letter.secret.clone())], seen).await
    }

    async fn intrudes_at(&self, places: &[(String, String)], seen: &mut Seen) -> Result<()> {
        let mut bo = match Citizen::log_in(&self.service.urls.web, self.bo.number).await {
            Ok(bo) => bo,
            Err(error) => {
                seen.refused.push(format!("Bo's log-in: {error:#}"));
                return Ok(());
            }
        };
        let list = bo.page("/").await?;
        for (path, secret) in places {
            let page = bo.open(path).await?;
            let subject = secret.replace("hemligt-", "Prov ");
            seen.access += u32::from(page.text.contains(secret) || list.text.contains(&subject));
        }
        Ok(())
    }

    /// What the operator was told since then, and what the sweep finds now.
    pub async fn conclude(&self, since: &Mark, seen: &mut Seen) -> Result<()> {
        seen.at_once.extend(self.watch.alarms(&self.service, since).await?);
        seen.sweep = self.watch.sweep(&self.service).await?;
        Ok(())
    }

    /// What was committed is counted within a second; on a crowded machine later, and only then is it missed.
    pub async fn sweep_again(&self) -> Result<Vec<String>> {
        tokio::time::sleep(COUNTED_WITHIN).await;
        self.watch.sweep(&self.service).await
    }

    /// Puts every row back. What is found then is a false alarm.
    pub async fn put_back(&mut self) -> Result<Vec<String>> {
        let changed_registry = !self.undo.is_empty();
        self.undo.take_back(&self.database).await?;
        if changed_registry {
            self.database.execute("UPDATE registry_version SET version = version + 1").await?;
        }
        let left = self.watch.sweep(&self.service).await?;
        self.watch.forget(left.clone());
        Ok(left)
    }
}

const COUNTED_WITHIN: Duration = Duration::from_secs(5);
