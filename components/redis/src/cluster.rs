//! A cluster: which node serves which hash slot, and the redirections when that changes.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use dapr_spi::{Error, Result};
use redis::{ServerError, Value};
use tokio::time::{Instant, sleep};

use crate::address::Address;
use crate::client::{Lane, Node, Order};
use crate::connect::{Connector, Target};
use crate::errors::{self, Failure};
use crate::packet::Packet;

const SLOTS: u16 = 16_384;
/// Redirections of one request before it gives up.
const MAX_HOPS: usize = 8;
/// The slot map is not read more often than this, whatever goes wrong.
const LEAST_REFRESH_GAP: Duration = Duration::from_millis(200);
/// How long to wait while the cluster moves a slot or elects a master.
const SETTLE: Duration = Duration::from_millis(100);

/// The hash slot of a key: CRC16 (XMODEM) of the key, or of its first `{tag}` that is not empty (Redis Cluster
/// specification, "Hash tags").
pub(crate) fn slot_of(key: &str) -> u16 {
    let key = key.as_bytes();
    let tag = key.iter().position(|byte| *byte == b'{').and_then(|start| {
        let rest = &key[start + 1..];
        rest.iter().position(|byte| *byte == b'}').filter(|length| *length > 0).map(|length| &rest[..length])
    });
    crc16(tag.unwrap_or(key)) % SLOTS
}

fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ (u16::from(*byte) << 8), |sum, _| (sum << 1) ^ if sum & 0x8000 == 0 { 0 } else { 0x1021 })
    })
}

/// Slots up to `last` (and from the range before it) belong to `node`.
struct Range {
    last: u16,
    node: Arc<Node>,
}

#[derive(Default)]
struct Map {
    ranges: Vec<Range>,
    nodes: HashMap<Address, Arc<Node>>,
    read_at: Option<Instant>,
}

/// The nodes of a cluster.
pub(crate) struct Cluster {
    connector: Arc<Connector>,
    map: Mutex<Map>,
    refreshing: tokio::sync::Mutex<()>,
}

/// Where a server sends a request instead.
enum Redirection {
    /// The slot moved for good.
    Moved(Address),
    /// The slot is moving; only this request goes there.
    Ask(Address),
    /// Try again in a moment.
    Later,
}

impl Cluster {
    /// Reads the slot map from the first node that answers.
    pub(crate) async fn open(connector: Arc<Connector>) -> Result<Self> {
        let cluster = Self { connector, map: Mutex::default(), refreshing: tokio::sync::Mutex::default() };
        cluster.refresh().await?;
        Ok(cluster)
    }

    /// Sends a packet whose keys are all in one slot to the node of that slot.
    pub(crate) async fn call<P: Packet>(&self, slot: u16, packet: &P, order: Order) -> Result<P::Reply, Failure> {
        let mut node = self.owner(slot)?;
        let mut last = None;
        for _ in 0..MAX_HOPS {
            let reply = match node.call(packet, order).await {
                Ok(reply) => reply,
                Err(failure) => {
                    node = self.other_owner(slot, &node, failure).await?;
                    continue;
                }
            };
            let Some(error) = P::refusal(&reply) else { return Ok(reply) };
            let Some(redirection) = redirection(error) else { return Ok(reply) };
            last = Some(errors::refused("the cluster", error));
            match redirection {
                Redirection::Moved(address) => {
                    node = self.node(&address);
                    let _ = self.refresh().await;
                }
                Redirection::Ask(address) => {
                    let replies = self.node(&address).call(&packet.asking(), order).await?;
                    return P::of_asked(replies)
                        .ok_or_else(|| Failure::Refused(Error::failed("the cluster answered nothing after ASKING")));
                }
                Redirection::Later => sleep(SETTLE).await,
            }
        }
        Err(Failure::Refused(last.unwrap_or_else(|| Error::unavailable("the cluster sends the request in circles"))))
    }

    /// After a failure: the node that took over, or the failure again. What may have been executed is not repeated here;
    /// the node's connection has done so where that is allowed.
    async fn other_owner(&self, slot: u16, node: &Arc<Node>, failure: Failure) -> Result<Arc<Node>, Failure> {
        let refreshed = self.refresh().await;
        match (failure, self.owner(slot)) {
            (Failure::Unreachable(_) | Failure::Refused(_), Ok(owner))
                if refreshed.is_ok() && !Arc::ptr_eq(&owner, node) =>
            {
                Ok(owner)
            }
            (failure, _) => Err(failure),
        }
    }

    /// The node that serves a slot, as far as known.
    pub(crate) fn owner(&self, slot: u16) -> Result<Arc<Node>, Failure> {
        let map = self.map();
        let index = map.ranges.partition_point(|range| range.last < slot);
        map.ranges.get(index).map(|range| Arc::clone(&range.node)).ok_or_else(|| {
            Failure::Unreachable(Error::unavailable(format!("no node of the redis cluster serves hash slot {slot}")))
        })
    }

    /// Every master that serves a slot.
    pub(crate) fn masters(&self) -> Vec<Arc<Node>> {
        let mut masters: Vec<Arc<Node>> = Vec::new();
        for range in &self.map().ranges {
            if !masters.iter().any(|node| Arc::ptr_eq(node, &range.node)) {
                masters.push(Arc::clone(&range.node));
            }
        }
        masters
    }

    /// Ends all connections.
    pub(crate) fn close(&self) {
        self.map().nodes.values().for_each(|node| node.close());
    }

