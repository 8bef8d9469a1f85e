//! `Authority`, the register's other service, only ever of the first version: who may send, who dispatches for whom, and
//! who may sign for companies. Its child elements stand in no namespace.

use crate::{
    Door,
    agreement::{Agreement, CANCEL_CONSENT, OWNERSHIP, SignatureData},
    authorisation::{self, Authorised, person},
    call::{Answering, Call},
    far::{Far, identity},
    fault::{CallId, Fault, Version},
    reply::respond,
};
use axum::{
    extract::{Request, State},
    http::StatusCode,
    response::Response,
};
use delivery::{
    ReadError,
    names::{AUTHORITY, SENDER},
    read::Children,
    soap,
    write::Xml,
};
use domain::{Code, Identity, OrgNumber, Refusal};
use intake::AcceptError;

/// The port's own namespace, in which its operations are.
pub(crate) const PORT: &str = "http://minameddelanden.gov.se/Authority";

pub(crate) async fn serve(
    State((door, far)): State<(Door, Far)>,
    request: Request,
) -> Result<Response, Fault> {
    let answering = Answering::begin(&door, "authority");
    let mut operation = "getSenders";
    let answered = answer(&door, &far, &answering.id, request, &mut operation).await;
    answering.end(answered.map(|xml| respond(StatusCode::OK, &xml)), Version::V1 { operation })
}

async fn answer(
    door: &Door,
    far: &Far,
    id: &CallId,
    request: Request,
    operation: &mut &'static str,
) -> Result<String, AcceptError> {
    let call = Call::read(door, id, request, MOST_BYTES).await?;
    let (name, asked) = Question::read(&call.envelope)?;
    *operation = name;
    let inside = match asked {
        Question::Senders => senders(far),
        Question::Dispatchers => dispatchers(far),
        Question::IsSenderAccepted(number) => is_sender_accepted(far, &number),
        Question::AccessRights(user) => access_rights(far, &call.caller, &user).await?,
        Question::TestNewSigner(asked) => test_new_signer(far, &call.caller, asked).await?,
        Question::Verify(asked) => verify(far, &call.caller, asked).await?,
    };
    Ok(format!("<a:{name}Response xmlns:a=\"{PORT}\">{}</a:{name}Response>", inside.0))
}

enum Question {
    Senders,
    Dispatchers,
    IsSenderAccepted(String),
    AccessRights(String),
    TestNewSigner(NewSigner),
    Verify(Signatures),
}

/// Who has signed for a company, and who might be next.
struct NewSigner {
    company: String,
    signed_by: Vec<(String, String)>,
    next: Option<String>,
}

/// Signatures for a company over a text.
struct Signatures {
    company: String,
    signatures: Vec<SignatureData>,
    text: Vec<u8>,
    action: &'static str,
}

impl Question {
    fn read(envelope: &[u8]) -> Result<(&'static str, Self), Refusal> {
        let document = delivery::parse(envelope).map_err(|error| intake::refusal(&error.into()))?;
        let body = soap::body(&document).map_err(|error| intake::refusal(&error.into()))?;
        if body.tag_name().namespace() != Some(PORT) {
            return Err(Code::OperationUnknown.into());
        }
        let of = Children::of(body, body.tag_name().name());
        let of = of.map_err(|error| intake::refusal(&error.into()))?;
        Self::of(body.tag_name().name(), of)
    }

    fn of(name: &str, mut of: Children<'_, '_>) -> Result<(&'static str, Self), Refusal> {
        let read = match name {
            "getSenders" => of.end().map(|()| ("getSenders", Self::Senders)),
            "getDispatchers" => of.end().map(|()| ("getDispatchers", Self::Dispatchers)),
            "isSenderAccepted" => arg0(of).map(|number| ("isSenderAccepted", Self::IsSenderAccepted(number))),
            "getUserAccessRights" => arg0(of).map(|user| ("getUserAccessRights", Self::AccessRights(user))),
            "getUserAccessRightsNoConcent" => {
                arg0(of).map(|user| ("getUserAccessRightsNoConcent", Self::AccessRights(user)))
            }
            "testNewSigner" => NewSigner::read(of).map(|asked| ("testNewSigner", Self::TestNewSigner(asked))),
            "verifyAuthorizedSignatures" => {
                Signatures::read(of).map(|asked| ("verifyAuthorizedSignatures", Self::Verify(asked)))
            }
            _ => return Err(Code::OperationUnknown.into()),
        };
        read.map_err(|error| intake::refusal(&error.into()))
    }
}

