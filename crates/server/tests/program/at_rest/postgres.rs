//! A database as PostgreSQL's own programs see it.

use std::{path::PathBuf, process::Command};

/// Where it is, as those programs are told.
pub struct Postgres(Vec<(&'static str, String)>);

impl Postgres {
    pub fn at(url: &str) -> Self {
        let url: reqwest::Url = url.parse().unwrap();
        // A socket's folder stands in the parameters, or with escapes where the host is.
        let host = url.query_pairs().find(|(name, _)| name == "host").map(|(_, value)| value.into_owned());
        let host = host.unwrap_or_else(|| url.host_str().unwrap().replace("%2F", "/").replace("%2D", "-"));
        let mut places = vec![
            ("PGDATABASE", url.path().trim_start_matches('/').to_owned()),
            ("PGUSER", url.username().to_owned()),
            ("PGHOST", host),
        ];
        places.extend(url.port().map(|port| ("PGPORT", port.to_string())));
        places.extend(url.password().map(|password| ("PGPASSWORD", password.to_owned())));
        Self(places)
    }

    pub fn dump(&self) -> Vec<u8> {
        self.run("pg_dump", &[])
    }

    /// The cluster's own files, where they can be read: tables, write-ahead log, and what the server logged.
    pub fn files(&self) -> Vec<PathBuf> {
        self.run("psql", &["-qc", "CHECKPOINT"]);
        let path = self.run("psql", &["-Atc", "SHOW data_directory"]);
        let oid =
            self.run("psql", &["-Atc", "SELECT oid FROM pg_database WHERE datname = current_database()"]);
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().trim().to_owned();
        let data = PathBuf::from(text(path));
        let mut files = Vec::new();
        for folder in [data.join("base").join(text(oid)), data.join("pg_wal"), data.join("log")] {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            files.extend(entries.map(|entry| entry.path()).filter(|path| path.is_file()));
        }
        files.extend(data.parent().map(|home| home.join("server.log")).filter(|log| log.is_file()));
        files
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Vec<u8> {
        let output = Command::new(program).args(arguments).envs(self.0.clone()).output();
        let output = output.unwrap_or_else(|e| panic!("{program} is needed for this test: {e}"));
        assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }
}
