//! HTTP applications: requests, answers, connections that fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use ::http::{Request, Response, StatusCode};
use dapr_net::Body;
use dapr_spi::app_channel::{AppChannel, CallError, Invoke};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::io::AsyncWriteExt;

use super::server::{Server, Speaks, free_port, read_request, write};
use super::{app, get, invoke, request, settings, soon, streamed, text};
use crate::{App, Protocol};

/// Answers with what came: the first line, the headers, the body.
async fn echo(request: Request<Incoming>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut headers: Vec<String> =
        parts.headers.iter().map(|(name, value)| format!("{name}: {}", value.to_str().unwrap())).collect();
    headers.sort();
    let body = String::from_utf8(body.collect().await.unwrap().to_bytes().to_vec()).unwrap();
    let first = format!("{} {}", parts.method, parts.uri.path_and_query().unwrap());
    let text = [vec![first], headers, vec![body]].concat().join("\n");
    Response::builder().status(StatusCode::CREATED).header("x-app", "1").body(Body::full(text)).unwrap()
}

fn unreachable(result: Result<Response<Body>, CallError>) -> String {
    match result {
        Err(CallError::Unreachable(text)) => text,
        other => panic!("expected an unreachable application, got {other:?}"),
    }
}

#[tokio::test]
async fn a_call_is_the_same_over_every_protocol() {
    for (protocol, speaks) in
        [(Protocol::Http, Speaks::Http1), (Protocol::Https, Speaks::Http1Tls), (Protocol::H2c, Speaks::Http2)]
    {
        let server = Server::http(speaks, echo).await;
        let app = app(protocol, server.port);
        for _ in 0..2 {
            let mut request = request("PUT", "/a%20b/c?x=%2F&y", Body::full("hello"));
            for (name, value) in [
                ("content-type", "text/x"),
                ("connection", "x-hop"),
                ("x-hop", "1"),
                ("host", "sidecar"),
                ("dapr-api-token", "the caller's"),
            ] {
                request.headers_mut().insert(name, value.parse().unwrap());
            }
            let response = invoke(&app, request).await.unwrap();
            assert_eq!(response.status(), StatusCode::CREATED);
            assert_eq!(response.headers()["x-app"], "1");
            assert!(!response.headers().contains_key("content-length"), "whoever passes the body on counts it");
            let text = text(response).await;
            let mut lines: Vec<&str> = text.lines().filter(|line| !line.starts_with("content-length: ")).collect();
            if speaks != Speaks::Http2 {
                let host = format!("host: 127.0.0.1:{}", server.port);
                assert_eq!(lines.remove(3), host);
            }
            let expected = ["PUT /a%20b/c?x=%2F&y", "content-type: text/x", "dapr-api-token: secret", "hello"];
            assert_eq!(lines, expected, "{protocol:?}");
        }
        assert_eq!(server.connections(), 1, "{protocol:?}: the second call takes the same connection");
    }
}

#[tokio::test]
async fn verbs() {
    let answer = |request: Request<Incoming>| async move { Response::new(Body::full(request.method().to_string())) };
    let server = Server::http(Speaks::Http1, answer).await;
    let app = app(Protocol::Http, server.port);
    for verb in ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        assert_eq!(text(invoke(&app, request(verb, "/", Body::empty())).await.unwrap()).await, verb);
    }
    assert_eq!(text(invoke(&app, request("HEAD", "/", Body::empty())).await.unwrap()).await, "");
    assert_eq!(text(invoke(&app, request("PURGE", "/", Body::empty())).await.unwrap()).await, "POST");
    for verb in ["CONNECT", "NONE"] {
        let error = invoke(&app, request(verb, "/", Body::empty())).await.unwrap_err();
        assert!(matches!(&error, CallError::Invalid(text) if text == "invalid HTTP verb"), "{verb}: {error:?}");
    }
}

#[tokio::test]
async fn redirects_are_answers() {
    let server = Server::http(Speaks::Http1, |_| async {
        Response::builder().status(302).header("location", "/elsewhere").body(Body::empty()).unwrap()
    })
    .await;
    let response = get(&app(Protocol::Http, server.port), "/").await.unwrap();
    assert_eq!(
        (response.status(), &response.headers()["location"]),
        (StatusCode::FOUND, &"/elsewhere".parse().unwrap())
    );
}

