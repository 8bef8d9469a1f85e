//! A delivery of Mina Meddelanden before it is sent: what the door will check, step by step, with what is known here.

mod letter;
mod parties;
mod registry;
mod signature;

pub use registry::{Registry, Standing};

use super::{Findings, listing::ListedBy};
use anyhow::{Context, Result};
use delivery::{
    DeliveryError, SoapError, XmlError,
    explain::{Form, Parts},
    parse, refusal,
};
use domain::{Clock, Code, OrgNumber, SystemClock, Time, letter::Limits};
use signature::{SEAL, SIGNATURE};
use std::{io::Read, path::Path};
use vault::Authorities;

/// What there is to judge by. Without it a step is not judged, and says so.
pub struct Known {
    pub authorities: Option<Authorities>,
    pub registry: Option<Box<dyn Registry>>,
    /// Who says what is in it.
    pub listed_by: ListedBy,
    /// Whose certificate the connection is made with.
    pub caller: Option<OrgNumber>,
    pub limits: Limits,
    pub most_bytes: u64,
    pub now: Time,
}

/// A file that holds a delivery; `-` is standard input.
pub fn read(file: &Path) -> Result<Vec<u8>> {
    let mut message = Vec::new();
    let read = match file.to_str() {
        Some("-") => std::io::stdin().lock().read_to_end(&mut message).map(|_| ()),
        _ => std::fs::read(file).map(|bytes| message = bytes),
    };
    read.with_context(|| format!("cannot read {}", file.display()))?;
    Ok(message)
}

impl Known {
    /// Nothing but the interface itself.
    pub fn nothing() -> Self {
        Self {
            authorities: None,
            registry: None,
            listed_by: ListedBy::Operator,
            caller: None,
            limits: Limits::default(),
            most_bytes: OUR_MOST,
            now: SystemClock.now(),
        }
    }

    /// Every step, in the order in which one follows from the other. What a broken one leaves unknown says so.
    pub fn examine(&self, findings: &mut Findings, message: &[u8]) {
        let length = message.len() as u64;
        if length > self.most_bytes {
            let says = format!(
                "{length} bytes, at most {} are taken: make the attachments smaller",
                self.most_bytes
            );
            return findings.bad("xml", Code::LetterTooLarge, says);
        }
        let document = match parse(message) {
            Ok(document) => document,
            Err(error) => {
                return findings.bad("xml", refusal(&error.into()).code, format!("{error}: {}", mend(error)));
            }
        };
        let others =
            if length > INTERFACE_MOST { "; other operators may take no more than 2 MiB" } else { "" };
        findings.good("xml", format!("{length} bytes of XML in UTF-8, within the limits{others}"));
        let parts = match Parts::of(&document) {
            Ok(parts) => parts,
            Err(error) => {
                let root = document.root_element().tag_name();
                let root = (root.namespace().unwrap_or_default(), root.name());
                let code = refusal(&error).code;
                return findings.bad("soap", code, format!("{error}: {}", misplaced(&error, root)));
            }
        };
        findings.good(
            "soap",
            match parts.form {
                Form::Envelope => "SOAP 1.1, deliverSecure of Service/v3",
                Form::Sealed => {
                    "a SealedDelivery alone: its root is renamed to deliverSecure when it is put into SOAP"
                }
                Form::Signed => "a SignedDelivery alone: it is not sealed yet",
            },
        );
        match &parts.delivery {
            Ok(delivery) => {
                let files: usize = delivery.messages.iter().map(|message| message.attachments.len()).sum();
                let says = format!(
                    "messages: {}, attachments: {files}; every element where it should be",
                    delivery.messages.len()
                );
                findings.good("form", says);
            }
            Err(error) => {
                let says =
                    format!("{error}. Compare name, order and namespace with the schema that ?wsdl names");
                findings.bad("form", Code::DeliveryMalformed, says);
            }
        }
        let delivery = parts.delivery.as_ref().ok();
        let sender = delivery.map(|delivery| OrgNumber::parse(&delivery.sender_id));
        self.sender(findings, sender.as_ref());
        let sender = sender.and_then(Result::ok);
        let signed = parts.signature();
        let sealed = parts.seal();
        let holds = |judged: &Option<Result<delivery::explain::Judged, _>>| {
            judged
                .as_ref()
                .is_some_and(|one| one.as_ref().is_ok_and(|j| j.content.is_ok() && j.value.is_ok()))
        };
        let letter_holds = holds(&signed);
        let seal_holds = holds(&sealed);
        let signed = SIGNATURE.examine(findings, signed, &parts.foreign_algorithms(), seal_holds);
        self.signer(findings, signed.as_ref(), sender.as_ref());
        SIGNATURE.trust(findings, self, signed.as_ref(), sender.as_ref());
        let sealed = match parts.form {
            Form::Signed => {
                findings.unknown(SEAL.check, "it is not sealed yet");
                None
            }
            _ => SEAL.examine(findings, sealed, &parts.foreign_algorithms_of_seal(), letter_holds),
        };
        if parts.form != Form::Signed {
            self.sealer(findings, sealed.as_ref(), sender.as_ref());
            SEAL.trust(findings, self, sealed.as_ref(), sender.as_ref());
        }
        letter::examine(findings, self, delivery);
    }
}

fn mend(error: XmlError) -> &'static str {
    match error {
        XmlError::Encoding => "write UTF-8, and say no other encoding in the declaration",
        XmlError::Malformed => "was the file cut, or is it no XML at all?",
        XmlError::DocumentType => "leave out DOCTYPE and entities other than XML's own five",
        XmlError::Instruction => "leave out processing instructions, such as a style sheet",
        XmlError::TooComplex => "a delivery has about a hundred elements a letter and few prefixes",
        XmlError::Breaks => "break base64 into lines with line feeds alone, or not at all",
        XmlError::TooLong => "long texts belong in a Body: that of the letter, or that of an attachment",
    }
}

/// What to mend in the frame around a delivery.
fn misplaced(error: &DeliveryError, (namespace, name): (&str, &str)) -> String {
    let twelve = namespace == "http://www.w3.org/2003/05/soap-envelope";
    match error {
        DeliveryError::Soap(SoapError::Envelope) if twelve => "this is SOAP 1.2; the interface is SOAP 1.1".to_owned(),
        DeliveryError::Soap(SoapError::Envelope) => format!(
            "the root is {}; give a SOAP 1.1 Envelope, or a SealedDelivery or SignedDelivery of Message/v3",
            plain(name)
        ),
        DeliveryError::Soap(SoapError::MustUnderstand) => {
            "leave the header out: the interface has no WS-Security, the signatures are in the delivery".to_owned()
        }
        DeliveryError::Soap(SoapError::Body) => "put deliverSecure into it, and nothing else".to_owned(),
        DeliveryError::OtherOperation => {
            "deliverSecure must be in the namespace of Service/v3; versions 1 and 2 are not served".to_owned()
        }
        _ => "inside deliverSecure stands one more deliverSecure of Service/v3: the SealedDelivery under that name".to_owned(),
    }
}

/// A name from the file, where it can be shown.
fn plain(name: &str) -> &str {
    if name.len() <= 64 && name.bytes().all(|b| b.is_ascii_graphic()) { name } else { "something else" }
}

const UNREAD: &str = "not judged: the form is broken";
const UNSIGNED: &str = "not judged: no certificate that is known made the signature";
/// Of the interface, for everybody.
const INTERFACE_MOST: u64 = 2 * 1024 * 1024;
/// What an instance takes unless it is told otherwise.
const OUR_MOST: u64 = 10 * 1024 * 1024;
