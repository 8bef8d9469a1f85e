//! Deliveries of Mina Meddelanden: the same acceptance as letters of the agency API.

use crate::world::{ANNA, BO, DISPATCHER, NOW, OFFICE, TOWN, US, World, org};
use bytes::Bytes;
use delivery::{
    Delivery, Message, XmlSigner,
    read::{Attachment, Support},
    write,
};
use domain::{CivilDate, Code, OrgNumber, Time, words::ReceiptWish};
use intake::{AcceptError, Answer, Delivered};
use mailbox::Form;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use registry::{declined, dispatch, senders};
use store::{both, testing::Database};
use vault::{Authorities, Certificate};

both!(
    a_delivery_becomes_a_letter_that_its_recipient_reads,
    the_same_message_is_one_letter_however_it_is_sealed,
    messages_of_one_delivery_are_all_accepted_or_none,
    who_may_sign_seal_and_call_is_asked_of_the_registry_and_the_authorities,
    an_authority_in_between_comes_with_each_signature,
    who_cannot_be_reached_is_told_without_a_fault,
);

/// An authority, and organisations with RSA certificates of it.
pub struct Pki {
    issuer: Issuer<'static, KeyPair>,
    /// The root.
    pub pem: Vec<u8>,
    /// The authorities between the root and those certificates.
    pub between: Vec<Certificate>,
}

/// The demo's published keys.
const KEYS: [(&str, &str); 4] = [
    (TOWN, include_str!("../../../server/src/demo/keys/164020000016.pem")),
    (OFFICE, include_str!("../../../server/src/demo/keys/164020000024.pem")),
    (DISPATCHER, include_str!("../../../server/src/demo/keys/164020000032.pem")),
    (US, include_str!("../../../server/src/demo/keys/164020000040.pem")),
];

impl Pki {
    pub fn new() -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem().into_bytes();
        Self { issuer: Issuer::new(params, key), pem, between: Vec::new() }
    }

    /// Another authority, which this one has certified.
    pub fn below(&self) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "In between");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let certificate = Certificate::parse(params.signed_by(&key, &self.issuer).unwrap().der()).unwrap();
        let between = [&[certificate], &self.between[..]].concat();
        Self { issuer: Issuer::new(params, key), pem: self.pem.clone(), between }
    }

    pub fn certificate(&self, number: &str, not_after_year: i32) -> Certificate {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), number);
        params.not_after = rcgen::date_time_ymd(not_after_year, 1, 1);
        let certificate = params.signed_by(&KeyPair::from_pem(key(number)).unwrap(), &self.issuer).unwrap();
        Certificate::parse(certificate.der()).unwrap()
    }

    /// With the whole chain but the root.
    pub fn signer(&self, number: &str) -> XmlSigner {
        let chain = [&[self.certificate(number, 2100)], &self.between[..]].concat();
        XmlSigner::from_pem(key(number).as_bytes(), &chain).unwrap()
    }

    /// With the organisation's own certificate alone.
    pub fn signer_alone(&self, number: &str, not_after_year: i32) -> XmlSigner {
        let own = self.certificate(number, not_after_year);
        XmlSigner::from_pem(key(number).as_bytes(), &[own]).unwrap()
    }
}

pub fn key(number: &str) -> &'static str {
    KEYS.iter().find(|(of, _)| *of == number).unwrap().1
}

pub fn message(id: &str) -> Message {
    Message {
        id: id.into(),
        subject: "Beslut om bygglov".into(),
        support: Support { text: "Fråga oss".into(), ..Support::default() },
        matter: None,
        metadata: vec![("Diarienummer".into(), "BN-2026-17".into())],
        language: "svSE".into(),
        reply: None,
        receipt_request: Some("SIMPLE".into()),
        body_type: "text/plain".into(),
        body: "Vi har beviljat ditt bygglov.".into(),
        attachments: vec![Attachment::new("a.txt", "text/plain", b"Bilaga".to_vec())],
    }
}

pub fn to(recipient: &str, messages: Vec<Message>) -> Delivery {
    Delivery {
        sender_id: TOWN.into(),
        sender_name: "Ett annat namn".into(),
        sender_attention: None,
        recipient_id: recipient.into(),
        reference: None,
        correlation_id: None,
        attention: None,
        messages,
    }
}

pub fn sealed(delivery: &Delivery, sender: &XmlSigner, dispatcher: &XmlSigner) -> Bytes {
    let signed = write::sign(delivery, sender).unwrap();
    write::seal(&signed, CivilDate::parse("2026-11-22").unwrap(), dispatcher).unwrap().into()
}

