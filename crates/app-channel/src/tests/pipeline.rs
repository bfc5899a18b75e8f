//! Middleware around calls.

use std::sync::Arc;

use ::http::{Request, Response, StatusCode};
use async_trait::async_trait;
use dapr_net::Body;
use dapr_spi::app_channel::CallError;
use dapr_spi::http_middleware::{self, HttpMiddleware, Next};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::server::{Server, Speaks, free_port};
use super::{get, invoke, request, settings, streamed, text};
use crate::{App, Protocol};

/// Writes itself into a header on the way in and on the way back, and doubles the body on the way in.
struct Mark(&'static str);

#[async_trait]
impl HttpMiddleware for Mark {
    async fn handle(&self, request: http_middleware::Request, next: Next<'_>) -> http_middleware::Response {
        let (mut parts, body) = request.into_parts();
        parts.headers.append("x-in", self.0.parse().unwrap());
        let once = body.collect(1000).await.unwrap();
        let request = Request::from_parts(parts, Body::full([&once[..], &once[..]].concat()));
        let mut response = next.run(request).await;
        response.headers_mut().append("x-out", self.0.parse().unwrap());
        response
    }
}

/// Answers itself.
struct Deny;

#[async_trait]
impl HttpMiddleware for Deny {
    async fn handle(&self, _: http_middleware::Request, _: Next<'_>) -> http_middleware::Response {
        Response::builder().status(StatusCode::FORBIDDEN).body(Body::empty()).unwrap()
    }
}

fn values(headers: &::http::HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap().to_owned()).collect()
}

async fn echo(request: Request<Incoming>) -> Response<Body> {
    let seen = values(request.headers(), "x-in").join(",");
    assert_eq!(request.headers()["dapr-api-token"], "secret");
    let body = request.into_body().collect().await.unwrap().to_bytes();
    Response::new(Body::full(format!("{seen} {}", String::from_utf8_lossy(&body))))
}

fn with_pipeline(port: u16, links: Vec<Arc<dyn HttpMiddleware>>) -> App {
    let mut settings = settings(Protocol::Http, port);
    settings.pipeline = links;
    App::new(settings).unwrap()
}

#[tokio::test]
async fn links_run_from_the_outside_in() {
    let server = Server::http(Speaks::Http1, echo).await;
    let app = with_pipeline(server.port, vec![Arc::new(Mark("1")), Arc::new(Mark("2"))]);
    let mut request = request("POST", "/", streamed("ab"));
    request.headers_mut().insert("content-length", "2".parse().unwrap());
    let response = invoke(&app, request).await.unwrap();
    assert_eq!(values(response.headers(), "x-out"), ["2", "1"]);
    assert_eq!(text(response).await, "1,2 abababab");

    app.set_pipeline(vec![Arc::new(Mark("3"))]);
    let response = app.request(super::request("GET", "/", Body::empty())).await.unwrap();
    assert_eq!(text(response).await, "3 ");
    app.set_pipeline(Vec::new());
    assert_eq!(text(get(&app, "/").await.unwrap()).await, " ");
}

#[tokio::test]
async fn a_link_may_answer_and_a_failure_behind_links_is_a_failure() {
    let port = free_port().await;
    let app = with_pipeline(port, vec![Arc::new(Deny)]);
    assert_eq!(get(&app, "/").await.unwrap().status(), StatusCode::FORBIDDEN);
    let app = with_pipeline(port, vec![Arc::new(Mark("1"))]);
    assert!(matches!(get(&app, "/").await, Err(CallError::Unreachable(_))));
}
