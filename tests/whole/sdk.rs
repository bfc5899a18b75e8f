//! The published SDKs, in programs of their own languages under `tests/sdk`.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use dapr_testkit::process::Server;

use crate::daprd::{Daprd, STORE, Setup};
use crate::process::Process;
use crate::{machine, servers};

const LIMIT: Duration = Duration::from_secs(120);

const SECRETS: &str = r#"{"password": "quiet", "denied": "never seen", "multi": {"one": "1", "two": "2"}}"#;
const SCOPES: &str = "{secrets: {scopes: [{storeName: secrets, defaultAccess: allow, deniedSecrets: [denied]}]}}";

/// Tells a program where its sidecar is, as `dapr run` does.
fn beside<'a>(command: &'a mut Command, daprd: &Daprd) -> &'a mut Command {
    let (http, grpc) = (daprd.ports.http.to_string(), daprd.ports.grpc.to_string());
    command.env("DAPR_HTTP_PORT", http).env("DAPR_GRPC_PORT", grpc).env("APP_ID", "test")
}

async fn python(daprd: &Daprd, script: &str, arguments: &[&str]) {
    let folder = machine::repository().join("tests/sdk/python");
    let log = daprd.dir().join(format!("{script}.log"));
    let mut program = Process::start(&log, machine::python(), |command| {
        beside(command, daprd).arg(folder.join(script)).args(arguments);
    });
    program.succeeds(LIMIT).await;
}

async fn node(daprd: &Daprd, protocol: &str) {
    let folder: PathBuf = machine::node_project("tests/sdk/node");
    let log = daprd.dir().join(format!("node-{protocol}.log"));
    let mut program = Process::start(&log, "node", |command| {
        beside(command, daprd).arg("sdk.mjs").args([protocol, STORE]).current_dir(folder);
    });
    program.succeeds(LIMIT).await;
}

fn with_secrets(setup: Setup) -> Setup {
    setup
        .file("secrets.json", SECRETS)
        .component(
            "secrets",
            "secretstores.local.file",
            "v1",
            &[("secretsFile", "{dir}/resources/secrets.json"), ("multiValued", "true")],
        )
        .configuration(SCOPES)
}

fn sqlite() -> Setup {
    Setup::bare().component(STORE, "state.sqlite", "v1", &[("connectionString", "{dir}/state.db")])
}

fn redis(server: &Server) -> Setup {
    Setup::bare().component(STORE, "state.redis", "v1", &[("redisHost", &server.address().to_string())])
}

fn postgresql(server: &Server, version: &str) -> Setup {
    let connection = format!("host=127.0.0.1 port={} user=postgres database=postgres", server.port());
    Setup::bare().component(STORE, "state.postgresql", version, &[("connectionString", &connection)])
}

#[tokio::test]
async fn python_on_memory() {
    let daprd = Setup::in_memory().start().await;
    python(&daprd, "state_sync.py", &[STORE, "transactions"]).await;
    python(&daprd, "state_async.py", &[STORE, "transactions"]).await;
}

#[tokio::test]
async fn python_on_sqlite() {
    let daprd = sqlite().start().await;
    python(&daprd, "state_sync.py", &[STORE, "transactions"]).await;
    python(&daprd, "state_async.py", &[STORE, "transactions"]).await;
}

#[tokio::test]
async fn python_on_redis() {
    let server = servers::redis().await;
    let daprd = redis(&server).start().await;
    python(&daprd, "state_sync.py", &[STORE, "transactions"]).await;
    python(&daprd, "state_async.py", &[STORE, "transactions"]).await;
}

#[tokio::test]
async fn python_on_postgresql() {
    let server = servers::postgresql().await;
    let daprd = postgresql(&server, "v2").start().await;
    python(&daprd, "state_sync.py", &[STORE, "transactions"]).await;
    python(&daprd, "state_async.py", &[STORE, "transactions"]).await;
}

#[tokio::test]
async fn python_on_postgresql_v1_with_queries() {
    let server = servers::postgresql().await;
    let daprd = postgresql(&server, "v1").start().await;
    python(&daprd, "state_sync.py", &[STORE, "transactions", "query"]).await;
}

#[tokio::test]
async fn python_asks_for_secrets_and_metadata_and_ends_the_sidecar() {
    let mut daprd = with_secrets(Setup::in_memory()).start().await;
    python(&daprd, "about.py", &[]).await;
    assert_eq!(daprd.process.exit_code(LIMIT).await, 0, "after the shutdown that the program asked for");
}

#[tokio::test]
async fn node_over_http_and_grpc() {
    let daprd = with_secrets(sqlite()).start().await;
    node(&daprd, "http").await;
    node(&daprd, "grpc").await;
}

#[tokio::test]
async fn node_on_redis() {
    let server = servers::redis().await;
    let daprd = with_secrets(redis(&server)).start().await;
    node(&daprd, "http").await;
    node(&daprd, "grpc").await;
}
