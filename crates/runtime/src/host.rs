//! Facts of this machine: the stable port for calls between sidecars.

use sha2::{Digest, Sha256};

const FIRST: u32 = 47_300;
const LAST: u32 = 65_535;

/// The port that an app gets each time it starts in the same place, so that peers need not look it up anew
/// (interface/flags-env.md 3.1).
#[expect(clippy::cast_possible_truncation, reason = "the result is at most LAST, which is a port")]
pub(crate) fn stable_port(app_id: &str) -> u16 {
    let directory = std::env::current_dir().map(|path| path.display().to_string()).unwrap_or_default();
    let digest = Sha256::digest(format!("{app_id}|{directory}|{}|{}", user_id(), host_name()));
    let number = u32::from(u16::from_le_bytes([digest[0], digest[1]]));
    (FIRST + number % (LAST - FIRST)) as u16
}

#[expect(unsafe_code, reason = "getuid has no safe form in the standard library; it cannot fail")]
fn user_id() -> u32 {
    unsafe { libc::getuid() }
}

fn host_name() -> String {
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
