//! Everything that can be done, over the real doors, right and wrong.

use super::words::*;
use crate::{
    browser::Browser,
    process::{Demo, Service, run, run_with, until},
    search::Needles,
    sender::{ANNA, BO, OFFICE, Sender, TOWN, letter, notice, text_file, with},
};
use reqwest::{Client, Method};
use serde_json::json;
use std::{path::Path, time::Duration};

/// Every door and every act, right and wrong.
pub async fn everything(demo: &Demo, service: &Service, problems: &mut Vec<u8>) -> Browser {
    open_mailbox(demo);
    let town = Sender::of(demo, TOWN);
    let office = Sender::of(demo, OFFICE);
    let more = json!({"kind": "decision", "receipt": "opened",
        "matter": {"id": MATTER, "shared_id": format!("{MATTER}-2"), "subject": MATTER_SUBJECT, "status": STATUS},
        "support": {"text": SUPPORT, "email": SUPPORT_EMAIL, "phone": "000-00 00 10", "url": "https://qvxf.example/"}});
    let files = vec![
        text_file(FILE, format!("{SMALL}\n").repeat(20)),
        text_file("stor.txt", format!("{LARGE}\n").repeat(30_000)), // over 256 KiB: an object
    ];
    let first = letter(TOWN, ANNA, REFERENCE, SUBJECT, BODY);
    let first_id = town.sends(&with(first.clone(), more.clone(), files.clone())).await;
    let html = letter(OFFICE, ANNA, &format!("{REFERENCE}-2"), SUBJECT, &format!("<p>{HTML}</p>"));
    let html_id = office.sends(&compose_html(html)).await;
    town.sends(&letter(TOWN, NUMBER, &format!("{REFERENCE}-3"), SUBJECT, BODY)).await;
    agency_errors(&town, problems).await;

    let mut anna = Browser::logs_in(service, ANNA).await;
    read(&mut anna, &first_id, &html_id, problems).await;
    keep(&mut anna, &first_id, &html_id).await;
    settings(demo, &mut anna).await;
    assert_eq!(office.is_refused(&letter(OFFICE, ANNA, WRONG, SUBJECT, BODY)).await, "sender_declined");
    let mut bo = Browser::logs_in(service, BO).await;
    helps(&mut anna, &mut bo).await;
    let lent = town.sends(&letter(TOWN, ANNA, &format!("{REFERENCE}-4"), SUBJECT, BODY)).await;
    let address = bo.address_of("/", &lent).await;
    assert!(bo.does(&format!("{address}/open"), &[]).await.text.contains(BODY), "the helper cannot read");
    page_errors(&mut anna, service, problems).await;
    noticed(&town, &first_id).await;
    announced(demo, &town, problems).await;
    anna.get("/").await;
    anna.does("/logout", &[]).await;
    let after = anna.get(&address).await;
    assert!(!after.text.contains(BODY), "readable after logging out");
    anna.secrets.extend(bo.secrets);
    anna
}

fn compose_html(mut draft: sender_tools::compose::Draft) -> sender_tools::compose::Draft {
    draft.html = true;
    draft
}

/// By the command line, beside the running service.
fn open_mailbox(demo: &Demo) {
    let csv = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(csv.path(), format!("number,name\n{NUMBER},{NAME}\n")).unwrap();
    let path = csv.path().display().to_string();
    let said = run(&["mailbox", "import", "--config", &demo.config(), &path]).good();
    assert!(!said.out.contains(NUMBER) && !said.out.contains(NAME) && !said.err.contains(NAME), "{said:?}");
    let company = run_with(
        &["mailbox", "open", "--config", &demo.config(), "--name", "Kanariebolaget AB", "--signatory", NAME],
        &format!("164020000057\n{NUMBER}\n"),
    );
    company.good();
}

