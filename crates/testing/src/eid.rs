//! A pretend e-ID on a port of this machine.

use crate::{ANNA, BO, CLEO, DAVID, identity};
use domain::Clock;
use eid::{
    Provider, ProviderConfig, Verifier,
    demo_provider::{DemoClient, DemoPerson, DemoProvider, DemoSettings, provider_config},
};
use std::sync::Arc;
use tokio::net::TcpListener;
use vault::SystemRandom;

/// A running provider, as the two halves of the relying party know it.
pub struct Demo {
    pub issuer: String,
    clock: Arc<dyn Clock>,
}

impl Demo {
    /// Answers at this listener; logs Anna, Bo, Cleo and David in.
    pub fn start(listener: TcpListener, callback: &str, clock: Arc<dyn Clock>) -> Self {
        let issuer = format!("http://localhost:{}", listener.local_addr().unwrap().port());
        let client =
            DemoClient { client_id: "kuvert".into(), secret: None, redirect_uris: vec![callback.to_owned()] };
        let people = [(ANNA, "Anna"), (BO, "Bo"), (CLEO, "Cleo"), (DAVID, "David")].map(person).into();
        let settings = DemoSettings { issuer: issuer.clone(), clients: vec![client], people };
        let demo = DemoProvider::new(settings, clock.clone(), Arc::new(SystemRandom)).unwrap();
        tokio::spawn(async move { axum::serve(listener, demo.router()).await });
        Self { issuer, clock }
    }

    /// What pages ask it with.
    pub fn provider(&self) -> Provider {
        Provider::open(self.config(), self.clock.clone(), Arc::new(SystemRandom)).unwrap()
    }

    /// What the key service verifies its answers with.
    pub fn verifier(&self) -> Verifier {
        Verifier::open(self.config()).unwrap()
    }

    fn config(&self) -> ProviderConfig {
        provider_config("demo", &self.issuer, "kuvert", None)
    }
}

fn person((number, given): (&str, &str)) -> DemoPerson {
    DemoPerson {
        subject: format!("subject-{}", given.to_lowercase()),
        given_name: given.into(),
        family_name: "Exempel".into(),
        identity: identity(number),
    }
}
