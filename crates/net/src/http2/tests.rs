//! Calls against a real server.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use dapr_kit::task;
use http::{HeaderMap, Request, Response};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};

use super::*;

const LIMIT: usize = 1 << 30;

/// Serves echoes until told to stop, one connection after another and all of them with their own grace.
async fn server(stop: watch::Receiver<bool>) -> (Client, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    task::spawn_detached("server", async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut stop = stop.clone();
            stop.borrow_and_update();
            task::spawn_detached("connection", async move {
                let builder = http2::Builder::new(TokioExecutor::new());
                let mut connection = std::pin::pin!(builder.serve_connection(TokioIo::new(stream), service_fn(echo)));
                tokio::select! {
                    _ = connection.as_mut() => return,
                    _ = stop.changed() => connection.as_mut().graceful_shutdown(),
                }
                let _ = connection.await;
            });
        }
    });
    (Client::new(Origin::plain("127.0.0.1", port)), port)
}

async fn echo(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    Ok(Response::new(Body::from(request.into_body())))
}

fn request(body: impl Into<Body>) -> Request<Body> {
    Request::post("http://test/").body(body.into()).unwrap()
}

fn channel() -> (mpsc::Sender<Frame<Bytes>>, Body) {
    let (sender, receiver) = mpsc::channel(1);
    let stream = futures_util::stream::unfold(receiver, |mut receiver: mpsc::Receiver<Frame<Bytes>>| async {
        receiver.recv().await.map(|frame| (Ok::<_, Infallible>(frame), receiver))
    });
    (sender, Body::stream(StreamBody::new(stream)))
}

#[tokio::test]
async fn calls_share_a_connection() {
    let (_stop, stopping) = watch::channel(false);
    let (client, _) = server(stopping).await;
    for size in [0, 1, 100_000, 5_000_000] {
        let body = Bytes::from(vec![7; size]);
        let answer = client.send(request(body.clone())).await.unwrap();
        assert_eq!(answer.into_body().collect(LIMIT).await.unwrap(), body);
    }
    assert_eq!(client.in_flight(), 0);
    assert!(client.is_connected());
}

#[tokio::test]
async fn bodies_and_trailers_stream_both_ways() {
    let (_stop, stopping) = watch::channel(false);
    let (client, _) = server(stopping).await;
    let (sender, body) = channel();
    let mut answer = client.send(request(body)).await.unwrap().into_body();
    for round in 0..100u8 {
        sender.send(Frame::data(Bytes::from(vec![round; 50_000]))).await.unwrap();
        let mut seen = 0;
        while seen < 50_000 {
            seen += answer.frame().await.unwrap().unwrap().into_data().unwrap().len();
        }
    }
    let trailers = HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
    sender.send(Frame::trailers(trailers.clone())).await.unwrap();
    assert_eq!(answer.frame().await.unwrap().unwrap().into_trailers().unwrap(), trailers);
    assert!(answer.frame().await.is_none());
}

#[tokio::test]
async fn a_call_that_is_dropped_is_reset() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(Origin::plain("127.0.0.1", listener.local_addr().unwrap().port()));
    let (arrived, has_arrived) = oneshot::channel();
    let server = task::spawn("server", async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let (_request, mut answer) = connection.accept().await.unwrap().unwrap();
        arrived.send(()).unwrap();
        tokio::select! {
            reset = std::future::poll_fn(|context| answer.poll_reset(context)) => reset.unwrap(),
            _ = connection.accept() => panic!("no second call"),
        }
    });
    let call = client.send(request(Body::empty()));
    tokio::select! {
        _ = call => panic!("there is no answer"),
        _ = has_arrived => {}
    }
    let reset = tokio::time::timeout(Duration::from_secs(5), server.join()).await.unwrap().unwrap();
    assert_eq!(reset, h2::Reason::CANCEL);
}

