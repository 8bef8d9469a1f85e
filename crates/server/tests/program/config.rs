//! The two configurations of the repository, and what is refused. Each refusal names its key.

use crate::process::run;
use server::{config::Config, demo::pki, published_keys};
use std::path::Path;
use toml::{Table, Value};

const DEV: &str = include_str!("../../../../config/dev.toml");
const PRODUCTION: &str = include_str!("../../../../config/production.toml");

/// Paths of the files need not exist: a configuration is checked on another machine than it is for.
fn check(text: &str) -> Result<Config, String> {
    let config = Config::parse(text, Path::new("/etc/kuvert")).map_err(|error| format!("{error:#}"))?;
    config.check().map_err(|error| format!("{error:#}"))?;
    Ok(config)
}

#[test]
fn the_repository_s_configurations_are_good() {
    let dev = check(DEV).unwrap();
    assert!(!dev.instance.production);
    assert_eq!(dev.store.database, "sqlite:/etc/kuvert/../kuvert-dev/letters.db");
    let production = check(PRODUCTION).unwrap();
    assert!(production.instance.production);
    assert!(production.store.database.starts_with("postgres://"));
    assert_eq!(production.keys.root_file, Path::new("/etc/kuvert/secrets/root.key"));
}

/// Every key of the form stands in production.toml, in force or in a comment: it is the reference.
#[test]
fn production_toml_names_every_key_with_a_comment() {
    let whole = toml::to_string(&check(PRODUCTION).unwrap()).unwrap();
    let written: Table = toml::from_str(&whole).unwrap();
    let mut missing = Vec::new();
    each_key(&Value::Table(written), &mut |key| {
        let stands = |line: &str| line.trim_start_matches(['#', ' ']).starts_with(&format!("{key} ="));
        if !PRODUCTION.lines().any(stands)
            && !PRODUCTION.contains(&format!("[{key}]"))
            && !PRODUCTION.contains(&format!(".{key}]"))
        {
            missing.push(key.to_owned());
        }
    });
    // The two languages stand in one line each, and a pretend e-ID is refused here.
    missing.retain(|key| {
        !["demo", "sv", "en"].contains(&key.as_str()) && !PRODUCTION.contains(&format!("[[{key}]]"))
    });
    assert!(missing.is_empty(), "{missing:?}");
    for (name, text) in [("dev.toml", DEV), ("production.toml", PRODUCTION)] {
        let lines: Vec<_> = text.lines().collect();
        for (no, line) in lines.iter().enumerate().skip(1) {
            let is_key = line
                .split_once(" = ")
                .is_some_and(|(key, _)| key.bytes().all(|b| b.is_ascii_lowercase() || b == b'_'));
            // A comment above it, or above the keys that it stands together with.
            let explained =
                lines[..no].iter().rev().take_while(|l| !l.is_empty()).any(|l| l.starts_with('#'));
            assert!(!is_key || explained, "{name}:{}: {line}", no + 1);
        }
    }
}

fn each_key(value: &Value, see: &mut impl FnMut(&str)) {
    match value {
        Value::Table(table) => table.iter().for_each(|(key, value)| {
            see(key);
            each_key(value, see);
        }),
        Value::Array(all) => all.iter().for_each(|one| each_key(one, see)),
        _ => {}
    }
}

