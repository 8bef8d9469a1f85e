//! Who plays: the service, its databases, agencies, and three people.

use crate::play::{
    agency::{Agency, DISPATCHER, Draft, OFFICE, Reply, TOWN},
    database::{Database, Row, hex},
    service::Service,
    tamper::{Hand, Undo},
    watch::Watch,
};
use anyhow::{Context, Result, bail, ensure};
use std::time::Duration;
pub use testing::{ANNA, BO, CLEO};
use uuid::Uuid;

pub type Id = [u8; 16];

/// Somebody with a mailbox.
#[derive(Clone, Debug)]
pub struct Person {
    pub number: &'static str,
    pub id: Id,
    pub mailbox: Id,
}

/// A letter that was honestly sent.
#[derive(Clone, Debug)]
pub struct Letter {
    pub id: Id,
    pub mailbox: Id,
    /// In its text, and nowhere else.
    pub secret: String,
    pub draft: Draft,
    pub receipt: String,
    pub by: &'static str,
}

/// What kind of letter is wanted.
#[derive(Clone, Copy, Debug, Default)]
pub struct Kind {
    pub file: bool,
    pub confidential: bool,
    pub office: bool,
}

pub struct Stage {
    pub service: Service,
    pub database: Database,
    pub watch: Watch,
    pub undo: Undo,
    pub town: Agency,
    pub office: Agency,
    pub dispatcher: Agency,
    pub anna: Person,
    pub bo: Person,
    pub cleo: Person,
    /// The tables that there are: 290313e had fewer.
    tables: Vec<String>,
    /// New in every run, so that references are.
    run: String,
    sent: u32,
    boxes: usize,
}

impl Stage {
    pub async fn open(service: Service) -> Result<Self> {
        let database = Database::open(&service.database).await?;
        let watch = Watch::new(&service).await?;
        let tables = database.tables().await?;
        let pki = service.folder.join("pki");
        let agency = |number| Agency::open(&pki, number, &service.urls.agency);
        let town = agency(TOWN)?;
        let office = agency(OFFICE)?;
        let dispatcher = agency(DISPATCHER)?;
        let run = hex(&vault::Key::random(&vault::SystemRandom).expose()[..4]);
        let nobody = |number| Person { number, id: [0; 16], mailbox: [0; 16] };
        let anna = nobody(ANNA);
        let bo = nobody(BO);
        let cleo = nobody(CLEO);
        let undo = Undo::default();
        // Somewhere else in each run, for a demo that has seen others.
        let boxes = usize::from_str_radix(&run, 16).unwrap_or_default() % 80_000;
        let mut stage = Self {
            service,
            database,
            watch,
            undo,
            town,
            office,
            dispatcher,
            anna,
            bo,
            cleo,
            tables,
            run,
            sent: 0,
            boxes,
        };
        stage.anna = stage.find(ANNA).await?;
        stage.bo = stage.find(BO).await?;
        stage.cleo = stage.find(CLEO).await?;
        let before = stage.watch.sweep(&stage.service).await?;
        ensure!(before.is_empty(), "the databases are not whole before anything is done: {before:?}");
        Ok(stage)
    }

    /// Whose mailbox is whose: who can write to somebody sees where the letter goes.
    async fn find(&mut self, number: &'static str) -> Result<Person> {
        let letter = self.letter(number, Kind::default()).await?;
        let row = self.mailbox_row(&letter.mailbox).await?;
        Ok(Person { number, id: id(&row.bytes("owner_id"))?, mailbox: letter.mailbox })
    }

