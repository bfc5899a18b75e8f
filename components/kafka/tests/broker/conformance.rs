//! The suite that all brokers pass.

use std::time::Duration;

use dapr_spi::pubsub::Message;
use dapr_testkit::pubsub::{Quirks, Suite};

use crate::server::{open, shared};

fn quirks() -> Quirks {
    Quirks {
        metadata: true,
        key_order: true,
        redelivery: Duration::from_secs(5),
        settling: Duration::from_secs(2),
        refused: Some(|topic| Message { topic, data: vec![b'x'; 2 << 20].into(), ..Message::default() }),
        ..Quirks::default()
    }
}

fn suite(port: u16) -> Suite {
    Suite::new(move |group| async move { open(port, &[("consumerID", &group)]).await }, quirks())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conforms() {
    let server = shared().await;
    suite(server.port()).run().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survives_a_restart_of_the_broker() {
    let mut server = dapr_testkit::kafka::start().await.unwrap();
    let suite = suite(server.port());
    suite.restart(|| async { server.restart().await.unwrap() }).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn survives_a_crash_of_the_broker() {
    let mut server = dapr_testkit::kafka::start().await.unwrap();
    let suite = suite(server.port());
    let crash = async || {
        server.kill();
        server.resume().await.unwrap();
    };
    suite.restart(crash).await;
}
