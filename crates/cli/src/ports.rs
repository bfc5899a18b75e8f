//! Choosing the ports of a sidecar: the one asked for if it is free, else any free one.

use std::collections::HashSet;
use std::net::TcpListener;

use anyhow::{Context, Result, bail};

/// Hands out ports for one `dapr run`. Ports it found stay bound until it is dropped, so no two
/// sidecars of a run file get the same; callers drop it right before they start the sidecars.
#[derive(Debug, Default)]
pub(crate) struct Ports {
    taken: HashSet<u16>,
    held: Vec<TcpListener>,
}

impl Ports {
    /// `taken` are ports of running sidecars and their apps, which may not be listening yet.
    pub(crate) fn new(taken: impl IntoIterator<Item = u16>) -> Self {
        Self { taken: taken.into_iter().filter(|port| *port > 0).collect(), held: Vec::new() }
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
        loop {
            let listener = TcpListener::bind(("0.0.0.0", 0)).context("no free port on this machine")?;
            let port = listener.local_addr()?.port();
            self.held.push(listener);
            if self.taken.insert(port) {
                return Ok(port);
            }
        }
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
    fn a_port_in_use_is_refused_by_name() {
        let listener = TcpListener::bind(("0.0.0.0", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let error = Ports::default().choose("GRPCPort", port.into()).unwrap_err();
        assert_eq!(error.to_string(), format!("invalid configuration for GRPCPort. Port {port} is not available"));
        assert!(Ports::new([7]).choose("HTTPPort", 7).is_err());
        assert!(Ports::default().choose("HTTPPort", 70_000).is_err());
    }
}
