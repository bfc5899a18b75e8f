//! Name resolution by names of DNS: `nameresolution.kubernetes` and `nameresolution.nameformat`.
//!
//! Both write a name and ask nobody: DNS knows an address for each replica, and whoever calls looks it up.

pub mod kubernetes;
pub mod name_format;
mod template;

use std::time::Duration;

use dapr_spi::name_resolver::Query;
use dapr_spi::registry::Registry;

/// How long a name's addresses may be used; cluster DNS remembers them for 5 s as well.
const LIFETIME: Duration = Duration::from_secs(5);

/// Adds the types of this crate.
pub fn register(registry: &mut Registry) {
    registry.component("nameresolution.kubernetes").factory::<kubernetes::Kubernetes>();
    registry.component("nameresolution.nameformat").factory::<name_format::NameFormat>();
}

/// Whether ids can be part of a name without changing where it ends; anything else is an app that does not exist.
fn is_safe(query: &Query) -> bool {
    let fits = |text: &str| text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    !query.app_id.is_empty() && fits(&query.app_id) && fits(&query.namespace)
}

/// An address with a port: its own, or that of internal gRPC servers.
fn with_port(address: String, port: u16) -> String {
    let own = address.rsplit_once(':').is_some_and(|(host, port)| {
        !port.is_empty()
            && port.bytes().all(|byte| byte.is_ascii_digit())
            && (!host.contains(':') || host.ends_with(']'))
    });
    if own { address } else { format!("{address}:{port}") }
}

/// What is wrong with an address that a pattern gave, if something is.
fn problem_of(address: &str) -> Option<String> {
    let bad =
        |character: char| character.is_whitespace() || character.is_control() || "/?#@{}\"'\\".contains(character);
    if let Some(character) = address.chars().find(|character| bad(*character)) {
        return Some(format!("gives `{address}`, and no host name has `{character}`; expected `host` or `host:port`"));
    }
    let after_host = if address.starts_with('[') { address.find(']').map(|end| end + 1) } else { address.find(':') };
    let (host, port) = address.split_at(after_host.unwrap_or(address.len()));
    if host.is_empty() {
        return Some("gives no host name".to_owned());
    }
    let fits = port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok());
    (!fits).then(|| format!("gives `{address}`, and what follows `{host}` is no port; an IPv6 address has brackets"))
}

#[cfg(test)]
mod tests;