#[test]
fn what_is_only_good_for_trying_is_refused_in_production() {
    for (path, value, key) in [
        ("web.origin", "\"http://post.example.se\"", "web.origin"),
        ("web.content_origin", "\"http://innehall.example.com\"", "web.content_origin"),
        ("web.content_origin", "\"https://content.example.se\"", "web.content_origin"),
        ("eid.demo", "true", "demo"),
        ("eid.issuer", "\"http://localhost:8084\"", "issuer"),
        ("eid.issuer", "\"https://127.0.0.1:8084\"", "issuer"),
        ("eid.acr_aliases", "{ x = \"http://id.elegnamnden.se/loa/1.0/loa3\" }", "acr_aliases"),
        ("eid.acr", "[\"http://id.swedenconnect.se/loa/1.0/uncertified-loa3\"]", "acr"),
        ("notices.email", "{ kind = \"folder\", path = \"outbox\" }", "notices.email"),
        ("notices.sms", "{ kind = \"folder\", path = \"outbox\" }", "notices.sms"),
        ("store.database", "\"postgres://kuvert:hemligt@db.example.se/kuvert\"", "store.database"),
        ("keys.database", "\"postgres://db.example.se/keys?user=kuvert&password=hemligt\"", "keys.database"),
        (
            "store.database",
            "\"postgres://db.example.se/kuvert?user=kuvert&sslmode=disable\"",
            "store.database",
        ),
        (
            "store.database",
            "\"postgres://db.example.se/kuvert?user=kuvert&sslmode=prefer\"",
            "store.database",
        ),
        ("keys.database", "\"postgres://kuvert@db.example.se/kuvert\"", "keys.database"),
        ("keys.database", "\"postgres:///keys?host=db.example.se&user=kuvert\"", "keys.database"),
        ("store.database", "\"postgres://kuvert@localhost/kuvert?hostaddr=10.1.2.3\"", "store.database"),
        ("keys.database", "\"postgres://kuvert@localhost/keys?hostaddr=localhost\"", "keys.database"),
        ("store.database", "\"sqlite:kuvert.db\"", "store.database"),
        ("keys.database", "\"sqlite:keys.db\"", "keys.database"),
        ("keys.shared_administrator", "false", "keys.shared_administrator = true"),
        ("web.listen", "[\"0.0.0.0:8080\"]", "web.listen"),
        ("web.listen", "[\"127.0.0.1:8080\", \"[::]:8080\"]", "web.listen"),
        ("web.listen", "[\"10.1.2.3:8080\"]", "web.listen"),
        ("web.content_listen", "[\"0.0.0.0:8083\"]", "web.content_listen"),
        ("eid.acr", "[\"low\"]", "acr"),
        ("eid.acr", "[\"http://id.elegnamnden.se/loa/1.0/loa2\"]", "acr"),
        ("eid.acr", "[\"http://id.elegnamnden.se/loa/1.0/loa3\", \"urn:loa2\"]", "acr"),
        ("eid.acr", "[\"http://eidas.europa.eu/LoA/low\"]", "acr"),
        ("eid.acr", "[\"password\"]", "acr"),
        ("keys.limits.grant_absolute_seconds", "315360000", "keys.limits.grant_absolute_seconds"),
        ("keys.limits.erase_within_days", "3650", "keys.limits.erase_within_days"),
        ("keys.limits.opens_per_ten_seconds", "1000000", "keys.limits.opens_per_ten_seconds"),
        ("log.level", "\"trace\"", "log.level"),
        ("log.level", "\"info,intake=TRACE\"", "log.level"),
        ("agency.queue_mib", "1", "agency.queue_mib"),
    ] {
        let error = check(&with(PRODUCTION, path, value)).unwrap_err();
        assert!(error.contains(key), "{path} = {value}: {error}");
        assert!(!error.contains("hemligt"), "{error}");
    }
}

#[test]
fn proxies_and_limits_of_log_ins_are_checked_and_what_makes_all_citizens_one_address_is_told() {
    for (path, value) in [
        ("web.trusted_proxies", "[\"the-proxy\"]"),
        ("web.trusted_proxies", "[\"10.0.0.0/99\"]"),
        ("web.trusted_proxies", "[\"0.0.0.0/0\"]"),
        ("web.address_logins_per_minute", "0"),
        ("web.network_logins_per_minute", "299"),
    ] {
        let error = check(&with(PRODUCTION, path, value)).unwrap_err();
        assert!(error.contains(path), "{path} = {value}: {error}");
    }
    assert!(check(PRODUCTION).unwrap().warnings().is_empty());
    // In production refused where nobody is named who asks for others; told where it is only tried.
    let beyond = with(PRODUCTION, "web.listen", "[\"0.0.0.0:8080\"]");
    let error = check(&beyond).unwrap_err();
    assert!(error.contains("web.listen") && error.contains("web.trusted_proxies"), "{error}");
    let warnings = check(&with(DEV, "web.listen", "[\"0.0.0.0:8080\"]")).unwrap().warnings();
    assert!(warnings.len() == 1 && warnings[0].contains("web.trusted_proxies"), "{warnings:?}");
    let mended = with(&beyond, "web.trusted_proxies", "[\"10.0.0.0/8\"]");
    assert!(check(&mended).unwrap().warnings().is_empty());
}

