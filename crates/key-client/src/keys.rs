//! The handle.

use crate::{
    Access, AddressStatement, AgreementUse, Answer, Applicant, By, Change, Changed, Column, ColumnItem,
    GatewayKeys, GrantToken, GrantView, HandedOver, History, KeysError, LetterKey, LogIn, LoggedIn,
    LookupQuota, Nonce, NotifierKeys, PersonMacs, RegistryStatement, Request, Role, Rotated, SecretBytes,
    SecretKey, Status, WebKeys,
    transport::{Envelope, Transport},
};
use domain::{AddressMac, Identity, LetterId, MailboxId, OrgNumber, words::Because};
use std::fmt;
use tokio::sync::mpsc;
use vault::{Key, Place, seal_to::PublicKey};

/// Asks the key service on behalf of one role. Cheap to clone.
#[derive(Clone)]
pub struct Keys {
    role: Role,
    transport: Transport,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keys({})", self.role.as_str())
    }
}

/// Asks and takes the one kind of answer that fits; another kind is a fault of the other end.
macro_rules! ask {
    ($keys:expr, $request:expr, $answer:pat $(if $whole:expr)? => $value:expr) => {
        match $keys.transport.ask($keys.role, $request).await? {
            $answer $(if $whole)? => Ok($value),
            _ => Err(KeysError::Unavailable),
        }
    };
}

/// What every role may need.
impl Keys {
    pub(crate) fn local(role: Role, sender: mpsc::Sender<Envelope>) -> Self {
        Self { role, transport: Transport::Local(sender) }
    }

    /// As whom this handle asks.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The JWKS of all keys that have signed receipts: `{"keys":[…]}`.
    pub async fn public_keys(&self) -> Result<serde_json::Value, KeysError> {
        ask!(self, Request::PublicKeys, Answer::PublicKeys(keys) => keys)
    }

    /// The addressing tags of at most 1000 identities, in order. Metered per `caller`, since personal numbers
    /// are few enough to be tried one after the other.
    pub async fn address_macs(
        &self,
        caller: &str,
        identities: &[Identity],
    ) -> Result<Vec<AddressMac>, KeysError> {
        let request = Request::AddressMacs { caller: caller.to_owned(), identities: identities.to_vec() };
        ask!(self, request, Answer::AddressMacs(macs) if macs.len() == identities.len() => macs)
    }

    /// What the key service vouches for of at most 1000 addresses, in order; `None` for one that it does not know.
    /// Letters are sealed to the key in here and to no other.
    pub async fn statements(
        &self,
        address_macs: &[AddressMac],
    ) -> Result<Vec<Option<AddressStatement>>, KeysError> {
        let count = address_macs.len();
        let request = Request::Statements { address_macs: address_macs.to_vec() };
        ask!(self, request, Answer::Statements(found) if found.len() == count => found)
    }

    /// What it vouches for of all senders and dispatchers.
    pub async fn registry_statements(&self) -> Result<Vec<RegistryStatement>, KeysError> {
        ask!(self, Request::RegistryStatements, Answer::RegistryStatements(all) => all)
    }

    /// Changes something that decides. What is refused is told by a word, and nothing has changed then.
    pub async fn change(&self, by: By, change: Change) -> Result<Changed, KeysError> {
        ask!(self, Request::Change { by, change }, Answer::Changed(changed) => changed)
    }

    /// Seals columns, padded, in order.
    pub async fn seal_columns(
        &self,
        items: Vec<(Column, Place, Vec<u8>)>,
    ) -> Result<Vec<Vec<u8>>, KeysError> {
        let count = items.len();
        let request = Request::SealColumns { items: items.into_iter().map(ColumnItem::from).collect() };
        ask!(self, request, Answer::Sealed(sealed) if sealed.len() == count => sealed)
    }

    /// Opens columns, in order. `None` for what does not open, and for what `access` does not reach.
    pub async fn open_columns(
        &self,
        access: Access,
        items: Vec<(Column, Place, Vec<u8>)>,
    ) -> Result<Vec<Option<Vec<u8>>>, KeysError> {
        let count = items.len();
        let request =
            Request::OpenColumns { access, items: items.into_iter().map(ColumnItem::from).collect() };
        ask!(self, request, Answer::Opened(opened) if opened.len() == count =>
            opened.into_iter().map(|text| text.map(SecretBytes::into_exposed)).collect())
    }

