//! E-mail to a real mail server: Postfix with STARTTLS and implicit TLS, its refusals, and a line that is cut.

#![allow(clippy::unwrap_used, reason = "tests")]

mod line;
mod server;

use domain::{Time, words::Channel};
use line::{Fault, Line};
use notifier::{
    Delivery, Failure, NoticeSettings, Post,
    settings::{EmailSettings, Security, SmsSettings, SmtpSettings},
};
use server::{MailServer, header, text_of};
use std::path::PathBuf;
use testing::Authority;

#[tokio::test]
async fn a_notice_arrives_over_starttls_and_over_tls() {
    let server = MailServer::start();
    let ways = [(server.starttls_port, Security::Starttls), (server.tls_port, Security::Tls)];
    for (n, (port, security)) in ways.into_iter().enumerate() {
        let post = post(&server, port, security);
        let id = u8::try_from(n).unwrap() + 1;
        post.send(&delivery(id, "anna@example.test")).await.unwrap();
        let letters = server.delivered(n + 1).await;
        let letter = letters.iter().find(|l| l.contains(&message_id(id))).unwrap();
        assert_eq!(header(letter, "From"), "=?utf-8?b?S3V2ZXJ0w6R0?= <avisering@kuvert.test>");
        assert_eq!(header(letter, "To"), "anna@example.test");
        assert_eq!(header(letter, "Subject"), "=?utf-8?b?QmVrcsOkZnRh?= din adress i Kuvert");
        assert_eq!(header(letter, "Date"), "Wed, 18 Nov 2026 11:06:40 +0000");
        assert_eq!(header(letter, "Message-ID"), message_id(id));
        assert_eq!(header(letter, "Auto-Submitted"), "auto-generated");
        assert_eq!(header(letter, "Content-Type"), "text/plain; charset=utf-8");
        assert_eq!(header(letter, "Delivered-To"), "anna@example.test");
        assert!(letter.contains("(using TLSv1.3 with cipher"), "{letter}");
        assert_eq!(text_of(letter).trim_end(), "Logga in som du brukar för att läsa det.");
    }
}

/// What agencies announce is in words of their own, and some of those mean something to a mail server.
#[tokio::test]
async fn words_that_mean_something_to_a_mail_server_arrive_as_they_are() {
    let server = MailServer::start();
    let post = post(&server, server.starttls_port, Security::Starttls);
    let long = "åäö ".repeat(600);
    for (n, text) in
        [".\n..\n.QUIT\nRCPT TO:<bo@example.test>\n", "From oss\n>From er", &long, "a=3D=\n=C3\tb "]
            .into_iter()
            .enumerate()
    {
        let id = u8::try_from(n).unwrap() + 1;
        let subject = format!("{n}: {}", "Vattnet stängs, =?utf-8?q?inte?= ".repeat(7).trim_end());
        let told = Delivery { subject, text: text.to_owned(), ..delivery(id, "anna@example.test") };
        post.send(&told).await.unwrap();
        let letters = server.delivered(n + 1).await;
        let letter = letters.iter().find(|l| l.contains(&message_id(id))).unwrap();
        assert_eq!(text_of(letter).replace("\r\n", "\n").trim_end(), text.trim_end());
        assert_eq!(header(letter, "Delivered-To"), "anna@example.test");
        assert!(letter.lines().all(|line| line.len() <= 998));
    }
}

#[tokio::test]
async fn the_servers_refusals_are_told_apart() {
    let server = MailServer::start();
    let post = post(&server, server.starttls_port, Security::Starttls);
    for (address, expected) in [
        ("later@example.test", Failure::Later("smtp_not_now")),
        ("gone@example.test", Failure::BadAddress("smtp_no_such_mailbox")),
        ("policy@example.test", Failure::Later("smtp_policy")),
        ("full@example.test", Failure::Never("smtp_refused")),
        ("anna@example.test\r\nRCPT TO:<bo@example.test>", Failure::BadAddress("address_invalid")),
    ] {
        assert_eq!(post.send(&delivery(1, address)).await, Err(expected), "{address}");
        // The dialogue is whole again: the next one on the same connections is not harmed.
        post.send(&delivery(2, "anna@example.test")).await.unwrap();
    }
    let letters = server.delivered(5).await;
    assert!(letters.iter().all(|l| header(l, "Delivered-To") == "anna@example.test"));
    assert!(server.log().contains("451 4.3.0") && server.log().contains("550 5.1.1"));
}

/// The server has the message and its answer is lost: it is tried again, and known again by its Message-ID.
#[tokio::test]
async fn a_line_cut_after_the_message_gives_the_same_message_again() {
    let server = MailServer::start();
    let line = Line::to(&server).await;
    let post = post(&server, line.port, Security::Tls);
    line.set(Fault::CutAfterMessage);
    assert_eq!(post.send(&delivery(7, "anna@example.test")).await, Err(Failure::Later("smtp_connection")));
    server.delivered(1).await;
    line.set(Fault::None);
    post.send(&delivery(7, "anna@example.test")).await.unwrap();
    let letters = server.delivered(2).await;
    assert!(letters.iter().all(|l| header(l, "Message-ID") == message_id(7)));
    assert_eq!(header(&letters[0], "Date"), header(&letters[1], "Date"));
    assert_eq!(text_of(&letters[0]), text_of(&letters[1]));
}

