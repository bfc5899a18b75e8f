//! The programs under `examples/`, run as their README says, by the real `dapr run`.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use http::Method;
use tempfile::TempDir;
use tokio::sync::Mutex;

use crate::client::{Ask, Target};
use crate::process::{Process, until};
use crate::{machine, servers};

const LIMIT: Duration = Duration::from_secs(120);

/// A machine on which nobody ran Dapr before.
fn new_machine() -> TempDir {
    tempfile::Builder::new().prefix("dapr-example-").tempdir().expect("a directory")
}

/// `dapr run` with a home directory of its own.
fn dapr_run(home: &Path, folder: &str, arguments: impl FnOnce(&mut Command)) -> Process {
    let log = home.join(format!("{}.log", folder.replace('/', "-")));
    Process::start(&log, machine::binary("dapr"), |command| {
        command.env("HOME", home).env_remove("DAPR_RUNTIME_PATH").env("PYTHONUNBUFFERED", "1");
        command.current_dir(machine::repository().join("examples").join(folder)).arg("run");
        arguments(command);
    })
}

async fn orders(home: &Path, resources: Option<PathBuf>) -> String {
    let mut run = dapr_run(home, "orders", |command| {
        command.args(["--app-id", "orders"]);
        if let Some(resources) = resources {
            command.arg("--resources-path").arg(resources);
        }
        command.arg("--").arg(machine::python()).arg("orders.py");
    });
    run.succeeds(LIMIT).await
}

#[track_caller]
fn shows(output: &str, text: &str) {
    assert!(output.contains(text), "{text:?} is missing in\n{output}");
}

#[tokio::test]
async fn orders_on_a_new_machine() {
    let home = new_machine();
    let first = orders(home.path(), None).await;
    shows(&first, "== APP == Everything worked.");
    shows(&first, "(state.sqlite v1)");
    shows(&first, "this was run number 1 on this store");
    shows(&orders(home.path(), None).await, "this was run number 2 on this store");
}

/// The example's own YAML, with nothing but the place of the server changed: `usual` becomes `actual`.
fn resources(home: &Path, name: &str, usual: &str, actual: &str) -> PathBuf {
    let from = machine::repository().join("examples/orders").join(name).join("statestore.yaml");
    let text = std::fs::read_to_string(from).expect("the example's YAML");
    assert!(text.contains(usual), "{usual} in {text}");
    let folder = home.join(name);
    std::fs::create_dir(&folder).expect("a directory for resources");
    std::fs::write(folder.join("statestore.yaml"), text.replace(usual, actual)).expect("write the YAML");
    folder
}

#[tokio::test]
async fn orders_on_redis() {
    let (home, server) = (new_machine(), servers::redis().await);
    let folder = resources(home.path(), "resources-redis", "localhost:6379", &server.address().to_string());
    let output = orders(home.path(), Some(folder)).await;
    shows(&output, "== APP == Everything worked.");
    shows(&output, "(state.redis v1)");
}

#[tokio::test]
async fn orders_on_postgresql() {
    let (home, server) = (new_machine(), servers::postgresql().await);
    let folder = resources(home.path(), "resources-postgresql", "port=5432", &format!("port={}", server.port()));
    let output = orders(home.path(), Some(folder)).await;
    shows(&output, "== APP == Everything worked.");
    shows(&output, "(state.postgresql v2)");
}

#[tokio::test]
async fn the_web_app_of_orders() {
    let (home, port) = (new_machine(), machine::port().to_string());
    let uvicorn = machine::python().with_file_name("uvicorn");
    let mut run = dapr_run(home.path(), "orders", |command| {
        command.args(["--app-id", "web", "--app-port", &port, "--"]).arg(uvicorn).args(["web:app", "--port", &port]);
    });
    let script = machine::repository().join("tests/sdk/python/web.py");
    let mut browser = Process::start(&home.path().join("browser.log"), machine::python(), |command| {
        command.arg(script).arg(format!("http://127.0.0.1:{port}"));
    });
    browser.succeeds(LIMIT).await;
    run.signal(rustix::process::Signal::INT);
    run.exit_code(LIMIT).await;
}

