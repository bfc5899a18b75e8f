//! A real server for these tests, and components and plain clients on it.

use std::sync::{Arc, Weak};

use async_nats::jetstream::{self, Context, stream};
use dapr_component_jetstream::JetStream;
use dapr_spi::pubsub::PubSub;
use dapr_spi::registry;
use dapr_testkit::process::{Server, Spec};
use tokio::sync::Mutex;

/// Topics of tests that share a server begin so; the stream takes them all.
pub(crate) const PREFIX: &str = "suite.";
/// That stream.
pub(crate) const STREAM: &str = "SUITE";

/// A server of one test's own, with a stream for what begins with [`PREFIX`].
pub(crate) async fn start() -> Server {
    let server = start_bare(&[]).await;
    make_stream(&server, STREAM, &format!("{PREFIX}>")).await;
    server
}

/// A server without streams.
pub(crate) async fn start_bare(more: &[&str]) -> Server {
    let usual = ["-js", "-sd", "{dir}", "-a", "127.0.0.1", "-p", "{port}"];
    let spec = Spec::new("nats-server", usual.into_iter().chain(more.iter().copied()));
    Server::start(spec).await.expect("nats-server, which tests/setup installs")
}

/// The server that tests share, which lives as long as one of them does.
pub(crate) async fn shared() -> Arc<Server> {
    static SHARED: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());
    let mut shared = SHARED.lock().await;
    if let Some(server) = shared.upgrade() {
        return server;
    }
    let server = Arc::new(start().await);
    *shared = Arc::downgrade(&server);
    server
}

pub(crate) fn url(server: &Server) -> String {
    format!("nats://{}", server.address())
}

/// A plain client.
pub(crate) async fn plain(server: &Server) -> Context {
    jetstream::new(async_nats::connect(url(server)).await.expect("a connection"))
}

/// A stream on disk.
pub(crate) async fn make_stream(server: &Server, name: &str, subjects: &str) {
    let config = stream::Config { name: name.to_owned(), subjects: vec![subjects.to_owned()], ..Default::default() };
    plain(server).await.create_stream(config).await.expect("a stream");
}

/// A component with these fields beside the address.
pub(crate) async fn open_with(server: &Server, pairs: &[(&str, &str)]) -> Arc<dyn PubSub> {
    try_open(server, pairs).await.expect("a component")
}

pub(crate) async fn try_open(server: &Server, pairs: &[(&str, &str)]) -> dapr_spi::Result<Arc<dyn PubSub>> {
    let url = url(server);
    let pairs: Vec<(&str, &str)> = [("natsURL", url.as_str())].into_iter().chain(pairs.iter().copied()).collect();
    registry::open::<JetStream>(&pairs).await
}

/// A component whose subscriptions are shared within the group, and keep their place.
pub(crate) async fn open_group(url: &str, group: &str, pairs: &[(&str, &str)]) -> Arc<dyn PubSub> {
    let group = &group.replace('.', "-");
    let durable = format!("{group}-{{topic}}");
    let usual = [("natsURL", url), ("durableName", &durable), ("queueGroupName", group), ("concurrency", "parallel")];
    let pairs: Vec<(&str, &str)> = usual.into_iter().chain(pairs.iter().copied()).collect();
    registry::open::<JetStream>(&pairs).await.expect("a component")
}
