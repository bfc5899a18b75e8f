//! Real brokers for these tests, and components on them.

use std::sync::Arc;

use dapr_component_mqtt::Mqtt3;
use dapr_spi::pubsub::PubSub;
use dapr_spi::registry;
use dapr_testkit::process::{Server, Spec};

/// A broker that keeps sessions over a restart, with further settings.
pub(crate) async fn broker(settings: &str) -> Server {
    let settings = format!(
        "listener {{port}} 127.0.0.1
persistence true
persistence_location {{dir}}/
max_queued_messages 0
{settings}
"
    );
    // As root, the broker would become another user, who has no rights to its directory.
    let write = "printf '%s' \"$1\" > broker.conf; [ \"$(id -u)\" != 0 ] || echo 'user root' >> broker.conf";
    let program = if dapr_testkit::process::installed("mosquitto") { "mosquitto" } else { "/usr/sbin/mosquitto" };
    let spec = Spec::new(program, ["-c", "{dir}/broker.conf"]).prepare("sh", ["-c", write, "sh", &settings]);
    Server::start(spec).await.expect("a broker; `tests/setup` installs Mosquitto")
}

/// A broker that lets everyone in.
pub(crate) async fn open_broker() -> Server {
    broker("allow_anonymous true").await
}

pub(crate) fn url(server: &Server) -> String {
    format!("tcp://{}", server.address())
}

pub(crate) async fn try_open(url: &str, fields: &[(&str, &str)]) -> dapr_spi::Result<Arc<dyn PubSub>> {
    let pairs: Vec<_> = [("url", url)].into_iter().chain(fields.iter().copied()).collect();
    registry::open::<Mqtt3>(&pairs).await
}

/// A component with further fields.
pub(crate) async fn open(url: &str, fields: &[(&str, &str)]) -> Arc<dyn PubSub> {
    try_open(url, fields).await.unwrap_or_else(|error| panic!("a component on {url}: {error}"))
}