/// A world that trusts an authority.
pub async fn world(database: Database) -> (World, Pki) {
    let world = World::new(database).await;
    let pki = Pki::new();
    world.trust.replace(Authorities::from_pem(&pki.pem).unwrap());
    (world, pki)
}

impl World {
    pub async fn takes(&self, caller: &str, envelope: Bytes) -> Result<Vec<Answer>, Code> {
        match self.intake.deliver(&org(caller), envelope).await {
            Ok(Delivered { letters, .. }) => letters.map_err(|refusal| refusal.code),
            Err(AcceptError::Refused(refusal)) => Err(refusal.code),
            Err(error) => panic!("{error:?}"),
        }
    }

    pub async fn letters(&self) -> i64 {
        self.count("SELECT count(*) FROM letter").await
    }
}

async fn a_delivery_becomes_a_letter_that_its_recipient_reads(database: Database) {
    let (world, pki) = world(database).await;
    let envelope = sealed(&to(ANNA, vec![message("m-1")]), &pki.signer(TOWN), &pki.signer(DISPATCHER));
    let answers = world.takes(DISPATCHER, envelope.clone()).await.unwrap();
    let anna = world.actor(world.anna.0).await;
    let opened = world.mailboxes.open(&anna, world.anna.1, answers[0].letter_id).await.unwrap().unwrap();
    assert_eq!(opened.letter.subject, "Beslut om bygglov");
    assert_eq!(opened.letter.receipt, ReceiptWish::Opened);
    assert_eq!(opened.letter.notes.metadata[0].value, "BN-2026-17");
    assert!(opened.doubt.is_none());
    assert_eq!(opened.original.signed, envelope);
    assert_eq!(opened.original.form, Form::Delivery { message: 0 });
    // The registry's name is shown, whatever the delivery says.
    assert_ne!(opened.original.sender_name, "Ett annat namn");
    assert!(opened.original.dispatcher.is_some());
}

async fn the_same_message_is_one_letter_however_it_is_sealed(database: Database) {
    let (world, pki) = world(database).await;
    let delivery = to(ANNA, vec![message("m-1")]);
    let first = sealed(&delivery, &pki.signer(TOWN), &pki.signer(TOWN));
    let again = sealed(&delivery, &pki.signer(DISPATCHER), &pki.signer(DISPATCHER));
    let first = world.takes(TOWN, first).await.unwrap();
    let again = world.takes(DISPATCHER, again).await.unwrap();
    assert_eq!((first[0].receipt.as_str(), again[0].repeated), (again[0].receipt.as_str(), true));
    let mut other = message("m-1");
    other.subject = "Avslag".into();
    let other = sealed(&to(ANNA, vec![other]), &pki.signer(TOWN), &pki.signer(TOWN));
    assert_eq!(world.takes(TOWN, other).await, Err(Code::ReferenceConflict));
    assert_eq!(world.letters().await, 1);
}

async fn messages_of_one_delivery_are_all_accepted_or_none(database: Database) {
    let (world, pki) = world(database).await;
    let town = pki.signer(TOWN);
    let send = |messages| world.takes(TOWN, sealed(&to(ANNA, messages), &town, &town));
    assert_eq!(send(vec![message("a"), message("b"), message("c")]).await.unwrap().len(), 3);
    assert_eq!(world.letters().await, 3);
    // Some of them again: the old answers stand, the new one is accepted.
    let answers = send(vec![message("d"), message("b")]).await.unwrap();
    assert_eq!((answers[0].repeated, answers[1].repeated), (false, true));
    // One that conflicts takes the other with it, known before or doubled within the delivery.
    let mut other = message("a");
    other.subject = "Något annat".into();
    assert_eq!(send(vec![message("e"), other.clone()]).await, Err(Code::ReferenceConflict));
    other.id = "f".into();
    assert_eq!(send(vec![message("f"), message("g"), other]).await, Err(Code::ReferenceConflict));
    let mut encrypted = message("h");
    encrypted.attachments = vec![Attachment::new("a.pdf", "application/pdf", b"no pdf".to_vec())];
    assert_eq!(send(vec![message("i"), encrypted]).await, Err(Code::AttachmentContentMismatch));
    assert_eq!(world.letters().await, 4);
}

