//! The client that all Redis components use: one server, the master that Sentinel names, or a cluster.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use dapr_spi::{Error, Result};
use redis::{Cmd, Pipeline, Value};

use crate::cluster::{self, Cluster};
use crate::connect::{Connector, Target};
use crate::errors::{self, Failure};
use crate::link::{Effect, Link};
use crate::packet::Packet;
use crate::settings::{Settings, Topology};

/// Which connection a request takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lane {
    /// The one that all share. No command that blocks may take it.
    Shared,
    /// One for `WAIT`, which holds up all that comes after it, and counts only writes of its own connection.
    Waiting,
}

/// How a request is to be sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Order {
    pub(crate) effect: Effect,
    pub(crate) lane: Lane,
    pub(crate) limit: Option<Duration>,
}

/// The connections to one server; the second one is made when it is needed.
pub(crate) struct Node {
    connector: Arc<Connector>,
    target: Target,
    shared: Link,
    waiting: OnceLock<Link>,
}

impl Node {
    /// A server with an open connection, or one that is being connected to.
    pub(crate) fn start(connector: Arc<Connector>, target: Target, live: Option<crate::live::Live>) -> Self {
        let shared = Link::start(Arc::clone(&connector), target.clone(), live);
        Self { connector, target, shared, waiting: OnceLock::new() }
    }

    pub(crate) fn shared(&self) -> &Link {
        &self.shared
    }

    pub(crate) fn waiting(&self) -> &Link {
        self.waiting.get_or_init(|| Link::start(Arc::clone(&self.connector), self.target.clone(), None))
    }

    /// A connection of its own, for commands that wait.
    fn another(&self) -> Link {
        Link::start(Arc::clone(&self.connector), self.target.clone(), None)
    }

    pub(crate) fn close(&self) {
        self.shared.close();
        self.waiting.get().into_iter().for_each(Link::close);
    }
}

enum Servers {
    One(Node),
    Many(Cluster),
}

/// A client; all methods may be called by many tasks at once.
pub(crate) struct Client {
    settings: Arc<Settings>,
    topology: Servers,
    /// `redisHost`, for messages.
    name: String,
}

impl Client {
    /// Connects once; the connection is kept open from then on.
    pub(crate) async fn open(settings: Settings) -> Result<Self> {
        let settings = Arc::new(settings);
        let connector = Arc::new(Connector::new(Arc::clone(&settings))?);
        let target = match settings.topology {
            Topology::Single => Target::Server(settings.addresses[0].clone()),
            Topology::Sentinel { .. } => Target::Master,
            Topology::Cluster => Target::Server(settings.addresses[0].clone()),
        };
        let servers = if settings.topology == Topology::Cluster {
            Servers::Many(Cluster::open(connector).await?)
        } else {
            let live = connector.connect(&target).await?;
            Servers::One(Node::start(connector, target, Some(live)))
        };
        let name = settings.addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        Ok(Self { settings, topology: servers, name })
    }

    /// A read, which may be repeated.
    pub(crate) fn reading(&self) -> Order {
        Order { effect: Effect::Repeatable, lane: Lane::Shared, limit: self.settings.read_timeout }
    }

    /// A write on the shared connection.
    pub(crate) fn writing(&self, effect: Effect) -> Order {
        Order { effect, lane: Lane::Shared, limit: self.settings.write_timeout }
    }

    /// A write whose replication is waited for, up to `wait`.
    pub(crate) fn waiting(&self, effect: Effect, wait: Duration) -> Order {
        Order { effect, lane: Lane::Waiting, limit: self.settings.write_timeout.map(|limit| limit + wait) }
    }

    /// Sends one command about `key`; a refusal of the server stays in the value.
    pub(crate) async fn send(&self, key: &str, command: &Cmd, order: Order) -> Result<Value> {
        Ok(self.call(key, command, order).await?)
    }

    /// Sends a command with `after` right behind it on the same connection; the reply to that does not count.
    pub(crate) async fn send_with(&self, key: &str, command: Cmd, order: Order, after: Option<&Cmd>) -> Result<Value> {
        let Some(after) = after else { return self.send(key, &command, order).await };
        let mut commands = Pipeline::with_capacity(2);
        commands.add_command(command).add_command(after.clone());
        let replies = self.call(key, &commands, order).await?;
        Ok(replies.into_iter().next().unwrap_or_default())
    }

    /// Sends commands about `key` together; refusals of the server stay in the values.
    pub(crate) async fn send_all(&self, key: &str, commands: &Pipeline, order: Order) -> Result<Vec<Value>> {
        Ok(self.call(key, commands, order).await?)
    }

    /// A further connection to the server that has `key` now, for commands that wait. It comes back by itself, but does
    /// not follow the key to another server of a cluster.
    pub(crate) fn another(&self, key: &str) -> Result<Link> {
        Ok(match &self.topology {
            Servers::One(node) => node.another(),
            Servers::Many(cluster) => cluster.owner(cluster::slot_of(key))?.another(),
        })
    }

    /// Whether keys are spread over several servers.
    pub(crate) fn is_cluster(&self) -> bool {
        matches!(self.topology, Servers::Many(_))
    }

