//! What came from the broker and is not acknowledged.

use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::Duration;

use bytes::BytesMut;
use dapr_spi::Result;
use dapr_spi::pubsub::Verdict;
use rumqttc::{Packet, PubAck, PubComp, PubRec, Publish, QoS};
use tokio::time::Instant;

use crate::filter::Filter;
use crate::session::{Held, Route, write};

/// Bytes, and messages, that wait for room here; above that nothing is read.
const ROOM_BYTES: usize = 16 << 20;
const ROOM_MESSAGES: usize = 4_096;
/// Messages without a subscription that are kept for one that may come, and their bytes. What is dropped here is not
/// acknowledged, so the broker delivers it again over the next connection.
const STRAYS: usize = 1_024;
const STRAY_BYTES: usize = 4 << 20;
/// After so long without a subscription they are dropped for good, since they use up what the broker has out for this
/// client, and so stand in the way of subscriptions that there are.
const STALE: Duration = Duration::from_secs(600);
/// Subscriptions that are remembered as ended for good.
const LEFT: usize = 1_024;
/// How long a refused message rests; each further time twice as long, up to the longest.
pub(crate) const REST: Duration = Duration::from_secs(1);
pub(crate) const LONGEST_REST: Duration = Duration::from_secs(60);

/// Subscriptions, and messages on their way.
pub(crate) struct Inbox {
    clean_session: bool,
    routes: Vec<Route>,
    /// Filters that were given up; what still comes for them is acknowledged and dropped.
    left: VecDeque<Filter>,
    /// Each with the time since when it waits.
    strays: VecDeque<(Instant, Held)>,
    stray_bytes: usize,
    resting: Vec<(Instant, Held)>,
    /// Deliveries that the broker waits for, by packet id.
    open: HashMap<u16, Open>,
    /// Packet ids of quality 2 that are processed and not released.
    processed: HashSet<u16>,
    waiting_bytes: usize,
    waiting: usize,
    next_id: u64,
    connection: u64,
    hasher: RandomState,
}

struct Open {
    id: u64,
    digest: u64,
    qos: QoS,
    /// The connection that it last came over.
    connection: u64,
    /// It was processed when that connection was lost.
    done: bool,
}

impl Inbox {
    pub(crate) fn new(clean_session: bool) -> Self {
        Self {
            clean_session,
            routes: Vec::new(),
            left: VecDeque::new(),
            strays: VecDeque::new(),
            stray_bytes: 0,
            resting: Vec::new(),
            open: HashMap::new(),
            processed: HashSet::new(),
            waiting_bytes: 0,
            waiting: 0,
            next_id: 0,
            connection: 0,
            hasher: RandomState::new(),
        }
    }

    /// Whether so much waits that nothing more is to be read.
    pub(crate) fn is_full(&self) -> bool {
        self.waiting_bytes > ROOM_BYTES || self.waiting > ROOM_MESSAGES
    }

    /// A new connection. A broker that has forgotten us waits for no answers, and will use packet ids anew.
    pub(crate) fn connected(&mut self, session_present: bool) {
        self.connection += 1;
        if !session_present {
            self.open.clear();
            self.processed.clear();
            self.routes.iter_mut().for_each(|route| route.confirmed = false);
        }
    }

    /// Answers from now on would be for a connection that is gone.
    pub(crate) fn disconnected(&mut self) {
        self.connection += 1;
    }

    /// Subscriptions that the broker does not know for sure.
    pub(crate) fn unconfirmed(&self) -> Vec<(u64, String)> {
        let unconfirmed = self.routes.iter().filter(|route| !route.confirmed);
        unconfirmed.map(|route| (route.id, route.filter.text.clone())).collect()
    }

    /// Adds a subscription; it replaces one with the same filter.
    pub(crate) fn add(&mut self, route: Route) {
        self.left.retain(|left| *left != route.filter);
        self.routes.retain(|other| other.filter != route.filter);
        self.routes.push(route);
        self.stray_bytes = 0;
        for (since, held) in std::mem::take(&mut self.strays) {
            self.wait(&held);
            if let Some(held) = self.try_route(held) {
                self.put(held.bytes());
                self.stray(since, held);
            }
        }
    }

