//! Putting the API together from settings and resources.

use std::borrow::Cow;
use std::path::Path;
use std::sync::Arc;

use dapr_api::metadata::{AppConnection, AppHealth, Facts};
use dapr_api::{
    AccessRules, Api, Health, Logging, MetadataRegistry, Options, Pipeline, ShutdownKind, ShutdownSender, Token,
};
use dapr_bindings::{Bindings, Environment};
use dapr_crypto::Providers;
use dapr_invocation::Invocation;
use dapr_kit::clock::Clock;
use dapr_kit::duration;
use dapr_pubsub::{Brokers, Outbox, OutboxSettings, Publisher, PublisherSettings, SubscriptionSettings, Subscriptions};
use dapr_resiliency::Provider;
use dapr_resources::{Configuration, Loaded, configuration};
use dapr_secrets::SecretStores;
use dapr_spi::registry::Registry;
use dapr_state::{Identity, Stores};
use dapr_telemetry::metrics::{HttpMetricsConfig, LabelRule, MetricRule, Metrics, MetricsConfig};
use dapr_telemetry::trace::Tracer;
use tokio::sync::mpsc;

use super::{StartError, target};
use crate::components::{Components, Context, Links};
use crate::{Config, VERSION};

/// Where pluggable components have their sockets by default.
const SOCKETS_FOLDER: &str = "/tmp/dapr-components-sockets";

/// The API, what starts its components, and the wishes to stop that come in through it.
pub(super) struct Assembled {
    pub(super) api: Arc<Api>,
    pub(super) components: Components,
    pub(super) links: Arc<Links>,
    pub(super) shutdown: mpsc::Receiver<ShutdownKind>,
}

/// The registry with the components whose sockets are in `DAPR_COMPONENTS_SOCKETS_FOLDER`.
pub(super) async fn with_pluggable<'a>(config: &Config, registry: &'a Registry) -> Cow<'a, Registry> {
    let given = config.environment.get("DAPR_COMPONENTS_SOCKETS_FOLDER").filter(|folder| !folder.is_empty());
    let folder = Path::new(given.unwrap_or(SOCKETS_FOLDER));
    if folder.is_dir() { Cow::Owned(registry.with_discovered(folder).await) } else { Cow::Borrowed(registry) }
}

/// Where calls are counted and traced, and the policies they run under.
pub(super) struct Measured {
    pub(super) metrics: Metrics,
    pub(super) tracer: Tracer,
    pub(super) resiliency: Provider,
}

/// The metrics that the Configuration asks for.
pub(super) fn metrics(config: &Config, configuration: &Configuration) -> Result<Metrics, StartError> {
    let spec = serde_json::to_string(&configuration.spec.metric).unwrap_or_default();
    tracing::info!(target: "dapr.runtime", "metric spec: {spec}");
    Metrics::new(&metrics_config(config, configuration)).map_err(StartError::new)
}

/// Builds the API over building blocks without components.
pub(super) fn assemble(
    config: &Config,
    configuration: &Configuration,
    resources: &Loaded,
    registry: &Registry,
    Measured { metrics, tracer, resiliency }: Measured,
    invocation: Invocation,
) -> Assembled {
    let links = Arc::new(Links::default());
    let metadata = Arc::new(MetadataRegistry::new(facts(config, configuration, resources)));
    let state = Arc::new(Stores::default());
    let pubsub = Arc::new(Brokers::default());
    let publisher = Arc::new(Publisher::new(PublisherSettings {
        app_id: config.app_id.clone(),
        brokers: pubsub.clone(),
        resiliency: resiliency.clone(),
        metrics: metrics.clone(),
        clock: Clock::system(),
    }));
    let outbox = Arc::new(Outbox::new(OutboxSettings {
        app_id: config.app_id.clone(),
        namespace: config.namespace.clone(),
        publisher: publisher.clone(),
        brokers: pubsub.clone(),
        stores: state.clone(),
    }));
    let subscriptions = Arc::new(Subscriptions::new(SubscriptionSettings {
        app_id: config.app_id.clone(),
        asks_application: !config.skip_app_subscribe,
        brokers: pubsub.clone(),
        publisher: publisher.clone(),
        resiliency: resiliency.clone(),
        metrics: metrics.clone(),
        tracer: tracer.clone(),
        clock: Clock::system(),
    }));
    let crypto = Arc::new(Providers::new(resiliency.clone(), metrics.clone()));
    let bindings = Arc::new(Bindings::new(Environment {
        resiliency,
        metrics: metrics.clone(),
        tracer: tracer.clone(),
        options_timeout: config.app.binding_options_timeout,
    }));
    let secrets = Arc::new(SecretStores::new(&configuration.spec.secrets.scopes, metrics.clone()));
    let components = Components::new(Context {
        mode: config.mode,
        registry: registry.clone(),
        environment: config.environment.clone(),
        identity: Identity { app_id: config.app_id.clone(), namespace: config.namespace.clone() },
        state: state.clone(),
        secrets: secrets.clone(),
        pubsub: pubsub.clone(),
        outbox: outbox.clone(),
        bindings: bindings.clone(),
        crypto: crypto.clone(),
        links: links.clone(),
        metadata: metadata.clone(),
        metrics: metrics.clone(),
    });
    let (sender, shutdown) = ShutdownSender::channel();
    let api = Api {
        app_id: config.app_id.clone(),
        state,
        secrets,
        pubsub,
        publisher,
        subscriptions,
        outbox,
        bindings,
        crypto,
        invocation: Arc::new(invocation),
        pipeline: Pipeline::new(configuration.spec.http_pipeline.handlers.len()),
        tracer,
        metadata,
        health: Arc::new(health()),
        shutdown: sender,
        metrics,
        options: options(config, configuration),
    };
    Assembled { api: Arc::new(api), components, links, shutdown }
}

