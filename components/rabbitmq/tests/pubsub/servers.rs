//! A real server for these tests, with TLS beside plain TCP, and components and plain clients on it.

use std::path::Path;
use std::sync::{Arc, Weak};

use dapr_component_rabbitmq::RabbitMq;
use dapr_spi::pubsub::PubSub;
use dapr_spi::registry;
use dapr_testkit::process::{Server, Spec, free_port};
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

/// A server, and the daemon that Erlang's nodes find each other by.
pub(crate) struct Rabbit {
    pub(crate) server: Server,
    pub(crate) tls_port: u16,
    pub(crate) papers: Papers,
    _names: Server,
}

impl Rabbit {
    pub(crate) async fn start() -> Self {
        let names = Spec::new("epmd", ["-port", "{port}", "-address", "127.0.0.1", "-relaxed_command_check"]);
        let names = Server::start(names).await.expect("epmd");
        let (papers, tls_port) = (Papers::new(), free_port());
        let server = Server::start(spec(&papers, tls_port, names.port())).await.expect("a RabbitMQ server");
        Self { server, tls_port, papers, _names: names }
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
        format!("amqp://guest:guest@{}", self.server.address())
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

fn spec(papers: &Papers, tls_port: u16, names: u16) -> Spec {
    let script = "/usr/lib/rabbitmq/bin/rabbitmq-server";
    assert!(Path::new(script).exists(), "`tests/setup` installs RabbitMQ");
    let settings = format!(
        "listeners.tcp.1 = 127.0.0.1:{{port}}
listeners.ssl.1 = 127.0.0.1:{tls_port}
ssl_options.cacertfile = {}
ssl_options.certfile = {}
ssl_options.keyfile = {}
ssl_options.verify = verify_peer
ssl_options.fail_if_no_peer_cert = false
ssl_cert_login_from = common_name
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = EXTERNAL
vm_memory_high_watermark.absolute = 400MB
disk_free_limit.absolute = 10MB
log.console = true
log.file = false
",
        papers.file("ca.pem"),
        papers.file("server.pem"),
        papers.file("server.key"),
    );
    let write = "printf '%s' \"$1\" > rabbitmq.conf; echo '[rabbitmq_auth_mechanism_ssl].' > plugins";
    let erlang = "-start_epmd false +S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}";
    Spec::new(script, [])
        .prepare("sh", ["-c", write, "sh", &settings])
        // Otherwise a shell stands between the test and the server, which outlives it.
        .env("RUNNING_UNDER_SYSTEMD", "true")
        .env("HOME", "{dir}")
        .env("ERL_EPMD_PORT", &names.to_string())
        .env("ERL_EPMD_ADDRESS", "127.0.0.1")
        .env("RABBITMQ_NODENAME", "test{port}@localhost")
        .env("RABBITMQ_DIST_PORT", &free_port().to_string())
        .env("RABBITMQ_CONF_ENV_FILE", "{dir}/none")
        .env("RABBITMQ_CONFIG_FILE", "{dir}/rabbitmq.conf")
        .env("RABBITMQ_ENABLED_PLUGINS_FILE", "{dir}/plugins")
        .env("RABBITMQ_MNESIA_BASE", "{dir}/mnesia")
        .env("RABBITMQ_LOG_BASE", "{dir}/log")
        .env("RABBITMQ_PID_FILE", "{dir}/pid")
        .env("RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", erlang)
        .ready(dapr_testkit::process::Ready::LogLine("Server startup complete".into()))
}
