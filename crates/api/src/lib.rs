//! The public API of a sidecar: HTTP and gRPC edges over the building blocks.
//!
//! An edge decodes, calls one operation of an engine, and encodes; neither edge
//! chooses a status ([`dapr_errors`] does) nor knows a component. Each building
//! block has a folder with `http.rs` and `grpc.rs`; [`routes`] lists every path.

pub mod access;
mod bindings;
mod crypto;
pub mod grpc;
pub mod health;
pub mod http;
mod invocation;
mod json;
pub mod listen;
pub mod metadata;
pub mod pipeline;
mod pubsub;
pub mod routes;
mod secrets;
mod shutdown;
mod state;
mod token;

use std::sync::Arc;

use dapr_bindings::Bindings;
use dapr_crypto::Providers;
use dapr_invocation::Invocation;
use dapr_pubsub::{Brokers, Outbox, Publisher, Subscriptions};
use dapr_secrets::SecretStores;
use dapr_state::Stores;
use dapr_telemetry::metrics::Metrics;
use dapr_telemetry::trace::Tracer;

pub use access::AccessRules;
pub use health::Health;
pub use metadata::Registry as MetadataRegistry;
pub use pipeline::Pipeline;
pub use shutdown::{ShutdownKind, ShutdownSender};
pub use state::grpc::set_request;
pub use token::Token;

/// Everything an operation may reach. One per runtime; both edges share it.
pub struct Api {
    /// The app that the sidecar serves.
    pub app_id: String,
    /// State stores.
    pub state: Arc<Stores>,
    /// Secret stores.
    pub secrets: Arc<SecretStores>,
    /// Message brokers.
    pub pubsub: Arc<Brokers>,
    /// Publishing to them.
    pub publisher: Arc<Publisher>,
    /// Transactions that publish what they write.
    pub outbox: Arc<Outbox>,
    /// What the application is called for, and its streams.
    pub subscriptions: Arc<Subscriptions>,
    /// Bindings.
    pub bindings: Arc<Bindings>,
    /// Vaults of keys.
    pub crypto: Arc<Providers>,
    /// Service invocation.
    pub invocation: Arc<Invocation>,
    /// HTTP middleware around the API: `spec.httpPipeline`.
    pub pipeline: Pipeline,
    /// Where traces begin.
    pub tracer: Tracer,
    /// What `GET /v1.0/metadata` tells.
    pub metadata: Arc<MetadataRegistry>,
    /// Which parts are ready.
    pub health: Arc<Health>,
    /// Asks the process to stop.
    pub shutdown: ShutdownSender,
    /// Metrics of both edges.
    pub metrics: Metrics,
    /// How the edges behave.
    pub options: Options,
}

/// How the edges behave.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Requests must carry it, except health checks.
    pub token: Option<Token>,
    /// Largest request body in bytes; `None` for no limit.
    pub max_body_size: Option<usize>,
    /// Largest header block in bytes.
    pub read_buffer_size: usize,
    /// `--allowed-origins`; empty switches CORS off.
    pub allowed_origins: String,
    /// Which API calls are logged.
    pub logging: Logging,
    /// Configuration `spec.api`.
    pub access: AccessRules,
    /// HTTP/2 without TLS on the HTTP port.
    pub h2c: bool,
}

/// Which API calls are logged.
#[derive(Clone, Copy, Debug, Default)]
pub struct Logging {
    /// A line for each call.
    pub enabled: bool,
    /// Names of endpoints instead of paths.
    pub obfuscate_urls: bool,
    /// No line for health checks.
    pub omit_health_checks: bool,
}
