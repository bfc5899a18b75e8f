//! The identity of this program over its life: fetched at start, renewed at half of its validity, read by every
//! connection.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use dapr_kit::backoff::Backoff;
use dapr_kit::clock::Clock;
use dapr_kit::task::{self, Task};
use rustls::{ClientConfig, ServerConfig};
use tokio::time::{sleep, timeout};

use crate::LOG;
use crate::bundle::{BundleError, TrustBundle, await_file, watch_file};
use crate::directory::IdentityDirectory;
use crate::identity::Identity;
use crate::jwt::JwtError;
use crate::key::KeyAndRequest;
use crate::live::Live;
use crate::renewal::{Renewal, Step, Validity};
use crate::settings::{Settings, TrustAnchors};
use crate::source::{CertificateSource, Observer, SigningRequest, SourceError};
use crate::spiffe::{MalformedSpiffeId, SpiffeId, is_trust_domain};
use crate::tls::{self, PeerMatch};

/// The longest that one request for a certificate may take; the source has shorter limits of its own.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(60);

/// Identity and TLS settings of this program. Cheap to clone; renewal ends with the last clone.
#[derive(Clone)]
pub struct Security(Arc<Inner>);

struct Inner {
    settings: Settings,
    workload: Option<Workload>,
}

/// What there is when there is an identity.
struct Workload {
    live: Arc<Live>,
    server: Arc<ServerConfig>,
    server_without_client: Arc<ServerConfig>,
    /// Renewal, and the watch over the file of the roots; they stop when this is dropped.
    _tasks: Vec<Task<()>>,
}

