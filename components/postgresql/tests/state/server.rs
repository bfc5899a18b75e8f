//! PostgreSQL servers for tests.

use std::path::PathBuf;
use std::sync::{Arc, Weak};

use dapr_component_postgresql::{StateCockroachV1, StateV1, StateV2};
use dapr_spi::registry::open;
use dapr_spi::state::StateStore;
use dapr_testkit::process::{Ready, Server, Spec};
use tokio::sync::Mutex;
use tokio_postgres::{Client, NoTls};

pub(crate) const PASSWORD: &str = "it's a \\ secret";

/// Which factory opens the store.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    V1,
    V2,
    CockroachV1,
}

/// A server with password authentication, and a database per test.
pub(crate) struct Postgres {
    pub(crate) server: Server,
}

/// Several tests share one server; the last one stops it.
pub(crate) async fn shared() -> Arc<Postgres> {
    static SHARED: Mutex<Weak<Postgres>> = Mutex::const_new(Weak::new());
    let mut shared = SHARED.lock().await;
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let started = Arc::new(Postgres::start().await);
    *shared = Arc::downgrade(&started);
    started
}

/// Path of a program of the newest installed server.
fn program(name: &str) -> String {
    let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed: apt install postgresql");
    let mut found: Vec<PathBuf> =
        versions.flatten().map(|version| version.path().join("bin").join(name)).filter(|path| path.is_file()).collect();
    found.sort();
    found.pop().expect("PostgreSQL is installed").to_string_lossy().into_owned()
}

pub(crate) fn spec<'a>(more: impl IntoIterator<Item = &'a str>) -> Spec {
    let arguments = ["-D", "{dir}/data", "-p", "{port}", "-h", "127.0.0.1", "-k", "{dir}", "-c", "max_connections=200"];
    let initdb = ["-D", "{dir}/data", "-U", "postgres", "--auth=scram-sha-256", "--pwfile={dir}/password", "--no-sync"];
    let password = PASSWORD.replace('\'', "'\\''");
    Spec::new(&program("postgres"), arguments.into_iter().chain(more))
        .prepare("sh", ["-c", &format!("printf '%s\\n' '{password}' > {{dir}}/password")])
        .prepare(&program("initdb"), initdb)
        .ready(Ready::LogLine("ready to accept connections".into()))
        .unprivileged()
        .stops_on_interrupt()
}

impl Postgres {
    pub(crate) async fn start() -> Self {
        Self { server: Server::start(spec([])).await.expect("PostgreSQL starts") }
    }

    /// Makes an empty database and returns its connection string.
    pub(crate) async fn database(&self, name: &str) -> String {
        let admin = self.client("postgres").await;
        admin.batch_execute(&format!("DROP DATABASE IF EXISTS {name}")).await.unwrap();
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        self.address(name)
    }

    pub(crate) fn address(&self, database: &str) -> String {
        let password = PASSWORD.replace('\\', "\\\\").replace('\'', "\\'");
        let port = self.server.port();
        format!("host=127.0.0.1 port={port} user=postgres password='{password}' dbname={database}")
    }

    /// A plain connection, to look at what a store did.
    pub(crate) async fn client(&self, database: &str) -> Client {
        let (client, connection) = tokio_postgres::connect(&self.address(database), NoTls).await.unwrap();
        dapr_kit::task::spawn_detached("test connection", async move {
            let _ = connection.await;
        });
        client
    }
}

/// Opens a store, with more fields.
pub(crate) async fn store(kind: Kind, address: &str, more: &[(&str, &str)]) -> Arc<dyn StateStore> {
    try_store(kind, address, more).await.unwrap_or_else(|error| panic!("open {kind:?}: {error}"))
}

pub(crate) async fn try_store(
    kind: Kind,
    address: &str,
    more: &[(&str, &str)],
) -> dapr_spi::Result<Arc<dyn StateStore>> {
    let pairs: Vec<_> = [("connectionString", address)].into_iter().chain(more.iter().copied()).collect();
    match kind {
        Kind::V1 => open::<StateV1>(&pairs).await,
        Kind::V2 => open::<StateV2>(&pairs).await,
        Kind::CockroachV1 => open::<StateCockroachV1>(&pairs).await,
    }
}

/// CockroachDB's row numbers, for its tables on PostgreSQL.
pub(crate) async fn like_cockroach(client: &Client) {
    let text = "CREATE SEQUENCE numbers; \
                CREATE FUNCTION unique_rowid() RETURNS INT8 LANGUAGE SQL AS $$ SELECT nextval('numbers') $$";
    client.batch_execute(text).await.unwrap();
}