#[tokio::test]
async fn a_declared_length_is_passed_on_when_it_is_a_number() {
    let server = Server::http(Speaks::Http1, echo).await;
    let app = app(Protocol::Http, server.port);
    let with_length = |length: &str, body| {
        let mut request = request("POST", "/", body);
        request.headers_mut().insert("content-length", length.parse().unwrap());
        request
    };
    let declared = text(invoke(&app, with_length("5", streamed("hello"))).await.unwrap()).await;
    assert!(declared.contains("content-length: 5\n") && declared.ends_with("hello"), "{declared}");
    let undeclared = text(invoke(&app, request("POST", "/", streamed("hello"))).await.unwrap()).await;
    assert!(undeclared.contains("transfer-encoding: chunked") && undeclared.ends_with("hello"), "{undeclared}");
    assert!(matches!(invoke(&app, with_length("five", streamed("hello"))).await, Err(CallError::Invalid(_))));
    let stale = text(invoke(&app, with_length("999", Body::full("abc"))).await.unwrap()).await;
    assert!(stale.contains("content-length: 3\n") && stale.ends_with("abc"), "bytes at hand are counted: {stale}");
}

#[tokio::test]
async fn a_typed_message_of_a_grpc_caller_is_protobuf() {
    let server = Server::http(Speaks::Http1, echo).await;
    let app = app(Protocol::Http, server.port);
    let mut request = request("POST", "/", Body::full("x"));
    request.headers_mut().insert("grpc-timeout", "1S".parse().unwrap());
    let call = Invoke { request, type_url: "type.googleapis.com/a.B".to_owned(), from_grpc: true };
    let dapr_spi::app_channel::Answer::Http(response) = app.invoke(call).await.unwrap() else { panic!("HTTP") };
    let text = text(response).await;
    assert!(text.contains("content-type: application/x-protobuf") && text.contains("dapr-grpc-timeout: 1S"), "{text}");
}

/// An application whose answers are always these bytes, after which it closes the connection.
async fn parrot(answer: String) -> Server {
    let answer = Arc::new(answer);
    Server::raw(move |mut stream| {
        let answer = answer.clone();
        async move {
            read_request(&mut stream).await;
            write(&mut stream, &answer).await;
        }
    })
    .await
}

#[tokio::test]
async fn a_short_answer_may_be_shorter_than_declared_and_a_long_one_may_not() {
    let server = parrot("HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n\"ok\"".to_owned()).await;
    let response = get(&app(Protocol::Http, server.port), "/").await.unwrap();
    assert_eq!(response.body().length(), None);
    assert_eq!(text(response).await, "\"ok\"");

    let server = parrot(format!("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{}", "x".repeat(99_999))).await;
    let response = get(&app(Protocol::Http, server.port), "/").await.unwrap();
    soon(response.into_body().collect(1 << 30)).await.expect_err("it broke off");
}

#[tokio::test]
async fn a_connection_that_closed_while_idle_is_replaced() {
    // Says nothing of its intent to close, closes after each answer.
    let server = parrot("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok".to_owned()).await;
    let app = app(Protocol::Http, server.port);
    for round in 1..=20 {
        let response = invoke(&app, request("POST", "/", Body::full("x"))).await;
        assert_eq!(text(response.unwrap_or_else(|error| panic!("round {round}: {error}"))).await, "ok");
    }
}

