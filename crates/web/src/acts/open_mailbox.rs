//! The first time: a mailbox of one's own. Whoever has one at another operator is asked before it moves here.

use crate::{
    acts::{see, start},
    fault::{Fault, trouble},
    frame::Place,
    pages::Confirm,
    posted::Sent,
    state::Web,
    visitor::{Visitor, page},
};
use axum::{extract::State, response::Response};
use domain::{MailboxId, OrgNumber, PersonId, words::Because};
use key_client::{Applicant, Column, declined_sender};
use registry::{
    Owner, Recorder,
    boxes::{self, BoxError, NewBox},
    declined, operators, organisations,
    people::{self, NewPerson},
    preferences::{self, BroughtHome},
    register, registrations,
};
use store::Tx;

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
    let moves = sent.fields.is_set(MOVE);
    let mut tx = parts.store.read("find registration").await?;
    let elsewhere = registrations::find(&mut tx, &applicant.address_mac).await?;
    drop(tx);
    if let (Some(there), false) = (elsewhere, moves) {
        return ask_to_move(&web, &sent.visitor, &there.operator).await;
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
    if let Some(there) = open(&web, person, &applicant, moves).await? {
        return ask_to_move(&web, &sent.visitor, &there).await;
    }
    parts.keys.refresh_person(&session.grant).await?;
    sync_signatory(&web, &applicant.address_mac).await;
    Ok(see("/contacts?done=opened"))
}

/// Opens the mailbox, or tells the operator that it would be moved from.
async fn open(
    web: &Web,
    person: PersonId,
    applicant: &Applicant,
    moves: bool,
) -> Result<Option<OrgNumber>, Fault> {
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
    let off = if moves { turned_off(web, &applicant.address_mac, mailbox_id).await? } else { vec![] };
    let recorder = Recorder::service(&parts.web_keys.events, web.random(), &*parts.clock);
    let recorder = recorder.by(person, Because::Owner);
    let new = NewBox { mailbox_id, owner, epoch, public_key: &public_key, adult: applicant.adult };
    let mut tx = parts.store.begin("open mailbox").await?;
    if moves {
        registrations::bring_home(&mut tx, owner, web.now()).await?;
    }
    let opened = match boxes::open(&mut tx, &new, &recorder).await {
        Ok(opened) => opened,
        Err(BoxError::Elsewhere(operator)) => return Ok(Some(operator)),
        Err(BoxError::Registry(error)) => return Err(error.into()),
        Err(BoxError::UnderAge | BoxError::Deceased | BoxError::UnknownOwner) => return Err(Fault::Frozen),
    };
    // Another log-in may have opened one under another id meanwhile; what was sealed for this one does not fit it.
    if moves && opened == mailbox_id {
        turn_off(&mut tx, applicant, mailbox_id, &off, &recorder).await?;
    }
    tx.commit().await?;
    tracing::info!("A mailbox was opened");
    Ok(None)
}

/// A sender that was turned off elsewhere, as it will stand in the mailbox here.
struct Off {
    sender: OrgNumber,
    sender_mac: [u8; 32],
    sealed: Vec<u8>,
}

async fn turned_off(web: &Web, address_mac: &[u8; 32], mailbox_id: MailboxId) -> Result<Vec<Off>, Fault> {
    let (parts, mac) = (&web.0.parts, &web.0.parts.web_keys.sender);
    let mut tx = parts.store.read("find senders turned off elsewhere").await?;
    let senders = preferences::off(&mut tx, mac, address_mac).await?;
    drop(tx);
    let tagged =
        senders.into_iter().map(|one| (declined::sender_mac(mac, mailbox_id, &one.number), one.number));
    let tagged: Vec<_> = tagged.collect();
    let item = |(tag, number): &([u8; 32], OrgNumber)| {
        (Column::Declined, declined_sender(mailbox_id, tag), number.as_str().as_bytes().to_vec())
    };
    let sealed = parts.keys.seal_columns(tagged.iter().map(item).collect()).await?;
    let all = tagged.into_iter().zip(sealed);
    Ok(all.map(|((sender_mac, sender), sealed)| Off { sender, sender_mac, sealed }).collect())
}

async fn turn_off(
    tx: &mut Tx,
    applicant: &Applicant,
    mailbox_id: MailboxId,
    off: &[Off],
    recorder: &Recorder<'_>,
) -> Result<(), Fault> {
    let home = off.iter().map(|one| BroughtHome {
        sender: &one.sender,
        sender_mac: &one.sender_mac,
        sealed_sender: &one.sealed,
    });
    let home: Vec<_> = home.collect();
    Ok(preferences::bring_home(tx, &applicant.address_mac, mailbox_id, &home, recorder).await?)
}

async fn ask_to_move(web: &Web, visitor: &Visitor, from: &OrgNumber) -> Result<Response, Fault> {
    let mut tx = web.0.parts.store.read("find operator").await?;
    let operator = operators::find(&mut tx, from).await?;
    drop(tx);
    let (t, name) = (visitor.t(), operator.map_or_else(|| from.to_string(), |operator| operator.name));
    page(Confirm {
        f: visitor.frame(Place::Elsewhere, t.start.move_title),
        question: t.move_question(&name),
        about: None,
        means: vec![t.start.move_means, t.start.move_keeps, t.start.move_off],
        action: "/open-mailbox".to_owned(),
        fields: vec![(MOVE, "yes".to_owned())],
        yes: t.start.move_yes.to_owned(),
        grave: false,
        back: "/".to_owned(),
        no: t.start.move_no,
    })
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

/// The field of the form that says yes to moving.
const MOVE: &str = "move";
