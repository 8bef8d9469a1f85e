//! Letters that somebody with a mailbox at another operator forwards.

use crate::{
    citizen::Citizen,
    world,
    world::{ANNA, CLEO, TOWN, World},
};
use delivery::{Message, forward::Covering, read::Attachment};
use testing::{
    Authority, LADAN,
    delivery::{message, sealed, to},
    org,
};
use vault::Authorities;

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

impl World {
    /// What the town sent to Cleo, signed and sealed by it.
    async fn sealed_by_the_town(&self) -> Vec<u8> {
        let authority = Authority::new();
        self.trust.replace(Authorities::from_pem(&authority.pem).unwrap());
        let files = vec![Attachment::new("karta.txt", "text/plain", b"en karta".to_vec())];
        let message = Message { metadata: Vec::new(), attachments: files, ..message("m-1") };
        let town = authority.signer(TOWN);
        sealed(&to(CLEO, vec![message]), &town, &town).into_bytes()
    }

    async fn forwards(&self, covering: &Covering, secure: &[u8]) {
        let envelope = covering.envelope(secure, None).unwrap();
        let forwarded = self.intake.forward(&org(LADAN), envelope.into()).await.unwrap();
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
