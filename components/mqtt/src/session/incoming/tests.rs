//! Messages, connections and answers by hand, without a socket.

use dapr_spi::pubsub::{Deliveries, Intake};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

use super::*;

struct Subscribed {
    messages: UnboundedReceiver<Held>,
    deliveries: Deliveries,
}

fn subscribe(inbox: &mut Inbox, id: u64, filter: &str) -> Subscribed {
    let (feed, messages) = unbounded_channel();
    let (intake, deliveries) = Intake::new(4);
    let filter = Filter::new(filter).unwrap();
    inbox.add(Route { id, filter, intake, feed, done: None, confirmed: true });
    Subscribed { messages, deliveries }
}

fn inbox() -> Inbox {
    let mut inbox = Inbox::new(false);
    inbox.connected(false);
    inbox
}

fn publish(topic: &str, pkid: u16, qos: QoS, dup: bool) -> Publish {
    let mut publish = Publish::new(topic, qos, topic);
    (publish.pkid, publish.dup) = (pkid, dup);
    publish
}

fn packets(out: &mut BytesMut) -> Vec<Packet> {
    std::iter::from_fn(|| Packet::read(out, usize::MAX).ok()).collect()
}

#[tokio::test]
async fn a_message_is_acknowledged_when_it_is_processed() {
    let (mut inbox, mut out) = (inbox(), BytesMut::new());
    let mut subscribed = subscribe(&mut inbox, 1, "a/+");
    inbox.came(publish("a/1", 7, QoS::AtLeastOnce, false), &mut out);
    inbox.came(publish("a/2", 8, QoS::ExactlyOnce, false), &mut out);
    assert!(packets(&mut out).is_empty());
    let (one, two) = (subscribed.messages.try_recv().unwrap(), subscribed.messages.try_recv().unwrap());
    inbox.settled(two, Verdict::Done, &mut out);
    inbox.settled(one, Verdict::Done, &mut out);
    assert_eq!(packets(&mut out), [Packet::PubRec(PubRec::new(8)), Packet::PubAck(PubAck::new(7))]);
    // A second copy of a message of quality 2 is answered and not delivered.
    inbox.came(publish("a/2", 8, QoS::ExactlyOnce, true), &mut out);
    inbox.released(8, &mut out);
    assert_eq!(packets(&mut out), [Packet::PubRec(PubRec::new(8)), Packet::PubComp(PubComp::new(8))]);
    assert!(subscribed.messages.try_recv().is_err());
}

#[tokio::test]
async fn what_is_being_processed_when_the_connection_is_lost_is_not_delivered_twice() {
    let (mut inbox, mut out) = (inbox(), BytesMut::new());
    let mut subscribed = subscribe(&mut inbox, 1, "a/+");
    for (topic, pkid) in [("a/1", 1), ("a/2", 2)] {
        inbox.came(publish(topic, pkid, QoS::AtLeastOnce, false), &mut out);
    }
    let (early, late) = (subscribed.messages.try_recv().unwrap(), subscribed.messages.try_recv().unwrap());
    inbox.disconnected();
    inbox.settled(early, Verdict::Done, &mut out);
    assert!(packets(&mut out).is_empty(), "there is nobody to answer");
    inbox.connected(true);
    for (topic, pkid) in [("a/1", 1), ("a/2", 2)] {
        inbox.came(publish(topic, pkid, QoS::AtLeastOnce, true), &mut out);
    }
    assert_eq!(packets(&mut out), [Packet::PubAck(PubAck::new(1))], "it was processed meanwhile");
    assert!(subscribed.messages.try_recv().is_err(), "the other one is still with the application");
    inbox.settled(late, Verdict::Done, &mut out);
    assert_eq!(packets(&mut out), [Packet::PubAck(PubAck::new(2))]);
}

#[tokio::test]
async fn a_broker_that_has_forgotten_us_uses_packet_ids_anew() {
    let (mut inbox, mut out) = (inbox(), BytesMut::new());
    let mut subscribed = subscribe(&mut inbox, 1, "a");
    inbox.came(publish("a", 1, QoS::AtLeastOnce, false), &mut out);
    let old = subscribed.messages.try_recv().unwrap();
    inbox.disconnected();
    inbox.connected(false);
    assert_eq!(inbox.unconfirmed(), [(1, "a".to_owned())]);
    inbox.came(publish("a", 1, QoS::AtLeastOnce, false), &mut out);
    inbox.settled(old, Verdict::Done, &mut out);
    assert!(packets(&mut out).is_empty(), "the old message is not the new one");
    inbox.settled(subscribed.messages.try_recv().unwrap(), Verdict::Done, &mut out);
    assert_eq!(packets(&mut out), [Packet::PubAck(PubAck::new(1))]);
}

