//! A real server for these tests, with TLS beside plain TCP, and components and plain clients on it.

use std::sync::{Arc, Weak};

use dapr_component_rabbitmq::RabbitMq;
use dapr_spi::pubsub::PubSub;
use dapr_spi::registry;
use dapr_testkit::process::free_port;
use dapr_testkit::rabbitmq::{self, Broker};
use lapin::{Channel, Connection, ConnectionProperties};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;
use tokio::sync::Mutex;

/// Fields with which nothing is lost while nobody is there.
pub(crate) const KEPT: &[(&str, &str)] = &[
    ("deletedWhenUnused", "false"),
    ("requeueInFailure", "true"),
    ("publisherConfirm", "true"),
    ("deliveryMode", "2"),
    ("reconnectWaitSeconds", "500ms"),
];

/// Certificates: of an authority, and of a server and a client that it vouches for.
pub(crate) struct Papers {
    pub(crate) dir: TempDir,
    pub(crate) ca: String,
    /// Its common name is the user `guest`.
    pub(crate) client_cert: String,
    pub(crate) client_key: String,
}

impl Papers {
    pub(crate) fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let vouched = |name: &str, names: &[&str]| {
            let key = KeyPair::generate().unwrap();
            let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
            let mut params = CertificateParams::new(names).unwrap();
            params.distinguished_name.push(DnType::CommonName, name);
            (params.signed_by(&key, &authority).unwrap().pem(), key.serialize_pem())
        };
        let dir = tempfile::tempdir().unwrap();
        let (server_cert, server_key) = vouched("server", &["localhost", "127.0.0.1"]);
        let (client_cert, client_key) = vouched("guest", &[]);
        let files = [("ca.pem", authority.pem()), ("server.pem", server_cert), ("server.key", server_key)];
        for (name, text) in files {
            std::fs::write(dir.path().join(name), text).unwrap();
        }
        Self { dir, ca: authority.pem(), client_cert, client_key }
    }

    fn file(&self, name: &str) -> String {
        self.dir.path().join(name).to_string_lossy().into_owned()
    }
}

/// A server with TLS beside plain TCP.
pub(crate) struct Rabbit {
    pub(crate) broker: Broker,
    pub(crate) tls_port: u16,
    pub(crate) papers: Papers,
}

impl Rabbit {
    pub(crate) async fn start() -> Self {
        let (papers, tls_port) = (Papers::new(), free_port());
        let settings = format!(
            "listeners.ssl.1 = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {}
ssl_options.certfile = {}
ssl_options.keyfile = {}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = EXTERNAL
",
            papers.file("ca.pem"),
            papers.file("server.pem"),
            papers.file("server.key"),
        );
        let broker = rabbitmq::start(&settings, "rabbitmq_auth_mechanism_ssl").await.expect("a RabbitMQ server");
        Self { broker, tls_port, papers }
    }

    /// The server that tests share which leave it alone; it ends with the last of them.
    pub(crate) async fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<Rabbit>> = Mutex::const_new(Weak::new());
        let mut shared = SHARED.lock().await;
        if let Some(rabbit) = shared.upgrade() {
            return rabbit;
        }
        let rabbit = Arc::new(Self::start().await);
        *shared = Arc::downgrade(&rabbit);
        rabbit
    }

    pub(crate) fn url(&self) -> String {
        format!("amqp://guest:guest@{}", self.broker.server.address())
    }

    /// A component with further fields.
    pub(crate) async fn open(&self, fields: &[(&str, &str)]) -> Arc<dyn PubSub> {
        open(&self.url(), fields).await.unwrap_or_else(|error| panic!("a component on {}: {error}", self.url()))
    }

    /// A plain client beside the component.
    pub(crate) async fn raw(&self) -> Raw {
        let url = format!("{}/%2f", self.url());
        let connection = Connection::connect(&url, ConnectionProperties::default()).await.expect("a connection");
        let channel = connection.create_channel().await.expect("a channel");
        Raw { channel, _connection: connection }
    }
}

/// A connection and its channel.
pub(crate) struct Raw {
    pub(crate) channel: Channel,
    _connection: Connection,
}

pub(crate) async fn open(url: &str, fields: &[(&str, &str)]) -> dapr_spi::Result<Arc<dyn PubSub>> {
    let pairs: Vec<_> = [("connectionString", url)].into_iter().chain(fields.iter().copied()).collect();
    registry::open::<RabbitMq>(&pairs).await
}
