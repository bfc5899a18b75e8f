//! An application in this process that answers every call with what it was sent, over HTTP and gRPC on one port.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use bytes::Bytes;
use dapr_kit::task::{Task, spawn};
use futures_util::future::ready;
use futures_util::{StreamExt as _, TryStreamExt as _, stream};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body::Frame;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, BodyStream, Full, StreamBody};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

/// What the application saw: method, path and query of the call.
pub(crate) const SEEN: HeaderName = HeaderName::from_static("x-seen");
/// Bytes of one piece of an endless answer.
const PIECE: usize = 64 << 10;

type Body = UnsyncBoxBody<Bytes, anyhow::Error>;

/// A running application. Dropping it closes its port and all connections at once, as the end of a process does.
///
/// | Path | Answer |
/// |---|---|
/// | `/wait/<milliseconds>` | after that time: the query |
/// | `/never` | none |
/// | `/cut` | none: the connection ends |
/// | `/cut-half` | a head that promises 1,000 bytes, 10 of them, the end of the connection |
/// | `/endless` | as much as is read |
/// | anything else | the request's body, as it comes |
pub(crate) struct Echo {
    pub(crate) port: u16,
    pub(crate) calls: Arc<AtomicU64>,
    task: Task<()>,
}

impl Echo {
    /// Listens on a port of loopback.
    ///
    /// # Panics
    /// The port is taken.
    pub(crate) async fn start(port: u16) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", port)).await.expect("the port of the application");
        let calls = Arc::<AtomicU64>::default();
        Self { port, calls: calls.clone(), task: spawn("an application", accept(listener, calls)) }
    }

    /// Ends, and returns once the port is free again.
    pub(crate) async fn stop(self) {
        self.task.abort();
        let _ = self.task.join().await;
    }
}

async fn accept(listener: TcpListener, calls: Arc<AtomicU64>) {
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, _)) => { connections.spawn(serve(stream, calls.clone())); }
                Err(_) => sleep(Duration::from_millis(10)).await,
            },
            Some(_) = connections.join_next() => {}
        }
    }
}

async fn serve(stream: TcpStream, calls: Arc<AtomicU64>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        calls.fetch_add(1, Ordering::Relaxed);
        answer(request)
    });
    let mut server = auto::Builder::new(TokioExecutor::new());
    server.http2().max_concurrent_streams(20_000);
    let _ = server.serve_connection(TokioIo::new(stream), service).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>> {
    let is_grpc =
        request.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/grpc"));
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let seen = format!("{} {}", request.method(), request.uri().path_and_query().map_or("", |path| path.as_str()));
    let mut response = match path.split('/').nth(1).unwrap_or_default() {
        _ if is_grpc => return Ok(grpc(request)),
        "wait" => {
            let pause = path.rsplit('/').next().and_then(|text| text.parse().ok()).unwrap_or_default();
            sleep(Duration::from_millis(pause)).await;
            Response::new(full(query))
        }
        "never" => std::future::pending().await,
        "cut" => bail!("no answer"),
        "cut-half" => {
            let pieces = [Ok(Frame::data(Bytes::from_static(b"0123456789"))), Err(anyhow::anyhow!("the end"))];
            let mut response = Response::new(StreamBody::new(stream::iter(pieces)).boxed_unsync());
            response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from_static("1000"));
            response
        }
        "endless" => {
            let piece = Bytes::from(vec![b'x'; PIECE]);
            let pieces = stream::repeat_with(move || Ok(Frame::data(piece.clone())));
            Response::new(StreamBody::new(pieces).boxed_unsync())
        }
        _ => Response::new(request.into_body().map_err(anyhow::Error::from).boxed_unsync()),
    };
    response.headers_mut().insert(SEEN, HeaderValue::from_str(&seen)?);
    Ok(response)
}

/// The messages of any service come back as they are, and then the status.
fn grpc(request: Request<Incoming>) -> Response<Body> {
    let trailers = HeaderMap::from_iter([(HeaderName::from_static("grpc-status"), HeaderValue::from_static("0"))]);
    // An empty piece that is not the last one is what attackers send: HTTP/2 libraries end connections for it.
    let pieces = BodyStream::new(request.into_body().map_err(anyhow::Error::from));
    let pieces = pieces.try_filter(|piece| ready(piece.data_ref().is_none_or(|data| !data.is_empty())));
    let body = StreamBody::new(pieces).with_trailers(async { Some(Ok(trailers)) });
    let mut response = Response::new(body.boxed_unsync());
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/grpc"));
    response
}

fn full(body: impl Into<Bytes>) -> Body {
    Full::new(body.into()).map_err(|error: Infallible| match error {}).boxed_unsync()
}

/// A server that takes connections and says nothing.
pub(crate) async fn silent() -> (u16, Task<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("its address").port();
    let task = spawn("a silent server", async move {
        let accepted = stream::unfold(listener, |listener| async { Some((listener.accept().await.ok(), listener)) });
        // Kept, so that none of them closes.
        let _: Vec<_> = accepted.collect().await;
    });
    (port, task)
}