    /// The key pair of a new mailbox; durable in the key store before the answer. Asked again, the same.
    pub async fn make_mailbox_key(&self, mailbox: MailboxId) -> Result<(i64, PublicKey), KeysError> {
        let made = self.make_mailbox_keys(&[mailbox]).await?;
        made.into_iter().next().ok_or(KeysError::Unavailable)
    }

    /// [`Keys::make_mailbox_key`] for at most 1000 mailboxes at once, in order.
    pub async fn make_mailbox_keys(
        &self,
        mailboxes: &[MailboxId],
    ) -> Result<Vec<(i64, PublicKey)>, KeysError> {
        let request = Request::MakeMailboxKeys { mailboxes: mailboxes.to_vec() };
        ask!(self, request, Answer::MailboxKeys(made) if made.len() == mailboxes.len() =>
            made.into_iter().map(|key| (key.epoch, PublicKey::from_bytes(key.public_key))).collect())
    }
}

/// Agency doors and notices.
impl Keys {
    pub async fn gateway_keys(&self) -> Result<GatewayKeys, KeysError> {
        let material = ask!(self, Request::GatewayKeys, Answer::GatewayKeys(material) => *material)?;
        material.try_into().map_err(|_| KeysError::Unavailable)
    }

    pub async fn web_keys(&self) -> Result<WebKeys, KeysError> {
        let material = ask!(self, Request::WebKeys, Answer::WebKeys(material) => *material)?;
        material.try_into().map_err(|_| KeysError::Unavailable)
    }

    pub async fn notifier_keys(&self) -> Result<NotifierKeys, KeysError> {
        let material = ask!(self, Request::NotifierKeys, Answer::NotifierKeys(material) => *material)?;
        material.try_into().map_err(|_| KeysError::Unavailable)
    }
}

/// People who log in and read.
impl Keys {
    /// A nonce for an e-ID request to `provider`. Its answer is taken once, and soon.
    pub async fn begin_login(&self, provider: &str) -> Result<Nonce, KeysError> {
        let request = Request::BeginLogin { provider: provider.to_owned() };
        ask!(self, request, Answer::Nonce(nonce) => nonce)
    }

    /// Verifies an e-ID answer (`eid::Answer` as JSON). [`KeysError::Rejected`] carries the code of an
    /// `eid::Rejection`.
    pub async fn finish_login(
        &self,
        provider: &str,
        answer: serde_json::Value,
        nonce: &str,
    ) -> Result<LoggedIn, KeysError> {
        self.finish_login_on(provider, answer, nonce, "", None).await
    }

    /// [`Keys::finish_login`], with a word for the browser, and in place of a log-in that the same person has: that one
    /// ends. Who it was must have identified after the nonce was given out.
    pub async fn finish_login_on(
        &self,
        provider: &str,
        answer: serde_json::Value,
        nonce: &str,
        device: &str,
        instead_of: Option<GrantToken>,
    ) -> Result<LoggedIn, KeysError> {
        let provider = provider.to_owned();
        let nonce = nonce.to_owned();
        let request = Request::FinishLogin { provider, answer, nonce, device: device.to_owned(), instead_of };
        ask!(self, request, Answer::LoggedIn(logged_in) => *logged_in)
    }

    /// The log-in as it is now, or `None` when it has ended. Counts as use.
    pub async fn grant(&self, grant: &GrantToken) -> Result<Option<GrantView>, KeysError> {
        let request = Request::Grant { grant: grant.clone() };
        ask!(self, request, Answer::Grant(view) => view.map(|view| *view))
    }

    /// What is needed to open a mailbox for whoever has logged in; as in [`LoggedIn`].
    pub async fn applicant(&self, grant: &GrantToken) -> Result<Applicant, KeysError> {
        let request = Request::Applicant { grant: grant.clone() };
        ask!(self, request, Answer::Applicant(applicant) => *applicant)
    }

    /// Looks the person up again, after a mailbox was opened for them.
    pub async fn refresh_person(&self, grant: &GrantToken) -> Result<(), KeysError> {
        ask!(self, Request::RefreshPerson { grant: grant.clone() }, Answer::Done => ())
    }

