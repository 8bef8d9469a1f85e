//! What happens between the two, step by step; and the ledger of what a sender was promised, kept outside both, which is
//! compared with what lies in the mailboxes.

use super::pair::{Operator, Pair};
use crate::{
    browser::Browser,
    process::{PATIENCE, until},
    sender::{ANNA, BO, CLEO, Sender, TOWN, letter},
};
use domain::Identity;
use reqwest::Method;
use sender_tools::agency_client::Reply;
use serde_json::json;
use server::{config::Config, house};
use std::{collections::BTreeMap, path::Path};
use store::args;

/// The two operators, their sender, and what it was promised.
pub struct Story {
    pub pair: Pair,
    at_a: Sender,
    at_b: Sender,
    /// Reference and the mailbox where the letter must lie in the end: whose, at A or not.
    ledger: Vec<(String, &'static str, bool)>,
    /// References of letters that A or B took in charge.
    handed_on: Vec<(String, bool)>,
}

/// Where a letter is sent, and where it must come to lie.
pub const AT_A: bool = true;
pub const AT_B: bool = false;

impl Story {
    /// Anna has her mailbox at A, Bo his at B (he had one at A before), Cleo none. The town lists both operators as its
    /// dispatchers, and sends to both.
    pub async fn begin(folder: &Path) -> Self {
        let mut pair = Pair::new(folder).await;
        let town = pair.pki.join(format!("{TOWN}.pem"));
        let a = &pair.a;
        let b = &pair.b;
        for one in [a, b] {
            one.kuvert(&["agency", "add", TOWN, "Exempelkommunen"], "").good();
            one.kuvert(&["agency", "cert", "add", &town.display().to_string()], "").good();
        }
        for one in [a, b] {
            a.kuvert(&["agency", "add", "--dispatcher-only", one.number, one.name], "").good();
            a.kuvert(&["agency", "dispatch", TOWN, one.number], "").good();
        }
        let service = format!("{}/Service/v3", b.door());
        a.kuvert(&["operator", "add", b.number, b.domain, b.name, "--service-address", &service], "").good();
        // Each operator calls the other: B asks A's register, A hands letters over to B as the town's dispatcher.
        let own = |one: &Operator| pair.pki.join(format!("{}.pem", one.number)).display().to_string();
        a.kuvert(&["operator", "cert", "add", &own(b)], "").good();
        b.kuvert(&["agency", "add", "--dispatcher-only", a.number, a.name], "").good();
        b.kuvert(&["agency", "cert", "add", &own(a)], "").good();
        for (one, who, name) in [(a, ANNA, "Anna Exempel"), (a, BO, "Bo Exempel"), (b, BO, "Bo Exempel")] {
            one.kuvert(&["mailbox", "open", "--name", name], who).good();
        }
        pair.a.start();
        pair.b.start();
        let sender = |one: &Operator| {
            let key = pair.pki.join(format!("{TOWN}.key"));
            Sender::new(&one.door(), town.clone(), key, &pair.pki.join("ca.pem"))
        };
        let at_a = sender(&pair.a);
        let at_b = sender(&pair.b);
        let story = Self { pair, at_a, at_b, ledger: Vec::new(), handed_on: Vec::new() };
        story.tells_register("move", BO, story.pair.b.domain);
        // B has taken from the register whom the town lets act for it.
        let question = json!({"sender": TOWN, "recipients": [ANNA]});
        until("B to have followed the register", || async {
            let answer = story.at_b.client.ask(Method::POST, "/v1/reachability", Some(&question)).await;
            answer.unwrap()["results"][0]["reachable"].as_bool().unwrap().then_some(())
        })
        .await;
        story
    }

    /// B tells the register what somebody has signed, from its command line: nothing of B need run for it.
    pub fn tells_register(&self, verb: &str, who: &str, domain: &str) {
        let signature = self.pair.signs(who, verb, domain);
        let said = self.pair.b.kuvert(&["operator", verb, "--signature", &signature], "").good();
        assert!(said.out.contains("the register says:") && said.out.contains(domain), "{said:?}");
        assert!(!said.out.contains(who) && !said.err.contains(who), "a personal number is printed");
    }