async fn who_may_sign_seal_and_call_is_asked_of_the_registry_and_the_authorities(database: Database) {
    let (world, pki) = world(database).await;
    let town = pki.signer(TOWN);
    let office = pki.signer(OFFICE);
    let dispatcher = pki.signer(DISPATCHER);
    let stranger = Pki::new();
    let delivery = to(ANNA, vec![message("m-1")]);
    let cases = [
        ("the sealer does not call", sealed(&delivery, &town, &town), DISPATCHER, Code::SealerNotAllowed),
        ("not listed", sealed(&delivery, &town, &office), OFFICE, Code::CallerNotAllowed),
        ("signed by one not listed", sealed(&delivery, &office, &town), TOWN, Code::SignerNotAllowed),
        (
            "signer's authority",
            sealed(&delivery, &stranger.signer(TOWN), &town),
            TOWN,
            Code::CertificateUntrusted,
        ),
        (
            "sealer's authority",
            sealed(&delivery, &town, &stranger.signer(TOWN)),
            TOWN,
            Code::CertificateUntrusted,
        ),
    ];
    for (name, envelope, caller, code) in cases {
        assert_eq!(world.takes(caller, envelope).await, Err(code), "{name}");
    }
    let expired = pki.signer_alone(TOWN, 2026);
    assert_eq!(world.takes(TOWN, sealed(&delivery, &expired, &town)).await, Err(Code::CertificateExpired));
    // Signed by a dispatcher that the sender lists, as one sender in production does.
    assert!(world.takes(DISPATCHER, sealed(&delivery, &dispatcher, &dispatcher)).await.is_ok());
    let mut tx = world.store.begin("unlist").await.unwrap();
    let now = Time::parse(NOW).unwrap();
    dispatch::unlist(&mut tx, &org(TOWN), &org(DISPATCHER), now).await.unwrap();
    senders::suspend(&mut tx, &org(OFFICE), now).await.unwrap();
    tx.commit().await.unwrap();
    let next = to(ANNA, vec![message("m-2")]);
    let refused = world.takes(DISPATCHER, sealed(&next, &dispatcher, &dispatcher)).await;
    assert_eq!(refused, Err(Code::CallerNotAllowed));
    assert_eq!(world.letters().await, 1);
}

async fn an_authority_in_between_comes_with_each_signature(database: Database) {
    let (world, root) = world(database).await;
    let pki = root.below().below();
    let whole = pki.signer(TOWN);
    let alone = pki.signer_alone(TOWN, 2100);
    let delivery = to(ANNA, vec![message("m-1")]);
    for (name, envelope) in [
        ("the letter's is left out", sealed(&delivery, &alone, &whole)),
        ("the seal's is left out", sealed(&delivery, &whole, &alone)),
    ] {
        assert_eq!(world.takes(TOWN, envelope).await, Err(Code::CertificateUntrusted), "{name}");
    }
    assert_eq!(world.letters().await, 0);
    let envelope = sealed(&delivery, &whole, &whole);
    // In another order in the seal, whose KeyInfo nothing covers.
    let text = std::str::from_utf8(&envelope).unwrap();
    let (head, rest) = text.rsplit_once("<X509Data>").unwrap();
    let (certificates, tail) = rest.split_once("</X509Data>").unwrap();
    let turned: String =
        certificates.split_inclusive("</X509Certificate>").collect::<Vec<_>>().into_iter().rev().collect();
    let turned = Bytes::from(format!("{head}<X509Data>{turned}</X509Data>{tail}"));
    assert!(turned != envelope);
    let letter_id = world.takes(TOWN, turned).await.unwrap()[0].letter_id;
    assert!(world.takes(TOWN, envelope).await.unwrap()[0].repeated);
    let anna = world.actor(world.anna.0).await;
    let opened = world.mailboxes.open(&anna, world.anna.1, letter_id).await.unwrap().unwrap();
    assert!(opened.doubt.is_none());
    // The evidence is of the town's own certificate.
    assert_eq!(Certificate::parse(&opened.original.certificate).unwrap().organisation, Some(org(TOWN)));
}

async fn who_cannot_be_reached_is_told_without_a_fault(database: Database) {
    let (world, pki) = world(database).await;
    let town = pki.signer(TOWN);
    let send = |recipient: &str, id| sealed(&to(recipient, vec![message(id)]), &town, &town);
    assert_eq!(world.takes(TOWN, send("200001012384", "m-1")).await, Err(Code::RecipientUnknown));
    let sender: OrgNumber = org(TOWN);
    let keys = world.connector.keys(key_client::Role::Gateway).gateway_keys().await.unwrap();
    let mac = declined::sender_mac(&keys.sender, world.bo.1, &sender);
    let decline = "INSERT INTO declined (mailbox_id, sender_mac, sender, declined_at) VALUES ($1, $2, $3, 0)";
    world.sql(decline, store::args![world.bo.1, &mac, &b"sealed"[..]]).await;
    let delivered = world.intake.deliver(&sender, send(BO, "m-2")).await.unwrap();
    assert_eq!(delivered.letters.unwrap_err().code, Code::SenderDeclined);
    assert_eq!(world.letters().await, 0);
}
