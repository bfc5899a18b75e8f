//! Calls over a pool against a real server.

use std::convert::Infallible;
use std::time::Duration;

use bytes::Bytes;
use futures_util::StreamExt;
use http::{Method, Request, Response, StatusCode};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

const LIMIT: usize = 1 << 30;

/// Serves echoes; `/close` asks for the connection to be closed after the answer.
async fn server() -> Pool {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    task::spawn_detached("server", async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            task::spawn_detached("connection", async move {
                let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(echo)).await;
            });
        }
    });
    Pool::new(Origin::plain("127.0.0.1", port))
}

async fn echo(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let closes = request.uri().path() == "/close";
    let mut response = Response::new(Body::from(request.into_body()));
    if closes {
        response.headers_mut().insert("connection", "close".parse().unwrap());
    }
    Ok(response)
}

fn request(method: Method, path: &str, body: impl Into<Body>) -> Request<Body> {
    Request::builder().method(method).uri(path).header("host", "test").body(body.into()).unwrap()
}

#[tokio::test]
async fn one_connection_serves_many_calls() {
    let pool = server().await;
    for text in ["", "a", "some text"] {
        let response = pool.send(request(Method::POST, "/", Bytes::from(text))).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(response.into_body().collect(LIMIT).await.unwrap(), text);
        assert_eq!(pool.idle(), 1, "after {text:?}");
    }
}

#[tokio::test]
async fn a_connection_that_the_server_closes_is_not_used_again() {
    let pool = server().await;
    for _ in 0..3 {
        let response = pool.send(request(Method::GET, "/close", Body::empty())).await.unwrap();
        response.into_body().collect(LIMIT).await.unwrap();
        assert_eq!(pool.idle(), 0);
    }
}

#[tokio::test]
async fn bodies_stream_both_ways_at_once() {
    let pool = server().await;
    let (sender, mut receiver) = mpsc::channel::<Bytes>(1);
    let stream = async_stream(&mut receiver);
    let mut answer = pool.send(request(Method::POST, "/", stream)).await.unwrap().into_body();
    for round in 0..200u8 {
        sender.send(Bytes::from(vec![round; 40_000])).await.unwrap();
        let mut seen = 0;
        while seen < 40_000 {
            let data = answer.frame().await.unwrap().unwrap().into_data().unwrap();
            assert!(data.iter().all(|byte| *byte == round));
            seen += data.len();
        }
    }
    drop(sender);
    assert!(answer.frame().await.is_none());
    assert_eq!(pool.idle(), 1);
}

fn async_stream(receiver: &mut mpsc::Receiver<Bytes>) -> Body {
    let receiver = std::mem::replace(receiver, mpsc::channel(1).1);
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|bytes| (Ok::<_, Infallible>(Frame::data(bytes)), receiver))
    });
    Body::stream(StreamBody::new(stream))
}

#[tokio::test]
async fn an_answer_that_is_dropped_closes_its_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pool = Pool::new(Origin::plain("127.0.0.1", listener.local_addr().unwrap().port()));
    let server = task::spawn("server", async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut buffer = [0; 1024];
        let _ = stream.read(&mut buffer).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
        stream.read(&mut buffer).await.unwrap_or_default()
    });
    let response = pool.send(request(Method::GET, "/", Body::empty())).await.unwrap();
    drop(response);
    let end = tokio::time::timeout(Duration::from_secs(5), server.join()).await.unwrap().unwrap();
    assert_eq!(end, 0, "the server sees the end of the connection");
    assert_eq!(pool.idle(), 0);
}

#[tokio::test]
async fn a_broken_body_is_an_error() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pool = Pool::new(Origin::plain("127.0.0.1", listener.local_addr().unwrap().port()));
    task::spawn_detached("server", async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let _ = stream.read(&mut [0; 1024]).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf").await.unwrap();
    });
    let response = pool.send(request(Method::GET, "/", Body::empty())).await.unwrap();
    assert!(response.into_body().collect(LIMIT).await.is_err());
}

#[tokio::test]
async fn nobody_listens() {
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let pool = Pool::new(Origin::plain("127.0.0.1", free));
    let error = pool.send(request(Method::GET, "/", Body::empty())).await.unwrap_err();
    assert!(error.is_unsent() && error.to_string().contains(&free.to_string()), "{error}");
}

#[tokio::test]
async fn a_server_that_closes_unasked_is_answered_with_another_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pool = Pool::new(Origin::plain("127.0.0.1", listener.local_addr().unwrap().port()));
    task::spawn_detached("server", async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let _ = stream.read(&mut [0; 1024]).await.unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await.unwrap();
        }
    });
    for _ in 0..5 {
        let response = pool.send(request(Method::POST, "/", Bytes::from_static(b"x"))).await.unwrap();
        assert_eq!(response.into_body().collect(LIMIT).await.unwrap(), "ok");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_get_may_have_a_body_whose_length_nobody_knows() {
    let pool = server().await;
    let stream = |pieces: &'static [&'static str]| {
        let frames = pieces.iter().map(|piece| Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece.as_bytes()))));
        Body::stream(StreamBody::new(futures_util::stream::iter(frames)))
    };
    for (pieces, sent) in [(&["", "se", "", "arch"][..], "search"), (&["", ""], ""), (&[], "")] {
        let response = pool.send(request(Method::GET, "/", stream(pieces))).await.unwrap();
        assert_eq!(response.into_body().collect(LIMIT).await.unwrap(), sent, "{pieces:?}");
    }
    let mut silent = request(Method::GET, "/", stream(&[]));
    silent = late::settle(silent).await;
    assert!(silent.headers().get("transfer-encoding").is_none(), "without a body nothing is announced");
}

