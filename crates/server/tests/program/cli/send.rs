//! `kuvert send`: one letter, or one a line.

use crate::{
    browser::Browser,
    process::{Demo, run},
    sender::{ANNA, BO, OFFICE},
};
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
    let (page, plan) =
        (file("brev.html", "<h1>Rubrik</h1><p>Med en plan.</p>"), file("plan.csv", "dag;tid\n1;2\n"));
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
    assert!(refused.code == 1 && refused.out.contains("reference_conflict"), "{refused:?}");
    let said = send(&["--to", BO, "--subject", "Hej", "--text", "Ett brev."]).good();
    assert!(said.out.contains("is accepted: letter "), "{said:?}");
    let mut anna = Browser::logs_in(&service, ANNA).await;
    let inbox = anna.get("/").await;
    assert!(inbox.text.contains("Plan") && inbox.text.contains("2099"), "{}", inbox.text);

    // Refused by the door, and by the command itself before anything is sent.
    let unknown = send(&["--to", "199001022392", "--subject", "X", "--text", "Y", "--json"]);
    assert_eq!((unknown.code, &unknown.json()["code"]), (1, &"recipient_unknown".into()), "{unknown:?}");
    send(&["--to", "199001022393", "--subject", "X", "--text", "Y"]).bad(1, &["--to"]);
    send(&["--to", BO, "--subject", "X"]).bad(1, &["--text"]);
    send(&["--to", BO, "--subject", "X", "--text", "Y", "--attach", "/no/such.pdf"])
        .bad(1, &["/no/such.pdf"]);
    send(&["--to", BO, "--subject", "X", "--text", "Y", "--attach", &page]).bad(1, &["brev.html", "pdf"]);
    send(&["--to", BO, "--text", "Y"]).bad(2, &["--subject"]);
    send(&["--sender", "164020000065", "--to", BO, "--subject", "X", "--text", "Y"])
        .bad(1, &["164020000065"]);
    run(&["send", "--to", BO, "--subject", "X", "--text", "Y"]).bad(2, &["--door"]);

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
