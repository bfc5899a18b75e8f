//! Service invocation: finding an app, calling its sidecar, deciding who may call.
//!
//! [`Invocation`] has three ways in: [`Invocation::invoke`] for a call of the local application's, from either edge of
//! the API; [`Invocation::proxy`] for gRPC calls that pass through; [`Invocation::serve`] for calls that other sidecars
//! make. Bodies stream; only a call that a policy may repeat is kept, up to the size limit of bodies.

pub mod access_control;
mod call;
mod endpoints;
mod frames;
mod invoke;
pub mod method_path;
mod names;
mod peer;
mod pieces;
mod proxy;
mod remote;
mod replay;
mod serve;
mod target;
#[cfg(test)]
mod tests;
mod wire;

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arc_swap::ArcSwapOption;
use dapr_resiliency::Provider;
use dapr_security::SpiffeId;
use dapr_spi::app_channel::AppChannel;
use dapr_spi::name_resolver::{NameResolver, Query};
use dapr_telemetry::metrics::{CallKind, Metrics};
use dapr_telemetry::trace::Tracer;
use http::header::{HeaderName, HeaderValue};
use tonic::Status;

pub use access_control::AccessControl;
pub use call::{Answer, AnswerStatus, Call};
pub use endpoints::{EndpointSettings, Endpoints, InvalidEndpoint};
pub use method_path::MethodPath;
use names::Names;
pub use names::Securing;

/// Tells a callee who calls.
pub(crate) const CALLER_APP_ID: HeaderName = HeaderName::from_static("dapr-caller-app-id");
pub(crate) const CALLER_NAMESPACE: HeaderName = HeaderName::from_static("dapr-caller-namespace");
/// The app that is called.
pub(crate) const CALLEE_APP_ID: HeaderName = HeaderName::from_static("dapr-callee-app-id");

/// What a sidecar's service invocation is made of.
pub struct Settings {
    /// The app that the sidecar serves.
    pub app_id: String,
    /// Its namespace.
    pub namespace: String,
    /// Port of the internal gRPC server, where registries tell only hosts.
    pub port: u16,
    /// Largest message, in bytes, and largest body that is kept for a second attempt.
    pub max_body_size: Option<usize>,
    /// Address of this host, for `X-Forwarded-For`; empty when it has none.
    pub host_address: String,
    /// Name of this host, for `X-Forwarded-Host`.
    pub host_name: String,
    /// Who may call the application; none for everybody.
    pub access_control: Option<AccessControl>,
    /// Timeouts, retries and circuit breakers.
    pub resiliency: Provider,
    /// Where calls are counted.
    pub metrics: Metrics,
    /// Where traces begin.
    pub tracer: Tracer,
}

/// Service invocation of one sidecar.
pub struct Invocation {
    settings: Settings,
    own_app_id: HeaderValue,
    own: invoke::Own,
    /// Set once their secrets are resolved, and again by a reload.
    endpoints: ArcSwapOption<Endpoints>,
    /// None lets everybody call.
    access_control: ArcSwapOption<AccessControl>,
    /// Set once the registry has started.
    names: OnceLock<Arc<Names>>,
    /// Set when there is an application.
    app: OnceLock<Arc<dyn AppChannel>>,
}

impl Invocation {
    /// Service invocation that knows no registry and no application yet.
    pub fn new(mut settings: Settings) -> Self {
        let access_control = ArcSwapOption::from(settings.access_control.take().map(Arc::new));
        let header = |text: &str| HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("unknown"));
        Self {
            own_app_id: header(&settings.app_id),
            own: invoke::Own::new(&settings),
            settings,
            endpoints: ArcSwapOption::empty(),
            access_control,
            names: OnceLock::new(),
            app: OnceLock::new(),
        }
    }

    /// Apps are looked up here from now on; `securing` says how a connection to one is secured.
    pub fn set_resolver(&self, resolver: Arc<dyn NameResolver>, securing: Securing) {
        let _ = self.names.set(Arc::new(Names::new(resolver, securing)));
    }

    /// Calls to this sidecar's app go here from now on.
    pub fn set_app(&self, app: Arc<dyn AppChannel>) {
        let _ = self.app.set(app);
    }

    /// These HTTPEndpoint resources are called from now on. A call under way ends with those it began with.
    pub fn set_endpoints(&self, endpoints: Endpoints) {
        self.endpoints.store(Some(Arc::new(endpoints)));
    }

    /// These rules decide who may call from now on; none let everybody call.
    pub fn set_access_control(&self, rules: Option<AccessControl>) {
        self.access_control.store(rules.map(Arc::new));
    }

    pub(crate) fn endpoints(&self) -> Result<Arc<Endpoints>, Status> {
        self.endpoints.load_full().ok_or_else(|| Status::unavailable("HTTPEndpoints are not ready"))
    }

    pub(crate) fn is_endpoint(&self, name: &str) -> bool {
        self.endpoints.load().as_ref().is_some_and(|endpoints| endpoints.contains(name))
    }

    /// Takes the sidecar out of the registry.
    pub async fn close(&self) {
        if let Some(names) = self.names.get() {
            names.close().await;
        }
    }

    pub(crate) fn app_id(&self) -> &str {
        &self.settings.app_id
    }

    pub(crate) fn own_app_id(&self) -> &HeaderValue {
        &self.own_app_id
    }

    pub(crate) fn resiliency(&self) -> &Provider {
        &self.settings.resiliency
    }

    pub(crate) fn tracer(&self) -> &Tracer {
        &self.settings.tracer
    }

    pub(crate) fn app_channel(&self) -> Option<&Arc<dyn AppChannel>> {
        self.app.get()
    }

    pub(crate) fn names(&self) -> Result<&Arc<Names>, Status> {
        self.names.get().ok_or_else(|| Status::unavailable("name resolver not initialized"))
    }

    pub(crate) fn query(&self, app_id: &str, namespace: &str, is_named: bool) -> Query {
        let (app_id, namespace) = (app_id.to_owned(), namespace.to_owned());
        Query { app_id, namespace, any_namespace: !is_named, port: self.settings.port }
    }

    /// Largest message in bytes.
    pub(crate) fn max_message(&self) -> usize {
        self.settings.max_body_size.unwrap_or(usize::MAX)
    }

    /// Decides whether a caller may call a method of the local application.
    pub(crate) fn check(
        &self,
        caller: Option<&SpiffeId>,
        path: &MethodPath,
        protocol: access_control::Protocol<'_>,
    ) -> Result<(), Status> {
        let rules = self.access_control.load();
        let Some(rules) = &*rules else { return Ok(()) };
        let decision = rules.check(caller, path, protocol);
        decision.record(&self.settings.metrics);
        if decision.allowed { Ok(()) } else { Err(Status::permission_denied(decision.message())) }
    }

    pub(crate) fn request_sent(&self, app_id: &str, is_stream: bool) {
        let kind = if is_stream { CallKind::Streaming } else { CallKind::Unary };
        self.settings.metrics.service_invocation.request_sent(app_id, kind);
    }

    pub(crate) fn response_received(&self, app_id: &str, code: i32, latency: Duration, is_stream: bool) {
        let metrics = &self.settings.metrics.service_invocation;
        if is_stream {
            metrics.stream_ended(app_id, code);
        } else {
            metrics.response_received(app_id, code, latency);
        }
    }

    pub(crate) fn received(&self, caller: &str) {
        self.settings.metrics.service_invocation.request_received(caller);
    }

    pub(crate) fn sent(&self, caller: &str, answer: &Answer) {
        self.settings.metrics.service_invocation.response_sent(caller, answer.status.code());
    }
}