/// Answers the first request on each connection with `answer`, and gives back what it read of it.
async fn raw(answer: &'static [u8]) -> (Pool, task::Task<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let pool = Pool::new(Origin::plain("127.0.0.1", listener.local_addr().unwrap().port()));
    let server = task::spawn("server", async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut request = vec![0; 4096];
        let length = stream.read(&mut request).await.unwrap();
        stream.write_all(answer).await.unwrap();
        request.truncate(length);
        String::from_utf8(request).unwrap()
    });
    (pool, server)
}

#[tokio::test]
async fn interim_answers_are_passed_over() {
    let (pool, _server) =
        raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\nok")
            .await;
    let response = pool.send(request(Method::POST, "/", Bytes::from_static(b"x"))).await.unwrap();
    assert_eq!((response.status(), response.headers().len()), (StatusCode::CREATED, 1));
    assert_eq!(response.into_body().collect(LIMIT).await.unwrap(), "ok");
}

#[tokio::test]
async fn the_request_is_written_as_it_is_meant() {
    let answer = b"HTTP/1.1 204 No Content\r\n\r\n";
    let stream = || {
        Body::stream(http_body_util::StreamBody::new(futures_util::stream::iter([
            Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"abc"))),
            Ok(Frame::data(Bytes::new())),
            Ok(Frame::data(Bytes::from_static(b"d"))),
        ])))
    };
    let cases: [(Method, Option<&str>, Body, &str); 5] = [
        (Method::GET, None, Body::empty(), "GET /a?b HTTP/1.1\r\nhost: test\r\n\r\n"),
        (Method::POST, None, Body::empty(), "POST /a?b HTTP/1.1\r\nhost: test\r\ncontent-length: 0\r\n\r\n"),
        (Method::PUT, None, Body::full("abc"), "PUT /a?b HTTP/1.1\r\nhost: test\r\ncontent-length: 3\r\n\r\nabc"),
        (Method::POST, Some("4"), stream(), "POST /a?b HTTP/1.1\r\nhost: test\r\ncontent-length: 4\r\n\r\nabcd"),
        (
            Method::POST,
            None,
            stream(),
            "POST /a?b HTTP/1.1\r\nhost: test\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\n\r\n",
        ),
    ];
    for (method, length, body, wire) in cases {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let pool = Pool::new(Origin::plain("127.0.0.1", listener.local_addr().unwrap().port()));
        let server = task::spawn("server", async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut read = vec![0; wire.len()];
            stream.read_exact(&mut read).await.unwrap();
            stream.write_all(answer).await.unwrap();
            String::from_utf8(read).unwrap()
        });
        let mut request = request(method, "/a?b", body);
        if let Some(length) = length {
            request.headers_mut().insert("content-length", length.parse().unwrap());
        }
        pool.send(request).await.unwrap();
        assert_eq!(server.join().await.unwrap(), wire);
    }
}

#[tokio::test]
async fn a_body_that_breaks_its_promise_is_never_passed_off_as_whole() {
    for length in ["5", "3"] {
        let (pool, _server) = raw(b"").await;
        let stream = futures_util::stream::iter([Ok::<_, Infallible>(Frame::data(Bytes::from_static(b"abcd")))]);
        let mut request = request(Method::POST, "/", Body::stream(StreamBody::new(stream)));
        request.headers_mut().insert("content-length", length.parse().unwrap());
        let error = pool.send(request).await.unwrap_err();
        assert!(error.to_string().contains("content-length"), "{error}");
        assert_eq!(pool.idle(), 0);
    }
}

#[tokio::test]
async fn an_early_answer_ends_an_upload() {
    let (pool, _server) = raw(b"HTTP/1.1 413 Too Large\r\ncontent-length: 0\r\n\r\n").await;
    let endless =
        futures_util::stream::repeat(()).map(|()| Ok::<_, Infallible>(Frame::data(Bytes::from(vec![0; 8192]))));
    let response = pool.send(request(Method::POST, "/", Body::stream(StreamBody::new(endless)))).await.unwrap();
    assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(pool.idle(), 0, "the rest of the upload cannot be sent");
}

#[tokio::test]
async fn an_answer_without_a_length_ends_with_its_connection() {
    let (pool, _server) = raw(b"HTTP/1.1 200 OK\r\n\r\nall of it").await;
    let response = pool.send(request(Method::GET, "/", Body::empty())).await.unwrap();
    assert_eq!(response.into_body().collect(LIMIT).await.unwrap(), "all of it");
    assert_eq!(pool.idle(), 0);
}

#[tokio::test]
async fn trailers_come_through() {
    let (pool, _server) =
        raw(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nchecksum: 1\r\n\r\n").await;
    let response = pool.send(request(Method::GET, "/", Body::empty())).await.unwrap();
    let (data, trailers) = response.into_body().collect_all(LIMIT).await.unwrap();
    assert_eq!(data, "ok");
    assert_eq!(trailers.unwrap()["checksum"], "1");
}

#[tokio::test]
async fn large_bodies_pass_whole() {
    let pool = server().await;
    let large = Bytes::from((0..5_000_000u32).map(|number| number.to_le_bytes()[1]).collect::<Vec<_>>());
    let response = pool.send(request(Method::PUT, "/", large.clone())).await.unwrap();
    assert!(response.into_body().collect(LIMIT).await.unwrap() == large);
    assert_eq!(pool.idle(), 1);
}
