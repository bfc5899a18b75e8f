//! Choosing the ports of a sidecar: the one asked for if it is free, else any free one.

use std::collections::HashSet;
use std::net::TcpListener;

use anyhow::{Context, Result, bail};

/// Free ports are looked for here: below those that the system gives to outgoing connections,
/// one of which could take a port before its sidecar does, and below the node ports of Kubernetes.
const RANGE: std::ops::Range<u16> = 20_000..30_000;
/// How often a port of the range is tried before the system is asked for any.
const TRIES: usize = 200;

/// Hands out ports for one `dapr run`. Ports it found stay bound until it is dropped, so no two
/// sidecars of a run file get the same; callers drop it right before they start the sidecars.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    taken: HashSet<u16>,
    reserved: HashSet<u16>,
    held: Vec<TcpListener>,
}

impl Ports {
    /// `taken` are ports of running sidecars and their apps, which may not be listening yet.
    pub(crate) fn new(taken: impl IntoIterator<Item = u16>) -> Self {
        Self { taken: taken.into_iter().filter(|port| *port > 0).collect(), ..Self::default() }
    }

    /// Keeps ports that somebody will ask for by number from being handed out as free ones.
    pub(crate) fn reserve(&mut self, ports: impl IntoIterator<Item = i32>) {
        self.reserved.extend(ports.into_iter().filter_map(|port| u16::try_from(port).ok()));
    }

    /// The port for `name`: `wanted` when it is above zero, else a free one.
    pub(crate) fn choose(&mut self, name: &str, wanted: i32) -> Result<u16> {
        if wanted <= 0 {
            return self.any();
        }
        let port = u16::try_from(wanted)
            .ok()
            .with_context(|| format!("invalid configuration for {name}. Port {wanted} is above 65535"))?;
        let listener = TcpListener::bind(("0.0.0.0", port));
        if !self.taken.insert(port) || listener.is_err() {
            bail!("invalid configuration for {name}. Port {port} is not available");
        }
        self.held.extend(listener);
        Ok(port)
    }

    fn any(&mut self) -> Result<u16> {
        let fixed = (0..TRIES).map(|_| fastrand::u16(RANGE)).find_map(|port| self.hold(port));
        if let Some(port) = fixed {
            return Ok(port);
        }
        for _ in 0..TRIES {
            if let Some(port) = self.hold(0) {
                return Ok(port);
            }
        }
        bail!("no free port on this machine")
    }

    fn hold(&mut self, port: u16) -> Option<u16> {
        let listener = TcpListener::bind(("0.0.0.0", port)).ok()?;
        let port = listener.local_addr().ok()?.port();
        let is_free = !self.reserved.contains(&port) && self.taken.insert(port);
        self.held.push(listener);
        is_free.then_some(port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_ports_differ() {
        let mut ports = Ports::default();
        let chosen: HashSet<u16> = (0..20).map(|_| ports.choose("HTTPPort", -1).unwrap()).collect();
        assert_eq!(chosen.len(), 20);
    }

    #[test]
    fn a_free_port_is_none_that_somebody_asks_for() {
        let mut ports = Ports::default();
        let most: Vec<i32> = RANGE.filter(|port| port % 100 != 0).map(i32::from).collect();
        ports.reserve(most.iter().copied().chain([-1]));
        for _ in 0..10 {
            let port = ports.choose("HTTPPort", -1).unwrap();
            assert!(!RANGE.contains(&port) || port % 100 == 0, "{port}");
        }
        let asked = TcpListener::bind(("0.0.0.0", 0)).unwrap().local_addr().unwrap().port();
        ports.reserve([asked.into()]);
        assert_eq!(ports.choose("HTTPPort", asked.into()).unwrap(), asked, "to those who ask it is given");
    }

    #[test]
    fn a_port_in_use_is_refused_by_name() {
        let listener = TcpListener::bind(("0.0.0.0", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = Ports::default().choose("GRPCPort", port.into()).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid configuration for GRPCPort. Port {port} is not available"));
        assert!(Ports::new([7]).choose("HTTPPort", 7).is_err());
        assert!(Ports::default().choose("HTTPPort", 70_000).is_err());
    }
}
