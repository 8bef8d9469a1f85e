//! The register of addresses: our own, served on the agency door, or another's, which is asked and followed.

use super::{House, operator::signatories, read_file};
use crate::config::FarMode;
use anyhow::{Context, Result, ensure};
use domain::{Clock, OrgNumber, Random};
use key_client::{By, Change, Changed, OperatorChange, Role, SenderChange};
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
        let senders = client.senders().await?;
        let dispatchers = client.dispatchers().await?;
        let names = self.places.as_ref().map(Places::take_names).unwrap_or_default();
        let mut tx = self.stores.letters.read("compare with register").await?;
        let differences = differences(&mut tx, &senders, &dispatchers).await?;
        drop(tx);
        let operator = self.connector.keys(Role::Operator);
        let mut changes = 0;
        for change in differences {
            match operator.change(By::Operator, Change::Sender(change)).await? {
                Changed::Refused(why) => warn!(why, "An entry of the register was not taken over"),
                _ => changes += 1,
            }
        }
        let mut tx = self.stores.letters.read("compare operators").await?;
        let renamed = renamed_operators(&mut tx, &names).await?;
        drop(tx);
        for (number, name) in renamed {
            let rename = OperatorChange::Rename { number: number.clone(), name };
            match operator.change(By::Operator, Change::Operator(rename)).await? {
                Changed::Refused(_) => {
                    warn!(operator = %number, "The register gives an operator a name that cannot be shown");
                }
                _ => changes += 1,
            }
        }
        if changes > 0 {
            info!(changes, "Senders and dispatchers were brought up to date with the register");
        }
        Ok(())
    }
}

/// How signatures of persons are verified: by the door, and by the key service once more.
pub fn agreements(config: &crate::config::Config) -> Result<Agreements> {
    let Some(path) = &config.far.person_authorities else { return Ok(Agreements::None) };
    let authorities = vault::Authorities::from_pem(&read_file("far.person_authorities", path)?);
    Ok(Agreements::Xml(authorities.context("far.person_authorities")?))
}

/// The client of another register, where the configuration names one.
pub fn client(config: &crate::config::Config) -> Result<Option<FarClient>> {
    let far = &config.far;
    let (Some(authority), Some(recipient)) = (&far.authority_address, &far.recipient_address) else {
        return Ok(None);
    };
    let file = |path: &Option<PathBuf>, key: &str| -> Result<Vec<u8>> {
        read_file(key, path.as_deref().with_context(|| format!("{key}: give it"))?)
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
/// only connect here, such as operators, stay. A list without senders is no register's. Answers what is to change.
async fn differences(
    tx: &mut Tx,
    told: &[(OrgNumber, String)],
    dispatchers: &[Dispatcher],
) -> Result<Vec<SenderChange>> {
    ensure!(!told.is_empty(), "the register of addresses names no sender at all");
    let mut changes = vec![];
    let put = |number: &OrgNumber, name: &str, may_send| SenderChange::Put {
        number: number.clone(),
        name: name.to_owned(),
        may_send,
    };
    let known = senders::list(tx).await?;
    let names = told.iter().map(|(number, name)| (number, name, true));
    let sends: HashSet<&OrgNumber> = told.iter().map(|(number, _)| number).collect();
    let only = dispatchers.iter().filter(|one| !sends.contains(&one.number));
    for (number, name, may_send) in names.chain(only.map(|one| (&one.number, &one.name, false))) {
        let as_told =
            known.iter().any(|one| one.number == *number && one.name == *name && one.may_send == may_send);
        if !as_told {
            changes.push(put(number, name, may_send));
        }
    }
    let told_of: HashSet<&OrgNumber> =
        sends.iter().copied().chain(dispatchers.iter().map(|one| &one.number)).collect();
    for sender in known.iter().filter(|sender| sender.may_send && !told_of.contains(&sender.number)) {
        changes.push(put(&sender.number, &sender.name, false));
    }
    let listed: HashSet<(&OrgNumber, &OrgNumber)> = dispatchers
        .iter()
        .flat_map(|one| one.senders.iter().map(move |sender| (sender, &one.number)))
        .filter(|(sender, dispatcher)| sender != dispatcher)
        .collect();
    let current: Vec<_> = dispatch::all(tx).await?.into_iter().filter(|one| one.valid_to.is_none()).collect();
    let list = |sender: &OrgNumber, dispatcher: &OrgNumber, listed| SenderChange::Dispatcher {
        sender: sender.clone(),
        dispatcher: dispatcher.clone(),
        listed,
    };
    for one in current.iter().filter(|one| !listed.contains(&(&one.sender, &one.dispatcher))) {
        changes.push(list(&one.sender, &one.dispatcher, false));
    }
    let is_current =
        |pair: &(&OrgNumber, &OrgNumber)| current.iter().any(|one| (&one.sender, &one.dispatcher) == *pair);
    changes.extend(listed.iter().filter(|pair| !is_current(pair)).map(|(sender, by)| list(sender, by, true)));
    Ok(changes)
}

/// Operators that are known here are called as the register calls them. Others are not registered by this: their
/// addresses come with each answer.
async fn renamed_operators(
    tx: &mut Tx,
    names: &HashMap<OrgNumber, String>,
) -> Result<Vec<(OrgNumber, String)>> {
    let known = operators::list(tx).await?;
    let others = known.into_iter().filter(|known| !known.own && known.ended_at.is_none());
    let renamed = others.filter_map(|known| {
        let name = names.get(&known.number).filter(|name| **name != known.name)?;
        Some((known.number, name.clone()))
    });
    Ok(renamed.collect())
}
