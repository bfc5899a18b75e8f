//! HTTP middleware: links of the chain around the API (`spec.httpPipeline`) or around calls to the application
//! (`spec.appHttpPipeline`).

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use async_trait::async_trait;
use dapr_net::Body;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};

/// A request whose body streams. Its URI has the path as it came, still escaped, and the query.
pub type Request = http::Request<Body>;

/// An answer whose body streams.
pub type Response = http::Response<Body>;

/// Where a request came from: the other end of the connection. The server puts it into the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// A link's own answer: a status and one line of plain text.
pub fn answer(status: StatusCode, text: impl Into<String>) -> Response {
    let mut response = Response::new(Body::full(text.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    response
}

/// An [`answer`] whose text is the status's name: `Unauthorized`.
pub fn answer_status(status: StatusCode) -> Response {
    answer(status, status.canonical_reason().unwrap_or_default())
}

/// What answers a request: the rest of the chain.
pub type ResponseFuture<'a> = Pin<Box<dyn Future<Output = Response> + Send + 'a>>;

/// The end of a chain: the router of the API, or the application.
pub trait Handler: Send + Sync {
    /// Answers a request.
    fn handle(&self, request: Request) -> ResponseFuture<'_>;
}

/// A closure as the end of a chain.
pub struct FromFn<F>(pub F);

impl<F, A> Handler for FromFn<F>
where
    F: Fn(Request) -> A + Send + Sync,
    A: Future<Output = Response> + Send + 'static,
{
    fn handle(&self, request: Request) -> ResponseFuture<'_> {
        Box::pin((self.0)(request))
    }
}

/// The rest of a chain.
#[derive(Clone, Copy)]
pub struct Next<'a> {
    rest: &'a [Arc<dyn HttpMiddleware>],
    end: &'a dyn Handler,
}

impl<'a> Next<'a> {
    /// A whole chain: `links` from the outside in, then `end`.
    pub fn new(links: &'a [Arc<dyn HttpMiddleware>], end: &'a dyn Handler) -> Self {
        Self { rest: links, end }
    }

    /// Passes a request on.
    pub fn run(self, request: Request) -> ResponseFuture<'a> {
        match self.rest.split_first() {
            Some((link, rest)) => {
                let next = Next { rest, end: self.end };
                Box::pin(async move { link.handle(request, next).await })
            }
            None => self.end.handle(request),
        }
    }
}

/// One link of a chain.
#[async_trait]
pub trait HttpMiddleware: Send + Sync {
    /// Answers a request itself, or passes it on, changed or not, and may change the answer on its way back.
    ///
    /// Nothing of a body may be held beyond a bound: read it whole only where the job needs it, and answer 413 when it
    /// is longer.
    async fn handle(&self, request: Request, next: Next<'_>) -> Response;

    /// Ends background work; no call follows.
    async fn close(&self) {}
}