    /// Ends the log-in. Ending it twice is no error.
    pub async fn end_grant(&self, grant: &GrantToken) -> Result<(), KeysError> {
        ask!(self, Request::EndGrant { grant: grant.clone() }, Answer::Done => ())
    }

    /// [`KeysError::NotFresh`] unless the person identified within the last minutes.
    pub async fn require_fresh(&self, grant: &GrantToken) -> Result<(), KeysError> {
        ask!(self, Request::RequireFresh { grant: grant.clone() }, Answer::Done => ())
    }

    /// All log-ins of the person, the one that was used last first.
    pub async fn log_ins(&self, grant: &GrantToken) -> Result<Vec<LogIn>, KeysError> {
        ask!(self, Request::LogIns { grant: grant.clone() }, Answer::LogIns(all) => all)
    }

    /// Ends one of them by its id. [`KeysError::Gone`] where the person has none such.
    pub async fn end_log_in(&self, grant: &GrantToken, id: &str) -> Result<(), KeysError> {
        let request = Request::EndLogIn { grant: grant.clone(), id: id.to_owned() };
        ask!(self, request, Answer::Done => ())
    }

    /// Ends all but the one that asks.
    pub async fn end_other_log_ins(&self, grant: &GrantToken) -> Result<(), KeysError> {
        ask!(self, Request::EndOtherLogIns { grant: grant.clone() }, Answer::Done => ())
    }

    /// The mailboxes that whoever is logged in may act for and by what right, as far as what says so is vouched for.
    pub async fn rights(&self, grant: &GrantToken) -> Result<Vec<(MailboxId, Because)>, KeysError> {
        ask!(self, Request::Rights { grant: grant.clone() }, Answer::Rights(boxes) => boxes)
    }

    /// The headers keys of at most 500 letters, in order; `None` for those that are not there or not for this
    /// person. One `listed` event stands in the mailbox's own chain before the answer.
    pub async fn headers(
        &self,
        grant: &GrantToken,
        mailbox: MailboxId,
        letters: Vec<LetterId>,
    ) -> Result<Vec<(LetterId, Option<Key>)>, KeysError> {
        let request = Request::Headers { grant: grant.clone(), mailbox, letters };
        ask!(self, request, Answer::Headers(keys) =>
            keys.into_iter().map(|(letter, key)| (letter, key.map(SecretKey::into_key))).collect())
    }

    /// The content key of one letter, with the event that accepted it. The `opened` event, and at the first opening that counts
    /// `opened_at` and what the
    /// sender is told, are committed before the answer.
    pub async fn content(
        &self,
        grant: &GrantToken,
        mailbox: MailboxId,
        letter: LetterId,
    ) -> Result<LetterKey, KeysError> {
        let request = Request::Content { grant: grant.clone(), mailbox, letter };
        ask!(self, request, Answer::Letter(key) => *key)
    }
}

impl Keys {
    /// What happened to a letter, or in the whole mailbox what people did: checked against chains and head, newest first,
    /// a thousand lines at most.
    pub async fn history(
        &self,
        grant: &GrantToken,
        mailbox: MailboxId,
        letter: Option<LetterId>,
    ) -> Result<History, KeysError> {
        let request = Request::History { grant: grant.clone(), mailbox, letter };
        ask!(self, request, Answer::History(history) => history)
    }

    pub(crate) async fn committed(&self, batch: HandedOver) -> Result<(), KeysError> {
        ask!(self, Request::Committed { batch }, Answer::Done => ())
    }
}

/// Letters for other operators.
impl Keys {
    /// For role outgoing: the content key of a letter that waits to be handed over. [`KeysError::Gone`] when it has
    /// ended.
    pub async fn outbound_key(&self, letter: LetterId) -> Result<Key, KeysError> {
        ask!(self, Request::OutboundKey { letter }, Answer::Content(key) => key.into_key())
    }

