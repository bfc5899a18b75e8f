//! What the tests of `pubsub.sqlite` share.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use dapr_component_sqlite::pubsub::Sqlite;
use dapr_spi::pubsub::{Message, PubSub};
use dapr_spi::registry;
use dapr_testkit::pubsub::{Quirks, message};

pub(crate) fn quirks() -> Quirks {
    Quirks {
        metadata: true,
        content_type: true,
        key_order: true,
        whole_order: true,
        redelivery: Duration::from_secs(5),
        refused: Some(|topic| with_lifetime(&topic, "soon")),
        ..Quirks::default()
    }
}

fn with_lifetime(topic: &str, lifetime: &str) -> Message {
    Message { metadata: [("ttlInSeconds".to_owned(), lifetime.to_owned())].into(), ..message(topic, "never comes") }
}

pub(crate) async fn open_with(pairs: &[(&str, &str)]) -> Arc<dyn PubSub> {
    let quick = [("redeliverInterval", "200ms"), ("leaseTimeout", "2s"), ("busyTimeout", "10s")];
    let pairs: Vec<(&str, &str)> = pairs.iter().copied().chain(quick).collect();
    registry::open::<Sqlite>(&pairs).await.expect("a broker")
}

pub(crate) async fn open(file: PathBuf, group: String) -> Arc<dyn PubSub> {
    open_with(&[("connectionString", &file.to_string_lossy()), ("consumerID", &group)]).await
}
