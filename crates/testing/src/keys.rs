//! A key service in memory, with real cryptography. It decides as the real one does, by `mailbox::may` and what the
//! registry says now, vouches for whatever stands there, and counts what it releases.

use domain::{
    AddressMac, LetterId, LoginMac, MailboxId, PersonId, Time, chance,
    words::{Act, EventType, NoticeState},
};
use evidence::NewEvent;
use hpke::{
    Deserializable, Kem as _, OpModeR, Serializable, aead::AesGcm256, kdf::HkdfSha256, kem::X25519HkdfSha256,
    single_shot_open,
};
use key_client::{
    AcceptedEvent, AddressStatement, Answer, Connector, Envelope, EventRing, GatewayMaterial, GrantToken,
    History, HistoryLine, KeyRing, KeysError, LetterKey, MailboxKey, MailboxStatement, NamedKey, Outcome,
    PersonMacs, Request, RingMaterial, SecretKey, Vouched, WebMaterial, channel,
};
use mailbox::{LetterFacts, Rights, may};
use registry::sets::{self, Subject};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use store::{Store, args};
use vault::{Key, KeyId, Purpose, SystemRandom, mac::Mac};

type Kem = X25519HkdfSha256;

/// The other end of [`key_client::Keys`].
pub struct TestKeys {
    store: Store,
    clock: Arc<dyn domain::Clock>,
    address: Mac,
    events: [u8; 32],
    reference: [u8; 32],
    sender: [u8; 32],
    receipt: [u8; 32],
    columns: KeyRing,
    private: Mutex<HashMap<MailboxId, [u8; 32]>>,
    grants: Mutex<HashMap<[u8; 32], PersonId>>,
    /// How often content was released.
    pub opened: AtomicUsize,
    /// How often headers were released.
    pub listed: AtomicUsize,
}

impl TestKeys {
    pub fn start(store: Store, clock: Arc<dyn domain::Clock>) -> (Arc<Self>, Connector) {
        let key = || chance::bytes::<32>(&SystemRandom);
        let keys = Arc::new(Self {
            store,
            clock,
            address: Mac::new(Key::from_bytes(key())),
            events: key(),
            reference: key(),
            sender: key(),
            receipt: key(),
            columns: KeyRing::random(&SystemRandom),
            private: Mutex::default(),
            grants: Mutex::default(),
            opened: AtomicUsize::new(0),
            listed: AtomicUsize::new(0),
        });
        let (connector, mut requests) = channel(1024);
        let service = Arc::clone(&keys);
        tokio::spawn(async move {
            while let Some(Envelope { request, answer, .. }) = requests.recv().await {
                let service = Arc::clone(&service);
                if let Request::AddressMacs { .. } = request {
                    let _ = answer.send(service.answer(request).await);
                    continue;
                }
                tokio::spawn(async move { answer.send(service.answer(request).await) });
            }
        });
        (keys, connector)
    }

    pub fn log_in(&self, person: PersonId) -> GrantToken {
        let grant = GrantToken::random(&SystemRandom);
        self.grants.lock().unwrap().insert(grant.hash(), person);
        grant
    }

    pub fn address_mac(&self, identity: &domain::Identity) -> AddressMac {
        AddressMac::from_bytes(
            self.address.tag("address", &[identity.kind().as_str().as_bytes(), identity.expose().as_bytes()]),
        )
    }

    /// What was sealed at this place.
    pub fn opens(&self, place: &vault::Place, sealed: &[u8]) -> Option<Vec<u8>> {
        let place = vault::Place::new("test/column").bytes(place.as_bytes());
        let padded = self.columns.open(&place, sealed).ok()?;
        vault::unpad(&padded).ok().map(<[u8]>::to_vec)
    }

    pub fn events(&self) -> EventRing {
        KeyRing::try_from(ring(&self.events)).unwrap().into()
    }

