//! Name resolution: from the id of an app to the addresses of its sidecars.

use std::time::Duration;

use async_trait::async_trait;

use crate::Result;

/// A sidecar, as it makes itself known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Instance {
    /// The app it serves.
    pub app_id: String,
    /// Its namespace; empty where there is none.
    pub namespace: String,
    /// Host address that other sidecars reach it at.
    pub address: String,
    /// Port of its internal gRPC server.
    pub port: u16,
    /// Port of its HTTP API; some registries publish it.
    pub http_port: u16,
    /// Port of its gRPC API; some registries publish it.
    pub grpc_port: u16,
    /// Port of its metrics; zero when it has none.
    pub metrics_port: u16,
    /// Port of its profiling server; zero when it has none.
    pub profile_port: u16,
    /// Port of the app; zero when it has none.
    pub app_port: u16,
    /// Path that probes of the app ask, when they are on.
    pub app_health_path: Option<String>,
}

/// Which app is looked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Query {
    /// The app.
    pub app_id: String,
    /// Its namespace; the caller's own when a call names none.
    pub namespace: String,
    /// The call names none: where nothing of that namespace is registered, registries of one machine or one network
    /// may answer with the app of another, as the incumbent's default registry, which knows none, does.
    pub any_namespace: bool,
    /// Port of internal gRPC servers, for registries that know only hosts (Kubernetes).
    pub port: u16,
}

/// A registry of sidecars.
///
/// Callers cache: [`NameResolver::resolve`] is never on the path of a call whose app is known.
#[async_trait]
pub trait NameResolver: Send + Sync {
    /// Makes a sidecar known, until [`NameResolver::close`].
    ///
    /// # Errors
    /// The registry could not be reached.
    async fn register(&self, instance: &Instance) -> Result<()>;

    /// All addresses (`host:port`, IPv6 hosts in brackets) of an app's sidecars; a host may be a name that DNS knows,
    /// with an address for each replica. None when the app is not known.
    ///
    /// # Errors
    /// The registry could not be asked.
    async fn resolve(&self, query: &Query) -> Result<Vec<String>>;

    /// How long an answer may be used before it is asked for again, off the path of calls.
    fn lifetime(&self) -> Duration {
        Duration::from_secs(20)
    }

    /// Whether the registry holds sidecars of this machine only, so that one that listens everywhere is best registered
    /// with a loopback address: it outlives a change of networks.
    fn same_machine(&self) -> bool {
        false
    }

    /// What a user should check when an app is not found, as a sentence.
    fn hint(&self) -> &'static str;

    /// Takes the sidecar out of the registry and ends background work; no call follows.
    async fn close(&self) {}
}
