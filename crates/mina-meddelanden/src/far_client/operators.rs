//! What addresses are taken from a register: it names them, and letters go there.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where operators that a register names may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operators {
    /// Also on this machine or in this network: for trying.
    Anywhere,
    /// Not at an address that only this machine or this network has. What a name leads to is looked up at each call
    /// ([`crate::SoapClient::elsewhere`]).
    Elsewhere,
}

impl Operators {
    /// Letters go out over TLS alone, and to no address that carries a password or a part of a page.
    pub(super) fn may_have(self, address: &str) -> Result<(), &'static str> {
        if address.chars().count() > LONGEST {
            return Err("the operator's address is too long");
        }
        let url = reqwest::Url::parse(address).map_err(|_| "the operator's address is no URL")?;
        if url.scheme() != "https" {
            return Err("the operator's address is not https");
        }
        let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
        match url.host_str() {
            Some(host) if plain => {
                if self == Self::Elsewhere && is_near(host) {
                    return Err("the operator's address is of this machine or network");
                }
                Ok(())
            }
            _ => Err("the operator's address has more than an address"),
        }
    }
}

/// `host` as a URL has it once it is read: numbers in one form, names in small letters.
fn is_near(host: &str) -> bool {
    let host = host.trim_end_matches('.');
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(ip) => is_near_address(ip),
        Err(_) => host == "localhost" || host.ends_with(".localhost"),
    }
}

/// Whether an address is one that only this machine or this network has.
pub(crate) fn is_near_address(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(v4) => is_near_v4(v4),
        IpAddr::V6(v6) => is_near_v6(v6),
    }
}

fn is_near_v4(ip: Ipv4Addr) -> bool {
    let [first, second, ..] = ip.octets();
    // RFC 1122 §3.2.1.3: 0.0.0.0/8 is this network. RFC 6598: 100.64.0.0/10 is behind a carrier's own translation.
    let ours = first == 0 || first == 100 && second & 0b1100_0000 == 64;
    let of_many = ip.is_multicast() || ip.is_broadcast();
    ours || of_many || ip.is_loopback() || ip.is_private() || ip.is_link_local()
}

fn is_near_v6(ip: Ipv6Addr) -> bool {
    let segments = ip.segments();
    // RFC 3879: fec0::/10 was a site's own. RFC 6052, 3056 and 4291 §2.5.5.1: these hold an IPv4 address that a gateway
    // leads on to, and no operator has reason to be named so.
    let ours = segments[0] & 0xffc0 == 0xfec0;
    let holds_v4 = matches!(segments, [0x64, 0xff9b, ..] | [0x2002, ..] | [0, 0, 0, 0, 0, 0, _, _]);
    let of_many = ip.is_multicast();
    ours || holds_v4 || of_many || ip.is_unique_local() || ip.is_unicast_link_local()
}

/// The longest URL that is taken.
const LONGEST: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_https_and_bounded() {
        let longest = format!("https://a.example/{}", "a".repeat(LONGEST - 18));
        for operators in [Operators::Anywhere, Operators::Elsewhere] {
            for good in ["https://mm.kivra.com/service/v3", "https://192.0.2.7:8443/Service/v3", &longest] {
                assert_eq!(operators.may_have(good), Ok(()), "{good}");
            }
            for bad in [
                "",
                "service/v3",
                "http://mm.example/service/v3",
                "ftp://mm.example/",
                "file:///etc/passwd",
                "https://user:word@mm.example/",
                "https://user@mm.example/",
                "https://mm.example/#here",
                &format!("{longest}a"),
            ] {
                assert!(operators.may_have(bad).is_err(), "{bad}");
            }
        }
    }

    #[test]
    fn what_only_this_machine_or_network_has_is_for_trying_alone() {
        for near in [
            "127.0.0.1:8443",
            "127.9.9.9",
            "127.1",
            "2130706433",
            "0x7f.0.0.1",
            "127.0.0.1.",
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.8",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.1.5",
            "169.254.169.254",
            "100.64.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "[::1]:8443",
            "[::]",
            "[::ffff:127.0.0.1]",
            "[::ffff:a9fe:a9fe]",
            "[fd00::1]",
            "[fe80::1]",
            "[fdff::1]",
            "[febf::1]",
            "[fec0::1]",
            "[ff02::1]",
            "[64:ff9b::127.0.0.1]",
            "[64:ff9b:1::a00:8]",
            "[2002:7f00:1::]",
            "[::10.0.0.8]",
            "localhost",
            "LOCALHOST.:8443",
            "mm.localhost",
        ] {
            let address = format!("https://{near}/Service/v3");
            assert_eq!(Operators::Anywhere.may_have(&address), Ok(()), "{near}");
            assert!(Operators::Elsewhere.may_have(&address).is_err(), "{near}");
        }
        for far in [
            "172.32.0.1",
            "100.128.0.1",
            "192.0.2.7",
            "[2001:db8::1]",
            "[2003::1]",
            "[64:ff9a::1]",
            "[::ffff:192.0.2.7]",
            "localhost.example",
            "notlocalhost",
        ] {
            assert_eq!(Operators::Elsewhere.may_have(&format!("https://{far}/")), Ok(()), "{far}");
        }
    }
}
