//! `kuvert send --soap`: the letter as a `deliverSecure` message, judged before it is sent.

use super::{Args, Door};
use crate::{
    compose::Draft,
    compose_soap,
    doctor::{Finding, Findings, delivery::Known},
    files,
};
use anyhow::Result;
use bytes::Bytes;
use delivery::XmlSigner;
use domain::{Clock, OrgNumber, SystemClock};

/// Who signs and seals, and by what the message is judged.
pub(super) struct Soap {
    signer: XmlSigner,
    known: Known,
}

impl Soap {
    /// `caller` is the certificate's organisation. Of a demo, its authority is known; of another door, those that are
    /// given.
    pub fn new(args: &Args, door: &Door, caller: Option<OrgNumber>) -> Result<Self> {
        let signer = compose_soap::signer(&door.certificate, &door.key)?;
        let of_demo = args.data.is_some().then_some(&door.ca);
        let lists = args.revocation_lists.as_deref().map(|folder| ("--revocation-lists", folder));
        let authorities = args.authorities.as_ref().or(of_demo);
        let authorities = authorities
            .map(|path| files::authorities_with_lists(("--authorities", path), lists))
            .transpose()?;
        Ok(Self { signer, known: Known { authorities, caller, ..Known::nothing() } })
    }

    /// The message, or the first step of it that the door would refuse. The name in it is not shown: the registry's is.
    pub fn envelope(&self, draft: &Draft, sender: &str) -> Result<Result<Bytes, Finding>> {
        let today = SystemClock.now().date();
        let message = compose_soap::deliver_secure(draft, sender, today, &self.signer, &self.signer)?;
        let mut findings = Findings::default();
        self.known.examine(&mut findings, &message);
        Ok(findings.into_broken().map_or(Ok(message), Err))
    }
}
