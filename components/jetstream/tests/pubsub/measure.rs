//! Throughput at the trait against a plain client of the same crate, with the same messages in flight, the same
//! acknowledgements and the same consumer. Run it alone:
//! `cargo test --release -p dapr-component-jetstream -- --ignored --nocapture throughput`.

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::push;
use bytes::Bytes;
use dapr_spi::pubsub::Map;
use dapr_testkit::process::Server;
use dapr_testkit::pubsub::{Act, Collector, message, subscription};
use futures_util::future::join_all;
use futures_util::{StreamExt, stream};

use crate::servers::{STREAM, open_with, plain, start};

const MESSAGES: usize = 50_000;
const IN_FLIGHT: usize = 64;
const BULK: usize = 100;
const UNSETTLED: u8 = 255;
const ROUNDS: usize = 5;
const PAYLOAD: [u8; 1024] = [b'x'; 1024];

/// Publishing and consuming, each by itself, in the order.
type Took = [Duration; 3];

async fn plain_client(server: &Server, topic: &'static str) -> Took {
    let context = plain(server).await;
    let started = Instant::now();
    stream::iter(0..MESSAGES / 2)
        .map(|_| async {
            let sent = context.publish(topic, Bytes::from_static(&PAYLOAD)).await;
            sent.expect("publish").await.expect("an acknowledgement");
        })
        .buffered(IN_FLIGHT)
        .for_each(async |()| ())
        .await;
    let single = started.elapsed();
    let started = Instant::now();
    for _ in 0..MESSAGES / 2 / BULK {
        let mut under_way = Vec::with_capacity(BULK);
        for _ in 0..BULK {
            under_way.push(context.publish(topic, Bytes::from_static(&PAYLOAD)).await.expect("publish").into_future());
        }
        assert!(join_all(under_way).await.iter().all(Result::is_ok));
    }
    let bulk = started.elapsed();
    let config = push::Config {
        deliver_subject: context.client().new_inbox(),
        filter_subject: topic.to_owned(),
        max_ack_pending: UNSETTLED.into(),
        ..push::Config::default()
    };
    let started = Instant::now();
    let consumer = context.create_consumer_on_stream(config, STREAM).await.expect("a consumer");
    let mut messages = consumer.messages().await.expect("messages");
    for _ in 0..MESSAGES {
        let message = messages.next().await.expect("a message").expect("a message");
        message.ack().await.expect("an acknowledgement");
    }
    [single, bulk, started.elapsed()]
}

async fn component(server: &Server, topic: &'static str) -> Took {
    let broker = open_with(server, &[("concurrency", "parallel"), ("maxAckPending", "255")]).await;
    let started = Instant::now();
    stream::iter(0..MESSAGES / 2)
        .map(|_| broker.publish(message(topic, PAYLOAD)))
        .buffered(IN_FLIGHT)
        .for_each(async |sent| sent.expect("publish"))
        .await;
    let single = started.elapsed();
    let started = Instant::now();
    for _ in 0..MESSAGES / 2 / BULK {
        let batch = (0..BULK).map(|_| message(topic, PAYLOAD)).collect();
        assert!(broker.bulk_publish(batch, &Map::new()).await.iter().all(Result::is_ok));
    }
    let bulk = started.elapsed();
    let started = Instant::now();
    let collector = Collector::start(&broker, subscription(topic), UNSETTLED.into(), |_| Act::Done).await;
    collector.wait_within(MESSAGES, Duration::from_secs(120)).await;
    let consumed = started.elapsed();
    collector.close().await;
    broker.close().await;
    [single, bulk, consumed]
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement"]
async fn throughput() {
    let mut best = [[Duration::MAX; 3]; 2];
    for _ in 0..ROUNDS {
        let server = start().await;
        let took = [plain_client(&server, "suite.plain").await, component(&server, "suite.ours").await];
        for (best, took) in best.iter_mut().flatten().zip(took.into_iter().flatten()) {
            *best = took.min(*best);
        }
    }
    let counts = [MESSAGES / 2, MESSAGES / 2, MESSAGES];
    let mut shares = Vec::new();
    for (index, what) in ["publish", "bulk publish", "consume"].into_iter().enumerate() {
        let rate = |who: usize| counts[index] as f64 / best[who][index].as_secs_f64();
        eprintln!(
            "{what}: plain client {:.0}/s, component {:.0}/s: {:.0} %",
            rate(0),
            rate(1),
            100.0 * rate(1) / rate(0)
        );
        shares.push(rate(1) / rate(0));
    }
    assert!(shares.iter().all(|share| *share > 0.7), "the component must be within 30 % of a plain client");
}
