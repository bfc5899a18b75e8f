//! Bodies on their way: each piece passes when it comes, and nothing is kept.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dapr_kit::task::{self, Task};
use futures_util::{StreamExt as _, stream};
use http::{Method, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt as _, StreamBody};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc};
use tokio::time::timeout;

use crate::app::{App, Body, answer, whole};
use crate::daprd::Daprd;
use crate::mesh::Mesh;

const PIECE: usize = 64 << 10;
/// What passes in `make test`; more with the environment variable `STREAM_MEGABYTES`.
const MEGABYTES: usize = 256;
/// What the sidecars may take more than before the upload.
const SLACK: u64 = 24 << 20;
const PATIENCE: Duration = Duration::from_secs(60);

/// A body of the pieces that come out of a channel.
fn pieces() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, receiver) = mpsc::channel(4);
    let frames = stream::unfold(receiver, async |mut receiver: mpsc::Receiver<Bytes>| {
        receiver.recv().await.map(|bytes| (Ok(Frame::data(bytes)), receiver))
    });
    (sender, StreamBody::new(frames).boxed_unsync())
}

/// A connection, and what keeps it going: dropping that closes it.
async fn connect(port: u16) -> (http1::SendRequest<Body>, Task<hyper::Result<()>>) {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.expect("the API");
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("HTTP");
    (sender, task::spawn("test connection", connection))
}

fn request(method: &Method, path: &str, body: Body) -> Request<Body> {
    let uri = format!("/v1.0/invoke/shop/method/{path}");
    Request::builder().method(method).uri(uri).header("host", "localhost").body(body).expect("a request")
}

struct Pair {
    caller: Daprd,
    callee: Daprd,
    _app: App,
    _mesh: Mesh,
}

async fn pair<F, R>(mtls: bool, flags: &[&str], handle: F) -> Pair
where
    F: Fn(Request<Incoming>) -> R + Send + Sync + 'static,
    R: Future<Output = Response<Body>> + Send + 'static,
{
    let mesh = Mesh::new(mtls).await;
    let app = App::streaming(handle).await;
    let mut callee = mesh.beside("shop", app.port, "http").flags(flags).launch();
    let caller = mesh.sidecar("caller").flags(flags).start().await;
    callee.wait_ready().await;
    Pair { caller, callee, _app: app, _mesh: mesh }
}

/// Resident memory and its peak so far, in bytes.
fn memory(daprd: &Daprd) -> (u64, u64) {
    let status = std::fs::read_to_string(format!("/proc/{}/status", daprd.process.pid())).expect("a live process");
    let line = |name: &str| {
        let line = status.lines().find(|line| line.starts_with(name)).expect("a line");
        line.split_whitespace().nth(1).and_then(|text| text.parse::<u64>().ok()).expect("a number") << 10
    };
    (line("VmRSS:"), line("VmHWM:"))
}

async fn upload(mtls: bool) {
    let counted = |request: Request<Incoming>| async {
        let mut body = request.into_body();
        let mut count = 0;
        while let Some(Ok(frame)) = body.frame().await {
            count += frame.data_ref().map_or(0, Bytes::len);
        }
        answer(200, count.to_string())
    };
    let pair = pair(mtls, &["--max-body-size", "0"], counted).await;
    let (mut sender, _connection) = connect(pair.caller.ports.http).await;
    let (first, body) = pieces();
    drop(first);
    sender.send_request(request(&Method::POST, "warm", body)).await.expect("an answer");
    let before = [memory(&pair.caller).0, memory(&pair.callee).0];

    let megabytes = std::env::var("STREAM_MEGABYTES").ok().and_then(|text| text.parse().ok()).unwrap_or(MEGABYTES);
    let (pieces, body) = pieces();
    let feeder = task::spawn("upload", async move {
        for _ in 0..megabytes * (1 << 20) / PIECE {
            pieces.send(Bytes::from(vec![7; PIECE])).await.expect("somebody reads");
        }
    });
    let began = std::time::Instant::now();
    let answer = sender.send_request(request(&Method::POST, "upload", body)).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    let count = answer.into_body().collect().await.expect("the answer").to_bytes();
    feeder.join().await.expect("everything was sent");
    assert_eq!(count, (megabytes << 20).to_string());
    for (daprd, before) in [&pair.caller, &pair.callee].into_iter().zip(before) {
        let (now, peak) = memory(daprd);
        eprintln!(
            "memory: {} KiB before, {} peak, {} after {:?}",
            before >> 10,
            peak >> 10,
            now >> 10,
            began.elapsed()
        );
        assert!(peak < before + SLACK, "resident memory grew from {before} to {peak} bytes");
    }
}

#[tokio::test]
async fn a_large_upload_is_not_kept() {
    upload(false).await;
}

#[tokio::test]
async fn a_large_upload_is_not_kept_with_mtls() {
    upload(true).await;
}