#[test]
fn codes_are_limited_in_a_way_that_can_work() {
    for (path, value) in
        [("codes.countries", "[\"46\"]"), ("codes.countries", "[\"+\"]"), ("codes.person_per_day", "0")]
    {
        let error = check(&with(PRODUCTION, path, value)).unwrap_err();
        assert!(error.contains(path), "{path} = {value}: {error}");
    }
    assert_eq!(check(PRODUCTION).unwrap().codes, account::CodeLimits::default());
}

#[test]
fn what_is_fit_for_production_is_taken() {
    for (path, value) in [
        ("store.database", "\"postgres://kuvert@db.example.se/kuvert?sslmode=verify-full\""),
        ("store.database", "\"postgres:///kuvert?host=db.example.se&user=kuvert&sslmode=require\""),
        ("store.database", "\"postgres://kuvert@localhost/kuvert?sslmode=disable\""),
        ("eid.acr", "[\"http://eidas.europa.eu/LoA/substantial\", \"http://eidas.europa.eu/LoA/high\"]"),
        (
            "eid.acr",
            "[\"http://id.elegnamnden.se/loa/1.0/loa3\", \"http://id.elegnamnden.se/loa/1.0/eidas-nf-sub\"]",
        ),
        ("web.listen", "[\"127.0.0.2:8080\"]"),
        ("log.level", "\"info,intake=debug\""),
        ("keys.limits.grant_absolute_seconds", "28800"),
    ] {
        check(&with(PRODUCTION, path, value)).unwrap_or_else(|error| panic!("{path} = {value}: {error}"));
    }
    // Another server, or another user at least, is another administrator.
    for keys in [
        "postgres:///kuvert_keys?host=/run/keys&port=5433&user=kuvert",
        "postgres:///kuvert_keys?host=/run/postgresql&user=keys",
    ] {
        let apart = with(
            &with(PRODUCTION, "keys.shared_administrator", "false"),
            "keys.database",
            &format!("{keys:?}"),
        );
        check(&apart).unwrap();
    }
    // The same one by another name is no other.
    let same = with(PRODUCTION, "keys.shared_administrator", "false");
    for keys in [
        "postgres://kuvert@localhost/kuvert_keys",
        "postgres://kuvert@127.0.0.1/kuvert",
        "postgres://kuvert@[::1]:5432/k",
        "postgres://kuvert@db.example.se/k?hostaddr=127.0.0.1",
    ] {
        let error = check(&with(&same, "keys.database", &format!("{keys:?}"))).unwrap_err();
        assert!(error.contains("keys.shared_administrator"), "{keys}: {error}");
    }
    let public = with(&with(PRODUCTION, "web.certificate", "\"c\""), "web.key_file", "\"k\"");
    check(&with(&public, "web.listen", "[\"[::]:443\"]")).unwrap();
}