/// Letters and questions that are wrong, with canaries where they are wrong.
async fn agency_errors(town: &Sender, problems: &mut Vec<u8>) {
    let good = |reference: &str| letter(TOWN, ANNA, reference, SUBJECT, BODY);
    let unknown = format!("{WRONG}-{}", 1);
    for (draft, code) in [
        (letter(TOWN, NO_NUMBER, &unknown, SUBJECT, BODY), "check_digit_invalid"),
        (letter(TOWN, "199001022392", &unknown, SUBJECT, BODY), "recipient_unknown"),
        (letter(TOWN, ANNA, &unknown, &format!("{SUBJECT}\u{202e}"), BODY), "characters_not_allowed"),
        (with(good(&unknown), json!({"audience": format!("{WRONG}.example")}), vec![]), "wrong_audience"),
        (with(good(&unknown), json!({"surprise": WRONG}), vec![]), "unknown_member"),
        (with(good(&unknown), json!({"kind": WRONG}), vec![]), "field_invalid"),
        (
            with(good(&unknown), json!({}), vec![text_file(&format!("../{FILE}"), SMALL)]),
            "file_name_not_allowed",
        ),
        (letter(TOWN, ANNA, REFERENCE, SUBJECT, "another text"), "reference_conflict"),
    ] {
        let body = town.sign(&draft).multipart();
        let type_of = format!("multipart/form-data; boundary={}", sender_tools::compose::BOUNDARY);
        let url = format!("{}/v1/letters", town.door);
        let answer = town.http.post(url).header("content-type", type_of).body(body).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        assert!((400..500).contains(&status), "{code}: {status} {text}");
        problems.extend_from_slice(text.as_bytes());
        assert!(text.contains(code), "expected {code}: {text}");
    }
    let reachability = json!({"sender": TOWN, "recipients": [ANNA, NUMBER, NO_NUMBER, WRONG]});
    town.client.ask(Method::POST, "/v1/reachability", Some(&reachability)).await.unwrap();
    for (method, path, body) in [
        (Method::GET, format!("/v1/letters/{WRONG}"), String::new()),
        (Method::GET, format!("/v1/letters?reference={WRONG}"), String::new()),
        (Method::GET, format!("/v1/letters?sender={WRONG}&reference={WRONG}"), String::new()),
        (Method::GET, format!("/v1/events?after={WRONG}"), String::new()),
        (Method::GET, format!("/v1/events?limit={WRONG}"), String::new()),
        (Method::GET, format!("/v1/{WRONG}/{ANNA}"), String::new()),
        (Method::POST, "/v1/reachability".into(), format!("{{\"{WRONG}\": \"{ANNA}\"}}")),
        (Method::POST, "/v1/reachability".into(), format!("{{\"sender\": \"{WRONG}\", \"recipients\": [")),
        (Method::POST, "/v1/letters".into(), format!("--x\r\n{WRONG}: {ANNA}\r\n\r\n{BODY}")),
        (Method::DELETE, format!("/v1/letters/{WRONG}"), String::new()),
    ] {
        let request = town.http.request(method, format!("{}{path}", town.door)).body(body);
        let request =
            request.header("content-type", "multipart/form-data; boundary=x").header("x-request-id", WRONG);
        let answer = request.send().await.unwrap();
        assert!(answer.status().is_client_error(), "{path}: {}", answer.status());
        for (name, value) in answer.headers() {
            problems.extend_from_slice(format!("{name}: ").as_bytes());
            problems.extend_from_slice(value.as_bytes());
        }
        problems.extend(answer.bytes().await.unwrap());
    }
}

