//! HTTP middleware by name, and the pipelines made of it.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dapr_resources::configuration::Pipeline;
use dapr_spi::http_middleware::HttpMiddleware;

/// Every opened middleware component.
#[derive(Default)]
pub(crate) struct Links {
    opened: Mutex<HashMap<String, Opened>>,
    changes: AtomicU64,
}

struct Opened {
    kind: String,
    link: Arc<dyn HttpMiddleware>,
}

impl Links {
    pub(super) fn insert(&self, name: &str, kind: &str, link: Arc<dyn HttpMiddleware>) {
        let opened = Opened { kind: kind.to_ascii_lowercase(), link };
        self.lock().insert(name.to_owned(), opened);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn remove(&self, name: &str) {
        self.lock().remove(name);
        self.changes.fetch_add(1, Ordering::Relaxed);
    }

    /// How often one came or went: a pipeline that was made before the last time is old.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Relaxed)
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Opened>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The links of a pipeline, from the outside in. A handler without a component is reported and left out, as the
    /// incumbent has it.
    pub(crate) fn pipeline(&self, field: &str, pipeline: &Pipeline) -> Vec<Arc<dyn HttpMiddleware>> {
        let opened = self.lock();
        let mut links = Vec::new();
        for handler in &pipeline.handlers {
            match opened.get(&handler.name) {
                Some(found) if found.kind == handler.handler_type.to_ascii_lowercase() => {
                    links.push(found.link.clone())
                }
                Some(found) => tracing::error!(
                    target: "dapr.runtime",
                    "couldn't find middleware component with name {} and type {}/{}: the component of that name is a \
                     {}; {field} goes without it",
                    handler.name, handler.handler_type, handler.version, found.kind
                ),
                None => tracing::error!(
                    target: "dapr.runtime",
                    "couldn't find middleware component with name {} and type {}/{}: no such component is ready; \
                     {field} goes without it",
                    handler.name, handler.handler_type, handler.version
                ),
            }
        }
        links
    }
}
