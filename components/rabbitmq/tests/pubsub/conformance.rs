//! The suite that every broker runs, and a server that goes away in the middle.

use std::sync::Arc;
use std::time::Duration;

use dapr_spi::pubsub::Message;
use dapr_testkit::pubsub::{Quirks, Suite, message};
use tokio::sync::Mutex;

use crate::servers::{KEPT, Rabbit, open};

fn quirks() -> Quirks {
    Quirks { whole_order: true, redelivery: Duration::from_secs(5), refused: Some(refused), ..Quirks::default() }
}

/// A lifetime that RabbitMQ cannot be told.
fn refused(topic: String) -> Message {
    let mut refused = message(&topic, "not to be delivered");
    refused.metadata.insert("ttlInSeconds".into(), "soon".into());
    refused
}

fn suite(url: String, fields: &'static [(&'static str, &'static str)]) -> Suite {
    let opening = move |group: String| {
        let url = url.clone();
        async move {
            let fields: Vec<_> = KEPT.iter().chain(fields).copied().chain([("consumerID", group.as_str())]).collect();
            open(&url, &fields).await.expect("a component")
        }
    };
    Suite::new(opening, quirks())
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let rabbit = Rabbit::shared().await;
    suite(rabbit.url(), &[]).run().await;
}

/// Without confirms, and with topics for exchanges.
#[tokio::test(flavor = "multi_thread")]
async fn conforms_without_confirms() {
    let rabbit = Rabbit::shared().await;
    suite(rabbit.url(), &[("publisherConfirm", "false"), ("prefetchCount", "16")]).run().await;
}

/// Restarted kindly, and killed; no acknowledged message is lost and the component lives on.
#[tokio::test(flavor = "multi_thread")]
async fn survives_restarts_of_the_server() {
    let rabbit = Rabbit::start().await;
    let url = rabbit.url();
    let rabbit = Arc::new(Mutex::new(rabbit));
    let suite = suite(url, &[]);
    suite.restart(async || rabbit.lock().await.broker.server.restart().await.expect("a restart")).await;
    let kill = async || {
        let mut rabbit = rabbit.lock().await;
        rabbit.broker.server.kill();
        rabbit.broker.server.resume().await.expect("a new start");
    };
    suite.restart(kill).await;
}