    async fn call<P: Packet>(&self, key: &str, packet: &P, order: Order) -> Result<P::Reply, Failure> {
        match &self.topology {
            Servers::One(node) if order.lane == Lane::Shared => {
                node.shared().call(packet, order.effect, order.limit).await
            }
            Servers::One(node) => node.waiting().call(packet, order.effect, order.limit).await,
            Servers::Many(cluster) => cluster.call(cluster::slot_of(key), packet, order).await,
        }
    }

    /// One read per key, each key's command being `command(key)`; one round trip per server.
    pub(crate) async fn read_many(&self, keys: &[&str], command: impl Fn(&str) -> Cmd) -> Result<Vec<Result<Value>>> {
        match &self.topology {
            Servers::One(node) => {
                let replies = read_group(node, keys, &command, self.reading()).await?;
                Ok(replies.into_iter().map(Ok).collect())
            }
            Servers::Many(cluster) => Ok(self.read_groups(cluster, keys, &command).await),
        }
    }

    async fn read_groups(
        &self,
        cluster: &Cluster,
        keys: &[&str],
        command: &impl Fn(&str) -> Cmd,
    ) -> Vec<Result<Value>> {
        let mut groups: Vec<(Arc<Node>, Vec<usize>)> = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            let Ok(owner) = cluster.owner(cluster::slot_of(key)) else { continue };
            match groups.iter_mut().find(|(node, _)| Arc::ptr_eq(node, &owner)) {
                Some((_, indexes)) => indexes.push(index),
                None => groups.push((owner, vec![index])),
            }
        }
        let mut replies: Vec<Option<Value>> = keys.iter().map(|_| None).collect();
        let asked = groups.iter().map(|(node, indexes)| async move {
            let keys: Vec<&str> = indexes.iter().map(|index| keys[*index]).collect();
            read_group(node, &keys, command, self.reading()).await.map(|values| (indexes, values))
        });
        for (indexes, values) in futures_util::future::join_all(asked).await.into_iter().flatten() {
            for (index, value) in indexes.iter().zip(values) {
                replies[*index] = Some(value);
            }
        }
        let mut complete = Vec::with_capacity(keys.len());
        for (key, reply) in keys.iter().zip(replies) {
            complete.push(match reply {
                Some(value) if !is_redirected(&value) => Ok(value),
                _ => self.send(key, &command(key), self.reading()).await,
            });
        }
        complete
    }

    /// Every server that holds keys, for commands that concern no key.
    pub(crate) fn servers(&self) -> Vec<Server<'_>> {
        match &self.topology {
            Servers::One(node) => vec![Server { client: self, node: NodeRef::Borrowed(node) }],
            Servers::Many(cluster) => {
                cluster.masters().into_iter().map(|node| Server { client: self, node: NodeRef::Shared(node) }).collect()
            }
        }
    }

    /// Replicas of the server that holds `key`.
    pub(crate) async fn replicas(&self, key: &str) -> Result<u32> {
        Ok(match &self.topology {
            Servers::One(node) => node.shared().replicas().await?,
            Servers::Many(cluster) => cluster.owner(cluster::slot_of(key))?.shared().replicas().await?,
        })
    }

    /// Two keys that a cluster keeps in different slots, if there are such.
    pub(crate) fn split_keys<'a>(&self, keys: impl IntoIterator<Item = &'a str>) -> Option<(&'a str, &'a str)> {
        if matches!(self.topology, Servers::One(_)) {
            return None;
        }
        let mut keys = keys.into_iter();
        let first = keys.next()?;
        let slot = cluster::slot_of(first);
        keys.find(|key| cluster::slot_of(key) != slot).map(|other| (first, other))
    }

    /// Turns a refusal into an error.
    pub(crate) fn accepted(&self, value: Value) -> Result<Value> {
        match value {
            Value::ServerError(error) => Err(errors::refused(&self.name, &error)),
            value => Ok(value),
        }
    }

    /// An error about a reply that no server should give.
    pub(crate) fn strange(&self, what: &str, value: &Value) -> Error {
        Error::failed(format!("redis at {}: {what} was answered with {value:?}", self.name))
    }

    /// Ends all connections.
    pub(crate) fn close(&self) {
        match &self.topology {
            Servers::One(node) => node.close(),
            Servers::Many(cluster) => cluster.close(),
        }
    }
}

enum NodeRef<'a> {
    Borrowed(&'a Node),
    Shared(Arc<Node>),
}

/// One server of a client, for commands that concern no key.
pub(crate) struct Server<'a> {
    client: &'a Client,
    node: NodeRef<'a>,
}

impl Server<'_> {
    /// Sends a read to this server; a refusal is an error.
    pub(crate) async fn ask(&self, command: &Cmd) -> Result<Value> {
        let node = match &self.node {
            NodeRef::Borrowed(node) => node,
            NodeRef::Shared(node) => node.as_ref(),
        };
        let order = self.client.reading();
        let value = node.shared().call(command, order.effect, order.limit).await.map_err(Error::from)?;
        self.client.accepted(value)
    }
}

async fn read_group(node: &Node, keys: &[&str], command: impl Fn(&str) -> Cmd, order: Order) -> Result<Vec<Value>> {
    let mut commands = Pipeline::with_capacity(keys.len());
    for key in keys {
        commands.add_command(command(key));
    }
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(node.shared().call(&commands, order.effect, order.limit).await?)
}

fn is_redirected(value: &Value) -> bool {
    matches!(value, Value::ServerError(error) if matches!(error.code(), "MOVED" | "ASK" | "TRYAGAIN" | "CLUSTERDOWN"))
}
