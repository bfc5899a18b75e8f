//! The records of a sidecar, and what a message of the network says.
//!
//! `<app>.local PTR <host>:<pid>:<port>.<app>.local`, with `SRV 0 0 <port> <host>.local`, `TXT <app>` and the address of
//! `<host>.local`. The Go sidecars name themselves `<host>:<pid>`; the port is added here since one process may hold two
//! sidecars, in tests at least.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use dapr_spi::{Error, Result};
use simple_dns::rdata::{A, AAAA, PTR, RData, SRV, TXT};
use simple_dns::{CLASS, Name, Packet, PacketFlag, QCLASS, QTYPE, Question, ResourceRecord, TYPE};

/// Seconds that others may remember a sidecar that says nothing more.
const TTL: u32 = 120;
/// What a browser of all service types asks for (RFC 6763, 9).
const SERVICE_TYPES: &str = "_services._dns-sd._udp.local";
const DOMAIN: &str = "local";
/// Bytes of the host name in the instance's label, which holds 63.
const MAX_HOST: usize = 40;
/// Sidecars that one message may tell of, and questions that it may ask.
const MAX_ITEMS: usize = 64;

/// A sidecar that we publish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Service {
    app_id: String,
    kind: Name<'static>,
    instance: Name<'static>,
    host: Name<'static>,
    address: IpAddr,
    port: u16,
}

impl Service {
    pub(crate) fn new(app_id: &str, address: IpAddr, port: u16) -> Result<Self> {
        let host = host_label();
        let kind = kind(app_id)?;
        let label = format!("{host}:{}:{port}", std::process::id());
        let name = |text: String| Name::new(&text).map(Name::into_owned).map_err(|error| no_name(app_id, &error));
        Ok(Self {
            app_id: app_id.to_owned(),
            instance: name(format!("{label}.{app_id}.{DOMAIN}"))?,
            host: name(format!("{host}.{DOMAIN}"))?,
            kind,
            address,
            port,
        })
    }

    fn pointer(&self, ttl: u32) -> ResourceRecord<'_> {
        record(&self.kind, ttl, RData::PTR(PTR(self.instance.clone())))
    }

    fn location(&self, ttl: u32) -> ResourceRecord<'_> {
        let srv = SRV { priority: 0, weight: 0, port: self.port, target: self.host.clone() };
        record(&self.instance, ttl, RData::SRV(srv)).with_cache_flush(true)
    }

    fn text(&self, ttl: u32) -> ResourceRecord<'_> {
        // The id was a label's text, so it fits.
        let text = TXT::new().with_string(&self.app_id).unwrap_or_default();
        record(&self.instance, ttl, RData::TXT(text)).with_cache_flush(true)
    }

    /// Other sidecars of this host may publish another address of it, so this one does not displace theirs.
    fn address(&self, ttl: u32) -> ResourceRecord<'_> {
        let data = match self.address {
            IpAddr::V4(address) => RData::A(A { address: address.to_bits() }),
            IpAddr::V6(address) => RData::AAAA(AAAA { address: address.to_bits() }),
        };
        record(&self.host, ttl, data)
    }

    fn type_pointer(&self, ttl: u32) -> ResourceRecord<'_> {
        record(&Name::new_unchecked(SERVICE_TYPES), ttl, RData::PTR(PTR(self.kind.clone())))
    }

    /// The unasked message of a sidecar that starts.
    pub(crate) fn announcement(&self) -> Vec<u8> {
        self.all(TTL)
    }

    /// The message of one that ends.
    pub(crate) fn goodbye(&self) -> Vec<u8> {
        self.all(0)
    }

    fn all(&self, ttl: u32) -> Vec<u8> {
        let mut packet = response();
        packet.answers =
            vec![self.location(ttl), self.text(ttl), self.pointer(ttl), self.type_pointer(ttl), self.address(ttl)];
        bytes(&packet)
    }

    /// The answer to a message that asks for this sidecar.
    pub(crate) fn answer(&self, query: &Packet<'_>) -> Option<Vec<u8>> {
        let mut packet = response();
        for question in query.questions.iter().take(MAX_ITEMS) {
            if question.qname == self.kind && wants(question, TYPE::PTR) && !self.is_known(query) {
                packet.answers.push(self.pointer(TTL));
                packet.additional_records.extend([self.location(TTL), self.text(TTL), self.address(TTL)]);
            } else if question.qname == self.instance {
                packet.answers.extend([self.location(TTL), self.text(TTL), self.pointer(TTL), self.address(TTL)]);
            } else if question.qname == self.host && (wants(question, TYPE::A) || wants(question, TYPE::AAAA)) {
                packet.answers.push(self.address(TTL));
            } else if is_type_question(question) {
                packet.answers.push(self.type_pointer(TTL));
            } else {
                continue;
            }
            return Some(bytes(&packet));
        }
        None
    }

    /// RFC 6762, 7.1: the asker knows this sidecar, and for half of its time at least.
    fn is_known(&self, query: &Packet<'_>) -> bool {
        query.answers.iter().any(|record| {
            record.ttl >= TTL / 2 && matches!(&record.rdata, RData::PTR(PTR(name)) if *name == self.instance)
        })
    }
}

fn wants(question: &Question<'_>, kind: TYPE) -> bool {
    matches!(question.qtype, QTYPE::ANY) || matches!(question.qtype, QTYPE::TYPE(wanted) if wanted == kind)
}

fn is_type_question(question: &Question<'_>) -> bool {
    wants(question, TYPE::PTR) && question.qname == Name::new_unchecked(SERVICE_TYPES)
}

