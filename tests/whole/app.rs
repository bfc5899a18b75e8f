//! An application of a test, in its own process: HTTP/1.1 and HTTP/2 on one port.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dapr_kit::task::{self, Task};
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt as _, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::TcpListener;

use crate::client::Answer;

/// The body of an answer, or of a request that a test sends piece by piece.
pub(crate) type Body = UnsyncBoxBody<Bytes, Infallible>;

/// A body that is there as a whole.
pub(crate) fn whole(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).boxed_unsync()
}

/// An answer without headers.
pub(crate) fn answer(status: u16, bytes: impl Into<Bytes>) -> Response<Body> {
    let mut response = Response::new(whole(bytes));
    *response.status_mut() = StatusCode::from_u16(status).expect("a status");
    response
}

/// What an application saw of a call.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) verb: String,
    /// Path and query.
    pub(crate) path: String,
    /// Its headers and its body.
    pub(crate) rest: Answer,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.rest.header(name)
    }
}

/// A running application. Dropping it closes its port.
pub(crate) struct App {
    pub(crate) port: u16,
    seen: Arc<Mutex<Vec<Seen>>>,
    _server: Task<()>,
}

impl App {
    /// Starts an application that reads each request to its end, remembers it, and answers as `respond` says.
    pub(crate) async fn new(respond: impl Fn(&Seen) -> Response<Body> + Send + Sync + 'static) -> Self {
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let (memory, respond) = (seen.clone(), Arc::new(respond));
        let mut app = Self::streaming(move |request| {
            let (memory, respond) = (memory.clone(), respond.clone());
            async move {
                let (parts, body) = request.into_parts();
                let Ok(body) = body.collect().await else { return answer(400, "the body broke off") };
                let seen = Seen {
                    verb: parts.method.to_string(),
                    path: parts.uri.path_and_query().map_or_else(String::new, ToString::to_string),
                    rest: Answer { status: StatusCode::OK, headers: parts.headers, body: body.to_bytes() },
                };
                let response = respond(&seen);
                memory.lock().unwrap_or_else(PoisonError::into_inner).push(seen);
                response
            }
        })
        .await;
        app.seen = seen;
        app
    }

    /// Starts an application that does with a request what it likes. It has neither settings nor subscriptions for its
    /// sidecar.
    pub(crate) async fn streaming<F, R>(handle: F) -> Self
    where
        F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
        R: Future<Output = Response<Body>> + Send + 'static,
    {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, crate::machine::port())).await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        let handle = Arc::new(handle);
        let server = task::spawn("test app", async move {
            let mut connections = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                let handle = handle.clone();
                let service = service_fn(move |request: Request<Incoming>| {
                    let is_about_it = request.uri().path().starts_with("/dapr/");
                    let answered = (!is_about_it).then(|| handle(request));
                    async move {
                        let Some(answered) = answered else { return Ok(answer(404, "")) };
                        Ok::<_, Infallible>(answered.await)
                    }
                });
                connections.retain(|connection: &Task<()>| !connection.is_finished());
                connections.push(task::spawn("test app connection", async move {
                    let _ =
                        auto::Builder::new(TokioExecutor::new()).serve_connection(TokioIo::new(stream), service).await;
                }));
            }
        });
        Self { port, seen: Arc::default(), _server: server }
    }

    /// The calls so far, in order.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The latest call.
    pub(crate) fn last(&self) -> Seen {
        self.seen().pop().expect("the application was called")
    }

    /// How many calls of a path there were.
    pub(crate) fn calls(&self, path: &str) -> usize {
        self.seen().iter().filter(|seen| seen.path == path).count()
    }
}
