//! A connection that has to begin to speak.
//!
//! hyper tells HTTP/2 from HTTP/1 by the first bytes and waits for them without an end; only then do its own limits
//! on waiting hold. Without this, a thousand connections that say nothing would fill a door for ever.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

/// A stream whose first bytes must come in time. Once it is clear which HTTP is spoken it is the stream alone.
pub(crate) struct Begun<S> {
    stream: S,
    /// How much of [`PREFACE`] has come. `None`: enough, or something else than the preface.
    matched: Option<usize>,
    deadline: Pin<Box<Sleep>>,
}

impl<S> Begun<S> {
    pub(crate) fn within(time: Duration, stream: S) -> Self {
        Self { stream, matched: Some(0), deadline: Box::pin(sleep(time)) }
    }

    fn saw(&mut self, bytes: &[u8]) {
        let Some(matched) = self.matched else { return };
        let rest = &PREFACE[matched..];
        // Nothing more comes from a stream that has ended.
        let undecided = !bytes.is_empty() && bytes.len() < rest.len() && rest.starts_with(bytes);
        self.matched = undecided.then_some(matched + bytes.len());
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Begun<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buf.filled().len();
        if let Poll::Ready(read) = Pin::new(&mut this.stream).poll_read(cx, buf) {
            this.saw(&buf.filled()[before..]);
            return Poll::Ready(read);
        }
        if this.matched.is_some() {
            ready!(this.deadline.as_mut().poll(cx));
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        Poll::Pending
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Begun<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, pieces)
    }
}

/// What an HTTP/2 connection begins with (RFC 9113 §3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    const WAIT: Duration = Duration::from_millis(100);

    async fn outcome(said: &[u8]) -> Option<io::Result<usize>> {
        let (mut client, server) = duplex(1024);
        let mut server = Begun::within(WAIT, server);
        client.write_all(said).await.unwrap();
        let mut held = [0; 64];
        let mut taken = 0;
        while taken < said.len() {
            taken += server.read(&mut held).await.unwrap();
        }
        // The client keeps the connection and says nothing more.
        tokio::time::timeout(WAIT * 5, server.read(&mut held)).await.ok()
    }

    #[tokio::test]
    async fn who_says_nothing_or_only_the_beginning_of_the_preface_is_cut_off() {
        for said in ["", "P", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r"] {
            let cut = outcome(said.as_bytes()).await.unwrap().unwrap_err();
            assert_eq!(cut.kind(), io::ErrorKind::TimedOut, "{said:?}");
        }
    }

    #[tokio::test]
    async fn who_has_begun_is_left_to_the_limits_of_http() {
        for said in ["GET / HTTP/1.1\r\n", "POST", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
            assert!(outcome(said.as_bytes()).await.is_none(), "{said:?}");
        }
    }
}
