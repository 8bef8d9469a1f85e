//! `kuvert load`: its figures, and when it fails.

use crate::process::{Demo, run};
use store::DatabaseKind;

#[test]
fn a_load_is_counted_and_fewer_kills_than_asked_are_a_failure() {
    let dir = tempfile::tempdir().unwrap();
    let load = |arguments: &[&str]| {
        let data = dir.path().display().to_string();
        let small =
            ["load", "--data", &data, "--connections", "2", "--mailboxes", "3", "--bytes", "100", "--json"];
        run(&[&small, arguments].concat())
    };
    let figures = load(&["--letters", "20", "--check"]).good().json();
    assert_eq!((figures["letters"].as_u64(), figures["refused"].as_u64()), (Some(20), Some(0)));
    for kind in ["lost", "doubled", "torn"] {
        assert_eq!(figures[kind], 0, "{figures}");
    }
    // One letter is there long before the service is killed a thousand times.
    let said = load(&["--letters", "1", "--kills", "1000"]).bad(1, &["of 1000 times", "give more letters"]);
    let figures = said.json();
    assert!(figures["kills"].as_u64().unwrap() < 1000 && figures["lost"] == 0, "{figures}");
}

const SMALL: [&str; 9] = ["load", "--letters", "20", "--mailboxes", "3", "--bytes", "100", "--readers", "2"];

#[tokio::test]
async fn letters_are_opened_by_people_who_log_in_on_sqlite() {
    letters_are_opened(DatabaseKind::Sqlite).await;
}

#[tokio::test]
async fn letters_are_opened_by_people_who_log_in_on_postgres() {
    letters_are_opened(DatabaseKind::Postgres).await;
}

async fn letters_are_opened(kind: DatabaseKind) {
    let demo = Demo::on(kind).await;
    let data = demo.path().display().to_string();
    let mut arguments = vec!["--data", &data, "--open", "20", "--check", "--json"];
    arguments.extend(demo.database.iter().flat_map(|database| ["--database", &database.url]));
    let figures = run(&[&SMALL[..], &arguments[..]].concat()).good().json();
    let openings = &figures["openings"];
    assert_eq!((openings["letters"].as_u64(), openings["people"].as_u64()), (Some(20), Some(3)), "{figures}");
    let [recorded, shown] = ["recorded_p95_ms", "p95_ms"].map(|name| openings[name].as_f64().unwrap());
    assert!(0.0 < recorded && recorded < shown, "{figures}");
    assert_eq!((figures["lost"].as_u64(), figures["torn"].as_u64()), (Some(0), Some(0)), "{figures}");
    // More than were sent is no figure.
    arguments[3] = "100";
    run(&[&SMALL[..], &arguments[..]].concat()).bad(1, &["of 100 letters can be opened"]);
    demo.end().await;
}

#[test]
fn two_programs_are_measured_in_turns() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().display().to_string();
    let itself = env!("CARGO_BIN_EXE_kuvert");
    let two = ["--data", &data, "--open", "5", "--rounds", "2", "--json", "--side-by-side", itself];
    let said = run(&[&SMALL[..], &two[..]].concat()).good();
    let compared = said.json();
    assert_eq!(compared["rounds"], 2, "{compared}");
    for what in ["letters_per_second", "resident_mib", "open_p95_ms", "open_recorded_p95_ms"] {
        assert!(compared[what]["ratio"].as_f64().unwrap() > 0.0, "{compared}");
    }
    assert!(said.err.contains("round 2 of 2, the second"), "{said:?}");
    run(&["load", "--data", &data, "--side-by-side", itself, "--check"]).bad(2, &["--check"]);
}
