use super::*;
use crate::read::Support;
use proptest::prelude::*;
use testing::ANNA;

fn notice() -> Notice {
    Notice {
        sender_id: "164020000016".into(),
        sender_name: "Exempelkommunen".into(),
        recipient_ids: vec![ANNA.into(), "199001012385".into()],
        message: Message {
            id: "vatten-17".into(),
            subject: "Vattnet stängs".into(),
            support: Support { text: "Fråga oss".into(), ..Support::default() },
            matter: None,
            metadata: Vec::new(),
            language: "svSE".into(),
            reply: None,
            receipt_request: None,
            body_type: "text/plain".into(),
            body: "Vattnet stängs".into(),
            attachments: Vec::new(),
        },
        email: Some(EmailMessage {
            from: "vatten@exempelkommunen.se".into(),
            subject: "Vattnet stängs på tisdag".into(),
            text: "Hej!\nVattnet stängs på tisdag kl. 10 & öppnas 12.".into(),
        }),
        sms: Some(SmsMessage { from: "Kommunen".into(), text: "Vattnet stängs på tisdag kl. 10.".into() }),
        payload: [0; 32],
    }
}

fn read(envelope: &str) -> Result<Notice, DeliveryError> {
    Notice::from_envelope(envelope.as_bytes())
}

