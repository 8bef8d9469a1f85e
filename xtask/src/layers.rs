//! The house stands if imports go down only. This reads what cargo resolved and names each wall that moved.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::command::{cargo, output};

/// Text of `cargo xtask layers --help`.
pub const HELP: &str = "
Usage: cargo xtask layers

Reads cargo metadata and fails when a crate of the house imports one on its own floor or above, when a crate links a
library that is another's (hpke, sqlx, ...), when the notifier could reach a mailbox, or when a crate has no place
on a floor yet. Dev-dependencies are free but for hpke and sqlx: a test may build more of the house than its crate knows.
What tests set up is a crate of its own, which nothing but tests may import.";

/// Where Kuvert runs; without it cargo would fetch the libraries of every other system too.
const PLATFORM: &str = "x86_64-unknown-linux-gnu";

/// From the ground up. A crate may import what stands on a lower floor.
const FLOORS: &[&[&str]] = &[
    &["domain", "temporary-postgres"],
    &["vault"],
    &["store", "edge", "key-client", "delivery"],
    &["evidence"],
    &["registry", "eid"],
    &["mailbox"],
    &["intake", "account"],
    &["sender-tools"],
    &["web", "sender-gateway", "mina-meddelanden", "notifier", "key-service"],
    &["server"],
];

/// What tests set up: beside the floors, since it builds all of them but for the program. On none of them, so that a crate
/// which imports it for more than its tests is named.
const TESTING: &str = "testing";

/// Crates that see less than their floor allows: (crate, all of the house that it may reach, however indirectly).
const NARROW: &[(&str, &[&str])] = &[
    ("vault", &["domain"]),
    ("key-client", &["domain", "vault"]),
    ("delivery", &["domain", "vault"]),
    ("eid", &["domain", "vault"]),
    ("verify", &["domain", "vault", "evidence"]),
    ("sender-tools", &["domain", "vault", "delivery"]),
];

/// Crates that must not reach another, however indirectly, and why.
const APART: &[(&str, &str, &str)] = &[
    ("notifier", "mailbox", "what reaches people cannot read letters"),
    ("sender-gateway", "key-service", "the agency door has no key that opens letters"),
    ("mina-meddelanden", "key-service", "the agency door has no key that opens letters"),
    ("web", "key-service", "pages open only what the key service releases"),
];

/// Libraries that belong to some crates alone: (library, its crates, why).
const OWNED: &[(&str, &[&str], &str)] = &[
    ("hpke", &["key-service", TESTING], "only the key service opens what is sealed to a mailbox"),
    ("key-service", &["server", TESTING], "the key service is wired in one place"),
    ("sender-tools", &["server"], "a service has no part in what its senders have at home"),
    ("sqlx", &["store"], "only store knows which database it is"),
    ("temporary-postgres", &["store", "xtask", TESTING], "a service never starts a database server"),
    ("roxmltree", &["delivery", "mina-meddelanden"], "XML from outside is read under one set of limits"),
    ("lettre", &["notifier"], "mail leaves from one place"),
    (
        "anyhow",
        &["server", "sender-tools", "xtask"],
        "libraries have errors of their own, but those of commands",
    ),
    ("clap", &["server", "sender-tools", "verify"], "only programs and their commands read a command line"),
    ("toml", &["server"], "only server reads configuration"),
];

/// Libraries that only these crates may have even as dev-dependencies: (library, those crates, why).
const TESTED: &[(&str, &[&str], &str)] = &[
    (
        "hpke",
        &["vault", "server"],
        "what is sealed to a mailbox opens in its own tests, and in server's example administrator",
    ),
    ("sqlx", &["server"], "only server's example administrator reads and writes rows past store"),
];

/// Libraries that a crate must not know: it would no longer be what it is.
const FOREIGN: &[(&str, &[&str])] = &[
    ("domain", &["tokio", "axum", "ring", "reqwest", "tracing"]),
    ("vault", &["tokio", "axum", "reqwest", "tracing"]),
    ("delivery", &["tokio", "axum", "reqwest", "tracing", "sqlx"]),
    ("account", &["axum", "http", "reqwest", "edge", "askama"]),
    ("web", &["store"]),
    ("sender-gateway", &["store"]),
    ("sender-tools", &["store", "sqlx", "registry", "intake", "axum", "hyper", "toml", "rcgen", "metrics"]),
];