    fn map(&self) -> std::sync::MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn node(&self, address: &Address) -> Arc<Node> {
        let mut map = self.map();
        let start = || Arc::new(Node::start(Arc::clone(&self.connector), Target::Server(address.clone()), None));
        Arc::clone(map.nodes.entry(address.clone()).or_insert_with(start))
    }

    /// Reads the slot map again, unless that was done a moment ago.
    async fn refresh(&self) -> Result<()> {
        let _one_at_a_time = self.refreshing.lock().await;
        if self.map().read_at.is_some_and(|time| time.elapsed() < LEAST_REFRESH_GAP) {
            return Ok(());
        }
        let known: Vec<Address> = self.map().nodes.keys().cloned().collect();
        let mut troubles = Vec::new();
        for address in known.iter().chain(&self.connector.settings.addresses) {
            match self.read_slots(address).await {
                Ok(slots) => {
                    self.adopt(&slots);
                    return Ok(());
                }
                Err(error) => troubles.push(error.to_string()),
            }
        }
        troubles.dedup();
        Err(Error::unavailable(troubles.join("; ")))
    }

    /// Asks on a connection of its own, so that a node that hangs is noticed after `dialTimeout` at most.
    async fn read_slots(&self, at: &Address) -> Result<Vec<(u16, Address)>> {
        let live = self.connector.connect(&Target::Server(at.clone())).await?;
        let mut ask = redis::cmd("CLUSTER");
        ask.arg("SLOTS");
        let limit = self.connector.settings.read_timeout;
        let reply = live.send(&ask, limit).await.map_err(|error| crate::connect::failure(&live, error))?;
        if let Value::ServerError(error) = &reply {
            return Err(errors::refused(&live.address, error));
        }
        let slots = slots_of(&reply, at);
        if slots.is_empty() {
            return Err(Error::unavailable(format!("redis at {at} knows no hash slots: the cluster is not ready")));
        }
        Ok(slots)
    }

    fn adopt(&self, slots: &[(u16, Address)]) {
        let ranges = slots.iter().map(|(last, address)| Range { last: *last, node: self.node(address) }).collect();
        let mut map = self.map();
        map.ranges = ranges;
        let gone: Vec<Address> =
            map.nodes.keys().filter(|known| !slots.iter().any(|(_, address)| address == *known)).cloned().collect();
        for address in gone {
            if let Some(node) = map.nodes.remove(&address) {
                node.close();
            }
        }
        map.read_at = Some(Instant::now());
    }
}

/// Whether a reply sends a request elsewhere.
fn redirection(error: &ServerError) -> Option<Redirection> {
    let address = || error.details().and_then(redirect_address);
    match error.code() {
        "MOVED" => address().map(Redirection::Moved),
        "ASK" => address().map(Redirection::Ask),
        "TRYAGAIN" | "CLUSTERDOWN" => Some(Redirection::Later),
        _ => None,
    }
}

/// `3999 127.0.0.1:6381`.
fn redirect_address(details: &str) -> Option<Address> {
    let (host, port) = details.split_whitespace().nth(1)?.rsplit_once(':')?;
    Some(Address { host: host.trim_matches(['[', ']']).to_owned(), port: port.parse().ok()? })
}

/// Last slot and master of each range of `CLUSTER SLOTS`, in order. A node without host is the one that was asked.
fn slots_of(reply: &Value, asked: &Address) -> Vec<(u16, Address)> {
    let Value::Array(ranges) = reply else { return Vec::new() };
    let mut slots: Vec<_> = ranges.iter().filter_map(|range| range_of(range, asked)).collect();
    slots.sort_by_key(|(last, _)| *last);
    slots
}

fn range_of(range: &Value, asked: &Address) -> Option<(u16, Address)> {
    let Value::Array(parts) = range else { return None };
    let [_, Value::Int(last), Value::Array(master), ..] = parts.as_slice() else { return None };
    let [host, Value::Int(port), ..] = master.as_slice() else { return None };
    let host = match host {
        Value::BulkString(host) if !host.is_empty() && host != b"?" => String::from_utf8(host.clone()).ok()?,
        _ => asked.host.clone(),
    };
    Some((u16::try_from(*last).ok()?, Address { host, port: u16::try_from(*port).ok()? }))
}

/// Lanes are part of a request's order; a cluster has them per node.
impl Node {
    async fn call<P: Packet>(&self, packet: &P, order: Order) -> Result<P::Reply, Failure> {
        match order.lane {
            Lane::Shared => self.shared().call(packet, order.effect, order.limit).await,
            Lane::Waiting => self.waiting().call(packet, order.effect, order.limit).await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_those_of_the_specification() {
        assert_eq!(crc16(b"123456789"), 0x31C3, "the check value of the specification");
        assert_eq!(slot_of("foo{}{bar}"), slot_of_whole("foo{}{bar}"), "an empty tag does not count");
        assert_eq!(slot_of("foo{{bar}}zap"), slot_of_whole("{bar"));
        assert_eq!(slot_of("foo{bar}{zap}"), slot_of_whole("bar"));
        assert_eq!(slot_of("{user1000}.following"), slot_of("{user1000}.followers"));
    }

    fn slot_of_whole(key: &str) -> u16 {
        crc16(key.as_bytes()) % SLOTS
    }

    #[test]
    fn reads_redirections() {
        let address = redirect_address("3999 127.0.0.1:6381").unwrap();
        assert_eq!(address, Address { host: "127.0.0.1".into(), port: 6381 });
        assert_eq!(redirect_address("3999 [::1]:6381").unwrap().host, "::1");
        assert!(redirect_address("3999").is_none());
    }
}