#[tokio::test]
async fn a_line_cut_within_the_message_delivers_nothing() {
    let server = MailServer::start();
    let line = Line::to(&server).await;
    let post = post(&server, line.port, Security::Tls);
    line.set(Fault::CutWithinMessage);
    assert_eq!(post.send(&delivery(7, "anna@example.test")).await, Err(Failure::Later("smtp_connection")));
    line.set(Fault::None);
    post.send(&delivery(7, "anna@example.test")).await.unwrap();
    assert_eq!(server.delivered(1).await.len(), 1);
}

/// An answer that comes too late must not be taken for the answer to the next message.
#[tokio::test]
async fn a_server_that_falls_silent_holds_up_nobody_for_long() {
    let server = MailServer::start();
    let line = Line::to(&server).await;
    let post = open(SmtpSettings { timeout_seconds: 1, ..smtp(&server, line.port, Security::Tls) });
    line.set(Fault::AnswerLate);
    assert_eq!(post.send(&delivery(1, "anna@example.test")).await, Err(Failure::Later("smtp_timeout")));
    line.set(Fault::None);
    assert_eq!(
        post.send(&delivery(2, "gone@example.test")).await,
        Err(Failure::BadAddress("smtp_no_such_mailbox"))
    );
    post.send(&delivery(3, "anna@example.test")).await.unwrap();
    let letters = server.delivered(2).await;
    assert!(letters.iter().any(|l| header(l, "Message-ID") == message_id(3)));
}

#[tokio::test]
async fn a_server_that_cannot_be_believed_gets_nothing() {
    let server = MailServer::start();
    let strangers = Authority::new();
    let file = server.folder().join("strangers.pem");
    std::fs::write(&file, &strangers.pem).unwrap();
    for (port, security) in [(server.starttls_port, Security::Starttls), (server.tls_port, Security::Tls)] {
        let right = smtp(&server, port, security);
        // Another authority, the machine's authorities, and a certificate for another name.
        for settings in [
            SmtpSettings { ca_file: Some(file.clone()), ..right.clone() },
            SmtpSettings { ca_file: None, ..right.clone() },
            SmtpSettings { host: "127.0.0.1".into(), ..right },
        ] {
            let sent = open(settings).send(&delivery(1, "anna@example.test")).await;
            assert!(matches!(sent, Err(Failure::Later("smtp_connection" | "smtp_tls"))), "{sent:?}");
        }
    }
    server.nothing_was_said();
}

/// A server, or somebody on the way, that does not offer TLS: no message goes in clear, and no password.
#[tokio::test]
async fn without_tls_nothing_is_sent() {
    let server = MailServer::start();
    let password = server.folder().join("password");
    std::fs::write(&password, "canary").unwrap();
    let plain = smtp(&server, server.plain_port, Security::Starttls);
    let with_password =
        SmtpSettings { username: Some("kuvert".into()), password_file: Some(password), ..plain.clone() };
    for settings in [plain, with_password] {
        assert!(!format!("{settings:?}").contains("canary"));
        let sent = open(settings).send(&delivery(1, "anna@example.test")).await;
        assert_eq!(sent, Err(Failure::Later("smtp_unfit")));
    }
    server.nothing_was_said();
}

#[tokio::test]
async fn a_server_that_is_not_there_is_for_later() {
    let server = MailServer::start();
    let post = open(smtp(&server, server.tls_port, Security::Tls));
    post.send(&delivery(1, "anna@example.test")).await.unwrap();
    server.delivered(1).await;
    server.stop().await;
    // Also the pooled connection is found to be dead.
    assert_eq!(post.send(&delivery(2, "anna@example.test")).await, Err(Failure::Later("smtp_connection")));
}

fn smtp(server: &MailServer, port: u16, security: Security) -> SmtpSettings {
    SmtpSettings {
        host: "localhost".into(),
        port,
        security,
        username: None,
        password_file: None,
        ca_file: Some(server.ca_file()),
        connections: 2,
        timeout_seconds: 20,
    }
}

fn open(smtp: SmtpSettings) -> Post {
    let settings = NoticeSettings {
        from: "Kuvertät <avisering@kuvert.test>".into(),
        coalesce_minutes: 10,
        email: EmailSettings::Smtp(smtp),
        sms: SmsSettings::Off,
    };
    settings.check(true).unwrap();
    Post::open(&settings).unwrap()
}

fn post(server: &MailServer, port: u16, security: Security) -> Post {
    open(smtp(server, port, security))
}

fn delivery(id: u8, address: &str) -> Delivery {
    Delivery {
        id: [id; 32],
        address: address.to_owned(),
        channel: Channel::Email,
        subject: "Bekräfta din adress i Kuvert".to_owned(),
        text: "Logga in som du brukar för att läsa det.".to_owned(),
        at: Time::from_millis(1_795_000_000_000),
    }
}

fn message_id(id: u8) -> String {
    format!("<{}@kuvert.test>", format!("{id:02x}").repeat(16))
}

#[test]
fn a_ca_file_that_is_missing_is_named() {
    let settings = NoticeSettings {
        from: "Kuvert <avisering@kuvert.test>".into(),
        coalesce_minutes: 10,
        email: EmailSettings::Smtp(SmtpSettings {
            host: "localhost".into(),
            port: 1,
            security: Security::Tls,
            username: None,
            password_file: None,
            ca_file: Some(PathBuf::from("/nowhere/ca.pem")),
            connections: 1,
            timeout_seconds: 1,
        }),
        sms: SmsSettings::Off,
    };
    let error = Post::open(&settings).err().unwrap().to_string();
    assert!(error.contains("/nowhere/ca.pem"), "{error}");
}
