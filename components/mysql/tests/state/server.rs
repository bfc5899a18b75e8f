//! MariaDB servers for tests.

use std::sync::{Arc, Weak};

use dapr_component_mysql::StateMySql;
use dapr_spi::registry::open;
use dapr_spi::state::StateStore;
use dapr_testkit::process::{Ready, Server, Spec};
use mysql_async::{Conn, OptsBuilder};
use tokio::sync::Mutex;

/// A password with everything that a connection string gives a meaning to.
pub(crate) const PASSWORD: &str = "p:w/d@?&=%41";

/// Several tests share one server; the last one stops it.
pub(crate) async fn shared() -> Arc<Server> {
    static SHARED: Mutex<Weak<Server>> = Mutex::const_new(Weak::new());
    let mut shared = SHARED.lock().await;
    if let Some(running) = shared.upgrade() {
        return running;
    }
    let started = Arc::new(start(spec([])).await);
    *shared = Arc::downgrade(&started);
    started
}

/// Starts a server with a user `dapr` who may do everything.
pub(crate) async fn start(spec: Spec) -> Server {
    Server::start(spec).await.expect("MariaDB starts: apt install mariadb-server")
}

pub(crate) fn spec<'a>(more: impl IntoIterator<Item = &'a str>) -> Spec {
    let arguments = [
        "--no-defaults",
        "--datadir={dir}/data",
        "--port={port}",
        "--bind-address=127.0.0.1",
        "--socket={dir}/my.sock",
        "--pid-file={dir}/my.pid",
        "--init-file={dir}/init.sql",
        "--default-time-zone=+05:30",
        "--innodb-buffer-pool-size=32M",
        "--max-connections=300",
        "--skip-name-resolve",
        "--tmpdir={dir}",
    ];
    let init = format!(
        "CREATE USER IF NOT EXISTS dapr@'127.0.0.1' IDENTIFIED BY '{PASSWORD}';\n\
         GRANT ALL ON *.* TO dapr@'127.0.0.1';\n\
         CREATE USER IF NOT EXISTS reader@'127.0.0.1' IDENTIFIED BY 'r';\n"
    );
    let install = [
        "--no-defaults",
        "--datadir={dir}/data",
        "--auth-root-authentication-method=normal",
        "--skip-test-db",
        "--tmpdir={dir}",
    ];
    Spec::new("/usr/sbin/mariadbd", arguments.into_iter().chain(more))
        .prepare("sh", ["-c", &format!("printf '%s' \"{init}\" > {{dir}}/init.sql")])
        .prepare("mariadb-install-db", install)
        .ready(Ready::LogLine("ready for connections".into()))
        .unprivileged()
}

/// A connection string.
pub(crate) fn address(server: &Server, params: &str) -> String {
    format!("dapr:{PASSWORD}@tcp(127.0.0.1:{})/?allowNativePasswords=true{params}", server.port())
}

/// Opens a store on a database of its own.
pub(crate) async fn store(server: &Server, schema: &str, more: &[(&str, &str)]) -> Arc<dyn StateStore> {
    try_store(&address(server, ""), schema, more).await.unwrap_or_else(|error| panic!("open: {error}"))
}

pub(crate) async fn try_store(
    address: &str,
    schema: &str,
    more: &[(&str, &str)],
) -> dapr_spi::Result<Arc<dyn StateStore>> {
    let own = [("connectionString", address), ("schemaName", schema)];
    let pairs: Vec<_> = own.into_iter().chain(more.iter().copied()).collect();
    open::<StateMySql>(&pairs).await
}

/// A plain connection, to look at what a store did.
pub(crate) async fn client(server: &Server, schema: Option<&str>) -> Conn {
    let options = OptsBuilder::default()
        .ip_or_hostname("127.0.0.1")
        .tcp_port(server.port())
        .prefer_socket(false)
        .user(Some("dapr"))
        .pass(Some(PASSWORD))
        .db_name(schema);
    Conn::new(options).await.unwrap()
}
