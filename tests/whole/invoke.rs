//! HTTP calls through two sidecars: what reaches the app, and what comes back.

use bytes::Bytes;
use dapr_proto::common::v1::{HttpExtension, InvokeRequest, http_extension::Verb};
use dapr_proto::pbjson_types::Any;
use dapr_proto::runtime::v1::InvokeServiceRequest;
use http::Method;
use http::header::HeaderValue;
use tonic::{Code, Request};
use tonic_types::StatusExt as _;

use crate::app::{App, Seen, answer};
use crate::client::{Ask, Target};
use crate::daprd::Daprd;
use crate::mesh::Mesh;

/// A caller without an app, and an HTTP app behind a sidecar.
struct Pair {
    caller: Daprd,
    _callee: Daprd,
    app: App,
    _mesh: Mesh,
}

impl Pair {
    async fn new(mtls: bool) -> Self {
        let mesh = Mesh::new(mtls).await;
        let app = App::new(respond).await;
        let mut callee = mesh.beside("shop", app.port, "http").launch();
        let caller = mesh.sidecar("caller").start().await;
        callee.wait_ready().await;
        Self { caller, _callee: callee, app, _mesh: mesh }
    }

    async fn call(&self, ask: Ask) -> crate::client::Answer {
        self.caller.ask(ask).await
    }
}

/// `/status/418` answers with that status, anything else with what came.
fn respond(seen: &Seen) -> http::Response<crate::app::Body> {
    let code = seen.path.strip_prefix("/status/").map(|rest| rest.split('?').next().unwrap_or_default());
    let status = code.and_then(|code| code.parse().ok()).unwrap_or(200);
    let body = if status == 204 || status == 304 { Bytes::new() } else { seen.rest.body.clone() };
    let mut response = answer(status, body);
    let kind = seen.rest.headers.get("content-type").cloned();
    response.headers_mut().insert("content-type", kind.unwrap_or(HeaderValue::from_static("text/plain")));
    response.headers_mut().append("x-answer", HeaderValue::from_static("one"));
    response.headers_mut().append("x-answer", HeaderValue::from_static("two"));
    response.headers_mut().insert("connection", HeaderValue::from_static("x-hop"));
    response.headers_mut().insert("x-hop", HeaderValue::from_static("not for the caller"));
    response
}

fn path(method: &str) -> String {
    format!("/v1.0/invoke/shop/method/{method}")
}

async fn verbs_headers_and_bodies(pair: &Pair) {
    for verb in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let verb = Method::from_bytes(verb.as_bytes()).expect("a verb");
        let body: Vec<u8> = (0..=255).collect();
        let ask = Ask::new(verb.clone(), &path("a/b%20c?x=1&y=%2F&x=2"))
            .header("content-type", "image/png")
            .header("x-mark", "7")
            .header("x-mark", "8")
            .header("dapr-caller-app-id", "somebody-else")
            .header("te", "gzip")
            .body(body.clone());
        let answer = pair.call(ask).await;
        let seen = pair.app.last();
        assert_eq!(answer.has(200).body, body);
        assert_eq!((seen.verb.as_str(), seen.path.as_str()), (verb.as_str(), "/a/b%20c?x=1&y=%2F&x=2"));
        assert_eq!(seen.rest.body, body);
        let marks: Vec<_> = seen.rest.headers.get_all("x-mark").iter().collect();
        assert_eq!(marks, ["7", "8"]);
        assert_eq!((seen.header("content-type"), answer.header("content-type")), ("image/png", "image/png"));
        assert_eq!((seen.header("dapr-caller-app-id"), seen.header("dapr-callee-app-id")), ("caller", "shop"));
        assert_eq!(seen.header("dapr-caller-namespace"), "default");
        assert!(!seen.header("x-forwarded-for").is_empty() && seen.header("forwarded").contains("for="), "{seen:?}");
        for name in ["te", "destination-app-id", "connection", "dapr-app-id"] {
            assert!(!seen.rest.headers.contains_key(name), "{name} in {seen:?}");
        }
        let answers: Vec<_> = answer.headers.get_all("x-answer").iter().collect();
        assert_eq!(answers, ["one", "two"]);
        assert!(!answer.headers.contains_key("x-hop"), "{answer:?}");
    }
    let answer = pair.call(Ask::new(Method::HEAD, &path("head"))).await;
    assert_eq!((answer.has(200).header("x-answer"), pair.app.last().verb.as_str()), ("one", "HEAD"));

    let ask = Ask::new(Method::POST, "/orders/1?x=1").header("dapr-app-id", "shop").body("by header");
    assert_eq!(pair.call(ask).await.has(200).text(), "by header");
    assert_eq!(pair.app.last().path, "/orders/1?x=1");
    let large: Vec<u8> = (0..3 << 20).map(|index| (index % 251) as u8).collect();
    assert_eq!(pair.call(Ask::new(Method::POST, &path("large")).body(large.clone())).await.has(200).body, large);
    let over = Target::Http2(pair.caller.ports.http).send(Ask::new(Method::PUT, &path("two")).body("h2")).await;
    assert_eq!(over.expect("an answer").has(200).text(), "h2");
}

