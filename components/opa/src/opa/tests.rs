//! Policies and what becomes of requests.

use dapr_spi::http_middleware::FromFn;
use dapr_spi::registry::open;

use super::*;

async fn link(fields: &[(&str, &str)]) -> [Arc<dyn HttpMiddleware>; 1] {
    [open::<Opa>(fields).await.unwrap()]
}

/// Calls an application that answers with the request's header `x-added` and its body.
async fn call(fields: &[(&str, &str)], request: Request) -> Response {
    let end = FromFn(|request: Request| async move {
        let added =
            request.headers().get("x-added").map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default();
        let body = request.into_body().collect(10 << 20).await.unwrap();
        Response::new(Body::full([added.as_bytes(), b"|", &body].concat()))
    });
    Next::new(&link(fields).await, &end).run(request).await
}

fn get(uri: &str) -> http::request::Builder {
    http::Request::get(uri)
}

async fn status(rego: &str, uri: &str) -> u16 {
    call(&[("rego", rego)], get(uri).body(Body::empty()).unwrap()).await.status().as_u16()
}

const BY_PATH: &str = r#"package http
default allow = true
allow = { "status_code": 403 } { input.request.path_parts[0] = "forbidden" }"#;

#[tokio::test]
async fn results_of_every_kind() {
    assert_eq!(status("package http\nallow = true", "/").await, 200);
    assert_eq!(status("package http\nallow = false", "/").await, 403);
    assert_eq!(status("package http\nallow = {\"allow\": false, \"status_code\": 301}", "/").await, 301);
    assert_eq!(status("package http\nallow = {\"allow\": false, \"status_code\": 299}", "/").await, 500);
    assert_eq!(status("package http\nallow = {}", "/").await, 403);
    assert_eq!(status(BY_PATH, "/allowed/forbidden").await, 200);
    assert_eq!(status(BY_PATH, "/forbidden/x").await, 403);
    assert_eq!(status("package http\nimport rego.v1\nallow if input.request.method == \"GET\"", "/").await, 200);
    for failing in ["package http\nallow = 1", "package http.authz\nallow = true", "package http\nallow { false }"] {
        let response = call(&[("rego", failing)], get("/").body(Body::empty()).unwrap()).await;
        assert_eq!((response.status().as_u16(), &response.headers()[FAILED]), (403, &HeaderValue::from_static("true")));
        assert_eq!(response.into_body().collect(100).await.unwrap(), "Forbidden");
    }
}

#[tokio::test]
async fn statuses_and_headers_of_the_policy() {
    let deny = "package http\nallow = false";
    let request = || get("/").body(Body::empty()).unwrap();
    assert_eq!(call(&[("rego", deny), ("defaultStatus", "500")], request()).await.status(), 500);
    let redirect = r#"package http
        allow = {"allow": false, "status_code": 301, "additional_headers": {"location": "https://my.site/login", "a b": "x"}}"#;
    let response = call(&[("rego", redirect), ("defaultStatus", "500")], request()).await;
    assert_eq!(
        (response.status().as_u16(), &response.headers()["location"]),
        (301, &HeaderValue::from_static("https://my.site/login"))
    );
    let adds = r#"package http
        allow = {"allow": true, "additional_headers": {"x-added": "by policy"}}"#;
    let response = call(&[("rego", adds)], get("/").header("x-added", "by client").body(Body::empty()).unwrap()).await;
    assert_eq!(response.into_body().collect(100).await.unwrap(), "by policy|");
}

#[tokio::test]
async fn only_named_headers_are_seen() {
    let rego = r#"package http
        default allow = false
        allow { input.request.headers["X-Jwt-Header"] == "1, 2"; input.request.headers["X-My-Custom-Header"] }"#;
    let request = || {
        get("/")
            .header("x-jwt-header", "1")
            .header("X-JWT-HEADER", "2")
            .header("x-my-custom-header", "")
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(
        call(&[("rego", rego), ("includedHeaders", "x-my-custom-header, x-jwt-header")], request()).await.status(),
        200
    );
    assert_eq!(call(&[("rego", rego), ("includedHeaders", "x-jwt-header")], request()).await.status(), 403);
    assert_eq!(call(&[("rego", rego)], request()).await.status(), 403);
}

#[tokio::test]
async fn the_body_is_seen_when_asked_for() {
    let rego = "package http\ndefault allow = false\nallow { input.request.body == \"allow\"; input.request.query.a[1] == \"2\" }";
    let request = || get("/?a=1&a=2").body(Body::full("allow")).unwrap();
    let response = call(&[("rego", rego), ("readBody", "true")], request()).await;
    assert_eq!(response.into_body().collect(100).await.unwrap(), "|allow", "and passes on");
    assert_eq!(call(&[("rego", rego)], request()).await.status(), 403);
    let long = get("/").body(Body::full(vec![b'a'; MAX_BODY + 1])).unwrap();
    assert_eq!(call(&[("rego", rego), ("readBody", "true")], long).await.status(), 413);
}

/// Header `{"alg":"none"}`, claims `{"role":"admin"}`.
const TOKEN: &str = "Bearer eyJhbGciOiJub25lIn0.eyJyb2xlIjoiYWRtaW4ifQ.AAE";

#[tokio::test]
async fn claims_of_a_token() {
    let rego = r#"package http
        default allow = false
        allow = {"allow": true, "additional_headers": {"x-added": role}} { role := jwt.payload["role"] }
        jwt = {"payload": payload} {
            auth_header := input.request.headers["Authorization"]
            [_, jwt] := split(auth_header, " ")
            [_, payload, _] := io.jwt.decode(jwt)
        }"#;
    let fields = [("rego", rego), ("includedHeaders", "authorization")];
    let response = call(&fields, get("/").header("authorization", TOKEN).body(Body::empty()).unwrap()).await;
    assert_eq!(response.into_body().collect(100).await.unwrap(), "admin|");
    let broken = get("/").header("authorization", "Bearer x.y").body(Body::empty()).unwrap();
    assert_eq!(call(&fields, broken).await.status(), 403);
}

#[tokio::test]
async fn a_policy_that_does_not_end_is_stopped() {
    let rego = "package http\nallow { n := numbers.range(1, 100000); some i, j; n[i] + n[j] == 0 }";
    let started = std::time::Instant::now();
    let response = call(&[("rego", rego)], get("/").body(Body::empty()).unwrap()).await;
    assert!(response.headers().contains_key(FAILED));
    assert!(started.elapsed().as_secs() < 10, "{:?}", started.elapsed());
}

#[tokio::test]
async fn wrong_policies_are_named_with_their_place() {
    for (rego, place) in [
        ("package http\n\nallow = {", "3"),
        ("allow = true", "1"),
        ("package http\nallow { no.such.function(1) }", "2"),
    ] {
        let Err(error) = open::<Opa>(&[("rego", rego)]).await else { panic!("accepted {rego}") };
        let text = error.to_string();
        assert!(text.contains("field `rego`") && text.contains(&format!("rego:{place}:")), "{text}");
    }
    assert!(open::<Opa>(&[]).await.is_err());
    for wrong in [("defaultStatus", "600"), ("defaultStatus", "2.9"), ("includedHeaders", "a(b")] {
        assert!(open::<Opa>(&[("rego", "package http"), wrong]).await.is_err(), "{wrong:?}");
    }
}