    async fn answer(&self, request: Request) -> Outcome {
        match request {
            Request::GatewayKeys => Ok(Answer::GatewayKeys(Box::new(GatewayMaterial {
                receipt_seed: secret(&self.receipt),
                reference: ring(&self.reference),
                events: ring(&self.events),
                sender: secret(&self.sender),
                outgoing: self.make_key(MailboxId::OUTGOING),
            }))),
            Request::OutboundKey { letter } => self.outbound_key(letter).await,
            Request::EventsBefore { .. } => Ok(Answer::Opened(vec![])),
            Request::WebKeys => Ok(Answer::WebKeys(Box::new(WebMaterial {
                session: ring(&chance::bytes(&SystemRandom)),
                csrf: secret(&chance::bytes(&SystemRandom)),
                events: ring(&self.events),
                contact: secret(&chance::bytes(&SystemRandom)),
                sender: secret(&self.sender),
            }))),
            Request::AddressMacs { identities, .. } => Ok(Answer::AddressMacs(
                identities.iter().map(|identity| self.address_mac(identity)).collect(),
            )),
            Request::PersonMacs { identities } => {
                let macs = |identity| {
                    let address_mac = self.address_mac(identity);
                    PersonMacs {
                        login_mac: LoginMac::from_bytes(vault::sha256(address_mac.as_bytes())),
                        address_mac,
                    }
                };
                Ok(Answer::PersonMacs(identities.iter().map(macs).collect()))
            }
            // A stand-in for the columns' own keys.
            Request::SealColumns { items } => Ok(Answer::Sealed(
                items
                    .iter()
                    .map(|item| {
                        let place = vault::Place::new("test/column").bytes(&item.place);
                        self.columns.seal(&place, &vault::pad(item.text.expose()), &SystemRandom)
                    })
                    .collect(),
            )),
            // It vouches for whatever stands there.
            Request::Statements { address_macs } => self.statements(&address_macs).await,
            Request::MakeMailboxKeys { mailboxes } => {
                Ok(Answer::MailboxKeys(mailboxes.into_iter().map(|mailbox| self.make_key(mailbox)).collect()))
            }
            Request::Headers { grant, mailbox, letters } => self.headers(&grant, mailbox, letters).await,
            Request::Content { grant, mailbox, letter } => self.content(&grant, mailbox, letter).await,
            Request::History { grant, mailbox, letter } => self.history(&grant, mailbox, letter).await,
            Request::Committed { .. } => Ok(Answer::Done),
            _ => Err(KeysError::NotAllowed),
        }
    }

    async fn statements(&self, address_macs: &[AddressMac]) -> Outcome {
        let mut tx = self.store.read("state addresses").await.map_err(unavailable)?;
        let mut all = vec![];
        for mac in address_macs {
            let owner = registry::identities::owner_now(&mut tx, mac, self.clock.now());
            let Some(owner) = owner.await.map_err(unavailable)? else {
                all.push(None);
                continue;
            };
            let mailbox = registry::boxes::of_owner(&mut tx, owner).await.map_err(unavailable)?;
            let mailbox = match mailbox {
                Some(mailbox) => Some(MailboxStatement {
                    mailbox_id: mailbox.mailbox_id,
                    key: MailboxKey { epoch: mailbox.epoch, ..self.make_key(mailbox.mailbox_id) },
                    vouched: vouched(&mut tx, Subject::mailbox(mailbox.mailbox_id)).await?,
                }),
                None => None,
            };
            all.push(Some(AddressStatement {
                owner_kind: owner.kind().as_str().to_owned(),
                owner_id: owner.id(),
                settled: true,
                owner: Some(vouched(&mut tx, Subject::owner(owner)).await?),
                mailbox,
            }));
        }
        Ok(Answer::Statements(all))
    }

    fn make_key(&self, mailbox: MailboxId) -> MailboxKey {
        let mut private = self.private.lock().unwrap();
        let bytes = private.entry(mailbox).or_insert_with(|| chance::bytes(&SystemRandom));
        let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(bytes.as_slice()).unwrap();
        let mut public_key = [0; 32];
        Kem::sk_to_pk(&private).write_exact(&mut public_key);
        MailboxKey { epoch: 1, public_key }
    }

