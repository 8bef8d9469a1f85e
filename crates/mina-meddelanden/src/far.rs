//! FaR (*förmedlingsadressregister*), the register of who has a mailbox where, on our own registry. Served where this
//! instance is the register; elsewhere the addresses are not there.

use crate::{agreement::Agreements, fault::CallId};
use delivery::write::Xml;
use domain::{AddressMac, Clock, Code, Identity, OrgNumber, Random, Refusal};
use intake::AcceptError;
use key_client::{GatewayKeys, Keys, KeysError};
use registry::{
    Directory, Recorder, Register, RegistryError,
    directory::Snapshot,
    operators::Operator,
    register::{RegisterError, SignatoryFile},
};
use std::sync::Arc;
use store::Store;

/// What the register works with.
#[derive(Clone)]
pub struct Far(pub Arc<FarParts>);

pub struct FarParts {
    pub store: Store,
    /// The handle of role gateway, and what it gave.
    pub keys: Keys,
    pub gateway_keys: Arc<GatewayKeys>,
    pub directory: Directory,
    /// Who may sign for companies.
    pub register: Register,
    /// How people's signatures are verified.
    pub agreements: Agreements,
    pub clock: Arc<dyn Clock>,
    pub random: Arc<dyn Random>,
}

impl Far {
    pub(crate) fn recorder(&self) -> Recorder<'_> {
        let parts = &*self.0;
        Recorder::service(&parts.gateway_keys.events, &*parts.random, &*parts.clock)
    }

    /// The register of signatories. A file that is not there is empty only where nobody is a signatory.
    pub(crate) async fn signatories(&self) -> Result<SignatoryFile, AcceptError> {
        match self.0.register.read().await {
            Err(RegisterError::Missing) => {
                let mut tx = self.0.store.read("look for signatories").await?;
                match registry::register::any_signatory(&mut tx).await? {
                    true => Err(unreadable(&RegisterError::Missing)),
                    false => Ok(SignatoryFile::default()),
                }
            }
            read => read.map_err(|error| unreadable(&error)),
        }
    }

    pub(crate) fn snapshot(&self) -> Arc<Snapshot> {
        self.0.directory.current()
    }

    /// The mailbox operator that calls. What concerns one recipient is told to operators alone.
    pub(crate) fn operator(&self, caller: &OrgNumber) -> Result<Operator, Refusal> {
        let snapshot = self.snapshot();
        let operator = snapshot.operator(caller).cloned();
        operator.ok_or_else(|| {
            Refusal::new(Code::CallerNotAllowed).because("only mailbox operators may ask for this")
        })
    }

    /// The operator that a request names by its internet domain.
    pub(crate) fn supplier(&self, domain: &str) -> Result<Operator, Refusal> {
        self.snapshot().operator_by_domain(domain).cloned().ok_or_else(|| Code::OperatorUnknown.into())
    }

    /// The keyed hashes of numbers, metered by the caller.
    pub(crate) async fn address_macs(
        &self,
        caller: &OrgNumber,
        identities: &[Identity],
    ) -> Result<Vec<AddressMac>, AcceptError> {
        Ok(self.0.keys.address_macs(caller.as_str(), identities).await?)
    }

    pub(crate) async fn address_mac(
        &self,
        caller: &OrgNumber,
        identity: &Identity,
    ) -> Result<AddressMac, AcceptError> {
        let macs = self.address_macs(caller, std::slice::from_ref(identity)).await?;
        macs.first().copied().ok_or_else(|| KeysError::Unavailable.into())
    }
}

/// A number as the interface has it. Where it fits the pattern and its check digit does not agree, nobody has it.
pub(crate) fn identity(text: &str, at: &'static str) -> Result<Identity, Refusal> {
    use domain::identity::IdentityError;
    Identity::parse(text).map_err(|error| {
        let code = match error {
            IdentityError::Form => Code::IdentityInvalid,
            IdentityError::CheckDigit => Code::CheckDigitInvalid,
        };
        Refusal::new(code).at(at)
    })
}

/// Whether a text has the form of `RecipientId`.
pub(crate) fn is_recipient_id(text: &str) -> bool {
    let bytes = text.as_bytes();
    let digits = bytes.len() == 12 && bytes.iter().all(u8::is_ascii_digit);
    let two = |at: usize| (bytes[at] - b'0') * 10 + (bytes[at + 1] - b'0');
    digits && (two(0) == 16 || (18..=20).contains(&two(0)) && (1..=12).contains(&two(4)))
}

/// A `ServiceSupplier` in the namespace in force.
pub(crate) fn supplier_members(operator: &Operator, xml: &mut Xml) {
    xml.text("Id", operator.number.as_str());
    xml.text("Name", &operator.name);
    xml.text("ServiceAdress", &operator.service_address);
    if let Some(address) = &operator.ui_address {
        xml.text("UIAdress", address);
    }
    // Mandatory by the schema, and sent empty by the register that we follow.
    xml.text("InternalServiceAdress", "");
}

/// A registry error that is nobody's request's fault.
pub(crate) fn failed(error: RegistryError) -> AcceptError {
    match error {
        RegistryError::Store(error) => error.into(),
        error => AcceptError::Internal(Box::new(error)),
    }
}

/// The register of signatories says nothing now, which is not that there are none.
fn unreadable(error: &RegisterError) -> AcceptError {
    tracing::error!(%error, "The register of signatories cannot be read");
    AcceptError::Unavailable("the register of signatories cannot be read")
}

/// For logs: one line for each change, without whom it concerns.
pub(crate) fn changed(call: &CallId, what: &'static str) {
    tracing::info!(call.id = call.as_str(), what, "The register of addresses was changed");
}
