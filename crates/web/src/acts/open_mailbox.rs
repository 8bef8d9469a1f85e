//! The first time: a mailbox of one's own.

use crate::{
    acts::{see, start},
    fault::{Fault, trouble},
    posted::Sent,
    state::Web,
    visitor::page,
};
use axum::{extract::State, response::Response};
use domain::{MailboxId, PersonId, words::Because};
use key_client::Applicant;
use registry::{
    Owner, Recorder,
    boxes::{self, BoxError, NewBox},
    organisations,
    people::{self, NewPerson},
    register,
};

/// `POST /open-mailbox`
pub(crate) async fn act(State(web): State<Web>, sent: Sent) -> Result<Response, Fault> {
    let session = sent.visitor.session()?;
    if session.own_box().is_some_and(|own| own.closed_at.is_none()) {
        return Ok(see("/"));
    }
    let parts = &web.0.parts;
    let applicant = parts.keys.applicant(&session.grant).await?;
    if !applicant.adult {
        return page(start::too_young(&sent.visitor));
    }
    let mut tx = parts.store.begin("make person known").await?;
    let new = NewPerson {
        login_mac: &applicant.login_mac,
        address_mac: &applicant.address_mac,
        kind: applicant.kind,
        profile: &applicant.profile_sealed,
        language: people::Language::parse(sent.visitor.language.code()).unwrap_or_default(),
    };
    let (person, _) = people::register(&mut tx, &new, web.now(), web.random()).await?;
    tx.commit().await?;
    open(&web, person, &applicant).await?;
    parts.keys.refresh_person(&session.grant).await?;
    sync_signatory(&web, &applicant.address_mac).await;
    Ok(see("/contacts?done=opened"))
}

async fn open(web: &Web, person: PersonId, applicant: &Applicant) -> Result<(), Fault> {
    let (parts, owner) = (&web.0.parts, Owner::Person(person));
    let mut tx = parts.store.read("find own mailbox").await?;
    let found = boxes::of_owner(&mut tx, owner).await?;
    drop(tx);
    // A key is made only for a new mailbox; a closed one keeps its own.
    let (mailbox_id, (epoch, public_key)) = match found {
        Some(mailbox) => (mailbox.mailbox_id, (mailbox.epoch, mailbox.public_key)),
        None => {
            let mailbox_id = MailboxId::new(web.random());
            (mailbox_id, parts.keys.make_mailbox_key(mailbox_id).await?)
        }
    };
    let recorder = Recorder::service(&parts.web_keys.events, web.random(), &*parts.clock);
    let recorder = recorder.by(person, Because::Owner);
    let new = NewBox { mailbox_id, owner, epoch, public_key: &public_key, adult: applicant.adult };
    let mut tx = parts.store.begin("open mailbox").await?;
    match boxes::open(&mut tx, &new, &recorder).await {
        Ok(_) => tx.commit().await?,
        Err(BoxError::Registry(error)) => return Err(error.into()),
        Err(BoxError::UnderAge | BoxError::Deceased | BoxError::UnknownOwner) => return Err(Fault::Frozen),
    }
    tracing::info!("A mailbox was opened");
    Ok(())
}

/// Gives someone who is known from now on the rights that the register of signatories names. What fails here is
/// tried again at the next log-in.
pub(crate) async fn sync_signatory(web: &Web, address_mac: &[u8; 32]) {
    if let Err(fault) = try_sync(web, address_mac).await {
        tracing::warn!(?fault, "The register of signatories could not be followed at a log-in");
    }
}

async fn try_sync(web: &Web, address_mac: &[u8; 32]) -> Result<(), Fault> {
    let parts = &web.0.parts;
    let numbers = parts.register.organisations_of(address_mac).await.map_err(|error| trouble(&error))?;
    if numbers.is_empty() {
        return Ok(());
    }
    let identities: Vec<_> = numbers.iter().map(domain::OrgNumber::identity).collect();
    let macs = parts.keys.address_macs("web", &identities).await?;
    for (number, mac) in numbers.iter().zip(macs) {
        let signatories = parts.register.signatories(number).await.map_err(|error| trouble(&error))?;
        let mut tx = parts.store.begin("follow register of signatories").await?;
        let Some(organisation) = organisations::by_address(&mut tx, &mac, web.now()).await? else { continue };
        let owner = Owner::Organisation(organisation.organisation_id);
        let Some(mailbox) = boxes::of_owner(&mut tx, owner).await? else { continue };
        let recorder = Recorder::service(&parts.web_keys.events, web.random(), &*parts.clock);
        register::sync(&mut tx, mailbox.mailbox_id, &signatories, &recorder).await?;
        tx.commit().await?;
    }
    Ok(())
}