fn path(envelope: &str) -> String {
    match read(envelope).unwrap_err() {
        DeliveryError::Read(error) => error.path,
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_written_is_read() {
    let read = read(&notice().envelope()).unwrap();
    assert_ne!(read.payload, [0; 32]);
    assert_eq!(Notice { payload: [0; 32], ..read.clone() }, notice());
    let announcer = read.announcer().unwrap();
    assert_eq!((announcer.sender.as_str(), announcer.reference.as_str()), ("164020000016", "vatten-17"));
    let Announcement { recipients, words } = read.announcement().unwrap();
    assert_eq!((recipients.len(), recipients[0].expose()), (2, ANNA));
    assert_eq!(words.email.unwrap().text, "Hej!\nVattnet stängs på tisdag kl. 10 & öppnas 12.");
    assert_eq!(words.sms.unwrap(), "Vattnet stängs på tisdag kl. 10.");
}

#[test]
fn prefixes_do_not_change_what_a_repeat_is_compared_by_and_words_do() {
    let plain = notice().envelope();
    let header = "<Header xmlns=\"http://minameddelanden.gov.se/schema/Notification/v3\">";
    let prefixed = plain
        .replace(header, "<n:Header xmlns:n=\"http://minameddelanden.gov.se/schema/Notification/v3\">")
        .replace("</Header>", "</n:Header>");
    assert_ne!(plain, prefixed);
    assert_eq!(read(&plain).unwrap().payload, read(&prefixed).unwrap().payload);
    for (from, to) in [("tisdag kl. 10.", "onsdag kl. 10."), (ANNA, "200001012384"), ("Kommunen", "Staden")] {
        assert_ne!(read(&plain).unwrap().payload, read(&plain.replacen(from, to, 1)).unwrap().payload);
    }
}

#[test]
fn each_part_is_held_to_its_schema() {
    let good = notice().envelope();
    let changed = |from: &str, to: &str| {
        assert!(good.contains(from), "{from}");
        good.replacen(from, to, 1)
    };
    for (from, to, at) in [
        ("schema/Message\"><Id", "schema/Message/v2\"><Id", "notify/Header/Sender"),
        ("Exempelkommunen<", "E<", "notify/Header/Sender/Name"),
        ("vatten@exempelkommunen.se", "vatten", "notify/EmailMessage/header/From"),
        (">Kommunen<", ">Kommunen i Exempel<", "notify/SmsMessage/header/From"),
        ("Hej!", "<b/>", "notify/EmailMessage/text"),
        ("<header>", "<header a=\"1\">", "notify/Message/header"),
    ] {
        assert!(path(&changed(from, to)).starts_with(at), "{at}: {}", path(&changed(from, to)));
    }
    let long = Notice { sms: Some(SmsMessage { from: String::new(), text: "å".repeat(161) }), ..notice() };
    assert_eq!(path(&long.envelope()), "notify/SmsMessage/text");
    let none = Notice { recipient_ids: vec![], ..notice() };
    assert_eq!(path(&none.envelope()), "notify/Header/Recipient");
    let crowd = |count| Notice { recipient_ids: vec![ANNA.into(); count], ..notice() };
    assert_eq!(read(&crowd(1000).envelope()).unwrap().recipient_ids.len(), 1000);
    assert_eq!(path(&crowd(1001).envelope()), "notify/Header/Recipient");
    assert_eq!(
        read(&changed("notify xmlns", "deliver xmlns")).unwrap_err(),
        DeliveryError::Xml(crate::XmlError::Malformed)
    );
    let other = good.replace("notify", "deliverForward");
    assert_eq!(read(&other).unwrap_err(), DeliveryError::OtherOperation);
}

#[test]
fn words_that_may_not_be_sent_are_refused_with_their_place() {
    let email = |subject: &str, text: &str| {
        let from = "a@b.se".to_owned();
        Notice { email: Some(EmailMessage { from, subject: subject.into(), text: text.into() }), ..notice() }
    };
    let sms =
        |text: &str| Notice { sms: Some(SmsMessage { from: "K".into(), text: text.into() }), ..notice() };
    const SUBJECT: &str = "/EmailMessage/header/Subject";
    const TEXT: &str = "/EmailMessage/text";
    for (notice, code, at) in [
        (email("Hej\r\nBcc: bo@example", "a"), Code::CharactersNotAllowed, SUBJECT),
        (email("Hej\nBcc: bo", "a"), Code::CharactersNotAllowed, SUBJECT),
        (email("Se exempel.se", "a"), Code::LinkNotAllowed, SUBJECT),
        (email("", "a"), Code::FieldInvalid, SUBJECT),
        (email("a", " \n"), Code::FieldInvalid, TEXT),
        (email("a", &"å ".repeat(5001)), Code::BodyTooLarge, TEXT),
        (email("a", "Tryck på https://exempel.se/a"), Code::LinkNotAllowed, TEXT),
        (email("a", "Skriv till a@b.se"), Code::LinkNotAllowed, TEXT),
        (email("a", "a\u{202E}b"), Code::CharactersNotAllowed, TEXT),
        (sms("www.exempel"), Code::LinkNotAllowed, "/SmsMessage/text"),
        (sms(""), Code::FieldInvalid, "/SmsMessage/text"),
    ] {
        let refusal = notice.announcement().unwrap_err();
        assert_eq!((refusal.code, refusal.pointer.as_deref()), (code, Some(at)), "{refusal:?}");
    }
    let silent = Notice { email: None, sms: None, ..notice() };
    assert_eq!(silent.announcement().unwrap_err().code, Code::FieldMissing);
    let wrong = Notice { recipient_ids: vec![ANNA.into(), "198101052383".into()], ..notice() };
    let refusal = wrong.announcement().unwrap_err();
    assert_eq!(
        (refusal.code, refusal.pointer.as_deref()),
        (Code::CheckDigitInvalid, Some("/Header/Recipient[2]"))
    );
    assert!(email("a", &"å ".repeat(5000)).announcement().is_ok());
    let unnamed = Notice { sender_id: ANNA.into(), ..notice() };
    assert_eq!(unnamed.announcer().unwrap_err().code, Code::IdentityInvalid);
}

proptest! {
    #[test]
    fn damage_is_refused_or_read_and_never_a_panic(at in 0usize..3000, byte in any::<u8>()) {
        let mut envelope = notice().envelope().into_bytes();
        let at = at % envelope.len();
        envelope[at] = byte;
        if let Ok(read) = Notice::from_envelope(&envelope) {
            let _ = (read.announcer(), read.announcement());
        }
        // What is found without parsing is what the parser finds.
        if let Ok(document) = parse(&envelope)
            && let Ok(element) = soap::body(&document)
        {
            prop_assert_eq!(soap::operation(&envelope), Some(element.tag_name().name()));
        }
    }
}