#[tokio::test(start_paused = true)]
async fn a_refused_message_rests_longer_each_time() {
    let (mut inbox, mut out) = (inbox(), BytesMut::new());
    let mut subscribed = subscribe(&mut inbox, 1, "a");
    inbox.came(publish("a", 1, QoS::AtLeastOnce, false), &mut out);
    for rest in [1, 2, 4, 8, 16, 32, 60, 60] {
        let held = subscribed.messages.try_recv().unwrap();
        inbox.put(held.bytes());
        inbox.settled(held, Verdict::Again, &mut out);
        let rest = Duration::from_secs(rest);
        assert_eq!(inbox.next_rested(), Some(Instant::now() + rest));
        tokio::time::advance(rest - Duration::from_millis(1)).await;
        inbox.wake(Instant::now(), &mut out);
        assert!(subscribed.messages.try_recv().is_err());
        tokio::time::advance(Duration::from_millis(1)).await;
        inbox.wake(Instant::now(), &mut out);
    }
    assert!(packets(&mut out).is_empty(), "nothing is acknowledged");
}

#[tokio::test(start_paused = true)]
async fn messages_without_a_subscription_wait_for_one_and_not_for_ever() {
    let (mut inbox, mut out) = (inbox(), BytesMut::new());
    for (topic, pkid) in [("early", 1), ("old", 2)] {
        inbox.came(publish(topic, pkid, QoS::AtLeastOnce, false), &mut out);
    }
    let mut subscribed = subscribe(&mut inbox, 1, "early");
    assert_eq!(&*subscribed.messages.try_recv().unwrap().topic, "early");
    tokio::time::advance(STALE).await;
    inbox.wake(Instant::now(), &mut out);
    assert_eq!(packets(&mut out), [Packet::PubAck(PubAck::new(2))], "the old one stands in the way no longer");
    assert!(inbox.strays.is_empty() && inbox.stray_bytes == 0);
}

#[tokio::test]
async fn a_subscription_that_ends_leaves_its_messages_to_the_next() {
    let (mut inbox, mut out) = (inbox(), BytesMut::new());
    let mut first = subscribe(&mut inbox, 1, "a");
    inbox.came(publish("a", 1, QoS::AtLeastOnce, false), &mut out);
    let held = first.messages.try_recv().unwrap();
    first.deliveries.close();
    inbox.back(held, &mut out);
    inbox.leave(1, false, &mut out);
    let mut second = subscribe(&mut inbox, 2, "a");
    assert_eq!(&*second.messages.try_recv().unwrap().topic, "a");
    assert_eq!(inbox.waiting, 1);
}

#[tokio::test]
async fn the_subscription_to_just_that_topic_goes_before_patterns() {
    let (mut inbox, mut out) = (inbox(), BytesMut::new());
    let mut pattern = subscribe(&mut inbox, 1, "a/#");
    let mut exact = subscribe(&mut inbox, 2, "a/b");
    inbox.came(publish("a/b", 1, QoS::AtLeastOnce, false), &mut out);
    inbox.came(publish("a/c", 2, QoS::AtLeastOnce, false), &mut out);
    assert_eq!(&*exact.messages.try_recv().unwrap().topic, "a/b");
    assert_eq!(&*pattern.messages.try_recv().unwrap().topic, "a/c");
}

#[tokio::test]
async fn what_waits_is_bounded() {
    let (mut inbox, mut out) = (inbox(), BytesMut::new());
    let mut subscribed = subscribe(&mut inbox, 1, "a");
    let mut large = publish("a", 1, QoS::AtLeastOnce, false);
    large.payload = vec![0; ROOM_BYTES].into();
    inbox.came(large, &mut out);
    assert!(inbox.is_full());
    inbox.came(publish("a", 0, QoS::AtMostOnce, false), &mut out);
    let held = subscribed.messages.try_recv().unwrap();
    assert!(subscribed.messages.try_recv().is_err(), "for quality 0 there is no room");
    inbox.put(held.bytes());
    assert!(!inbox.is_full());
}
