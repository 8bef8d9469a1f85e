//! A letter that another operator hands over for one of its people: over mutual TLS, to the citizen's page.

use crate::{
    browser::Browser,
    process::{Demo, run},
    search::Needles,
    sender::{ANNA, CLEO, Sender, TOWN},
};
use delivery::{Message, forward::Covering, read::Attachment, write};
use domain::CivilDate;
use sender_tools::compose_soap;
use store::DatabaseKind;
// It plays the other operator: it has a certificate in the demo.
use testing::{DISPATCHER as OPERATOR, delivery::plain};

/// Has no mailbox in the demo.
const NILS: &str = "189001019802";
const NAME: &str = "Kanarie Vidaresson";
const WORDS: &str = "Kanarieord Qvxf om brevet";
const BODY: &str = "Kanariekropp Qvxg om ett beslut";
const FILE: &str = "kanariefil-qvxh.txt";

#[tokio::test(flavor = "multi_thread")]
async fn a_forwarded_letter_reaches_its_recipient_and_is_readable_nowhere_else() {
    let mut demo = Demo::on(DatabaseKind::Sqlite).await;
    demo.log = "trace";
    let service = demo.start();
    let operator = Sender::of(&demo, OPERATOR);
    let town = Sender::of(&demo, TOWN);
    let message = forwarded(&demo, "fwd-1", &[ANNA, "199001022392", CLEO]);
    // Not an operator yet.
    let (status, answer) = post(&operator, &message).await;
    assert!(status == 500 && answer.contains(">6005<") && answer.contains("caller_not_allowed"), "{answer}");
    let config = demo.config();
    let address = "https://ladan.example/service/v3";
    let add = ["operator", "add", "--config", &config, OPERATOR, "ladan.example", "Lådan"];
    run(&[&add[..], &["--service-address", address]].concat()).good();

    let (status, answer) = post(&operator, &message).await;
    assert_eq!(status, 200, "{answer}");
    assert_eq!(texts(&answer, "RecipientId"), [ANNA, "199001022392", CLEO]);
    assert_eq!(texts(&answer, "Delivered"), ["true", "false", "true"]);
    let letter = texts(&answer, "TransId").remove(0);
    assert_eq!(post(&operator, &message).await, (200, answer), "the same again");

    // Altered on its way; called by who sent it; forwarded as something else.
    let (status, answer) = post(&operator, &message.replace("Kanarieärende", "Kanarieärenden")).await;
    assert!(status == 500 && answer.contains(">5002<") && answer.contains("seal_invalid"), "{answer}");
    let call = texts(&answer, "CallId").remove(0);
    let (status, answer) = post(&town, &message).await;
    assert!(status == 500 && answer.contains("caller_not_allowed"), "{answer}");
    let (status, answer) = post(&operator, &message.replace(WORDS_BASE64, "SGVq")).await;
    assert!(status == 500 && answer.contains(">5007<"), "{answer}");

    let mut anna = Browser::logs_in(&service, ANNA).await;
    let inbox = anna.get("/").await.text;
    assert!(inbox.contains(&format!("Vidarebefordrat av {NAME}")), "{inbox}");
    let at = anna.address_of("/", &letter).await;
    let page = anna.does(&format!("{at}/open"), &[]).await.text;
    for said in ["Exempelkommunen", "Äkthet kontrollerad", BODY, WORDS, FILE, "brevlådan hos Lådan"] {
        assert!(page.contains(said), "{said}: {page}");
    }
    // The town, whose letter it is, has no event of it.
    let url = format!("{}/v1/events?limit=1000", town.door);
    let events = town.http.get(url).send().await.unwrap().text().await.unwrap();
    assert!(events.contains("\"accepted\"") && !events.contains(&letter), "{events}");

    let needles = Needles::new(&[NAME, WORDS, BODY, FILE, "Kanarieärende", ANNA, CLEO, NILS]);
    let log = service.stop();
    assert!(log.contains(&call), "the fault's CallId is in the log");
    assert_eq!(needles.found_in(log.as_bytes()), Vec::<String>::new());
    let (bytes, hits) = needles.found_in_folder(demo.path(), &["demo.json", "outbox"]);
    assert!(bytes > 300_000 && hits.is_empty(), "{bytes} bytes: {hits:?}");
    demo.end().await;
}

/// The words as base64 has them.
const WORDS_BASE64: &str = "S2FuYXJpZW9yZCBRdnhmIG9tIGJyZXZldA==";

/// What the town once sent to Nils, forwarded by him.
fn forwarded(demo: &Demo, id: &str, recipients: &[&str]) -> String {
    let message = Message {
        attachments: vec![Attachment::new(FILE, "text/plain", b"en bilaga".to_vec())],
        ..plain(id, "Kanarieärende", BODY)
    };
    let delivery = testing::delivery::to(NILS, vec![message]);
    let town =
        compose_soap::signer(&demo.pki(&format!("{TOWN}.pem")), &demo.pki(&format!("{TOWN}.key"))).unwrap();
    let signed = write::sign(&delivery, &town).unwrap();
    let secure = write::seal(&signed, CivilDate::parse("2026-01-15").unwrap(), &town).unwrap();
    let covering = Covering {
        forwarder_id: NILS.into(),
        forwarder_name: NAME.into(),
        recipient_ids: recipients.iter().map(|id| (*id).to_owned()).collect(),
        body_type: "text/plain".into(),
        body: WORDS.into(),
        ..Covering::default()
    };
    covering.envelope(secure.as_bytes(), None).unwrap()
}

async fn post(caller: &Sender, message: &str) -> (u16, String) {
    let request = caller.http.post(format!("{}/Service/v3", caller.door));
    let request = request.header("content-type", "text/xml; charset=utf-8").body(message.to_owned());
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// The texts of all elements of this name.
fn texts(xml: &str, name: &str) -> Vec<String> {
    let document = delivery::parse(xml.as_bytes()).unwrap();
    let nodes = document.descendants().filter(|node| node.is_element() && node.tag_name().name() == name);
    nodes.filter_map(|node| node.text().map(str::to_owned)).collect()
}
