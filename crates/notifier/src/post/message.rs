//! A notice as an e-mail: plain text, the same bytes at every try.

use crate::delivery::{Delivery, Failure, id_text};
use lettre::{
    Message,
    message::{
        Mailbox, SinglePart,
        header::{ContentType, Header, HeaderName, HeaderValue},
    },
};
use std::time::{Duration, UNIX_EPOCH};

/// The message with all its headers. An address that cannot stand in a header is a bad address.
pub(super) fn message(from: &Mailbox, delivery: &Delivery) -> Result<Message, Failure> {
    let address = delivery.address.parse().map_err(|_| Failure::BadAddress("address_invalid"))?;
    let since_epoch = Duration::from_millis(delivery.at.millis().max(0).cast_unsigned());
    let domain = from.email.domain();
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, address))
        .subject(delivery.subject.clone())
        .date(UNIX_EPOCH + since_epoch)
        .message_id(Some(format!("<{}@{domain}>", id_text(&delivery.id))))
        .header(AutoSubmitted)
        .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(delivery.text.clone()))
        .map_err(|_| Failure::Never("message_invalid"))
}

/// RFC 3834 §5: nobody's absence message shall answer.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use domain::{Time, words::Channel};

    fn delivery(address: &str) -> Delivery {
        Delivery {
            id: [0xab; 32],
            address: address.to_owned(),
            channel: Channel::Email,
            subject: "Bekräfta din adress".to_owned(),
            text: "Det är så.".to_owned(),
            at: Time::from_millis(1_795_000_000_000),
        }
    }

    fn formatted(address: &str) -> Result<String, Failure> {
        let from = "Kuvert <avisering@kuvert.test>".parse().unwrap();
        message(&from, &delivery(address)).map(|m| String::from_utf8(m.formatted()).unwrap())
    }

    #[test]
    fn every_try_gives_the_same_bytes() {
        let text = formatted("anna@example.test").unwrap();
        assert_eq!(text, formatted("anna@example.test").unwrap());
        for line in [
            "From: Kuvert <avisering@kuvert.test>",
            "To: anna@example.test",
            "Date: Wed, 18 Nov 2026 11:06:40 +0000",
            "Auto-Submitted: auto-generated",
        ] {
            assert!(text.contains(&format!("{line}\r\n")), "{line} in {text}");
        }
        assert!(text.contains(&format!("Message-ID: <{}@kuvert.test>\r\n", "ab".repeat(16))));
        assert!(text.is_ascii(), "headers and body are encoded: {text}");
    }

    #[test]
    fn an_address_cannot_bring_a_header_of_its_own() {
        for address in
            ["anna@example.test\r\nBcc: bo@example.test", "", "anna", "a@b@c", "anna@exa mple.test"]
        {
            assert_eq!(formatted(address).unwrap_err(), Failure::BadAddress("address_invalid"), "{address}");
        }
    }
}
