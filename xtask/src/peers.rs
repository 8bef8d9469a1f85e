//! Independent programs that the tests talk to: packages from npm, pinned by a lock file, their scripts never run.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::command::{program, run};

/// Folders whose children, or themselves, hold a `package-lock.json`.
const FOLDERS: &[&str] = &["tests/peers", "tests/browser"];

/// Installs what is not installed as its lock file says.
pub fn install() -> Result<()> {
    for folder in with_lock_file() {
        if !is_installed(&folder) {
            let mut npm = program("npm");
            npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
            run(npm.current_dir(&folder))?;
        }
    }
    Ok(())
}

fn with_lock_file() -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = FOLDERS.iter().map(PathBuf::from).collect();
    for parent in FOLDERS {
        folders.extend(std::fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()));
    }
    folders.retain(|folder| folder.join("package-lock.json").is_file());
    folders.sort();
    folders
}

/// npm writes its own copy of the lock file when it has installed everything.
fn is_installed(folder: &Path) -> bool {
    let written = |file: &str| std::fs::metadata(folder.join(file)).and_then(|data| data.modified()).ok();
    match (written("node_modules/.package-lock.json"), written("package-lock.json")) {
        (Some(installed), Some(locked)) => installed >= locked,
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_folder_without_installed_packages_is_not_installed() {
        let folder = std::env::temp_dir().join(format!("kuvert-peers-{}", std::process::id()));
        std::fs::create_dir_all(folder.join("node_modules")).unwrap();
        std::fs::write(folder.join("package-lock.json"), "{}").unwrap();
        assert!(!is_installed(&folder));
        std::fs::write(folder.join("node_modules/.package-lock.json"), "{}").unwrap();
        assert!(is_installed(&folder));
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
