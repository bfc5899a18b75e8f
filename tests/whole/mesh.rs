//! Sidecars that find each other, and trust each other where they are to: a registry of their own, and Sentry.

use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::client::{Ask, Target};
use crate::daprd::Setup;
use crate::machine;
use crate::process::{Process, until};

/// Some sidecars and, with mTLS, their Sentry.
pub(crate) struct Mesh {
    _dir: TempDir,
    registry: PathBuf,
    sentry: Option<Sentry>,
}

/// A certificate authority of ours.
struct Sentry {
    _process: Process,
    port: u16,
    anchors: String,
}

impl Mesh {
    /// Starts a Sentry if `mtls`.
    pub(crate) async fn new(mtls: bool) -> Self {
        let dir = tempfile::Builder::new().prefix("dapr-mesh-").tempdir().expect("a directory");
        let sentry = if mtls { Some(Sentry::start(dir.path()).await) } else { None };
        Self { registry: dir.path().join("apps"), _dir: dir, sentry }
    }

    /// With its own Sentry, or none, but in the registry of another mesh.
    pub(crate) fn with_registry_of(mut self, other: &Self) -> Self {
        self.registry.clone_from(&other.registry);
        self
    }

    /// A sidecar of it, with an identity of its own.
    pub(crate) fn sidecar(&self, app_id: &str) -> Setup {
        let directory = self.registry.to_string_lossy();
        let names = format!("{{nameResolution: {{component: local, configuration: {{directory: {directory}}}}}}}");
        let setup = Setup::bare().app_id(app_id).configuration(&names);
        let Some(sentry) = &self.sentry else { return setup };
        let address = format!("127.0.0.1:{}", sentry.port);
        setup.flags(&["--enable-mtls", "--sentry-address", &address]).env("DAPR_TRUST_ANCHORS", &sentry.anchors)
    }

    /// Ends Sentry. What has an identity keeps it.
    pub(crate) fn lose_sentry(&mut self) {
        self.sentry = None;
    }

    /// The same with an application on a port.
    pub(crate) fn beside(&self, app_id: &str, port: u16, protocol: &str) -> Setup {
        self.sidecar(app_id).flags(&["--app-port", &port.to_string(), "--app-protocol", protocol])
    }
}

impl Sentry {
    async fn start(dir: &Path) -> Self {
        let credentials = dir.join("credentials");
        std::fs::create_dir(&credentials).expect("a directory for the credentials");
        let (port, health) = (machine::port(), machine::port());
        let mut process = Process::start(&dir.join("sentry.log"), machine::binary("sentry"), |command| {
            command.args(["--listen-address", "127.0.0.1", "--healthz-listen-address", "127.0.0.1"]);
            command.args(["--port", &port.to_string(), "--healthz-port", &health.to_string()]);
            command.arg("--enable-metrics=false").arg("--issuer-credentials").arg(&credentials).current_dir(dir);
        });
        until("Sentry is ready", async || {
            assert!(process.ended().is_none(), "Sentry ended:\n{}", process.output());
            let answer = Target::Port(health).send(Ask::get("/healthz")).await;
            answer.is_ok_and(|answer| answer.status.is_success()).then_some(())
        })
        .await;
        let anchors = std::fs::read_to_string(credentials.join("ca.crt")).expect("the root that Sentry made");
        Self { _process: process, port, anchors }
    }
}

/// How long a program of a test may run.
pub(crate) const LIMIT: Duration = Duration::from_secs(120);
