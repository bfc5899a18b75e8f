//! An HTTP application that tells what it was asked.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use dapr_kit::task::{self, Task};
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// What it was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Asked {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// What it answers.
#[derive(Clone)]
pub(crate) struct Answer {
    status: StatusCode,
    body: String,
    /// The status of each entry of a bulk delivery.
    entries: Option<fn(&Value) -> &'static str>,
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status, self.body)
    }
}

impl Answer {
    pub(crate) fn ok() -> Self {
        Self::json("")
    }

    pub(crate) fn json(body: &str) -> Self {
        Self { status: StatusCode::OK, body: body.to_owned(), entries: None }
    }

    pub(crate) fn status(status: StatusCode) -> Self {
        Self { status, ..Self::ok() }
    }

    pub(crate) fn statuses(entries: fn(&Value) -> &'static str) -> Self {
        Self { entries: Some(entries), ..Self::ok() }
    }

    fn body(&self, asked: &Asked) -> String {
        let Some(status) = self.entries else { return self.body.clone() };
        let statuses: Vec<Value> = asked.json()["entries"]
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| json!({"entryId": entry["entryId"], "status": status(entry)}))
            .collect();
        json!({ "statuses": statuses }).to_string()
    }
}

type Answers = Arc<dyn Fn(&str, usize) -> Answer + Send + Sync>;

/// An application that ends when it is dropped.
pub(crate) struct Application {
    pub(crate) port: u16,
    counts: Arc<Counts>,
    asked: tokio::sync::Mutex<mpsc::UnboundedReceiver<Asked>>,
    _accepting: Task<()>,
}

#[derive(Default)]
struct Counts {
    by_path: Mutex<std::collections::HashMap<String, usize>>,
    seen: AtomicUsize,
    running: AtomicUsize,
    most: AtomicUsize,
}

impl Application {
    /// Answers by path, and by how often that was asked before.
    pub(crate) async fn start(answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::serve(None, Duration::ZERO, Arc::new(answer)).await
    }

    /// Needs this long for each answer.
    pub(crate) async fn slow(pause: Duration) -> Self {
        Self::serve(None, pause, Arc::new(|_, _| Answer::ok())).await
    }

    /// Answers this when it is asked what it subscribes to.
    pub(crate) async fn subscribing(
        subscriptions: &Value,
        answer: impl Fn(&str, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self::serve(Some(subscriptions.to_string()), Duration::ZERO, Arc::new(answer)).await
    }

    async fn serve(subscriptions: Option<String>, pause: Duration, answer: Answers) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (sender, asked) = mpsc::unbounded_channel();
        let counts = Arc::new(Counts::default());
        let shared = counts.clone();
        let accepting = task::spawn("application", async move {
            let mut connections = Vec::new();
            while let Ok((stream, _)) = listener.accept().await {
                let (subscriptions, answer) = (subscriptions.clone(), answer.clone());
                let (sender, counts) = (sender.clone(), shared.clone());
                let service = service_fn(move |request: Request<Incoming>| {
                    let (subscriptions, answer) = (subscriptions.clone(), answer.clone());
                    let (sender, counts) = (sender.clone(), counts.clone());
                    async move {
                        if request.uri().path() == "/dapr/subscribe" {
                            return Ok(respond(
                                &subscriptions
                                    .map_or_else(|| Answer::status(StatusCode::NOT_FOUND), |list| Answer::json(&list)),
                            ));
                        }
                        let asked = read(request).await?;
                        let running = counts.running.fetch_add(1, Ordering::SeqCst) + 1;
                        counts.most.fetch_max(running, Ordering::SeqCst);
                        let before = {
                            let mut by_path = counts.by_path.lock().unwrap();
                            let count = by_path.entry(asked.path.clone()).or_default();
                            *count += 1;
                            *count - 1
                        };
                        tokio::time::sleep(pause).await;
                        let mut given = answer(&asked.path, before);
                        given.body = given.body(&asked);
                        counts.running.fetch_sub(1, Ordering::SeqCst);
                        counts.seen.fetch_add(1, Ordering::SeqCst);
                        let _ = sender.send(asked);
                        Ok::<_, hyper::Error>(respond(&given))
                    }
                });
                let serving =
                    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                connections.push(task::spawn("connection", async move { drop(serving.await) }));
            }
        });
        Self { port, counts, asked: tokio::sync::Mutex::new(asked), _accepting: accepting }
    }

    /// Waits for the next requests.
    pub(crate) async fn requests(&self, count: usize) -> Vec<Asked> {
        let mut asked = self.asked.lock().await;
        let mut requests = Vec::new();
        while requests.len() < count {
            match timeout(Duration::from_secs(20), asked.recv()).await {
                Ok(Some(request)) => requests.push(request),
                _ => panic!("{} of {count} requests came: {requests:?}", requests.len()),
            }
        }
        requests
    }

    /// Requests that were answered.
    pub(crate) fn seen(&self) -> usize {
        self.counts.seen.load(Ordering::SeqCst)
    }

    /// The most requests at a time.
    pub(crate) fn most_at_once(&self) -> usize {
        self.counts.most.load(Ordering::SeqCst)
    }
}

async fn read(request: Request<Incoming>) -> Result<Asked, hyper::Error> {
    let (parts, body) = request.into_parts();
    Ok(Asked {
        method: parts.method.to_string(),
        path: parts.uri.to_string(),
        headers: parts.headers,
        body: body.collect().await?.to_bytes(),
    })
}

fn respond(answer: &Answer) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(answer.body.clone())));
    *response.status_mut() = answer.status;
    response
}
