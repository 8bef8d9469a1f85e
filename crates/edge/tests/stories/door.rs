//! A door with a router of the test's own, and clients that write what they please.

use axum::Router;
use edge::listen::{self, Door};
use std::{net::SocketAddr, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

/// Open until it is dropped.
pub struct Open {
    pub address: SocketAddr,
    stop: CancellationToken,
}

impl Open {
    /// Without TLS.
    pub async fn plain(router: Router) -> Self {
        Self::new(Door::plain("test", router, 16)).await
    }

    pub async fn new(door: Door) -> Self {
        let listener = listen::bind(([127, 0, 0, 1], 0).into()).await.unwrap();
        let address = listener.local_addr().unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(listen::serve(vec![listener], door, stop.clone()));
        Self { address, stop }
    }

    pub async fn connects(&self) -> Client {
        Client(TcpStream::connect(self.address).await.unwrap())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

pub struct Client(TcpStream);

/// Head, in lower case, and body of an answer.
#[derive(Debug)]
pub struct Answer {
    pub head: String,
    pub body: String,
}

impl Answer {
    pub fn status(&self) -> u16 {
        self.head.split(' ').nth(1).unwrap().parse().unwrap()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Client {
    pub async fn writes(&mut self, bytes: impl AsRef<[u8]>) {
        self.0.write_all(bytes.as_ref()).await.unwrap();
    }

    /// One whole answer, by its `content-length`.
    pub async fn reads(&mut self) -> Answer {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            bytes.push(within(self.0.read_u8()).await.unwrap());
        }
        let head = String::from_utf8(bytes).unwrap().to_lowercase();
        let mut answer = Answer { head, body: String::new() };
        let mut body = vec![0; answer.header("content-length").map_or(0, |length| length.parse().unwrap())];
        within(self.0.read_exact(&mut body)).await.unwrap();
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    pub async fn asks(&mut self, head: &str) -> Answer {
        self.writes(format!("{head}\r\nhost: door\r\n\r\n")).await;
        self.reads().await
    }

    /// Whether the door ends the connection.
    pub async fn is_closed(&mut self) -> bool {
        matches!(within(self.0.read(&mut [0])).await, Ok(0) | Err(_))
    }
}

/// Long enough for a crowded machine.
async fn within<T>(what: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(15), what).await.unwrap()
}