/// Lists, search, opening, content and files.
async fn read(anna: &mut Browser, first: &str, html: &str, problems: &mut Vec<u8>) {
    let inbox = anna.get("/").await;
    assert!(inbox.text.contains(SUBJECT), "{}", inbox.text);
    let hits = anna.does("/search", &[("q", "Kanarieämne")]).await;
    assert!(hits.text.contains(SUBJECT), "{}", hits.text);
    let none = anna.does("/search", &[("q", SOUGHT)]).await;
    assert!(!none.text.contains(SUBJECT), "{}", none.text);

    let address = anna.address_of("/", first).await;
    let page = anna.does(&format!("{address}/open"), &[]).await;
    assert!(
        page.text.contains(BODY) && page.text.contains(FILE) && page.text.contains(SUPPORT),
        "{}",
        page.text
    );
    let downloads = page.links("/download");
    assert_eq!(downloads.len(), 2, "{}", page.text);
    for (url, holds) in downloads.iter().zip([SMALL, LARGE]) {
        let (status, content) = anna.fetch(url).await;
        assert!(status == 200 && content.starts_with(holds.as_bytes()), "{url}: {status}");
    }
    let token = downloads[0].split("/c/").nth(1).unwrap().split('/').next().unwrap().to_owned();
    anna.secrets.push(token);
    let address = anna.address_of("/", html).await;
    let page = anna.does(&format!("{address}/open"), &[]).await;
    assert!(page.text.contains(HTML), "{}", page.text);
    let wrong = downloads[0].replace("/c/", &format!("/c/{WRONG}"));
    let (status, content) = anna.fetch(&wrong).await;
    assert_eq!(status, 404);
    problems.extend(content);
}

/// Archive, bin, restore, erase.
async fn keep(anna: &mut Browser, first: &str, html: &str) {
    let first = anna.address_of("/", first).await;
    anna.does(&format!("{first}/archive"), &[]).await;
    anna.does("/archive/search", &[("q", SOUGHT)]).await;
    anna.does(&format!("{first}/bin"), &[]).await;
    anna.does(&format!("{first}/restore"), &[]).await;
    anna.does(&format!("{first}/bin"), &[]).await;
    let question = anna.get(&format!("{first}/erase")).await;
    assert!(question.text.contains(SUBJECT), "{}", question.text);
    anna.does(&format!("{first}/erase"), &[]).await;
    assert_eq!(anna.get(&first).await.status, 404, "erased, and still there");
    anna.get("/").await;
    let html = anna.address_of("/", html).await;
    anna.does(&format!("{html}/bin"), &[]).await;
    anna.get("/bin/empty").await;
    anna.does("/bin/empty", &[]).await;
    anna.get("/history").await;
}

/// The other says yes, and the owner confirms whom they see.
async fn helps(owner: &mut Browser, helper: &mut Browser) {
    let accept = helper.get("/helpers").await.links("/accept").pop().unwrap();
    helper.get(&accept).await;
    helper.does(&accept, &[]).await;
    let confirm = owner.get("/helpers").await.links("/confirm").pop().unwrap();
    let question = owner.get(&confirm).await.text;
    let shown = question.split(r#"name="helper" value=""#).nth(1).and_then(|rest| rest.split('"').next());
    owner.does(&confirm, &[("helper", shown.unwrap())]).await;
}

/// Contact points with their codes, a helper, a sender turned off.
async fn settings(demo: &Demo, anna: &mut Browser) {
    for (path, address, ending) in [("/contacts/email", EMAIL, "eml"), ("/contacts/phone", PHONE, "sms")] {
        anna.get("/contacts").await;
        let wrong = anna.post(path, &[("address", WRONG)]).await;
        assert_eq!(wrong.status, 422, "{}", wrong.text);
        let page = anna.does(path, &[("address", address)]).await;
        let confirm = page.links("/confirm").pop().unwrap();
        assert_eq!(anna.post(&confirm, &[("code", WRONG)]).await.status, 422);
        let code = code_for(&demo.path().join("outbox"), address, ending);
        anna.does(&confirm, &[("code", &code)]).await;
    }
    anna.get("/helpers").await;
    let wrong = anna.post("/helpers", &[("name", HELPER), ("number", NO_NUMBER), ("until", WRONG)]).await;
    assert_eq!(wrong.status, 422, "{}", wrong.text);
    let until = domain::Clock::now(&domain::SystemClock).plus(Duration::from_secs(30 * 24 * 3600)).date();
    anna.does("/helpers", &[("name", HELPER), ("number", BO), ("until", &until.to_string())]).await;
    let page = anna.get("/senders").await;
    let off = page.links("/senders/off/").into_iter().find(|link| link.ends_with(OFFICE)).unwrap();
    let mailbox = off.split('/').nth(3).unwrap().to_owned();
    anna.get(&off).await;
    anna.does("/senders/off", &[("mailbox", &mailbox), ("sender", OFFICE)]).await;
}

/// The six digits in the message to this address.
fn code_for(outbox: &Path, address: &str, ending: &str) -> String {
    let files = std::fs::read_dir(outbox).unwrap().map(|entry| entry.unwrap().path());
    let texts = files
        .filter(|p| p.extension().is_some_and(|e| e == ending))
        .map(|p| std::fs::read_to_string(p).unwrap());
    let text = texts.filter(|t| t.contains(address)).find_map(|text| {
        let digits = |word: &str| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit());
        text.split(|c: char| !c.is_ascii_alphanumeric()).find(|word| digits(word)).map(str::to_owned)
    });
    text.unwrap_or_else(|| panic!("no code was sent to {address}"))
}

