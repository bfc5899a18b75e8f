//! One sidecar: how it starts, what it waits for, how it stops.

mod assemble;
mod listeners;
mod stop;

use std::sync::Arc;

use dapr_api::{Health, ShutdownKind};
use dapr_resources::Loader;
use dapr_resources::component::DenyList;
use dapr_spi::registry::Registry;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::Config;
use crate::components::Components;
use crate::signals::{Request, Signals};

use assemble::Assembled;
use listeners::{Listeners, Servers};

/// How a sidecar ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// In order.
    Stopped,
    /// In order, to start again.
    Reload,
    /// At once: a second signal, a forced stop, or the time for a graceful one was over.
    Killed,
}

/// Why a sidecar could not start.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct StartError(String);

impl StartError {
    fn new(error: impl std::fmt::Display) -> Self {
        Self(error.to_string())
    }
}

/// Parts of the sidecar that `/v1.0/healthz` names.
mod target {
    pub(super) const RUNTIME: &str = "runtime";
    pub(super) const GRPC_API: &str = "grpc-api-server";
    pub(super) const GRPC_INTERNAL: &str = "grpc-internal-server";
    pub(super) const METRICS: &str = "metrics-exporter";
}

/// A sidecar that serves.
pub(crate) struct Sidecar {
    config: Config,
    health: Arc<Health>,
    components: Components,
    servers: Servers,
    /// Turns true when the servers shall finish.
    stop: watch::Sender<bool>,
    shutdown: mpsc::Receiver<ShutdownKind>,
}

impl Sidecar {
    /// Starts a sidecar and keeps it until it shall stop, then stops it.
    ///
    /// # Errors
    /// It could not start; what had started is stopped again.
    pub(crate) async fn run(config: Config, registry: &Registry, signals: &mut Signals) -> Result<End, StartError> {
        let mut sidecar = None;
        let started = tokio::select! {
            started = Self::start(config, registry, &mut sidecar) => started,
            request = signals.next() => {
                return Ok(match (sidecar, request) {
                    (Some(sidecar), request) => stop::stop(sidecar, request, signals).await,
                    (None, Request::Stop) => End::Stopped,
                    (None, Request::Reload) => End::Reload,
                });
            }
        };
        let Some(mut sidecar) = sidecar else {
            return Err(started.err().unwrap_or_else(|| StartError::new("no sidecar")));
        };
        if let Err(error) = started {
            stop::stop(sidecar, Request::Stop, signals).await;
            return Err(error);
        }
        match sidecar.wait(signals).await {
            Wish::Stop(request) => Ok(stop::stop(sidecar, request, signals).await),
            Wish::Kill => Ok(End::Killed),
        }
    }

    /// The start, in order. The sidecar is put into `slot` as soon as there is something to stop.
    async fn start(config: Config, registry: &Registry, slot: &mut Option<Self>) -> Result<(), StartError> {
        let began = Instant::now();
        log_config(&config);

        // 1. The Configuration, which decides how everything else behaves.
        let configuration = assemble::configuration(&config)?;
        // 2. Listeners: ports are ours before anything slow begins.
        let listeners = Listeners::bind(&config).map_err(StartError::new)?;
        // 3. Resources.
        let resources = load_resources(&config)?;
        let registry = assemble::with_pluggable(&config, registry).await;
        // 4. The API over building blocks that have no components yet.
        let Assembled { api, components, shutdown } =
            assemble::assemble(&config, &configuration, &resources, &registry).map_err(StartError::new)?;
        // 5. Serve: a call to a component that still starts is answered with its name.
        let (stop, stopping) = watch::channel(false);
        let servers = listeners.serve(&api, &stopping);
        let health = api.health.clone();
        let sidecar = slot.insert(Self { config, health, components, servers, stop, shutdown });
        // 6. Components: secret stores, then all others at once.
        let deny = DenyList::new(&configuration.spec.components.deny);
        sidecar.components.start(resources.components, &deny).await.map_err(StartError::new)?;
        warn_of_unmatched_scopes(&api);
        // 7. The app may call out.
        sidecar.health.set_outbound(true);
        // 8. The app is ready to be called.
        sidecar.wait_for_app().await;
        sidecar.health.set(target::RUNTIME, true);
        tracing::info!(
            target: "dapr.runtime",
            "dapr initialized. Status: Running. Init Elapsed {}ms", began.elapsed().as_millis()
        );
        Ok(())
    }

    async fn wait_for_app(&self) {
        let app = &self.config.app;
        if app.port == 0 {
            return;
        }
        dapr_app_channel::wait_for_port(&app.address, app.port).await;
        if self.config.skip_app_config {
            tracing::info!(target: "dapr.runtime", "Skipping programmatic dapr configuration loading");
        }
        if self.config.skip_app_subscribe {
            tracing::info!(target: "dapr.runtime", "Skipping programmatic subscription loading");
        }
    }

    /// Waits until somebody wants the sidecar to end.
    async fn wait(&mut self, signals: &mut Signals) -> Wish {
        tokio::select! {
            request = signals.next() => Wish::Stop(request),
            kind = self.shutdown.recv() => match kind {
                Some(ShutdownKind::Forced) => {
                    tracing::warn!(target: "dapr.runtime", "Force shutdown requested, exiting immediately without graceful shutdown");
                    // The answer to the request is still on its way.
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                    Wish::Kill
                }
                _ => {
                    tracing::info!(target: "dapr.runtime", "Shutdown requested via API");
                    Wish::Stop(Request::Stop)
                }
            },
        }
    }
}

enum Wish {
    Stop(Request),
    Kill,
}

fn log_config(config: &Config) {
    let mode = if config.mode == crate::Mode::Kubernetes { "kubernetes" } else { "standalone" };
    tracing::info!(target: "dapr.runtime", "{mode} mode configured");
    tracing::info!(target: "dapr.runtime", "app id: {}", config.app_id);
}

fn load_resources(config: &Config) -> Result<dapr_resources::Loaded, StartError> {
    let namespace = Some(config.namespace.as_str()).filter(|namespace| !namespace.is_empty());
    let loader = Loader { app_id: Some(&config.app_id), namespace };
    let loaded = loader
        .directories(&config.resource_paths)
        .map_err(|error| StartError(format!("failed to load components: {error}")))?;
    for problem in &loaded.problems {
        tracing::warn!(target: "dapr.runtime", "{problem}");
    }
    Ok(loaded)
}

fn warn_of_unmatched_scopes(api: &dapr_api::Api) {
    for store in api.secrets.unmatched_scopes() {
        tracing::warn!(
            target: "dapr.runtime",
            "Secrets configuration added for '{store}', but no matching secret store was found"
        );
    }
}
