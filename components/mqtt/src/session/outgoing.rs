//! What goes to the broker and waits for its answer.

use std::collections::{BTreeMap, HashMap, HashSet};

use bytes::BytesMut;
use dapr_spi::{Error, Result};
use rumqttc::{Packet, PubRel, Publish, QoS, SubAck, Subscribe, SubscribeFilter, SubscribeReasonCode, Unsubscribe};
use tokio::sync::oneshot;

use crate::session::write;

/// Messages that wait for an answer at a time; further publishers wait for them.
const WINDOW: usize = 512;
/// The same for quality 2, of which brokers take few at a time: Mosquitto hangs up over more than 20.
const WINDOW_OF_2: usize = 16;

type Done = oneshot::Sender<Result<()>>;

/// Messages, subscriptions and their packet ids.
pub(crate) struct Outbox {
    /// By the order in which they were sent.
    pending: BTreeMap<u64, Pending>,
    order_of: HashMap<u16, u64>,
    next_order: u64,
    subscriptions: HashMap<u16, Vec<u64>>,
    unsubscriptions: HashSet<u16>,
    last_pkid: u16,
}

struct Pending {
    publish: Publish,
    done: Done,
    /// The broker has it (quality 2).
    received: bool,
}

impl Default for Outbox {
    /// Begins anywhere: the broker may remember packet ids of quality 2 from before, and would take a new message with
    /// such a one for the old one.
    fn default() -> Self {
        Self {
            pending: BTreeMap::new(),
            order_of: HashMap::new(),
            next_order: 0,
            subscriptions: HashMap::new(),
            unsubscriptions: HashSet::new(),
            last_pkid: any_number(),
        }
    }
}

/// Some number.
fn any_number() -> u16 {
    use std::hash::{BuildHasher, RandomState};
    (RandomState::new().hash_one(0) & 0xffff) as u16
}

impl Outbox {
    pub(crate) fn has_room(&self, qos: QoS) -> bool {
        self.pending.len() < if qos == QoS::ExactlyOnce { WINDOW_OF_2 } else { WINDOW }
    }

    /// A packet id that nothing waits with; there are far more than can wait.
    fn pkid(&mut self) -> u16 {
        loop {
            self.last_pkid = self.last_pkid.checked_add(1).unwrap_or(1);
            let taken = self.order_of.contains_key(&self.last_pkid)
                || self.subscriptions.contains_key(&self.last_pkid)
                || self.unsubscriptions.contains(&self.last_pkid);
            if !taken {
                return self.last_pkid;
            }
        }
    }

    /// Sends a message, unless its publisher has given up.
    pub(crate) fn publish(&mut self, mut publish: Publish, done: Done, out: &mut BytesMut) {
        if done.is_closed() {
            return;
        }
        if publish.qos == QoS::AtMostOnce {
            write(out, &Packet::Publish(publish));
            let _ = done.send(Ok(()));
            return;
        }
        publish.pkid = self.pkid();
        let packet = Packet::Publish(publish);
        write(out, &packet);
        let Packet::Publish(publish) = packet else { return };
        self.order_of.insert(publish.pkid, self.next_order);
        self.pending.insert(self.next_order, Pending { publish, done, received: false });
        self.next_order += 1;
    }

    /// The broker has a message for good.
    pub(crate) fn acknowledged(&mut self, pkid: u16) {
        let order = self.order_of.remove(&pkid);
        if let Some(pending) = order.and_then(|order| self.pending.remove(&order)) {
            let _ = pending.done.send(Ok(()));
        }
    }

    /// The broker has a message of quality 2, and wants to be told that we know.
    pub(crate) fn received(&mut self, pkid: u16, out: &mut BytesMut) {
        if let Some(pending) = self.order_of.get(&pkid).and_then(|order| self.pending.get_mut(order)) {
            pending.received = true;
        }
        write(out, &Packet::PubRel(PubRel::new(pkid)));
    }

    /// Sends again, over a new connection, what has no answer.
    pub(crate) fn resend(&mut self, session_present: bool, out: &mut BytesMut) {
        self.subscriptions.clear();
        self.unsubscriptions.clear();
        let pending = std::mem::take(&mut self.pending);
        self.order_of.clear();
        for (order, mut pending) in pending {
            // A broker that has forgotten us had it when it said so.
            if pending.received && !session_present {
                let _ = pending.done.send(Ok(()));
                continue;
            }
            let given_up = pending.done.is_closed() && pending.publish.qos == QoS::AtLeastOnce;
            if given_up {
                continue;
            }
            if pending.received {
                write(out, &Packet::PubRel(PubRel::new(pending.publish.pkid)));
            } else {
                pending.publish.dup = session_present;
                write(out, &Packet::Publish(pending.publish.clone()));
            }
            self.order_of.insert(pending.publish.pkid, order);
            self.pending.insert(order, pending);
        }
    }

