//! The keys that each role works with. None of them opens a letter.

use crate::{
    Keys, KeysError, MailboxKey,
    event_ring::EventRing,
    ring::{KeyRing, RingMaterial},
    secret::SecretKey,
};
use parking_lot::RwLock;
use serde::{Deserialize, Serialize};
use vault::{Opaque, mac::Mac, sign::SigningKey};

/// What the agency doors work with.
pub struct GatewayKeys {
    /// Signs receipts. Taken once: a new receipt key is used after the next start.
    pub receipt: SigningKey,
    /// `submission.reference` and `.receipt`.
    pub reference: KeyRing,
    /// `event.body`.
    pub events: EventRing,
    /// `sender_mac`, `reference_mac`, `payload_mac`, under the labels `sender`, `reference`, `payload`.
    pub sender: Mac,
    /// What letters for other operators are sealed to.
    outgoing: RwLock<MailboxKey>,
}

/// What the citizen pages work with.
pub struct WebKeys {
    /// The sealed log-in cookie.
    pub session: KeyRing,
    pub csrf: Mac,
    /// `event.body`.
    pub events: EventRing,
    /// `contact.address_mac` and `.code_mac`.
    pub contact: Mac,
    /// As [`GatewayKeys::sender`].
    pub sender: Mac,
}

/// What notices work with.
pub struct NotifierKeys {
    /// `event.body`.
    pub events: EventRing,
    /// `notice.notice_id` and the Message-ID.
    pub notice: Mac,
    /// As [`GatewayKeys::sender`].
    pub sender: Mac,
}

/// [`GatewayKeys`] on their way.
#[derive(Debug, Serialize, Deserialize)]
pub struct GatewayMaterial {
    pub receipt_seed: SecretKey,
    pub reference: RingMaterial,
    pub events: RingMaterial,
    pub sender: SecretKey,
    pub outgoing: MailboxKey,
}

/// [`WebKeys`] on their way.
#[derive(Debug, Serialize, Deserialize)]
pub struct WebMaterial {
    pub session: RingMaterial,
    pub csrf: SecretKey,
    pub events: RingMaterial,
    pub contact: SecretKey,
    pub sender: SecretKey,
}

/// [`NotifierKeys`] on their way.
#[derive(Debug, Serialize, Deserialize)]
pub struct NotifierMaterial {
    pub events: RingMaterial,
    pub notice: SecretKey,
    pub sender: SecretKey,
}

impl GatewayKeys {
    /// Fetches the rings again. To be done every minute or two: a rotated key is handed out some minutes
    /// before anybody seals with it.
    pub async fn refresh(&self, keys: &Keys) -> Result<(), KeysError> {
        let fresh = keys.gateway_keys().await?;
        *self.outgoing.write() = fresh.outgoing();
        self.reference.adopt(fresh.reference);
        self.events.adopt(fresh.events.into_ring());
        Ok(())
    }

    /// What letters for other operators are sealed to now.
    pub fn outgoing(&self) -> MailboxKey {
        *self.outgoing.read()
    }
}

impl WebKeys {
    pub async fn refresh(&self, keys: &Keys) -> Result<(), KeysError> {
        let fresh = keys.web_keys().await?;
        self.session.adopt(fresh.session);
        self.events.adopt(fresh.events.into_ring());
        Ok(())
    }
}

impl NotifierKeys {
    pub async fn refresh(&self, keys: &Keys) -> Result<(), KeysError> {
        self.events.adopt(keys.notifier_keys().await?.events.into_ring());
        Ok(())
    }
}

impl TryFrom<GatewayMaterial> for GatewayKeys {
    type Error = Opaque;

    fn try_from(material: GatewayMaterial) -> Result<Self, Opaque> {
        Ok(Self {
            receipt: SigningKey::from_seed(&material.receipt_seed.into_key()),
            reference: material.reference.try_into()?,
            events: KeyRing::try_from(material.events)?.into(),
            sender: mac(material.sender),
            outgoing: RwLock::new(material.outgoing),
        })
    }
}

impl TryFrom<WebMaterial> for WebKeys {
    type Error = Opaque;

    fn try_from(material: WebMaterial) -> Result<Self, Opaque> {
        Ok(Self {
            session: material.session.try_into()?,
            csrf: mac(material.csrf),
            events: KeyRing::try_from(material.events)?.into(),
            contact: mac(material.contact),
            sender: mac(material.sender),
        })
    }
}

impl TryFrom<NotifierMaterial> for NotifierKeys {
    type Error = Opaque;

    fn try_from(material: NotifierMaterial) -> Result<Self, Opaque> {
        Ok(Self {
            events: KeyRing::try_from(material.events)?.into(),
            notice: mac(material.notice),
            sender: mac(material.sender),
        })
    }
}

fn mac(key: SecretKey) -> Mac {
    Mac::new(key.into_key())
}
