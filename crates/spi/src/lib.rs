//! What a component implements.
//!
//! One small trait per building block, plain data around it, and a typed
//! factory: [`Factory::validate`] is pure, only [`Factory::init`] may touch the
//! network. Engines know these traits and never a component's name; components
//! know these traits and never each other. Nothing here changes often: an edit
//! rebuilds every component.

#![warn(missing_docs)]

pub mod app_channel;
pub mod binding;
pub mod crypto;
pub mod error;
pub mod http_middleware;
pub mod metadata;
pub mod name_resolver;
pub mod pubsub;
pub mod registry;
pub mod secret_store;
pub mod state;

use std::sync::Arc;

use async_trait::async_trait;
pub use dapr_spi_derive::Metadata;
pub use error::{Error, ErrorKind, Result};

/// What a component is told about where it runs.
#[derive(Clone, Debug, Default)]
pub struct Context {
    /// `metadata.name` of the Component resource.
    pub name: String,
    /// The app that the sidecar serves.
    pub app_id: String,
    /// Namespace of the app; empty where there is none.
    pub namespace: String,
    /// Wall-clock time, injected by tests.
    pub clock: dapr_kit::clock::Clock,
}

/// Builds one kind of component.
///
/// `validate` is pure, so that a resource can be checked without starting anything.
#[async_trait]
pub trait Factory: Send + Sync + 'static {
    /// The declared fields, filled by the framework.
    type Metadata: metadata::Metadata + Send;
    /// Checked settings, ready for `init`.
    type Valid: Clone + Send + Sync + 'static;
    /// What is built: `dyn state::StateStore` and the like.
    type Component: ?Sized + Send + Sync + 'static;

    /// Checks what single fields cannot say: combinations, formats, files named twice.
    ///
    /// # Errors
    /// Which field is wrong and what it should be.
    fn validate(metadata: Self::Metadata) -> Result<Self::Valid>;

    /// Opens the component: connects, creates tables, starts background work.
    ///
    /// Called again with the same settings after a failure, so it must leave nothing behind when it fails.
    ///
    /// # Errors
    /// Why the component cannot be used.
    async fn init(valid: Self::Valid, context: Context) -> Result<Arc<Self::Component>>;
}
