//! Bodies that stream, answers that come early, callers that go away.

use std::sync::Arc;
use std::sync::Mutex;

use ::http::{Request, Response};
use bytes::Bytes;
use dapr_net::{Body, BoxError};
use dapr_spi::app_channel::AppChannel;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use tokio::sync::{mpsc, oneshot};

use super::server::{Guard, Server, Speaks, guard};
use super::{app, call, get, invoke, piped, request, soon};
use crate::Protocol;

const BOTH: [(Protocol, Speaks); 2] = [(Protocol::Http, Speaks::Http1), (Protocol::H2c, Speaks::Http2)];
const PIECE: usize = 64 << 10;
const TOTAL: usize = 256 << 20;
/// Memory that streaming may take, with all that other tests do meanwhile.
const GROWTH: usize = 96 << 20;

fn resident() -> usize {
    let pages: usize =
        std::fs::read_to_string("/proc/self/statm").unwrap().split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn large_bodies_stream_both_ways_in_flat_memory() {
    for (protocol, speaks) in BOTH {
        let server =
            Server::http(
                speaks,
                |request: Request<Incoming>| async move { Response::new(Body::from(request.into_body())) },
            )
            .await;
        let app = app(protocol, server.port);
        let before = resident();
        let piece = Bytes::from(vec![b'x'; PIECE]);
        let pieces = (0..TOTAL / PIECE).map(move |_| Ok::<_, BoxError>(Frame::data(piece.clone())));
        let body = Body::stream(StreamBody::new(futures_util::stream::iter(pieces)));
        let mut body = invoke(&app, request("POST", "/", body)).await.unwrap().into_body();
        let (mut received, mut peak, mut next) = (0, 0, 0);
        while let Some(frame) = soon(body.frame()).await {
            received += frame.unwrap().into_data().unwrap().len();
            if received >= next {
                peak = peak.max(resident());
                next += 4 << 20;
            }
        }
        assert_eq!(received, TOTAL, "{protocol:?}");
        assert!(peak < before + GROWTH, "{protocol:?}: {} MiB more", (peak - before) >> 20);
    }
}

#[tokio::test]
async fn an_early_answer_is_passed_on_while_the_request_goes_on() {
    for (protocol, speaks) in BOTH {
        let server = Server::http(speaks, |request: Request<Incoming>| async move {
            // Answers at once, then reads on: the answer's body is what comes.
            Response::new(Body::from(request.into_body()))
        })
        .await;
        let app = app(protocol, server.port);
        let (sender, body) = piped();
        // Something must come first, or an HTTP/1.1 client need not begin at all.
        let begin = sender.send(Ok(Frame::data(Bytes::from_static(b"1"))));
        let (response, _) = tokio::join!(invoke(&app, request("POST", "/", body)), begin);
        let mut answer = response.unwrap().into_body();
        assert_eq!(soon(answer.frame()).await.unwrap().unwrap().into_data().unwrap(), "1");
        for text in ["2", "3"] {
            let (sent, came) =
                tokio::join!(sender.send(Ok(Frame::data(Bytes::from_static(text.as_bytes())))), soon(answer.frame()));
            sent.unwrap();
            assert_eq!(came.unwrap().unwrap().into_data().unwrap(), text, "{protocol:?}");
        }
        drop(sender);
        assert!(soon(answer.frame()).await.is_none(), "{protocol:?}");
    }
}

#[tokio::test]
async fn events_arrive_one_by_one() {
    for (protocol, speaks) in BOTH {
        let (sender, receiver) = mpsc::channel(1);
        let frames = Arc::new(Mutex::new(Some(receiver)));
        let server = Server::http(speaks, move |_| {
            let mut receiver = frames.lock().unwrap().take().unwrap();
            async move {
                let (forward, body) = piped();
                dapr_kit::task::spawn_detached("events", async move {
                    while let Some(event) = receiver.recv().await {
                        let _ = forward.send(Ok(Frame::data(event))).await;
                    }
                });
                Response::builder().header("content-type", "text/event-stream").body(body).unwrap()
            }
        })
        .await;
        let app = app(protocol, server.port);
        let response = get(&app, "/").await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut body = response.into_body();
        for number in 0..3 {
            let event = Bytes::from(format!("data: {number}\n\n"));
            sender.send(event.clone()).await.unwrap();
            assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), event, "{protocol:?}");
        }
        drop(sender);
        assert!(soon(body.frame()).await.is_none());
    }
}

/// An application that tells when a call begins and when it is dropped.
struct Watched {
    server: Server,
    begun: mpsc::Receiver<oneshot::Receiver<()>>,
}

async fn watched(speaks: Speaks, answers: bool) -> Watched {
    let (sender, begun) = mpsc::channel(8);
    let server = Server::http(speaks, move |_| {
        let sender = sender.clone();
        async move {
            let (guard, dropped) = guard();
            sender.send(dropped).await.unwrap();
            if answers {
                return Response::new(endless(guard));
            }
            let _guard = guard;
            std::future::pending().await
        }
    })
    .await;
    Watched { server, begun }
}

fn endless(guard: Guard) -> Body {
    let frames = futures_util::stream::unfold(guard, |guard| async move {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        Some((Ok::<_, BoxError>(Frame::data(Bytes::from_static(b"more"))), guard))
    });
    Body::stream(StreamBody::new(Box::pin(frames)))
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_the_call_with_it() {
    for (protocol, speaks) in BOTH {
        let mut silent = watched(speaks, false).await;
        let app = app(protocol, silent.server.port);
        // The call is dropped when its other arm is ready.
        let dropped = tokio::select! {
            dropped = silent.begun.recv() => dropped.unwrap(),
            _ = app.invoke(call(request("POST", "/", Body::full("x")))) => panic!("it never answers"),
        };
        soon(dropped).await.unwrap();
    }
}

#[tokio::test]
async fn an_answer_that_nobody_reads_on_ends_at_the_application() {
    for (protocol, speaks) in BOTH {
        let mut talking = watched(speaks, true).await;
        let app = app(protocol, talking.server.port);
        let mut body = get(&app, "/").await.unwrap().into_body();
        soon(body.frame()).await.unwrap().unwrap();
        let dropped = talking.begun.recv().await.unwrap();
        drop(body);
        soon(dropped).await.unwrap();
    }
}
