//! A sidecar under test.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dapr_proto::runtime::v1::dapr_client::DaprClient;
use http::Method;
use tempfile::TempDir;
use tonic::transport::{Channel, Endpoint};

use crate::client::{Answer, Ask, Target};
use crate::machine;
use crate::process::{Process, until};

/// The name of the store of most tests.
pub(crate) const STORE: &str = "statestore";

/// What a sidecar is started with.
#[derive(Default)]
pub(crate) struct Setup {
    app_id: Option<String>,
    resources: Vec<(String, String)>,
    configuration: Vec<String>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
}

impl Setup {
    /// Without any component.
    pub(crate) fn bare() -> Self {
        Self::default()
    }

    /// With an in-memory state store.
    pub(crate) fn in_memory() -> Self {
        Self::bare().component(STORE, "state.in-memory", "v1", &[])
    }

    /// Adds a component; in values `{dir}` is the sidecar's own directory.
    pub(crate) fn component(self, name: &str, kind: &str, version: &str, fields: &[(&str, &str)]) -> Self {
        self.file(&format!("{name}.yaml"), &component(name, kind, version, "", fields))
    }

    /// Adds a resource file; in it `{dir}` is the sidecar's own directory.
    pub(crate) fn file(mut self, name: &str, text: &str) -> Self {
        self.resources.push((name.to_owned(), text.to_owned()));
        self
    }

    /// Sets its app id, which is `test` otherwise.
    pub(crate) fn app_id(mut self, app_id: &str) -> Self {
        self.app_id = Some(app_id.to_owned());
        self
    }

    /// Adds entries to the `spec` of its Configuration, as a map of YAML in flow style.
    pub(crate) fn configuration(mut self, spec: &str) -> Self {
        let entries = spec.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).expect("a map in flow style");
        self.configuration.push(entries.to_owned());
        self
    }

    /// Adds flags; in them `{dir}` is the sidecar's own directory.
    pub(crate) fn flags(mut self, flags: &[&str]) -> Self {
        self.arguments.extend(flags.iter().map(|flag| (*flag).to_owned()));
        self
    }

    /// Adds an environment variable.
    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Starts it and waits until the application may call out.
    pub(crate) async fn start(self) -> Daprd {
        let mut daprd = self.launch();
        daprd.wait_outbound().await;
        daprd
    }

    /// Starts it and waits for nothing.
    pub(crate) fn launch(self) -> Daprd {
        let dir = tempfile::Builder::new().prefix("dapr-whole-").tempdir().expect("a directory");
        let resources = dir.path().join("resources");
        std::fs::create_dir(&resources).expect("a directory for resources");
        let filled = |text: &str| text.replace("{dir}", &dir.path().to_string_lossy());
        for (name, text) in &self.resources {
            std::fs::write(resources.join(name), filled(text)).expect("write a resource");
        }
        let ports = Ports {
            http: machine::port(),
            grpc: machine::port(),
            metrics: machine::port(),
            profile: machine::port(),
            internal: machine::port(),
            public: machine::port(),
        };
        let mut arguments = ports.flags(self.app_id.as_deref().unwrap_or("test"));
        arguments.extend(["--resources-path".to_owned(), resources.to_string_lossy().into_owned()]);
        if !self.configuration.is_empty() {
            let path = dir.path().join("config.yaml");
            let head = "apiVersion: dapr.io/v1alpha1\nkind: Configuration\nmetadata:\n  name: test\nspec: ";
            let text = format!("{head}{{{}}}\n", self.configuration.join(", "));
            std::fs::write(&path, filled(&text)).expect("write the configuration");
            arguments.extend(["--config".to_owned(), path.to_string_lossy().into_owned()]);
        }
        arguments.extend(self.arguments.iter().map(|flag| filled(flag)));
        let program = machine::binary("daprd");
        let process = Process::start(&dir.path().join("daprd.log"), program, |command| {
            command.args(&arguments).envs(self.environment.iter().cloned()).current_dir(dir.path());
        });
        Daprd { process, ports, dir }
    }
}

