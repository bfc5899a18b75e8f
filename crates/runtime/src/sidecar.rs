//! One sidecar: how it starts, what it waits for, how it stops.

mod application;
mod assemble;
mod bindings;
pub(crate) mod calls;
mod identity;
mod listeners;
mod names;
pub(crate) mod source;
mod stop;
mod traces;

use std::sync::Arc;

use dapr_api::{Api, ShutdownKind};
use dapr_app_channel::App;
use dapr_kit::task::{self, Task};
use dapr_resources::component::DenyList;
use dapr_security::Security;
use dapr_spi::registry::Registry;
use dapr_telemetry::otlp::MetricPush;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use crate::components::Components;
use crate::reload::{self, Parts, Reload};
use crate::signals::{Request, Signals};
use crate::{Config, Mode};

use application::Introduction;
use assemble::{Assembled, Measured};
use listeners::{Listeners, Servers};
use source::Source;

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
    api: Arc<Api>,
    app: Option<Arc<App>>,
    components: Components,
    servers: Servers,
    /// Keeps the certificate fresh.
    _security: Security,
    /// Sends metrics to a collector, when one is named.
    push: Option<MetricPush>,
    /// Watch the application and the brokers.
    watching: Vec<Task<()>>,
    /// Follows changes of resources; none before the components have started.
    reload: Option<Task<()>>,
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
        let (ends, mut ended) = mpsc::channel(1);
        let mut sidecar = None;
        let started = tokio::select! {
            started = Self::start(config, registry, &mut sidecar, ends) => started,
            Some(end) = ended.recv() => {
                let sidecar = sidecar.ok_or_else(|| StartError::new("no sidecar"))?;
                return sidecar.stop_for(end, signals).await;
            }
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
        let wish = tokio::select! {
            wish = sidecar.wait(signals) => wish,
            Some(end) = ended.recv() => Wish::Reload(end),
        };
        match wish {
            Wish::Stop(request) => Ok(stop::stop(sidecar, request, signals).await),
            Wish::Reload(end) => sidecar.stop_for(end, signals).await,
            Wish::Kill => Ok(End::Killed),
        }
    }

    /// Stops since a reload cannot be done while it runs, or has failed.
    async fn stop_for(self, end: reload::End, signals: &mut Signals) -> Result<End, StartError> {
        match end {
            reload::End::StartOver => Ok(stop::stop(self, Request::Reload, signals).await),
            reload::End::Failed(why) => {
                stop::stop(self, Request::Stop, signals).await;
                Err(StartError(why))
            }
        }
    }

    /// The start, in order. The sidecar is put into `slot` as soon as there is something to stop.
    async fn start(
        config: Config,
        registry: &Registry,
        slot: &mut Option<Self>,
        ends: mpsc::Sender<reload::End>,
    ) -> Result<(), StartError> {
        let began = Instant::now();
        log_config(&config);

        // 1. Where settings come from. The operator answers nobody without an identity.
        let mut identity = identity::Starting::default();
        let source = match config.mode {
            Mode::Standalone => Source::Files,
            Mode::Kubernetes => Source::operator(&config, &identity.security(&config).await?)?,
        };
        // 2. The Configuration, which decides how everything else behaves.
        let configuration = source.configuration(&config).await?;
        let spec = &configuration.spec;
        let metrics = assemble::metrics(&config, &configuration)?;
        identity.count_into(&metrics);
        // 3. Resources.
        let resources = source.resources(&config).await?;
        let registry = assemble::with_pluggable(&config, registry).await;
        // 4. Who this sidecar is.
        let security = identity.security(&config).await?;
        // 5. Listeners. While Sentry or the operator is waited for, ports refuse: probes learn at once that it is not ready.
        let listeners = Listeners::bind_patiently(&config).await.map_err(StartError::new)?;
        let internal_port = listeners.internal_port();
        // 6. The API over building blocks that have no components yet.
        let tracer = traces::start(&config, &spec.tracing)?;
        let resiliency = calls::resiliency(&resources, &metrics);
        let invocation =
            calls::invocation(&config, &configuration, resiliency.clone(), &metrics, &tracer, internal_port)?;
        let app = application::channel(&config, &metrics)?;
        if let Some(app) = &app {
            invocation.set_app(app.clone());
        }
        let variable = |name: &str| config.environment.get(name).map(str::to_owned);
        let push = MetricPush::start(metrics.clone(), &config.app_id, &variable).map_err(StartError::new)?;
        let measured = Measured { metrics, tracer, resiliency: resiliency.clone() };
        let Assembled { api, components, links, shutdown } =
            assemble::assemble(&config, &configuration, &resources, &registry, measured, invocation);
        if let Some(app) = &app {
            bindings::set_application(&api, app, config.max_body_size);
            api.subscriptions.set_app(app.clone());
        }
        api.subscriptions.set_declared(resources.subscriptions.clone()).await;
        // 7. Serve: a call to a component that still starts is answered with its name.
        let (stop, stopping) = watch::channel(false);
        let servers = listeners.serve(&api, &security, &stopping);
        let securing = identity::securing(&security);
        let sidecar = slot.insert(Self {
            config,
            api: api.clone(),
            app: app.clone(),
            components,
            servers,
            _security: security,
            push,
            watching: Vec::new(),
            reload: None,
            stop,
            shutdown,
        });
        // 8. Others find this sidecar, and it finds them.
        match names::start(&sidecar.config, &spec.name_resolution, &registry, internal_port).await {
            Ok(resolver) => api.invocation.set_resolver(resolver, securing),
            Err(error) => tracing::error!(target: "dapr.runtime", "{error}; calls to other apps will fail"),
        }
        // 9. Components: secret stores, then all others at once; then what is made of them.
        let deny = DenyList::new(&spec.components.deny);
        sidecar.components.start(resources.components.clone(), &deny).await.map_err(StartError::new)?;
        warn_of_unmatched_scopes(&api);
        api.outbox.start();
        let endpoints = calls::endpoint_settings(&sidecar.components, resources.http_endpoints.clone()).await;
        api.invocation.set_endpoints(calls::endpoints(endpoints.clone()));
        if let Some(app) = &app {
            app.set_pipeline(links.pipeline("spec.appHttpPipeline", &spec.app_http_pipeline));
        }
        api.pipeline.set(links.pipeline("spec.httpPipeline", &spec.http_pipeline));
        // 10. The app may call out.
        api.health.set_outbound(true);
        // 11. Resources may change from now on.
        let components = sidecar.components.clone();
        let parts = Parts { api: api.clone(), app, components, links, resiliency };
        let reload = Reload::new(&sidecar.config, source, configuration, &resources, endpoints, parts);
        sidecar.reload = Some(task::spawn("hot reload", async move { drop(ends.send(reload.run().await).await) }));
        // 12. The app is ready to be called.
        sidecar.wait_for_app().await;
        api.health.set(target::RUNTIME, true);
        tracing::info!(
            target: "dapr.runtime",
            "dapr initialized. Status: Running. Init Elapsed {}ms", began.elapsed().as_millis()
        );
        Ok(())
    }

    async fn wait_for_app(&mut self) {
        let settings = &self.config.app;
        let subscriptions = self.api.subscriptions.clone();
        let following = subscriptions.clone();
        self.watching.push(task::spawn("subscriptions", async move { following.follow_brokers().await }));
        let Some(app) = self.app.clone() else { return subscriptions.set_app_ready(true).await };
        dapr_app_channel::wait_for_port(&settings.address, settings.port).await;
        if self.config.skip_app_config {
            tracing::info!(target: "dapr.runtime", "Skipping programmatic dapr configuration loading");
        }
        if self.config.skip_app_subscribe {
            tracing::info!(target: "dapr.runtime", "Skipping programmatic subscription loading");
        }
        let introduction = Introduction { app_id: self.config.app_id.clone(), config: !self.config.skip_app_config };
        let Some(probes) = app.start_probes() else {
            introduction.ask(&app).await;
            subscriptions.set_app_ready(true).await;
            self.api.bindings.read();
            return;
        };
        let bindings = bindings::follow_health(&app, &self.api.bindings);
        let following = application::follow_health(app, introduction, subscriptions);
        self.watching.extend([probes, following, bindings]);
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
    Reload(reload::End),
    Kill,
}

fn log_config(config: &Config) {
    let mode = if config.mode == Mode::Kubernetes { "kubernetes" } else { "standalone" };
    tracing::info!(target: "dapr.runtime", "{mode} mode configured");
    tracing::info!(target: "dapr.runtime", "app id: {}", config.app_id);
}

fn warn_of_unmatched_scopes(api: &dapr_api::Api) {
    for store in api.secrets.unmatched_scopes() {
        tracing::warn!(
            target: "dapr.runtime",
            "Secrets configuration added for '{store}', but no matching secret store was found"
        );
    }
}
