//! gRPC applications: calls, errors, passing on, connections that fail.

use std::convert::Infallible;
use std::time::Duration;

use ::http::{HeaderMap, HeaderValue, Request, Response};
use bytes::Bytes;
use dapr_kit::task;
use dapr_net::Body;
use dapr_proto::common::v1::{InvokeRequest, InvokeResponse};
use dapr_proto::pbjson_types::{Any, Empty};
use dapr_proto::runtime::v1::ListTopicSubscriptionsResponse;
use dapr_proto::runtime::v1::app_callback_health_check_server::{AppCallbackHealthCheck, AppCallbackHealthCheckServer};
use dapr_proto::runtime::v1::app_callback_server::{AppCallback, AppCallbackServer};
use dapr_spi::app_channel::{Answer, AppChannel, CallError, Invoke};
use http_body::Frame;
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::io::AsyncReadExt;
use tonic::{Code, Status};
use tower::Service;

use super::server::{Server, Speaks, free_port, guard, write};
use super::{app, call, piped, request, settings, soon};
use crate::{App, HealthSettings, Protocol, Reply};

const LIST: &str = "/dapr.proto.runtime.v1.AppCallback/ListTopicSubscriptions";

/// Answers with what came.
struct Echo;

#[tonic::async_trait]
impl AppCallback for Echo {
    async fn on_invoke(
        &self,
        request: tonic::Request<InvokeRequest>,
    ) -> Result<tonic::Response<InvokeResponse>, Status> {
        let metadata = request.metadata().clone().into_headers();
        let message = request.into_inner();
        match message.method.as_str() {
            "fail" => {
                return Err(Status::with_details(Code::NotFound, "no such thing: é", Bytes::from_static(b"\x08\x05")));
            }
            "large" => {
                let data = Any { type_url: String::new(), value: vec![0; 2 << 20].into() };
                return Ok(tonic::Response::new(InvokeResponse { data: Some(data), content_type: String::new() }));
            }
            _ => {}
        }
        let extension = message.http_extension.as_ref();
        let mut lines = vec![
            format!("method: {}", message.method),
            format!("extension: {:?}", extension.map(|it| (it.verb().as_str_name(), it.querystring.clone()))),
            format!("type: {}", message.content_type),
        ];
        let mut names: Vec<String> = metadata
            .iter()
            .filter(|(name, _)| !["content-type", "te", "user-agent"].contains(&name.as_str()))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        names.sort();
        lines.extend(names);
        let data = message.data.unwrap_or_default();
        lines.push(String::from_utf8_lossy(&data.value).into_owned());
        let data = Any { type_url: data.type_url, value: lines.join("\n").into() };
        let mut response = tonic::Response::new(InvokeResponse { data: Some(data), content_type: "text/x".into() });
        response.metadata_mut().insert("x-app", "1".parse().unwrap());
        Ok(response)
    }

    async fn list_topic_subscriptions(
        &self,
        request: tonic::Request<Empty>,
    ) -> Result<tonic::Response<ListTopicSubscriptionsResponse>, Status> {
        match request.metadata().get("dapr-api-token") {
            Some(token) if token == "secret" => Ok(tonic::Response::new(Default::default())),
            other => Err(Status::unauthenticated(format!("{other:?}"))),
        }
    }
}

#[tonic::async_trait]
impl AppCallbackHealthCheck for Echo {
    async fn health_check(
        &self,
        request: tonic::Request<Empty>,
    ) -> Result<tonic::Response<dapr_proto::runtime::v1::HealthCheckResponse>, Status> {
        assert_eq!(request.metadata().get("dapr-api-token").unwrap(), "secret");
        Ok(tonic::Response::new(Default::default()))
    }
}

async fn callbacks(request: Request<Incoming>) -> Response<Body> {
    let answered: Result<_, Infallible> = AppCallbackServer::new(Echo).call(request).await;
    answered.unwrap().map(Body::stream)
}

async fn with_health(request: Request<Incoming>) -> Response<Body> {
    if !request.uri().path().contains("HealthCheck") {
        return callbacks(request).await;
    }
    let answered: Result<_, Infallible> = AppCallbackHealthCheckServer::new(Echo).call(request).await;
    answered.unwrap().map(Body::stream)
}

