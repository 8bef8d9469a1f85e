//! What is said above the letters: a mailbox that is closed, and questions between people.

use crate::{dates, fault::Fault, pages::Banner, state::Web, visitor::Reader};

/// All that holds now.
pub(crate) async fn of(web: &Web, reader: &Reader) -> Result<Vec<Banner>, Fault> {
    let session = reader.session()?;
    let t = reader.t();
    let accounts = &web.0.parts.accounts;
    let mut banners = Vec::new();
    let own = session.own_box();
    if let Some((own, closed_at)) = own.and_then(|own| Some((own, own.closed_at?))) {
        let date = dates::long(closed_at.date(), t);
        let by_owner = accounts.was_closed_by_owner(&reader.actor, own.mailbox_id).await?;
        banners.push(Banner::Closed(if by_owner {
            t.closed_by_you(&date)
        } else {
            t.closed_by_others(&date)
        }));
    } else if let Some(own) = own
        && accounts.asked(&reader.actor, own.mailbox_id).await?.iter().any(|one| one.helper.is_some())
    {
        banners.push(Banner::Helpers(t.settings.asked_banner));
    }
    if !accounts.asks(&reader.actor).await?.is_empty() {
        banners.push(Banner::Helpers(t.settings.asks_banner));
    }
    Ok(banners)
}
