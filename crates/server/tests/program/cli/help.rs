//! What every verb says of itself.

use crate::process::run;

#[test]
fn every_verb_explains_itself_and_refuses_what_it_does_not_know() {
    let mut verbs = 0;
    explain(&[], &mut verbs);
    assert!(verbs >= 20, "only {verbs} verbs were found in the help");
    for absent in ["backup", "restore", "log", "frobnicate"] {
        run(&[absent]).bad(2, &[absent]);
    }
    let version = run(&["--version"]).good();
    assert_eq!(version.out.trim(), format!("kuvert {}", env!("CARGO_PKG_VERSION")));
    run(&[]).bad(2, &["Usage"]);
}

/// The help of a verb and of all below it.
fn explain(verb: &[&str], verbs: &mut usize) {
    *verbs += 1;
    let help = run(&[verb, &["--help"]].concat()).good().out;
    let usage = format!("Usage: kuvert {}", verb.join(" "));
    assert!(help.contains(usage.trim_end()), "{verb:?}: {help}");
    run(&[verb, &["--no-such-flag"]].concat()).bad(2, &["--no-such-flag"]);
    let commands = help.split("Commands:\n").nth(1).unwrap_or_default().split("\n\n").next().unwrap();
    // Each stands on a line of its own, with what it does; longer explanations are indented further.
    let names = commands.lines().filter(|l| l.starts_with("  ") && !l.starts_with("   ")).map(str::trim);
    for line in names {
        let name = line.split_whitespace().next().unwrap();
        assert!(line.len() > name.len() + 10, "{verb:?} does not say what {name} does: {line}");
        if name != "help" {
            explain(&[verb, &[name]].concat(), verbs);
        }
    }
    // A verb that is run, not a group of verbs, says how by an example.
    if !verb.is_empty() && commands.is_empty() {
        assert!(help.contains("Example"), "{verb:?} has no example: {help}");
        assert!(help.contains(&format!("kuvert {}", verb.join(" "))), "{verb:?}: {help}");
    }
}
