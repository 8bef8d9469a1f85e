//! The register of addresses: our own, served on the agency door, or another's, which is asked and followed.

use super::{House, files, operator::signatories};
use crate::config::FarMode;
use anyhow::{Context, Result, ensure};
use domain::{Clock, OrgNumber, Random};
use key_client::Role;
use mina_meddelanden::{
    Agreements, Dispatcher, Far, FarAddresses, FarClient, FarParts, Operators, Places, PlacesSettings,
    SoapClient,
};
use registry::{dispatch, operators, senders};
use std::{
    collections::{HashMap, HashSet},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use store::Tx;
use tracing::{info, warn};

/// The other register is followed this often.
pub const FOLLOW: Duration = Duration::from_secs(300);

impl House {
    /// Our register, where this instance is it.
    pub(super) fn far(&self) -> Result<Option<Far>> {
        if self.config.far.mode != FarMode::Own {
            return Ok(None);
        }
        Ok(Some(Far(Arc::new(FarParts {
            store: self.stores.letters.clone(),
            keys: self.connector.keys(Role::Gateway),
            gateway_keys: self.gateway_keys.clone(),
            directory: self.directory.clone(),
            register: signatories(&self.config),
            agreements: agreements(&self.config)?,
            clock: self.clock.clone(),
            random: self.random.clone(),
        }))))
    }

    /// Senders and dispatchers as the other register has them.
    pub(super) async fn follow_far(&self) -> Result<()> {
        let Some(client) = &self.far_client else { return Ok(()) };
        let (senders, dispatchers) = (client.senders().await?, client.dispatchers().await?);
        let names = self.places.as_ref().map(Places::take_names).unwrap_or_default();
        let mut tx = self.stores.letters.begin_background("follow register").await?;
        let mut changes = follow(&mut tx, &senders, &dispatchers, self.clock.now()).await?;
        changes += rename_operators(&mut tx, &names).await?;
        tx.commit().await?;
        if changes > 0 {
            info!(changes, "Senders and dispatchers were brought up to date with the register");
        }
        Ok(())
    }
}

/// How signatures of persons are verified: by the door, and by the key service once more.
pub fn agreements(config: &crate::config::Config) -> Result<Agreements> {
    let Some(path) = &config.far.person_authorities else { return Ok(Agreements::None) };
    let authorities = vault::Authorities::from_pem(&files::read("far.person_authorities", path)?);
    Ok(Agreements::Xml(authorities.context("far.person_authorities")?))
}

/// The client of another register, where the configuration names one.
pub fn client(config: &crate::config::Config) -> Result<Option<FarClient>> {
    let far = &config.far;
    let (Some(authority), Some(recipient)) = (&far.authority_address, &far.recipient_address) else {
        return Ok(None);
    };
    let file = |path: &Option<PathBuf>, key: &str| -> Result<Vec<u8>> {
        files::read(key, path.as_deref().with_context(|| format!("{key}: give it"))?)
    };
    let soap = SoapClient::new(
        &file(&far.certificate, "far.certificate")?,
        &file(&far.key_file, "far.key_file")?,
        &file(&far.authorities, "far.authorities")?,
        Duration::from_secs(30),
    )
    .context("far.certificate, far.key_file, far.authorities")?;
    let addresses = FarAddresses { authority: authority.clone(), recipient: recipient.clone() };
    let operators = if config.instance.production { Operators::Elsewhere } else { Operators::Anywhere };
    Ok(Some(FarClient::new(soap, addresses, operators)))
}

/// What the other register says of recipients, kept for a while.
pub fn places(
    config: &crate::config::Config,
    client: Option<&FarClient>,
    clock: &Arc<dyn Clock>,
    random: &dyn Random,
) -> Result<Option<Places>> {
    let Some(client) = client else { return Ok(None) };
    let own = OrgNumber::parse(&config.instance.number).context("instance.number")?;
    let settings = PlacesSettings {
        fresh: Duration::from_secs(config.far.fresh_seconds),
        stale: Duration::from_secs(3600 * config.far.stale_hours),
    };
    Ok(Some(Places::new(client.clone(), own, settings, clock.clone(), random)))
}

/// Who knows where recipients are.
pub fn whereabouts(places: Option<&Places>) -> intake::Whereabouts {
    match places {
        Some(places) => intake::Whereabouts::Register(Arc::new(places.clone())),
        None => intake::Whereabouts::Own,
    }
}

/// Makes ours what the register says: who may send, under which name, and who dispatches for whom. Organisations that
/// only connect here, such as operators, stay. A list without senders is no register's. Answers how much changed.
async fn follow(
    tx: &mut Tx,
    told: &[(OrgNumber, String)],
    dispatchers: &[Dispatcher],
    now: domain::Time,
) -> Result<usize> {
    ensure!(!told.is_empty(), "the register of addresses names no sender at all");
    let mut changes = 0;
    let known = senders::list(tx).await?;
    let names = told.iter().map(|(number, name)| (number, name, true));
    let sends: HashSet<&OrgNumber> = told.iter().map(|(number, _)| number).collect();
    let only = dispatchers.iter().filter(|one| !sends.contains(&one.number));
    for (number, name, may_send) in names.chain(only.map(|one| (&one.number, &one.name, false))) {
        match known.iter().find(|sender| sender.number == *number) {
            None => changes += usize::from(senders::add(tx, number, name, may_send, now).await?),
            Some(sender) => {
                if sender.name != *name {
                    changes += usize::from(senders::rename(tx, number, name).await?);
                }
                if sender.may_send != may_send {
                    changes += usize::from(senders::set_may_send(tx, number, may_send).await?);
                }
            }
        }
    }
    for sender in known.iter().filter(|sender| sender.may_send && !sends.contains(&sender.number)) {
        changes += usize::from(senders::set_may_send(tx, &sender.number, false).await?);
    }
    let listed: HashSet<(&OrgNumber, &OrgNumber)> = dispatchers
        .iter()
        .flat_map(|one| one.senders.iter().map(move |sender| (sender, &one.number)))
        .filter(|(sender, dispatcher)| sender != dispatcher)
        .collect();
    let current: Vec<_> = dispatch::all(tx).await?.into_iter().filter(|one| one.valid_to.is_none()).collect();
    for one in current.iter().filter(|one| !listed.contains(&(&one.sender, &one.dispatcher))) {
        changes += usize::from(dispatch::unlist(tx, &one.sender, &one.dispatcher, now).await?);
    }
    for (sender, dispatcher) in listed {
        changes += usize::from(dispatch::list(tx, sender, dispatcher, now).await?);
    }
    Ok(changes)
}

/// Operators that are known here are called as the register calls them. Others are not registered by this: their
/// addresses come with each answer.
async fn rename_operators(tx: &mut Tx, names: &HashMap<OrgNumber, String>) -> Result<usize> {
    let mut changes = 0;
    for known in operators::list(tx).await?.iter().filter(|known| !known.own && known.ended_at.is_none()) {
        if let Some(name) = names.get(&known.number).filter(|name| **name != known.name) {
            match operators::rename(tx, &known.number, name).await {
                Ok(renamed) => changes += usize::from(renamed),
                Err(operators::OperatorError::Store(error)) => return Err(error.into()),
                Err(_) => {
                    warn!(operator = %known.number, "The register gives an operator a name that cannot be shown")
                }
            }
        }
    }
    Ok(changes)
}