    /// The town sends by the agency API; `there` is where the letter must lie in the end.
    pub async fn sends(&mut self, by: bool, who: &'static str, reference: &str, there: bool) {
        let sender = if by == AT_A { &self.at_a } else { &self.at_b };
        let draft = letter(TOWN, who, reference, &format!("Ärende {reference}."), "Text i brevet.");
        let reply = sender.client.send(&sender.sign(&draft)).await.unwrap();
        let Reply::Accepted { forwarding, repeated: false, .. } = reply else {
            panic!("{reference}: {reply:?}")
        };
        self.ledger.push((reference.to_owned(), who, there));
        if forwarding {
            self.handed_on.push((reference.to_owned(), by));
        }
    }

    /// The refusal's code.
    pub async fn is_refused(&self, by: bool, who: &str, reference: &str) -> String {
        let sender = if by == AT_A { &self.at_a } else { &self.at_b };
        sender.is_refused(&letter(TOWN, who, reference, "Ärende", "Text")).await
    }

    /// How many letters are to be handed on, up to now.
    pub fn handed_on(&self) -> usize {
        self.handed_on.len()
    }

    /// How many letters have been promised, up to now.
    pub fn promised(&self) -> usize {
        self.ledger.len()
    }

    /// Waits until the feeds of those that run say of every letter how it ended.
    pub async fn settles(&self) {
        for by in [AT_A, AT_B] {
            if !self.at(by).is_up() {
                continue;
            }
            until("every letter to have ended", || async {
                let feed = self.feed(by).await;
                let ended = |reference: &str| {
                    feed.iter().any(|(of, kind, _)| of == reference && ENDS.contains(&kind.as_str()))
                };
                // Positions in a feed are given after the letter is stored.
                let stored =
                    |reference: &str| feed.iter().any(|(of, kind, _)| of == reference && kind == "accepted");
                let mut own = self.handed_on.iter().filter(|(_, handed)| *handed == by);
                let mut here = self.ledger.iter().filter(|line| line.2 == by);
                (own.all(|(reference, _)| ended(reference)) && here.all(|line| stored(&line.0))).then_some(())
            })
            .await;
        }
    }

    /// Waits until one operator has tried in vain to hand a letter over, once more than so often; answers how often now.
    pub async fn has_tried_in_vain(&self, by: bool, before: u64) -> u64 {
        until("a letter to be tried in vain", || async {
            let page = reqwest::get(format!("{}/metrics", self.at(by).running().url(2))).await.unwrap();
            let page = page.text().await.unwrap();
            let line = page.lines().find_map(|l| l.strip_prefix("kuvert_forward_total{outcome=\"retry\"} "));
            line.and_then(|count| count.parse().ok()).filter(|count| *count > before)
        })
        .await
    }

    /// A is killed with SIGKILL while it hands letters for B over, and started again. Where it was too quick, with other
    /// letters once more. Answers how many of how many it had handed over.
    pub async fn kills_a_while_it_hands_over(&mut self, who: &'static str, letters: usize) -> (usize, usize) {
        for round in 0..10 {
            self.settles().await;
            let before = self.forwarded(AT_A).await;
            let logged = self.at(AT_A).logged(HANDED_OVER);
            for no in 0..letters {
                self.sends(AT_A, who, &format!("killed-{round}-{no}"), AT_B).await;
            }
            let deadline = std::time::Instant::now() + PATIENCE;
            while self.at(AT_A).logged(HANDED_OVER) == logged {
                assert!(std::time::Instant::now() < deadline, "nothing was handed over");
                tokio::task::yield_now().await;
            }
            self.pair.a.kill();
            self.pair.a.start();
            let done = self.forwarded(AT_A).await - before;
            self.settles().await;
            if done < letters {
                return (done, letters);
            }
        }
        panic!("A was always done before it was killed");
    }

    /// How many letters one operator has handed over.
    pub async fn forwarded(&self, by: bool) -> usize {
        self.feed(by).await.iter().filter(|(_, kind, _)| kind == "forwarded").count()
    }

