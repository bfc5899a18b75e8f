//! Where a server listens, as `redisHost` and `redisPort` say it.

use std::fmt;

use dapr_spi::{Error, Result};

const DEFAULT_PORT: u16 = 6379;

/// Host and port of one server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Address {
    pub(crate) host: String,
    pub(crate) port: u16,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            return write!(f, "[{}]:{}", self.host, self.port);
        }
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Reads a list of addresses, separated by commas; `port` completes those without one.
pub(crate) fn parse_list(hosts: &str, port: Option<u16>) -> Result<Vec<Address>> {
    let addresses: Vec<_> = hosts.split(',').map(str::trim).filter(|host| !host.is_empty()).collect();
    if addresses.is_empty() {
        return Err(Error::invalid("`redisHost` is empty; expected `host:port`"));
    }
    addresses.into_iter().map(|text| parse(text, port.filter(|port| *port != 0))).collect()
}

fn parse(text: &str, port: Option<u16>) -> Result<Address> {
    if text.contains("://") {
        return Err(Error::invalid(format!("`redisHost` takes `host:port`, not a URL, found `{text}`")));
    }
    let (host, own) = split(text).ok_or_else(|| bad(text))?;
    let own = own.map(|digits| digits.parse::<u16>().map_err(|_| bad(text))).transpose()?;
    match (own, port) {
        (Some(own), Some(port)) if own != port => Err(Error::invalid(format!(
            "`redisHost` has port {own} in `{text}`, and `redisPort` is {port}; give the port in one of them"
        ))),
        _ => Ok(Address { host: host.to_owned(), port: own.or(port).unwrap_or(DEFAULT_PORT) }),
    }
}

fn bad(text: &str) -> Error {
    Error::invalid(format!("`redisHost`: expected `host` or `host:port`, found `{text}`"))
}

/// Host and port; a text with several colons outside brackets is an IPv6 address without port.
fn split(text: &str) -> Option<(&str, Option<&str>)> {
    if let Some(rest) = text.strip_prefix('[') {
        let (host, rest) = rest.split_once(']')?;
        return if rest.is_empty() { Some((host, None)) } else { Some((host, Some(rest.strip_prefix(':')?))) };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => Some((text, None)),
        Some((host, port)) if !host.is_empty() => Some((host, Some(port))),
        Some(_) => None,
        None => Some((text, None)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(hosts: &str, port: Option<u16>) -> Result<String> {
        let addresses = parse_list(hosts, port)?;
        Ok(addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(","))
    }

    #[test]
    fn completes_the_port() {
        for (hosts, port, expected) in [
            ("redis", None, "redis:6379"),
            ("redis", Some(7000), "redis:7000"),
            ("redis:7000", None, "redis:7000"),
            ("redis:7000", Some(7000), "redis:7000"),
            ("a, b:1 ,c", Some(0), "a:6379,b:1,c:6379"),
            ("::1", None, "[::1]:6379"),
            ("[::1]:7000", None, "[::1]:7000"),
            ("[::1]", None, "[::1]:6379"),
        ] {
            assert_eq!(read(hosts, port).unwrap(), expected, "{hosts}");
        }
    }

    #[test]
    fn refuses_what_is_no_address() {
        for (hosts, port) in [("", None), (",", None), ("a:", None), (":1", None), ("a:b", None), ("a:1", Some(2))] {
            assert!(read(hosts, port).is_err(), "{hosts}");
        }
        assert!(read("redis://host:1", None).unwrap_err().to_string().contains("not a URL"));
    }
}