async fn on_invoke(app: &App, call: Invoke) -> Result<(String, HeaderMap, String, String), CallError> {
    match soon(app.invoke(call)).await? {
        Answer::Grpc { metadata, data, type_url, content_type, .. } => {
            Ok((String::from_utf8(data.to_vec()).unwrap(), metadata, type_url, content_type))
        }
        other => panic!("not a gRPC answer: {other:?}"),
    }
}

fn status(result: Result<impl std::fmt::Debug, CallError>) -> (i32, String) {
    match result {
        Err(CallError::Status { code, message, .. }) => (code, message),
        other => panic!("expected a status, got {other:?}"),
    }
}

#[tokio::test]
async fn an_http_call_becomes_a_message_with_metadata() {
    for (protocol, speaks) in [(Protocol::Grpc, Speaks::Http2), (Protocol::Grpcs, Speaks::Http2Tls)] {
        let server = Server::http(speaks, callbacks).await;
        let app = app(protocol, server.port);
        assert!(app.is_grpc());
        let mut request = request("PUT", "/my%20method?a=1&b", Body::full("hello"));
        for (name, value) in [
            ("content-type", "application/json"),
            ("content-length", "5"),
            ("accept", "*/*"),
            ("host", "sidecar"),
            ("connection", "close"),
            ("x-own", "1"),
            ("x-raw-bin", "AAECAw=="),
            ("dapr-api-token", "the caller's"),
            ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
        ] {
            request.headers_mut().insert(name, value.parse().unwrap());
        }
        let mut call = call(request);
        call.type_url = "type.googleapis.com/a.B".to_owned();
        let (text, metadata, type_url, content_type) = on_invoke(&app, call).await.unwrap();
        let expected = [
            "method: my method",
            "extension: Some((\"PUT\", \"a=1&b\"))",
            "type: application/json",
            "dapr-accept: */*",
            "dapr-api-token: secret",
            "dapr-connection: close",
            "dapr-content-length: 5",
            "dapr-content-type: application/json",
            "grpc-trace-bin: AABL+S81d7NNpqPOkp0ODkc2AQDwZ6oLqQK3AgE",
            "traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
            "x-own: 1",
            "x-raw-bin: AAECAw==",
            "hello",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected, "{protocol:?}");
        assert_eq!((type_url.as_str(), content_type.as_str()), ("type.googleapis.com/a.B", "text/x"));
        assert_eq!(metadata["x-app"], "1");
        assert!(!metadata.contains_key("content-type"));
    }
}