/// Why there is no identity. The program does not start then.
#[derive(Debug, thiserror::Error)]
pub enum SecurityError {
    /// Neither environment variable nor file.
    #[error("trust anchors are required: set DAPR_TRUST_ANCHORS to the PEM of Sentry's root certificate")]
    NoTrustAnchors,
    /// They were given and are of no use.
    #[error(transparent)]
    TrustAnchors(#[from] BundleError),
    /// It is empty, or has characters that SPIFFE does not allow.
    #[error("invalid control plane trust domain {0:?}: expected a-z, 0-9, dot, dash and underscore")]
    TrustDomain(String),
    /// The namespace of the control plane cannot stand in a SPIFFE id.
    #[error("failed to parse sentry SPIFFE ID: {0}")]
    SentryId(#[from] MalformedSpiffeId),
    /// Sentry refused, or its answer is of no use.
    #[error("failed to retrieve the initial identity: {0}")]
    InitialIdentity(String),
    /// TLS cannot be set up.
    #[error("failed to set up TLS: {0}")]
    Tls(#[from] rustls::Error),
}

impl Security {
    /// Without identity: servers and clients speak plain text.
    pub fn disabled(settings: Settings) -> Self {
        Self(Arc::new(Inner { settings, workload: None }))
    }

    /// Fetches the first certificate and keeps it fresh from then on; without a need for one this is
    /// [`Security::disabled`]. It waits as long as `source` says that nobody answers, so callers drop it on shutdown.
    ///
    /// # Errors
    /// The settings do not fit together, or Sentry refused.
    pub async fn start(
        settings: Settings,
        source: Arc<dyn CertificateSource>,
        observer: Arc<dyn Observer>,
        clock: Clock,
    ) -> Result<Self, SecurityError> {
        if !is_trust_domain(&settings.control_plane_trust_domain) {
            return Err(SecurityError::TrustDomain(settings.control_plane_trust_domain));
        }
        if !settings.needs_identity() {
            tracing::warn!(target: LOG, "mTLS is disabled. Skipping certificate request and tls validation");
            return Ok(Self::disabled(settings));
        }
        let bundle = match &settings.trust_anchors {
            TrustAnchors::Absent => return Err(SecurityError::NoTrustAnchors),
            TrustAnchors::Inline(pem) => Arc::new(TrustBundle::from_pem(pem)?),
            TrustAnchors::File(path) => await_file(path).await,
        };
        let live = Arc::new(Live::new(bundle, clock));
        let sentry = PeerMatch::Exact(settings.control_plane_id("dapr-sentry")?);
        let renewer = Renewer {
            sentry: Arc::new(tls::client_config(&live, sentry, false)?),
            live: Arc::clone(&live),
            audiences: settings.jwt_audiences.clone(),
            directory: settings.identity_directory.clone().map(IdentityDirectory::new),
            source,
            observer,
        };
        let renewer = Arc::new(renewer);
        let renewal = renewer.first().await?;
        let watched = if let TrustAnchors::File(path) = &settings.trust_anchors { Some(path.clone()) } else { None };
        let mut tasks = Vec::new();
        if let Some(path) = watched {
            let renewer = Arc::clone(&renewer);
            tasks.push(task::spawn("watch trust anchors", async move {
                watch_file(&path, &renewer.live, || renewer.write_directory()).await;
            }));
        }
        tasks.push(task::spawn("renew identity", async move { renewer.run(renewal).await }));
        let server = Arc::new(tls::server_config(&live, true)?);
        let server_without_client = Arc::new(tls::server_config(&live, false)?);
        let workload = Some(Workload { live, server, server_without_client, _tasks: tasks });
        Ok(Self(Arc::new(Inner { settings, workload })))
    }

    /// Whether calls between sidecars are encrypted and authenticated.
    pub fn is_mtls(&self) -> bool {
        self.0.settings.mtls && self.0.workload.is_some()
    }

    /// Who this program is; `None` without identity.
    pub fn id(&self) -> Option<SpiffeId> {
        self.identity().map(|identity| identity.id().clone())
    }

    /// The current certificate; `None` without identity.
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.0.workload.as_ref()?.live.identity.load_full()
    }

    /// The roots that are trusted now; `None` without identity.
    pub fn trust_bundle(&self) -> Option<Arc<TrustBundle>> {
        Some(self.0.workload.as_ref()?.live.bundle.load_full())
    }

    #[cfg(test)]
    pub(crate) fn live_for_tests(&self) -> Arc<Live> {
        Arc::clone(&self.0.workload.as_ref().expect("an identity").live)
    }

    /// What it was started with.
    pub fn settings(&self) -> &Settings {
        &self.0.settings
    }

    /// TLS for a server of other sidecars: a client must show a certificate of any workload below the trusted roots,
    /// which [`crate::peer_identity`] then tells. `None` means plain text: mTLS is off.
    pub fn server_config(&self) -> Option<Arc<ServerConfig>> {
        self.0.workload.as_ref().filter(|_| self.is_mtls()).map(|workload| Arc::clone(&workload.server))
    }

    /// TLS for a server whose clients have no certificate: Sentry, webhooks. `None` without identity.
    pub fn server_config_without_client_certificates(&self) -> Option<Arc<ServerConfig>> {
        self.0.workload.as_ref().map(|workload| Arc::clone(&workload.server_without_client))
    }

    /// Mutual TLS towards one app or service; make it once per peer and keep it, it stays current. `None` means plain
    /// text. To another app that is so when mTLS is off; to the control plane ([`PeerMatch::Exact`]) only without
    /// identity, since in Kubernetes the control plane asks for a certificate even when mTLS is off.
    ///
    /// Connect with [`crate::server_name`] as the name.
    ///
    /// # Errors
    /// TLS cannot be set up, which the same settings did before.
    pub fn client_config(&self, peer: PeerMatch) -> Result<Option<Arc<ClientConfig>>, SecurityError> {
        let Some(workload) = &self.0.workload else { return Ok(None) };
        if matches!(peer, PeerMatch::App { .. }) && !self.is_mtls() {
            return Ok(None);
        }
        Ok(Some(Arc::new(tls::client_config(&workload.live, peer, true)?)))
    }

    /// The same for a service of the control plane, such as `dapr-operator`.
    ///
    /// # Errors
    /// As [`Security::client_config`].
    pub fn control_plane_client_config(&self, service: &str) -> Result<Option<Arc<ClientConfig>>, SecurityError> {
        self.client_config(PeerMatch::Exact(self.0.settings.control_plane_id(service)?))
    }

    /// A token that tells an audience who this program is. It comes from the last renewal; nothing is fetched here.
    ///
    /// # Errors
    /// There is none for that audience.
    pub fn jwt(&self, audience: &str) -> Result<String, JwtError> {
        if audience.is_empty() {
            return Err(JwtError::NoAudience);
        }
        let identity = self.identity().ok_or(JwtError::Disabled)?;
        let jwt = identity.audience_jwts.get(audience).or(identity.jwt.as_ref()).ok_or(JwtError::None)?;
        if !jwt.is_for(audience) {
            let (expected, actual) = (audience.to_owned(), jwt.audiences().join(", "));
            return Err(JwtError::OtherAudience { expected, actual });
        }
        Ok(jwt.token().to_owned())
    }
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Security").field("mtls", &self.is_mtls()).field("id", &self.id()).finish_non_exhaustive()
    }
}

/// Fetches certificates and puts them into the snapshot.
struct Renewer {
    source: Arc<dyn CertificateSource>,
    observer: Arc<dyn Observer>,
    live: Arc<Live>,
    sentry: Arc<ClientConfig>,
    audiences: Vec<String>,
    directory: Option<IdentityDirectory>,
}

impl Renewer {
    /// The first certificate, for which a Sentry that is not up yet is waited for.
    async fn first(&self) -> Result<Renewal, SecurityError> {
        tracing::info!(target: LOG, "Fetching initial identity");
        let mut backoff = Backoff::new(Duration::from_secs(1), Duration::from_secs(10));
        let renewal = loop {
            match self.fetch().await {
                Ok(renewal) => break renewal,
                Err(error) if error.unreachable => {
                    let delay = backoff.next_delay();
                    let seconds = delay.as_secs_f32();
                    tracing::warn!(target: LOG, "Waiting for Sentry, trying again in {seconds:.1} seconds: {error}");
                    sleep(delay).await;
                }
                Err(error) => {
                    self.observer.initialization_failed(error.reason);
                    return Err(SecurityError::InitialIdentity(error.message));
                }
            }
        };
        self.observer.initialized();
        tracing::info!(target: LOG, "Security is initialized successfully");
        Ok(renewal)
    }