#[tokio::test]
async fn an_event_passes_before_the_next_one_exists() {
    let turn = Arc::new(Semaphore::new(0));
    let its_turn = turn.clone();
    let events = move |_: Request<Incoming>| {
        let turn = its_turn.clone();
        async move {
            let events = stream::unfold((0, turn), async |(number, turn)| {
                turn.acquire().await.expect("it is never closed").forget();
                let event = Bytes::from(format!("data: {number}\n\n"));
                (number < 5).then_some((Ok(Frame::data(event)), (number + 1, turn)))
            });
            let mut response = Response::new(StreamBody::new(events).boxed_unsync());
            response.headers_mut().insert("content-type", http::HeaderValue::from_static("text/event-stream"));
            response
        }
    };
    let pair = pair(false, &[], events).await;
    let (mut sender, _connection) = connect(pair.caller.ports.http).await;
    let mut request = request(&Method::GET, "events", whole(""));
    request.headers_mut().insert("accept", http::HeaderValue::from_static("text/event-stream"));
    let response = timeout(PATIENCE, sender.send_request(request)).await.expect("the head comes at once").expect("it");
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    assert_eq!(response.headers()["cache-control"], "no-cache");
    let mut body = response.into_body().into_data_stream();
    for number in 0..5 {
        turn.add_permits(1);
        let event = timeout(PATIENCE, body.next()).await.expect("in time").expect("an event").expect("whole");
        assert_eq!(event, format!("data: {number}\n\n"));
    }
    turn.add_permits(1);
    assert!(timeout(PATIENCE, body.next()).await.expect("in time").is_none(), "the end comes, too");
}

#[tokio::test]
async fn a_conversation_over_one_call() {
    // The app answers each piece before the next one comes.
    let echo = |request: Request<Incoming>| async {
        let frames = request.into_body().into_data_stream().map(|piece| Ok(Frame::data(piece.unwrap_or_default())));
        Response::new(StreamBody::new(frames).boxed_unsync())
    };
    let pair = pair(false, &[], echo).await;
    let (mut sender, _connection) = connect(pair.caller.ports.http).await;
    let (pieces, body) = pieces();
    let response = sender.send_request(request(&Method::POST, "echo", body));
    let response = timeout(PATIENCE, response).await.expect("the answer begins before the request ends").expect("it");
    let mut answers = response.into_body().into_data_stream();
    for number in 0..20 {
        let piece = Bytes::from(format!("piece {number}"));
        pieces.send(piece.clone()).await.expect("somebody reads");
        assert_eq!(
            timeout(PATIENCE, answers.next()).await.expect("in time").expect("an answer").expect("whole"),
            piece
        );
    }
    drop(pieces);
    assert!(timeout(PATIENCE, answers.next()).await.expect("in time").is_none());
}

#[tokio::test]
async fn a_get_may_have_a_body_that_streams() {
    let echo = |request: Request<Incoming>| async {
        let chunked = request.headers().contains_key("transfer-encoding");
        let body = request.into_body().collect().await.expect("a body").to_bytes();
        answer(if chunked { 200 } else { 202 }, body)
    };
    let pair = pair(false, &[], echo).await;
    let (mut sender, _connection) = connect(pair.caller.ports.http).await;
    for (sent, status) in [("search for tea", 200), ("", 202)] {
        let (pieces, body) = pieces();
        pieces.send(Bytes::from_static(sent.as_bytes())).await.expect("somebody reads");
        drop(pieces);
        let mut request = request(&Method::GET, "search", body);
        request.headers_mut().insert("transfer-encoding", http::HeaderValue::from_static("chunked"));
        let response = timeout(PATIENCE, sender.send_request(request)).await.expect("in time").expect("an answer");
        assert_eq!(response.status(), status, "{sent:?}");
        assert_eq!(response.into_body().collect().await.expect("the answer").to_bytes(), sent);
    }
}

#[tokio::test]
async fn an_app_may_answer_before_it_read_everything() {
    let pair = pair(false, &[], |_| async { answer(413, "too much") }).await;
    let (mut sender, _connection) = connect(pair.caller.ports.http).await;
    let (pieces, body) = pieces();
    pieces.send(Bytes::from_static(b"the first of many")).await.expect("somebody reads");
    let response = timeout(PATIENCE, sender.send_request(request(&Method::POST, "x", body))).await;
    let response = response.expect("nobody waits for the rest").expect("an answer");
    assert_eq!(response.status(), 413);
    let rest = timeout(PATIENCE, response.into_body().collect()).await.expect("in time").expect("the answer");
    assert_eq!(rest.to_bytes(), "too much");
    drop(pieces);
}

#[tokio::test]
async fn a_caller_that_leaves_is_missed_by_the_app() {
    let (told, mut heard) = mpsc::channel(1);
    let endless = move |request: Request<Incoming>| {
        let told = told.clone();
        async move {
            let (pieces, body) = pieces();
            task::spawn_detached("endless answer", async move {
                while pieces.send(Bytes::from_static(b"and on ")).await.is_ok() {
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
                drop(request);
                let _ = told.send(()).await;
            });
            Response::new(body)
        }
    };
    let pair = pair(false, &[], endless).await;
    let (mut sender, connection) = connect(pair.caller.ports.http).await;
    let response = sender.send_request(request(&Method::GET, "endless", whole(""))).await.expect("an answer");
    let mut body = response.into_body().into_data_stream();
    body.next().await.expect("a piece").expect("whole");
    drop((body, sender, connection));
    timeout(PATIENCE, heard.recv()).await.expect("the app's answer is wanted no more").expect("it says so");
}