    /// Asks for topics; each with the id of its subscription.
    pub(crate) fn subscribe(&mut self, topics: Vec<(u64, String)>, qos: QoS, out: &mut BytesMut) {
        let pkid = self.pkid();
        let (ids, filters): (Vec<u64>, Vec<SubscribeFilter>) =
            topics.into_iter().map(|(id, topic)| (id, SubscribeFilter::new(topic, qos))).unzip();
        let mut subscribe = Subscribe::new_many(filters);
        subscribe.pkid = pkid;
        write(out, &Packet::Subscribe(subscribe));
        self.subscriptions.insert(pkid, ids);
    }

    /// What the broker makes of each subscription.
    pub(crate) fn subscribed(&mut self, ack: &SubAck) -> Vec<(u64, Result<()>)> {
        let ids = self.subscriptions.remove(&ack.pkid).unwrap_or_default();
        let accepted = |code: &SubscribeReasonCode| match code {
            SubscribeReasonCode::Success(_) => Ok(()),
            SubscribeReasonCode::Failure => {
                Err(Error::failed("the broker refuses the subscription; does the user have the right to it?"))
            }
        };
        ids.into_iter().zip(ack.return_codes.iter().map(accepted)).collect()
    }

    /// Lets go of a topic.
    pub(crate) fn unsubscribe(&mut self, topic: String, out: &mut BytesMut) {
        let mut unsubscribe = Unsubscribe::new(topic);
        unsubscribe.pkid = self.pkid();
        self.unsubscriptions.insert(unsubscribe.pkid);
        write(out, &Packet::Unsubscribe(unsubscribe));
    }

    pub(crate) fn unsubscribed(&mut self, pkid: u16) {
        self.unsubscriptions.remove(&pkid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packets(out: &mut BytesMut) -> Vec<Packet> {
        std::iter::from_fn(|| Packet::read(out, usize::MAX).ok()).collect()
    }

    fn publish(outbox: &mut Outbox, qos: QoS, out: &mut BytesMut) -> oneshot::Receiver<Result<()>> {
        let (done, result) = oneshot::channel();
        outbox.publish(Publish::new("topic", qos, "payload"), done, out);
        result
    }

    fn sent(out: &mut BytesMut) -> Publish {
        match packets(out).as_slice() {
            [Packet::Publish(publish)] => publish.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_is_done_when_the_broker_has_said_so() {
        let (mut outbox, mut out) = (Outbox::default(), BytesMut::new());
        let mut zero = publish(&mut outbox, QoS::AtMostOnce, &mut out);
        assert!(zero.try_recv().unwrap().is_ok() && sent(&mut out).pkid == 0);
        let mut one = publish(&mut outbox, QoS::AtLeastOnce, &mut out);
        let pkid = sent(&mut out).pkid;
        assert!(one.try_recv().is_err());
        outbox.acknowledged(pkid);
        assert!(one.try_recv().unwrap().is_ok());
        let mut two = publish(&mut outbox, QoS::ExactlyOnce, &mut out);
        let pkid = sent(&mut out).pkid;
        outbox.received(pkid, &mut out);
        assert!(two.try_recv().is_err());
        assert_eq!(packets(&mut out), [Packet::PubRel(PubRel::new(pkid))]);
        outbox.acknowledged(pkid);
        assert!(two.try_recv().unwrap().is_ok() && outbox.pending.is_empty() && outbox.order_of.is_empty());
    }

    #[test]
    fn what_has_no_answer_is_sent_again_in_order() {
        let (mut outbox, mut out) = (Outbox::default(), BytesMut::new());
        let _first = publish(&mut outbox, QoS::AtLeastOnce, &mut out);
        let given_up = publish(&mut outbox, QoS::AtLeastOnce, &mut out);
        drop(given_up);
        let _received = publish(&mut outbox, QoS::ExactlyOnce, &mut out);
        let all = packets(&mut out);
        let pkids: Vec<u16> =
            all.iter().map(|packet| if let Packet::Publish(sent) = packet { sent.pkid } else { 0 }).collect();
        outbox.received(pkids[2], &mut out);
        out.clear();
        outbox.resend(true, &mut out);
        match packets(&mut out).as_slice() {
            [Packet::Publish(again), Packet::PubRel(release)] => {
                assert!(again.dup && again.pkid == pkids[0]);
                assert_eq!(release.pkid, pkids[2]);
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn packet_ids_in_use_are_not_given_twice() {
        let (mut outbox, mut out) = (Outbox { last_pkid: u16::MAX - 1, ..Outbox::default() }, BytesMut::new());
        outbox.order_of.insert(1, 0);
        outbox.subscribe(vec![(7, "a".into())], QoS::AtLeastOnce, &mut out);
        assert!(outbox.subscriptions.contains_key(&u16::MAX));
        assert_eq!(outbox.pkid(), 2);
    }
}
