//! Embeds the migrations: `NNNN_what_it_does.sql` in the four folders, in order.

use std::{env, error::Error, fmt::Write, fs, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let root = Path::new(&env::var("CARGO_MANIFEST_DIR")?).join("../../migrations").canonicalize()?;
    let mut out = String::new();
    for (name, folder) in
        [("COMMON", "common"), ("SQLITE", "sqlite"), ("POSTGRES", "postgres"), ("KEYS", "keys")]
    {
        let folder = root.join(folder);
        tell(&folder);
        let mut files = fs::read_dir(&folder)?
            .map(|file| Ok(file?.path()))
            .collect::<Result<Vec<_>, std::io::Error>>()?;
        files.retain(|file| file.extension().is_some_and(|e| e == "sql"));
        files.sort();
        writeln!(out, "const {name}: &[(i64, &str, &str)] = &[")?;
        for file in files {
            tell(&file);
            let stem = file.file_stem().and_then(|s| s.to_str()).ok_or("a migration's name is not UTF-8")?;
            let (version, what) =
                stem.split_once('_').ok_or_else(|| format!("{stem}: expected NNNN_what.sql"))?;
            let version: i64 = version.parse()?;
            writeln!(out, "    ({version}, {:?}, include_str!({file:?})),", what.replace('_', " "))?;
        }
        writeln!(out, "];")?;
    }
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("migrations.rs"), out)?)
}

#[allow(clippy::print_stdout, reason = "how a build script speaks to cargo")]
fn tell(path: &Path) {
    println!("cargo:rerun-if-changed={}", path.display());
}