/// The tests of the quickstart run one after another: a resolver may know all apps of the machine, and theirs have one
/// name.
static ONE_NODEAPP: Mutex<()> = Mutex::const_new(());

/// The Node app of the quickstart with its sidecar, on a port of its own.
struct NodeApp {
    home: TempDir,
    port: u16,
    run: Process,
}

impl NodeApp {
    async fn start() -> Self {
        let (home, port) = (new_machine(), machine::port());
        machine::node_project("examples/quickstart/node");
        let run = dapr_run(home.path(), "quickstart/node", |command| {
            command.env("APP_PORT", port.to_string());
            command.args(["--app-id", "nodeapp", "--app-port", &port.to_string(), "--", "node", "app.js"]);
        });
        let node = Self { home, port, run };
        until("the node app answers", async || node.target().send(Ask::get("/order")).await.ok().map(drop)).await;
        node
    }

    fn target(&self) -> Target {
        Target::Port(self.port)
    }
}

#[tokio::test]
async fn the_quickstart() {
    let _alone = ONE_NODEAPP.lock().await;
    let mut node = NodeApp::start().await;
    let app = node.target();
    app.send(Ask::get("/order")).await.expect("an answer").has(404);
    app.send(Ask::new(Method::POST, "/neworder").json("{}")).await.expect("an answer").has(400);
    node.run.prints("You're up and running!").await;

    // The same home: sidecars of one user find each other by it.
    let mut python = dapr_run(node.home.path(), "quickstart/python", |command| {
        command.args(["--app-id", "pythonapp", "--"]).arg(machine::python()).arg("app.py");
        command.args(["--orders", "4", "--every", "0.05"]);
    });
    let output = python.succeeds(LIMIT).await;
    shows(&output, "== APP == Order 3 by path: HTTP 200");
    shows(&output, "== APP == Order 4 by header: HTTP 200");
    let last = app.send(Ask::get("/order")).await.expect("an answer");
    assert_eq!(last.has(200).json(), serde_json::json!({ "orderId": 4 }));
    node.run.signal(rustix::process::Signal::INT);
    assert_eq!(node.run.exit_code(LIMIT).await, 0, "{}", node.run.output());
}

#[tokio::test]
async fn the_quickstart_from_its_run_file() {
    quickstart_from_its_run_file(false).await;
}

#[tokio::test]
async fn the_quickstart_with_mtls() {
    quickstart_from_its_run_file(true).await;
}

/// With mTLS, `dapr run` starts the Sentry that it needs.
async fn quickstart_from_its_run_file(mtls: bool) {
    let _alone = ONE_NODEAPP.lock().await;
    let home = new_machine();
    let folder = home.path().join("quickstart");
    let from = machine::node_project("examples/quickstart/node").parent().expect("its folder").to_owned();
    let copied = Command::new("cp").arg("-r").arg(&from).arg(&folder).status().expect("cp");
    assert!(copied.success());
    let port = machine::port();
    let text = std::fs::read_to_string(from.join("dapr.yaml")).expect("the run file");
    assert!(text.contains("appPort: 3000"), "{text}");
    let mut text = text.replace("appPort: 3000", &format!("appPort: {port}"));
    if mtls {
        text += "common:\n  configFilePath: mtls.yaml\n";
        let spec = format!("{{mtls: {{enabled: true, sentryAddress: 'localhost:{}'}}}}", machine::port());
        let head = "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: mtls\nspec: ";
        std::fs::write(folder.join("mtls.yaml"), format!("{head}{spec}\n")).expect("write the Configuration");
    }
    std::fs::write(folder.join("dapr.yaml"), text).expect("write the run file");
    let mut run = Process::start(&home.path().join("output.log"), machine::binary("dapr"), |command| {
        command.env("HOME", home.path()).current_dir(&folder).args(["run", "-f", "."]);
    });
    run.prints("nodeapp: running").await;
    run.prints("pythonapp: running").await;
    run.prints("by path: HTTP 200").await;
    run.prints("by header: HTTP 200").await;
    shows(&run.output(), "== APP - nodeapp == Got a new order! Order ID: 2");

    let invoked = Command::new(machine::binary("dapr"))
        .args(["invoke", "--app-id", "nodeapp", "--method", "order", "--verb", "GET"])
        .env("HOME", home.path())
        .output()
        .expect("dapr invoke");
    let invoked = String::from_utf8_lossy(&invoked.stdout).into_owned();
    shows(&invoked, "{\"orderId\":");
    shows(&invoked, "App invoked successfully");
    run.signal(rustix::process::Signal::INT);
    assert_eq!(run.exit_code(LIMIT).await, 0, "{}", run.output());
}