/// What would stop the service is said by the check: each fault by its key.
#[cfg(unix)]
#[test]
fn the_command_looks_at_the_files_that_the_service_needs() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let now = domain::Clock::now(&domain::SystemClock);
    pki::prepare(
        folder.path(),
        &[(domain::OrgNumber::parse("164020000016").unwrap(), "Exempelkommunen")],
        now,
    )
    .unwrap();
    let at = |name: &str| folder.path().join(name);
    let quoted = |name: &str| format!("{:?}", at(name).display().to_string());
    let mode =
        |name: &str, mode: u32| std::fs::set_permissions(at(name), PermissionsExt::from_mode(mode)).unwrap();
    std::fs::write(at("root.key"), [7; 32]).unwrap();
    let made = rcgen::KeyPair::generate().unwrap().serialize_pem();
    for name in ["eid.key", "other.key"] {
        std::fs::write(at(name), &made).unwrap();
        mode(name, 0o600);
    }
    mode("root.key", 0o600);
    let mut text = PRODUCTION.to_owned();
    for (key, file) in [
        ("keys.root_file", "root.key"),
        ("agency.certificate", "server.pem"),
        ("agency.key_file", "server.key"),
        ("agency.client_authorities", "ca.pem"),
        ("eid.client_key_file", "eid.key"),
        ("objects.folder", "objects"),
        ("register.file", "signatories.json"),
    ] {
        text = with(&text, key, &quoted(file));
    }
    let file = at("kuvert.toml").display().to_string();
    let checked = |text: &str| {
        std::fs::write(&file, text).unwrap();
        run(&["config", "check", "--config", &file])
    };
    checked(&text).good();
    for (name, key) in [
        ("root.key", "keys.root_file"),
        ("server.key", "agency.key_file"),
        ("eid.key", "eid.client_key_file"),
    ] {
        for open in [0o644, 0o640, 0o604, 0o660] {
            mode(name, open);
            checked(&text).bad(1, &[key, "chmod 600", name]);
        }
        mode(name, 0o600);
    }
    for (key, value, says) in [
        ("keys.root_file", quoted("no.key"), "keys.root_file"),
        ("keys.root_file", quoted("other.key"), "keys.root_file"),
        ("agency.key_file", quoted("other.key"), "agency.key_file"),
        ("agency.certificate", quoted("no.pem"), "agency.certificate"),
        ("agency.client_authorities", quoted("no.pem"), "agency.client_authorities"),
        ("agency.signing_authorities", quoted("no.pem"), "agency.signing_authorities"),
        ("eid.client_key_file", quoted("no.key"), "eid.client_key_file"),
        ("objects.folder", quoted("server.pem"), "objects.folder"),
        ("register.file", quoted("nowhere/signatories.json"), "register.file"),
        ("web.content_listen", "[\"127.0.0.1:8080\"]".to_owned(), "listed twice"),
    ] {
        checked(&with(&text, key, &value)).bad(1, &[says]);
    }
    // On another machine than the one it is for.
    std::fs::write(&file, PRODUCTION).unwrap();
    run(&["config", "check", "--values-only", "--config", &file]).good();
    run(&["config", "check", "--config", &file]).bad(1, &["keys.root_file"]);
    // And the service itself refuses keys that others can read, before it opens anything.
    mode("server.key", 0o644);
    std::fs::write(&file, &text).unwrap();
    run(&["serve", "--config", &file]).bad(1, &["agency.key_file", "chmod 600"]);
}

#[test]
fn outgoing_is_checked_and_its_keys_stand_explained() {
    // As it stands there in comments.
    let begin = PRODUCTION.find("# [outgoing]").unwrap();
    let section = PRODUCTION[begin..].split("\n\n").next().unwrap();
    let bare = |line: &str| line.strip_prefix("# ").filter(|bare| bare.contains(" = ")).map(str::to_owned);
    let keys: Vec<String> = section.lines().filter_map(bare).collect();
    let whole = format!("{PRODUCTION}\n[outgoing]\n{}\n", keys.join("\n"));
    let written: Table = toml::from_str(&toml::to_string(&check(&whole).unwrap()).unwrap()).unwrap();
    assert_eq!(written["outgoing"].as_table().unwrap().len(), keys.len());
    for (key, value) in [("max_envelope_mib", "11"), ("give_up_after_hours", "0"), ("timeout_seconds", "601")]
    {
        let error = check(&with(&whole, &format!("outgoing.{key}"), value)).unwrap_err();
        assert!(error.contains(&format!("outgoing.{key}")), "{error}");
    }
    assert!(check(&format!("{PRODUCTION}\n[outgoing]\ncertificate = \"us.pem\"\n")).is_err());
}