/// The task.
pub fn run(arguments: &[String]) -> Result<()> {
    if !arguments.is_empty() {
        bail!("layers takes no arguments, not {arguments:?}");
    }
    let mut metadata = cargo();
    metadata.args(["metadata", "--format-version", "1", "--locked", "--filter-platform", PLATFORM]);
    let text = output(&mut metadata)?;
    let house = House::read(&serde_json::from_str(&text)?)?;
    let faults = house.faults();
    if !faults.is_empty() {
        bail!("imports must go down only:\n  {}", faults.join("\n  "));
    }
    println!("{} crates stand on {} floors; imports go down only", house.imports.len(), FLOORS.len());
    Ok(())
}

/// Who imports what, by name; dev-dependencies left out.
struct House {
    /// The crates of the house and all that they import directly.
    imports: BTreeMap<String, BTreeSet<String>>,
    /// What each has for its tests alone.
    tested: BTreeMap<String, BTreeSet<String>>,
    /// Everything else that was resolved and imports one of [`OWNED`].
    strangers: Vec<(String, String)>,
}

impl House {
    fn read(metadata: &Value) -> Result<Self> {
        let packages = metadata["packages"].as_array().context("cargo metadata has no packages")?;
        let names: BTreeMap<&str, &str> = packages
            .iter()
            .filter_map(|package| Some((package["id"].as_str()?, package["name"].as_str()?)))
            .collect();
        let members: BTreeSet<&str> = metadata["workspace_members"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        let mut house = Self { imports: BTreeMap::new(), tested: BTreeMap::new(), strangers: Vec::new() };
        for node in metadata["resolve"]["nodes"].as_array().context("cargo metadata resolved nothing")? {
            let id = node["id"].as_str().unwrap_or_default();
            let Some(&name) = names.get(id) else { continue };
            let named = |linked: bool| -> BTreeSet<String> {
                let deps = node["deps"].as_array().into_iter().flatten();
                deps.filter(|import| is_linked(import) == linked)
                    .filter_map(|import| names.get(import["pkg"].as_str()?).map(|&name| name.to_owned()))
                    .collect()
            };
            let imports = named(true);
            if members.contains(id) {
                house.imports.insert(name.to_owned(), imports);
                house.tested.insert(name.to_owned(), named(false));
            } else {
                let owned = imports.into_iter().filter(|import| import == "hpke");
                house.strangers.extend(owned.map(|import| (name.to_owned(), import)));
            }
        }
        Ok(house)
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let outside = ["xtask", TESTING];
        for (name, imports) in self.imports.iter().filter(|(name, _)| !outside.contains(&name.as_str())) {
            let narrow = NARROW.iter().find(|(narrow, _)| narrow == name).map(|(_, reach)| *reach);
            if floor(name).is_none() && narrow.is_none() {
                faults.push(format!("{name} has no floor yet: give it one in xtask/src/layers.rs"));
                continue;
            }
            for import in imports.iter().filter(|import| self.imports.contains_key(*import)) {
                if floor(name).is_some_and(|own| floor(import).is_none_or(|other| other >= own)) {
                    faults.push(format!("{name} imports {import}, which is not on a lower floor"));
                }
            }
            let reach = self.reach(name);
            for other in reach.iter().filter(|other| narrow.is_some_and(|may| !may.contains(&other.as_str())))
            {
                faults.push(format!("{name} reaches {other}, which it must not know"));
            }
            for (_, other, why) in
                APART.iter().filter(|(one, other, _)| one == name && reach.contains(*other))
            {
                faults.push(format!("{name} reaches {other}: {why}"));
            }
            for (_, foreign) in FOREIGN.iter().filter(|(one, _)| one == name) {
                for library in foreign.iter().filter(|library| imports.contains(**library)) {
                    faults.push(format!("{name} imports {library}, which it must not know"));
                }
            }
        }
        for (library, owners, why) in OWNED {
            let others = self.imports.iter().filter(|(name, _)| !owners.contains(&name.as_str()));
            for (name, _) in others.filter(|(_, imports)| imports.contains(*library)) {
                faults.push(format!("{name} links {library}: {why}"));
            }
        }
        for (library, testers, why) in TESTED {
            let others = self.tested.iter().filter(|(name, _)| !testers.contains(&name.as_str()));
            for (name, _) in others.filter(|(_, tested)| tested.contains(*library)) {
                faults.push(format!("{name} has {library} for its tests: {why}"));
            }
        }
        faults.extend(
            self.strangers.iter().map(|(name, library)| format!("{name}, from outside, links {library}")),
        );
        faults
    }

    /// All of the house below a crate.
    fn reach(&self, name: &str) -> BTreeSet<String> {
        let mut reached = BTreeSet::new();
        let mut next = vec![name];
        while let Some(from) = next.pop() {
            for import in self.imports.get(from).into_iter().flatten() {
                if self.imports.contains_key(import) && reached.insert(import.clone()) {
                    next.push(import);
                }
            }
        }
        reached
    }
}

fn floor(name: &str) -> Option<usize> {
    FLOORS.iter().position(|floor| floor.contains(&name))
}

/// Normal and build dependencies; `kind` is null for normal ones.
fn is_linked(import: &Value) -> bool {
    import["dep_kinds"].as_array().is_none_or(|kinds| kinds.iter().any(|kind| kind["kind"] != "dev"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn house(imports: &[(&str, &[&str])]) -> House {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        let imports = imports.iter().map(|(name, imports)| ((*name).to_owned(), owned(imports))).collect();
        House { imports, tested: BTreeMap::new(), strangers: Vec::new() }
    }

    #[test]
    fn imports_that_go_down_stand() {
        let house = house(&[
            ("domain", &["serde"]),
            ("vault", &["domain", "ring"]),
            ("key-service", &["vault", "hpke"]),
            ("server", &["key-service", "anyhow", "clap"]),
        ]);
        assert_eq!(house.faults(), [""; 0]);
    }

    #[test]
    fn an_import_from_the_same_floor_or_above_is_named() {
        let house =
            house(&[("mailbox", &["intake"]), ("intake", &[]), ("web", &["notifier"]), ("notifier", &[])]);
        assert_eq!(
            house.faults(),
            [
                "mailbox imports intake, which is not on a lower floor",
                "web imports notifier, which is not on a lower floor"
            ]
        );
    }

    #[test]
    fn a_path_to_the_mailbox_is_found_through_another_crate() {
        let house = house(&[("notifier", &["intake"]), ("intake", &["mailbox"]), ("mailbox", &[])]);
        assert_eq!(house.faults(), ["notifier reaches mailbox: what reaches people cannot read letters"]);
    }

    #[test]
    fn what_a_sender_has_at_home_reaches_no_database_and_is_no_part_of_a_service() {
        let house = house(&[
            ("sender-tools", &["registry", "axum"]),
            ("registry", &["store"]),
            ("store", &["sqlx"]),
            ("web", &["sender-tools"]),
        ]);
        assert_eq!(
            house.faults(),
            [
                "sender-tools reaches registry, which it must not know",
                "sender-tools reaches store, which it must not know",
                "sender-tools imports registry, which it must not know",
                "sender-tools imports axum, which it must not know",
                "web links sender-tools: a service has no part in what its senders have at home",
            ]
        );
    }

    #[test]
    fn a_library_in_the_wrong_crate_is_named() {
        let mut house = house(&[("vault", &["hpke", "tokio"]), ("registry", &["sqlx"]), ("extra", &[])]);
        house.strangers.push(("some-library".to_owned(), "hpke".to_owned()));
        assert_eq!(
            house.faults(),
            [
                "extra has no floor yet: give it one in xtask/src/layers.rs",
                "vault imports tokio, which it must not know",
                "vault links hpke: only the key service opens what is sealed to a mailbox",
                "registry links sqlx: only store knows which database it is",
                "some-library, from outside, links hpke"
            ]
        );
    }

    #[test]
    fn what_tests_set_up_is_for_tests_alone() {
        let mut house = house(&[("testing", &["key-service", "hpke"]), ("key-service", &[]), ("web", &[])]);
        house.tested.insert("web".to_owned(), BTreeSet::from(["testing".to_owned()]));
        assert_eq!(house.faults(), [""; 0]);
        house.imports.insert("web".to_owned(), BTreeSet::from(["testing".to_owned()]));
        let above = "web imports testing, which is not on a lower floor";
        assert_eq!(
            house.faults(),
            [above, "web reaches key-service: pages open only what the key service releases"]
        );
    }

    #[test]
    fn what_opens_and_what_writes_past_store_is_not_free_in_tests_either() {
        let mut house = house(&[("server", &[]), ("web", &["domain"]), ("domain", &[])]);
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        house.tested.insert("server".to_owned(), owned(&["hpke", "sqlx", "tempfile"]));
        house.tested.insert("web".to_owned(), owned(&["sqlx", "tempfile"]));
        assert_eq!(
            house.faults(),
            [
                "web has sqlx for its tests: only server's example administrator reads and writes rows past store"
            ]
        );
    }

    #[test]
    fn dev_dependencies_are_free() {
        let metadata = serde_json::json!({
            "packages": [{"id": "a", "name": "vault"}, {"id": "b", "name": "hpke"}],
            "workspace_members": ["a"],
            "resolve": {"nodes": [
                {"id": "a", "deps": [{"pkg": "b", "dep_kinds": [{"kind": "dev"}]}]},
                {"id": "b", "deps": []}
            ]}
        });
        assert!(House::read(&metadata).is_ok_and(|house| house.faults().is_empty()));
    }
}
