//! Where a PostgreSQL database is, as the driver reads its address and the environment: it alone knows which of several
//! spellings (`host`, `hostaddr`, `PGHOST`, …) counts.

use crate::Error;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use std::net::IpAddr;

/// The server behind an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerAddress {
    /// Host and port in lower case. All that is on this machine is one host, by whatever name.
    pub server: String,
    pub user: String,
    /// Reached through a socket, or within this machine.
    pub is_near: bool,
    /// Whether a connection is encrypted or not made.
    pub is_encrypted: bool,
}

impl ServerAddress {
    /// Of `postgres://…`; nothing is looked up or connected to.
    pub fn of(url: &str) -> Result<Self, Error> {
        // The driver takes any scheme.
        let is_postgres = url.starts_with("postgres://") || url.starts_with("postgresql://");
        let options: Option<PgConnectOptions> = url.parse().ok().filter(|_| is_postgres);
        let options = options.ok_or_else(|| Error::Address("expected postgres://…".into()))?;
        let host = options.get_host().to_ascii_lowercase();
        let address: Option<IpAddr> = host.trim_matches(['[', ']']).parse().ok();
        let is_near = options.get_socket().is_some()
            || host.is_empty()
            || host.starts_with('/')
            || host == "localhost"
            || address.is_some_and(|address| address.to_canonical().is_loopback());
        let name = if is_near { "" } else { &host };
        Ok(Self {
            server: format!("{name}:{}", options.get_port()),
            user: options.get_username().to_owned(),
            is_near,
            is_encrypted: matches!(
                options.get_ssl_mode(),
                PgSslMode::Require | PgSslMode::VerifyCa | PgSslMode::VerifyFull
            ),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn what_the_driver_connects_to_counts() {
        for (url, server, is_near) in [
            ("postgres://kuvert@localhost/k", ":5432", true),
            ("postgres://kuvert@[::1]:6000/k", ":6000", true),
            ("postgres://kuvert@[::ffff:127.0.0.1]/k", ":5432", true),
            ("postgres:///k?host=/run/postgresql&user=kuvert", ":5432", true),
            ("postgres://kuvert@%2Frun%2Fpostgresql/k", ":5432", true),
            ("postgres://kuvert@localhost/k?hostaddr=10.1.2.3", "10.1.2.3:5432", false),
            ("postgres://kuvert@localhost/k?host=DB.example.se&port=5433", "db.example.se:5433", false),
            ("postgres://kuvert@db.example.se/k?hostaddr=127.0.0.1", ":5432", true),
            ("postgresql://kuvert@10.0.0.1/k", "10.0.0.1:5432", false),
        ] {
            let found = ServerAddress::of(url).unwrap();
            assert_eq!((found.server.as_str(), found.is_near), (server, is_near), "{url}");
            assert_eq!(found.user, "kuvert", "{url}");
            assert!(!found.is_encrypted, "{url}");
        }
        for mode in ["require", "verify-ca", "verify-full"] {
            for key in ["sslmode", "ssl-mode"] {
                assert!(ServerAddress::of(&format!("postgres://k@h/d?{key}={mode}")).unwrap().is_encrypted);
            }
        }
        for url in ["postgres://k@h/d?sslmode=prefer", "postgres://k@h/d?sslmode=require&sslmode=disable"] {
            assert!(!ServerAddress::of(url).unwrap().is_encrypted, "{url}");
        }
        for url in ["sqlite:a.db", "postgres://k@h/d?hostaddr=db", "postgres://k@h/d?sslmode=maybe"] {
            assert!(matches!(ServerAddress::of(url), Err(Error::Address(_))), "{url}");
        }
    }
}
