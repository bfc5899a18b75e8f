//! The ports of a sidecar: bound first, served once there is an API.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use dapr_api::Api;
use dapr_api::listen::{self, Listener};
use dapr_api::{grpc, http, routes};
use dapr_kit::backoff::Backoff;
use dapr_kit::task::{self, Task};
use dapr_security::Security;
use dapr_telemetry::{profile, server as metrics_server};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::target;
use crate::{Config, host};

/// How long a taken port is waited for, and the pauses between tries (interface/grpc-api.md 2.3).
const PATIENCE: Duration = Duration::from_secs(10);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LAST_PAUSE: Duration = Duration::from_millis(500);

/// Bound and not served yet.
pub(super) struct Listeners {
    http: Vec<Listener>,
    grpc: Vec<Listener>,
    internal: TcpListener,
    public: Option<TcpListener>,
    metrics: Option<TcpListener>,
    profile: Option<TcpListener>,
}

/// Served; the first ones end when told to, the others when aborted.
pub(super) struct Servers {
    pub(super) draining: Vec<(&'static str, Task<()>)>,
    pub(super) others: Vec<Task<()>>,
}

fn context(what: &str, error: &io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

impl Listeners {
    /// Binds every port that the settings name. A port that is taken may be that of a sidecar that is ending, so it is
    /// tried again for ten seconds, as the incumbent does.
    ///
    /// # Errors
    /// Which port, and why.
    pub(super) async fn bind_patiently(config: &Config) -> io::Result<Self> {
        let began = Instant::now();
        let mut backoff = Backoff::new(FIRST_PAUSE, LAST_PAUSE);
        loop {
            match Self::bind(config) {
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && began.elapsed() < PATIENCE => {
                    tracing::warn!(target: "dapr.runtime", "{error}; trying again for {} s", PATIENCE.as_secs());
                    sleep(backoff.next_delay()).await;
                }
                done => return done,
            }
        }
    }

    fn bind(config: &Config) -> io::Result<Self> {
        let tcp = |what: &str, address: &str, port: u16| {
            listen::tcp(address, port).map_err(|error| context(&format!("{what} on port {port}"), &error))
        };
        let all = |what: &str, port: u16| {
            listen::tcp_all(&config.addresses, port).map_err(|error| context(&format!("{what} on port {port}"), &error))
        };
        let (http, grpc) = match &config.unix_domain_socket {
            Some(directory) => {
                let socket = |kind: &str| {
                    let path = directory.join(format!("dapr-{}-{kind}.socket", config.app_id));
                    listen::unix(&path).map_err(|error| context(&path.display().to_string(), &error))
                };
                (vec![socket("http")?], vec![socket("grpc")?])
            }
            None => (all("HTTP API", config.http_port)?, all("gRPC API", config.grpc_port)?),
        };
        Ok(Self {
            http,
            grpc,
            internal: internal(config)?,
            public: config.public.as_ref().map(|(address, port)| tcp("public HTTP", address, *port)).transpose()?,
            metrics: config.metrics.as_ref().map(|(address, port)| tcp("metrics", address, *port)).transpose()?,
            profile: config.profile_port.map(|port| tcp("profiling", &config.addresses[0], port)).transpose()?,
        })
    }

    /// The port that other sidecars call.
    pub(super) fn internal_port(&self) -> u16 {
        self.internal.local_addr().map(|address| address.port()).unwrap_or_default()
    }

    /// Serves all of them.
    pub(super) fn serve(self, api: &Arc<Api>, security: &Security, stopping: &watch::Receiver<bool>) -> Servers {
        let mut draining = Vec::new();
        for listener in self.http {
            tracing::info!(target: "dapr.runtime.http", "HTTP server is running on port {}", listener.describe());
            draining.push(("HTTP API", http(api, listener, routes::Listener::Api, stopping)));
        }
        for listener in self.grpc {
            tracing::info!(target: "dapr.runtime", "API gRPC server is running on port {}", listener.describe());
            let server = grpc::Server::new(api.clone(), grpc::Surface::Api).run(listener, stopping.clone());
            draining.push(("gRPC API", task::spawn("grpc api server", server)));
        }
        api.health.set(target::GRPC_API, true);
        let internal = Listener::Tcp(self.internal);
        tracing::info!(target: "dapr.runtime", "Internal gRPC server is running on {}", internal.describe());
        let server = grpc::Server::new(api.clone(), grpc::Surface::Internal)
            .with_tls(security.server_config())
            .run(internal, stopping.clone());
        draining.push(("internal gRPC", task::spawn("internal grpc server", server)));
        api.health.set(target::GRPC_INTERNAL, true);
        if let Some(listener) = self.public {
            let listener = Listener::Tcp(listener);
            draining.push(("public HTTP", http(api, listener, routes::Listener::Public, stopping)));
        }
        Servers { draining, others: others(api, self.metrics, self.profile) }
    }
}

fn http(api: &Arc<Api>, listener: Listener, routes: routes::Listener, stopping: &watch::Receiver<bool>) -> Task<()> {
    task::spawn("http server", http::Server::new(api.clone(), routes).run(listener, stopping.clone()))
}

/// Metrics and profiles, which end with the sidecar and wait for nobody.
fn others(api: &Arc<Api>, metrics: Option<TcpListener>, profile: Option<TcpListener>) -> Vec<Task<()>> {
    let mut tasks = Vec::new();
    if let Some(listener) = metrics {
        let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
        tracing::info!(target: "dapr.metrics", "metrics server started on :{port}/");
        let served = metrics_server::serve(listener, api.metrics.clone());
        tasks.push(task::spawn("metrics server", async { report("metrics", served.await) }));
    }
    api.health.set(target::METRICS, true);
    if let Some(listener) = profile {
        let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
        tracing::info!(target: "dapr.runtime", "HTTP profiling server listening on port {port}");
        tasks.push(task::spawn("profile server", async { report("profiling", profile::serve(listener).await) }));
    }
    tasks
}

fn report(what: &str, ended: io::Result<()>) {
    if let Err(error) = ended {
        tracing::error!(target: "dapr.runtime", "the {what} server ended: {error}");
    }
}

/// The port for calls between sidecars: the given one, or the app's stable one, or any when that is taken.
fn internal(config: &Config) -> io::Result<TcpListener> {
    let address = &config.internal_grpc_address;
    match config.internal_grpc_port {
        0 => listen::tcp(address, host::stable_port(&config.app_id)).or_else(|_| listen::tcp(address, 0)),
        port => listen::tcp(address, port),
    }
    .map_err(|error| context("internal gRPC", &error))
}