fn arg0(mut of: Children<'_, '_>) -> Result<String, ReadError> {
    let text = of.text((NONE, "arg0"))?;
    of.end()?;
    Ok(text)
}

fn action(of: &mut Children<'_, '_>, name: &'static str) -> Result<&'static str, ReadError> {
    let text = of.text((NONE, name))?;
    of.word(Some(&text), name, &["Ownership", "CancelConsent"])?;
    Ok(if text == "Ownership" { OWNERSHIP } else { CANCEL_CONSENT })
}

impl NewSigner {
    fn read(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let company = of.text((NONE, "arg0"))?;
        let mut signed_by = Vec::new();
        while let Some(node) = of.maybe((NONE, "arg1")) {
            of.check(signed_by.len() < MOST_PEOPLE, "arg1", "more than 50 people")?;
            let mut one = Children::of(node, "arg1")?;
            signed_by.push((one.text((AUTHORITY, "Id"))?, one.text((AUTHORITY, "Name"))?));
            one.end()?;
        }
        let next = of.optional((NONE, "arg2"))?;
        action(&mut of, "arg3")?;
        of.end()?;
        Ok(Self { company, signed_by, next })
    }
}

impl Signatures {
    fn read(mut of: Children<'_, '_>) -> Result<Self, ReadError> {
        let company = of.text((NONE, "arg0"))?;
        let mut signatures = vec![SignatureData::read(of.enter((NONE, "arg1"))?)?];
        while let Some(node) = of.maybe((NONE, "arg1")) {
            of.check(signatures.len() < MOST_PEOPLE, "arg1", "more than 50 signatures")?;
            signatures.push(SignatureData::read(Children::of(node, "arg1")?)?);
        }
        let text = of.binary((NONE, "arg2"))?;
        let action = action(&mut of, "arg3")?;
        of.end()?;
        Ok(Self { company, signatures, text, action })
    }
}

fn senders(far: &Far) -> Xml {
    let snapshot = far.snapshot();
    let mut senders: Vec<_> =
        snapshot.senders().filter(|sender| sender.may_send && sender.suspended_at.is_none()).collect();
    senders.sort_by(|a, b| a.number.cmp(&b.number));
    let mut xml = Xml(String::with_capacity(senders.len() * 200));
    for sender in senders {
        xml.open("return");
        xml.text_in(SENDER, "Id", sender.number.as_str());
        xml.text_in(SENDER, "Name", &sender.name);
        xml.close("return");
    }
    xml
}

/// Every organisation that may transmit: it dispatches for itself, where it is a sender, and for those that list it.
fn dispatchers(far: &Far) -> Xml {
    let snapshot = far.snapshot();
    let now = far.0.clock.now();
    let mut all: Vec<_> = snapshot.senders().filter(|one| one.suspended_at.is_none()).collect();
    all.sort_by(|a, b| a.number.cmp(&b.number));
    let mut xml = Xml(String::with_capacity(all.len() * 300));
    for dispatcher in all {
        xml.open("return");
        xml.text_in(DISPATCHER, "Id", dispatcher.number.as_str());
        xml.text_in(DISPATCHER, "Name", &dispatcher.name);
        for sender in snapshot.senders_of(&dispatcher.number, now) {
            xml.text_in(DISPATCHER, "Senders", sender.as_str());
        }
        xml.close("return");
    }
    xml
}

/// Whether an organisation is a sender that is accepted in the whole.
fn is_sender_accepted(far: &Far, number: &str) -> Xml {
    let snapshot = far.snapshot();
    let sender = OrgNumber::parse(number).ok().and_then(|number| snapshot.sender(&number).cloned());
    let accepted = sender.is_some_and(|sender| sender.may_send && sender.suspended_at.is_none());
    let mut xml = Xml(String::new());
    xml.text("return", if accepted { "true" } else { "false" });
    xml
}

/// The companies that a person may act for as a signatory. Consents between persons are the mailboxes' own here.
async fn access_rights(far: &Far, caller: &OrgNumber, user: &str) -> Result<Xml, AcceptError> {
    far.operator(caller)?;
    let person = identity(user, "/arg0")?;
    let mac = far.address_mac(caller, &person).await?;
    let file = far.signatories().await?;
    let mut xml = Xml(String::new());
    xml.open("return");
    for company in file.organisations_of(&mac) {
        xml.open_in(AUTHORITY, "Rights");
        xml.text("Id", company.as_str());
        if let Some(name) = file.company(&company).name {
            xml.text("OrganizationName", &name);
        }
        xml.text("UserIdentity", user);
        for right in ["View", "InitiateAccountAction", "EditSettings"] {
            xml.text("GrantedAccess", right);
        }
        xml.text("GrantType", "AuthorizedSignatory");
        xml.close("Rights");
    }
    xml.close("return");
    Ok(xml)
}

/// Whether a company has signed once one more person signs.
async fn test_new_signer(far: &Far, caller: &OrgNumber, asked: NewSigner) -> Result<Xml, AcceptError> {
    far.operator(caller)?;
    let company = company_number(&asked.company)?;
    let mut people = Vec::with_capacity(asked.signed_by.len() + 1);
    for (number, name) in &asked.signed_by {
        people.push((identity(number, "/arg1/Id")?, name.as_str()));
    }
    let signed = people.len();
    if let Some(next) = &asked.next {
        people.push((identity(next, "/arg2")?, ""));
    }
    let identities: Vec<Identity> = people.iter().map(|(identity, _)| identity.clone()).collect();
    let macs = far.address_macs(caller, &identities).await?;
    let status = far.company(&company).await?.authorisation(&macs);
    let mut xml = Xml(String::new());
    xml.open("return");
    xml.text_in(AUTHORITY, "Id", company.expose());
    for (identity, name) in &people[..signed] {
        person(identity, name, "SignedBy", &mut xml);
    }
    xml.text_in(AUTHORITY, "Status", authorisation::status(status));
    xml.close("return");
    Ok(xml)
}

/// Whether signatures for a company hold over a text, and are enough.
async fn verify(far: &Far, caller: &OrgNumber, asked: Signatures) -> Result<Xml, AcceptError> {
    far.operator(caller)?;
    let company = company_number(&asked.company)?;
    let text = String::from_utf8(asked.text);
    let text = text.map_err(|_| Refusal::new(Code::AgreementInvalid).because("the text is not UTF-8"))?;
    let agreement = Agreement {
        id: asked.company,
        act: asked.action,
        supplier: String::new(),
        date: None,
        accepted: Default::default(),
        text,
    };
    let signers = far.signers(&agreement, &asked.signatures)?;
    let authorised: Authorised = far.authorise(caller, &company, signers, Vec::new()).await?;
    let mut xml = Xml(String::new());
    xml.open("return");
    authorisation::result(&authorised, Some(far.0.clock.now()), &mut xml);
    xml.close("return");
    Ok(xml)
}

fn company_number(text: &str) -> Result<Identity, Refusal> {
    let company = identity(text, "/arg0")?;
    if company.is_person() {
        return Err(Refusal::new(Code::IdentityInvalid).because("a company's number").at("/arg0"));
    }
    Ok(company)
}

const DISPATCHER: &str = "http://minameddelanden.gov.se/schema/Dispatcher";
const NONE: &str = "";
const MOST_BYTES: u64 = 1024 * 1024;
const MOST_PEOPLE: usize = 50;
