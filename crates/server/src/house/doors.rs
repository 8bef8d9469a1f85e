//! The doors: agency, citizen pages, content origin, internal.

use super::{House, background, codes::Codes, operator::signatories};
use crate::config::Config;
use anyhow::{Context, Result, bail, ensure};
use domain::CertificateDigest;
use edge::{
    clients::Registered,
    listen::{self, Door, Limits},
    tls,
};
use key_client::Role;
use sender_gateway::Gateway;
use std::{io::ErrorKind, net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tracing::{error, info, warn};

/// Ports that are taken and not yet served.
pub struct Doors {
    agency: Vec<TcpListener>,
    web: Vec<TcpListener>,
    content: Vec<TcpListener>,
    internal: Vec<TcpListener>,
}

impl Doors {
    /// Takes every port. `mend` says what to do when one cannot be had, given its key in the configuration.
    pub async fn bind(config: &Config, mend: impl Fn(&str) -> String) -> Result<Self> {
        Ok(Self {
            agency: bind(&config.agency.listen, &mend("agency.listen")).await?,
            web: bind(&config.web.listen, &mend("web.listen")).await?,
            content: bind(&config.web.content_listen, &mend("web.content_listen")).await?,
            internal: bind(&config.internal.listen, &mend("internal.listen")).await?,
        })
    }

    /// What listens where, one line each.
    pub fn addresses(&self) -> Vec<String> {
        let line = |name: &str, listeners: &[TcpListener]| {
            let addresses: Vec<_> = listeners.iter().filter_map(|l| l.local_addr().ok()).collect();
            let addresses: Vec<_> = addresses.iter().map(ToString::to_string).collect();
            format!("{name}: {}", addresses.join(", "))
        };
        vec![
            line("citizen pages", &self.web),
            line("content origin", &self.content),
            line("agency door (mutual TLS)", &self.agency),
            line("internal", &self.internal),
        ]
    }
}

/// Takes the ports of one door; the first that cannot be had is named, and then the mend.
pub async fn bind(addresses: &[SocketAddr], mend: &str) -> Result<Vec<TcpListener>> {
    let mut listeners = Vec::with_capacity(addresses.len());
    for (no, address) in addresses.iter().enumerate() {
        match listen::bind(*address).await {
            Ok(listener) => listeners.push(listener),
            // A machine without IPv6 is no reason not to start.
            Err(error)
                if no > 0
                    && address.is_ipv6()
                    && matches!(
                        error.source.kind(),
                        ErrorKind::AddrNotAvailable | ErrorKind::Unsupported
                    ) => {}
            Err(error) if error.source.kind() == ErrorKind::AddrInUse => {
                bail!("port {} is taken ({address}): stop what listens there, or {mend}", address.port())
            }
            Err(error) => bail!("{error} ({}): {mend}", error.source),
        }
    }
    Ok(listeners)
}

impl House {
    /// Takes the ports of the configuration.
    pub async fn bind(&self) -> Result<Doors> {
        Doors::bind(&self.config, |key| format!("change {key} in the configuration")).await
    }

    /// Serves, says `ready` once all that is needed is there, and goes on until `stop`; then nobody new is let in, requests under way are finished, letters that wait are
    /// committed, and jobs given back. Returns when all is done.
    pub async fn serve(self, doors: Doors, stop: CancellationToken, ready: impl FnOnce()) -> Result<()> {
        let house = Arc::new(self);
        let stopping = house.stopping.clone();
        let mut serving = JoinSet::new();
        let web = house.web()?;
        for (listeners, door) in [
            (doors.agency, house.agency_door()?),
            (doors.web, house.web_door("web", web::router(&web))?),
            (doors.content, house.web_door("content", web::content_router(&web))?),
        ] {
            serving.spawn(listen::serve(listeners, door, stopping.clone()));
        }
        // Health and metrics are there to the end: whoever sends requests here sees that no more are wanted.
        let internal_stop = CancellationToken::new();
        let internal = house.plain_door("internal", house.internal.clone().router());
        let internal = tokio::spawn(listen::serve(doors.internal, internal, internal_stop.clone()));
        house.key_service.service.note_start().await?;
        let background_stop = CancellationToken::new();
        let mut background = background::start(&house, &background_stop);
        info!("The service is ready");
        ready();

        let mut all_held = true;
        tokio::select! {
            () = stop.cancelled() => {}
            Some(_) = serving.join_next() => all_held = false,
            Some(_) = background.join_next() => all_held = false,
        }
        if !all_held {
            error!("A part of the service ended by itself; the rest is stopped");
        }
        info!("Stopping: requests under way are finished");
        stopping.cancel();
        // Whoever has a letter half in is let finish it; then nobody comes any more.
        while serving.join_next().await.is_some() {}
        house.intake.stop().await;
        background_stop.cancel();
        while background.join_next().await.is_some() {}
        internal_stop.cancel();
        if internal.await.is_err() {
            warn!("The internal door ended before the service did");
        }
        match Arc::into_inner(house) {
            Some(house) => house.close().await,
            None => warn!("Something still works; databases are closed by the process's end"),
        }
        info!("Stopped");
        ensure!(all_held, "a part of the service ended by itself; the log says which");
        Ok(())
    }

    /// Ends the key service and closes the databases.
    pub async fn close(self) {
        if let Err(error) = self.hand_over_events().await {
            warn!(%error, "The last events could not be handed over; they are found at the next start");
        }
        self.key_service.stop.cancel();
        // Its end is all that matters; a panic in it was logged by itself.
        let _ = self.key_service.task.await;
        self.stores.letters.close().await;
        self.stores.keys.close().await;
    }

    fn agency_door(&self) -> Result<Door> {
        let agency = &self.config.agency;
        let config = tls::mutual(&agency.certificate, &agency.key_file, &self.clients);
        let gateway = Gateway {
            intake: self.intake.clone(),
            directory: self.directory.clone(),
            gateway_keys: self.gateway_keys.clone(),
            clock: self.clock.clone(),
            sequencer: self.sequencer.clone(),
            stopping: self.stopping.clone(),
        };
        let soap = mina_meddelanden::Door {
            intake: self.intake.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
            origin: self.config.agency_origin(),
        };
        Ok(Door {
            router: mina_meddelanden::router(soap, self.far()?).merge(sender_gateway::router(gateway)),
            tls: Some(config.context("the agency door's TLS")?),
            clients: Some(self.clients.clone()),
            limits: Limits {
                handshakes_per_source: agency.handshakes_per_source,
                ..Limits::of(agency.connections)
            },
            ..Door::plain("agency", axum::Router::new(), 1)
        })
    }

    fn web(&self) -> Result<web::Web> {
        let config = &self.config;
        let keys = self.connector.keys(Role::Web);
        let accounts = account::Accounts::new(account::Parts {
            store: self.stores.letters.clone(),
            keys: keys.clone(),
            web_keys: self.web_keys.clone(),
            register: signatories(config),
            codes: config.codes.clone(),
            clock: self.clock.clone(),
            random: self.random.clone(),
        });
        Ok(web::Web::new(web::Parts {
            keys,
            web_keys: self.web_keys.clone(),
            mailboxes: self.mailboxes.clone(),
            accounts,
            providers: self.providers()?,
            codes: Arc::new(Codes(self.courier.clone())),
            origin: config.web.origin.clone(),
            content_origin: config.web.content_origin.clone(),
            operator: web::pages::Operator {
                name: config.instance.name.clone(),
                email: config.instance.email.clone(),
                number: config.instance.number.clone(),
            },
            limits: config.web.limits()?,
            openapi: serde_json::from_str(sender_gateway::document())?,
            clock: self.clock.clone(),
            random: self.random.clone(),
        }))
    }

    fn web_door(&self, name: &'static str, router: axum::Router) -> Result<Door> {
        let web = &self.config.web;
        let tls = match (&web.certificate, &web.key_file) {
            (Some(certificate), Some(key)) => {
                Some(tls::public(certificate, key).context("the web doors' TLS")?)
            }
            _ => None,
        };
        let proxies = edge::Proxies::parse(&web.trusted_proxies).context("web.trusted_proxies")?;
        let is_proxy: listen::IsProxy = Arc::new(move |address| proxies.trust(address));
        Ok(Door { tls, is_proxy, ..Door::plain(name, router, web.connections) })
    }

    fn plain_door(&self, name: &'static str, router: axum::Router) -> Door {
        Door::plain(name, router, 64)
    }
}

/// What the registry says of client certificates, as it was read last.
pub struct InRegistry(pub registry::Directory);

impl Registered for InRegistry {
    fn is_revoked(&self, sha256: &CertificateDigest) -> bool {
        self.0.current().is_revoked(sha256)
    }

    fn is_known(&self, sha256: &CertificateDigest, organisation: &domain::OrgNumber) -> bool {
        self.0.current().is_registered(sha256, organisation)
    }
}
