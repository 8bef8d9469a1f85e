//! Who we are to those who ask where a mailbox is: told anew from the configuration at every start.

use super::operator::done;
use crate::config::Config;
use anyhow::{Context, Result};
use domain::OrgNumber;
use key_client::{By, Change, Keys, OperatorChange, OperatorDescription};

/// Has our own row of the operators written, unless it stands there already. The key service does it, and vouches for it.
pub(super) async fn settle(config: &Config, keys: &Keys) -> Result<()> {
    let number = OrgNumber::parse(&config.instance.number).context("instance.number")?;
    let own = OperatorDescription {
        number,
        domain: config.instance.id.clone(),
        name: config.instance.name.clone(),
        service_address: format!("{}/Service/v3", config.agency_origin()),
        ui_address: Some(config.web.origin.clone()),
    };
    let changed = keys.change(By::Operator, Change::Operator(OperatorChange::Own(own))).await?;
    done(changed).context(
        "instance.number, instance.id, instance.name: what they say of us does not go with the operators that are \
         registered; see kuvert operator list",
    )?;
    Ok(())
}
