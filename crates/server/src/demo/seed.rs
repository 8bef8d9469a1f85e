//! What is already there when the demo starts: organisations, people, and letters from the last three months.

use super::{
    cast::{self, BOLAGET, CITIZENS, FORMEDLAREN, KOMMUNEN, VERKET},
    clock::DemoClock,
    folder::Folder,
    letters,
};
use crate::house::{House, Operator};
use account::NewPerson;
use anyhow::{Context, Result, bail, ensure};
use domain::{Clock, Identity, OrgNumber, words::Channel};
use key_client::SenderChange;
use registry::{dispatch, senders};
use reqwest::Method;
use sender_tools::{
    agency_client::{AgencyClient, Reply},
    citizen::Citizen,
    compose, compose_soap,
};
use std::{collections::HashMap, path::PathBuf, sync::Arc, time::Duration};
use vault::Certificate;

/// Makes the demo's past. Doing it twice changes nothing.
pub struct Seeding {
    operator: Operator,
    path: PathBuf,
    door: String,
    web: String,
    clock: Arc<DemoClock>,
}

impl Seeding {
    pub fn new(house: &House, folder: &Folder, clock: Arc<DemoClock>) -> Self {
        Self {
            operator: house.operator(),
            path: folder.path.clone(),
            door: folder.urls.agency.clone(),
            web: folder.urls.web.clone(),
            clock,
        }
    }

    /// Organisations with their certificates, mailboxes with confirmed contacts: known since before their first
    /// letter.
    pub async fn registry(&self) -> Result<()> {
        self.clock.set_back(KNOWN_SINCE);
        let result = self.make_known().await;
        self.clock.set_back(Duration::ZERO);
        result
    }

    async fn make_known(&self) -> Result<()> {
        self.organisations().await?;
        let people: Vec<NewPerson> = CITIZENS.iter().map(person).collect::<Result<_>>()?;
        for person in &people {
            if self.operator.accounts.mailbox_of(&person.identity).await?.is_none() {
                self.operator.accounts.open_for_people(std::slice::from_ref(person)).await?;
            }
        }
        for citizen in &CITIZENS {
            let identity = Identity::parse(citizen.number)?;
            for (channel, address) in [(Channel::Email, citizen.email), (Channel::Sms, citizen.mobile)] {
                self.operator.accounts.add_confirmed_contact(&identity, channel, address).await?;
            }
        }
        let company = OrgNumber::parse(BOLAGET)?;
        if self.operator.accounts.mailbox_of(&company.identity()).await?.is_none() {
            let name = cast::ORGANISATIONS.iter().find(|o| o.number == BOLAGET).map_or("", |o| o.name);
            self.operator.accounts.open_for_organisation(&company, name).await?;
            self.operator.accounts.describe_company(&company, name, None).await?;
            let anna = person(&CITIZENS[0])?;
            self.operator.accounts.add_signatory(&company, &anna).await?;
        }
        Ok(())
    }

    async fn organisations(&self) -> Result<()> {
        for organisation in cast::ORGANISATIONS.iter().filter(|o| o.role != "company") {
            let number = OrgNumber::parse(organisation.number)?;
            let name = organisation.name.to_owned();
            let may_send = organisation.role == "sender";
            if !self.is_registered(&number).await? {
                let put = SenderChange::Put { number: number.clone(), name, may_send };
                self.operator.change_sender(put).await?;
            }
            let pem = std::fs::read(self.path.join("pki").join(format!("{number}.pem")))?;
            let der = Certificate::from_pem(&pem)?.der;
            self.operator.change_sender(SenderChange::AddCertificate { number, der }).await?;
        }
        let dispatcher = OrgNumber::parse(FORMEDLAREN)?;
        for sender in [KOMMUNEN, VERKET] {
            let sender = OrgNumber::parse(sender)?;
            // Listed once: a listing that was taken back by hand is not put back at the next start.
            let mut tx = self.operator.store.read("find dispatchers").await?;
            let listed = !dispatch::of_sender(&mut tx, &sender).await?.is_empty();
            drop(tx);
            if !listed {
                let dispatcher = dispatcher.clone();
                self.operator
                    .change_sender(SenderChange::Dispatcher { sender, dispatcher, listed: true })
                    .await?;
            }
        }
        Ok(())
    }

