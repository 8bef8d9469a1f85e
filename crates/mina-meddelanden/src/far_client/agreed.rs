//! `register`, `deregister` and `changeServiceSupplier`, as they are asked: what a recipient signed is taken to the
//! register, which verifies it. Nothing is signed here for anybody.

use super::FarClient;
use crate::soap_client::{CallError, text_below};
use base64::{Engine, engine::general_purpose::STANDARD};
use delivery::{
    document::is,
    names::{AUTHORITY, COMMON, Name, RECIPIENT, RECIPIENT_V2, RECIPIENT_V3},
    write::Xml,
};
use domain::{CivilDate, Identity};
use roxmltree::Node;

/// What a recipient agreed to. All of it is in what was signed too.
#[derive(Clone, Debug)]
pub struct Agreed {
    pub recipient: Identity,
    /// The operator's internet domain.
    pub supplier: String,
    pub text: String,
    pub date: CivilDate,
}

/// A signature as the interface carries it, from whoever has it. No `Debug`: it names a person.
#[derive(Clone)]
pub struct SignedAgreement {
    pub signature: Vec<u8>,
    /// Base64 of the signer's certificate; empty where it stands in the signature.
    pub certificate: String,
}

/// What the register makes of signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Authorised {
    Complete,
    /// It waits: others must sign too. So many have.
    Incomplete {
        signed: usize,
    },
    /// The company's rule is none that the register understands.
    RulesNotSupported,
}

impl FarClient {
    /// Registers a recipient's mailbox at `agreed.supplier`.
    pub async fn register(
        &self,
        agreed: &Agreed,
        signatures: &[SignedAgreement],
    ) -> Result<Authorised, CallError> {
        let question = account("register", agreed, signatures);
        self.take(question, (RECIPIENT_V3, "registerResponse"), "return").await
    }

    /// Ends the registration at `agreed.supplier`.
    pub async fn deregister(
        &self,
        agreed: &Agreed,
        signatures: &[SignedAgreement],
    ) -> Result<Authorised, CallError> {
        let question = account("deregister", agreed, signatures);
        self.take(question, (RECIPIENT_V3, "deregisterResponse"), "return").await
    }

    /// Moves a recipient's mailbox to `agreed.supplier`. `user` is the person who asks, one of those who signed.
    pub async fn change_service_supplier(
        &self,
        agreed: &Agreed,
        user: &Identity,
        signatures: &[SignedAgreement],
    ) -> Result<Authorised, CallError> {
        let mut xml = Xml(String::with_capacity(16 * 1024));
        xml.open_in(RECIPIENT_V2, "changeServiceSupplier");
        xml.text("Id", agreed.recipient.expose());
        xml.text("UserIdentity", user.expose());
        xml.text("ServiceSupplier", &agreed.supplier);
        xml.text("AgreementText", &agreed.text);
        write_signatures("SignatureData", signatures, &mut xml);
        xml.close("changeServiceSupplier");
        let answer = (RECIPIENT_V2, "changeServiceSupplierResponse");
        self.take(xml.0, answer, "signatureAuthorizationResult").await
    }

    async fn take(&self, question: String, answer: Name<'_>, within: &str) -> Result<Authorised, CallError> {
        let read =
            |body: Node<'_, '_>| authorised(body.children().find(|node| is(node, (answer.0, within)))?);
        self.soap.call(&self.addresses.recipient, &question, answer, read).await
    }
}

fn account(operation: &str, agreed: &Agreed, signatures: &[SignedAgreement]) -> String {
    let (part, kind) = match operation {
        "register" => ("accountRequest", "Create"),
        _ => ("deregisterAccount", "Delete"),
    };
    let mut xml = Xml(String::with_capacity(16 * 1024));
    xml.open_in(RECIPIENT_V3, operation);
    xml.open(part);
    xml.text_in(RECIPIENT, "Id", agreed.recipient.expose());
    xml.text_in(RECIPIENT, "Type", kind);
    xml.text_in(RECIPIENT, "AgreementText", &agreed.text);
    xml.text_in(RECIPIENT, "Timestamp", &agreed.date.to_string());
    xml.text_in(RECIPIENT, "ServiceSupplier", &agreed.supplier);
    xml.close(part);
    if operation == "register" {
        xml.text("accountType", "Secure");
    }
    write_signatures("signature", signatures, &mut xml);
    xml.close(operation);
    xml.0
}

fn write_signatures(name: &str, signatures: &[SignedAgreement], xml: &mut Xml) {
    for one in signatures {
        xml.open(name);
        xml.text_in(COMMON, "Signature", &STANDARD.encode(&one.signature));
        xml.text_in(COMMON, "Certificate", &one.certificate);
        xml.close(name);
    }
}

fn authorised(of: Node<'_, '_>) -> Option<Authorised> {
    let signed = of.children().filter(|node| is(node, (AUTHORITY, "SignedBy"))).count();
    let status = of.children().find(|node| is(node, (AUTHORITY, "Status")))?;
    match text_below(status, "Status")?.as_str() {
        "Complete" => Some(Authorised::Complete),
        "Incomplete" => Some(Authorised::Incomplete { signed }),
        "RulesNotSupported" => Some(Authorised::RulesNotSupported),
        _ => None,
    }
}