#[tokio::test]
async fn a_server_that_says_goodbye_finishes_and_gets_no_more() {
    let (stop, stopping) = watch::channel(false);
    let (client, _) = server(stopping).await;
    let (sender, body) = channel();
    let mut answer = client.send(request(body)).await.unwrap().into_body();
    stop.send(true).unwrap();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let other = client.send(request(Bytes::from_static(b"new"))).await.unwrap();
    assert_eq!(other.into_body().collect(LIMIT).await.unwrap(), "new");
    sender.send(Frame::data(Bytes::from_static(b"old"))).await.unwrap();
    assert_eq!(answer.frame().await.unwrap().unwrap().into_data().unwrap(), "old");
    drop(sender);
    assert!(answer.frame().await.is_none());
}

#[tokio::test]
async fn nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let client = Client::new(Origin::plain("127.0.0.1", free));
    assert!(client.send(request(Body::empty())).await.unwrap_err().is_unsent());
}

#[tokio::test]
async fn a_hundred_calls_at_once() {
    let (_stop, stopping) = watch::channel(false);
    let (client, _) = server(stopping).await;
    let calls = (0..100u8).map(|number| {
        let client = client.clone();
        async move {
            let answer = client.send(request(Bytes::from(vec![number; 1000]))).await.unwrap();
            assert_eq!(answer.into_body().collect(LIMIT).await.unwrap(), vec![number; 1000]);
        }
    });
    futures_util::future::join_all(calls).await;
    assert_eq!(client.in_flight(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_calls_than_one_connection_takes_share_several() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(Origin::plain("127.0.0.1", listener.local_addr().unwrap().port()));
    let all_here = std::sync::Arc::new(tokio::sync::Barrier::new(50));
    let answer = move |_| {
        let all_here = all_here.clone();
        async move {
            all_here.wait().await;
            Ok::<_, Infallible>(Response::new(Body::empty()))
        }
    };
    task::spawn_detached("server", async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            let mut builder = http2::Builder::new(TokioExecutor::new());
            builder.max_concurrent_streams(20);
            let connection = builder.serve_connection(TokioIo::new(stream), service_fn(answer.clone()));
            task::spawn_detached("connection", async move { drop(connection.await) });
        }
    });
    let calls = (0..50).map(|_| {
        let client = client.clone();
        task::spawn("call", async move { client.send(request(Body::empty())).await.unwrap() })
    });
    let calls: Vec<_> = calls.collect();
    let all = futures_util::future::join_all(calls.into_iter().map(task::Task::join));
    tokio::time::timeout(Duration::from_secs(10), all).await.unwrap();
}

#[tokio::test]
async fn a_slow_reader_gets_no_empty_frames() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = Client::new(Origin::plain("127.0.0.1", listener.local_addr().unwrap().port()));
    let server = task::spawn("server", async move {
        let (stream, _) = listener.accept().await.unwrap();
        let mut builder = h2::server::Builder::new();
        let mut connection = builder.initial_window_size(1000).handshake::<_, Bytes>(stream).await.unwrap();
        let (request, mut answer) = connection.accept().await.unwrap().unwrap();
        let serving = task::spawn("connection", async move { while connection.accept().await.is_some() {} });
        let mut body = request.into_body();
        let (mut seen, mut empty) = (0, 0);
        while let Some(data) = body.data().await {
            let data = data.unwrap();
            empty += usize::from(data.is_empty() && !body.is_end_stream());
            seen += data.len();
            body.flow_control().release_capacity(data.len()).unwrap();
        }
        answer.send_response(Response::new(()), true).unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        drop(serving);
        (seen, empty)
    });
    let (sender, body) = channel();
    let sending = task::spawn("sender", async move {
        for _ in 0..200 {
            sender.send(Frame::data(Bytes::from(vec![7; 16_000]))).await.unwrap();
        }
    });
    client.send(request(body)).await.unwrap();
    sending.join().await.unwrap();
    assert_eq!(server.join().await.unwrap(), (200 * 16_000, 0));
}
