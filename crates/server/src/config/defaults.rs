//! What counts where the file says nothing.

/// Values that serde asks for by function.
pub(super) struct Defaults;

impl Defaults {
    pub(super) fn connections() -> u32 {
        16
    }

    pub(super) fn promise() -> String {
        "single-fsync".to_owned()
    }

    pub(super) fn door_connections() -> usize {
        1024
    }

    pub(super) fn proxies() -> Vec<String> {
        ["127.0.0.0/8", "::1"].map(str::to_owned).into()
    }

    pub(super) fn address_logins() -> u32 {
        web::Limits::default().address_logins_per_minute
    }

    pub(super) fn network_logins() -> u32 {
        web::Limits::default().network_logins_per_minute
    }

    pub(super) fn handshakes() -> usize {
        64
    }

    pub(super) fn queue() -> usize {
        128
    }

    pub(super) fn envelope() -> u64 {
        10
    }

    pub(super) fn announced() -> u64 {
        20_000
    }

    pub(super) fn fresh() -> u64 {
        300
    }

    pub(super) fn stale() -> u64 {
        24
    }

    pub(super) fn outgoing_envelope() -> u64 {
        2
    }

    pub(super) fn give_up() -> u64 {
        72
    }

    pub(super) fn outgoing_timeout() -> u64 {
        60
    }
}
