//! Who we are to those who ask where a mailbox is: told anew from the configuration at every start.

use crate::config::Config;
use anyhow::{Context, Result};
use domain::{OrgNumber, Time};
use registry::operators::{self, NewOperator};
use store::Store;

/// Writes our own row of the operators, unless it stands there already.
pub(super) async fn settle(config: &Config, store: &Store, now: Time) -> Result<()> {
    let number = OrgNumber::parse(&config.instance.number).context("instance.number")?;
    let service_address = format!("{}/Service/v3", config.agency_origin());
    let new = NewOperator {
        number: &number,
        domain: &config.instance.id,
        name: &config.instance.name,
        service_address: &service_address,
        ui_address: Some(&config.web.origin),
    };
    let mut tx = store.begin("settle own operator").await?;
    operators::set_own(&mut tx, &new, now).await.context(
        "instance.number, instance.id, instance.name: what they say of us does not go with the operators that are \
         registered; see kuvert operator list",
    )?;
    tx.commit().await?;
    Ok(())
}
