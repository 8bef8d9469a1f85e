//! What is seen in the source itself.

use std::path::{Path, PathBuf};

use crate::command::{output, program};

/// The database takes statements of the program's own lifetime alone (`&'static str`), and nobody but the one place that numbers
/// the rows of a statement makes such text while it runs.
pub fn statements_are_constants() -> Result<(), String> {
    let interface = read(Path::new("crates/store/src/tx.rs"))?;
    let statements = interface.matches("pub async fn ").count();
    let constant = interface.matches("sql: &'static str").count() + interface.matches("many: &Many").count();
    if statements == 0
        || constant == 0
        || interface.contains("sql: &str")
        || interface.contains("sql: String")
    {
        return Err("crates/store/src/tx.rs takes statements that are no constants".into());
    }
    let allowed = ["crates/store/src/many.rs", "crates/store/src/testing.rs"];
    none_but(&allowed, &[".leak()", "Box::leak", "AssertSqlSafe", "transmute"])
}

/// Chance is `ring`'s, that of the operating system, and no token is an id.
pub fn chance_has_one_source() -> Result<(), String> {
    let others = ["fastrand::", "getrandom::", "thread_rng", "rand::random", "rand::rng", "new_v4()"];
    none_but(&[], &others)?;
    let chance = read(Path::new("crates/vault/src/chance.rs"))?;
    let token = read(Path::new("crates/key-client/src/secret.rs"))?;
    match (
        chance.contains("ring::rand::SystemRandom"),
        token.contains("struct GrantToken(Zeroizing<[u8; 32]>)"),
    ) {
        (true, true) => Ok(()),
        (false, _) => Err("crates/vault/src/chance.rs does not take chance from ring".into()),
        (_, false) => Err("crates/key-client/src/secret.rs: a log-in is not 256 bits".into()),
    }
}

/// Fails when one of these stands in a file of the crates that is neither a test nor named.
fn none_but(allowed: &[&str], words: &[&str]) -> Result<(), String> {
    for file in files()? {
        let name = file.display().to_string();
        if allowed.contains(&name.as_str()) {
            continue;
        }
        let text = read(&file)?;
        // What stands below a file's own tests is a test.
        let text = text.split("#[cfg(test)]\n#[allow").next().unwrap_or_default();
        let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
        if let Some((number, word)) = text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim_start().starts_with("//"))
            .find_map(|(number, line)| Some((number, words.iter().find(|word| line.contains(**word))?)))
        {
            return Err(format!("{name}:{}: {word}", number + 1));
        }
    }
    Ok(())
}

/// The sources of the crates that are no tests.
fn files() -> Result<Vec<PathBuf>, String> {
    let all = output(program("git").args(["ls-files", "-z", "crates"])).map_err(|error| error.to_string())?;
    let all = all.split('\0').map(PathBuf::from);
    let is_code = |file: &PathBuf| {
        let name = file.to_string_lossy();
        let tests = ["/tests/", "/tests.rs", "/benches/", "/examples/", "/world.rs", "/src/demo/"];
        name.ends_with(".rs") && name.contains("/src/") && !tests.iter().any(|part| name.contains(part))
    };
    Ok(all.filter(is_code).filter(|file| file.exists()).collect())
}

fn read(file: &Path) -> Result<String, String> {
    std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))
}
