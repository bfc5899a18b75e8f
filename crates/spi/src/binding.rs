//! Bindings: events from the outside to the application (input), and calls from the application to the outside (output).

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use crate::Result;

/// Names and values beside the data.
pub type Map = HashMap<String, String>;

/// What a binding hands to the application.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Event {
    /// The payload; may be empty.
    pub data: Bytes,
    /// What the source says about it.
    pub metadata: Map,
    /// Media type of the payload, if the source knows it.
    pub content_type: Option<String>,
}

/// Takes an event to the application and returns what it answered, which may be nothing. An error means that the event
/// was not processed: a source that can repeats it.
pub type Handler = Arc<dyn Fn(Event) -> Pin<Box<dyn Future<Output = Result<Option<Bytes>>> + Send>> + Send + Sync>;

/// A source that is being read.
#[async_trait]
pub trait Reading: Send + Sync {
    /// Takes nothing new from the source, and returns when the events at hand are settled.
    async fn close(self: Box<Self>);
}

/// A source of events.
#[async_trait]
pub trait InputBinding: Send + Sync {
    /// Gives events to `handler` until the returned value is closed. A source that is away is reconnected to in the
    /// background, without end.
    ///
    /// # Errors
    /// The source refused, or cannot be reached now.
    async fn read(&self, handler: Handler) -> Result<Box<dyn Reading>>;
}

/// What an output binding is asked to do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvokeRequest {
    /// One of [`OutputBinding::operations`].
    pub operation: String,
    /// The payload; may be empty.
    pub data: Bytes,
    /// What the operation needs to know beside it.
    pub metadata: Map,
}

/// What an output binding answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InvokeResponse {
    /// The payload; `None` when the operation has none.
    pub data: Option<Bytes>,
    /// What the target says beside it.
    pub metadata: Map,
    /// Media type of the payload, if the target tells.
    pub content_type: Option<String>,
}

/// A failed call of an output binding; what the target said beside it is passed on to the application.
#[derive(Debug)]
pub struct Failure {
    /// Why.
    pub error: crate::Error,
    /// As in [`InvokeResponse`].
    pub metadata: Map,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.error.fmt(f)
    }
}

impl From<crate::Error> for Failure {
    fn from(error: crate::Error) -> Self {
        Self { error, metadata: Map::new() }
    }
}

/// A target of calls.
#[async_trait]
pub trait OutputBinding: Send + Sync {
    /// What it can do; constant over its life.
    fn operations(&self) -> &[String];

    /// Does one operation.
    ///
    /// # Errors
    /// It was not done, or it is not known whether it was; the message says which.
    async fn invoke(&self, request: InvokeRequest) -> Result<InvokeResponse, Failure>;
}

/// A binding: a source, a target, or both over one connection.
#[async_trait]
pub trait Binding: Send + Sync {
    /// The source, if it is one.
    fn input(&self) -> Option<&dyn InputBinding> {
        None
    }

    /// The target, if it is one.
    fn output(&self) -> Option<&dyn OutputBinding> {
        None
    }

    /// Ends background work and connections; no call follows.
    async fn close(&self) {}
}
