//! Guests written by hand, and what becomes of requests.

use std::time::Duration;

use dapr_net::Body;
use dapr_spi::http_middleware::FromFn;
use dapr_spi::registry::open;
use http::HeaderValue;

use super::*;
use crate::exchange::MAX_HELD;

/// What every guest here imports and exports.
const FRAME: &str = r#"
  (import "http_handler" "enable_features" (func $enable_features (param i32) (result i32)))
  (import "http_handler" "get_config" (func $get_config (param i32 i32) (result i32)))
  (import "http_handler" "get_uri" (func $get_uri (param i32 i32) (result i32)))
  (import "http_handler" "set_uri" (func $set_uri (param i32 i32)))
  (import "http_handler" "get_header_names" (func $get_header_names (param i32 i32 i32) (result i64)))
  (import "http_handler" "get_header_values" (func $get_header_values (param i32 i32 i32 i32 i32) (result i64)))
  (import "http_handler" "set_header_value" (func $set_header_value (param i32 i32 i32 i32 i32)))
  (import "http_handler" "add_header_value" (func $add_header_value (param i32 i32 i32 i32 i32)))
  (import "http_handler" "remove_header" (func $remove_header (param i32 i32 i32)))
  (import "http_handler" "read_body" (func $read_body (param i32 i32 i32) (result i64)))
  (import "http_handler" "write_body" (func $write_body (param i32 i32 i32)))
  (import "http_handler" "set_status_code" (func $set_status_code (param i32)))
  (import "http_handler" "get_status_code" (func $get_status_code (result i32)))
  (import "wasi_snapshot_preview1" "path_open"
    (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 4)
"#;

fn module(functions: &str) -> Vec<u8> {
    wat::parse_str(format!("(module {FRAME} {functions})")).unwrap()
}

async fn guest(functions: &str, config: &str, limits: Limits) -> [Arc<dyn HttpMiddleware>; 1] {
    let guests = Guests::new(&module(functions), config, false, limits).await.unwrap();
    [Arc::new(Runs(guests))]
}

/// Calls an application that answers 201 with the path, the headers `x-a` and the body it saw, and a header of its own.
async fn call(links: &[Arc<dyn HttpMiddleware>], request: Request) -> Response {
    let end = FromFn(|request: Request| async move {
        let (parts, body) = request.into_parts();
        let all: Vec<&str> = parts.headers.get_all("x-a").iter().map(|value| value.to_str().unwrap()).collect();
        let body = body.collect(64 << 20).await.unwrap();
        let mut response = Response::new(Body::full(
            [parts.uri.to_string().as_bytes(), b"|", all.join(",").as_bytes(), b"|", &body].concat(),
        ));
        *response.status_mut() = StatusCode::CREATED;
        response.headers_mut().insert("x-app", HeaderValue::from_static("seen"));
        response
    });
    Next::new(links, &end).run(request).await
}

fn post(uri: &str, body: impl Into<bytes::Bytes>) -> Request {
    http::Request::post(uri).body(Body::full(body)).unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect(64 << 20).await.unwrap().to_vec()).unwrap()
}

const NO_RESPONSE: &str = r#"(func (export "handle_response") (param i32 i32))"#;

/// Cuts `/host` off paths that begin with it; answers others itself with its configuration.
const ROUTER: &str = r#"
  (data (i32.const 0) "/host") (data (i32.const 16) "content-type") (data (i32.const 32) "text/plain")
  (func (export "handle_request") (result i64) (local $length i32) (local $at i32)
    (local.set $length (call $get_uri (i32.const 1024) (i32.const 1024)))
    (block $other
      (loop $next
        (br_if $other (i32.ne (i32.load8_u (local.get $at)) (i32.load8_u (i32.add (i32.const 1024) (local.get $at)))))
        (local.set $at (i32.add (local.get $at) (i32.const 1)))
        (br_if $next (i32.lt_u (local.get $at) (i32.const 5))))
      (call $set_uri (i32.const 1029) (i32.sub (local.get $length) (i32.const 5)))
      (return (i64.const 1)))
    (call $set_header_value (i32.const 1) (i32.const 16) (i32.const 12) (i32.const 32) (i32.const 10))
    (call $set_status_code (i32.const 203))
    (call $write_body (i32.const 1) (i32.const 2048) (call $get_config (i32.const 2048) (i32.const 100)))
    (i64.const 0))"#;