async fn statuses(pair: &Pair) {
    for status in [200, 201, 204, 301, 304, 400, 401, 403, 404, 409, 418, 429, 500, 501, 502, 503, 504] {
        let answer = pair.call(Ask::new(Method::POST, &path(&format!("status/{status}"))).body("why")).await;
        assert_eq!(answer.has(status).header("x-answer"), "one");
        assert_eq!(answer.text(), if status == 204 || status == 304 { "" } else { "why" });
        assert_eq!(pair.app.calls(&format!("/status/{status}")), 1, "no status is tried again without a policy");
    }
    assert_eq!(
        pair.call(Ask::new(Method::PUT, "/v1.0/invoke/shop.default/method/x").body("x")).await.has(200).text(),
        "x"
    );
    let other = pair.call(Ask::get("/v1.0/invoke/shop.other/method/x")).await;
    assert_eq!(other.has(500).code(), "ERR_DIRECT_INVOKE");
    let nobody = pair.call(Ask::get("/v1.0/invoke/nobody/method/x")).await;
    assert_eq!(nobody.has(500).code(), "ERR_DIRECT_INVOKE");
    assert!(nobody.text().contains("nobody"), "{nobody:?}");
}

async fn by_invoke_service(pair: &Pair) {
    let mut client = pair.caller.grpc().await;
    let request = |method: &str, verb: Verb, data: &'static [u8]| {
        let message = InvokeRequest {
            method: method.into(),
            data: Some(Any { type_url: String::new(), value: Bytes::from_static(data) }),
            content_type: "application/json".into(),
            http_extension: Some(HttpExtension { verb: verb.into(), querystring: "x=1&y=%20".into() }),
        };
        let mut request = Request::new(InvokeServiceRequest { id: "shop".into(), message: Some(message) });
        request.metadata_mut().insert("x-mark", "7".parse().expect("plain text"));
        request
    };
    let answer = client.invoke_service(request("orders", Verb::Put, b"{\"a\":1}")).await.expect("an answer");
    let seen = pair.app.last();
    assert_eq!((seen.verb.as_str(), seen.path.as_str(), seen.header("x-mark")), ("PUT", "/orders?x=1&y=%20", "7"));
    assert_eq!((seen.header("content-type"), &seen.rest.body[..]), ("application/json", &b"{\"a\":1}"[..]));
    assert_eq!(answer.metadata().get("x-answer").expect("a header"), "one");
    assert_eq!(answer.metadata().get("dapr-http-status").expect("a header"), "200");
    let answer = answer.into_inner();
    assert_eq!(answer.content_type, "application/json");
    assert_eq!(answer.data.expect("data").value, "{\"a\":1}");

    for (status, code) in [(404, Code::NotFound), (409, Code::AlreadyExists), (429, Code::ResourceExhausted)] {
        let error = client.invoke_service(request(&format!("status/{status}"), Verb::Post, b"why")).await;
        let error = error.expect_err("a failure of the app");
        assert_eq!((error.code(), error.metadata().get("x-answer").is_some()), (code, true), "{error:?}");
        assert!(!error.metadata().contains_key("content-length"), "{error:?}");
        let info = error.get_details_error_info().expect("details");
        assert_eq!(info.metadata["http.code"], status.to_string());
        assert_eq!(info.metadata["http.error_message"], "why");
    }
    let mut nobody = request("orders", Verb::Get, b"");
    nobody.get_mut().id = "nobody".into();
    let error = client.invoke_service(nobody).await.expect_err("there is no such app");
    assert!(error.code() == Code::Internal && error.message().contains("nobody"), "{error:?}");
}

#[tokio::test]
async fn everything_passes_through() {
    let pair = Pair::new(false).await;
    verbs_headers_and_bodies(&pair).await;
    statuses(&pair).await;
    by_invoke_service(&pair).await;
}

#[tokio::test]
async fn everything_passes_through_with_mtls() {
    let pair = Pair::new(true).await;
    verbs_headers_and_bodies(&pair).await;
    statuses(&pair).await;
    by_invoke_service(&pair).await;
}

#[tokio::test]
async fn an_app_over_http_2() {
    let mesh = Mesh::new(false).await;
    let app = App::new(respond).await;
    let mut callee = mesh.beside("shop", app.port, "h2c").launch();
    callee.wait_ready().await;
    let caller = mesh.sidecar("caller").start().await;
    let answer = caller.ask(Ask::new(Method::POST, &path("x?y=1")).header("x-mark", "7").body("two")).await;
    assert_eq!(answer.has(200).text(), "two");
    let seen = app.last();
    assert_eq!((seen.path.as_str(), seen.header("x-mark")), ("/x?y=1", "7"));
    // Its own sidecar calls it, too, and no caller is named then.
    assert_eq!(callee.ask(Ask::new(Method::PUT, &path("own")).body("own")).await.has(200).text(), "own");
    assert!(!app.last().rest.headers.contains_key("dapr-caller-app-id"));
}

#[tokio::test]
async fn a_token_goes_to_the_app_and_no_further() {
    let mesh = Mesh::new(false).await;
    let app = App::new(respond).await;
    let mut callee = mesh.beside("shop", app.port, "http").env("APP_API_TOKEN", "for-the-app").launch();
    let caller = mesh.sidecar("caller").env("DAPR_API_TOKEN", "for-the-sidecar").start().await;
    callee.wait_ready().await;
    caller.get(&path("x")).await.has(401);
    caller.ask(Ask::get(&path("x")).header("dapr-api-token", "for-the-sidecar")).await.has(200);
    assert_eq!(app.seen().len(), 1);
    assert_eq!(app.last().header("dapr-api-token"), "for-the-app");
}