/// The events example from its run file, on the embedded broker or on the one in `resources`: the example's YAML folder,
/// and what to change in it.
async fn events(resources: Option<(&str, &str, String)>) {
    let home = new_machine();
    let folder = home.path().join("events");
    let from = machine::node_project("examples/events/node").parent().expect("its folder").to_owned();
    let copied = Command::new("cp").arg("-r").arg(&from).arg(&folder).status().expect("cp");
    assert!(copied.success());
    let port = machine::port().to_string();
    let mut text = std::fs::read_to_string(from.join("dapr.yaml")).expect("the run file").replace("8001", &port);
    if let Some((name, usual, actual)) = resources {
        let file = folder.join(name).join("pubsub.yaml");
        let yaml = std::fs::read_to_string(&file).expect("the example's YAML");
        assert!(yaml.contains(usual), "{usual} in {yaml}");
        std::fs::write(&file, yaml.replace(usual, &actual)).expect("write the YAML");
        text += &format!("common:\n  resourcesPath: {name}\n");
    }
    std::fs::write(folder.join("dapr.yaml"), text).expect("write the run file");
    let python = machine::python();
    let programs = python.parent().expect("its folder").to_string_lossy();
    let path = format!("{programs}:{}", std::env::var("PATH").unwrap_or_default());
    let mut run = Process::start(&home.path().join("output.log"), machine::binary("dapr"), |command| {
        command.env("HOME", home.path()).env("PATH", &path).env("PYTHONUNBUFFERED", "1").current_dir(&folder);
        command.args(["run", "-f", "."]);
    });
    run.prints("Published order 26, which has no item").await;
    run.prints("Order 26 has failed").await;
    for order in 1..=25 {
        run.prints(&format!("Order {order}: ")).await;
    }
    let subscriptions = Command::new(machine::binary("dapr"))
        .args(["subscriptions", "--app-id", "checkout", "-o", "json"])
        .env("HOME", home.path())
        .output()
        .expect("dapr subscriptions");
    let subscriptions = String::from_utf8_lossy(&subscriptions.stdout).into_owned();
    shows(&subscriptions, "\"deadLetterTopic\": \"orders-failed\"");
    run.signal(rustix::process::Signal::INT);
    assert_eq!(run.exit_code(LIMIT).await, 0, "{}", run.output());
}

#[tokio::test]
async fn events_on_a_new_machine() {
    let _alone = ONE_CHECKOUT.lock().await;
    events(None).await;
}

#[tokio::test]
async fn events_on_redis() {
    let (_alone, server) = (ONE_CHECKOUT.lock().await, servers::redis().await);
    events(Some(("resources-redis", "localhost:6379", server.address().to_string()))).await;
}

#[tokio::test]
async fn events_on_kafka() {
    let _alone = ONE_CHECKOUT.lock().await;
    let server = dapr_testkit::kafka::start().await.expect("a Kafka server");
    events(Some(("resources-kafka", "localhost:9092", server.address().to_string()))).await;
}

/// One at a time: `dapr subscriptions` looks for an app by name.
static ONE_CHECKOUT: Mutex<()> = Mutex::const_new(());
