//! Who calls: the organisation in the TLS certificate, and nothing else.

use crate::{AcceptError, Intake};
use domain::{CertificateDigest, Code, OrgNumber, Refusal};
use registry::NoCaller;

/// A client certificate that passed the handshake, as the door has it.
#[derive(Clone, Copy, Debug)]
pub struct Presented<'a> {
    pub sha256: &'a CertificateDigest,
    /// The organisation that it names.
    pub organisation: Option<&'a OrgNumber>,
    /// A revocation list that is in force names it, or an authority above it.
    pub listed: bool,
}

impl Intake {
    /// The registered organisation whose registered certificate this is, in force now. Asked for each request: a
    /// connection can be older than what ends its certificate.
    pub async fn caller(&self, presented: Option<Presented<'_>>) -> Result<OrgNumber, AcceptError> {
        let presented = presented.ok_or(NoCaller::None)?;
        if presented.listed {
            return Err(NoCaller::Listed.into());
        }
        let organisation = presented.organisation.ok_or(NoCaller::Nameless)?;
        let now = self.0.clock.now();
        let directory = &self.0.directory;
        let judge = || directory.current().caller(presented.sha256, organisation, now);
        if judge().is_err_and(NoCaller::may_have_changed) {
            // It may have been registered since the registry was last read.
            directory.refresh(&self.0.store).await?;
        }
        judge()?;
        Ok(organisation.clone())
    }
}

impl From<NoCaller> for AcceptError {
    fn from(why: NoCaller) -> Self {
        metrics::counter!("kuvert_callers_unknown_total").increment(1);
        Refusal::new(Code::CertificateUnknown).because(why.to_string()).into()
    }
}
