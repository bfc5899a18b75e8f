//! Sockets: one per network interface and IP version, so that messages are sent on every network and each is heard once.

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use if_addrs::Interface;
use socket2::{Domain, InterfaceIndexOrAddress, Protocol, Socket, Type};

const PORT: u16 = 5353;
const GROUP_V4: Ipv4Addr = Ipv4Addr::new(224, 0, 0, 251);
const GROUP_V6: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb);
/// Interfaces that are used at most; a container host has hundreds.
const MAX_INTERFACES: usize = 16;
/// Messages of multicast DNS stay on the link; others ignore those with a lower count (RFC 6762, 11).
const HOPS: u32 = 255;

/// One socket's place. An interface that gets another address gets another socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    pub(crate) index: u32,
    pub(crate) address: IpAddr,
}

/// Where messages can be sent now.
pub(crate) fn places() -> io::Result<Vec<Place>> {
    Ok(choose(&if_addrs::get_if_addrs()?))
}

/// All interfaces that are up but the loopback one; of those with link-local addresses alone (a container host has many)
/// none unless there is nothing else. Without any, the loopback interface, so that apps of this machine meet.
fn choose(interfaces: &[Interface]) -> Vec<Place> {
    let groups: [fn(&Interface) -> bool; 3] = [
        |interface| interface.is_oper_up() && !interface.is_loopback() && !interface.is_link_local(),
        |interface| interface.is_oper_up() && !interface.is_loopback(),
        Interface::is_loopback,
    ];
    let first = |fits: &fn(&Interface) -> bool| {
        let places = one_per_version(interfaces.iter().filter(|interface| fits(interface)));
        (!places.is_empty()).then_some(places)
    };
    groups.iter().find_map(first).unwrap_or_default()
}

fn one_per_version<'a>(interfaces: impl Iterator<Item = &'a Interface>) -> Vec<Place> {
    let mut by_index: BTreeMap<(u32, bool), Place> = BTreeMap::new();
    for interface in interfaces {
        let Some(index) = interface.index else { continue };
        let address = interface.ip();
        by_index.entry((index, address.is_ipv6())).or_insert(Place { index, address });
    }
    let mut indexes: Vec<u32> = by_index.keys().map(|(index, _)| *index).collect();
    indexes.dedup();
    indexes.truncate(MAX_INTERFACES);
    by_index.into_values().filter(|place| indexes.contains(&place.index)).collect()
}

/// A socket of one place, which hears its group on its interface alone.
pub(crate) struct Link {
    socket: UdpSocket,
    group: SocketAddr,
}

impl Link {
    pub(crate) fn open(place: Place) -> io::Result<Self> {
        let (socket, group) = match place.address {
            IpAddr::V4(address) => (open_v4(place.index, address)?, IpAddr::V4(GROUP_V4)),
            IpAddr::V6(_) => (open_v6(place.index)?, IpAddr::V6(GROUP_V6)),
        };
        Ok(Self { socket: socket.into(), group: SocketAddr::new(group, PORT) })
    }

    /// The same socket, for a task that listens.
    pub(crate) fn listener(&self) -> io::Result<tokio::net::UdpSocket> {
        tokio::net::UdpSocket::from_std(self.socket.try_clone()?)
    }

    /// Sends to the group. A network that cannot take it now may lose it, as any datagram.
    pub(crate) fn send(&self, message: &[u8]) -> io::Result<usize> {
        self.socket.send_to(message, self.group)
    }
}

fn open_v4(index: u32, address: Ipv4Addr) -> io::Result<Socket> {
    let socket = shared(Domain::IPV4)?;
    // Else the groups that any process of this machine joined would be heard, too.
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v4(false)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, PORT)).into())?;
    socket.join_multicast_v4_n(&GROUP_V4, &InterfaceIndexOrAddress::Index(index))?;
    socket.set_multicast_if_v4(&address)?;
    socket.set_multicast_loop_v4(true)?;
    socket.set_multicast_ttl_v4(HOPS)?;
    Ok(socket)
}

fn open_v6(index: u32) -> io::Result<Socket> {
    let socket = shared(Domain::IPV6)?;
    socket.set_only_v6(true)?;
    #[cfg(target_os = "linux")]
    socket.set_multicast_all_v6(false)?;
    socket.bind(&SocketAddr::from((Ipv6Addr::UNSPECIFIED, PORT)).into())?;
    socket.join_multicast_v6(&GROUP_V6, index)?;
    socket.set_multicast_if_v6(index)?;
    socket.set_multicast_loop_v6(true)?;
    socket.set_multicast_hops_v6(HOPS)?;
    Ok(socket)
}

/// The port belongs to every sidecar of the machine, and to the system's own responder.
fn shared(domain: Domain) -> io::Result<Socket> {
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    socket.set_reuse_address(true)?;
    #[cfg(all(unix, not(target_os = "linux")))]
    socket.set_reuse_port(true)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;
    use if_addrs::{IfAddr, IfOperStatus, Ifv4Addr, Ifv6Addr};

    fn interface(index: u32, address: &str, up: bool) -> Interface {
        let addr = match address.parse().expect("an address") {
            IpAddr::V4(ip) => IfAddr::V4(Ifv4Addr { ip, netmask: Ipv4Addr::BROADCAST, prefixlen: 32, broadcast: None }),
            IpAddr::V6(ip) => {
                IfAddr::V6(Ifv6Addr { ip, netmask: Ipv6Addr::UNSPECIFIED, prefixlen: 128, broadcast: None })
            }
        };
        let oper_status = if up { IfOperStatus::Up } else { IfOperStatus::Unknown };
        Interface { name: format!("if{index}"), addr, index: Some(index), oper_status, is_p2p: false }
    }

    fn chosen(interfaces: &[Interface]) -> Vec<(u32, String)> {
        choose(interfaces).into_iter().map(|place| (place.index, place.address.to_string())).collect()
    }

    #[test]
    fn networks_come_before_what_is_only_local() {
        let loopback = interface(1, "127.0.0.1", true);
        let bridge_port = interface(3, "fe80::3", true);
        let down = interface(4, "10.0.0.4", false);
        let all = [
            loopback.clone(),
            interface(2, "10.0.0.2", true),
            interface(2, "10.0.0.9", true),
            interface(2, "fd00::2", true),
            interface(2, "fe80::2", true),
            bridge_port.clone(),
            down.clone(),
        ];
        assert_eq!(chosen(&all), [(2, "10.0.0.2".into()), (2, "fd00::2".into())]);
        assert_eq!(chosen(&[loopback.clone(), bridge_port, down.clone()]), [(3, "fe80::3".into())]);
        assert_eq!(chosen(&[loopback, interface(1, "::1", true), down]), [(1, "127.0.0.1".into()), (1, "::1".into())]);
        assert!(chosen(&[]).is_empty());
    }

    #[test]
    fn many_interfaces_are_cut() {
        let many: Vec<Interface> = (1..100).map(|index| interface(index, &format!("10.0.0.{index}"), true)).collect();
        assert_eq!(chosen(&many).len(), MAX_INTERFACES);
    }
}
