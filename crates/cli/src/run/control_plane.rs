//! Which placement and scheduler a sidecar is sent to.
//!
//! An address that was given is passed on; an empty one switches the service off. When nothing
//! was said, the local default is used only if something listens there: a sidecar pointed at
//! nobody would retry for ever.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A control-plane service that sidecars connect to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Service {
    Placement,
    Scheduler,
}

impl Service {
    fn default_port(self) -> u16 {
        match self {
            Self::Placement => 50005,
            Self::Scheduler => 50006,
        }
    }

    /// The address to pass to the sidecar; `None` passes nothing.
    pub(crate) fn address(self, wish: Option<&str>) -> Option<String> {
        self.address_if(wish, listens_locally)
    }

    fn address_if(self, wish: Option<&str>, listens: impl Fn(u16) -> bool) -> Option<String> {
        let port = self.default_port();
        match wish.map(str::trim) {
            Some("") => None,
            Some(address) if address.contains(':') => Some(address.to_owned()),
            Some(host) => Some(format!("{host}:{port}")),
            None => listens(port).then(|| format!("localhost:{port}")),
        }
    }
}

fn listens_locally(port: u16) -> bool {
    let address = SocketAddr::from(([127, 0, 0, 1], port));
    TcpStream::connect_timeout(&address, Duration::from_millis(200)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_get_the_default_port_and_empty_switches_off() {
        let address = |wish| Service::Placement.address_if(wish, |_| false);
        assert_eq!(address(Some("host")).as_deref(), Some("host:50005"));
        assert_eq!(address(Some("host:7")).as_deref(), Some("host:7"));
        assert_eq!(address(Some(" ")), None);
    }

    #[test]
    fn an_unsaid_address_is_used_only_when_someone_listens() {
        assert_eq!(Service::Scheduler.address_if(None, |_| false), None);
        assert_eq!(Service::Scheduler.address_if(None, |port| port == 50006).as_deref(), Some("localhost:50006"));
    }
}
