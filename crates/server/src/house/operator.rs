//! What the operator can do: never read a letter.

use super::{Stores, open_keys};
use crate::config::Config;
use account::Accounts;
use anyhow::{Context, Result, bail, ensure};
use domain::{Clock, MailboxId, OrgNumber, Random, Time};
use evidence::{Party, Registered};
use key_client::{By, Change, Changed, Connector, Keys, OperatorChange, Role, SenderChange, WebKeys};
use key_service::{Checked, KeyService, Reconciled, Restored};
use registry::{Recorder, Register};
use std::sync::Arc;
use store::Store;
use tokio_util::sync::CancellationToken;
use vault::SystemRandom;

/// The operator's handles: the registry, people's accounts, and the key service as far as the operator may ask it.
pub struct Operator {
    pub store: Store,
    /// What the operator does for people and organisations.
    pub accounts: Accounts,
    pub keys: Keys,
    pub clock: Arc<dyn Clock>,
    random: Arc<dyn Random>,
    web_keys: Arc<WebKeys>,
    own: Option<Own>,
}

/// A key service of the command's own.
struct Own {
    service: KeyService,
    stop: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

impl Operator {
    /// Opens databases and keys for a command, beside a running service or without one.
    pub async fn open(config: &Config) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(domain::SystemClock);
        let random: Arc<dyn Random> = Arc::new(SystemRandom);
        let stores = Stores::open(config).await?;
        stores.need_migrated().await?;
        let service = open_keys(config, &stores, &clock, &random).await?;
        ensure!(
            !service.needs_adoption().await?,
            "what an older version wrote has not been taken over yet; run kuvert migrate"
        );
        let stop = CancellationToken::new();
        let (connector, task) = service.start(stop.clone());
        let web_keys = Arc::new(connector.keys(Role::Web).web_keys().await?);
        let mut operator =
            Self::within(stores.letters, &connector, web_keys, signatories(config), clock, random);
        operator.own = Some(Own { service, stop, task });
        Ok(operator)
    }

    pub(super) fn within(
        store: Store,
        connector: &Connector,
        web_keys: Arc<WebKeys>,
        register: Register,
        clock: Arc<dyn Clock>,
        random: Arc<dyn Random>,
    ) -> Self {
        let keys = connector.keys(Role::Operator);
        let accounts = Accounts::new(account::Parts {
            store: store.clone(),
            keys: keys.clone(),
            web_keys: web_keys.clone(),
            register,
            codes: account::CodeLimits::default(),
            clock: clock.clone(),
            random: random.clone(),
        });
        Self { store, accounts, keys, clock, random, web_keys, own: None }
    }

    /// Ends what [`Operator::open`] began.
    pub async fn close(self) {
        if let Some(own) = self.own {
            // What is not counted now is found by the service.
            let _ = self.keys.hand_over(&self.web_keys.events, self.clock.now(), &*self.random).await;
            own.stop.cancel();
            let _ = own.task.await;
        }
    }

    /// Whether the two databases fit each other, which after a restore they may not; what can be mended is.
    pub async fn reconcile(&self) -> Result<Reconciled> {
        let own = self.own.as_ref().context("only a command compares the databases")?;
        Ok(own.service.reconcile().await?)
    }

    /// A change of a sender, a dispatcher or a certificate. False when it was so already, or there is none such.
    pub async fn change_sender(&self, change: SenderChange) -> Result<bool> {
        done(self.keys.change(By::Operator, Change::Sender(change)).await?)
    }

    /// A change of a mailbox operator or of a certificate that one connects with. False when it was so already, or there
    /// is none such.
    pub async fn change_operator(&self, change: OperatorChange) -> Result<bool> {
        done(self.keys.change(By::Operator, Change::Operator(change)).await?)
    }

    /// What happened to a sender or a mailbox operator, oldest first: each event in its place, and none missing.
    pub async fn history_of(&self, party: Party, number: &OrgNumber) -> Result<Vec<Registered>> {
        let own = self.own.as_ref().context("only a command reads histories")?;
        let events = own.service.history_of(party, number).await;
        events.context("this history cannot be trusted: it is not the one that the key service vouches for")
    }

    pub fn now(&self) -> Time {
        self.clock.now()
    }

    /// Whether all evidence holds, or that of one mailbox: sets, chains, heads and letters. The key service checks it: it
    /// alone has the keys of all who write events.
    pub async fn check_evidence(
        &self,
        only: Option<MailboxId>,
        progress: &mut (dyn FnMut(u64) + Send),
    ) -> Result<Checked> {
        let own = self.own.as_ref().context("only a command checks the evidence")?;
        Ok(own.service.check_all(only, progress).await?)
    }

    /// Takes up the state that the letter database has now, after a restore.
    pub async fn accept_restore(&self, reason: &str) -> Result<Restored> {
        let own = self.own.as_ref().context("only a command takes up a restore")?;
        Ok(own.service.accept_restore(reason).await?)
    }

    /// What changes of mailboxes leave their evidence with.
    pub fn recorder(&self) -> Recorder<'_> {
        Recorder::service(&self.web_keys.events, &*self.random, &*self.clock)
    }
}

/// Whether it was done.
pub(super) fn done(changed: Changed) -> Result<bool> {
    match changed {
        Changed::Done(done) => Ok(done),
        Changed::Refused(why) => bail!("{why}"),
        _ => bail!("the key service gave another answer"),
    }
}

/// Who may sign for organisations.
pub(super) fn signatories(config: &Config) -> Register {
    config.register.file.clone().map_or(Register::None, Register::File)
}
