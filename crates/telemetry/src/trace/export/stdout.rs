//! Spans as lines of the log.

use std::sync::Arc;
use std::time::SystemTime;

use crate::otlp::{Export, Failure};
use crate::trace::context::hex_text;
use crate::trace::span::Finished;

pub(super) struct Exporter;

impl Export<Arc<Finished>> for Exporter {
    fn target(&self) -> &str {
        "the log"
    }

    async fn export(&mut self, batch: &[Arc<Finished>]) -> Result<u64, Failure> {
        for span in batch {
            tracing::info!(
                target: "dapr.runtime.trace",
                "[{}] Trace: {} Span: {}/{} Time: [{} -> {}] Attributes: {}{}",
                span.name,
                hex_text(&span.context.trace_id()),
                hex_text(&span.parent),
                hex_text(&span.context.span_id()),
                time(span.started),
                time(span.ended),
                attributes(span),
                span.error.as_deref().map(|error| format!(" Error: {error}")).unwrap_or_default()
            );
        }
        Ok(0)
    }
}

fn time(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time).unwrap_or_default().to_string()
}

fn attributes(span: &Finished) -> String {
    let pairs: Vec<_> = span.attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
    format!("[{}]", pairs.join(" "))
}
