//! The HTTP API of a sidecar with an in-memory state store and an in-memory broker, in this process, over a real connection.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use dapr_api::{
    AccessRules, Api, Health, Logging, MetadataRegistry, Options, Pipeline, ShutdownSender, http, listen, routes,
};
use dapr_bindings::{Bindings, Environment};
use dapr_crypto::Providers;
use dapr_invocation::Invocation;
use dapr_kit::clock::Clock;
use dapr_pubsub::{
    Broker, Brokers, Outbox, OutboxSettings, Publisher, PublisherSettings, SubscriptionSettings, Subscriptions,
};
use dapr_resiliency::Provider;
use dapr_secrets::SecretStores;
use dapr_spi::metadata::Properties;
use dapr_spi::registry::Component;
use dapr_state::{Settings, Store, Stores};
use dapr_telemetry::metrics::{Metrics, MetricsConfig};
use dapr_telemetry::trace::Tracer;
use tokio::runtime::Runtime;
use tokio::sync::watch;

use crate::Signature;

/// An answer that takes longer is a hang.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The app that the sidecar would serve.
const APP_ID: &str = "app";

/// A server, and a connection to it.
pub struct Http {
    address: SocketAddr,
    connection: Option<TcpStream>,
    _stop: watch::Sender<bool>,
    _runtime: Runtime,
}

impl Http {
    /// Starts the server on a free port of this machine.
    ///
    /// # Panics
    /// It cannot start.
    pub fn start() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a thread can be started");
        let (stop, stopping) = watch::channel(false);
        let address = runtime.block_on(async {
            let api = Arc::new(api().await);
            let socket = listen::tcp("127.0.0.1", 0).expect("a port is free");
            let address = socket.local_addr().expect("a bound socket has an address");
            let server = http::Server::new(api, routes::Listener::Api);
            dapr_kit::task::spawn_detached("fuzzed server", server.run(listen::Listener::Tcp(socket), stopping));
            address
        });
        Self { address, connection: None, _stop: stop, _runtime: runtime }
    }

    /// Sends a request: the first line is `METHOD path`, the rest is the body.
    ///
    /// # Panics
    /// There is no answer, or it is one that only a bug gives.
    pub fn target(&mut self, bytes: &[u8]) -> Signature {
        let at = bytes.iter().position(|byte| *byte == b'\n').unwrap_or(bytes.len());
        let (line, body) = (printable(&bytes[..at]), bytes.get(at + 1..).unwrap_or_default());
        let (method, path) = line.split_once(' ').unwrap_or(("POST", &line));
        // The rest of a request line is hyper's; what is ours begins at a path.
        let request = format!(
            "{} /{} HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
            verb(method),
            path.trim_start_matches('/'),
            body.len()
        );
        let mut request = request.into_bytes();
        request.extend_from_slice(body);
        let answer = self.exchange(&request);
        assert!(!answer.contains("ERR_INTERNAL"), "{answer}");
        let status = answer.split(' ').nth(1).unwrap_or_default();
        let message = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body);
        Signature::of([format!("status {}", words(status)), message.to_owned()])
    }

    fn exchange(&mut self, request: &[u8]) -> String {
        let is_new = self.connection.is_none();
        let mut connection = self.connection.take().unwrap_or_else(|| connect(self.address));
        let answer = connection.write_all(request).ok().and_then(|()| answer(&mut connection));
        match answer {
            Some(answer) => {
                if !answer.to_ascii_lowercase().contains("connection: close") {
                    self.connection = Some(connection);
                }
                answer
            }
            // The server may have closed a connection that it had answered before; never a fresh one.
            None if !is_new => self.exchange(request),
            None => panic!("no answer to {:?}", String::from_utf8_lossy(request)),
        }
    }
}

/// Spelt out, since a [`Signature`] passes over digits.
fn words(status: &str) -> String {
    status.chars().filter_map(|digit| Some(char::from(b'a' + u8::try_from(digit.to_digit(10)?).ok()?))).collect()
}

fn verb(text: &str) -> &str {
    ["GET", "PUT", "POST", "DELETE", "OPTIONS", "PATCH"].into_iter().find(|verb| *verb == text).unwrap_or("POST")
}

fn printable(bytes: &[u8]) -> String {
    bytes
        .iter()
        .map(|byte| if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '%' })
        .collect::<String>()
        .replacen(' ', "\n", 1)
        .replace(' ', "%20")
        .replacen('\n', " ", 1)
}