    async fn run(&self, mut renewal: Renewal) {
        self.say("Starting workload identity expiry watcher", Some(&renewal));
        loop {
            if let Step::Wait(wait) = renewal.step(self.now()) {
                sleep(wait).await;
                continue;
            }
            self.say("Renewing workload identity", None);
            match self.fetch().await {
                Ok(next) => {
                    renewal = next;
                    self.observer.renewed();
                    self.say("Successfully renewed workload identity", Some(&renewal));
                }
                Err(error) => {
                    self.observer.renewal_failed(error.reason);
                    renewal.failed(self.now());
                    tracing::error!(target: LOG, "Error renewing identity, trying again in 10 seconds: {error}");
                }
            }
        }
    }

    /// A new key, a certificate for it, and both into the snapshot.
    async fn fetch(&self) -> Result<Renewal, SourceError> {
        let failed = |reason, message| SourceError { reason, unreachable: false, message };
        let made = KeyAndRequest::generate().map_err(|error| failed("csr", error.to_string()))?;
        let request = SigningRequest { request_pem: made.request_pem.clone(), tls: Arc::clone(&self.sentry) };
        let signed = timeout(REQUEST_TIMEOUT, self.source.sign(request)).await.unwrap_or_else(|_| {
            let message = "sentry did not answer within 60 seconds".to_owned();
            Err(SourceError { reason: "sign", unreachable: true, message })
        })?;
        let identity = Identity::new(made, signed, &self.audiences, &self.live.provider)
            .map_err(|error| failed(error.reason(), error.to_string()))?;
        let identity = Arc::new(identity);
        if let Some(directory) = &self.directory {
            directory
                .write(&identity, &self.live.bundle.load())
                .map_err(|error| failed("write", format!("failed to write the identity directory: {error}")))?;
        }
        self.observer.valid_until(identity.leaf.not_after / 1_000);
        let validity = Validity {
            not_before: identity.leaf.not_before,
            not_after: identity.leaf.not_after,
            jwt_not_after: identity.jwt_not_after(),
        };
        self.live.identity.store(Some(identity));
        Ok(Renewal::new(self.now(), validity))
    }

    /// After the roots changed.
    fn write_directory(&self) {
        let (Some(directory), Some(identity)) = (&self.directory, self.live.identity.load_full()) else { return };
        if let Err(error) = directory.write(&identity, &self.live.bundle.load()) {
            tracing::error!(target: LOG, "Failed to write the identity directory: {error}");
        }
    }

    fn now(&self) -> i64 {
        self.live.clock.now_milliseconds()
    }

    fn say(&self, what: &str, renewal: Option<&Renewal>) {
        let Some(identity) = self.live.identity.load_full() else { return };
        let jwt = identity.jwt.as_ref().map(|jwt| format!(", jwt expires on: {}", calendar(jwt.not_after())));
        let renewal = renewal.map(|renewal| format!(", renewal at: {}", calendar(renewal.due())));
        let until = calendar(identity.leaf.not_after);
        let (jwt, renewal) = (jwt.unwrap_or_default(), renewal.unwrap_or_default());
        tracing::info!(target: LOG, "{what}; cert expires on: {until}{jwt}{renewal}");
    }
}

fn calendar(milliseconds: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_millisecond(milliseconds).unwrap_or(jiff::Timestamp::MAX)
}
