//! All bindings of a sidecar, found by name.

use std::sync::Arc;

use dapr_kit::slots::Slots;
use dapr_spi::binding::Binding;

/// Bindings by name.
#[derive(Default)]
pub struct Bindings(Slots<Arc<dyn Binding>>);

impl Bindings {
    /// Adds or replaces a binding.
    pub fn insert(&self, name: &str, binding: Arc<dyn Binding>) {
        self.0.insert(name, binding);
    }

    /// Notes that a binding exists but cannot be used, and why.
    pub fn set_unready(&self, name: &str, why: &str) {
        self.0.set_unready(name, why);
    }

    /// Forgets a binding.
    pub fn remove(&self, name: &str) {
        self.0.remove(name);
    }
}
