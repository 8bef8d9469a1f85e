//! Sends the code that confirms a contact point, at once: somebody waits for it at the page.

use crate::{
    Channels,
    delivery::{Delivery, Failure},
    texts::{self, Change},
};
use domain::{Language, Time, words::Channel};

/// Carries codes over the same ways as notices. Cheap to clone.
#[derive(Clone)]
pub struct Courier(pub Channels);

/// Where a message goes, and in which language.
pub struct To {
    pub channel: Channel,
    pub address: String,
    pub language: Language,
}

impl Courier {
    /// Sends six digits to an address that nobody has confirmed yet. Call it after the commit that keeps the code's
    /// tag. `id` is the same when the same code is sent again, and so is the Message-ID.
    ///
    /// One try: who waits can ask for another code, and a code that comes hours later helps nobody.
    pub async fn send_code(&self, to: To, code: &str, id: [u8; 32], now: Time) -> Result<(), Failure> {
        let channel = to.channel;
        let subject = texts::code_subject(to.language).to_owned();
        let text = texts::code(to.language, code);
        let result = self.0.send(&to.delivery(subject, text, id, now)).await;
        metrics::counter!("kuvert_codes_total", "channel" => channel.as_str(),
            "result" => result.map_or_else(Failure::code, |()| "sent"))
        .increment(1);
        result
    }

    /// Tells an address that was confirmed of a change to its person's account. Call it after the commit; `id` is the same
    /// for each try, and so is the Message-ID.
    pub async fn tell_of_change(
        &self,
        to: To,
        change: Change,
        id: [u8; 32],
        now: Time,
    ) -> Result<(), Failure> {
        let channel = to.channel;
        let subject = texts::change_subject(to.language, change).to_owned();
        let text = texts::change(to.language, change).to_owned();
        let result = self.0.send(&to.delivery(subject, text, id, now)).await;
        metrics::counter!("kuvert_account_notices_total", "channel" => channel.as_str(),
            "result" => result.map_or_else(Failure::code, |()| "sent"))
        .increment(1);
        result
    }
}

impl To {
    fn delivery(self, subject: String, text: String, id: [u8; 32], at: Time) -> Delivery {
        let Self { channel, address, .. } = self;
        Delivery { id, address, channel, subject, text, at }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::{Fault, Memory, Post, Sms};
    use std::sync::Arc;

    const NOW: Time = Time::from_millis(1_795_000_000_000);

    fn to(channel: Channel, address: &str, language: Language) -> To {
        To { channel, address: address.to_owned(), language }
    }

    fn courier() -> (Courier, Arc<Memory>, Arc<Memory>) {
        let mail = Arc::new(Memory::default());
        let phones = Arc::new(Memory::default());
        let post = Post::memory("Kuvert <avisering@kuvert.test>", Arc::clone(&mail)).unwrap();
        let sms = Sms::Memory(Arc::clone(&phones));
        (Courier(Channels { post: Arc::new(post), sms: Arc::new(sms) }), mail, phones)
    }

    #[tokio::test]
    async fn a_code_goes_out_once_in_the_language_of_the_person() {
        let (courier, mail, phones) = courier();
        let to_whom = to(Channel::Email, "anna@example.test", Language::Swedish);
        courier.send_code(to_whom, "012345", [1; 32], NOW).await.unwrap();
        let sent = mail.sent();
        assert_eq!((sent.len(), sent[0].address.as_str()), (1, "anna@example.test"));
        assert!(sent[0].text.contains("Din kod i Kuvert =C3=A4r 012345"), "{}", sent[0].text);
        assert!(sent[0].text.contains(&format!("Message-ID: <{}@kuvert.test>", "01".repeat(16))));

        let to_whom = to(Channel::Sms, "+46701740605", Language::English);
        courier.send_code(to_whom, "987654", [2; 32], NOW).await.unwrap();
        assert_eq!(phones.sent()[0].text, "Your code in Kuvert is 987654. Do not give it to anyone.");
        assert_eq!(mail.sent().len(), 1);
    }

    #[tokio::test]
    async fn a_change_is_told_without_a_link() {
        let (courier, mail, phones) = courier();
        let to_whom = to(Channel::Email, "anna@example.test", Language::Swedish);
        courier.tell_of_change(to_whom, Change::NewDevice, [3; 32], NOW).await.unwrap();
        assert!(mail.sent()[0].text.contains("Ny inloggning i Kuvert"), "{}", mail.sent()[0].text);
        let to_whom = to(Channel::Sms, "+46701740605", Language::English);
        courier.tell_of_change(to_whom, Change::AddressRemoved, [4; 32], NOW).await.unwrap();
        assert!(phones.sent()[0].text.contains("was removed") && !phones.sent()[0].text.contains("http"));
    }

    #[tokio::test]
    async fn a_refusal_comes_back_to_who_waits() {
        let (courier, mail, _) = courier();
        mail.fault("no@example.test", Fault::Fail(Failure::BadAddress("smtp_no_such_mailbox")));
        let sent = courier
            .send_code(to(Channel::Email, "no@example.test", Language::Swedish), "1", [1; 32], NOW)
            .await;
        assert_eq!(sent, Err(Failure::BadAddress("smtp_no_such_mailbox")));
        let courier = Courier(Channels { sms: Arc::new(Sms::Off), ..courier.0 });
        let sent =
            courier.send_code(to(Channel::Sms, "+46701740605", Language::Swedish), "1", [1; 32], NOW).await;
        assert_eq!(sent, Err(Failure::Never("sms_off")));
    }
}