#[tokio::test]
async fn a_guest_routes_and_answers() {
    let links = guest(&[ROUTER, NO_RESPONSE].concat(), "hello", Limits::default()).await;
    let passed = call(&links, post("/host/a%20b?c=d", "body")).await;
    assert_eq!((passed.status(), text(passed).await.as_str()), (StatusCode::CREATED, "/a%20b?c=d||body"));
    assert_eq!(text(call(&links, post("/host", "")).await).await, "/||", "an empty URI is /");
    let answered = call(&links, post("/other", "body")).await;
    assert_eq!(
        (answered.status().as_u16(), &answered.headers()["content-type"]),
        (203, &HeaderValue::from_static("text/plain"))
    );
    assert_eq!(text(answered).await, "hello");
}

/// Copies the header `x-b`'s values, as bytes with zeros, to `x-a` after adding and removing.
const HEADERS: &str = r#"
  (data (i32.const 0) "x-ax-bx-cv1v2")
  (func (export "handle_request") (result i64)
    (call $set_header_value (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 9) (i32.const 2))
    (call $add_header_value (i32.const 0) (i32.const 0) (i32.const 3) (i32.const 11) (i32.const 2))
    (call $remove_header (i32.const 0) (i32.const 6) (i32.const 3))
    ;; two values "1" and "22": five bytes with their zeros
    (if (i64.ne (call $get_header_values (i32.const 0) (i32.const 3) (i32.const 3) (i32.const 64) (i32.const 64))
                (i64.const 0x200000005)) (then unreachable))
    (if (i32.ne (i32.load (i32.const 64)) (i32.const 0x32320031)) (then unreachable))
    ;; x-a and x-b: eight bytes; too little room writes nothing
    (if (i64.ne (call $get_header_names (i32.const 0) (i32.const 128) (i32.const 7)) (i64.const 0x200000008)) (then unreachable))
    (if (i32.load (i32.const 128)) (then unreachable))
    ;; no files
    (if (i32.ne (call $path_open (i32.const 3) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 0)
                  (i64.const 0) (i32.const 0) (i32.const 0)) (i32.const 52)) (then unreachable))
    (i64.const 0x700000001))
  (func (export "handle_response") (param $context i32) (param $error i32)
    (if (i32.ne (local.get $context) (i32.const 7)) (then unreachable))
    (if (local.get $error) (then unreachable))
    (if (i32.ne (call $get_status_code) (i32.const 201)) (then unreachable)))"#;

#[tokio::test]
async fn headers_are_read_and_changed() {
    let links = guest(HEADERS, "", Limits::default()).await;
    let mut request = post("/", "");
    for (name, value) in [("x-b", "1"), ("x-b", "22"), ("x-c", "gone"), ("x-a", "old")] {
        request.headers_mut().append(name, HeaderValue::from_static(value));
    }
    let response = call(&links, request).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    assert_eq!(text(response).await, "/|v1,v2|");
}

/// Reads the request's body to its end, in pieces of 100 bytes; features come from the configuration's first digit.
const READS: &str = r#"
  (data (i32.const 0) "x-total")
  (func $start (export "_start")
    (drop (call $get_config (i32.const 64) (i32.const 1)))
    (drop (call $enable_features (i32.sub (i32.load8_u (i32.const 64)) (i32.const 48)))))
  (func (export "handle_request") (result i64)
    (loop $more
      (br_if $more (i64.eqz (i64.shr_u (call $read_body (i32.const 0) (i32.const 1024) (i32.const 100)) (i64.const 32)))))
    (i64.const 1))"#;

