//! Who can be reached, and how: asked before anything is sent.

use crate::{AcceptError, Intake, Route, Sought, error::unserved};
use domain::{
    Code, Identity, OrgNumber,
    words::{Unreachable, Way},
};
use registry::recipient;
use std::collections::HashMap;

/// How a recipient is reached, `None` the plain way; or why not.
pub type Reach = Result<Option<Way>, Unreachable>;

impl Intake {
    /// One answer each, in order, to what a sender asks of at most 1,000 recipients; what names nobody comes as the code that says
    /// so. Metered by `caller`.
    pub async fn reachability(
        &self,
        caller: &OrgNumber,
        sender: &OrgNumber,
        recipients: &[Result<Identity, Code>],
    ) -> Result<Vec<Reach>, AcceptError> {
        let identities: Vec<Identity> = recipients.iter().filter_map(|one| one.clone().ok()).collect();
        let macs = self.0.keys.address_macs(caller.as_str(), &identities).await.map_err(unserved)?;
        let now = self.0.clock.now();
        let found = self.look_up_many(&macs, sender, now).await?;
        let sought = |(identity, address_mac)| {
            Some(Sought { identity, address_mac, found: found.get(address_mac)?.as_ref().ok()? })
        };
        let sought: Vec<Sought<'_>> = identities.iter().zip(&macs).filter_map(sought).collect();
        let routes = self.routes(sender, &sought, now).await.map_err(unserved)?;
        let routes: HashMap<&Identity, _> = sought.iter().map(|one| one.identity).zip(routes).collect();
        let reach = |one: &Result<Identity, Code>| match one.as_ref().map(|identity| routes.get(identity)) {
            Err(code) | Ok(Some(Err(code))) => Err(recipient::unreachable(*code)),
            Ok(Some(Ok(Route::Here))) => Ok(None),
            Ok(Some(Ok(Route::Away(_)))) => Ok(Some(Way::Forwarded)),
            // What the database says of them is not vouched for.
            Ok(None) => Err(Unreachable::Unavailable),
        };
        Ok(recipients.iter().map(reach).collect())
    }
}
