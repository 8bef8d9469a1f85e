//! `kuvert load`: its figures, and when it fails.

use crate::process::run;

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
