//! What a SOAP door answers to a delivery.

use super::Reply;
use delivery::{document::text, parse};

/// A letter that is accepted has its id as `TransId`, and no receipt in the answer. One that is not delivered has the
/// call's there, a fault in `CallId`: the operator finds it in its log.
pub(super) fn reply(status: u16, answer: &[u8]) -> Reply {
    let document = parse(answer).ok();
    let envelope = document.as_ref().map(|document| document.root_element());
    let Some(envelope) = envelope.filter(|root| root.tag_name().name() == "Envelope") else {
        return without_soap(status);
    };
    let value = |name: &str| {
        let node = envelope.descendants().find(|node| node.is_element() && node.tag_name().name() == name);
        node.and_then(text).map(|text| text.into_owned()).filter(|text| !text.is_empty())
    };
    if status == 200 {
        let transaction = value("TransId");
        if value("Delivered").as_deref() == Some("true") {
            let letter_id = transaction.unwrap_or_default();
            return Reply::Accepted { letter_id, receipt: String::new(), repeated: false, forwarding: false };
        }
        let told = Told {
            code: "not_delivered".to_owned(),
            detail: "the recipient cannot be reached here".to_owned(),
            call_id: transaction,
        };
        return told.refused(status, String::new());
    }
    let described = value("Description").unwrap_or_default();
    // Our own begin with a code; another operator's are sentences.
    let is_code = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
    let (code, detail) =
        described.split_once(": ").filter(|(code, _)| is_code(code)).unwrap_or(("fault", &described));
    let told = Told { code: code.to_owned(), detail: detail.to_owned(), call_id: value("CallId") };
    match value("ErrorCode").as_deref() {
        None | Some("5000") => told.unknown(status),
        Some(number) => told.refused(status, format!("ErrorCode {number}")),
    }
}

/// A web server, or something in between. What it will not answer otherwise is not asked again.
fn without_soap(status: u16) -> Reply {
    let told = |detail: &str| Told { code: "no_soap".to_owned(), detail: detail.to_owned(), call_id: None };
    match status {
        408 | 425 | 429 => told("").unknown(status),
        404 | 405 => told("there is no Service/v3 at this address").refused(status, String::new()),
        401 | 403 => told("what stands before the door does not let you in").refused(status, String::new()),
        413 => told("larger than what stands before the door lets through").refused(status, String::new()),
        400..500 => told("what stands before the door refuses it").refused(status, String::new()),
        _ => told("").unknown(status),
    }
}

struct Told {
    code: String,
    detail: String,
    call_id: Option<String>,
}

impl Told {
    fn refused(self, status: u16, mend: String) -> Reply {
        let Self { code, detail, call_id } = self;
        Reply::Refused { status, code, detail, pointer: String::new(), mend, call_id }
    }

    fn unknown(self, status: u16) -> Reply {
        let Self { code, detail, call_id } = self;
        Reply::Unknown { status, code, detail, call_id }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    const CALL: &str = "01a201a2-d340-7e4d-9b52-e249eff27a21";

    fn envelope(body: &str) -> Vec<u8> {
        delivery::write::envelope(body).into_bytes()
    }

    fn fault(number: &str, described: &str) -> Vec<u8> {
        envelope(&format!(
            "<f><ErrorCode>{number}</ErrorCode><Description>{described}</Description><CallId>{CALL}</CallId></f>"
        ))
    }

    fn delivered(said: &str) -> Vec<u8> {
        envelope(&format!("<return><TransId>{CALL}</TransId><Delivered>{said}</Delivered></return>"))
    }

    #[test]
    fn whatever_is_not_accepted_keeps_the_call_id() {
        assert!(
            matches!(reply(200, &delivered("true")), Reply::Accepted { letter_id, .. } if letter_id == CALL)
        );
        for (status, answer, code, detail) in [
            (200, delivered("false"), "not_delivered", "the recipient cannot be reached here"),
            (500, fault("5002", "signature_invalid: Sign it."), "signature_invalid", "Sign it."),
            (500, fault("5002", "Access: denied"), "fault", "Access: denied"),
        ] {
            match reply(status, &answer) {
                Reply::Refused { code: told, detail: said, call_id, .. } => {
                    assert_eq!(
                        (told.as_str(), said.as_str(), call_id.as_deref()),
                        (code, detail, Some(CALL))
                    );
                }
                other => panic!("{other:?}"),
            }
        }
        let unknown = reply(500, &fault("5000", "unavailable: Send the same again."));
        let Reply::Unknown { status: 500, code, detail, call_id } = unknown else { panic!("{unknown:?}") };
        assert_eq!((code.as_str(), detail.as_str()), ("unavailable", "Send the same again."));
        assert_eq!(call_id.as_deref(), Some(CALL));
    }

    #[test]
    fn an_answer_without_soap_is_asked_for_again_only_where_that_may_help() {
        for answer in ["404 page not found", "<html><body/></html>", "{}", ""] {
            for (status, said) in [
                (404, "no Service/v3 at this address"),
                (405, "no Service/v3 at this address"),
                (403, "does not let you in"),
                (413, "larger than"),
                (400, "refuses it"),
                (415, "refuses it"),
            ] {
                let found = reply(status, answer.as_bytes());
                let Reply::Refused { detail, .. } = &found else { panic!("{status} {answer}: {found:?}") };
                assert!(detail.contains(said), "{found:?}");
            }
            for status in [200, 302, 408, 425, 429, 500, 502, 503, 504] {
                let found = reply(status, answer.as_bytes());
                assert!(matches!(found, Reply::Unknown { .. }), "{status} {answer}: {found:?}");
            }
        }
    }
}
