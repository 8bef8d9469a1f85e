//! Senders, dispatchers, certificates, people, organisations, consents, contact points and mandates.