    async fn is_registered(&self, number: &OrgNumber) -> Result<bool> {
        let mut tx = self.operator.store.read("find organisation").await?;
        Ok(senders::find(&mut tx, number).await?.is_some())
    }

    /// Letters over the real door, opened over the real pages, on the dates they bear.
    pub async fn letters(&self) -> Result<()> {
        let all = letters::all(self.clock.now())?;
        let clients = self.clients()?;
        let last = all.last().context("no letters")?;
        if self.is_there(&clients, &last.draft.sender, &last.draft.reference).await {
            return Ok(());
        }
        let result = self.make_past(&all, &clients).await;
        self.clock.set_back(Duration::ZERO);
        result
    }

    async fn make_past(&self, all: &[letters::Seed], clients: &HashMap<String, AgencyClient>) -> Result<()> {
        let pki = self.path.join("pki");
        for seed in all {
            let days = |days: f64| Duration::from_secs_f64(days * 24.0 * 3600.0);
            self.clock.set_back(days(seed.days_ago as f64));
            let number = &seed.draft.sender;
            let pem = pki.join(format!("{number}.pem"));
            let key = pki.join(format!("{number}.key"));
            let client = clients.get(number).context("a sender without a certificate")?;
            let reply = if seed.soap {
                let signer = compose_soap::signer(&pem, &key)?;
                let today = self.clock.now().date();
                let name = cast::ORGANISATIONS.iter().find(|o| o.number == number).map_or("", |o| o.name);
                let message = compose_soap::deliver_secure(&seed.draft, name, today, &signer, &signer)?;
                client.deliver(message).await?
            } else {
                client.send(&seed.draft.sign(&compose::signer(&pem, &key)?)?).await?
            };
            match reply {
                Reply::Accepted { .. } => {}
                // A start that was cut short on another day, when dates to answer by were others.
                Reply::Refused { code, .. } if code == domain::Code::ReferenceConflict.as_str() => {}
                other => bail!("the demo's own letter was not accepted: {other:?}"),
            }
            if seed.opened {
                self.clock.set_back(days(seed.days_ago as f64 - 0.3));
                let reader =
                    if seed.draft.recipient == BOLAGET { CITIZENS[0].number } else { &seed.draft.recipient };
                let mut citizen = Citizen::log_in(&self.web, reader).await?;
                let opened = citizen.open(&seed.draft.subject).await?;
                ensure!(opened.contains(&seed.draft.subject), "a letter of the demo was not shown");
                citizen.log_out().await?;
            }
        }
        Ok(())
    }

    async fn is_there(&self, clients: &HashMap<String, AgencyClient>, sender: &str, reference: &str) -> bool {
        let path = format!("/v1/letters?sender={sender}&reference={reference}");
        match clients.get(sender) {
            Some(client) => client.ask(Method::GET, &path, None).await.is_ok(),
            None => false,
        }
    }

    fn clients(&self) -> Result<HashMap<String, AgencyClient>> {
        let pki = self.path.join("pki");
        let client = |number: &&str| {
            let file = |ending: &str| pki.join(format!("{number}.{ending}"));
            let client = AgencyClient::new(&self.door, &file("pem"), &file("key"), &pki.join("ca.pem"))?;
            Ok(((*number).to_owned(), client))
        };
        [KOMMUNEN, VERKET].iter().map(client).collect()
    }
}

fn person(citizen: &cast::Citizen) -> Result<NewPerson> {
    Ok(NewPerson { identity: Identity::parse(citizen.number)?, name: citizen.name.to_owned() })
}

const KNOWN_SINCE: Duration = Duration::from_secs(100 * 24 * 3600);
