//! What others see: streams and consumers are shared with sidecars of the incumbent.

use std::time::Duration;

use async_nats::HeaderMap;
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy, Info};
use async_nats::jetstream::response::Response;
use dapr_spi::pubsub::{Map, Message};
use dapr_testkit::process::Server;
use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use futures_util::StreamExt;
use serde_json::json;

use crate::servers::{STREAM, open_with, plain, shared, start};

pub(crate) async fn info(server: &Server, consumer: &str) -> Option<Info> {
    let request = format!("CONSUMER.INFO.{STREAM}.{consumer}");
    match plain(server).await.request(request, &json!({})).await.expect("an answer") {
        Response::Ok(info) => Some(info),
        Response::Err { .. } => None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_published_to_the_subject_of_its_topic_with_its_id_and_headers() {
    let server = shared().await;
    let broker = open_with(&server, &[]).await;
    let context = plain(&server).await;
    let mut subscriber = context.client().subscribe("suite.wire.out").await.expect("a subscription");
    context.client().flush().await.expect("flush");
    let metadata = Map::from([("color".to_owned(), "blue".to_owned()), ("rawPayload".to_owned(), "true".to_owned())]);
    let event = br#"{"specversion":"1.0","id":"wire-1","data":1}"#;
    for _ in 0..2 {
        let sent = Message { metadata: metadata.clone(), ..message("suite.wire.out", event.to_vec()) };
        broker.publish(sent).await.expect("publish");
    }
    let came = subscriber.next().await.expect("a message");
    assert_eq!(came.payload.as_ref(), event);
    let headers = came.headers.expect("headers");
    let mut names: Vec<String> = headers.iter().map(|(name, _)| name.to_string()).collect();
    names.sort();
    assert_eq!(names, ["Nats-Msg-Id", "color"]);
    assert_eq!(headers.get("Nats-Msg-Id").map(|id| id.as_str()), Some("wire-1"));
    let stream = context.get_stream(STREAM).await.expect("the stream");
    let subjects: Vec<_> = stream.info_with_subjects("suite.wire.out").await.expect("subjects").collect().await;
    assert_eq!(subjects.len(), 1);
    assert_eq!(subjects[0].as_ref().expect("a subject").1, 1, "a message that was sent twice is kept once");
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_others_comes_with_headers_and_subject() {
    let server = shared().await;
    let broker = open_with(&server, &[("durableName", "wire-in")]).await;
    let collector = Collector::start(&broker, subscription("suite.wire.in.*"), 4, |_| Act::Done).await;
    let mut headers = HeaderMap::new();
    headers.insert("color", "red");
    headers.insert("Nats-Msg-Id", "wire-2");
    let context = plain(&server).await;
    let sent = context.publish_with_headers("suite.wire.in.b", headers, "x".into()).await;
    sent.expect("publish").await.expect("an acknowledgement");
    let seen = collector.wait(1).await;
    assert_eq!(seen[0].message.topic, "suite.wire.in.*", "the topic is the subscription's, as in the incumbent");
    let expected = [("Topic", "suite.wire.in.b"), ("color", "red")];
    let expected: Map = expected.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    assert_eq!(seen[0].message.metadata, expected);
    collector.close().await;
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_durable_consumer_is_what_the_incumbent_makes() {
    let server = shared().await;
    let fields = [("durableName", "wire-shape"), ("queueGroupName", "g"), ("ackWait", "7s"), ("maxDeliver", "9")];
    let broker = open_with(&server, &fields).await;
    let collector = Collector::start(&broker, subscription("suite.wire.shape"), 4, |_| Act::Done).await;
    let found = info(&server, "wire-shape").await.expect("the consumer");
    let config = found.config;
    assert!(config.deliver_subject.expect("a push consumer").starts_with("_INBOX."));
    assert_eq!(config.durable_name.as_deref(), Some("wire-shape"));
    assert_eq!(config.deliver_group.as_deref(), Some("g"));
    assert_eq!(config.filter_subject, "suite.wire.shape");
    assert_eq!((config.ack_policy, config.deliver_policy), (AckPolicy::Explicit, DeliverPolicy::All));
    assert_eq!((config.ack_wait, config.max_deliver), (Duration::from_secs(7), 9));
    collector.close().await;
    assert!(info(&server, "wire-shape").await.is_some(), "a durable consumer stays");
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_consumer_without_a_name_goes_with_its_subscription() {
    let server = start().await;
    let broker = open_with(&server, &[]).await;
    let collector = Collector::start(&broker, subscription("suite.wire.nameless"), 4, |_| Act::Done).await;
    let context = plain(&server).await;
    let consumers = async || {
        let stream = context.get_stream(STREAM).await.expect("the stream");
        stream.cached_info().state.consumer_count
    };
    assert_eq!(consumers().await, 1);
    collector.close().await;
    assert_eq!(consumers().await, 0);
    broker.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_stream_keeps_is_seen_and_removed() {
    let server = shared().await;
    let broker = open_with(&server, &[]).await;
    let topic = "suite.kept";
    let metadata = Map::from([("color".to_owned(), "green".to_owned())]);
    for text in ["1", "2", "3"] {
        let sent = Message { metadata: metadata.clone(), ..message(topic, text) };
        broker.publish(sent).await.expect("publish");
        broker.publish(message("suite.kept-other", text)).await.expect("publish");
    }
    let texts = async |after: Option<&str>, most| {
        let kept = broker.browse(topic, after, most).await.expect("browse");
        kept.iter().map(|kept| String::from_utf8_lossy(&kept.message.data).into_owned()).collect::<Vec<_>>()
    };
    assert_eq!(texts(None, 10).await, ["1", "2", "3"]);
    let kept = broker.browse(topic, None, 2).await.expect("browse");
    assert_eq!(kept.len(), 2);
    assert_eq!(kept[0].message.topic, topic);
    assert_eq!(kept[0].message.metadata.get("color").map(String::as_str), Some("green"));
    assert!(kept[0].published.is_some_and(|time| time > 1_700_000_000_000), "{:?}", kept[0].published);
    assert_eq!(texts(Some(&kept[1].id), 10).await, ["3"]);
    let other = broker.browse("suite.kept-other", None, 1).await.expect("browse").remove(0).id;
    let ids = [kept[0].id.clone(), other, "9999999".to_owned()];
    for _ in 0..2 {
        broker.discard(topic, &ids).await.expect("what is gone, or another topic's, is passed over");
    }
    assert_eq!(texts(None, 10).await, ["2", "3"]);
    assert_eq!(broker.browse("suite.kept-other", None, 9).await.expect("browse").len(), 3);
    for wrong in ["x", "-1", "18446744073709551615"] {
        assert!(broker.browse(topic, Some(wrong), 1).await.is_err(), "{wrong}");
    }
    assert!(broker.browse("elsewhere", None, 1).await.is_err());
    broker.close().await;
}
