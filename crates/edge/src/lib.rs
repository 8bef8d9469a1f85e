//! What HTTP doors share: problems, the listener, headers, the record of each request.

mod begun;
pub mod clients;
pub mod headers;
mod idle;
pub mod leftover;
pub mod listen;
pub mod peer;
pub mod problem;
pub mod proxies;
pub mod record;
mod shares;
mod sources;
pub mod tls;

pub use peer::Peer;
pub use problem::Problem;
pub use proxies::Proxies;