    /// What the broker says to a subscription.
    pub(crate) fn confirm(&mut self, id: u64, accepted: Result<()>) {
        let Some(index) = self.routes.iter().position(|route| route.id == id) else { return };
        if let Err(error) = &accepted {
            let mut route = self.routes.remove(index);
            match route.done.take() {
                Some(done) => drop(done.send(accepted)),
                None => tracing::error!("pubsub.mqtt3: no more messages of `{}`: {error}", route.filter.text),
            }
            return;
        }
        let route = &mut self.routes[index];
        route.confirmed = true;
        if let Some(done) = route.done.take() {
            let _ = done.send(accepted);
        }
    }

    /// Ends a subscription; returns what it was subscribed to. With `for_good`, messages that still come for it are not
    /// wanted.
    pub(crate) fn leave(&mut self, id: u64, for_good: bool, out: &mut BytesMut) -> Option<String> {
        let index = self.routes.iter().position(|route| route.id == id)?;
        let route = self.routes.remove(index);
        if for_good {
            if self.left.len() >= LEFT {
                self.left.pop_front();
            }
            self.left.push_back(route.filter.clone());
            self.stray_bytes = 0;
            for (since, held) in std::mem::take(&mut self.strays) {
                self.keep_stray(since, held, out);
            }
        }
        Some(route.filter.text)
    }

    /// A message came.
    pub(crate) fn came(&mut self, publish: Publish, out: &mut BytesMut) {
        let Publish { dup, qos, retain, topic, pkid, payload } = publish;
        if qos == QoS::ExactlyOnce && self.processed.contains(&pkid) {
            write(out, &Packet::PubRec(PubRec::new(pkid)));
            return;
        }
        // The codec has checked that it is UTF-8.
        let topic = String::from_utf8_lossy(&topic);
        if qos != QoS::AtMostOnce {
            let digest = self.hasher.hash_one((&*topic, &payload));
            if let Some(open) = self.open.get_mut(&pkid).filter(|open| dup && open.digest == digest) {
                // It is being processed, or was when the connection was lost.
                open.connection = self.connection;
                if open.done {
                    self.answer(pkid, out);
                }
                return;
            }
            let open = Open { id: self.next_id, digest, qos, connection: self.connection, done: false };
            self.open.insert(pkid, open);
        } else if self.is_full() {
            tracing::debug!("pubsub.mqtt3: a message of `{topic}` (quality 0) is dropped: there is no room for it");
            return;
        }
        let (id, topic) = (self.next_id, topic.into());
        self.next_id += 1;
        let held = Held { id, pkid, topic, payload, retained: retain, refusals: 0 };
        self.wait(&held);
        self.route_or_keep(held, out);
    }

    /// The broker releases a packet id of quality 2.
    pub(crate) fn released(&mut self, pkid: u16, out: &mut BytesMut) {
        self.processed.remove(&pkid);
        write(out, &Packet::PubComp(PubComp::new(pkid)));
    }

    /// A message went into an intake.
    pub(crate) fn put(&mut self, bytes: usize) {
        self.waiting_bytes = self.waiting_bytes.saturating_sub(bytes);
        self.waiting = self.waiting.saturating_sub(1);
    }

    /// A message did not find room before its intake was closed.
    pub(crate) fn back(&mut self, held: Held, out: &mut BytesMut) {
        self.route_or_keep(held, out);
    }

    /// The engine is through with a message.
    pub(crate) fn settled(&mut self, mut held: Held, verdict: Verdict, out: &mut BytesMut) {
        match verdict {
            Verdict::Done => {
                let connection = self.connection;
                let Some(open) = self.open.get_mut(&held.pkid).filter(|open| open.id == held.id) else { return };
                if open.connection == connection {
                    self.answer(held.pkid, out);
                } else {
                    // The broker delivers it again, over this connection or the next, and is answered then.
                    open.done = true;
                }
            }
            Verdict::Again if held.is_acknowledged() => {
                self.wait(&held);
                if self.find(&held.topic).is_some() {
                    let rest = (REST * 2_u32.saturating_pow(held.refusals.min(16))).min(LONGEST_REST);
                    held.refusals += 1;
                    self.resting.push((Instant::now() + rest, held));
                } else {
                    self.route_or_keep(held, out);
                }
            }
            Verdict::Again => {
                tracing::warn!("pubsub.mqtt3: a message of `{}` is lost: it came with quality 0", held.topic);
            }
        }
    }

