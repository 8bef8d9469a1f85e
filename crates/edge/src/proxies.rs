//! Proxies that say for whom they ask.

use axum::http::HeaderMap;
use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

/// The addresses from which `X-Forwarded-For` is believed. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxies(Arc<[Network]>);

/// An address, or all that begin with the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Network {
    /// The bits that count; the others are 0.
    bits: u128,
    mask: u128,
    is_v4: bool,
}

/// Not an address, nor one with a length after a slash; or a network of everybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give addresses or networks such as 10.0.0.7, 10.0.0.0/8 or fd00::/8, and never a network of all")]
pub struct NotANetwork;

impl Default for Proxies {
    fn default() -> Self {
        Self(
            [Network::of(Ipv4Addr::LOCALHOST.into(), 8), Network::of(Ipv6Addr::LOCALHOST.into(), 128)].into(),
        )
    }
}

impl Proxies {
    /// From addresses and networks as text. None: no header is believed at all.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, NotANetwork> {
        texts
            .iter()
            .map(|text| text.as_ref().parse())
            .collect::<Result<Vec<_>, _>>()
            .map(|all| Self(all.into()))
    }

    /// Whether the proxy's word is believed.
    pub fn trust(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.holds(address))
    }

    /// Whether all of them are on this machine.
    pub fn are_local(&self) -> bool {
        let local = Self::default();
        let local = |one: &Network| {
            local
                .0
                .iter()
                .any(|l| l.is_v4 == one.is_v4 && l.mask & one.mask == l.mask && one.bits & l.mask == l.bits)
        };
        self.0.iter().all(local)
    }

    /// Whom to count: the right-most in `X-Forwarded-For` who is not one of the proxies. Each proxy adds at the right
    /// whom it heard; what stands further to the left is the asker's own invention. Where one of them wrote no
    /// address, the last proxy that is known is counted.
    pub fn client(&self, connection: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut known = connection.to_canonical();
        let values: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?")).collect();
        let mut entries = values.iter().rev().flat_map(|value| value.rsplit(','));
        while self.trust(known) {
            match entries.next().and_then(address) {
                Some(before) => known = before,
                None => break,
            }
        }
        known
    }
}

