//! What is taken, and what is refused where.

use super::*;

type Change = fn(&mut ProviderConfig);

const REAL: &str = r#"
    id = "exempel-id"
    name = { sv = "Exempel-id", en = "Example ID" }
    issuer = "https://op.example.se"
    client_id = "kuvert"
    client_key_file = "/etc/kuvert/eid.pem"
    algorithms = ["ES256", "PS256"]
"#;

fn real() -> ProviderConfig {
    toml::from_str(REAL).unwrap()
}

#[test]
fn a_short_configuration_means_swedens_levels_and_signed_userinfo() {
    let config = real();
    config.check(true).unwrap();
    assert_eq!(config.acr, [LOA3, LOA4]);
    assert_eq!(config.userinfo, UserinfoMode::Signed);
    assert_eq!(config.client_authentication, ClientAuthentication::PrivateKeyJwt);
    assert_eq!(toml::from_str::<ProviderConfig>(&toml::to_string(&config).unwrap()).unwrap(), config);
}

#[test]
fn unknown_keys_and_symmetric_algorithms_are_refused() {
    assert!(toml::from_str::<ProviderConfig>(&format!("{REAL}\nissuer_url = \"x\"")).is_err());
    for algorithm in ["none", "HS256", "HS512", "RS1", "es256"] {
        let text = REAL.replace("PS256", algorithm);
        assert!(toml::from_str::<ProviderConfig>(&text).is_err(), "{algorithm}");
    }
}

#[test]
fn production_refuses_what_is_only_pretended() {
    let cases: [(&str, Change); 6] = [
        ("demo", |c| c.demo = true),
        ("issuer", |c| c.issuer = "http://localhost:8084".into()),
        ("issuer", |c| c.issuer = "https://127.0.0.1:8084".into()),
        ("issuer", |c| c.issuer = "https://[::1]".into()),
        ("acr_aliases", |c| {
            c.acr_aliases.insert(UNCERTIFIED_LOA3.into(), LOA3.into());
        }),
        ("acr", |c| c.acr = vec![UNCERTIFIED_LOA3.into()]),
    ];
    for (key, change) in cases {
        let mut config = real();
        change(&mut config);
        config.check(false).unwrap();
        assert_eq!(config.check(true).unwrap_err().key, key);
    }
}

#[test]
fn what_cannot_work_is_named_by_its_key() {
    let cases: [(&str, Change); 10] = [
        ("id", |c| c.id = "Exempel ID".into()),
        ("issuer", |c| c.issuer = "http://op.example.se".into()),
        ("issuer", |c| c.issuer = "https://op.example.se/?a=b".into()),
        ("client_id", |c| c.client_id = String::new()),
        ("client_key_file", |c| c.client_key_file = None),
        ("client_secret_file", |c| c.client_authentication = ClientAuthentication::ClientSecretPost),
        ("client_authentication", |c| c.client_authentication = ClientAuthentication::None),
        ("algorithms", |c| c.algorithms.clear()),
        ("scopes", |c| c.scopes = vec!["profile".into()]),
        ("max_age_seconds", |c| c.max_age_seconds = 0),
    ];
    for (key, change) in cases {
        let mut config = real();
        change(&mut config);
        assert_eq!(config.check(false).unwrap_err().key, key);
    }
}