    /// When the first of those that rest has rested enough, or of those that wait for a subscription is stale.
    pub(crate) fn next_rested(&self) -> Option<Instant> {
        let rested = self.resting.iter().map(|(at, _)| *at).min();
        let stale = self.strays.front().filter(|_| self.is_used()).map(|(since, _)| *since + STALE);
        rested.into_iter().chain(stale).min()
    }

    /// Whether there is a subscription that others could stand in the way of.
    fn is_used(&self) -> bool {
        self.routes.iter().any(|route| route.confirmed && route.intake.is_open())
    }

    /// Delivers those again that have rested enough.
    pub(crate) fn wake(&mut self, now: Instant, out: &mut BytesMut) {
        if self.next_rested().is_none_or(|at| at > now) {
            return;
        }
        let (rested, resting): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.resting).into_iter().partition(|(at, _)| *at <= now);
        self.resting = resting;
        for (_, held) in rested {
            self.route_or_keep(held, out);
        }
        while self.is_used() {
            let Some((_, stale)) = self.strays.pop_front_if(|(since, _)| *since + STALE <= now) else { break };
            self.stray_bytes -= stale.bytes();
            let topic = &stale.topic;
            tracing::error!(
                "pubsub.mqtt3: a message of `{topic}` is dropped: nothing has subscribed to it for {STALE:?}, and an old \
                 subscription of this `consumerID` brings it; end that with `cleanSession: true` or another `consumerID`"
            );
            self.drop_for_good(&stale, out);
        }
    }

    fn answer(&mut self, pkid: u16, out: &mut BytesMut) {
        match self.open.remove(&pkid).map(|open| open.qos) {
            Some(QoS::ExactlyOnce) => {
                self.processed.insert(pkid);
                write(out, &Packet::PubRec(PubRec::new(pkid)));
            }
            Some(_) => write(out, &Packet::PubAck(PubAck::new(pkid))),
            None => {}
        }
    }

    fn wait(&mut self, held: &Held) {
        self.waiting_bytes += held.bytes();
        self.waiting += 1;
    }

    /// The subscription of a topic: the one to just that topic before patterns.
    fn find(&self, topic: &str) -> Option<&Route> {
        let takers = || self.routes.iter().filter(|route| route.intake.is_open() && route.filter.takes(topic));
        takers().find(|route| route.filter.is(topic)).or_else(|| takers().next())
    }

    fn route_or_keep(&mut self, held: Held, out: &mut BytesMut) {
        if let Some(held) = self.try_route(held) {
            self.put(held.bytes());
            self.keep_stray(Instant::now(), held, out);
        }
    }

    fn try_route(&self, held: Held) -> Option<Held> {
        match self.find(&held.topic) {
            Some(route) => route.feed.send(held).err().map(|refused| refused.0),
            None => Some(held),
        }
    }

    /// Keeps a message for a subscription that may come, or drops it when it is not wanted any more.
    fn keep_stray(&mut self, since: Instant, held: Held, out: &mut BytesMut) {
        if self.left.iter().any(|left| left.takes(&held.topic)) {
            self.drop_for_good(&held, out);
        } else {
            self.stray(since, held);
        }
    }

    fn drop_for_good(&mut self, held: &Held, out: &mut BytesMut) {
        if self.open.get(&held.pkid).is_some_and(|open| open.id == held.id) {
            self.answer(held.pkid, out);
        }
    }

    fn stray(&mut self, since: Instant, held: Held) {
        if !held.is_acknowledged() || self.clean_session && self.routes.is_empty() {
            return;
        }
        if self.strays.is_empty() {
            let topic = &held.topic;
            tracing::info!("pubsub.mqtt3: messages of `{topic}` wait for a subscription; there is none at the moment");
        }
        self.stray_bytes += held.bytes();
        self.strays.push_back((since, held));
        while self.strays.len() > STRAYS || self.stray_bytes > STRAY_BYTES {
            let Some((_, dropped)) = self.strays.pop_front() else { break };
            self.stray_bytes -= dropped.bytes();
        }
    }
}

#[cfg(test)]
mod tests;
