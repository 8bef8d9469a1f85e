//! Refusals as SOAP faults, in the form and with the numbers of the interface.

use crate::{authority::PORT, reply::respond};
use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use delivery::{
    names::{COMMON, COMMON_V3, SOAP},
    write::Xml,
};
use domain::{Code, Refusal};
use intake::AcceptError;
use std::time::Duration;
use tracing::{info, warn};

/// The id of one call, a UUID: what a fault names and our logs can be searched for.
#[derive(Clone, Debug)]
pub struct CallId(String);

impl CallId {
    pub(crate) fn new(random: &dyn domain::Random) -> Self {
        let bytes = domain::chance::bytes(random);
        Self(uuid::Builder::from_random_bytes(bytes).into_uuid().to_string())
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A refusal on its way out.
#[derive(Debug)]
pub struct Fault {
    refusal: Refusal,
    retry_after: Option<Duration>,
    call: CallId,
    version: Version,
}

/// How the version of the service writes its faults.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Version {
    /// One element for all operations.
    V3,
    /// An element for each, in the port's namespace: the Authority service.
    V1 { operation: &'static str },
}

impl Fault {
    /// Told in the log at once, with the call's id and without anything of what was sent.
    pub(crate) fn new(call: &CallId, error: &AcceptError, version: Version) -> Self {
        let refusal = error.refusal();
        let code = refusal.code.as_str();
        let detail = refusal.detail.as_deref().unwrap_or_default();
        if refusal.code.status() >= 500 {
            warn!(call.id = call.as_str(), code, detail, "A call failed");
        } else {
            info!(call.id = call.as_str(), code, detail, "Refused a call");
        }
        Self { refusal, retry_after: error.retry_after(), call: call.clone(), version }
    }
}

impl IntoResponse for Fault {
    fn into_response(self) -> Response {
        let Refusal { code, detail, pointer } = &self.refusal;
        let ours = code.status() >= 500;
        let said =
            [detail.as_deref(), pointer.as_deref()].into_iter().flatten().collect::<Vec<_>>().join(", ");
        let said = if said.is_empty() { said } else { format!(" ({said})") };
        let description = format!("{}: {}{said}. {}", code.as_str(), code.title(), code.mend());
        let mut xml = Xml(String::with_capacity(1024));
        xml.0.push_str(&format!("<S:Fault xmlns:S=\"{SOAP}\">"));
        xml.text("faultcode", if ours { "S:Server" } else { "S:Client" });
        xml.text("faultstring", code.title());
        let (namespace, name) = match self.version {
            Version::V3 => (COMMON_V3, "applicationFault".to_owned()),
            Version::V1 { operation } => (PORT, format!("{operation}Fault")),
        };
        // In version 3 the members are of the same namespace, in version 1 of another.
        let members = if let Version::V3 = self.version { COMMON_V3 } else { COMMON };
        xml.open("detail");
        xml.open_in(namespace, &name);
        xml.text_in(members, "ErrorCode", &number(*code).to_string());
        xml.text_in(members, "Description", &description);
        xml.text_in(members, "CallId", self.call.as_str());
        xml.close(&name);
        xml.0.push_str("</detail></S:Fault>");
        let mut response = respond(StatusCode::INTERNAL_SERVER_ERROR, &xml.0);
        if let Some(wait) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
        }
        response.extensions_mut().insert(*code);
        response
    }
}

/// The interface's number for what is wrong. Those from 5000 on are the application's.
pub(crate) fn number(code: Code) -> u16 {
    match code {
        Code::SignatureInvalid
        | Code::SealInvalid
        | Code::CertificateUntrusted
        | Code::CertificateUnknown
        | Code::CertificateExpired
        | Code::CertificateRevoked
        | Code::SignerNotAllowed
        | Code::SenderSuspended => ACCESS_DENIED,
        Code::XmlSignatureNotAllowed | Code::XmlAlgorithmNotAllowed => SIGNATURE_ERROR,
        Code::LetterTooLarge | Code::BodyTooLarge | Code::TooManyAttachments | Code::AttachmentTooLarge => {
            MAX_EXCEEDED
        }
        Code::ReferenceConflict | Code::AlreadyRegistered => ALREADY_EXISTS,
        Code::AgreementInvalid | Code::AgreementUsed | Code::AgreementOlder => SIGNATURE_ERROR,
        Code::SignatoryNotAllowed => USER_NOT_AUTHORISED,
        Code::OperatorUnknown => NO_SUCH_SERVICE_PROVIDER,
        Code::AccountUnknown => ACCOUNT_DOES_NOT_EXIST,
        Code::RequestUnknown => OBJECT_NOT_FOUND,
        Code::RecipientDeceased => PERSON_DOES_NOT_EXIST,
        Code::SenderUnknown => SENDER_NOT_REGISTERED,
        Code::AttachmentTypeNotAllowed | Code::AttachmentContentMismatch | Code::BodyTypeNotAllowed => {
            UNSUPPORTED_MIME_TYPE
        }
        Code::CallerNotAllowed | Code::SealerNotAllowed => DISPATCHER_NOT_APPROVED,
        code if code.status() >= 500
            || matches!(
                code,
                Code::RateLimited | Code::LookupsUsedUp | Code::RequestTimeout | Code::AnnouncementQuota
            ) =>
        {
            UNKNOWN
        }
        _ => INVALID_INPUT,
    }
}

const UNKNOWN: u16 = 5000;
const INVALID_INPUT: u16 = 5001;
const ACCESS_DENIED: u16 = 5002;
const OBJECT_NOT_FOUND: u16 = 5003;
const MAX_EXCEEDED: u16 = 5005;
const ALREADY_EXISTS: u16 = 5007;
const SIGNATURE_ERROR: u16 = 5012;
const SENDER_NOT_REGISTERED: u16 = 5014;
const UNSUPPORTED_MIME_TYPE: u16 = 5019;
const DISPATCHER_NOT_APPROVED: u16 = 6005;
const PERSON_DOES_NOT_EXIST: u16 = 6007;
const ACCOUNT_DOES_NOT_EXIST: u16 = 8002;
const USER_NOT_AUTHORISED: u16 = 8003;
const NO_SUCH_SERVICE_PROVIDER: u16 = 8004;

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// The table of `docs/mina-meddelanden.md`: each code stands in the row of its number, those of 5001 in none.
    #[test]
    fn the_guide_tells_every_number_and_whose_it_is() {
        let guide = include_str!("../../../docs/mina-meddelanden.md");
        let table = guide.split_once("| ErrorCode |").unwrap().1;
        let rows: Vec<&str> = table.lines().take_while(|line| !line.is_empty()).collect();
        for code in Code::ALL {
            let quoted = format!("`{}`", code.as_str());
            let row = rows.iter().find(|row| row.contains(&quoted));
            let told = row.map(|row| row.split('|').nth(1).unwrap().trim().parse().unwrap());
            assert_eq!(told.unwrap_or(INVALID_INPUT), number(*code), "{quoted}");
        }
        assert!(rows.iter().any(|row| row.starts_with("| 5001 |")));
    }
}
