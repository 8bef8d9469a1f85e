//! Who sent, who signed, who sealed and calls: whether each may.

use super::{Known, Standing, UNREAD, UNSIGNED, letter};
use crate::doctor::{Findings, listing};
use delivery::Verified;
use domain::{Code, OrgNumber, identity::IdentityError};

impl Known {
    /// Whom the letter is from.
    pub(super) fn sender(&self, findings: &mut Findings, number: Option<&Result<OrgNumber, IdentityError>>) {
        const CHECK: &str = "sender";
        let number = match number {
            None => return findings.unknown(CHECK, UNREAD),
            Some(Err(error)) => {
                return findings.bad(
                    CHECK,
                    letter::number_code(*error),
                    format!("Sender/Id: {}", letter::number(*error)),
                );
            }
            Some(Ok(number)) => number,
        };
        let Some(registry) = &self.registry else {
            return findings
                .unknown(CHECK, format!("{number}: whether it is registered is not known without --config"));
        };
        match registry.standing(number) {
            Standing::Unknown => findings.bad(
                CHECK,
                Code::SenderUnknown,
                format!("{number} is not registered: {}", listing::sender(self.listed_by, number)),
            ),
            Standing::DispatchesOnly => findings.bad(
                CHECK,
                Code::SenderUnknown,
                format!(
                    "{number} is registered as a dispatcher only: {}",
                    listing::sender(self.listed_by, number)
                ),
            ),
            Standing::Suspended => {
                findings.bad(
                    CHECK,
                    Code::SenderSuspended,
                    format!("{number} is suspended: ask the operator"),
                );
            }
            Standing::MaySend => {
                findings.good(CHECK, format!("{number} is registered"));
            }
        }
    }

    /// Whose certificate signed, and whether it may for this sender.
    pub(super) fn signer(
        &self,
        findings: &mut Findings,
        signed: Option<&Verified>,
        sender: Option<&OrgNumber>,
    ) {
        const CHECK: &str = "signer";
        let Some(signed) = signed else { return findings.unknown(CHECK, UNSIGNED) };
        let Some(signer) = &signed.certificate.organisation else {
            return findings.bad(CHECK, Code::SignerNotAllowed, NO_ORGANISATION);
        };
        let Some(sender) = sender else {
            return findings.unknown(CHECK, format!("signed by {signer}; the sender is not known"));
        };
        if signer == sender {
            findings.good(CHECK, format!("signed by the sender itself, {signer}"));
            return;
        }
        let Some(registry) = &self.registry else {
            let says = format!(
                "signed by {signer} for {sender}: right if {sender} lists it as a dispatcher, else sign as the sender"
            );
            return findings.unknown(CHECK, says);
        };
        match registry.may_sign(signed, sender, self.now) {
            Ok(()) => {
                findings.good(CHECK, format!("signed by {signer}, a dispatcher that {sender} lists"));
            }
            Err(code) => findings.bad(
                CHECK,
                code,
                format!(
                    "signed by {signer}, which {sender} does not list: sign with a certificate whose serialNumber is \
                     {sender}, or {}",
                    listing::dispatcher(self.listed_by, sender, signer, registry.knows(signer))
                ),
            ),
        }
    }

    /// Who seals and calls, and whether the sender lists it.
    pub(super) fn sealer(
        &self,
        findings: &mut Findings,
        seal: Option<&Verified>,
        sender: Option<&OrgNumber>,
    ) {
        const DISPATCHER: &str = "dispatcher";
        let Some(seal) = seal else {
            findings.unknown("sealer", UNSIGNED);
            return findings.unknown(DISPATCHER, UNSIGNED);
        };
        let Some(sealer) = &seal.certificate.organisation else {
            findings.bad("sealer", Code::SealerNotAllowed, NO_ORGANISATION);
            return findings.unknown(DISPATCHER, "the sealer is not known");
        };
        match &self.caller {
            Some(caller) if caller != sealer => findings.bad(
                "sealer",
                Code::SealerNotAllowed,
                format!("sealed by {sealer}, but the connection is made with a certificate of {caller}: use one organisation's for both"),
            ),
            Some(_) => {
                findings.good("sealer", format!("sealed by {sealer}, which the connection is made with, too"));
            }
            None => {
                let says = format!("sealed by {sealer}: connect with a certificate of {sealer}, too");
                findings.good("sealer", says);
            }
        }
        let (Some(registry), Some(sender)) = (&self.registry, sender) else {
            return findings.unknown(
                DISPATCHER,
                format!("whether {sealer} may send for the sender is not known without --config"),
            );
        };
        match registry.may_send(sealer, sender, self.now) {
            Ok(()) if sealer == sender => {
                findings.good(DISPATCHER, "the sender sends itself");
            }
            Ok(()) => {
                findings.good(DISPATCHER, format!("{sender} lists {sealer}"));
            }
            Err(code @ Code::CallerNotAllowed) => {
                let known = registry.knows(sealer);
                let what = match known {
                    true => format!("{sender} does not list {sealer}"),
                    false => format!("{sealer} is not registered"),
                };
                let mend = listing::dispatcher(self.listed_by, sender, sealer, known);
                findings.bad(DISPATCHER, code, format!("{what}: {mend}"));
            }
            // Told by the sender's own step.
            Err(Code::SenderUnknown) => findings.unknown(DISPATCHER, "the sender is not registered"),
            Err(code) => findings.refused(DISPATCHER, &code.into()),
        }
    }
}

const NO_ORGANISATION: &str = "the certificate's subject has no serialNumber with an organisation's number: order an \
    organisation certificate, not a server certificate";
