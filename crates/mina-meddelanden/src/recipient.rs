//! `Recipient/v3`, the register's service: who can be reached where, and what recipients choose. The operation is the
//! Body's element, some of `Recipient/v3`, some of `Recipient/v2`.

mod account;
mod by_agreement;
mod change_supplier;
mod pending_requests;
mod places;
mod preferences;
mod reachable;
mod signer;

use crate::{
    Door,
    call::{Answering, Call},
    far::Far,
    fault::{CallId, Fault, Version},
    reply::respond,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use delivery::{
    names::{RECIPIENT_V2, RECIPIENT_V3},
    read::Children,
    soap,
    write::Xml,
};
use domain::{Code, OrgNumber, Refusal};
use intake::{AcceptError, Intake};

pub(crate) async fn serve(
    State((door, far)): State<(Door, Far)>,
    request: Request,
) -> Result<Response, Fault> {
    let answering = Answering::begin(&door, "recipient");
    let answered = answer(&door, &far, &answering.id, request).await;
    answering.end(answered.map(|xml| respond(StatusCode::OK, &xml)), Version::V3)
}

async fn answer(door: &Door, far: &Far, id: &CallId, request: Request) -> Result<String, AcceptError> {
    let call = Call::read(door, id, request, MOST_BYTES).await?;
    let asked = Question::read(&call.envelope)?;
    let session = Session { far, intake: &door.intake, call: &call.id, caller: &call.caller };
    match asked {
        Question::IsReachable(asked) => session.is_reachable(asked).await,
        Question::IsRegistered(asked) => session.is_registered(asked).await,
        Question::Register(asked) => session.register(asked).await,
        Question::Deregister(asked) => session.deregister(asked).await,
        Question::PendingAccounts(asked) => session.pending_accounts(asked).await,
        Question::DeletePendingAccount(asked) => session.delete_pending_account(asked).await,
        Question::Preferences(asked) => session.preferences(asked).await,
        Question::StorePreferences(asked) => session.store_preferences(asked).await,
        Question::PendingPreferences(asked) => session.pending_preferences(asked).await,
        Question::DeletePendingPreferences(asked) => session.delete_pending_preferences(asked).await,
        Question::ChangeSupplier(asked) => session.change_supplier(asked).await,
        Question::PendingChange(asked) => session.pending_change(asked).await,
        Question::DeletePendingChange(asked) => session.delete_pending_change(asked).await,
        Question::IsAuthorizedSigner(asked) => session.is_authorized_signer(asked).await,
    }
}

struct Session<'a> {
    far: &'a Far,
    /// Compares recipients with what the key service vouches for.
    intake: &'a Intake,
    call: &'a CallId,
    caller: &'a OrgNumber,
}

/// What is asked. Parsed at once, since the document does not outlive a wait for the database.
enum Question {
    IsReachable(reachable::Reachable),
    IsRegistered(reachable::Registered),
    Register(account::Account),
    Deregister(account::Account),
    PendingAccounts(pending_requests::Accounts),
    DeletePendingAccount(Owned),
    Preferences(Owned),
    StorePreferences(preferences::Store),
    PendingPreferences(Owned),
    DeletePendingPreferences(Owned),
    ChangeSupplier(change_supplier::Change),
    PendingChange(Owned),
    DeletePendingChange(Owned),
    IsAuthorizedSigner(Owned),
}

/// A recipient, and a person who asks.
struct Owned {
    id: String,
    user: String,
}

impl Owned {
    fn read(
        mut of: Children<'_, '_>,
        namespace: &str,
        names: [&str; 2],
    ) -> Result<Self, delivery::ReadError> {
        let owned = Self { id: of.text((namespace, names[0]))?, user: of.text((namespace, names[1]))? };
        of.end()?;
        Ok(owned)
    }
}

impl Question {
    fn read(envelope: &[u8]) -> Result<Self, Refusal> {
        let document = delivery::parse(envelope).map_err(|error| intake::refusal(&error.into()))?;
        let body = soap::body(&document).map_err(|error| intake::refusal(&error.into()))?;
        let namespace = body.tag_name().namespace().unwrap_or_default();
        let operation = body.tag_name().name();
        let of = Children::of(body, operation).map_err(|error| intake::refusal(&error.into()))?;
        let read = match (namespace, operation) {
            (RECIPIENT_V3, "isReachable") => reachable::Reachable::read(of).map(Self::IsReachable),
            (RECIPIENT_V3, "isRegistered") => reachable::Registered::read(of).map(Self::IsRegistered),
            (RECIPIENT_V3, "register") => account::Account::register(of).map(Self::Register),
            (RECIPIENT_V3, "deregister") => account::Account::deregister(of).map(Self::Deregister),
            (RECIPIENT_V3, "getPendingAccountRequest") => {
                pending_requests::Accounts::read(of).map(Self::PendingAccounts)
            }
            (RECIPIENT_V3, "deletePendingAccountRequest") => {
                Owned::read(of, RECIPIENT_V3, ["recipientId", "userIdentity"]).map(Self::DeletePendingAccount)
            }
            (RECIPIENT_V3, "getAccountPreferences") => {
                Owned::read(of, RECIPIENT_V3, ["RecipientId", "UserIdentity"]).map(Self::Preferences)
            }
            (RECIPIENT_V2, "storeAccountPreferences") => {
                preferences::Store::read(of).map(Self::StorePreferences)
            }
            (RECIPIENT_V2, "getPendingAccountPreferences") => {
                Owned::read(of, RECIPIENT_V2, ID_AND_USER).map(Self::PendingPreferences)
            }
            (RECIPIENT_V2, "deletePendingAccountPreferences") => {
                within(of).map(Self::DeletePendingPreferences)
            }
            (RECIPIENT_V2, "changeServiceSupplier") => {
                change_supplier::Change::read(of).map(Self::ChangeSupplier)
            }
            (RECIPIENT_V2, "getPendingChangeServiceSupplier") => {
                Owned::read(of, RECIPIENT_V2, ID_AND_USER).map(Self::PendingChange)
            }
            (RECIPIENT_V2, "deletePendingChangeServiceSupplier") => within(of).map(Self::DeletePendingChange),
            (RECIPIENT_V2, "isAuthorizedSigner") => {
                Owned::read(of, RECIPIENT_V2, ["CompanyId", "UserIdentity"]).map(Self::IsAuthorizedSigner)
            }
            _ => return Err(Code::OperationUnknown.into()),
        };
        read.map_err(|error| intake::refusal(&error.into()))
    }
}

/// An `OrganizationIdentity` in an element of its own.
fn within(mut of: Children<'_, '_>) -> Result<Owned, delivery::ReadError> {
    let inside = of.enter((RECIPIENT_V2, "organizationIdentity"))?;
    of.end()?;
    Owned::read(inside, RECIPIENT_V2, ID_AND_USER)
}

/// The response element around what `inside` writes.
fn response(namespace: &str, name: &str, inside: impl FnOnce(&mut Xml)) -> String {
    let mut xml = Xml(String::with_capacity(1024));
    xml.open_in(namespace, name);
    inside(&mut xml);
    xml.close(name);
    xml.0
}

/// Questions for a thousand recipients are some 60 KiB.
const MOST_BYTES: u64 = 1024 * 1024;
const ID_AND_USER: [&str; 2] = ["Id", "UserIdentity"];
