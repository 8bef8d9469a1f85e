//! A line to the mail server that can be cut. It ends TLS itself, so that it sees where a message ends.

use crate::server::MailServer;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

/// What happens to the line.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// The last dot never reaches the server.
    CutWithinMessage,
    /// The server takes the message; its answer never reaches the client.
    CutAfterMessage,
    /// The answer comes when the client has given up.
    AnswerLate,
}

pub struct Line {
    pub port: u16,
    fault: Arc<Mutex<Fault>>,
}

impl Line {
    pub async fn to(server: &MailServer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let fault = Arc::new(Mutex::new(Fault::None));
        let acceptor = server.authority.acceptor();
        let behind = server.plain_port;
        tokio::spawn({
            let fault = Arc::clone(&fault);
            async move {
                loop {
                    let (client, _) = listener.accept().await.unwrap();
                    let server = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                    tokio::spawn(carry(acceptor.clone(), client, server, Arc::clone(&fault)));
                }
            }
        });
        Self { port, fault }
    }

    pub fn set(&self, fault: Fault) {
        *self.fault.lock().unwrap() = fault;
    }
}

async fn carry(acceptor: TlsAcceptor, client: TcpStream, server: TcpStream, fault: Arc<Mutex<Fault>>) {
    let Ok(client) = acceptor.accept(client).await else { return };
    let (from_client, to_client) = tokio::io::split(client);
    let (from_server, to_server) = tokio::io::split(server);
    let now = *fault.lock().unwrap();
    let complete = Arc::new(AtomicBool::new(false));
    // The first direction to end takes the other with it, and both ends are closed.
    tokio::select! {
        () = forth(from_client, to_server, now, Arc::clone(&complete)) => {}
        () = back(from_server, to_client, now, complete) => {}
    }
}

async fn forth(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    fault: Fault,
    complete: Arc<AtomicBool>,
) {
    let mut bytes = [0; 4096];
    let mut tail = Vec::new();
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        tail.extend_from_slice(&bytes[..read]);
        if tail.ends_with(b"\r\n.\r\n") {
            if fault == Fault::CutWithinMessage {
                return;
            }
            complete.store(true, Ordering::SeqCst);
        }
        if to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
    }
}

async fn back(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    fault: Fault,
    complete: Arc<AtomicBool>,
) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        if complete.load(Ordering::SeqCst) {
            match fault {
                Fault::CutAfterMessage => return,
                Fault::AnswerLate => tokio::time::sleep(Duration::from_millis(1500)).await,
                Fault::None | Fault::CutWithinMessage => {}
            }
        }
        if to.write_all(&bytes[..read]).await.is_err() || to.flush().await.is_err() {
            return;
        }
    }
}