#[tokio::test]
async fn a_half_closed_connection_is_not_used_again() {
    let server = Server::raw(|mut stream| async move {
        read_request(&mut stream).await;
        write(&mut stream, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").await;
        // Says that no answer will follow, but goes on reading.
        stream.shutdown().await.unwrap();
        read_request(&mut stream).await;
    })
    .await;
    let app = app(Protocol::Http, server.port);
    for round in 1..=5 {
        assert_eq!(text(get(&app, "/").await.unwrap()).await, "ok");
        assert_eq!(server.connections(), round);
    }
}

#[tokio::test]
async fn a_request_that_the_application_may_have_seen_is_not_sent_again() {
    let seen = Arc::new(AtomicUsize::new(0));
    let count = seen.clone();
    let server = Server::raw(move |mut stream| {
        let count = count.clone();
        async move {
            read_request(&mut stream).await;
            count.fetch_add(1, Ordering::SeqCst);
        }
    })
    .await;
    let app = app(Protocol::Http, server.port);
    let text = unreachable(invoke(&app, request("POST", "/", Body::full("x"))).await);
    assert!(text.contains("closed the connection before it answered"), "{text}");
    assert_eq!(seen.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_restarted_application_is_found_again() {
    for (protocol, speaks) in [(Protocol::Http, Speaks::Http1), (Protocol::H2c, Speaks::Http2)] {
        let server = Server::http(speaks, echo).await;
        let port = server.port;
        let app = app(protocol, port);
        get(&app, "/").await.unwrap();
        drop(server);
        let text = unreachable_after_close(&app).await;
        assert!(text.contains("--app-port"), "{text}");
        let _server = Server::http_on(port, speaks, echo).await;
        assert_eq!(get(&app, "/").await.unwrap().status(), StatusCode::CREATED, "{protocol:?}");
    }
}

/// Calls until the kernel has closed the port: the server's task ends a moment after it was dropped.
async fn unreachable_after_close(app: &App) -> String {
    loop {
        match get(app, "/").await {
            Err(CallError::Unreachable(text)) if text.contains("does not accept") => return text,
            _ => tokio::task::yield_now().await,
        }
    }
}

#[tokio::test]
async fn a_wrong_protocol_is_explained() {
    let http1 = Server::http(Speaks::Http1, echo).await;
    let http2 = Server::http(Speaks::Http2, echo).await;
    for (protocol, port) in [(Protocol::H2c, http1.port), (Protocol::Https, http1.port), (Protocol::Http, http2.port)] {
        let text = unreachable(get(&app(protocol, port), "/").await);
        assert!(text.contains("--app-protocol") && text.contains(protocol.name()), "{protocol:?}: {text}");
    }
    let text = unreachable(get(&app(Protocol::Http, free_port().await), "/").await);
    assert!(text.contains("--app-port"), "{text}");
}

#[tokio::test]
async fn wrong_settings_are_named() {
    for (change, name) in [
        ((|settings| settings.address = "no host".into()) as fn(&mut crate::Settings), "--app-channel-address"),
        (|settings| settings.token = Some("a\nb".into()), "APP_API_TOKEN"),
    ] {
        let mut settings = settings(Protocol::Https, 1);
        change(&mut settings);
        let error = App::new(settings).err().expect("an error").to_string();
        assert!(error.starts_with(name), "{error}");
    }
    let mut settings = settings(Protocol::Https, 1);
    settings.address = "[::1]".into();
    App::new(settings).unwrap();
}

#[tokio::test]
async fn calls_are_counted() {
    let server = Server::http(Speaks::Http1, echo).await;
    let settings = settings(Protocol::Http, server.port);
    let metrics = settings.metrics.clone();
    let app = App::new(settings).unwrap();
    get(&app, "/dapr/config").await.unwrap();
    drop(server);
    unreachable_after_close(&app).await;
    let text = metrics.encode();
    for (path, status) in [("/dapr/config", 201), ("/", 500)] {
        let found = text.lines().any(|line| {
            line.starts_with("dapr_http_client_completed_count")
                && line.contains(&format!("status=\"{status}\""))
                && (line.contains(&format!("path=\"{path}\"")))
        });
        assert!(found, "{path} {status} in {text}");
    }
}

#[tokio::test]
async fn a_grpc_call_needs_a_grpc_application() {
    let server = Server::http(Speaks::Http1, echo).await;
    let app = app(Protocol::Http, server.port);
    assert!(!app.is_grpc());
    let error = app.proxy(request("POST", "/a.B/C", Body::empty())).await.unwrap_err();
    assert!(
        matches!(&error, CallError::Status { code: 12, message, .. } if message.contains("--app-protocol")),
        "{error:?}"
    );
}
