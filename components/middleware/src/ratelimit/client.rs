//! Who a request is counted for.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use http::{HeaderMap, HeaderName};

pub(super) const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const REAL_IP: HeaderName = HeaderName::from_static("x-real-ip");

/// The client's name, mostly an address; empty when there is none.
///
/// The headers are believed, as the incumbent does: a sidecar's callers are its own application or a proxy.
pub(super) fn of(headers: &HeaderMap, peer: Option<SocketAddr>) -> Vec<u8> {
    let given = |name| headers.get(name).map(http::HeaderValue::as_bytes).filter(|value| !value.is_empty());
    if let Some(forwarded) = given(FORWARDED_FOR) {
        let last = forwarded.rsplit(|byte| *byte == b',').next().unwrap_or_default();
        return network(last.trim_ascii());
    }
    if let Some(address) = given(REAL_IP) {
        return network(address);
    }
    peer.map(|peer| network_of(peer.ip()).into_bytes()).unwrap_or_default()
}

/// What an address is counted as; what is no address counts as itself.
fn network(text: &[u8]) -> Vec<u8> {
    let address = std::str::from_utf8(text).ok().and_then(|text| text.parse::<IpAddr>().ok());
    address.map_or_else(|| text.to_vec(), |address| network_of(address).into_bytes())
}

/// An IPv4 address, or the /64 network of an IPv6 address: providers give a client a whole one.
fn network_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;
    use proptest::prelude::*;

    use super::*;

    fn client(headers: &[(HeaderName, &str)], peer: &str) -> String {
        let headers =
            headers.iter().map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap())).collect();
        String::from_utf8(of(&headers, peer.parse().ok())).unwrap()
    }

    #[test]
    fn the_nearest_proxy_is_believed_first() {
        let peer = "10.0.0.1:4000";
        assert_eq!(client(&[(FORWARDED_FOR, "1.1.1.1, 2.2.2.2 "), (REAL_IP, "3.3.3.3")], peer), "2.2.2.2");
        assert_eq!(client(&[(REAL_IP, "3.3.3.3")], peer), "3.3.3.3");
        assert_eq!(client(&[(FORWARDED_FOR, "")], peer), "10.0.0.1");
        assert_eq!(client(&[(FORWARDED_FOR, "1.1.1.1, ")], peer), "", "a list that ends with nothing");
        assert_eq!(client(&[], ""), "");
    }

    #[test]
    fn a_client_has_a_whole_ipv6_network() {
        assert_eq!(client(&[], "[2001:db8:1:2:3:4:5:6]:80"), "2001:db8:1:2::");
        assert_eq!(client(&[(REAL_IP, "2001:db8:1:2:9::")], ""), "2001:db8:1:2::");
        assert_eq!(client(&[], "[::ffff:10.1.2.3]:80"), "10.1.2.3", "IPv4 on a socket of both");
        assert_eq!(client(&[(REAL_IP, "unknown")], ""), "unknown");
    }

    proptest! {
        #[test]
        fn no_header_breaks_it(forwarded in prop::collection::vec(any::<u8>(), 0..60), real in "\\PC{0,60}") {
            let mut headers = HeaderMap::new();
            if let Ok(value) = HeaderValue::from_bytes(&forwarded) {
                headers.insert(FORWARDED_FOR, value);
            }
            if let Ok(value) = HeaderValue::from_str(&real) {
                headers.insert(REAL_IP, value);
            }
            prop_assert!(of(&headers, None).len() <= forwarded.len().max(real.len()));
        }
    }
}
