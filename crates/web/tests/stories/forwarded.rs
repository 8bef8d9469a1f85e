//! Letters that somebody with a mailbox at another operator forwards.

use crate::{
    citizen::Citizen,
    world,
    world::{ANNA, CLEO, TOWN, World},
};
use delivery::{
    Delivery, Message, XmlSigner,
    forward::Covering,
    read::{Attachment, Support},
    write,
};
use domain::{CivilDate, OrgNumber};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose};
use vault::{Authorities, Certificate};

const LADAN: &str = "164020000065";
const KEY: &str = include_str!("../../../server/src/demo/keys/164020000016.pem");

fn covering(body_type: &str, body: &str) -> Covering {
    Covering {
        forwarder_id: CLEO.into(),
        forwarder_name: "Exempelverket <b>".into(),
        recipient_ids: vec![ANNA.into()],
        subject: "Kan du titta?".into(),
        body_type: body_type.into(),
        body: body.into(),
        attention: Some("Till Anna".into()),
        ..Covering::default()
    }
}

/// What the town sent to Cleo.
fn delivery() -> Delivery {
    Delivery {
        sender_id: TOWN.into(),
        sender_name: "Exempelkommunen".into(),
        sender_attention: None,
        recipient_id: CLEO.into(),
        reference: None,
        correlation_id: None,
        attention: None,
        messages: vec![Message {
            id: "m-1".into(),
            subject: "Beslut om bygglov".into(),
            support: Support { text: "Fråga oss".into(), ..Support::default() },
            matter: None,
            metadata: Vec::new(),
            language: "svSE".into(),
            reply: None,
            receipt_request: Some("SIMPLE".into()),
            body_type: "text/plain".into(),
            body: "Vi har beviljat ditt bygglov.".into(),
            attachments: vec![Attachment::new("karta.txt", "text/plain", b"en karta".to_vec())],
        }],
    }
}

impl World {
    /// Its envelope, signed and sealed by the town.
    async fn sealed_by_the_town(&self) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        self.trust.replace(Authorities::from_pem(pem.as_bytes()).unwrap());
        let issuer = Issuer::new(params, key);
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CustomDnType(vec![2, 5, 4, 5]), TOWN);
        params.not_after = rcgen::date_time_ymd(2100, 1, 1);
        let certificate = params.signed_by(&KeyPair::from_pem(KEY).unwrap(), &issuer).unwrap();
        let certificate = Certificate::parse(certificate.der()).unwrap();
        let town = XmlSigner::from_pem(KEY.as_bytes(), std::slice::from_ref(&certificate)).unwrap();
        let signed = write::sign(&delivery(), &town).unwrap();
        write::seal(&signed, CivilDate::parse("2026-11-10").unwrap(), &town).unwrap().into_bytes()
    }

    async fn forwards(&self, covering: &Covering, secure: &[u8]) {
        let envelope = covering.envelope(secure, None).unwrap();
        let forwarded =
            self.intake.forward(&OrgNumber::parse(LADAN).unwrap(), envelope.into()).await.unwrap();
        assert!(forwarded.iter().all(|one| one.letters.is_ok()));
    }
}

#[tokio::test]
async fn a_forwarded_letter_says_who_signed_it_and_who_is_only_said_to_have_sent_it_on() {
    let (world, _) = world().await;
    world.is_elsewhere(CLEO, TOWN).await;
    let secure = world.sealed_by_the_town().await;
    world.forwards(&covering("text/plain", "Se <b>nedan</b>.\r\nhttps://evil.example/"), &secure).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let inbox = anna.get("/").await;
    inbox.says("Exempelkommunen").says("Beslut om bygglov").says("1 bilaga");
    inbox.says("Vidarebefordrat av Exempelverket &#60;b&#62;").does_not_say("Kan du titta?");
    let at = inbox.address("/letters/");
    assert!(at.ends_with("/open"), "nobody is told, so it opens in one step: {at}");
    anna.get(at.trim_end_matches("/open"))
        .await
        .says("Vidarebefordrat av Exempelverket")
        .says("Avsändaren får inte veta");
    let page = anna.does(&at, &[]).await;
    page.says("<strong>Exempelkommunen</strong>")
        .says("Äkthet kontrollerad")
        .says("Vi har beviljat ditt bygglov.");
    page.says("Vidarebefordrat av Exempelverket &#60;b&#62;")
        .says("Namnet och texten här kommer från brevlådan hos Lådan.")
        .says("Kan du titta?")
        .says("Se &#60;b&#62;nedan&#60;/b&#62;.")
        .says("Till Anna")
        .says("det har Lådan uppgett")
        .says("(SealedDelivery)");
    // Words of a stranger lead nowhere.
    page.says("https://evil.example/").does_not_say("href=\"https://evil.example");
    // What is kept is what was sealed, without who else it went to.
    let (status, _, original) = anna
        .fetch(&page.address(&format!("{}/c/", world.content_origin)).replace("/1", "/original"), &[])
        .await;
    assert_eq!(status, 200);
    let original = String::from_utf8(original).unwrap();
    assert!(
        original.starts_with("<SealedDelivery xmlns=\"http://minameddelanden.gov.se/schema/Message/v3\">")
    );
    assert!(!original.contains("Kan du titta?") && !original.contains(ANNA));
    anna.does("/search", &[("q", "exempelverket")]).await.says("1 brev stämmer");
}

#[tokio::test]
async fn words_in_html_are_shown_as_text() {
    let (world, _) = world().await;
    world.is_elsewhere(CLEO, TOWN).await;
    let secure = world.sealed_by_the_town().await;
    let html = "<p>Hej &amp; h&aring;</p><script>alert(1)</script><p><a href=\"https://evil.example/\">Läs &lt;här&gt;</a></p>";
    world.forwards(&covering("text/html", html), &secure).await;
    let mut anna = Citizen::logs_in(&world, ANNA).await;
    let at = anna.get("/").await.address("/letters/");
    let page = anna.does(&at, &[]).await;
    page.says("Hej &#38; hå").says("Läs &#60;här&#62;").does_not_say("alert(1)").does_not_say("evil.example");
    anna.post("/language", &[("language", "en"), ("back", "/")]).await;
    anna.get(at.trim_end_matches("/open")).await.says("Forwarded by").says("We have not checked them.");
}
