//! The conformance suite.

use std::sync::Arc;
use std::time::Duration;

use dapr_spi::pubsub::Message;
use dapr_testkit::process::Server;
use dapr_testkit::pubsub::{Quirks, Suite, message};
use tokio::sync::Mutex;

use crate::servers::{PREFIX, open_group, shared, start, url};

fn quirks() -> Quirks {
    Quirks {
        metadata: true,
        key_order: true,
        whole_order: true,
        redelivery: Duration::from_secs(5),
        topic_prefix: PREFIX,
        // More than the server's `max_payload`.
        refused: Some(|topic: String| -> Message { message(&topic, vec![b'x'; 2 << 20]) }),
        ..Quirks::default()
    }
}

fn suite(server: &Server, pairs: &'static [(&str, &str)]) -> Suite {
    let url = url(server);
    Suite::new(
        move |group| {
            let url = url.clone();
            async move { open_group(&url, &group, pairs).await }
        },
        quirks(),
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let server = shared().await;
    suite(&server, &[]).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms_with_one_acknowledgement_for_all() {
    let server = shared().await;
    suite(&server, &[("ackPolicy", "all"), ("backOff", "200ms, 500ms"), ("maxDeliver", "100")]).run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_a_server_that_stops_and_comes_back() {
    let server = Arc::new(Mutex::new(start().await));
    let suite = suite(&*server.lock().await, &[("ackWait", "5s")]);
    suite.restart(|| async { server.lock().await.restart().await.expect("a restart") }).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn survives_a_server_that_is_killed() {
    let server = Arc::new(Mutex::new(start().await));
    let suite = suite(&*server.lock().await, &[("ackWait", "5s")]);
    let crash = || async {
        let mut server = server.lock().await;
        server.kill();
        server.resume().await.expect("a second start");
    };
    suite.restart(crash).await;
}