    /// Every promise is kept: each letter lies once in the mailbox where it must, and nothing else does; each that was
    /// taken in charge has ended once. Answers how many letters each mailbox has.
    pub async fn is_held_to_the_ledger(&self) -> BTreeMap<String, usize> {
        for by in [AT_A, AT_B] {
            let feed = self.feed(by).await;
            for (reference, _) in self.handed_on.iter().filter(|(_, handed)| *handed == by) {
                let of = |kinds: &[&str]| {
                    feed.iter()
                        .filter(|(r, kind, _)| r == reference && kinds.contains(&kind.as_str()))
                        .count()
                };
                let said: Vec<_> = feed.iter().filter(|(r, ..)| r == reference).collect();
                assert_eq!((of(&["taken_in_charge"]), of(&ENDS), of(&["returned"])), (1, 1, 0), "{said:?}");
            }
        }
        let mut counts = BTreeMap::new();
        for there in [AT_A, AT_B] {
            for (who, name) in [(ANNA, "Anna"), (BO, "Bo"), (CLEO, "Cleo")] {
                let mut promised: Vec<_> =
                    self.ledger.iter().filter(|l| l.1 == who && l.2 == there).collect();
                promised.sort();
                let promised: Vec<&str> = promised.iter().map(|line| line.0.as_str()).collect();
                let stored = self.stored(there, who).await;
                assert_eq!(stored, promised, "{name}'s mailbox at {}", self.at(there).name);
                counts.insert(format!("{name} at {}", self.at(there).name), stored.len());
            }
        }
        counts
    }

    /// Somebody logs in and reads a letter on the pages.
    pub async fn reads(&self, there: bool, who: &str, reference: &str) {
        let feed = self.feed(there).await;
        let (_, _, id) = feed.iter().find(|(of, kind, _)| of == reference && kind == "accepted").unwrap();
        let mut browser = Browser::logs_in(self.at(there).running(), who).await;
        let address = browser.address_of("/", id).await;
        let page = browser.does(&format!("{address}/open"), &[]).await;
        assert!(page.text.contains(&format!("Ärende {reference}.")), "{}", page.text);
        assert!(page.text.contains("Text i brevet."), "{}", page.text);
    }

    /// How often each reference's subject stands in somebody's list of letters.
    pub async fn lists(&self, there: bool, who: &str, reference: &str) -> usize {
        let mut browser = Browser::logs_in(self.at(there).running(), who).await;
        let page = browser.get("/").await;
        page.text.matches(&format!("<span class=\"subject\">Ärende {reference}.</span>")).count()
    }

    pub fn at(&self, there: bool) -> &Operator {
        if there == AT_A { &self.pair.a } else { &self.pair.b }
    }

    /// References, types and letter ids of a feed, from its beginning.
    async fn feed(&self, of: bool) -> Vec<(String, String, String)> {
        let client = if of == AT_A { &self.at_a.client } else { &self.at_b.client };
        let mut all = Vec::new();
        let mut after = String::new();
        loop {
            let page = client.ask(Method::GET, &format!("/v1/events?limit=1000{after}"), None).await.unwrap();
            let events = page["events"].as_array().unwrap();
            let word = |event: &serde_json::Value, name: &str| event[name].as_str().unwrap().to_owned();
            all.extend(events.iter().map(|e| (word(e, "reference"), word(e, "type"), word(e, "letter_id"))));
            if events.len() < 1000 {
                return all;
            }
            after = format!("&after={}", page["next"].as_str().unwrap());
        }
    }

    /// References of the letters that lie in a mailbox, as its database has them.
    async fn stored(&self, there: bool, who: &str) -> Vec<String> {
        let feed = self.feed(there).await;
        let config = Config::read(&self.at(there).config()).unwrap();
        let operator = house::Operator::open(&config).await.unwrap();
        let mailbox = operator.accounts.mailbox_of(&Identity::parse(who).unwrap()).await.unwrap();
        let mut stored = Vec::new();
        if let Some(mailbox) = mailbox {
            let mut tx = operator.store.read("letters of a mailbox").await.unwrap();
            for row in &tx.query(LETTERS, args![mailbox.mailbox_id]).await.unwrap() {
                let id = row.id::<domain::LetterId>("letter_id").unwrap().to_string();
                let accepted = feed.iter().filter(|(_, kind, of)| *of == id && kind == "accepted");
                let references: Vec<_> = accepted.map(|(reference, ..)| reference.clone()).collect();
                assert_eq!(references.len(), 1, "a letter was accepted so often: {references:?}");
                stored.extend(references);
            }
        }
        operator.close().await;
        stored.sort();
        stored
    }
}

/// What ends a letter that was taken in charge: handed over, or come home.
const ENDS: [&str; 3] = ["forwarded", "accepted", "returned"];
/// In the log, once for each letter.
const HANDED_OVER: &str = "A letter for another operator has ended";
const LETTERS: &str = "SELECT letter_id FROM letter WHERE mailbox_id = $1";
