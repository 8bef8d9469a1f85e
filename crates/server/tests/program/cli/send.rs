//! `kuvert send`: one letter, or one a line.

use crate::{
    browser::Browser,
    process::{Demo, run},
    sender::{ANNA, BO, OFFICE, Sender, TOWN},
};
use reqwest::Method;
use store::DatabaseKind;

#[tokio::test(flavor = "multi_thread")]
async fn letters_are_sent_one_at_a_time_and_from_csv() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let dir = demo.path().display().to_string();
    let send = |arguments: &[&str]| run(&[&["send", "--data", &dir], arguments].concat());
    let file = |name: &str, content: &str| {
        let path = demo.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.display().to_string()
    };

    // One, with everything; then the same again, and another under the same reference.
    let page = file("brev.html", "<h1>Rubrik</h1><p>Med en plan.</p>");
    let plan = file("plan.csv", "dag;tid\n1;2\n");
    let whole = [
        "--sender",
        OFFICE,
        "--to",
        ANNA,
        "--subject",
        "Plan",
        "--text-file",
        &page,
        "--attach",
        &plan,
        "--reference",
        "plan-1",
        "--kind",
        "decision",
        "--reply-by",
        "2099-01-31",
        "--tell-opened",
        "--json",
    ];
    let said = send(&whole).good().json();
    assert_eq!((&said["reference"], &said["repeated"]), (&"plan-1".into(), &false.into()));
    let again = send(&whole).good().json();
    assert_eq!((&again["letter_id"], &again["receipt"]), (&said["letter_id"], &said["receipt"]));
    assert_eq!(again["repeated"], true);
    let other =
        ["--sender", OFFICE, "--to", ANNA, "--subject", "Plan", "--text", "Annan", "--reference", "plan-1"];
    let refused = send(&other);
    assert!(refused.code == 1 && refused.out.contains("reference_conflict (409)\n"), "{refused:?}");
    let said = send(&["--to", BO, "--subject", "Hej", "--text", "Ett brev."]).good();
    assert!(said.out.contains("is accepted: letter "), "{said:?}");
    let mut anna = Browser::logs_in(&service, ANNA).await;
    let inbox = anna.get("/").await;
    assert!(inbox.text.contains("Plan") && inbox.text.contains("2099"), "{}", inbox.text);

    // Refused by the door, and by the command itself before anything is sent.
    let unknown = send(&["--to", "199001022392", "--subject", "X", "--text", "Y", "--json"]);
    assert_eq!((unknown.code, &unknown.json()["code"]), (1, &"recipient_unknown".into()), "{unknown:?}");
    let unknown = send(&["--to", "199001022392", "--subject", "X", "--text", "Y"]);
    assert!(unknown.out.contains("recipient_unknown (422) /recipient\n  "), "{unknown:?}");
    send(&["--to", "199001022393", "--subject", "X", "--text", "Y"]).bad(1, &["--to"]);
    send(&["--to", BO, "--subject", "X"]).bad(1, &["--text"]);
    send(&["--to", BO, "--subject", "X", "--text", "Y", "--attach", "/no/such.pdf"])
        .bad(1, &["/no/such.pdf"]);
    send(&["--to", BO, "--subject", "X", "--text", "Y", "--attach", &page]).bad(1, &["brev.html", "pdf"]);
    send(&["--to", BO, "--text", "Y"]).bad(2, &["--subject"]);
    send(&["--to", BO, "--subject", "X", "--text", "Y", "--key", &page]).bad(2, &["--key"]);
    send(&["--sender", "164020000065", "--to", BO, "--subject", "X", "--text", "Y"])
        .bad(1, &["164020000065"]);
    run(&["send", "--to", BO, "--subject", "X", "--text", "Y"]).bad(2, &["--data", "--door"]);
    let door = ["send", "--door", "https://127.0.0.1:1", "--to", BO, "--subject", "X", "--text", "Y"];
    run(&door).bad(2, &["--certificate", "--key", "--ca"]);

    // Never in plain HTTP, not even once: nothing connects. And an address without a scheme is told as such.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let at = listener.local_addr().unwrap();
    let pem = demo.pki("164020000016.pem");
    let key = demo.pki("164020000016.key");
    let ca = demo.pki("ca.pem");
    let held = [pem, key, ca].map(|path| path.display().to_string());
    let held = ["--certificate", &held[0], "--key", &held[1], "--ca", &held[2]];
    let letter = ["--to", BO, "--subject", "X", "--text", "Y"];
    let saved = demo.path().join("plain").display().to_string();
    let plain = format!("http://{at}");
    let bare = at.to_string();
    for (door, says) in [(&plain, "plain HTTP"), (&bare, "no scheme")] {
        let to = ["send", "--door", door];
        for more in [&[][..], &["--soap"], &["--save", &saved]] {
            run(&[&to, &held[..], &letter, more].concat()).bad(1, &["--door", says, "https://"]);
        }
        let found = run(&[&["doctor", "--door", door], &held[..]].concat());
        assert!(found.code == 1 && found.out.contains(says), "{found:?}");
    }
    assert!(listener.accept().is_err(), "something connected");
    assert!(!std::path::Path::new(&saved).exists());

    // From CSV: each line a letter; one that is refused does not stop the others.
    std::fs::create_dir(demo.path().join("files")).unwrap();
    file("files/bilaga.txt", "en bilaga\n");
    let files = demo.path().join("files").display().to_string();
    let csv = file(
        "letters.csv",
        &format!(
            "reference,recipient,subject,text,attachment,kind,reply_by\n\
             csv-1,{ANNA},Första,Hej,bilaga.txt,decision,2099-02-01\n\
             csv-2,199001022392,Andra,Hej,,,\n\
             csv-3,{BO},Tredje,\"Hej, med komma\",,,\n"
        ),
    );
    let said = send(&["--csv", &csv, "--files", &files, "--json"]);
    assert_eq!(said.code, 1, "{said:?}");
    let lines: Vec<serde_json::Value> = said.out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    assert_eq!(lines.len(), 3, "{said:?}");
    assert!(lines[0]["letter_id"].is_string() && lines[2]["letter_id"].is_string(), "{said:?}");
    assert_eq!(lines[1]["code"], "recipient_unknown");
    assert!(said.err.contains("2 sent, 1 refused"), "{said:?}");
    for (rows, names) in [
        (format!("reference,recipient,subject,text\nx,{ANNA},S\n"), "line 2"),
        (format!("reference,recipient,subject,text\nx,{ANNA},S,T\ny,198101052383,S,T\n"), "line 3"),
        (format!("reference,recipient,subject,text,attachment\nx,{ANNA},S,T,../demo.json\n"), "line 2"),
        (format!("reference,recipient,subject,text,attachment\nx,{ANNA},S,T,finns-inte.pdf\n"), "line 2"),
        (format!("reference,recipient,subject,text,typo\nx,{ANNA},S,T,U\n"), "line 2"),
        ("reference,recipient,subject,text\n".to_owned(), "no lines"),
    ] {
        let csv = file("wrong.csv", &rows);
        let said = send(&["--csv", &csv, "--files", &files]).bad(1, &[names]);
        assert!(said.out.is_empty() && !said.err.contains(ANNA), "{said:?}");
    }
    service.stop();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_saved_and_what_is_changed_in_it_is_refused() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let dir = demo.path().display().to_string();
    let file = demo.path().join("a letter").display().to_string();
    let letter = ["--to", BO, "--subject", "Hej", "--text", "Ett brev.", "--reference", "saved-1"];
    let said = run(&[&["send", "--data", &dir, "--save", &file], &letter[..]].concat()).good();
    assert!(said.err.contains("saved-1 is signed and not sent"), "{said:?}");
    // The command alone, so that it can be kept; a name with a space is one word of it.
    let pki = |name: &str| demo.pki(name).display().to_string();
    let curl = format!(
        "curl --silent --show-error --cert {} --key {} --cacert {} --header 'Content-Type: multipart/form-data; boundary={}' \
         --data-binary '@{file}' --write-out '\\n%{{http_code}}\\n' {}/v1/letters\n",
        pki(&format!("{TOWN}.pem")),
        pki(&format!("{TOWN}.key")),
        pki("ca.pem"),
        sender_tools::compose::BOUNDARY,
        service.url(1),
    );
    assert_eq!(said.out, curl);

    let town = Sender::of(&demo, TOWN);
    let sends = async |body: String| {
        let kind = format!("multipart/form-data; boundary={}", sender_tools::compose::BOUNDARY);
        let request = town.http.post(format!("{}/v1/letters", town.door)).header("content-type", kind);
        let answer = request.body(body).send().await.unwrap();
        (answer.status().as_u16(), answer.json::<serde_json::Value>().await.unwrap())
    };
    let body = std::fs::read_to_string(&file).unwrap();
    let changed = body.replace("\"payload\":\"eyJ", "\"payload\":\"eyK");
    assert_ne!(changed, body);
    let (status, problem) = sends(changed).await;
    assert_eq!((status, &problem["code"]), (403, &"signature_invalid".into()));
    let status = "/v1/letters?reference=saved-1";
    assert!(town.client.ask(Method::GET, status, None).await.unwrap_err().to_string().contains("404"));
    assert_eq!(sends(body).await.0, 201);
    assert_eq!(town.client.ask(Method::GET, status, None).await.unwrap()["reference"], "saved-1");

    let said =
        run(&[&["send", "--data", &dir, "--save", &file, "--json"], &letter[..]].concat()).good().json();
    assert_eq!((said["reference"].as_str(), said["curl"].as_str()), (Some("saved-1"), Some(curl.trim_end())));
    let nowhere = ["send", "--data", &dir, "--save", "/no/such/file"];
    run(&[&nowhere, &letter[..]].concat()).bad(1, &["/no/such/file"]);
    run(&["send", "--data", &dir, "--save", &file, "--csv", "letters.csv"]).bad(2, &["--save", "--csv"]);
    service.stop();
}
