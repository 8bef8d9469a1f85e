#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::{
    AgreementSignature, HistoryLine, MailboxStatement, NamedKey, Next, NoticeFor, Opening, PurposeStatus,
    RingMaterial, SenderChange, VersionStatus, Vouched,
};
use domain::{
    AddressMac, AgreementDigest, CertificateDigest, IdentityKind, LoginMac, PersonId, RowsDigest, Time,
    words::EventType,
};
use vault::{Key, KeyId, SystemRandom};

const PERSON: &str = "198101052382";

fn grant() -> GrantToken {
    GrantToken::random(&SystemRandom)
}

fn mailbox() -> MailboxId {
    MailboxId::new(&SystemRandom)
}

fn letter() -> LetterId {
    LetterId::new(Time::from_millis(1_700_000_000_000), &SystemRandom)
}

fn key(n: u8) -> SecretKey {
    SecretKey::from(Key::from_bytes([n; 32]))
}

fn ring() -> RingMaterial {
    let named = |n| NamedKey { id: KeyId::from_bytes([n; 8]), key: key(n) };
    RingMaterial { current: KeyId::from_bytes([1; 8]), keys: vec![named(1), named(2)] }
}

fn applicant() -> Applicant {
    Applicant {
        kind: IdentityKind::Personnummer,
        login_mac: LoginMac::from_bytes([1; 32]),
        address_mac: AddressMac::from_bytes([2; 32]),
        profile_sealed: vec![3; 100],
        adult: true,
    }
}

fn agreement() -> AgreementUse {
    AgreementUse {
        recipient: PERSON.into(),
        act: "preferences".into(),
        supplier: String::new(),
        date: None,
        accepted: vec!["164020000016".into()],
        text: "Jag vill.".into(),
        signatures: vec![AgreementSignature {
            signature: SecretBytes::new(b"<Agreement/>".to_vec()),
            certificate: String::new(),
        }],
        earlier: vec![AgreementDigest::from_bytes([8; 32])],
        acts: true,
    }
}

fn vouched() -> Vouched {
    Vouched {
        version: 2,
        digests: vec![RowsDigest::from_bytes([1; 32]), RowsDigest::from_bytes([2; 32])],
        next: Some(Next(vec![RowsDigest::from_bytes([3; 32]), RowsDigest::from_bytes([4; 32])])),
    }
}

fn statement() -> AddressStatement {
    let key = MailboxKey { epoch: 3, public_key: [9; 32] };
    AddressStatement {
        owner_kind: "person".into(),
        owner_id: [0xab; 16],
        settled: true,
        owner: Some(vouched()),
        mailbox: Some(MailboxStatement { mailbox_id: mailbox(), key, vouched: vouched() }),
    }
}

