//! What an input binding needs of others: the application, and stores for what the application wants kept.

use async_trait::async_trait;
use bytes::Bytes;
use dapr_spi::binding::Map;
use dapr_spi::state::SetRequest;
use http::HeaderMap;

/// An event on its way to the application.
#[derive(Clone, Debug)]
pub struct Call {
    /// The binding.
    pub name: String,
    /// The path of an HTTP application, without the slash in front: the binding's `route`, or its name.
    pub route: String,
    /// The payload.
    pub data: Bytes,
    /// Media type of the payload, if the source knows it.
    pub content_type: Option<String>,
    /// What the source says beside it.
    pub metadata: Map,
    /// The trace that the event belongs to.
    pub trace: HeaderMap,
}

/// What an application said to an event.
#[derive(Clone, Debug)]
pub enum Reply {
    /// An HTTP application, whatever the status.
    Http {
        /// 2xx means that the event is processed.
        status: u16,
        /// The whole body.
        body: Bytes,
    },
    /// A gRPC application that did not refuse.
    Grpc(Answer),
}

/// What a gRPC application wants done with its answer.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The payload, for the source and for `to`.
    pub data: Bytes,
    /// Output bindings that get the payload, with the operation `create`.
    pub to: Vec<String>,
    /// All of `to` at once rather than one after another.
    pub is_parallel: bool,
    /// The state store for `states`.
    pub store: String,
    /// What to keep there.
    pub states: Vec<SetRequest>,
}

/// Why the application gave no answer.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{message}")]
pub struct CallFailure {
    /// gRPC code, if the application refused with one.
    pub code: Option<i32>,
    /// What happened.
    pub message: String,
}

/// The application, as input bindings see it.
#[async_trait]
pub trait Application: Send + Sync {
    /// Whether it takes the events of a binding; the caller sets a limit in time.
    ///
    /// # Errors
    /// It gave no answer.
    async fn takes(&self, name: &str, route: &str) -> Result<bool, String>;

    /// Hands an event over.
    ///
    /// # Errors
    /// It gave no answer, or a gRPC application refused.
    async fn deliver(&self, call: Call) -> Result<Reply, CallFailure>;

    /// Whether it speaks gRPC.
    fn is_grpc(&self) -> bool;
}

/// Keeps what an application's answer asks to be kept.
#[async_trait]
pub trait StateKeeper: Send + Sync {
    /// Writes all items.
    ///
    /// # Errors
    /// No such store, or it refused.
    async fn keep(&self, store: &str, items: Vec<SetRequest>) -> Result<(), String>;
}
