//! Settings that work and settings that are refused.

use super::*;

fn smtp() -> SmtpSettings {
    SmtpSettings {
        host: "mail.example.se".into(),
        port: 587,
        security: Security::Starttls,
        username: None,
        password_file: None,
        ca_file: None,
        connections: 4,
        timeout_seconds: 30,
    }
}

fn gateway(url: &str) -> SmsGatewaySettings {
    SmsGatewaySettings {
        url: url.into(),
        username: "u0123".into(),
        password_file: "secrets/sms".into(),
        sender: "Kuvert".into(),
        timeout_seconds: 30,
    }
}

fn settings(email: EmailSettings, sms: SmsSettings) -> NoticeSettings {
    NoticeSettings { from: "Kuvert <avisering@example.se>".into(), coalesce_minutes: 10, email, sms }
}

fn refused(settings: &NoticeSettings, production: bool) -> &'static str {
    settings.check(production).unwrap_err().key
}

#[test]
fn what_works_is_taken() {
    let good =
        settings(EmailSettings::Smtp(smtp()), SmsSettings::Http(gateway("https://sms.example.se/a1/sms")));
    good.check(true).unwrap();
    let demo = settings(
        EmailSettings::Folder { path: "outbox".into() },
        SmsSettings::Folder { path: "outbox".into() },
    );
    demo.check(false).unwrap();
    let on_loopback =
        settings(EmailSettings::Smtp(smtp()), SmsSettings::Http(gateway("http://127.0.0.1:1/")));
    on_loopback.check(false).unwrap();
}

#[test]
fn a_folder_reaches_nobody_and_is_not_for_production() {
    let path = PathBuf::from("outbox");
    assert_eq!(
        refused(&settings(EmailSettings::Folder { path: path.clone() }, SmsSettings::Off), true),
        "email"
    );
    assert_eq!(refused(&settings(EmailSettings::Smtp(smtp()), SmsSettings::Folder { path }), true), "sms");
}

#[test]
fn what_cannot_work_is_named() {
    let with = |smtp| settings(EmailSettings::Smtp(smtp), SmsSettings::Off);
    let half = SmtpSettings { username: Some("kuvert".into()), ..smtp() };
    assert_eq!(refused(&with(half), false), "email.password_file");
    assert_eq!(refused(&with(SmtpSettings { connections: 0, ..smtp() }), false), "email.connections");
    assert_eq!(refused(&with(SmtpSettings { timeout_seconds: 0, ..smtp() }), false), "email.timeout_seconds");
    assert_eq!(refused(&with(SmtpSettings { host: String::new(), ..smtp() }), false), "email.host");
    assert_eq!(refused(&NoticeSettings { from: "nobody".into(), ..with(smtp()) }, false), "from");
    assert_eq!(
        refused(&NoticeSettings { coalesce_minutes: 24 * 60 + 1, ..with(smtp()) }, false),
        "coalesce_minutes"
    );
}

#[test]
fn a_gateway_is_asked_over_tls_and_its_password_stands_in_a_file() {
    let with = |gateway| settings(EmailSettings::Smtp(smtp()), SmsSettings::Http(gateway));
    for url in
        ["http://sms.example.se/", "http://127.0.0.1:1/", "https://u:p@sms.example.se/", "sms", "ftp://x/"]
    {
        assert_eq!(refused(&with(gateway(url)), true), "sms.url", "{url}");
    }
    for sender in ["", "Kuvert brevlåda", "LongerThan11", "+46 70"] {
        let gateway = SmsGatewaySettings { sender: sender.into(), ..gateway("https://sms.example.se/") };
        assert_eq!(refused(&with(gateway), true), "sms.sender", "{sender}");
    }
}

#[test]
fn unknown_keys_are_refused_and_paths_start_at_the_folder_of_the_file() {
    let text = |extra: &str| {
        format!(
            r#"{{"from":"a@b.se","email":{{"kind":"folder","path":"outbox"{extra}}},"sms":{{"kind":"off"}}}}"#
        )
    };
    assert!(serde_json::from_str::<NoticeSettings>(&text(r#","host":"x""#)).is_err());
    let mut read: NoticeSettings = serde_json::from_str(&text("")).unwrap();
    read.resolve(Path::new("/etc/kuvert"));
    assert!(matches!(&read.email, EmailSettings::Folder { path } if path == Path::new("/etc/kuvert/outbox")));
}