/// `192.0.2.7`, `2001:db8::7`, and with the port that some proxies add.
fn address(entry: &str) -> Option<IpAddr> {
    let entry = entry.trim();
    let bare = entry.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(entry);
    let with_port = || entry.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    bare.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

impl Network {
    fn of(address: IpAddr, length: u32) -> Self {
        let address = address.to_canonical();
        let is_v4 = address.is_ipv4();
        let zeros = if is_v4 { 32_u32 } else { 128 }.saturating_sub(length);
        let mask = u128::MAX.checked_shl(zeros).unwrap_or(0);
        Self { bits: number(address) & mask, mask, is_v4 }
    }

    fn holds(&self, address: IpAddr) -> bool {
        let address = address.to_canonical();
        address.is_ipv4() == self.is_v4 && number(address) & self.mask == self.bits
    }
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(v4) => u128::from(u32::from(v4)),
        IpAddr::V6(v6) => v6.into(),
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().map_err(|_| NotANetwork)?;
        let whole = if address.is_ipv4() { 32 } else { 128 };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        let length = match length {
            None => whole,
            Some(length) => length.parse().ok().filter(|_| digits(length)).ok_or(NotANetwork)?,
        };
        // A network of all would let every asker say who they are.
        if length == 0 || length > whole {
            return Err(NotANetwork);
        }
        Ok(Self::of(address, length))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;
    use axum::http::HeaderValue;

    fn client(proxies: &Proxies, from: &str, forwarded: &[&'static str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(value));
        }
        proxies.client(from.parse().unwrap(), &headers).to_string()
    }

    #[test]
    fn behind_a_proxy_on_this_machine_the_asker_is_counted_and_not_the_proxy() {
        let local = Proxies::default();
        for (from, forwarded, counted) in [
            ("127.0.0.1", &["192.0.2.7"][..], "192.0.2.7"),
            ("127.8.8.8", &["192.0.2.7"], "192.0.2.7"),
            ("::1", &["2001:db8::7"], "2001:db8::7"),
            ("::ffff:127.0.0.1", &["192.0.2.7"], "192.0.2.7"),
            ("127.0.0.1", &["::ffff:192.0.2.7"], "192.0.2.7"),
            ("127.0.0.1", &["192.0.2.7:4711"], "192.0.2.7"),
            ("127.0.0.1", &["[2001:db8::7]:4711"], "2001:db8::7"),
            ("127.0.0.1", &["[2001:db8::7]"], "2001:db8::7"),
            ("127.0.0.1", &[], "127.0.0.1"),
            ("127.0.0.1", &["unknown"], "127.0.0.1"),
            ("127.0.0.1", &["192.0.2.7, unknown"], "127.0.0.1"),
        ] {
            assert_eq!(client(&local, from, forwarded), counted, "{from} {forwarded:?}");
        }
    }

    #[test]
    fn what_the_asker_puts_in_front_is_not_believed() {
        let local = Proxies::default();
        assert_eq!(client(&local, "127.0.0.1", &["198.51.100.1, 192.0.2.7"]), "192.0.2.7");
        assert_eq!(client(&local, "127.0.0.1", &["198.51.100.1", "192.0.2.7"]), "192.0.2.7");
        assert_eq!(client(&local, "203.0.113.9", &["192.0.2.7"]), "203.0.113.9");
        assert_eq!(client(&local, "203.0.113.9", &["127.0.0.1"]), "203.0.113.9");
    }

    #[test]
    fn through_several_proxies_the_right_most_who_is_none_of_them_is_counted() {
        let proxies = Proxies::parse(&["10.0.0.0/8", "192.0.2.53", "fd00::/8"]).unwrap();
        for (from, forwarded, counted) in [
            ("10.1.2.3", &["198.51.100.1"][..], "198.51.100.1"),
            ("10.1.2.3", &["198.51.100.1, 192.0.2.53"], "198.51.100.1"),
            ("10.1.2.3", &["198.51.100.1, 192.0.2.53", "fd00::1"], "198.51.100.1"),
            // Who pretends to be one of ours is passed over, and whoever stands before may be said by anyone; but a
            // proxy of ours wrote the asker's own address to the right of it.
            ("10.1.2.3", &["10.9.9.9, 198.51.100.1, 192.0.2.53"], "198.51.100.1"),
            ("10.1.2.3", &["10.4.4.4"], "10.4.4.4"),
            ("127.0.0.1", &["198.51.100.1"], "127.0.0.1"),
            ("192.0.2.54", &["198.51.100.1"], "192.0.2.54"),
        ] {
            assert_eq!(client(&proxies, from, forwarded), counted, "{from} {forwarded:?}");
        }
        let none = Proxies::parse::<&str>(&[]).unwrap();
        assert_eq!(client(&none, "127.0.0.1", &["198.51.100.1"]), "127.0.0.1");
    }

    #[test]
    fn networks_are_read_strictly() {
        for bad in [
            "",
            "proxy",
            "10.0.0.0/33",
            "10.0.0.0/",
            "10.0.0.0/+8",
            "10.0.0.0/0",
            "::/0",
            "::1/129",
            "10.0.0/8",
        ] {
            assert_eq!(Proxies::parse(&[bad]), Err(NotANetwork), "{bad}");
        }
        assert!(Proxies::parse(&["127.0.0.1", "::1/128", "127.0.0.0/24"]).unwrap().are_local());
        assert!(!Proxies::parse(&["127.0.0.1", "10.0.0.1"]).unwrap().are_local());
        assert!(!Proxies::parse(&["126.0.0.0/7"]).unwrap().are_local());
    }
}
