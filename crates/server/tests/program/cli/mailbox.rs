//! `kuvert mailbox`: numbers by standard input or file, never on the command line.

use crate::{
    process::{Demo, run, run_with},
    sender::{BO, CLEO, Sender, TOWN, letter},
};
use store::DatabaseKind;

/// Published test numbers without a mailbox in the demo.
const PEOPLE: [&str; 3] = ["189001019802", "199001022392", "199001022384"];

#[tokio::test(flavor = "multi_thread")]
async fn mailboxes_are_opened_closed_and_imported_beside_the_service() {
    let demo = Demo::on(DatabaseKind::Sqlite).await;
    let service = demo.start();
    let config = demo.config();
    let town = Sender::of(&demo, TOWN);
    let to = |number: &str, reference: &str| letter(TOWN, number, reference, "Prov", "Prov");
    let mailbox = |arguments: &[&str], input: &str| {
        run_with(&[&["mailbox", arguments[0], "--config", &config], &arguments[1..]].concat(), input)
    };

    assert_eq!(town.is_refused(&to(PEOPLE[0], "a")).await, "recipient_unknown");
    let opened = mailbox(&["open", "--name", "Nils Prov"], &format!("  {}\n", PEOPLE[0])).good();
    assert!(opened.out.contains("is open") && !opened.out.contains(PEOPLE[0]), "{opened:?}");
    town.sends(&to(PEOPLE[0], "b")).await;
    let again = mailbox(&["open", "--name", "Nils Prov"], PEOPLE[0]).good();
    assert_eq!(again.out, opened.out, "another mailbox for the same person");

    // An organisation, from a file, with who signs for it.
    let file = demo.path().join("numbers");
    std::fs::write(&file, format!("164020000065\n{}\n", PEOPLE[0])).unwrap();
    let from = file.display().to_string();
    let open = ["open", "--name", "Bolaget AB", "--signatory", "Nils Prov", "--number-from", &from];
    mailbox(&open, "").good();
    let register = || std::fs::read_to_string(demo.path().join("signatories.json")).unwrap();
    let said = |rule: &str| {
        let said: serde_json::Value = serde_json::from_str(&register()).unwrap();
        let said = &said["organisations"]["164020000065"];
        assert_eq!((said["name"].as_str(), said["rule"].as_str()), (Some("Bolaget AB"), Some(rule)));
    };
    said("any-one");
    mailbox(&[&open[..], &["--signs", "2"]].concat(), "").good();
    said("2");
    mailbox(&open, "").good();
    said("2");
    town.sends(&to("164020000065", "c")).await;
    let register = register();
    assert!(register.contains("164020000065") && !register.contains(PEOPLE[0]), "{register}");

    // Closed: refused from then on, and the retry of an old letter still gets its receipt.
    town.sends(&to(CLEO, "d")).await;
    assert!(mailbox(&["close"], CLEO).good().out.contains("is closed"));
    assert!(mailbox(&["close"], CLEO).good().out.contains("already closed"));
    assert_eq!(town.is_refused(&to(CLEO, "e")).await, "mailbox_closed");
    town.sends(&to(CLEO, "d")).await;

    // Somebody has died; and had not.
    let deceased = |arguments: &[&str], input: &str| mailbox(&[&["deceased"], arguments].concat(), input);
    town.sends(&to(BO, "dead-a")).await;
    assert!(deceased(&["--on", "2026-01-31"], BO).good().out.contains("is noted"));
    assert!(deceased(&["--on", "2026-02-01"], BO).good().out.contains("already"));
    assert_eq!(town.is_refused(&to(BO, "dead-b")).await, "recipient_deceased");
    assert!(deceased(&["--undo"], BO).good().out.contains("taken back"));
    assert!(deceased(&["--undo"], BO).good().out.contains("no death"));
    town.sends(&to(BO, "dead-c")).await;
    let unknown = deceased(&["--on", "2026-01-31"], "199001032391").bad(1, &["nobody"]);
    assert!(!unknown.err.contains("199001032391"), "{unknown:?}");
    deceased(&["--on", "2126-01-31"], BO).bad(1, &["--on"]);
    deceased(&["--on", "2026-01-31"], "164020000065").bad(1, &["organisation"]);
    deceased(&["--on", "31 januari"], BO).bad(2, &["2026-11-30"]);
    deceased(&["--on", "2026-01-31", "--undo"], BO).bad(2, &["--undo"]);
    deceased(&[], BO).bad(2, &["--on"]);

    // Many, from CSV: a wrong line opens none.
    let csv = demo.path().join("people.csv");
    let path = csv.display().to_string();
    let write = |text: String| std::fs::write(&csv, text).unwrap();
    write(format!("number,name\n{},Ett Prov\n189001019803,Fel Siffra\n{},Två,Komma\n", PEOPLE[1], PEOPLE[2]));
    let wrong = mailbox(&["import", &path], "").bad(1, &["line 3", "line 4", "nothing was opened"]);
    assert!(!wrong.err.contains("189001019803") && !wrong.err.contains("Fel Siffra"), "{wrong:?}");
    assert_eq!(town.is_refused(&to(PEOPLE[1], "f")).await, "recipient_unknown");
    write(format!("number,name\n{},Ett Prov\n{}, Två Prov\n", PEOPLE[1], PEOPLE[2]));
    assert_eq!(mailbox(&["import", &path, "--json"], "").good().json()["mailboxes"], 2);
    assert!(mailbox(&["import", &path], "").good().out.contains("2 mailboxes"));
    town.sends(&to(PEOPLE[2], "g")).await;

    // What is wrong is told, without the number; and a number on the command line is not taken.
    let unknown = mailbox(&["close"], "199001032391").bad(1, &["no mailbox"]);
    assert!(!unknown.err.contains("199001032391"), "{unknown:?}");
    let digit = mailbox(&["open", "--name", "X"], "189001019803").bad(1, &["the number"]);
    assert!(!digit.err.contains("189001019803"), "{digit:?}");
    mailbox(&["open", "--name", "X"], "").bad(1, &["no number"]);
    mailbox(&["open", "--name", "Barn", "--number-from", "/no/such"], "").bad(1, &["/no/such"]);
    mailbox(&["open", "--name", "X", "--signatory", "Y"], PEOPLE[0]).bad(1, &["--signatory"]);
    mailbox(&["open", "--name", "X", "--signs", "all"], PEOPLE[0]).bad(1, &["--signs"]);
    mailbox(&["open", "--name", "X", "--signs", "some"], PEOPLE[0]).bad(2, &["any-one"]);
    mailbox(&["import", "/no/such.csv"], "").bad(1, &["/no/such.csv"]);
    run(&["mailbox", "open", "--name", "X", PEOPLE[0]]).bad(2, &["unexpected argument"]);
    run(&["mailbox", "close", PEOPLE[0]]).bad(2, &["unexpected argument"]);
    service.stop();
}
