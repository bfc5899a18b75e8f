//! The secrets building block: finds a store, applies the Configuration's
//! scopes, and chooses the error. No value is ever logged.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
use dapr_errors::{Error, Result, table};
use dapr_kit::slots::{Found, Slots};
use dapr_resources::configuration::SecretsScope;
use dapr_spi::secret_store::{Secret, SecretStore};
use dapr_telemetry::metrics::Metrics;

/// All secret stores of a sidecar.
pub struct SecretStores {
    slots: Slots<Arc<dyn SecretStore>>,
    scopes: ArcSwap<HashMap<String, SecretsScope>>,
    metrics: Metrics,
}

impl SecretStores {
    /// No stores yet; `scopes` are those of the Configuration's `spec.secrets`.
    pub fn new(scopes: &[SecretsScope], metrics: Metrics) -> Self {
        Self { slots: Slots::default(), scopes: ArcSwap::from_pointee(by_store(scopes)), metrics }
    }

    /// From now on these scopes decide what may be read.
    pub fn set_scopes(&self, scopes: &[SecretsScope]) {
        self.scopes.store(Arc::new(by_store(scopes)));
    }

    /// Adds or replaces a store.
    pub fn insert(&self, name: &str, store: Arc<dyn SecretStore>) {
        self.slots.insert(name, store);
    }

    /// Notes that a store exists but cannot be used, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.slots.set_unready(name, why);
    }

    /// Forgets a store.
    pub fn remove(&self, name: &str) {
        self.slots.remove(name);
    }

    /// Stores that the Configuration scopes but no Component defines.
    pub fn unmatched_scopes(&self) -> Vec<String> {
        let is_missing = |name: &&String| matches!(self.slots.find(name), Found::Unknown | Found::Empty);
        self.scopes.load().keys().filter(is_missing).cloned().collect()
    }

    /// The store itself, for the runtime, which resolves `secretKeyRef` without regard to scopes.
    pub fn component(&self, name: &str) -> Option<Arc<dyn SecretStore>> {
        match self.slots.find(name) {
            Found::Ready(store) => Some(store),
            _ => None,
        }
    }

    fn find(&self, name: &str, missing: &dyn Fn(&str) -> Error) -> Result<Arc<dyn SecretStore>> {
        match self.slots.find(name) {
            Found::Ready(store) => Ok(store),
            Found::Unready(why) => Err(missing(&why)),
            Found::Empty => Err(Error::new(&table::SECRET_STORES_NOT_CONFIGURED, &[])),
            Found::Unknown => Err(Error::new(&table::SECRET_STORE_NOT_FOUND, &[&name])),
        }
    }

    fn is_allowed(&self, store: &str, key: &str) -> bool {
        self.scopes.load().get(store).is_none_or(|scope| scope.allows(key))
    }

    /// Reads one secret.
    ///
    /// # Errors
    /// No such store, not allowed, or the store has no such secret.
    pub async fn get(&self, store: &str, key: &str, metadata: &HashMap<String, String>) -> Result<Secret> {
        let error = |cause: &str| Error::new(&table::SECRET_GET, &[&key, &store, &cause]);
        let component = self.find(store, &error)?;
        if !self.is_allowed(store, key) {
            return Err(Error::new(&table::SECRET_PERMISSION_DENIED, &[&key, &store]));
        }
        let started = Instant::now();
        let secret = component.get(key, metadata).await;
        self.metrics.secret.record(store, "get", secret.is_ok(), started.elapsed());
        secret.map_err(|failure| error(&failure.to_string()))
    }

    /// Reads all secrets that the scopes allow.
    ///
    /// # Errors
    /// No such store, or the store failed.
    pub async fn bulk_get(&self, store: &str, metadata: &HashMap<String, String>) -> Result<HashMap<String, Secret>> {
        let error = |cause: &str| Error::new(&table::SECRET_BULK_GET, &[&store, &cause]);
        let component = self.find(store, &error)?;
        let started = Instant::now();
        let secrets = component.bulk_get(metadata).await;
        self.metrics.secret.record(store, "bulk_get", secrets.is_ok(), started.elapsed());
        let mut secrets = secrets.map_err(|failure| error(&failure.to_string()))?;
        secrets.retain(|key, _| self.is_allowed(store, key));
        Ok(secrets)
    }
}

fn by_store(scopes: &[SecretsScope]) -> HashMap<String, SecretsScope> {
    scopes.iter().map(|scope| (scope.store_name.clone(), scope.clone())).collect()
}