/// Pages that are not there, forms that are wrong. What they say is the person's own: it is the log that must not.
async fn page_errors(anna: &mut Browser, service: &Service, problems: &mut Vec<u8>) {
    for path in [
        format!("/letters/{WRONG}/{WRONG}"),
        format!("/{WRONG}/{ANNA}"),
        format!("/login/{WRONG}"),
        format!("/contacts/{WRONG}/remove"),
        format!("/senders/off/{WRONG}/{ANNA}"),
        format!("/static/{WRONG}"),
    ] {
        let page = anna.get(&path).await;
        assert!(page.status >= 400, "{path}: {}", page.status);
    }
    anna.get("/").await;
    let elsewhere = format!("https://{WRONG}.example/");
    anna.post("/language", &[("language", WRONG), ("back", &elsewhere)]).await;
    let callback = format!("/login/callback?state={WRONG}&code={WRONG}");
    assert!(Browser::new(service).get(&callback).await.status >= 400);
    let plain = Client::builder().no_proxy().build().unwrap();
    for offset in [2, 3] {
        let page = plain.get(format!("{}/{WRONG}", service.url(offset))).send().await.unwrap();
        assert!(page.status().is_client_error());
        problems.extend(page.bytes().await.unwrap());
    }
}

/// Words of the town's own go out; those that may not are told back by their place alone.
async fn announced(demo: &Demo, town: &Sender, problems: &mut Vec<u8>) {
    let with = |id: &str, text: &str| {
        let mut notice = notice(id, &[BO, "199001022392"], TOLD_SUBJECT, text);
        notice.message.body = TOLD_BODY.into();
        notice.email.as_mut().unwrap().from = TOLD_FROM.to_owned();
        notice
    };
    let mut answer = Vec::new();
    // The answer names the recipients, as the caller did.
    town.notifies(&with(&format!("{REFERENCE}-5"), TOLD), &mut answer).await.unwrap();
    let conflict = with(&format!("{REFERENCE}-5"), &format!("{TOLD}!"));
    assert_eq!(town.notifies(&conflict, problems).await.unwrap_err(), "reference_conflict");
    let link = with(&format!("{WRONG}-7"), &format!("{TOLD} på {WRONG}.example"));
    assert_eq!(town.notifies(&link, problems).await.unwrap_err(), "link_not_allowed");
    let mut number = with(&format!("{WRONG}-8"), TOLD);
    number.recipient_ids = vec![ANNA.to_owned(), NO_NUMBER.to_owned()];
    assert_eq!(town.notifies(&number, problems).await.unwrap_err(), "check_digit_invalid");
    let outbox = demo.path().join("outbox");
    until("the town's words in the outbox", || async { (told(&outbox, TOLD) == 2).then_some(()) }).await;
}

/// In how many messages these words stand.
fn told(outbox: &Path, words: &str) -> usize {
    Needles::new(&[words]).found_in_folder(outbox, &[]).1.len()
}

/// The notices' jobs have run: what they leave behind is there to be looked through.
async fn noticed(town: &Sender, letter_id: &str) {
    until("a notice state", || async {
        let status = town.client.ask(Method::GET, &format!("/v1/letters/{letter_id}"), None).await.unwrap();
        // Sent, or not needed since the letter was opened first.
        status.to_string().contains("\"notice_").then_some(())
    })
    .await;
}