    async fn headers(&self, grant: &GrantToken, mailbox: MailboxId, letters: Vec<LetterId>) -> Outcome {
        assert!(letters.len() <= 500);
        self.listed.fetch_add(1, Ordering::SeqCst);
        let rights = self.rights(grant).await?;
        let mut out = Vec::new();
        for letter in letters {
            let found = self.letter_key(&rights, mailbox, letter, Act::List).await?;
            out.push((letter, found.map(|(key, _)| SecretKey::from(vault::derive(&key, Purpose::Headers)))));
        }
        Ok(Answer::Headers(out))
    }

    async fn content(&self, grant: &GrantToken, mailbox: MailboxId, letter: LetterId) -> Outcome {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let rights = self.rights(grant).await?;
        let (key, facts) =
            self.letter_key(&rights, mailbox, letter, Act::Open).await?.ok_or(KeysError::Gone)?;
        let now = self.clock.now();
        let because = may(&rights, &facts, Act::Open, now).ok_or(KeysError::Gone)?;
        let mut tx = self.store.begin_urgent("open letter").await.map_err(unavailable)?;
        let opened =
            "UPDATE letter SET opened_at = $1 WHERE mailbox_id = $2 AND letter_id = $3 AND opened_at IS NULL";
        tx.execute(opened, args![now, mailbox, letter]).await.map_err(unavailable)?.count();
        let event = NewEvent::by_person(EventType::Opened, now, rights.person, because);
        let appended = evidence::append(&mut tx, &self.events(), mailbox, letter, event, &SystemRandom).await;
        appended.map_err(|_| KeysError::Unavailable)?;
        tx.commit().await.map_err(unavailable)?;
        let mut tx = self.store.read("find accepted").await.map_err(unavailable)?;
        let found =
            evidence::accepting(&mut tx, &self.events(), mailbox, &[letter]).await.map_err(unavailable)?;
        let accepting = found.get(&letter).ok_or(KeysError::Unavailable)?;
        let owners =
            "SELECT i.mac FROM mailbox m JOIN identity i ON i.owner_id = m.owner_id WHERE m.mailbox_id = $1";
        let macs = tx.query(owners, args![mailbox]).await.map_err(unavailable)?;
        let named = |row: &store::Row| {
            accepting.event.address == Some(evidence::address(&accepting.nonce, &row.tag("mac").unwrap()))
        };
        Ok(Answer::Letter(Box::new(LetterKey {
            content: SecretKey::from(vault::derive(&key, Purpose::Content)),
            accepted: AcceptedEvent {
                nonce: accepting.nonce,
                event: accepting.cbor.clone(),
                commits: accepting.must_commit(),
            },
            owners: Some(macs.iter().any(named)),
        })))
    }

    /// As it stands; heads are the real service's.
    async fn history(&self, grant: &GrantToken, mailbox: MailboxId, letter: Option<LetterId>) -> Outcome {
        self.rights(grant).await?;
        let mut tx = self.store.read("read history").await.map_err(unavailable)?;
        let mut lines = vec![];
        let mut walks = evidence::Walks::new(mailbox);
        while let Some(page) = walks.page(&mut tx, &self.events()).await.map_err(unavailable)? {
            for walked in page {
                let asked = letter.map_or(walked.actor.is_some(), |letter| letter == walked.chain);
                let (Some(Ok(event)), true) = (walked.event, asked) else { continue };
                let chain = walked.chain;
                let at = event.at;
                let kind = event.kind;
                lines.push(HistoryLine { chain, at, kind, actor: walked.actor, because: walked.because });
            }
        }
        lines.reverse();
        lines.sort_by_key(|line| std::cmp::Reverse(line.at));
        Ok(Answer::History(History::Holds(lines)))
    }

    async fn rights(&self, grant: &GrantToken) -> Result<Rights, KeysError> {
        let person = *self.grants.lock().unwrap().get(&grant.hash()).ok_or(KeysError::NoGrant)?;
        rights(&self.store, person, self.clock.now()).await.map_err(unavailable)
    }

