//! Facts of this machine: its name and address, and the stable port for calls between sidecars.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, UdpSocket};

use sha2::{Digest, Sha256};

use crate::Environment;

const FIRST: u32 = 47_300;
const LAST: u32 = 65_535;

/// The port that an app gets each time it starts in the same place, so that peers need not look it up anew
/// (interface/flags-env.md 3.1).
#[expect(clippy::cast_possible_truncation, reason = "the result is at most LAST, which is a port")]
pub(crate) fn stable_port(app_id: &str) -> u16 {
    let directory = std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default();
    let digest = Sha256::digest(format!("{app_id}|{directory}|{}|{}", user_id(), name()));
    let number = u32::from(u16::from_le_bytes([digest[0], digest[1]]));
    (FIRST + number % (LAST - FIRST)) as u16
}

#[expect(unsafe_code, reason = "getuid has no safe form in the standard library; it cannot fail")]
fn user_id() -> u32 {
    unsafe { libc::getuid() }
}

/// Addresses of documentation: asking the system how it would reach one tells its own address and sends nothing.
const FAR_AWAY: [IpAddr; 2] =
    [IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1))];

/// The address that others reach this machine at: `DAPR_HOST_IP`, or that of the way out, or loopback.
pub(crate) fn address(environment: &Environment) -> String {
    let given = environment.text("DAPR_HOST_IP");
    if !given.is_empty() {
        return given.trim_matches(['[', ']']).to_owned();
    }
    let way_out = |far: IpAddr| {
        let any: IpAddr = if far.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket = UdpSocket::bind(SocketAddr::new(any, 0)).ok()?;
        socket.connect(SocketAddr::new(far, 9)).ok()?;
        socket.local_addr().ok().map(|address| address.ip()).filter(|address| !address.is_unspecified())
    };
    FAR_AWAY.into_iter().find_map(way_out).map_or_else(|| loopback().to_owned(), |address| address.to_string())
}

/// The loopback address that this machine has: some know only IPv6.
pub(crate) fn loopback() -> &'static str {
    let works = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).is_ok();
    if works { "127.0.0.1" } else { "::1" }
}

/// The name of this machine; empty when it has none.
pub(crate) fn name() -> String {
    std::fs::read_to_string("/proc/sys/kernel/hostname").map(|name| name.trim().to_owned()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_port_is_stable_and_in_range() {
        let port = super::stable_port("a");
        assert_eq!(port, super::stable_port("a"));
        assert!(u32::from(port) >= super::FIRST);
    }
}