/// The YAML of a component; `extra` stands in its `spec`, as `ignoreErrors: true`.
pub(crate) fn component(name: &str, kind: &str, version: &str, extra: &str, fields: &[(&str, &str)]) -> String {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let fields: Vec<String> =
        fields.iter().map(|(name, value)| format!("{{name: {}, value: {}}}", quoted(name), quoted(value))).collect();
    format!(
        "apiVersion: dapr.io/v1alpha1\nkind: Component\nmetadata:\n  name: {name}\nspec:\n  type: {kind}\n  version: {version}\n  {extra}\n  metadata: [{}]\n",
        fields.join(", ")
    )
}

/// The ports of one sidecar.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ports {
    pub(crate) http: u16,
    pub(crate) grpc: u16,
    pub(crate) metrics: u16,
    pub(crate) profile: u16,
    pub(crate) internal: u16,
    pub(crate) public: u16,
}

impl Ports {
    fn flags(self, app_id: &str) -> Vec<String> {
        let ports = [
            ("dapr-http-port", self.http),
            ("dapr-grpc-port", self.grpc),
            ("metrics-port", self.metrics),
            ("profile-port", self.profile),
            ("dapr-internal-grpc-port", self.internal),
            ("dapr-public-port", self.public),
        ];
        let mut flags: Vec<String> =
            ["--app-id", app_id, "--dapr-listen-addresses", "127.0.0.1"].map(String::from).into();
        flags.extend(ports.iter().flat_map(|(name, port)| [format!("--{name}"), port.to_string()]));
        flags
    }
}

/// A running sidecar with a directory of its own.
pub(crate) struct Daprd {
    pub(crate) process: Process,
    pub(crate) ports: Ports,
    dir: TempDir,
}

impl Daprd {
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// The file of a component of [`Setup::component`].
    pub(crate) fn resource(&self, name: &str) -> PathBuf {
        self.dir().join("resources").join(format!("{name}.yaml"))
    }

    /// The HTTP API.
    pub(crate) fn http(&self) -> Target {
        Target::Port(self.ports.http)
    }

    pub(crate) async fn ask(&self, ask: Ask) -> Answer {
        self.http().send(ask).await.unwrap_or_else(|error| panic!("no answer of the sidecar: {error:#}"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask(Ask::get(path)).await
    }

    /// Sends JSON.
    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask(Ask::new(Method::POST, path).json(body)).await
    }

    /// Writes one key, and reads it back.
    pub(crate) async fn save(&self, key: &str, value: &str) -> Answer {
        let body = serde_json::json!([{ "key": key, "value": value }]);
        self.post(&format!("/v1.0/state/{STORE}"), &body.to_string()).await
    }

    pub(crate) async fn saved(&self, key: &str) -> Answer {
        self.get(&format!("/v1.0/state/{STORE}/{key}")).await
    }

    /// The gRPC API.
    pub(crate) async fn grpc(&self) -> DaprClient<Channel> {
        DaprClient::new(self.channel().await)
    }

    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://127.0.0.1:{}", self.ports.grpc)).expect("an address");
        endpoint.timeout(Duration::from_secs(20)).connect().await.expect("the gRPC port")
    }

    /// Waits until the sidecar says that the application may call out.
    pub(crate) async fn wait_outbound(&mut self) {
        self.wait_health("/v1.0/healthz/outbound").await;
    }

    /// Waits until the sidecar says that it is ready, and with it its application.
    pub(crate) async fn wait_ready(&mut self) {
        self.wait_health("/v1.0/healthz").await;
    }

    async fn wait_health(&mut self, path: &str) {
        let target = self.http();
        until("the sidecar is ready for calls", async || {
            let ended = self.process.ended();
            assert!(ended.is_none(), "the sidecar ended ({ended:?}):\n{}", self.process.output());
            let answer = target.send(Ask::get(path)).await;
            answer.is_ok_and(|answer| answer.status == 204).then_some(())
        })
        .await;
    }

    /// State and reason of a component, as the metadata API shows them.
    pub(crate) async fn component(&self, name: &str) -> Option<(String, String)> {
        let metadata = self.http().send(Ask::get("/v1.0/metadata")).await.ok()?.json();
        let lists = [&metadata["components"], &metadata["componentsNotLoaded"]];
        let mut components = lists.into_iter().filter_map(|list| list.as_array()).flatten();
        let found = components.find(|component| component["name"] == name)?;
        let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
        Some((text("status"), text("message")))
    }
}
