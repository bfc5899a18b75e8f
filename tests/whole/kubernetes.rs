//! Sidecars with `--mode kubernetes`: identity from Sentry, everything else from the operator.

mod operator;

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use dapr_kit::clock::Clock;
use dapr_kit::task::{self, Task};
use dapr_security::{Security, Settings, TrustAnchors};
use rustix::process::Signal;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;

use crate::client::{Ask, Target};
use crate::daprd::{Daprd, STORE, Setup};
use crate::machine;
use crate::process::{PATIENCE, Process, until};

use operator::{Resources, Server};

/// A namespace with a Sentry of ours, and an operator when it is started.
struct Cluster {
    sentry: u16,
    anchors: String,
    operator: u16,
    resources: Resources,
    _sentry: Process,
    dir: TempDir,
}

impl Cluster {
    async fn new() -> Self {
        let dir = tempfile::Builder::new().prefix("dapr-cluster-").tempdir().expect("a directory");
        let (sentry, health) = (machine::port(), machine::port());
        let credentials = dir.path().join("credentials");
        std::fs::create_dir(&credentials).expect("a directory for the credentials");
        let process = Process::start(&dir.path().join("sentry.log"), machine::binary("sentry"), |command| {
            command.args(["--port", &sentry.to_string(), "--healthz-port", &health.to_string()]);
            command.args(["--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1"]);
            command.arg("--enable-metrics=false").arg("--issuer-credentials").arg(&credentials);
            command.current_dir(dir.path());
        });
        until("Sentry is ready", async || {
            let answer = Target::Port(health).send(Ask::get("/healthz")).await;
            answer.is_ok_and(|answer| answer.status.is_success()).then_some(())
        })
        .await;
        let anchors = std::fs::read_to_string(credentials.join("ca.crt")).expect("the root that Sentry made");
        Self { sentry, anchors, operator: machine::port(), resources: Resources::default(), _sentry: process, dir }
    }

    /// Starts its operator, with an identity from its Sentry.
    async fn operator(&self) -> Server {
        let settings = Settings {
            mtls: true,
            app_id: "dapr-operator".to_owned(),
            trust_anchors: TrustAnchors::Inline(self.anchors.clone()),
            sentry_address: format!("127.0.0.1:{}", self.sentry),
            ..Settings::default()
        };
        let source = Arc::new(dapr_control_plane::sentry::Client::new(&settings));
        let identity = Security::start(settings, source, Arc::new(()), Clock::system()).await.expect("an identity");
        Server::start(&self.resources, &identity, self.operator).await
    }

    /// A sidecar in it. Tests may run as root, sidecars in a cluster may not.
    fn sidecar(&self) -> Setup {
        self.sidecar_of_root().env("DAPR_UNSAFE_SKIP_CONTAINER_UID_GID_CHECK", "true")
    }

    fn sidecar_of_root(&self) -> Setup {
        let sentry = format!("127.0.0.1:{}", self.sentry);
        let operator = format!("127.0.0.1:{}", self.operator);
        Setup::bare()
            .flags(&["--mode", "kubernetes", "--sentry-address", &sentry, "--control-plane-address", &operator])
            .flags(&["--log-level", "debug"])
            .env("DAPR_TRUST_ANCHORS", &self.anchors)
            .env("NAMESPACE", "default")
            .env("POD_NAME", "pod-1")
    }

    fn component(&self, name: &str, edit: impl FnOnce(&mut Value)) {
        let mut component = json!({
            "metadata": { "name": name, "namespace": "default" },
            "spec": { "type": "state.in-memory", "version": "v1", "metadata": [] },
        });
        edit(&mut component);
        self.resources.add("Component", component);
    }
}

/// As the operator puts a secret in: the reference stays, the value is base64.
fn inlined(name: &str, text: &str) -> Value {
    use base64::Engine as _;
    let value = base64::engine::general_purpose::STANDARD.encode(text);
    json!({ "name": name, "value": value, "secretKeyRef": { "name": "secrets", "key": name } })
}

/// Names of the components that a sidecar shows, with their status.
async fn shown(daprd: &Daprd) -> Vec<String> {
    let metadata = daprd.get("/v1.0/metadata").await.has(200).json();
    let lists = [&metadata["components"], &metadata["componentsNotLoaded"]];
    let components: Vec<&Value> = lists.into_iter().filter_map(|list| list.as_array()).flatten().collect();
    let text = |component: &Value, key: &str| component[key].as_str().unwrap_or_default().to_owned();
    let mut names: Vec<String> = components.iter().map(|one| text(one, "name") + " " + &text(one, "status")).collect();
    names.sort();
    names
}

/// Reads one request, answers 200, and ends with the head of the request.
async fn endpoint() -> (u16, Task<String>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let served = async move {
        let (mut stream, _) = listener.accept().await.expect("a call");
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.expect("a request"));
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await.expect("an answer");
        String::from_utf8_lossy(&head).to_ascii_lowercase()
    };
    (port, task::spawn("endpoint", served))
}