fn requests() -> Vec<Request> {
    let identities = || vec![Identity::parse(PERSON).unwrap(), Identity::parse("164020000016").unwrap()];
    let items =
        || vec![ColumnItem { column: Column::Note, place: vec![0, 255], text: SecretBytes::new(vec![1]) }];
    vec![
        Request::GatewayKeys,
        Request::WebKeys,
        Request::NotifierKeys,
        Request::PublicKeys,
        Request::AddressMacs { caller: "164020000016".into(), identities: identities() },
        Request::PersonMacs { identities: identities() },
        Request::LookupQuota { caller: OrgNumber::parse("164020000016").unwrap() },
        Request::SetLookupQuota { caller: OrgNumber::parse("164020000016").unwrap(), daily: Some(7) },
        Request::MakeMailboxKeys { mailboxes: vec![mailbox(), mailbox()] },
        Request::SealColumns { items: items() },
        Request::OpenColumns { access: Access::Grant(grant()), items: items() },
        Request::OpenColumns {
            access: Access::Notifier(vec![
                NoticeFor::Letter { mailbox: mailbox(), letter: letter() },
                NoticeFor::Move(mailbox()),
            ]),
            items: vec![],
        },
        Request::OpenColumns { access: Access::Operator, items: items() },
        Request::OpenColumns { access: Access::Gateway, items: items() },
        Request::BeginLogin { provider: "demo".into() },
        Request::FinishLogin {
            provider: "demo".into(),
            answer: serde_json::json!({"id_token": "a.b.c"}),
            nonce: "n".into(),
            device: "firefox/windows".into(),
            instead_of: Some(grant()),
        },
        Request::RequireFresh { grant: grant() },
        Request::LogIns { grant: grant() },
        Request::EndLogIn { grant: grant(), id: "ab".into() },
        Request::EndOtherLogIns { grant: grant() },
        Request::Grant { grant: grant() },
        Request::Applicant { grant: grant() },
        Request::RefreshPerson { grant: grant() },
        Request::EndGrant { grant: grant() },
        Request::Headers { grant: grant(), mailbox: mailbox(), letters: vec![letter(), letter()] },
        Request::Content { grant: grant(), mailbox: mailbox(), letter: letter() },
        Request::History { grant: grant(), mailbox: mailbox(), letter: Some(letter()) },
        Request::Committed { batch: HandedOver { id: [7; 16], events: vec![(mailbox(), [8; 32])] } },
        Request::Statements {
            address_macs: vec![AddressMac::from_bytes([1; 32]), AddressMac::from_bytes([2; 32])],
        },
        Request::RegistryStatements,
        Request::Change {
            by: By::Operator,
            change: Change::CloseFor { address_mac: AddressMac::from_bytes([1; 32]) },
        },
        Request::Change {
            by: By::Grant(grant()),
            change: Change::Sender(SenderChange::RevokeCertificate {
                sha256: CertificateDigest::from_bytes([3; 32]),
            }),
        },
        Request::Rights { grant: grant() },
        Request::EventsBefore { letter: letter() },
        Request::OutboundKey { letter: letter() },
        Request::UseAgreement { agreement: Box::new(agreement()) },
        Request::EndAgreements { recipient: PERSON.into(), act: "move".into() },
        Request::Status,
        Request::Rotate { purpose: "mailbox".into() },
    ]
}

fn answers() -> Vec<Outcome> {
    let now = Time::from_millis(1_700_000_000_000);
    let person = Some(PersonId::new(&SystemRandom));
    let version = VersionStatus {
        version: 1,
        key_id: KeyId::from_bytes([0xab; 8]),
        created_at: now,
        retired_at: Some(now),
        current: false,
        wraps: Some(7),
    };
    let purpose = PurposeStatus { purpose: "mailbox".into(), rotates: true, versions: vec![version] };
    vec![
        Ok(Answer::Done),
        Ok(Answer::GatewayKeys(Box::new(GatewayMaterial {
            receipt_seed: key(1),
            reference: ring(),
            events: ring(),
            sender: key(2),
            outgoing: MailboxKey { epoch: 3, public_key: [9; 32] },
        }))),
        Ok(Answer::WebKeys(Box::new(WebMaterial {
            session: ring(),
            csrf: key(1),
            events: ring(),
            contact: key(2),
            sender: key(3),
        }))),
        Ok(Answer::NotifierKeys(Box::new(NotifierMaterial {
            events: ring(),
            notice: key(1),
            sender: key(2),
        }))),
        Ok(Answer::PublicKeys(serde_json::json!({"keys": [{"kty": "OKP"}]}))),
        Ok(Answer::AddressMacs(vec![AddressMac::from_bytes([1; 32]), AddressMac::from_bytes([2; 32])])),
        Ok(Answer::PersonMacs(vec![PersonMacs {
            address_mac: AddressMac::from_bytes([1; 32]),
            login_mac: LoginMac::from_bytes([2; 32]),
        }])),
        Ok(Answer::MailboxKeys(vec![MailboxKey { epoch: 3, public_key: [9; 32] }])),
        Ok(Answer::Sealed(vec![vec![], vec![1, 2, 3]])),
        Ok(Answer::Opened(vec![None, Some(SecretBytes::new(b"anna@example.se".to_vec()))])),
        Ok(Answer::Nonce(Nonce { nonce: "n".into(), ends_at: now })),
        Ok(Answer::LoggedIn(Box::new(LoggedIn {
            grant: grant(),
            person,
            name: "Anna".into(),
            applicant: applicant(),
        }))),
        Ok(Answer::Grant(None)),
        Ok(Answer::Grant(Some(Box::new(GrantView {
            person: None,
            name: "Anna".into(),
            provider: "demo".into(),
            loa: "http://id.elegnamnden.se/loa/1.0/loa3".into(),
            logged_in_at: now,
            fresh_until: now,
            idle_ends_at: now,
            ends_at: now,
        })))),
        Ok(Answer::Applicant(Box::new(applicant()))),
        Ok(Answer::LogIns(vec![LogIn {
            id: "ab".into(),
            provider: "demo".into(),
            device: "firefox/windows".into(),
            logged_in_at: now,
            used_at: now,
            is_own: true,
        }])),
        Ok(Answer::Headers(vec![(letter(), None), (letter(), Some(key(5)))])),
        Ok(Answer::Content(key(6))),
        Ok(Answer::Letter(Box::new(LetterKey {
            content: key(7),
            accepted: AcceptedEvent { nonce: [8; 32], event: vec![1, 2], commits: true },
            owners: Some(true),
        }))),
        Ok(Answer::History(History::Holds(vec![HistoryLine {
            chain: letter(),
            at: Time::from_millis(1),
            kind: EventType::Opened,
            actor: None,
            because: None,
        }]))),
        Ok(Answer::Status(Status {
            purposes: vec![purpose],
            mailbox_keys: 4,
            waiting_to_roll: 1,
            waiting_since: Some(now),
        })),
        Ok(Answer::Rotated(Rotated { purpose: "mailbox".into(), version: 2, seals_from: now, rewrapped: 4 })),
        Ok(Answer::Statements(vec![None, Some(statement())])),
        Ok(Answer::RegistryStatements(vec![RegistryStatement {
            kind: "operator".into(),
            number: "164020000016".into(),
            vouched: vouched(),
        }])),
        Ok(Answer::Changed(Changed::Opened(vec![Opening::Here(mailbox())]))),
        Ok(Answer::Rights(vec![(mailbox(), Because::Signatory)])),
        Err(KeysError::Unvouched("mandate".into())),
        Err(KeysError::NoGrant),
        Err(KeysError::NotAllowed),
        Err(KeysError::NotFresh),
        Err(KeysError::Budget),
        Err(KeysError::Spent(3600)),
        Ok(Answer::LookupQuota(LookupQuota { daily: 1, own: true, used_today: 2 })),
        Err(KeysError::Gone),
        Err(KeysError::Unavailable),
        Err(KeysError::Rejected("nonce_mismatch".into())),
    ]
}