    pub fn hand(&mut self) -> Hand<'_> {
        Hand { database: &self.database, undo: &mut self.undo }
    }

    pub fn agency(&self, number: &str) -> &Agency {
        match number {
            OFFICE => &self.office,
            DISPATCHER => &self.dispatcher,
            _ => &self.town,
        }
    }

    /// Which company comes next.
    pub fn next_box(&mut self) -> usize {
        self.boxes += 1;
        self.boxes
    }

    /// Waits until the service has done with a letter what it does by itself: its notice, and its place in the feed.
    pub async fn settled(&self, letter: &Letter) -> Result<()> {
        for _ in 0..200 {
            let is_told = self.one("letter", letter).await?.text("notice_state") != "pending";
            if is_told && self.rows("feed_waiting", letter).await?.is_empty() {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        bail!("a letter's notice has not gone out after twenty seconds")
    }

    /// A letter that is ready to be sent, and what is in it alone.
    pub fn draft(&mut self, to: &str, kind: Kind) -> (Draft, String) {
        self.sent += 1;
        let name = format!("{}-{}", self.run, self.sent);
        let secret = format!("hemligt-{name}-slut");
        let draft = Draft {
            reference: format!("administrator-{name}"),
            sender: if kind.office { OFFICE } else { TOWN }.to_owned(),
            recipient: to.to_owned(),
            subject: format!("Prov {name}-slut"),
            body: format!("Hej,\n\ndet här är {secret}."),
            file: kind.file.then(|| (format!("fil-{name}-slut.txt"), format!("i filen: {secret}\n"))),
            confidential: kind.confidential,
            visible_from: None,
        };
        (draft, secret)
    }

    /// An honest letter. The door may ask for patience.
    pub async fn letter(&mut self, to: &str, kind: Kind) -> Result<Letter> {
        let (draft, secret) = self.draft(to, kind);
        self.send(draft, secret).await
    }

    pub async fn send(&self, draft: Draft, secret: String) -> Result<Letter> {
        let by = if draft.sender == OFFICE { OFFICE } else { TOWN };
        let mut reply = self.agency(by).send(&draft).await?;
        for _ in 0..100 {
            if !matches!(reply.status, 429 | 500..) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(300)).await;
            reply = self.agency(by).send(&draft).await?;
        }
        let Reply { status, code, letter_id, receipt } = reply;
        ensure!((200..300).contains(&status), "an honest letter is answered with {status} {code}");
        let id = *Uuid::try_parse(&letter_id)?.as_bytes();
        let row =
            self.database.row("letter", &format!("WHERE letter_id = {}", self.database.bytes(&id))).await?;
        Ok(Letter { id, mailbox: self::id(&row.bytes("mailbox_id"))?, secret, draft, receipt, by })
    }

    pub async fn mailbox_row(&self, mailbox: &Id) -> Result<Row> {
        self.database.row("mailbox", &format!("WHERE mailbox_id = {}", self.database.bytes(mailbox))).await
    }

    /// The rows of a letter in a table, in their order; none where there is no such table.
    pub async fn rows(&self, table: &'static str, letter: &Letter) -> Result<Vec<Row>> {
        if !self.tables.iter().any(|there| there == table) {
            return Ok(Vec::new());
        }
        let by_letter = match table {
            "job" => {
                format!("WHERE subject = {}", self.database.bytes(&[letter.mailbox, letter.id].concat()))
            }
            _ => format!("WHERE letter_id = {}", self.database.bytes(&letter.id)),
        };
        let order = match table {
            "event" => " ORDER BY seq",
            "part" => " ORDER BY part_no",
            _ => "",
        };
        self.database.rows(table, &format!("{by_letter}{order}")).await
    }

    pub async fn one(&self, table: &'static str, letter: &Letter) -> Result<Row> {
        let found = self.rows(table, letter).await?.into_iter().next();
        found.with_context(|| format!("the letter has no row in {table}"))
    }

    /// Everything there is of a letter.
    pub async fn all_rows(&self, letter: &Letter, tables: &[&'static str]) -> Result<Vec<Row>> {
        let mut all = Vec::new();
        for table in tables {
            all.extend(self.rows(table, letter).await?);
        }
        Ok(all)
    }

    /// What a gateway notices by that it must read its senders anew.
    pub async fn registry_changed(&self) -> Result<()> {
        self.database.execute("UPDATE registry_version SET version = version + 1").await?;
        tokio::time::sleep(Duration::from_millis(1500)).await;
        Ok(())
    }
}

impl Letter {
    /// Where its page is.
    pub fn path(&self) -> String {
        path(&self.mailbox, &self.id)
    }
}

pub fn path(mailbox: &Id, letter: &Id) -> String {
    format!("/letters/{}/{}", Uuid::from_bytes(*mailbox), Uuid::from_bytes(*letter))
}

pub fn id(bytes: &[u8]) -> Result<Id> {
    bytes.try_into().context("an id of another length")
}
