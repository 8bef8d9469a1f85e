//! A mail server: TLS or nothing, a pool of connections, and its answers in our words.

use crate::{
    delivery::Failure,
    settings::{Security, SetUpError, SmtpSettings},
};
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    transport::smtp::{
        AsyncSmtpTransportBuilder, Error, PoolConfig,
        authentication::Credentials,
        client::{Certificate, CertificateStore, Tls, TlsParameters, TlsVersion},
    },
};
use parking_lot::RwLock;
use std::{error::Error as _, sync::Arc, time::Duration};

type Transport = AsyncSmtpTransport<Tokio1Executor>;

/// A mail server. Has no `Debug`: it holds a password.
pub struct Smtp {
    transport: RwLock<Arc<Transport>>,
    builder: AsyncSmtpTransportBuilder,
    patience: Duration,
}

impl Smtp {
    pub(super) fn open(settings: &SmtpSettings) -> Result<Self, SetUpError> {
        let tls = tls(settings)?;
        let patience = Duration::from_secs(settings.timeout_seconds);
        let pool = PoolConfig::new().max_size(settings.connections).idle_timeout(IDLE);
        // "Dangerous" is to go without TLS; it is set here.
        let mut builder = Transport::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(tls)
            .timeout(Some(patience))
            .pool_config(pool);
        if let (Some(user), Some(file)) = (&settings.username, &settings.password_file) {
            let read = std::fs::read_to_string(file);
            let password = read.map_err(|source| SetUpError::File { path: file.clone(), source })?;
            builder = builder.credentials(Credentials::new(user.clone(), password.trim_end().to_owned()));
        }
        Ok(Self { transport: RwLock::new(Arc::new(builder.clone().build())), builder, patience })
    }

    pub(super) async fn send(&self, message: Message, address: &str) -> Result<(), Failure> {
        let transport = self.current();
        // lettre waits for ever for the answer to a command (its own limit is for connecting).
        match tokio::time::timeout(self.patience, Box::pin(transport.send(message))).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) if error.is_client() && !address.is_ascii() => Err(Failure::Never("smtp_utf8")),
            Ok(Err(error)) => Err(failure(&error)),
            Err(_) => {
                self.leave(&transport);
                Err(Failure::Later("smtp_timeout"))
            }
        }
    }

    fn current(&self) -> Arc<Transport> {
        Arc::clone(&self.transport.read())
    }

    /// A connection that was left in the middle of a dialogue goes back to its pool, where the answer that comes
    /// late would be taken for the answer to another message. So the pool goes with it.
    fn leave(&self, left: &Arc<Transport>) {
        let mut transport = self.transport.write();
        if Arc::ptr_eq(&transport, left) {
            *transport = Arc::new(self.builder.clone().build());
        }
    }
}

fn tls(settings: &SmtpSettings) -> Result<Tls, SetUpError> {
    let mut parameters =
        TlsParameters::builder(settings.host.clone()).set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(file) = &settings.ca_file {
        let pem = std::fs::read(file).map_err(|source| SetUpError::File { path: file.clone(), source })?;
        parameters = parameters
            .certificate_store(CertificateStore::None)
            .add_root_certificate(Certificate::from_pem(&pem).map_err(SetUpError::Tls)?);
    }
    let parameters = parameters.build().map_err(SetUpError::Tls)?;
    Ok(match settings.security {
        Security::Starttls => Tls::Required(parameters),
        Security::Tls => Tls::Wrapper(parameters),
    })
}

/// The server's words can hold the address, so only a code of ours goes on.
fn failure(error: &Error) -> Failure {
    let Some(status) = error.status() else {
        return Failure::Later(match error {
            error if error.is_timeout() => "smtp_timeout",
            error if error.is_tls() => "smtp_tls",
            error if error.is_client() => "smtp_unfit",
            _ => "smtp_connection",
        });
    };
    if !error.is_permanent() {
        return Failure::Later("smtp_not_now");
    }
    let words = error.source().map(ToString::to_string).unwrap_or_default();
    refusal(u16::from(status), &words)
}

/// What a 5xx answer means: RFC 5321 §4.2.3, and RFC 3463 where the server says more.
fn refusal(status: u16, words: &str) -> Failure {
    match (status, enhanced(words)) {
        // The account, or the dialogue itself: every message would be refused until the operator mends it.
        (500 | 502..=504 | 521 | 530 | 534 | 535 | 538, _) => Failure::Later("smtp_account"),
        // No such mailbox, no such domain, a mailbox that was turned off, a domain that takes no mail.
        (_, Some((1, 1..=3 | 6 | 10) | (2, 1) | (4, 4))) => Failure::BadAddress("smtp_no_such_mailbox"),
        // The server does not want us: the same for everybody it is asked for, so no address is to blame.
        (_, Some((7, _))) => Failure::Later("smtp_policy"),
        (550 | 551 | 553, None) => Failure::BadAddress("smtp_no_such_mailbox"),
        _ => Failure::Never("smtp_refused"),
    }
}

/// Subject and detail of an enhanced status code `5.subject.detail` at the beginning of an answer.
fn enhanced(words: &str) -> Option<(u16, u16)> {
    let mut numbers = words.split_whitespace().next()?.split('.').map(str::parse);
    let (Some(Ok(5)), Some(Ok(subject)), Some(Ok(detail)), None) =
        (numbers.next(), numbers.next(), numbers.next(), numbers.next())
    else {
        return None;
    };
    Some((subject, detail))
}

/// After this a connection that nobody uses is closed.
const IDLE: Duration = Duration::from_secs(60);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_blamed_only_for_what_it_is_to_blame_for() {
        let bad = Failure::BadAddress("smtp_no_such_mailbox");
        for (status, words, expected) in [
            (550, "5.1.1 <anna@example.test>: User unknown", bad),
            (550, "No such user here", bad),
            (553, "mailbox name not allowed", bad),
            (550, "5.2.1 The account is disabled", bad),
            (554, "5.1.2 no such domain", bad),
            (556, "5.1.10 null MX", bad),
            (550, "5.7.1 Relay access denied", Failure::Later("smtp_policy")),
            (554, "5.7.1 blocked", Failure::Later("smtp_policy")),
            (535, "5.7.8 Authentication failed", Failure::Later("smtp_account")),
            (530, "Must issue a STARTTLS command first", Failure::Later("smtp_account")),
            (552, "5.2.2 mailbox full", Failure::Never("smtp_refused")),
            (550, "5.1.8 sender's domain does not exist", Failure::Never("smtp_refused")),
            (554, "Transaction failed", Failure::Never("smtp_refused")),
        ] {
            assert_eq!(refusal(status, words), expected, "{status} {words}");
        }
    }

    #[test]
    fn only_a_whole_code_counts_as_one() {
        assert_eq!(enhanced("5.1.1 unknown"), Some((1, 1)));
        for words in ["", "5.1", "5.1.1.1", "4.1.1", "5.x.1", "user 5.1.1"] {
            assert_eq!(enhanced(words), None, "{words}");
        }
    }
}
