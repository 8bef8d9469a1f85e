//! Sends the code that confirms a contact point, at once: somebody waits for it at the page.

use crate::{
    Post, Sms,
    delivery::{Delivery, Failure},
    texts::{self, Change, Language},
};
use domain::{Time, words::Channel};
use std::sync::Arc;

/// Carries codes over the same ways as notices. Cheap to clone.
#[derive(Clone)]
pub struct Courier {
    pub post: Arc<Post>,
    pub sms: Arc<Sms>,
}

impl Courier {
    /// Sends six digits to an address that nobody has confirmed yet. Call it after the commit that keeps the code's
    /// tag. `id` is the same when the same code is sent again, and so is the Message-ID; `language` is `sv` or `en`.
    ///
    /// One try: who waits can ask for another code, and a code that comes hours later helps nobody.
    pub async fn send_code(
        &self,
        channel: Channel,
        address: String,
        language: &str,
        code: &str,
        id: [u8; 32],
        now: Time,
    ) -> Result<(), Failure> {
        let language = Language::from_tag(language);
        let subject = texts::code_subject(language).to_owned();
        let delivery = Delivery { id, address, channel, subject, text: texts::code(language, code), at: now };
        let result = match channel {
            Channel::Email => self.post.send(&delivery).await,
            Channel::Sms => self.sms.send(&delivery).await,
        };
        metrics::counter!("kuvert_codes_total", "channel" => channel.as_str(),
            "result" => result.map_or_else(Failure::code, |()| "sent"))
        .increment(1);
        result
    }

    /// Tells an address that was confirmed of a change to its person's account. Call it after the commit; `id` is the same
    /// for each try, and so is the Message-ID.
    pub async fn tell_of_change(
        &self,
        channel: Channel,
        address: String,
        language: &str,
        change: Change,
        id: [u8; 32],
        now: Time,
    ) -> Result<(), Failure> {
        let language = Language::from_tag(language);
        let subject = texts::change_subject(language, change);
        let text = texts::change(language, change);
        let subject = subject.to_owned();
        let text = text.to_owned();
        let delivery = Delivery { id, address, channel, subject, text, at: now };
        let result = match channel {
            Channel::Email => self.post.send(&delivery).await,
            Channel::Sms => self.sms.send(&delivery).await,
        };
        metrics::counter!("kuvert_account_notices_total", "channel" => channel.as_str(),
            "result" => result.map_or_else(Failure::code, |()| "sent"))
        .increment(1);
        result
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use crate::{Fault, Memory};

    const NOW: Time = Time::from_millis(1_795_000_000_000);

    fn courier() -> (Courier, Arc<Memory>, Arc<Memory>) {
        let mail = Arc::new(Memory::default());
        let phones = Arc::new(Memory::default());
        let post = Post::memory("Kuvert <avisering@kuvert.test>", Arc::clone(&mail)).unwrap();
        let sms = Sms::Memory(Arc::clone(&phones));
        (Courier { post: Arc::new(post), sms: Arc::new(sms) }, mail, phones)
    }

    #[tokio::test]
    async fn a_code_goes_out_once_in_the_language_of_the_person() {
        let (courier, mail, phones) = courier();
        let to = "anna@example.test".to_owned();
        courier.send_code(Channel::Email, to, "sv", "012345", [1; 32], NOW).await.unwrap();
        let sent = mail.sent();
        assert_eq!((sent.len(), sent[0].address.as_str()), (1, "anna@example.test"));
        assert!(sent[0].text.contains("Din kod i Kuvert =C3=A4r 012345"), "{}", sent[0].text);
        assert!(sent[0].text.contains(&format!("Message-ID: <{}@kuvert.test>", "01".repeat(16))));

        let to = "+46701740605".to_owned();
        courier.send_code(Channel::Sms, to, "en", "987654", [2; 32], NOW).await.unwrap();
        assert_eq!(phones.sent()[0].text, "Your code in Kuvert is 987654. Do not give it to anyone.");
        assert_eq!(mail.sent().len(), 1);
    }

    #[tokio::test]
    async fn a_change_is_told_without_a_link() {
        let (courier, mail, phones) = courier();
        let to = "anna@example.test".to_owned();
        courier.tell_of_change(Channel::Email, to, "sv", Change::NewDevice, [3; 32], NOW).await.unwrap();
        assert!(mail.sent()[0].text.contains("Ny inloggning i Kuvert"), "{}", mail.sent()[0].text);
        let to = "+46701740605".to_owned();
        courier.tell_of_change(Channel::Sms, to, "en", Change::AddressRemoved, [4; 32], NOW).await.unwrap();
        assert!(phones.sent()[0].text.contains("was removed") && !phones.sent()[0].text.contains("http"));
    }

    #[tokio::test]
    async fn a_refusal_comes_back_to_who_waits() {
        let (courier, mail, _) = courier();
        mail.fault("no@example.test", Fault::Fail(Failure::BadAddress("smtp_no_such_mailbox")));
        let sent = courier.send_code(Channel::Email, "no@example.test".into(), "sv", "1", [1; 32], NOW).await;
        assert_eq!(sent, Err(Failure::BadAddress("smtp_no_such_mailbox")));
        let courier = Courier { sms: Arc::new(Sms::Off), ..courier };
        let sent = courier.send_code(Channel::Sms, "+46701740605".into(), "sv", "1", [1; 32], NOW).await;
        assert_eq!(sent, Err(Failure::Never("sms_off")));
    }
}
