//! Log-ins that begin by the thousand from one network, through a proxy.
//! Shared with the test of the same.

use anyhow::{Result, ensure};
use std::{
    net::{Ipv6Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
    task::JoinSet,
};

/// How the starts were answered.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answered {
    /// Sent on to the e-ID.
    pub begun: u32,
    /// 429 with the text for log-ins.
    pub refused: u32,
    /// 429 that speaks of letters, or anything else.
    pub other: u32,
}

/// Sends `starts` log-in starts, each from an address of its own in 2001:db8:66::/48, at most `rate` a second.
pub async fn flood(door: SocketAddr, starts: u32, rate: u32) -> Result<Answered> {
    let next = Arc::new(AtomicU32::new(0));
    let began = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..SENDERS {
        let next = Arc::clone(&next);
        senders.spawn(async move {
            let mut stream = BufReader::new(TcpStream::connect(door).await?);
            let mut answered = Answered::default();
            loop {
                let n = next.fetch_add(1, Ordering::Relaxed);
                if n >= starts {
                    return anyhow::Ok(answered);
                }
                tokio::time::sleep_until((began + Duration::from_secs(1) * n / rate).into()).await;
                answered.count(&start(&mut stream, address(n)).await?);
            }
        });
    }
    let mut all = Answered::default();
    while let Some(one) = senders.join_next().await {
        let one = one??;
        all.begun += one.begun;
        all.refused += one.refused;
        all.other += one.other;
    }
    Ok(all)
}

impl Answered {
    fn count(&mut self, answer: &str) {
        let refused = answer.starts_with("HTTP/1.1 429") && answer.contains("många försök");
        match answer {
            answer if answer.starts_with("HTTP/1.1 303") => self.begun += 1,
            answer if refused && !answer.contains("öppnat många brev") => self.refused += 1,
            _ => self.other += 1,
        }
    }
}

/// All 65,536 networks of 64 bits in turn, and within them one machine after another.
fn address(n: u32) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 0x66, n as u16, 0, 0, (n >> 16) as u16, 1)
}

/// One request on a connection that is kept, as a proxy sends it.
async fn start(stream: &mut BufReader<TcpStream>, from: Ipv6Addr) -> Result<String> {
    let request = format!("GET /login/demo HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: {from}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    let mut body = 0;
    loop {
        let before = answer.len();
        ensure!(stream.read_line(&mut answer).await? > 0, "the door closed the connection");
        let line = answer[before..].trim_end();
        if line.is_empty() {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            body = value.trim().parse()?;
        }
    }
    let mut bytes = vec![0; body];
    stream.read_exact(&mut bytes).await?;
    answer.push_str(&String::from_utf8_lossy(&bytes));
    Ok(answer)
}

/// Connections of the proxy.
const SENDERS: usize = 16;