fn record<'a>(name: &Name<'a>, ttl: u32, data: RData<'a>) -> ResourceRecord<'a> {
    ResourceRecord::new(name.clone(), CLASS::IN, ttl, data)
}

fn response() -> Packet<'static> {
    let mut packet = Packet::new_reply(0);
    packet.set_flags(PacketFlag::AUTHORITATIVE_ANSWER);
    packet
}

fn bytes(packet: &Packet<'_>) -> Vec<u8> {
    // Names were checked when they were made, and there are few records: there is nothing that could fail.
    packet.build_bytes_vec_compressed().unwrap_or_default()
}

/// The service type of an app.
fn kind(app_id: &str) -> Result<Name<'static>> {
    // An empty label would end the name, and a text that begins with `=` is no text record (RFC 6763, 6.4).
    if app_id.split('.').any(str::is_empty) || app_id.contains('\\') || app_id.starts_with('=') {
        return Err(Error::invalid(format!("app id `{app_id}` cannot be a name of DNS")));
    }
    Name::new(&format!("{app_id}.{DOMAIN}")).map(Name::into_owned).map_err(|error| no_name(app_id, &error))
}

fn no_name(app_id: &str, error: &simple_dns::SimpleDnsError) -> Error {
    Error::invalid(format!("app id `{app_id}` cannot be a name of DNS, whose parts have 63 bytes at most: {error}"))
}

/// The first label of this machine's name.
fn host_label() -> String {
    let system = rustix::system::uname();
    let name = system.nodename().to_string_lossy();
    let label = name.split('.').next().unwrap_or_default().replace('\\', "-");
    let end = (0..=label.len().min(MAX_HOST)).rev().find(|&end| label.is_char_boundary(end)).unwrap_or_default();
    if end == 0 { "host".to_owned() } else { label[..end].to_owned() }
}

/// The message that asks for an app's sidecars.
pub(crate) fn question(app_id: &str) -> Result<Vec<u8>> {
    let mut packet = Packet::new_query(0);
    packet.questions.push(Question::new(kind(app_id)?, QTYPE::TYPE(TYPE::PTR), QCLASS::CLASS(CLASS::IN), false));
    Ok(bytes(&packet))
}

/// Reads a message; none if it is broken.
pub(crate) fn parse(message: &[u8]) -> Option<Packet<'_>> {
    // The smallest item has five bytes. The parser makes room for as many as the head says.
    let counts: usize =
        message.get(4..12)?.chunks_exact(2).map(|count| usize::from(count[0]) << 8 | usize::from(count[1])).sum();
    if counts * 5 > message.len() {
        return None;
    }
    Packet::parse(message).ok()
}

/// What a message says of one sidecar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sighting {
    pub(crate) app_id: String,
    /// Tells replicas apart.
    pub(crate) instance: String,
    /// `host:port`; none when the sidecar says goodbye.
    pub(crate) address: Option<String>,
    /// Seconds that it may be remembered.
    pub(crate) ttl: u32,
}

/// The sidecars of wanted apps in a response. As with the Go sidecars, all records of one are in one message.
pub(crate) fn sightings(packet: &Packet<'_>, scope: u32, wanted: impl Fn(&str) -> bool) -> Vec<Sighting> {
    let records = || packet.answers.iter().chain(&packet.name_servers).chain(&packet.additional_records);
    let sighting = |record: &ResourceRecord<'_>| {
        let RData::SRV(srv) = &record.rdata else { return None };
        let app_id = records().find_map(|other| text_of(other, &record.name))?;
        if !wanted(&app_id) || !record.name.is_subdomain_of(&kind(&app_id).ok()?) {
            return None;
        }
        let sighting = |address| Sighting { app_id, instance: record.name.to_string(), address, ttl: record.ttl };
        if record.ttl == 0 {
            return Some(sighting(None));
        }
        let hosts = records().filter(|other| other.name == srv.target).filter_map(ip_of);
        let best = hosts.min_by_key(preference)?;
        Some(sighting(Some(socket_address(best, srv.port, scope))))
    };
    records().filter(|record| matches!(record.rdata, RData::SRV(_))).take(MAX_ITEMS).filter_map(sighting).collect()
}

/// The first text of a text record of that name.
fn text_of(record: &ResourceRecord<'_>, name: &Name<'_>) -> Option<String> {
    let RData::TXT(text) = &record.rdata else { return None };
    if record.name != *name {
        return None;
    }
    let (first, rest) = text.iter_raw().next()?;
    // The parser takes every text for `key=value`.
    let text = rest.map_or_else(|| first.to_vec(), |rest| [first, b"=", rest].concat());
    String::from_utf8(text).ok()
}

fn ip_of(record: &ResourceRecord<'_>) -> Option<IpAddr> {
    let address = match &record.rdata {
        RData::A(a) => IpAddr::V4(Ipv4Addr::from_bits(a.address)),
        RData::AAAA(aaaa) => IpAddr::V6(Ipv6Addr::from_bits(aaaa.address)),
        _ => return None,
    };
    (!address.is_unspecified() && !address.is_multicast()).then_some(address)
}

/// IPv4 first, as in the incumbent; an address that needs a scope last.
fn preference(address: &IpAddr) -> u8 {
    match address {
        IpAddr::V4(_) => 0,
        IpAddr::V6(address) if !address.is_unicast_link_local() => 1,
        IpAddr::V6(_) => 2,
    }
}

fn socket_address(address: IpAddr, port: u16, scope: u32) -> String {
    match address {
        IpAddr::V6(address) if address.is_unicast_link_local() => {
            SocketAddrV6::new(address, port, 0, scope).to_string()
        }
        address => SocketAddr::new(address, port).to_string(),
    }
}

#[cfg(test)]
mod tests;
