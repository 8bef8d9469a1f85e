//! Names that a register gives, looked up: one that leads into this machine or this network leads nowhere.
//!
//! The addresses that are checked are the ones that are connected to, so a name that changes between a look and the call
//! gains nothing.

use crate::far_client::is_near_address;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::net::SocketAddr;

/// Looks names up for calls to operators that another register names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elsewhere;

/// Said where a call is not made; the name itself is nobody's business in a log.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("the name leads to an address of this machine or network")]
struct Near;

impl Resolve for Elsewhere {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            Ok(Box::new(far(found)?.into_iter()) as Addrs)
        })
    }
}

/// All of them, if none is near: a name that has both is no more to be trusted than one that has the near one alone.
fn far(found: Vec<SocketAddr>) -> Result<Vec<SocketAddr>, Near> {
    if found.iter().any(|address| is_near_address(address.ip())) { Err(Near) } else { Ok(found) }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_leads_near_leads_nowhere() {
        let all = |text: &str| text.split(' ').map(|one| one.parse().unwrap()).collect::<Vec<SocketAddr>>();
        for near in [
            "10.0.0.1:0",
            "127.0.0.1:0",
            "192.168.1.1:0",
            "172.16.0.1:0",
            "169.254.169.254:0",
            "100.64.0.1:0",
            "0.0.0.0:0",
            "[::1]:0",
            "[fd00::1]:0",
            "[fe80::1]:0",
            "[::ffff:10.0.0.1]:0",
            "192.0.2.1:0 10.0.0.1:0",
        ] {
            assert!(far(all(near)).is_err(), "{near}");
        }
        for there in ["192.0.2.1:0", "[2001:db8::1]:0 192.0.2.1:0"] {
            assert_eq!(far(all(there)).unwrap(), all(there));
        }
    }

    #[tokio::test]
    async fn the_look_up_itself_refuses() {
        let name: Name = "localhost".parse().unwrap();
        let refused = Elsewhere.resolve(name).await.err().unwrap();
        assert!(refused.to_string().contains("this machine or network"), "{refused}");
    }
}
