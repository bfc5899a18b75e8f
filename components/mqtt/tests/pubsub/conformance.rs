//! The suite that every broker runs, and a broker that goes away in the middle.

use std::sync::Arc;
use std::time::Duration;

use dapr_spi::pubsub::Message;
use dapr_testkit::pubsub::{Quirks, Suite, Wildcard, message};
use tokio::sync::Mutex;

use crate::servers::{open, open_broker, url};

fn quirks() -> Quirks {
    Quirks {
        whole_order: true,
        // A client id is there once, and MQTT 3 has no other groups but `$share`.
        no_groups: true,
        shared_window: true,
        redelivery: Duration::from_secs(10),
        wildcard: Some(Wildcard {
            pattern: "{}/+/end",
            takes: &["{}/a/end", "{}//end"],
            leaves: &["{}/end", "{}/a/b/end", "{}/a/end/more"],
            names_topic: true,
        }),
        refused: Some(refused),
        ..Quirks::default()
    }
}

/// Neither true nor false.
fn refused(topic: String) -> Message {
    let mut refused = message(&topic, "not to be delivered");
    refused.metadata.insert("retain".into(), "perhaps".into());
    refused
}

fn suite(url: String, qos: &'static str) -> Suite {
    let opening = move |group: String| {
        let url = url.clone();
        async move { open(&url, &[("consumerID", &group), ("qos", qos)]).await }
    };
    Suite::new(opening, quirks())
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms_with_quality_1() {
    let server = open_broker().await;
    suite(url(&server), "1").run().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms_with_quality_2() {
    let server = open_broker().await;
    suite(url(&server), "2").run().await;
}

/// Restarted, which this broker needs to be asked kindly for: killed, it forgets what it has promised to keep.
#[tokio::test(flavor = "multi_thread")]
async fn survives_restarts_of_the_broker() {
    let server = open_broker().await;
    let suite = suite(url(&server), "1");
    let server = Arc::new(Mutex::new(server));
    suite.restart(async || server.lock().await.restart().await.expect("a restart")).await;
    // The connection stays, and nothing comes over it until it is given up.
    let freeze = async || {
        let server = server.lock().await;
        server.freeze();
        tokio::time::sleep(Duration::from_secs(3)).await;
        server.thaw();
    };
    suite.restart(freeze).await;
}