#[tokio::test]
async fn everything_comes_from_the_operator() {
    let cluster = Cluster::new().await;
    let database = cluster.dir.path().join("state.db");
    let (port, called) = endpoint().await;
    cluster.resources.add(
        "Configuration",
        json!({
            "metadata": { "name": "appconfig", "namespace": "default", "creationTimestamp": null },
            "spec": { "features": [{ "name": "Mine", "enabled": true }], "components": { "deny": ["state.mysql"] } },
        }),
    );
    cluster.component(STORE, |store| {
        store["spec"]["type"] = "state.sqlite".into();
        store["spec"]["metadata"] = json!([inlined("connectionString", &database.to_string_lossy())]);
    });
    // None of these is for this app, or may be loaded: an operator is not believed to have looked.
    cluster.component("other-app", |component| component["scopes"] = json!(["other"]));
    cluster.component("other-namespace", |component| component["metadata"]["namespace"] = "other".into());
    cluster.component("denied", |component| component["spec"]["type"] = "state.mysql".into());
    cluster.component("open", |component| {
        component["spec"]["metadata"] =
            json!([{ "name": "keyPrefix", "secretKeyRef": { "name": "gone", "key": "k" } }]);
    });
    cluster.resources.add(
        "HTTPEndpoint",
        json!({
            "metadata": { "name": "shop" },
            "spec": { "baseUrl": format!("http://127.0.0.1:{port}"), "headers": [inlined("token", "opensesame")] },
        }),
    );
    cluster.resources.add("Resiliency", json!({ "metadata": { "name": "patience" }, "spec": {} }));
    cluster.resources.add("Resiliency", json!({ "metadata": { "name": "other" }, "spec": {}, "scopes": ["other"] }));
    cluster.resources.add("Resiliency", json!({ "metadata": { "name": "broken" }, "spec": 5 }));
    let operator = cluster.operator().await;
    let mut daprd = cluster.sidecar().flags(&["--config", "appconfig"]).start().await;

    assert_eq!(shown(&daprd).await, ["open failed", "statestore ready"]);
    let metadata = daprd.get("/v1.0/metadata").await.json();
    assert!(metadata["enabledFeatures"].as_array().is_some_and(|features| features.contains(&json!("Mine"))));
    assert_eq!(metadata["httpEndpoints"], json!([{ "name": "shop" }]));
    let output = daprd.process.output();
    for text in [
        "error deserializing Resiliency \\\"broken\\\"",
        "the operator did not send the Kubernetes secrets for keyPrefix",
        "component denied is left out",
        "Security is initialized successfully",
    ] {
        assert!(output.contains(text), "{text} is missing in\n{output}");
    }
    daprd.save("key", "value").await.has(204);
    assert!(database.exists(), "the secret is the path of the database");
    daprd.get("/v1.0/invoke/shop/method/offers").await.has(200);
    let head = called.join().await.expect("a call");
    assert!(head.starts_with("get /offers http/1.1\r\n") && head.contains("\r\ntoken: opensesame\r\n"), "{head}");
    // The identity came before there were metrics, and is counted in them.
    let metrics = Target::Port(daprd.ports.metrics).send(Ask::get("/")).await.expect("metrics").text();
    assert!(metrics.contains("dapr_runtime_mtls_init_total{app_id=\"test\"} 1"), "{metrics}");

    // What is new in the cluster comes with the next start.
    cluster.component("late", |_| {});
    daprd.process.signal(Signal::HUP);
    until("the sidecar has started over", async || {
        let output = daprd.process.output();
        (output.matches("dapr initialized").count() == 2).then_some(())
    })
    .await;
    assert_eq!(shown(&daprd).await, ["late ready", "open failed", "statestore ready"]);
    // The operator may go: the sidecar has what it needs.
    drop(operator);
    daprd.saved("key").await.has(200);
    daprd.process.signal(Signal::TERM);
    assert_eq!(daprd.process.exit_code(PATIENCE).await, 0);
}

#[tokio::test]
async fn an_operator_that_is_away_is_waited_for() {
    let cluster = Cluster::new().await;
    cluster.component("late", |_| {});
    let waiting = "Waiting for the operator to send resources of kind Component, trying again in";
    let mut stopped = cluster.sidecar().launch();
    stopped.process.prints(waiting).await;
    let began = Instant::now();
    assert!(stopped.http().send(Ask::get("/v1.0/healthz")).await.is_err(), "its ports refuse");
    stopped.process.signal(Signal::TERM);
    assert_eq!(stopped.process.exit_code(PATIENCE).await, 0);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    let mut daprd = cluster.sidecar().launch();
    daprd.process.prints(waiting).await;
    let _operator = cluster.operator().await;
    daprd.wait_outbound().await;
    assert_eq!(shown(&daprd).await, ["late ready"]);
}

#[tokio::test]
async fn what_keeps_it_from_starting_is_named() {
    let cluster = Cluster::new().await;
    let _operator = cluster.operator().await;
    let mut unknown = cluster.sidecar().flags(&["--config", "nowhere"]).launch();
    assert_eq!(unknown.process.exit_code(PATIENCE).await, 1);
    let output = unknown.process.output();
    assert!(output.contains("error loading configuration: configuration nowhere not found"), "{output}");

    cluster.component("twisted", |component| component["spec"]["metadata"] = "none".into());
    let mut broken = cluster.sidecar().launch();
    assert_eq!(broken.process.exit_code(PATIENCE).await, 1);
    let output = broken.process.output();
    assert!(output.contains("failed to load components: error deserializing Component \\\"twisted\\\""), "{output}");

    if rustix::process::geteuid().is_root() {
        let mut root = cluster.sidecar_of_root().launch();
        assert_eq!(root.process.exit_code(PATIENCE).await, 1);
        let output = root.process.output();
        assert!(output.contains("Dapr must be run as a non-root user in Kubernetes environments"), "{output}");
    }
}