fn connect(address: SocketAddr) -> TcpStream {
    let connection = TcpStream::connect(address).expect("the server listens");
    connection.set_read_timeout(Some(TIMEOUT)).expect("a socket has timeouts");
    connection
}

/// Reads one answer; `None` when the connection ended first.
fn answer(connection: &mut TcpStream) -> Option<String> {
    let mut received = Vec::new();
    let mut chunk = [0_u8; 16 << 10];
    loop {
        let count = connection.read(&mut chunk).ok().filter(|count| *count > 0)?;
        received.extend_from_slice(&chunk[..count]);
        let text = String::from_utf8_lossy(&received);
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if received.len() >= head.len() + 4 + length.unwrap_or(0) {
                return Some(text.into_owned());
            }
        }
    }
}

async fn api() -> Api {
    let metrics = Metrics::new(&MetricsConfig::default()).expect("no rules, nothing to refuse");
    let resiliency = Provider::new(&[], &metrics).0;
    let state = Arc::new(Stores::default());
    if let Component::State(store) = in_memory("state.in-memory").await {
        state.insert(Store::new("s", store, Settings::default(), metrics.clone()));
    }
    let brokers = Arc::new(Brokers::default());
    if let Component::PubSub(broker) = in_memory("pubsub.in-memory").await {
        brokers.insert(Broker::new("p", broker, dapr_pubsub::Settings::default()));
    }
    let publisher = publisher(&brokers, &resiliency, &metrics);
    let invocation = Invocation::new(dapr_invocation::Settings {
        app_id: APP_ID.to_owned(),
        namespace: String::new(),
        port: 0,
        max_body_size: Some(4 << 20),
        host_address: String::new(),
        host_name: String::new(),
        access_control: None,
        resiliency: resiliency.clone(),
        metrics: metrics.clone(),
        tracer: Tracer::OFF,
    });
    Api {
        app_id: APP_ID.to_owned(),
        outbox: Arc::new(Outbox::new(OutboxSettings {
            app_id: APP_ID.to_owned(),
            namespace: String::new(),
            publisher: publisher.clone(),
            brokers: brokers.clone(),
            stores: state.clone(),
        })),
        subscriptions: subscriptions(&brokers, &publisher, &resiliency, &metrics),
        pubsub: brokers,
        publisher,
        bindings: Arc::new(Bindings::new(Environment {
            resiliency: resiliency.clone(),
            metrics: metrics.clone(),
            tracer: Tracer::OFF,
            options_timeout: TIMEOUT,
        })),
        crypto: Arc::new(Providers::new(resiliency, metrics.clone())),
        invocation: Arc::new(invocation),
        pipeline: Pipeline::new(0),
        tracer: Tracer::OFF,
        state,
        secrets: Arc::new(SecretStores::new(&[], metrics.clone())),
        metadata: Arc::new(MetadataRegistry::new(dapr_api::metadata::Facts::default())),
        health: Arc::new(Health::default()),
        shutdown: ShutdownSender::channel().0,
        metrics,
        options: Options {
            token: None,
            max_body_size: Some(4 << 20),
            read_buffer_size: 64 << 10,
            allowed_origins: "*".to_owned(),
            logging: Logging::default(),
            access: AccessRules::default(),
            h2c: true,
        },
    }
}

/// A component that has no settings, opened.
async fn in_memory(kind: &str) -> Component {
    let registry = dapr_registry::registry();
    let entry = registry.find(kind, "v1").expect("built in");
    let prepared = entry.prepare(&Properties::default()).expect("it has no settings");
    prepared.init(dapr_spi::Context::default()).await.expect("it needs nothing")
}

fn publisher(brokers: &Arc<Brokers>, resiliency: &Provider, metrics: &Metrics) -> Arc<Publisher> {
    Arc::new(Publisher::new(PublisherSettings {
        app_id: APP_ID.to_owned(),
        brokers: brokers.clone(),
        resiliency: resiliency.clone(),
        metrics: metrics.clone(),
        clock: Clock::system(),
    }))
}

fn subscriptions(
    brokers: &Arc<Brokers>,
    publisher: &Arc<Publisher>,
    resiliency: &Provider,
    metrics: &Metrics,
) -> Arc<Subscriptions> {
    Arc::new(Subscriptions::new(SubscriptionSettings {
        app_id: APP_ID.to_owned(),
        asks_application: false,
        brokers: brokers.clone(),
        publisher: publisher.clone(),
        resiliency: resiliency.clone(),
        metrics: metrics.clone(),
        tracer: Tracer::OFF,
        clock: Clock::system(),
    }))
}
