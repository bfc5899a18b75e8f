//! Finished spans on their way out: a bounded queue and a task per exporter.

use std::time::Duration;

use super::config::{TraceConfig, TraceError};
use super::span::Finished;

/// All exporters of one tracer.
pub(super) struct Sinks {}

impl Sinks {
    /// `None` when the configuration names no exporter.
    pub(super) fn start(
        _config: &TraceConfig,
        _service: &str,
        _variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, TraceError> {
        Ok(None)
    }

    pub(super) fn send(&self, _span: Finished) {}

    pub(super) async fn stop(&self, _deadline: Duration) {}

    pub(super) fn dropped(&self) -> u64 {
        0
    }
}
