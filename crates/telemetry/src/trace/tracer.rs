//! Starts spans.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::header::HeaderMap;

use super::about::HttpRequest;
use super::config::{TraceConfig, TraceError};
use super::context::Context;
use super::export::Sinks;
use super::sampler::Sampler;
use super::span::{Begin, Kind, Span};

/// Calls to a path with this in it are not traced.
const HEALTH: &str = "/healthz";
const INTERNAL: &str = "/dapr.proto.internals.";
const TASK_HUB: &str = "/TaskHubSidecarService";

/// The tracing of one runtime. Cheap to clone; a reload makes a fresh one.
#[derive(Clone, Default)]
pub struct Tracer(Option<Arc<Inner>>);

struct Inner {
    sampler: Sampler,
    /// `None` when there is no exporter: then nothing is recorded, though contexts are made.
    sinks: Option<Arc<Sinks>>,
    /// Contexts are neither made nor changed: what comes in is passed on, also that nothing came in, which
    /// applications are told by a context of zeros. So it is when nobody asked for traces.
    passes: bool,
}

impl Tracer {
    /// Never starts a span.
    pub const OFF: Tracer = Tracer(None);

    /// Starts the exporters of `config`, each in a task of its own. `service` is the app id: the default of
    /// the resource's `service.name`. `variable` looks into the process environment, for the resource and
    /// the limits of the queue; call [`TraceConfig::apply_environment`] before for the rest.
    ///
    /// Must be called inside a Tokio runtime, unless there is no exporter. A collector that is not there is
    /// no error: spans wait for it within the queue's bounds.
    ///
    /// # Errors
    /// An address or a protocol that cannot be meant.
    pub fn new(
        config: &TraceConfig,
        service: &str,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Self, TraceError> {
        let sampler = Sampler::of(&config.sampling_rate);
        if !sampler.is_on() {
            return Ok(Self::OFF);
        }
        let sinks = Sinks::start(config, service, variable)?.map(Arc::new);
        let passes = sinks.is_none() && config.sampling_rate.is_empty();
        Ok(Tracer(Some(Arc::new(Inner { sampler, sinks, passes }))))
    }

    #[cfg(test)]
    pub(super) fn with_sinks(rate: &str, sinks: Option<Sinks>) -> Self {
        Tracer(Some(Arc::new(Inner { sampler: Sampler::of(rate), sinks: sinks.map(Arc::new), passes: false })))
    }

    /// False when the sampling rate is 0.
    pub fn is_on(&self) -> bool {
        self.0.is_some()
    }

    /// What decides which traces are recorded; `None` when tracing is off.
    pub fn sampler(&self) -> Option<Sampler> {
        self.0.as_ref().map(|inner| inner.sampler)
    }

    /// Begins a span. With a parent it is of the parent's trace and sampled as that is; without one the
    /// sampler decides. `name` is copied only if the span is recorded.
    pub fn start(&self, kind: Kind, name: &str, parent: Option<&Context>) -> Span {
        self.begin(kind, name, parent, false)
    }

    /// Begins the span of a request to the HTTP API, child of what its headers say: with its `dapr-` headers
    /// and what [`HttpRequest`] holds as attributes. Off for health checks. [`Span::end_http`] also sets
    /// `dapr.status_code`.
    pub fn start_http(&self, request: &HttpRequest<'_>) -> Span {
        if !self.is_on() || request.path.contains(HEALTH) {
            return Span::OFF;
        }
        let parent = Context::from_http(request.headers);
        let span = self.begin(Kind::Client, request.path, parent.as_ref(), true);
        if span.is_recording() {
            span.copy_headers(request.headers, false);
            request.describe(&span);
        }
        span
    }

    /// Begins the span of a gRPC call to this process, child of what its metadata say. `method` is the full
    /// one (`/package.Service/Method`), which also names the span; internal and workflow services make
    /// server spans, all others client spans.
    pub fn start_grpc(&self, method: &str, metadata: &HeaderMap) -> Span {
        if !self.is_on() {
            return Span::OFF;
        }
        let is_server = method.starts_with(INTERNAL) || method.starts_with(TASK_HUB);
        let span = self.child_of_grpc(if is_server { Kind::Server } else { Kind::Client }, method, metadata);
        if span.is_recording() {
            span.set("dapr.protocol", "grpc");
            span.set("dapr.api", method.to_owned());
        }
        span
    }

    /// Begins the span of a proxied gRPC call: a server span where the called application is, a client span
    /// where the call begins.
    pub fn start_grpc_proxy(&self, method: &str, is_callee: bool, metadata: &HeaderMap) -> Span {
        if !self.is_on() {
            return Span::OFF;
        }
        self.child_of_grpc(if is_callee { Kind::Server } else { Kind::Client }, method, metadata)
    }

    fn child_of_grpc(&self, kind: Kind, method: &str, metadata: &HeaderMap) -> Span {
        let parent = Context::from_grpc(metadata);
        let span = self.begin(kind, method, parent.as_ref(), false);
        if span.is_recording() {
            span.copy_headers(metadata, true);
        }
        span
    }

    fn begin(&self, kind: Kind, name: &str, parent: Option<&Context>, records_http_status: bool) -> Span {
        let Some(inner) = &self.0 else { return Span::OFF };
        let mut context = parent.cloned().unwrap_or_default();
        let has_parent = context.is_valid();
        if inner.passes {
            return Span::unsampled(if has_parent { context } else { Context::default() });
        }
        let parent = context.span_id;
        while context.trace_id == [0; 16] {
            context.trace_id = fastrand::u128(..).to_be_bytes();
        }
        loop {
            context.span_id = fastrand::u64(..).to_be_bytes();
            if context.span_id != [0; 8] {
                break;
            }
        }
        if !has_parent {
            context.set_sampled(inner.sampler.samples(context.trace_id));
        }
        match &inner.sinks {
            Some(sinks) if context.is_sampled() => {
                Span::recording(Begin { context, parent, kind, name, records_http_status }, sinks.clone())
            }
            _ => Span::unsampled(context),
        }
    }

    /// Sends what is queued and stops the exporters, within `deadline`; what is left then is lost. Spans that
    /// end later are dropped.
    pub async fn stop(&self, deadline: Duration) {
        if let Some(sinks) = self.0.as_ref().and_then(|inner| inner.sinks.as_ref()) {
            sinks.stop(deadline).await;
        }
    }

    /// Spans that were not exported: the queue was full, or the collector did not take them.
    pub fn dropped(&self) -> u64 {
        self.0.as_ref().and_then(|inner| inner.sinks.as_ref()).map_or(0, |sinks| sinks.dropped())
    }
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.sampler() {
            None => f.write_str("Tracer(off)"),
            Some(sampler) => write!(f, "Tracer({sampler})"),
        }
    }
}
