//! Which parts of the sidecar are ready: `/v1.0/healthz` and `/v1.0/healthz/outbound`.

pub mod http;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

/// Named targets, each ready or not; and whether outbound calls are possible.
#[derive(Debug, Default)]
pub struct Health {
    targets: Mutex<BTreeMap<&'static str, bool>>,
    outbound: AtomicBool,
}

impl Health {
    /// Adds a target that is not ready yet.
    pub fn expect(&self, target: &'static str) {
        self.set(target, false);
    }

    /// Notes whether a target is ready.
    pub fn set(&self, target: &'static str, ready: bool) {
        self.targets.lock().unwrap_or_else(std::sync::PoisonError::into_inner).insert(target, ready);
    }

    /// Notes that outbound calls are possible: every component is ready, or failed with `ignoreErrors`.
    pub fn set_outbound(&self, ready: bool) {
        self.outbound.store(ready, Ordering::Release);
    }

    /// Whether outbound calls are possible.
    pub fn is_outbound_ready(&self) -> bool {
        self.outbound.load(Ordering::Acquire)
    }

    /// The targets that are not ready, sorted.
    pub fn unready(&self) -> Vec<&'static str> {
        let targets = self.targets.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        targets.iter().filter(|(_, ready)| !**ready).map(|(target, _)| *target).collect()
    }
}
