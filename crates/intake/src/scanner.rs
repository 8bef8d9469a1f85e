//! The malware scanner, when one is configured. A scanner that does not answer stops the letter: it is never skipped.

use domain::Code;
use serde::Deserialize;
use std::{path::PathBuf, time::Duration};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
    time::timeout,
};

/// Who looks at attachments.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scanner {
    /// Nobody.
    #[default]
    None,
    /// ClamAV's daemon, by `INSTREAM`. Its `StreamMaxLength` must be at least the largest attachment.
    Clamd(Address),
}

/// Where the daemon listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Address {
    /// `host:port`.
    Tcp(String),
    /// A socket in the file system.
    Unix(PathBuf),
}

/// One attachment on its way through the scanner.
pub(crate) struct Session(Option<Box<dyn Wire>>);

trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

impl Scanner {
    pub(crate) async fn begin(&self) -> Result<Session, Code> {
        let Self::Clamd(address) = self else { return Ok(Session(None)) };
        let connect = async {
            Ok::<Box<dyn Wire>, std::io::Error>(match address {
                Address::Tcp(address) => Box::new(TcpStream::connect(address).await?),
                Address::Unix(path) => Box::new(UnixStream::connect(path).await?),
            })
        };
        let mut session = Session(Some(within(CONNECT_TIMEOUT, connect).await?));
        session.send(b"zINSTREAM\0").await?;
        Ok(session)
    }
}

impl Session {
    pub(crate) async fn update(&mut self, bytes: &[u8]) -> Result<(), Code> {
        if self.0.is_none() {
            return Ok(());
        }
        for chunk in bytes.chunks(CHUNK_BYTES) {
            // A chunk is far below four GiB.
            let length = u32::try_from(chunk.len()).map_err(|_| Code::ScannerUnavailable)?;
            self.send(&length.to_be_bytes()).await?;
            self.send(chunk).await?;
        }
        Ok(())
    }

    /// The scanner's word on the whole: anything but a clear OK or FOUND is no word.
    pub(crate) async fn finish(mut self) -> Result<(), Code> {
        self.send(&[0; 4]).await?;
        let Some(wire) = self.0 else { return Ok(()) };
        let mut answer = Vec::new();
        within(ANSWER_TIMEOUT, wire.take(ANSWER_BYTES).read_to_end(&mut answer)).await?;
        let answer = answer.strip_suffix(b"\0").unwrap_or(&answer).trim_ascii_end();
        match answer {
            b"stream: OK" => Ok(()),
            _ if answer.starts_with(b"stream: ") && answer.ends_with(b" FOUND") => Err(Code::Infected),
            _ => Err(Code::ScannerUnavailable),
        }
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), Code> {
        match &mut self.0 {
            Some(wire) => within(ANSWER_TIMEOUT, wire.write_all(bytes)).await,
            None => Ok(()),
        }
    }
}

async fn within<T>(time: Duration, act: impl Future<Output = std::io::Result<T>>) -> Result<T, Code> {
    timeout(time, act).await.ok().and_then(Result::ok).ok_or(Code::ScannerUnavailable)
}

const CHUNK_BYTES: usize = 64 * 1024;
const ANSWER_BYTES: u64 = 4096;
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use tokio::net::TcpListener;

    /// A daemon that reads the frames of one stream and finds what contains `EICAR`.
    async fn daemon(answers: bool) -> Scanner {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        tokio::spawn(async move {
            let (mut wire, _) = listener.accept().await.unwrap();
            let mut command = [0; 10];
            wire.read_exact(&mut command).await.unwrap();
            assert_eq!(&command, b"zINSTREAM\0");
            let mut all = Vec::new();
            loop {
                let length = wire.read_u32().await.unwrap();
                if length == 0 {
                    break;
                }
                let mut frame = vec![0; length as usize];
                wire.read_exact(&mut frame).await.unwrap();
                all.extend_from_slice(&frame);
            }
            if answers {
                let found = all.windows(5).any(|w| w == b"EICAR");
                let answer: &[u8] =
                    if found { b"stream: Eicar-Test-Signature FOUND\0" } else { b"stream: OK\0" };
                wire.write_all(answer).await.unwrap();
            }
        });
        Scanner::Clamd(Address::Tcp(address))
    }

    async fn scan(scanner: &Scanner, bytes: &[u8]) -> Result<(), Code> {
        let mut session = scanner.begin().await?;
        session.update(bytes).await?;
        session.finish().await
    }

    #[tokio::test]
    async fn the_scanner_is_asked_and_believed() {
        let clean = vec![b'a'; 3 * CHUNK_BYTES + 1];
        assert_eq!(scan(&daemon(true).await, &clean).await, Ok(()));
        assert_eq!(scan(&daemon(true).await, &[&clean[..], b"EICAR"].concat()).await, Err(Code::Infected));
        assert_eq!(scan(&Scanner::None, b"EICAR").await, Ok(()));
    }

    #[tokio::test]
    async fn a_silent_scanner_stops_the_letter() {
        assert_eq!(scan(&daemon(false).await, b"a").await, Err(Code::ScannerUnavailable));
        let nobody = Scanner::Clamd(Address::Unix("/nonexistent/clamd.sock".into()));
        assert_eq!(scan(&nobody, b"a").await, Err(Code::ScannerUnavailable));
    }
}