/// As a socket would carry it: written, read, written again, the same bytes.
fn round<T: Serialize + for<'de> Deserialize<'de>>(message: &T) -> String {
    let bytes = serde_json::to_vec(message).unwrap();
    let read: T = serde_json::from_slice(&bytes).unwrap();
    assert_eq!(serde_json::to_vec(&read).unwrap(), bytes);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn every_request_survives_the_wire() {
    let names: std::collections::BTreeSet<_> = requests()
        .iter()
        .map(|request| {
            let json = round(request);
            assert!(json.contains(request.name()), "{json}");
            request.name()
        })
        .collect();
    assert_eq!(names.len(), 35, "a request has no example here");
}

#[test]
fn every_answer_survives_the_wire() {
    let mut kinds = std::collections::HashSet::new();
    for outcome in answers() {
        round(&outcome);
        match outcome {
            Ok(answer) => assert!(
                !round(&answer).is_empty() && kinds.insert((0, std::mem::discriminant(&answer)))
                    || matches!(answer, Answer::Grant(_))
            ),
            Err(error) => assert!(!error.code().is_empty()),
        }
    }
    assert_eq!(kinds.len(), 26, "an answer has no example here");
}

#[test]
fn neither_numbers_nor_tokens_are_in_the_debug_form_of_messages() {
    for request in requests() {
        assert_eq!(format!("{request:?}"), request.name());
    }
    for outcome in answers() {
        let shown = format!("{outcome:?}");
        for secret in ["Anna", "anna@", "5, 5, 5", "BQUF", "6, 6, 6"] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn bytes_that_are_no_message_are_refused() {
    for text in [
        "{}",
        "\"unknown\"",
        "{\"rotate\":{}}",
        "{\"address_macs\":{\"caller\":\"x\",\"identities\":[\"1\"]}}",
    ] {
        assert!(serde_json::from_str::<Request>(text).is_err(), "{text}");
    }
    assert!(serde_json::from_str::<Answer>("{\"content\":\"AAAA\"}").is_err());
    assert!(serde_json::from_str::<Answer>("{\"address_macs\":[\"AAAA\"]}").is_err());
}