    /// For the agency doors: the bodies of such a letter's events that were sealed before the doors had a ring of their own,
    /// by their place in the chain. None for the others.
    pub async fn events_before(&self, letter: LetterId) -> Result<Vec<Option<Vec<u8>>>, KeysError> {
        let request = Request::EventsBefore { letter };
        ask!(self, request, Answer::Opened(bodies) =>
            bodies.into_iter().map(|body| body.map(SecretBytes::into_exposed)).collect())
    }
}

/// What recipients sign to the register of addresses.
impl Keys {
    /// Uses an agreement. [`KeysError::Rejected`] with `agreement_used` when it was used before, `agreement_older` when
    /// what it is about was changed after it was signed, `agreement_invalid` or `signatory_not_allowed` when the
    /// signatures do not hold. One that only waits can be handed over again.
    pub async fn use_agreement(&self, agreement: AgreementUse) -> Result<(), KeysError> {
        ask!(self, Request::UseAgreement { agreement: Box::new(agreement) }, Answer::Done => ())
    }

    /// Agreements that wait under a request that was taken back: none of them can be used again.
    pub async fn end_agreements(&self, recipient: &Identity, act: &str) -> Result<(), KeysError> {
        let request =
            Request::EndAgreements { recipient: recipient.expose().to_owned(), act: act.to_owned() };
        ask!(self, request, Answer::Done => ())
    }
}

/// The operator, who never reads a letter.
impl Keys {
    /// Both tags of at most 1000 people or organisations, in order, to bring them in.
    pub async fn person_macs(&self, identities: &[Identity]) -> Result<Vec<PersonMacs>, KeysError> {
        let request = Request::PersonMacs { identities: identities.to_vec() };
        ask!(self, request, Answer::PersonMacs(macs) if macs.len() == identities.len() => macs)
    }

    /// How many recipients a caller may look up in a day, and how many it has.
    pub async fn lookup_quota(&self, caller: &OrgNumber) -> Result<LookupQuota, KeysError> {
        let request = Request::LookupQuota { caller: caller.clone() };
        ask!(self, request, Answer::LookupQuota(quota) => quota)
    }

    /// Sets how many; `None`: as many as the configuration gives to all.
    pub async fn set_lookup_quota(&self, caller: &OrgNumber, daily: Option<u64>) -> Result<(), KeysError> {
        let request = Request::SetLookupQuota { caller: caller.clone(), daily };
        ask!(self, request, Answer::Done => ())
    }

    /// Purposes, versions and counts.
    pub async fn status(&self) -> Result<Status, KeysError> {
        ask!(self, Request::Status, Answer::Status(status) => status)
    }

    /// A new version of a purpose's key; see [`Rotated`]. Asked again after it was cut short, it goes on.
    pub async fn rotate(&self, purpose: &str) -> Result<Rotated, KeysError> {
        ask!(self, Request::Rotate { purpose: purpose.to_owned() }, Answer::Rotated(rotated) => rotated)
    }
}

impl From<(Column, Place, Vec<u8>)> for ColumnItem {
    fn from((column, place, text): (Column, Place, Vec<u8>)) -> Self {
        Self { column, place: place.as_bytes().to_vec(), text: SecretBytes::new(text) }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::channel;

    #[tokio::test]
    async fn an_answer_finds_its_way_back_with_the_role_of_the_handle() {
        let (connector, mut receiver) = channel(1);
        let keys = connector.keys(Role::Web);
        let service = tokio::spawn(async move {
            let envelope = receiver.recv().await.unwrap();
            assert_eq!((envelope.role, envelope.request.name()), (Role::Web, "public_keys"));
            envelope.answer.send(Ok(Answer::PublicKeys(serde_json::json!({"keys": []})))).unwrap();
        });
        assert_eq!(keys.public_keys().await.unwrap(), serde_json::json!({"keys": []}));
        service.await.unwrap();
    }

    #[tokio::test]
    async fn a_service_that_has_gone_is_unavailable_and_so_is_a_wrong_answer() {
        let (connector, mut receiver) = channel(1);
        let keys = connector.keys(Role::Operator);
        tokio::spawn(async move {
            receiver.recv().await.unwrap().answer.send(Ok(Answer::Done)).unwrap();
            drop(receiver.recv().await.unwrap());
        });
        for _ in 0..3 {
            assert_eq!(keys.status().await.unwrap_err(), KeysError::Unavailable);
        }
    }
}