#[tokio::test]
async fn a_grpc_caller_keeps_its_metadata() {
    let server = Server::http(Speaks::Http2, callbacks).await;
    let app = app(Protocol::Grpc, server.port);
    let mut request = request("NONE", "/Ping", Body::empty());
    for (name, value) in [("accept", "a"), ("content-type", "application/grpc"), ("user-agent", "grpc-go/1")] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let call = Invoke { request, type_url: String::new(), from_grpc: true };
    let (text, ..) = on_invoke(&app, call).await.unwrap();
    let expected = ["method: Ping", "extension: None", "type: application/grpc", "accept: a", "dapr-api-token: secret"];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn calls_are_counted() {
    let server = Server::http(Speaks::Http2, callbacks).await;
    let settings = settings(Protocol::Grpc, server.port);
    let metrics = settings.metrics.clone();
    let app = App::new(settings).unwrap();
    on_invoke(&app, call(request("GET", "/x", Body::empty()))).await.unwrap();
    on_invoke(&app, call(request("GET", "/fail", Body::empty()))).await.unwrap_err();
    let text = metrics.encode();
    for code in ["OK", "NotFound"] {
        let labels = format!(
            "{{app_id=\"\",grpc_client_method=\"/dapr.proto.runtime.v1.AppCallback/OnInvoke\",grpc_client_status=\"{code}\"}} 1"
        );
        let line = format!("dapr_grpc_io_client_completed_rpcs{labels}");
        assert!(text.contains(&line), "{line} in {text}");
    }
}

#[tokio::test]
async fn a_bad_status_comes_with_its_details() {
    let server = Server::http(Speaks::Http2, callbacks).await;
    let app = app(Protocol::Grpc, server.port);
    let error = soon(app.invoke(call(request("GET", "/fail", Body::empty())))).await.unwrap_err();
    let CallError::Status { code, message, details, .. } = error else { panic!("{error:?}") };
    assert_eq!((code, message.as_str(), &details[..]), (5, "no such thing: é", &b"\x08\x05"[..]));
}

#[tokio::test]
async fn messages_have_a_limit_in_both_directions() {
    let server = Server::http(Speaks::Http2, callbacks).await;
    let app = app(Protocol::Grpc, server.port);
    let large = || Body::full(vec![0; (1 << 20) + 1]);
    let (code, message) = status(app.invoke(call(request("POST", "/x", large()))).await);
    assert!(code == 8 && message.contains("larger than max"), "{message}");
    let (code, message) = status(app.invoke(call(request("POST", "/large", Body::empty()))).await);
    assert!(code == 8 && message.contains("larger than max"), "{message}");
    on_invoke(&app, call(request("POST", "/x", Body::empty()))).await.unwrap();
}

#[tokio::test]
async fn other_methods_are_called_with_the_token() {
    let server = Server::http(Speaks::Http2, callbacks).await;
    let app = app(Protocol::Grpc, server.port);
    let reply: Reply<ListTopicSubscriptionsResponse> = app.unary(LIST, &Empty {}, HeaderMap::new()).await.unwrap();
    assert!(reply.message.subscriptions.is_empty());
    let missing = "/dapr.proto.runtime.v1.AppCallback/Nothing";
    let (code, _) = status(app.unary::<_, Empty>(missing, &Empty {}, HeaderMap::new()).await);
    assert_eq!(code, 12);
    let error = app.request(request("GET", "/dapr/config", Body::empty())).await;
    assert_eq!(status(error).0, 12, "a gRPC application has no HTTP paths");
}

/// Sends back each frame as it comes, then trailers of its own; tells what it saw in headers.
async fn stream_echo(request: Request<Incoming>) -> Response<Body> {
    let seen =
        format!("{} {:?} {:?}", request.uri(), request.headers().get("te"), request.headers().get("dapr-api-token"));
    let codec = request.headers()["content-type"].clone();
    let trailers = async {
        let mut trailers = HeaderMap::new();
        trailers.insert("grpc-status", HeaderValue::from_static("0"));
        trailers.insert("x-trailer", HeaderValue::from_static("last"));
        Some(Ok(trailers))
    };
    let body = Body::stream(request.into_body().with_trailers(trailers));
    Response::builder().header("content-type", codec).header("x-seen", seen).body(body).unwrap()
}

#[tokio::test]
async fn a_call_that_is_passed_on_streams_both_ways_and_keeps_its_trailers() {
    let server = Server::http(Speaks::Http2, stream_echo).await;
    let app = app(Protocol::Grpc, server.port);
    let (sender, body) = piped();
    let mut request = request("POST", "/any.Service/Method", body);
    request.headers_mut().insert("content-type", "application/grpc+custom".parse().unwrap());
    request.headers_mut().insert("dapr-api-token", "the caller's".parse().unwrap());
    let response = soon(app.proxy(request)).await.unwrap();
    let authority = format!("127.0.0.1:{}", server.port);
    let seen = format!("http://{authority}/any.Service/Method Some(\"trailers\") Some(Sensitive)");
    let seen_shown = response.headers()["x-seen"].to_str().unwrap();
    assert!(seen_shown == seen || seen_shown == seen.replace("Sensitive", "\"secret\""), "{seen_shown}");
    assert_eq!(response.headers()["content-type"], "application/grpc+custom");
    let mut body = response.into_body();
    for text in ["1", "2", "3"] {
        sender.send(Ok(Frame::data(Bytes::from_static(text.as_bytes())))).await.unwrap();
        assert_eq!(soon(body.frame()).await.unwrap().unwrap().into_data().unwrap(), text);
    }
    drop(sender);
    let trailers = soon(body.frame()).await.unwrap().unwrap().into_trailers().unwrap();
    assert_eq!((&trailers["grpc-status"], &trailers["x-trailer"]), (&"0".parse().unwrap(), &"last".parse().unwrap()));
    assert!(soon(body.frame()).await.is_none());
}

#[tokio::test]
async fn a_caller_that_goes_away_takes_the_call_with_it() {
    let (begun, mut begins) = tokio::sync::mpsc::channel(1);
    let server = Server::http(Speaks::Http2, move |_| {
        let begun = begun.clone();
        async move {
            let (_guard, dropped) = guard();
            begun.send(dropped).await.unwrap();
            std::future::pending().await
        }
    })
    .await;
    let app = app(Protocol::Grpc, server.port);
    let dropped = tokio::select! {
        dropped = begins.recv() => dropped.unwrap(),
        _ = app.invoke(call(request("POST", "/x", Body::empty()))) => panic!("it never answers"),
    };
    soon(dropped).await.unwrap();
    let dropped = tokio::select! {
        dropped = begins.recv() => dropped.unwrap(),
        _ = app.proxy(request("POST", "/a.B/C", Body::empty())) => panic!("it never answers"),
    };
    soon(dropped).await.unwrap();
}

#[tokio::test]
async fn an_application_that_comes_late_or_again_is_found() {
    let port = free_port().await;
    let app = app(Protocol::Grpc, port);
    let ping = || on_invoke(&app, call(request("GET", "/ping", Body::empty())));
    let error = ping().await.unwrap_err();
    assert!(matches!(&error, CallError::Unreachable(text) if text.contains("--app-port")), "{error:?}");
    for _ in 0..3 {
        let server = Server::http_on(port, Speaks::Http2, callbacks).await;
        ping().await.unwrap();
        drop(server);
        // The task of the server ends a moment later: until then a call may still be answered.
        while !matches!(ping().await, Err(CallError::Unreachable(_))) {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn a_stalled_handshake_is_waited_for() {
    let slow = Server::raw(|stream| async move {
        tokio::time::sleep(Duration::from_millis(700)).await;
        let service = hyper::service::service_fn(|request| async { Ok::<_, Infallible>(callbacks(request).await) });
        let io = hyper_util::rt::TokioIo::new(stream);
        let _ = hyper::server::conn::http2::Builder::new(hyper_util::rt::TokioExecutor::new())
            .serve_connection(io, service)
            .await;
    })
    .await;
    let app = app(Protocol::Grpc, slow.port);
    on_invoke(&app, call(request("GET", "/ping", Body::empty()))).await.unwrap();
    assert_eq!(slow.connections(), 1);
}

#[tokio::test]
async fn what_is_not_grpc_is_explained() {
    let http1 = Server::raw(|mut stream| async move {
        // As servers of HTTP/1.1 do when they meet HTTP/2.
        let mut buffer = [0; 24];
        let _ = stream.read_exact(&mut buffer).await;
        write(&mut stream, "HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\nbad request").await;
        let _ = stream.read(&mut buffer).await;
    })
    .await;
    let error =
        on_invoke(&app(Protocol::Grpc, http1.port), call(request("GET", "/x", Body::empty()))).await.unwrap_err();
    assert!(matches!(&error, CallError::Unreachable(text) if text.contains("--app-protocol")), "{error:?}");

    let web = Server::http(Speaks::Http2, |_| async {
        Response::builder().status(404).header("content-type", "text/html").body(Body::full("what?")).unwrap()
    })
    .await;
    let error = on_invoke(&app(Protocol::Grpc, web.port), call(request("GET", "/x", Body::empty()))).await;
    let (code, message) = status(error);
    assert!(code == 12 && message.contains("--app-protocol"), "{code} {message}");
}

#[tokio::test]
async fn probes_ask_the_health_service_and_nothing_else_will_do() {
    let without = Server::http(Speaks::Http2, callbacks).await;
    let with = Server::http(Speaks::Http2, with_health).await;
    let probed = |port| {
        let mut settings = settings(Protocol::Grpc, port);
        settings.health = Some(HealthSettings {
            path: String::new(),
            interval: Duration::from_millis(5),
            timeout: Duration::from_secs(1),
            threshold: 1,
        });
        std::sync::Arc::new(App::new(settings).unwrap())
    };
    let (good, bad) = (probed(with.port), probed(without.port));
    let _probes = (good.start_probes().unwrap(), bad.start_probes().unwrap());
    let waiting = task::spawn("waits", {
        let mut health = good.health();
        async move { health.wait_for(|healthy| *healthy).await.map(|_| ()).is_ok() }
    });
    assert!(soon(waiting.join()).await.unwrap());
    let ping = || call(request("GET", "/ping", Body::empty()));
    on_invoke(&good, ping()).await.unwrap();
    assert!(matches!(on_invoke(&bad, ping()).await, Err(CallError::Unhealthy)));
}
