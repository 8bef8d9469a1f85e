//! E-mail: to a mail server, or into a folder for the demo.

use crate::settings::SetUpError;
use crate::{
    delivery::{Delivery, Failure, id_text, write_file},
    settings::{EmailSettings, NoticeSettings, Security, SmtpSettings},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, SinglePart, header::ContentType},
    transport::smtp::{
        self, PoolConfig,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
    },
};
use std::{
    path::PathBuf,
    sync::Mutex,
    time::{Duration, UNIX_EPOCH},
};

/// Where e-mail goes.
pub enum Post {
    /// A mail server, over TLS, with a pool of connections.
    Smtp { transport: Box<AsyncSmtpTransport<Tokio1Executor>>, from: Mailbox },
    /// One file for each notice.
    Folder { path: PathBuf, from: Mailbox },
    /// Kept in memory, for tests.
    Memory { sent: Mutex<Vec<Vec<u8>>>, from: Mailbox },
}

impl Post {
    /// From the configuration.
    pub fn open(settings: &NoticeSettings) -> Result<Self, SetUpError> {
        let from: Mailbox = settings.from.parse().map_err(|_| SetUpError::From)?;
        match &settings.email {
            EmailSettings::Folder { path } => Ok(Self::Folder { path: path.clone(), from }),
            EmailSettings::Smtp(smtp) => Ok(Self::Smtp { transport: Box::new(transport(smtp)?), from }),
        }
    }

    /// Sends one message; returns when the next server has taken it over (RFC 5321 §6.1).
    pub async fn send(&self, delivery: &Delivery) -> Result<(), Failure> {
        match self {
            Self::Smtp { transport, from } => {
                let message = message(from, delivery)?;
                transport.send(message).await.map(drop).map_err(|error| failure(&error))
            }
            Self::Folder { path, from } => {
                let message = message(from, delivery)?.formatted();
                write_file(path, &format!("{}.eml", id_text(&delivery.id)), message).await
            }
            Self::Memory { sent, from } => {
                let message = message(from, delivery)?.formatted();
                sent.lock().map_err(|_| Failure::Later("memory"))?.push(message);
                Ok(())
            }
        }
    }
}

fn transport(smtp: &SmtpSettings) -> Result<AsyncSmtpTransport<Tokio1Executor>, SetUpError> {
    let mut parameters = TlsParameters::builder(smtp.host.clone());
    if let Some(file) = &smtp.ca_file {
        let pem = std::fs::read(file).map_err(|source| SetUpError::File { path: file.clone(), source })?;
        parameters = parameters
            .certificate_store(smtp::client::CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&pem).map_err(SetUpError::Tls)?);
    }
    let parameters = parameters.build().map_err(SetUpError::Tls)?;
    let tls = match smtp.security {
        Security::Starttls => Tls::Required(parameters),
        Security::Tls => Tls::Wrapper(parameters),
    };
    let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&smtp.host) // TLS is set below
        .port(smtp.port)
        .tls(tls)
        .timeout(Some(Duration::from_secs(smtp.timeout_seconds)))
        .pool_config(PoolConfig::new().max_size(smtp.connections).idle_timeout(Duration::from_secs(60)));
    if let (Some(user), Some(file)) = (&smtp.username, &smtp.password_file) {
        let read = std::fs::read_to_string(file);
        let password = read.map_err(|source| SetUpError::File { path: file.clone(), source })?;
        builder = builder.credentials(Credentials::new(user.clone(), password.trim_end().to_owned()));
    }
    Ok(builder.build())
}

fn message(from: &Mailbox, delivery: &Delivery) -> Result<Message, Failure> {
    let address = delivery.address.parse().map_err(|_| Failure::BadAddress("address_invalid"))?;
    let since_epoch = Duration::from_millis(delivery.at.millis().max(0).cast_unsigned());
    let domain = from.email.domain();
    Message::builder()
        .from(from.clone())
        .to(Mailbox::new(None, address))
        .subject(delivery.subject.clone())
        .date(UNIX_EPOCH + since_epoch)
        .message_id(Some(format!("<{}@{domain}>", id_text(&delivery.id))))
        .header(AutoSubmitted)
        .singlepart(
            SinglePart::builder().header(ContentType::TEXT_PLAIN).body(format!("{}\r\n", delivery.text)),
        )
        .map_err(|_| Failure::Never("message_invalid"))
}

/// RFC 3834 §5: nobody's absence message shall answer.
#[derive(Clone)]
struct AutoSubmitted;

impl lettre::message::header::Header for AutoSubmitted {
    fn name() -> lettre::message::header::HeaderName {
        lettre::message::header::HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> lettre::message::header::HeaderValue {
        lettre::message::header::HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The server's words can hold the address, so only a code of ours goes on.
fn failure(error: &smtp::Error) -> Failure {
    let status = error.status().map(|code| code.to_string());
    match status.as_deref() {
        // Mailbox unavailable, not local, name not allowed (RFC 5321 §4.2.3).
        Some("550" | "551" | "553") => Failure::BadAddress("smtp_no_such_mailbox"),
        Some(_) if error.is_permanent() => Failure::Never("smtp_refused"),
        Some(_) => Failure::Later("smtp_not_now"),
        None if error.is_timeout() => Failure::Later("smtp_timeout"),
        None if error.is_tls() => Failure::Later("smtp_tls"),
        None => Failure::Later("smtp_connection"),
    }
}
