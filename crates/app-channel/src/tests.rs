//! Calls of real servers in this process.

mod grpc;
mod health;
mod http;
mod limit;
mod pipeline;
mod server;
mod speed;
mod streaming;

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use dapr_net::{Body, BoxError};
use dapr_spi::app_channel::{Answer, AppChannel, CallError, Invoke};
use dapr_telemetry::metrics::{Metrics, MetricsConfig};
use http_body::Frame;
use http_body_util::StreamBody;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::{App, Protocol, Settings};

/// What a test waits at most for something that must happen.
const PATIENCE: Duration = Duration::from_secs(20);

fn settings(protocol: Protocol, port: u16) -> Settings {
    Settings {
        protocol,
        address: "127.0.0.1".to_owned(),
        port,
        token: Some("secret".to_owned()),
        max_concurrency: -1,
        max_body_size: 1 << 20,
        health: None,
        pipeline: Vec::new(),
        metrics: Metrics::new(&MetricsConfig::default()).unwrap(),
    }
}

fn app(protocol: Protocol, port: u16) -> Arc<App> {
    Arc::new(App::new(settings(protocol, port)).unwrap())
}

fn request(method: &str, path: &str, body: Body) -> Request<Body> {
    Request::builder().method(method).uri(path).body(body).unwrap()
}

fn call(request: Request<Body>) -> Invoke {
    Invoke { request, type_url: String::new(), from_grpc: false }
}

/// What must come to an end.
async fn soon<F: Future>(future: F) -> F::Output {
    timeout(PATIENCE, future).await.expect("it takes too long")
}

/// The answer of an HTTP application.
async fn invoke(app: &App, request: Request<Body>) -> Result<Response<Body>, CallError> {
    match soon(app.invoke(call(request))).await? {
        Answer::Http(response) => Ok(response),
        other => panic!("not an HTTP answer: {other:?}"),
    }
}

async fn get(app: &App, path: &str) -> Result<Response<Body>, CallError> {
    invoke(app, request("GET", path, Body::empty())).await
}

async fn text(response: Response<Body>) -> String {
    let bytes = soon(response.into_body().collect(1 << 30)).await.unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A body whose frames come from elsewhere.
fn piped() -> (mpsc::Sender<Result<Frame<Bytes>, BoxError>>, Body) {
    let (sender, receiver) = mpsc::channel(1);
    let frames = futures_util::stream::unfold(receiver, |mut receiver| async move {
        let frame: Result<Frame<Bytes>, BoxError> = receiver.recv().await?;
        Some((frame, receiver))
    });
    (sender, Body::stream(StreamBody::new(Box::pin(frames))))
}

/// A body of one piece whose length nobody knows.
fn streamed(text: &'static str) -> Body {
    let frame = Ok::<_, BoxError>(Frame::data(Bytes::from_static(text.as_bytes())));
    Body::stream(StreamBody::new(futures_util::stream::iter([frame])))
}