    async fn letter_key(
        &self,
        rights: &Rights,
        mailbox_id: MailboxId,
        letter_id: LetterId,
        act: Act,
    ) -> Result<Option<(Key, LetterFacts)>, KeysError> {
        let find = "SELECT l.visible_from, l.confidential, l.parts, k.epoch, k.sealed FROM letter l \
            JOIN letter_key k ON k.mailbox_id = l.mailbox_id AND k.letter_id = l.letter_id \
            WHERE l.mailbox_id = $1 AND l.letter_id = $2";
        let mut tx = self.store.read("find letter key").await.map_err(unavailable)?;
        let Some(row) = tx.one(find, args![mailbox_id, letter_id]).await.map_err(unavailable)? else {
            return Ok(None);
        };
        let facts = LetterFacts {
            mailbox_id,
            letter_id,
            accepted_at: row.time("visible_from").map_err(unavailable)?,
            visible_from: row.time("visible_from").map_err(unavailable)?,
            confidential: row.flag("confidential").map_err(unavailable)?,
            tells_opened: false,
            parts: row.int("parts").map_err(unavailable)?,
            notice_state: NoticeState::Pending,
            opened_at: None,
            archived_at: None,
            binned_at: None,
            hold_until: None,
        };
        if may(rights, &facts, act, self.clock.now()).is_none() {
            return Ok(None);
        }
        let aad = key_client::letter_aad(
            mailbox_id,
            letter_id,
            row.int("epoch").map_err(unavailable)?,
            facts.parts,
        );
        let sealed = row.bytes("sealed").map_err(unavailable)?;
        Ok(Some((self.open_key(mailbox_id, &aad, sealed), facts)))
    }

    async fn outbound_key(&self, letter: LetterId) -> Outcome {
        let find = "SELECT epoch, sealed_key FROM outbound WHERE letter_id = $1 AND sealed_key IS NOT NULL";
        let mut tx = self.store.read("find outbound key").await.map_err(unavailable)?;
        let row = tx.one(find, args![letter]).await.map_err(unavailable)?.ok_or(KeysError::Gone)?;
        let epoch = row.int("epoch").map_err(unavailable)?;
        let aad = key_client::letter_aad(letter.own_box(), letter, epoch, key_client::OUTBOUND_PARTS);
        let key = self.open_key(MailboxId::OUTGOING, &aad, row.bytes("sealed_key").map_err(unavailable)?);
        Ok(Answer::Content(SecretKey::from(vault::derive(&key, Purpose::Content))))
    }

    fn open_key(&self, mailbox_id: MailboxId, aad: &[u8], sealed: &[u8]) -> Key {
        let private = self.private.lock().unwrap()[&mailbox_id];
        let private = <Kem as hpke::Kem>::PrivateKey::from_bytes(&private).unwrap();
        let encapsulated = <Kem as hpke::Kem>::EncappedKey::from_bytes(&sealed[1..33]).unwrap();
        let plain = single_shot_open::<AesGcm256, HkdfSha256, Kem>(
            &OpModeR::Base,
            &private,
            &encapsulated,
            key_client::seal_info(),
            &sealed[33..],
            aad,
        );
        Key::from_slice(&plain.expect("the key opens")).unwrap()
    }
}

/// What the web asks the registry before each request.
pub async fn rights(store: &Store, person: PersonId, now: Time) -> Result<Rights, store::Error> {
    let mut tx = store.read("rights").await?;
    Rights::read(&mut tx, person, now).await
}

fn unavailable(_: store::Error) -> KeysError {
    KeysError::Unavailable
}

fn secret(bytes: &[u8; 32]) -> SecretKey {
    SecretKey::from(Key::from_bytes(*bytes))
}

fn ring(bytes: &[u8; 32]) -> RingMaterial {
    let id = KeyId::from_slice(&bytes[..8]).unwrap();
    RingMaterial { current: id, keys: vec![NamedKey { id, key: secret(bytes) }] }
}

async fn vouched(tx: &mut store::Tx, subject: Subject) -> Result<Vouched, KeysError> {
    let found = sets::read(tx, std::slice::from_ref(&subject)).await.map_err(unavailable)?;
    Ok(Vouched { version: 1, digests: found[&subject].digests(&subject), next: None })
}
