//! HTTP middleware around the API.

use std::sync::Arc;

use arc_swap::ArcSwap;
use dapr_spi::http_middleware::HttpMiddleware;

/// The links of `spec.httpPipeline`, from the outside in.
pub struct Pipeline(ArcSwap<State>);

/// Whether requests may pass.
#[derive(Clone)]
pub(crate) enum State {
    /// The Configuration names no middleware.
    Absent,
    /// Its components are starting. Nothing may pass: a link could be there to keep strangers out.
    Starting,
    /// Requests pass these.
    Ready(Arc<[Arc<dyn HttpMiddleware>]>),
}

impl Pipeline {
    /// A pipeline that lets nothing pass until [`Pipeline::set`], or, without `handlers`, one that is not there.
    pub fn new(handlers: usize) -> Self {
        Self(ArcSwap::from_pointee(if handlers == 0 { State::Absent } else { State::Starting }))
    }

    /// Requests pass these links from now on.
    pub fn set(&self, links: Vec<Arc<dyn HttpMiddleware>>) {
        self.0.store(Arc::new(if links.is_empty() { State::Absent } else { State::Ready(links.into()) }));
    }

    pub(crate) fn state(&self) -> State {
        State::clone(&self.0.load())
    }
}