#[test]
fn a_published_key_is_refused_in_production() {
    let folder = tempfile::tempdir().unwrap();
    let now = domain::Clock::now(&domain::SystemClock);
    let number = domain::OrgNumber::parse("164020000016").unwrap();
    pki::prepare(folder.path(), &[(number, "Exempelkommunen")], now).unwrap();
    let key = format!("{:?}", folder.path().join("164020000016.key").display().to_string());
    let outgoing = "{ certificate = \"c\", key_file = \"k\", authorities = \"a\" }";
    let whole = with(&with(PRODUCTION, "web.certificate", "\"c\""), "web.key_file", "\"k\"");
    let whole = with(&whole, "outgoing", outgoing);
    check(&whole).unwrap();
    for section in ["agency", "web", "far", "outgoing"] {
        let error = check(&with(&whole, &format!("{section}.key_file"), &key)).unwrap_err();
        assert!(
            error.contains(&format!("{section}.key_file: this is one of the demo's published")),
            "{error}"
        );
    }
    let pem = std::fs::read(folder.path().join("164020000016.pem")).unwrap();
    let certificate = vault::Certificate::from_pem(&pem).unwrap();
    let error = published_keys::refuse_public(&certificate).unwrap_err().to_string();
    assert!(error.contains("published key of 164020000016"), "{error}");
    // The command refuses it before it looks at any database.
    let file = folder.path().join("production.toml").display().to_string();
    std::fs::write(&file, PRODUCTION).unwrap();
    let certificate = folder.path().join("164020000016.pem").display().to_string();
    run(&["agency", "cert", "add", "--config", &file, &certificate])
        .bad(1, &["published key of 164020000016"]);
    let server =
        vault::Certificate::from_pem(&std::fs::read(folder.path().join("server.pem")).unwrap()).unwrap();
    published_keys::refuse_public(&server).unwrap();
}

#[test]
fn what_cannot_work_is_refused_anywhere() {
    for (path, value, key) in [
        ("instance.id", "\"\"", "instance.id"),
        ("instance.id", "\"Not A Domain\"", "instance.id"),
        ("instance.number", "\"4020000057\"", "instance.number"),
        ("instance.number", "\"164020000058\"", "instance.number"),
        ("agency.origin", "\"http://door.example.se\"", "agency.origin"),
        ("agency.origin", "\"https://door.example.se/v1\"", "agency.origin"),
        ("store.database", "\"mysql://db/kuvert\"", "store.database"),
        ("store.database", "\"/var/lib/kuvert.db\"", "store.database"),
        ("store.promise", "\"double\"", "store.promise"),
        ("store.promise", "\"sync-quorum\"", "store.promise"), // on SQLite
        ("store.max_connections", "0", "store.max_connections"),
        ("store.max_connections", "-1", "max_connections"),
        ("keys.database", "\"sqlite:../kuvert-dev/letters.db\"", "keys.database"),
        ("keys.limits.tend_seconds", "0", "keys.limits.tend_seconds"),
        ("keys.limits.grant_idle_seconds", "7200", "keys.limits.grant_idle_seconds"),
        ("agency.listen", "[]", "agency.listen"),
        ("agency.listen", "[\"localhost\"]", "listen"),
        ("agency.connections", "0", "agency.connections"),
        ("agency.queue_mib", "0", "agency.queue_mib"),
        ("web.listen", "[]", "web.listen"),
        ("web.origin", "\"http://127.0.0.1:8080/kuvert\"", "web.origin"),
        ("web.origin", "\"127.0.0.1:8080\"", "web.origin"),
        ("web.content_origin", "\"http://127.0.0.1:8083\"", "web.content_origin"),
        ("web.certificate", "\"web.pem\"", "web.certificate"),
        ("internal.listen", "[\"0.0.0.0:8082\"]", "internal.listen"),
        ("internal.listen", "[\"192.0.2.1:8082\"]", "internal.listen"),
        ("eid.id", "\"Dev!\"", "id"),
        ("eid.algorithms", "[]", "algorithms"),
        ("eid.algorithms", "[\"none\"]", "none"),
        ("eid.max_age_seconds", "0", "max_age_seconds"),
        ("notices.from", "\"nobody\"", "notices.from"),
        ("notices.coalesce_minutes", "100000", "notices.coalesce_minutes"),
        ("far.recipient_address", "\"https://far.example.se/Recipient/v3\"", "far.recipient_address"), // mode is own
        ("far.mode", "\"external\"", "far.authority_address"),
        ("far.fresh_seconds", "100000", "far.fresh_seconds"),
        ("far.stale_hours", "0", "far.stale_hours"),
        ("log.level", "\"loud\"", "log.level"),
        ("log.format", "\"xml\"", "format"),
        ("log.colour", "true", "colour"),
        ("objects.bucket", "\"x\"", "bucket"),
        ("agency.limits.pages", "1", "pages"),
        ("keys.limits.typo", "1", "typo"),
        ("eid.secret", "\"x\"", "secret"),
        ("notices.email.password", "\"x\"", "password"),
        ("surprise", "{ }", "surprise"),
    ] {
        let error = check(&with(DEV, path, value)).err();
        let error = error.unwrap_or_else(|| panic!("{path} = {value} is taken"));
        assert!(error.contains(key), "{path} = {value}: {error}");
    }
    let external = with(DEV, "far.mode", "\"external\"");
    let external = with(&external, "far.authority_address", "\"https://far.example.se/Authority\"");
    assert!(check(&external).unwrap_err().contains("far.recipient_address"));
    let plain = with(&external, "far.recipient_address", "\"http://far.example.se/Recipient/v3\"");
    assert!(check(&plain).unwrap_err().contains("far.recipient_address"));
    let secure = with(&external, "far.recipient_address", "\"https://far.example.se/Recipient/v3\"");
    assert!(check(&secure).unwrap_err().contains("far.certificate"));
    let twice = format!("{DEV}\n{}", DEV[DEV.find("[[eid]]").unwrap()..].split("[notices]").next().unwrap());
    let error = check(&twice).unwrap_err();
    assert!(error.contains("eid") && error.contains("\"dev\""), "{error}");
}

