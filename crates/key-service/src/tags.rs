//! Keyed hashes of identities, and the keys that the roles work with.

use crate::{failure::Failure, purpose::Purpose, service::Inner};
use domain::{AddressMac, Identity, LoginMac, Time, rate::Taken};
use evidence::Writer;
use key_client::{GatewayMaterial, KeysError, NotifierMaterial, PersonMacs, WebMaterial};
use serde_json::{Value, json};
use vault::{Opaque, mac::Mac};

impl Inner {
    /// Whoever asks has been counted ([`Inner::count_lookups`]).
    pub(crate) fn address_macs(
        &self,
        caller: &str,
        identities: &[Identity],
    ) -> Result<Vec<AddressMac>, Failure> {
        if identities.len() > MOST {
            return Err(KeysError::Budget.into());
        }
        let now = self.clock.now();
        if self.callers.lock().take(caller, identities.len() as u64, now) != Taken::Yes {
            return Err(Failure::Budget("address tags"));
        }
        metrics::counter!("kuvert_keys_address_tags_total").increment(identities.len() as u64);
        let mac = self.keks.mac(Purpose::AddressIndex, now)?;
        let macs: Vec<_> =
            identities.iter().map(|identity| AddressMac::from_bytes(tag(&mac, ADDRESS, identity))).collect();
        self.note_lookups(caller, &macs);
        Ok(macs)
    }

    pub(crate) fn person_macs(&self, identities: &[Identity]) -> Result<Vec<PersonMacs>, Failure> {
        if identities.len() > MOST {
            return Err(KeysError::Budget.into());
        }
        let macs = self.both_macs(self.clock.now())?;
        Ok(identities.iter().map(|identity| macs.of(identity)).collect())
    }

    pub(crate) fn both_macs(&self, now: Time) -> Result<BothMacs, Opaque> {
        let address = Purpose::AddressIndex;
        let login = Purpose::LoginIndex;
        Ok(BothMacs { address: self.keks.mac(address, now)?, login: self.keks.mac(login, now)? })
    }

    pub(crate) async fn gateway_keys(&self) -> Result<GatewayMaterial, Failure> {
        let outgoing = self.outgoing_pair().await?;
        let keks = &self.keks;
        let now = self.clock.now();
        Ok(GatewayMaterial {
            receipt_seed: keks.handed_out(Purpose::Receipt, now)?,
            reference: keks.material(Purpose::Reference, now)?,
            events: keks.material(Purpose::EventsOf(Writer::Gateway), now)?,
            sender: keks.handed_out(Purpose::SenderIndex, now)?,
            outgoing,
        })
    }

    pub(crate) fn web_keys(&self) -> Result<WebMaterial, Failure> {
        let keks = &self.keks;
        let now = self.clock.now();
        Ok(WebMaterial {
            session: keks.material(Purpose::Session, now)?,
            csrf: keks.handed_out(Purpose::Csrf, now)?,
            events: keks.material(Purpose::EventsOf(Writer::Web), now)?,
            contact: keks.handed_out(Purpose::ContactIndex, now)?,
            sender: keks.handed_out(Purpose::SenderIndex, now)?,
        })
    }

    pub(crate) fn notifier_keys(&self) -> Result<NotifierMaterial, Failure> {
        let keks = &self.keks;
        let now = self.clock.now();
        Ok(NotifierMaterial {
            events: keks.material(Purpose::EventsOf(Writer::Notifier), now)?,
            notice: keks.handed_out(Purpose::Notice, now)?,
            sender: keks.handed_out(Purpose::SenderIndex, now)?,
        })
    }

    /// All versions, also those that no longer sign: old receipts are verified by them.
    pub(crate) fn public_keys(&self) -> Value {
        let keys: Vec<Value> = self.keks.signing_keys().iter().map(|key| key.jwk()).collect();
        json!({ "keys": keys })
    }
}

/// Addressing and log-in have different keys, so that the two tables cannot be joined by one of them.
pub(crate) struct BothMacs {
    address: Mac,
    login: Mac,
}

impl BothMacs {
    pub(crate) fn of(&self, identity: &Identity) -> PersonMacs {
        PersonMacs {
            address_mac: AddressMac::from_bytes(tag(&self.address, ADDRESS, identity)),
            login_mac: LoginMac::from_bytes(tag(&self.login, LOGIN, identity)),
        }
    }
}

fn tag(mac: &Mac, label: &str, identity: &Identity) -> [u8; 32] {
    mac.tag(label, &[identity.kind().as_str().as_bytes(), identity.expose().as_bytes()])
}

const ADDRESS: &str = "address";
const LOGIN: &str = "login";
const MOST: usize = 1000;