fn health() -> Health {
    let health = Health::default();
    for target in [target::RUNTIME, target::GRPC_API, target::GRPC_INTERNAL, target::METRICS] {
        health.expect(target);
    }
    health
}

fn options(config: &Config, configuration: &Configuration) -> Options {
    let logging = &configuration.spec.logging.api_logging;
    Options {
        token: Token::new(config.environment.text("DAPR_API_TOKEN")),
        max_body_size: config.max_body_size,
        read_buffer_size: config.read_buffer_size,
        allowed_origins: config.allowed_origins.clone(),
        logging: Logging {
            enabled: config.api_logging.unwrap_or(logging.enabled),
            obfuscate_urls: logging.obfuscate_urls,
            omit_health_checks: logging.omit_health_checks,
        },
        access: AccessRules::new(&configuration.spec.api),
        h2c: !config.environment.is_truthy("DAPR_HTTP_DISABLE_H2C"),
    }
}

fn facts(config: &Config, configuration: &Configuration, resources: &Loaded) -> Facts {
    let app = &config.app;
    Facts {
        app_id: config.app_id.clone(),
        version: VERSION.to_owned(),
        enabled_features: configuration.enabled_features().into_iter().map(str::to_owned).collect(),
        app: AppConnection {
            port: app.port,
            protocol: app.protocol.clone(),
            channel_address: app.address.clone(),
            max_concurrency: app.max_concurrency,
            health: app.health.as_ref().map(|health| AppHealth {
                path: health.path.clone(),
                interval: duration::format(health.interval),
                timeout: duration::format(health.timeout),
                threshold: health.threshold,
            }),
        },
        http_endpoints: resources.http_endpoints.iter().map(|endpoint| endpoint.metadata.name.clone()).collect(),
        resiliencies: resources.resiliencies.iter().map(|resiliency| resiliency.metadata.name.clone()).collect(),
    }
}

fn metrics_config(config: &Config, configuration: &Configuration) -> MetricsConfig {
    let spec = &configuration.spec.metric;
    let buckets = spec.latency_distribution_buckets.iter().flatten();
    let label = |label: &configuration::MetricLabel| LabelRule {
        name: label.name.clone(),
        regex: label.regex.iter().map(|(replacement, pattern)| (replacement.clone(), pattern.clone())).collect(),
    };
    MetricsConfig {
        enabled: config.metrics.is_some() && spec.is_enabled(),
        app_id: config.app_id.clone(),
        namespace: config.namespace.clone(),
        latency_buckets: buckets.filter_map(|bucket| u64::try_from(*bucket).ok()).collect(),
        http: HttpMetricsConfig {
            increased_cardinality: spec.increased_cardinality().unwrap_or(true),
            path_matching: spec.http.as_ref().map(|http| http.path_matching.clone()).unwrap_or_default(),
            exclude_verbs: spec.excludes_verbs(),
        },
        record_error_codes: spec.records_error_codes(),
        rules: spec
            .rules
            .iter()
            .map(|rule| MetricRule { name: rule.name.clone(), labels: rule.labels.iter().map(label).collect() })
            .collect(),
    }
}
