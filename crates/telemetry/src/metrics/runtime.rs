//! `runtime/component/*`: how components came up.

use std::fmt;
use std::sync::Arc;

use super::family::Family;
use super::registry::{Builder, Fixed, Handles};
use super::value::Counter;

/// At which step a component failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InitFailure {
    /// Its type is unknown or its metadata is wrong.
    Creation,
    /// It could not reach what it needs.
    Init,
}

impl InitFailure {
    fn as_str(self) -> &'static str {
        match self {
            InitFailure::Creation => "creation",
            InitFailure::Init => "init",
        }
    }
}

impl fmt::Display for InitFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Loading and initialisation of components.
pub struct ComponentInit {
    loaded: Arc<Family<Counter, 0>>,
    completed: Arc<Family<Counter, 1>>,
    failed: Arc<Family<Counter, 3>>,
    loaded_handles: Handles<Arc<Counter>, 0>,
    completed_handles: Handles<Arc<Counter>, 1>,
    failed_handles: Handles<Arc<Counter>, 3>,
}

impl ComponentInit {
    pub(super) fn new(builder: &mut Builder<'_>) -> Self {
        ComponentInit {
            loaded: builder.counter("runtime/component/loaded", "Components loaded.", Fixed::AppId, []),
            completed: builder.counter(
                "runtime/component/init_total",
                "Components initialised.",
                Fixed::AppId,
                ["component"],
            ),
            failed: builder.counter(
                "runtime/component/init_fail_total",
                "Components that failed to initialise.",
                Fixed::AppId,
                ["component", "reason", "componentName"],
            ),
            loaded_handles: builder.handles(),
            completed_handles: builder.handles(),
            failed_handles: builder.handles(),
        }
    }

    /// A component's resource was read and accepted.
    pub fn loaded(&self) {
        self.loaded_handles.record([], || self.loaded.resolve([]), |count| count.increment());
    }

    /// A component of type `component` (`state.redis`) is ready.
    pub fn initialized(&self, component: &str) {
        let labels = [component];
        self.completed_handles.record(labels, || self.completed.resolve(labels), |count| count.increment());
    }

    /// The component `name` of type `component` did not come up.
    pub fn failed(&self, component: &str, reason: InitFailure, name: &str) {
        let labels = [component, reason.as_str(), name];
        self.failed_handles.record(labels, || self.failed.resolve(labels), |count| count.increment());
    }
}