#[tokio::test]
async fn a_body_that_is_read_passes_on_when_it_is_kept() {
    let body = "0123456789".repeat(25);
    let kept = guest(&[READS, NO_RESPONSE].concat(), "1", Limits::default()).await;
    assert_eq!(text(call(&kept, post("/", body.clone())).await).await, format!("/||{body}"));
    let consumed = guest(&[READS, NO_RESPONSE].concat(), "0", Limits::default()).await;
    assert_eq!(text(call(&consumed, post("/", body)).await).await, "/||");
    let long = vec![b'a'; MAX_HELD + 1];
    assert_eq!(call(&kept, post("/", long.clone())).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(text(call(&consumed, post("/", long)).await).await, "/||", "no matter how long when nothing is kept");
}

/// Writes the answer's first byte in place of the whole, with another status and header.
const REWRITES: &str = r#"
  (data (i32.const 0) "x-app") (data (i32.const 8) "changed")
  (func $start (export "_start") (drop (call $enable_features (i32.const 6))))
  (func (export "handle_request") (result i64) (i64.const 1))
  (func (export "handle_response") (param i32 i32)
    (drop (call $read_body (i32.const 1) (i32.const 1024) (i32.const 1)))
    (call $write_body (i32.const 1) (i32.const 1024) (i32.const 1))
    (call $set_header_value (i32.const 1) (i32.const 0) (i32.const 5) (i32.const 8) (i32.const 7))
    (call $set_status_code (i32.const 202)))"#;

#[tokio::test]
async fn an_answer_is_changed_when_it_is_buffered() {
    let links = guest(REWRITES, "", Limits::default()).await;
    let response = call(&links, post("/x", "y")).await;
    assert_eq!((response.status().as_u16(), &response.headers()["x-app"]), (202, &HeaderValue::from_static("changed")));
    assert_eq!(response.headers()["content-length"], "1");
    assert_eq!(text(response).await, "/");
    assert_eq!(call(&links, post("/x", vec![b'a'; MAX_HELD])).await.status(), 500, "too long to be shown");
    let unbuffered = REWRITES.replace("(i32.const 6)", "(i32.const 0)");
    let links = guest(&unbuffered, "", Limits::default()).await;
    assert_eq!(call(&links, post("/x", "y")).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
}

fn small() -> Limits {
    Limits { steps: 2_000_000, memory: 1 << 20, instances: 2, wait: Duration::from_millis(50) }
}

#[tokio::test]
async fn a_guest_cannot_hang_or_grow() {
    let hangs =
        format!("(func (export \"handle_request\") (result i64) (loop $l (br $l)) (i64.const 1)) {NO_RESPONSE}");
    let links = guest(&hangs, "", small()).await;
    for _ in 0..3 {
        assert_eq!(call(&links, post("/", "")).await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    }
    // One of 64 KiB pages, up to 16 of them; -1 says that there are no more.
    let grows = format!(
        "(func (export \"handle_request\") (result i64)
           (loop $l (br_if $l (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))
           (call $set_status_code (i32.add (i32.const 400) (memory.size))) (i64.const 0)) {NO_RESPONSE}"
    );
    let links = guest(&grows, "", small()).await;
    assert_eq!(call(&links, post("/", "")).await.status().as_u16(), 416);
    let traps = format!("(func (export \"handle_request\") (result i64) unreachable) {NO_RESPONSE}");
    let links = guest(&traps, "", small()).await;
    let response = call(&links, post("/", "")).await;
    assert_eq!((response.status().as_u16(), text(response).await.as_str()), (500, "Internal Server Error"));
}

#[tokio::test(start_paused = true)]
async fn instances_are_bounded() {
    let passes = format!("(func (export \"handle_request\") (result i64) (i64.const 1)) {NO_RESPONSE}");
    let links = guest(&passes, "", small()).await;
    let slow = FromFn(|_| async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        Response::new(Body::empty())
    });
    let one = || Next::new(&links, &slow).run(post("/", ""));
    let (first, second, third) = tokio::join!(one(), one(), one());
    let statuses = [first.status(), second.status(), third.status()];
    assert_eq!(statuses, [StatusCode::OK, StatusCode::OK, StatusCode::SERVICE_UNAVAILABLE]);
    assert_eq!(one().await.status(), StatusCode::OK);
}

#[tokio::test]
async fn modules_that_are_no_guests_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("guest.wasm");
    let url = format!("file://{}", path.display());
    let request = r#"(func (export "handle_request") (result i64) (i64.const 1))"#;
    for (module, reason) in [
        (b"not wasm".to_vec(), "not a WebAssembly module"),
        (module(request), "handle_response"),
        (module(&format!("{request} (func (export \"handle_response\"))")), "another signature"),
        (module(&format!("{request} {NO_RESPONSE} (func (export \"_start\") unreachable)")), "cannot begin"),
        (
            wat::parse_str(format!(
                "(module (import \"env\" \"x\" (func)) (memory (export \"memory\") 1) {request} {NO_RESPONSE})"
            ))
            .unwrap(),
            "env",
        ),
    ] {
        std::fs::write(&path, module).unwrap();
        let Err(error) = open::<Wasm>(&[("url", &url)]).await else { panic!("accepted: {reason}") };
        assert!(error.to_string().contains(reason) && error.to_string().contains("guest.wasm"), "{error}");
    }
    std::fs::write(&path, module(&[ROUTER, NO_RESPONSE].concat())).unwrap();
    let links = [open::<Wasm>(&[("url", &url), ("guestConfig", "hi"), ("strictSandbox", "true")]).await.unwrap()];
    assert_eq!(text(call(&links, post("/", "")).await).await, "hi");
    let Err(error) = open::<Wasm>(&[("url", "file:///no/such.wasm")]).await else { panic!("accepted") };
    assert!(error.to_string().contains("/no/such.wasm"), "{error}");
}
