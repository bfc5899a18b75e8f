//! A running Sentry: what starts in which order, and stops.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use arc_swap::ArcSwap;
use dapr_kit::clock::Clock;
use dapr_kit::task::{self, Task};
use dapr_proto::sentry::v1::sign_certificate_request::TokenValidator;
use dapr_security::spiffe::MalformedSpiffeId;
use dapr_telemetry::metrics::Exposition;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::ca::Authority;
use crate::configuration::{Policy, PolicyError};
use crate::core::{Core, OwnCertificateError, State, own_certificate};
use crate::credentials::{LoadError, Store};
use crate::health::{Health, target};
use crate::jwt::TokenSettings;
use crate::kubernetes::{self, Access, ApiError, Client};
use crate::metrics::Metrics;
use crate::oidc::{self, Endpoints};
use crate::settings::{Mode, Settings};
use crate::validator::{Jwks, JwksOptions, Kubernetes, Validator, Validators};
use crate::watch::{look_after, marks};
use crate::{DEFAULT_CONFIGURATION, listen, server};

/// How long a stop may take.
const SHUTDOWN: Duration = Duration::from_secs(6);

/// Why Sentry does not start, or ended by itself.
#[derive(Debug, thiserror::Error)]
pub enum SentryError {
    /// Run as root in Kubernetes.
    #[error(transparent)]
    Root(#[from] dapr_security::RootRefused),
    /// A port is taken.
    #[error("{0}")]
    Listen(#[from] std::io::Error),
    /// No way to the API server.
    #[error("failed to set up the Kubernetes client: {0}")]
    Kubernetes(String),
    /// `--config`
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The credentials.
    #[error("error creating CA: {0}")]
    Credentials(#[from] LoadError),
    /// The server's own certificate.
    #[error(transparent)]
    Own(#[from] OwnCertificateError),
    /// An option of a validator.
    #[error("failed to decode validator options: {0}")]
    Validator(String),
    /// The OIDC server's certificate.
    #[error("error creating OIDC server: {0}")]
    Oidc(String),
    /// An id that cannot be.
    #[error(transparent)]
    Id(#[from] MalformedSpiffeId),
    /// TLS cannot be spoken.
    #[error("TLS: {0}")]
    Tls(#[from] rustls::Error),
}

/// A Sentry that serves. Dropping it ends it at once; [`Sentry::stop`] ends it in order.
pub struct Sentry {
    core: Arc<Core>,
    health: Arc<Health>,
    stop: watch::Sender<bool>,
    grpc: SocketAddr,
    healthz: SocketAddr,
    oidc: Option<SocketAddr>,
    serving: Vec<Task<()>>,
    failures: tokio::sync::mpsc::Receiver<SentryError>,
    _others: Vec<Task<()>>,
}

/// Ports that are bound before anything slow begins.
struct Ports {
    grpc: TcpListener,
    healthz: TcpListener,
    metrics: Option<TcpListener>,
    oidc: Option<TcpListener>,
}

impl Sentry {
    /// Starts: ports → Configuration → credentials → servers.
    ///
    /// # Errors
    /// Something that has to be right is not.
    pub async fn start(settings: Settings, clock: Clock) -> Result<Self, SentryError> {
        let environment = &settings.environment;
        if settings.mode == Mode::Kubernetes {
            let skip = environment.get(dapr_security::SKIP_VARIABLE) == Some("true");
            dapr_security::check_user(dapr_security::Mode::Kubernetes, skip)?;
        }
        let ports = Ports {
            grpc: listen::bind(&settings.grpc)?,
            healthz: listen::bind(&settings.healthz)?,
            metrics: settings.metrics.as_ref().map(listen::bind).transpose()?,
            oidc: settings.oidc.as_ref().map(|oidc| listen::bind(&oidc.listen)).transpose()?,
        };
        let (grpc, healthz) = (ports.grpc.local_addr()?, ports.healthz.local_addr()?);
        let oidc = ports.oidc.as_ref().map(TcpListener::local_addr).transpose()?;
        let (stop, stopping) = watch::channel(false);
        let health = Arc::new(Health::default());
        health.set(target::SERVER, false);
        let mut others = vec![serve_health(ports.healthz, health.clone(), stopping.clone())];
        let metrics = Metrics::new();
        others.extend(serve_metrics(ports.metrics, &metrics, &health));
        let paths = watched(&settings);
        let known = marks(&paths);
        let core = Arc::new(prepare(settings, metrics, clock, &health, &mut others).await?);
        let tls = core.shown.clone().server(b"h2")?;
        let (failed, failures) = tokio::sync::mpsc::channel(1);
        let mut serving = Vec::new();
        tracing::info!(target: "dapr.sentry.server", "Running gRPC server on port {}", grpc.port());
        serving.push(task::spawn("sentry server", server::serve(ports.grpc, tls, core.clone(), stopping.clone())));
        let shown: Arc<Mutex<Option<Arc<crate::tls::Shown>>>> = Arc::default();
        if let Some(listener) = ports.oidc {
            let served = serve_oidc(listener, core.clone(), health.clone(), shown.clone(), stopping);
            serving.push(task::spawn("oidc server", async move {
                if let Err(error) = served.await {
                    let _ = failed.send(error).await;
                }
            }));
        } else {
            tracing::info!(target: "dapr.sentry", "OIDC HTTP server is disabled");
        }
        let tls_files = core.settings.oidc.as_ref().and_then(|oidc| oidc.tls.clone());
        // What changed while we started is seen as a change; what we wrote ourselves is not.
        let known = if core.state.load().generated { marks(&paths) } else { known };
        others.push(task::spawn(
            "sentry watch",
            look_after(core.clone(), paths, known, move || reload_oidc(tls_files.as_ref(), &shown)),
        ));
        health.set(target::SERVER, true);
        Ok(Self { core, health, stop, grpc, healthz, oidc, serving, failures, _others: others })
    }

    /// Where the gRPC server listens.
    pub fn grpc_address(&self) -> SocketAddr {
        self.grpc
    }

    /// Where health is told.
    pub fn healthz_address(&self) -> SocketAddr {
        self.healthz
    }

    /// Where OIDC is served, if it is.
    pub fn oidc_address(&self) -> Option<SocketAddr> {
        self.oidc
    }

    /// The trust anchors of this moment, PEM encoded.
    pub fn trust_anchors(&self) -> String {
        self.core.state.load().authority.trust_anchors()
    }

    /// The metrics, as they are served.
    pub fn metrics(&self) -> Exposition {
        self.core.metrics.exposition.clone()
    }

    /// Waits until a part fails that Sentry cannot do without; for ever if none does.
    pub async fn failure(&mut self) -> SentryError {
        match self.failures.recv().await {
            Some(error) => error,
            None => std::future::pending().await,
        }
    }

    /// Stops accepting, finishes what is in flight, and ends.
    pub async fn stop(self) {
        tracing::info!(target: "dapr.sentry.server", "Shutting down gRPC server");
        self.health.set(target::SERVER, false);
        let _ = self.stop.send(true);
        let ended = async {
            for task in self.serving {
                let _ = task.join().await;
            }
        };
        let _ = tokio::time::timeout(SHUTDOWN, ended).await;
    }
}

/// Everything up to the point where requests can be answered.
async fn prepare(
    settings: Settings,
    metrics: Metrics,
    clock: Clock,
    health: &Arc<Health>,
    others: &mut Vec<Task<()>>,
) -> Result<Core, SentryError> {
    let client = match settings.mode {
        Mode::Standalone => None,
        Mode::Kubernetes => {
            let access = Access::find(settings.kubeconfig.as_deref(), &settings.environment);
            Some(Arc::new(Client::new(access.map_err(SentryError::Kubernetes)?)))
        }
    };
    let policy = match &client {
        None => Policy::of_file(&settings)?,
        Some(client) => policy_of_cluster(client, &settings).await?,
    };
    let validators = validators(&settings, &policy, client.clone(), health, others)?;
    let store = match client {
        None => {
            tracing::info!(target: "dapr.sentry.ca", "Using local file system for trust bundle storage");
            Store::Files
        }
        Some(client) => {
            tracing::info!(target: "dapr.sentry.ca", "Using kubernetes secret store for trust bundle storage");
            Store::Kubernetes(client)
        }
    };
    let tokens = settings.jwt.as_ref().map(|jwt| TokenSettings {
        issuer: jwt.issuer.clone(),
        algorithm: jwt.algorithm,
        key_id: jwt.key_id.clone(),
        ttl: jwt.ttl,
        skew: policy.skew,
    });
    let credentials = store.open(&settings, tokens.as_ref(), policy.skew, clock.now(), true).await?;
    if credentials.generated {
        metrics.changed();
        tracing::info!(target: "dapr.sentry.ca", "Self-signed certs generated and persisted successfully");
    } else {
        tracing::info!(target: "dapr.sentry.ca", "Root and issuer certs found: using credentials from store");
    }
    if let Some(key) = &credentials.token_key {
        tracing::info!(target: "dapr.sentry.ca", "JWT issuing enabled, with the key id {}", key.key_id());
    }
    let authority = Authority::new(credentials.bundle, policy.ttl, policy.skew, clock.clone());
    metrics.expires(authority.bundle.chain[0].not_after);
    let (shown, renew_at) = own_certificate(&authority, &settings)?;
    tracing::info!(target: "dapr.sentry", "CA certificate key pair ready");
    let cluster_domain = cluster_domain(&settings);
    let state = State { authority, token_key: credentials.token_key, generated: credentials.generated };
    let core = Core {
        settings,
        state: ArcSwap::from_pointee(state),
        tokens,
        validators,
        metrics,
        clock,
        cluster_domain,
        shown: Arc::new(shown),
        renew_at: Mutex::new(renew_at),
        store,
        ttl: policy.ttl,
        skew: policy.skew,
    };
    core.remind();
    Ok(core)
}

async fn policy_of_cluster(client: &Client, settings: &Settings) -> Result<Policy, SentryError> {
    let name = if settings.config.is_empty() { DEFAULT_CONFIGURATION } else { &settings.config };
    let namespace = settings.id.namespace();
    let load = |why: String| PolicyError::Load { name: name.to_owned(), why };
    let path = format!("/apis/dapr.io/v1alpha1/namespaces/{namespace}/configurations/{name}");
    let found = client.get_patiently(&path).await.map_err(|error| match error {
        ApiError::NotFound(_) => load("config CRD not found".into()),
        other => load(other.to_string()),
    })?;
    let configuration = dapr_resources::configuration::from_json(found.to_string().as_bytes());
    let configuration = configuration.map_err(|error| load(error.to_string()))?;
    Ok(Policy::new(&configuration.spec.mtls)?)
}

fn validators(
    settings: &Settings,
    policy: &Policy,
    client: Option<Arc<Client>>,
    health: &Arc<Health>,
    others: &mut Vec<Task<()>>,
) -> Result<Validators, SentryError> {
    let mut validators = Validators { by_kind: [].into(), default: None };
    let id = &settings.id;
    if let Some(client) = client {
        tracing::info!(target: "dapr.sentry", "Adding validator 'kubernetes' with Sentry ID: {id}");
        let kubernetes = Arc::new(Kubernetes::new(client, id.clone()));
        health.set(target::KUBERNETES, false);
        others.push(task::spawn("kubernetes validator", kubernetes.clone().watch(health.clone())));
        validators.by_kind.insert(TokenValidator::Kubernetes, Validator::Kubernetes(kubernetes));
        validators.default = Some(TokenValidator::Kubernetes);
    }
    if let Some(options) = &policy.jwks {
        let options = JwksOptions::new(options).map_err(SentryError::Validator)?;
        tracing::info!(target: "dapr.sentry", "Adding validator 'jwks' with Sentry ID: {id}");
        let jwks = Arc::new(Jwks::new(options, id.clone()));
        health.set(target::JWKS, false);
        others.push(task::spawn("jwks validator", jwks.clone().watch(health.clone())));
        validators.by_kind.insert(TokenValidator::Jwks, Validator::Jwks(jwks));
    } else if settings.mode == Mode::Standalone {
        tracing::info!(target: "dapr.sentry", "Adding validator 'insecure'");
        validators.by_kind.insert(TokenValidator::Insecure, Validator::Insecure);
        validators.default = Some(TokenValidator::Insecure);
    }
    Ok(validators)
}

/// Only the names of schedulers in a cluster depend on it.
fn cluster_domain(settings: &Settings) -> String {
    let fallback = || settings.id.trust_domain().to_owned();
    if settings.mode == Mode::Standalone {
        return fallback();
    }
    let found = std::fs::read_to_string("/etc/resolv.conf").ok().and_then(|text| kubernetes::cluster_domain(&text));
    found.unwrap_or_else(|| {
        let fallback = fallback();
        tracing::warn!(
            target: "dapr.sentry",
            "The domain of the cluster is not in /etc/resolv.conf, falling back to {fallback:?}"
        );
        fallback
    })
}

fn serve_health(listener: TcpListener, health: Arc<Health>, stop: watch::Receiver<bool>) -> Task<()> {
    let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
    tracing::info!(target: "dapr.sentry", "Healthz server is listening on port {port}");
    health.set(target::HEALTHZ, true);
    task::spawn("healthz server", listen::http(listener, None, stop, move |request| health.answer(request)))
}

fn serve_metrics(listener: Option<TcpListener>, metrics: &Metrics, health: &Health) -> Option<Task<()>> {
    health.set(target::METRICS, true);
    let listener = listener?;
    let port = listener.local_addr().map(|address| address.port()).unwrap_or_default();
    tracing::info!(target: "dapr.metrics", "metrics server started on :{port}/");
    let served = dapr_telemetry::server::serve(listener, metrics.exposition.clone());
    Some(task::spawn("metrics server", async move {
        if let Err(error) = served.await {
            tracing::error!(target: "dapr.metrics", "the metrics server ended: {error}");
        }
    }))
}

type OidcCertificate = Arc<Mutex<Option<Arc<crate::tls::Shown>>>>;

async fn serve_oidc(
    listener: TcpListener,
    core: Arc<Core>,
    health: Arc<Health>,
    shown: OidcCertificate,
    stop: watch::Receiver<bool>,
) -> Result<(), SentryError> {
    let (Some(settings), Some(tokens)) = (core.settings.oidc.clone(), core.tokens.clone()) else { return Ok(()) };
    health.set(target::OIDC, false);
    let tls = match &settings.tls {
        None => None,
        Some((chain, key)) => {
            let mut stopping = stop.clone();
            let certificate = tokio::select! {
                certificate = oidc::certificate(chain, key) => certificate.map_err(SentryError::Oidc)?,
                _ = stopping.wait_for(|stop| *stop) => return Ok(()),
            };
            *shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(certificate.clone());
            Some(certificate.server(b"http/1.1")?)
        }
    };
    let scheme = if tls.is_some() { "HTTP server" } else { "HTTP server (insecure)" };
    tracing::info!(
        target: "dapr.sentry.server.oidc.http",
        "Starting OIDC {scheme} on {}:{}", settings.listen.0, settings.listen.1
    );
    health.set(target::OIDC, true);
    let endpoints = Endpoints::new(settings, tokens.issuer, tokens.algorithm.to_string());
    listen::http(listener, tls, stop, move |request| endpoints.serve(&core, request)).await;
    Ok(())
}

fn reload_oidc(files: Option<&(PathBuf, PathBuf)>, shown: &OidcCertificate) {
    let shown = shown.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
    if let (Some((chain, key)), Some(shown)) = (files, shown) {
        match oidc::load(chain, key) {
            Ok(new) => shown.replace(&new),
            Err(error) => tracing::error!(
                target: "dapr.sentry.server.oidc.http",
                "The changed certificate cannot be used, so the one in memory stays in use: {error}"
            ),
        }
    }
}

/// The files whose change is a change of credentials.
fn watched(settings: &Settings) -> Vec<PathBuf> {
    let directory = &settings.credentials;
    let mut paths = vec![directory.anchors.clone(), directory.chain.clone(), directory.key.clone()];
    if let Some(jwt) = &settings.jwt {
        paths.extend([jwt.key.clone(), jwt.key_set.clone()]);
    }
    if let Some((chain, key)) = settings.oidc.as_ref().and_then(|oidc| oidc.tls.as_ref()) {
        paths.extend([chain.clone(), key.clone()]);
    }
    paths
}
