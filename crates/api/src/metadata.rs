//! What the sidecar tells of itself, and what others attach to it.

pub mod grpc;
pub mod http;

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use dapr_errors::{Error, Result, table};

/// What is told of placement while no actor runtime is connected to it.
const NO_PLACEMENT: &str = "placement: disconnected";

/// Attached values at most, so that a loop of `PUT /v1.0/metadata/…` cannot fill the memory.
const MAX_EXTENDED: usize = 256;

/// Name of the attached value that repeats the version, kept for older clients.
const VERSION_KEY: &str = "daprRuntimeVersion";

/// What is known when a sidecar starts.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// `--app-id`.
    pub app_id: String,
    /// Version of the sidecar.
    pub version: String,
    /// Features that the Configuration enables.
    pub enabled_features: Vec<String>,
    /// How the app is reached.
    pub app: AppConnection,
    /// HTTPEndpoint resources at the start.
    pub http_endpoints: Vec<String>,
    /// Resiliency resources at the start.
    pub resiliencies: Vec<String>,
}

/// How the app is reached.
#[derive(Clone, Debug, Default)]
pub struct AppConnection {
    /// `--app-port`, zero when there is none.
    pub port: u16,
    /// `--app-protocol`.
    pub protocol: String,
    /// `--app-channel-address`.
    pub channel_address: String,
    /// `--app-max-concurrency`, zero for no limit.
    pub max_concurrency: i32,
    /// Health probes, when switched on.
    pub health: Option<AppHealth>,
}

/// Health probes of the app.
#[derive(Clone, Debug, Default)]
pub struct AppHealth {
    /// Path that is asked; empty for gRPC.
    pub path: String,
    /// Time between probes, as Go prints it.
    pub interval: String,
    /// Time a probe may take, as Go prints it.
    pub timeout: String,
    /// Failures in a row that make the app unhealthy.
    pub threshold: i32,
}

/// A component and how it is doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ComponentStatus {
    /// `metadata.name`.
    pub name: String,
    /// `spec.type`.
    pub kind: String,
    /// `spec.version`.
    pub version: String,
    /// What it can do; empty until it is ready.
    pub capabilities: Vec<&'static str>,
    /// `starting`, `ready`, `degraded` or `failed`.
    pub status: &'static str,
    /// Why it is degraded or failed.
    pub message: String,
}

impl ComponentStatus {
    /// Whether calls can be made to it: it is open. Others have no place in a list of what is loaded.
    pub fn is_loaded(&self) -> bool {
        matches!(self.status, "ready" | "degraded")
    }
}

/// The sidecar's facts, its components and the attached values.
#[derive(Debug, Default)]
pub struct Registry {
    facts: Facts,
    components: Mutex<Vec<ComponentStatus>>,
    http_endpoints: Mutex<Vec<String>>,
    resiliencies: Mutex<Vec<String>>,
    extended: Mutex<BTreeMap<String, String>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Registry {
    /// A registry without components.
    pub fn new(mut facts: Facts) -> Self {
        let http_endpoints = Mutex::new(std::mem::take(&mut facts.http_endpoints));
        let resiliencies = Mutex::new(std::mem::take(&mut facts.resiliencies));
        Self { facts, http_endpoints, resiliencies, ..Self::default() }
    }

    /// What does not change.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// Adds a component, or replaces the one of that name.
    pub fn set_component(&self, status: ComponentStatus) {
        let mut components = lock(&self.components);
        match components.iter_mut().find(|known| known.name == status.name) {
            Some(known) => *known = status,
            None => components.push(status),
        }
    }

    /// Forgets a component.
    pub fn remove_component(&self, name: &str) {
        lock(&self.components).retain(|known| known.name != name);
    }

    /// All components, in the order they were loaded.
    pub fn components(&self) -> Vec<ComponentStatus> {
        lock(&self.components).clone()
    }

    /// Names of the HTTPEndpoint resources.
    pub fn http_endpoints(&self) -> Vec<String> {
        lock(&self.http_endpoints).clone()
    }

    /// These are the HTTPEndpoint resources from now on.
    pub fn set_http_endpoints(&self, names: Vec<String>) {
        *lock(&self.http_endpoints) = names;
    }

    /// Names of the Resiliency resources.
    pub fn resiliencies(&self) -> Vec<String> {
        lock(&self.resiliencies).clone()
    }

    /// These are the Resiliency resources from now on.
    pub fn set_resiliencies(&self, names: Vec<String>) {
        *lock(&self.resiliencies) = names;
    }

    /// Attaches a value; an empty name is passed over.
    ///
    /// # Errors
    /// There are too many values already.
    pub fn set_extended(&self, key: String, value: String) -> Result<()> {
        let mut extended = lock(&self.extended);
        if !key.is_empty() {
            if extended.len() >= MAX_EXTENDED && !extended.contains_key(&key) {
                let cause = format!("the sidecar holds {MAX_EXTENDED} metadata values already");
                return Err(Error::new(&table::BAD_REQUEST, &[&cause]));
            }
            extended.insert(key, value);
        }
        Ok(())
    }

    /// The attached values, and the version.
    pub fn extended(&self) -> BTreeMap<String, String> {
        let mut extended = lock(&self.extended).clone();
        extended.insert(VERSION_KEY.to_owned(), self.facts.version.clone());
        extended
    }
}