#[test]
fn a_section_that_is_missing_is_named() {
    for section in ["instance", "store", "keys", "objects", "agency", "web", "internal", "notices"] {
        let mut table: Table = toml::from_str(DEV).unwrap();
        table.remove(section).unwrap();
        let error = check(&toml::to_string(&table).unwrap()).unwrap_err();
        assert!(error.contains(section), "{section}: {error}");
    }
    let mut table: Table = toml::from_str(DEV).unwrap();
    table.remove("eid").unwrap();
    assert!(check(&toml::to_string(&table).unwrap()).unwrap_err().contains("eid"));
}

#[test]
fn the_command_shows_what_is_in_force_and_nothing_secret() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    write("secret", "hemligt-i-fil");
    let text = with(
        DEV,
        "store.database",
        "\"postgres://kuvert:hemligt@localhost/kuvert?host=/run&password=hemligt\"",
    );
    let file = write("a.toml", &with(&text, "store.password_file", "\"secret\""));
    run(&["config", "check", "--config", &file]).good();
    let shown = run(&["config", "show", "--config", &file]).good().out;
    assert!(!shown.contains("hemligt") && shown.contains("hidden"), "{shown}");
    assert!(shown.contains("coalesce_minutes = 10") && shown.contains("grant_idle_seconds"), "{shown}");
    let json = run(&["config", "show", "--config", &file, "--json"]).good();
    assert!(!json.out.contains("hemligt"), "{json:?}");
    assert_eq!(json.json()["instance"]["id"], "dev.kuvert.example");

    // What is shown can be used as it is.
    let again = run(&["config", "show", "--config", &write("b.toml", &shown)]).good().out;
    assert_eq!(again, shown);
    run(&["config", "check", "--config", &write("c.toml", "[instance]\nid = 1\n")]).bad(1, &["c.toml", "id"]);
    run(&["config", "check", "--config", &write("d.toml", "not toml")]).bad(1, &["d.toml"]);
    run(&["config", "check", "--config", "/no/such.toml"]).bad(1, &["/no/such.toml"]);
}

/// The text with one key set to another value.
fn with(text: &str, path: &str, value: &str) -> String {
    let mut table: Table = toml::from_str(text).unwrap();
    let new: Table = toml::from_str(&format!("new = {value}")).unwrap();
    let mut at = &mut table;
    let mut names = path.split('.').peekable();
    while let Some(name) = names.next() {
        if names.peek().is_none() {
            at.insert(name.to_owned(), new["new"].clone());
            break;
        }
        let next = at.entry(name).or_insert_with(|| Value::Table(Table::new()));
        at = match next {
            Value::Array(all) => all[0].as_table_mut().unwrap(),
            other => other.as_table_mut().unwrap(),
        };
    }
    toml::to_string(&table).unwrap()
}
