//! Aliases as an application sees them.

use dapr_net::Body;
use dapr_spi::http_middleware::FromFn;
use dapr_spi::registry::open;
use proptest::prelude::*;

use super::*;

const ROUTES: &str = r#"{
  "/v1.0/mall/activity/info": "/v1.0/invoke/srv.default/method/mall/activity/info",
  "/v1.0/hello/activity/{id}/info": "/v1.0/invoke/srv.default/method/hello/activity/info",
  "/v1.0/hello/activity/{id}/user": "/v1.0/invoke/srv.default/method/hello/activity/user",
  "/files/{path:.+}": "/v1.0/invoke/files/method/get?kind=file"
}"#;

/// What the router is asked for when the client asks for `uri`.
async fn routed(metadata: &[(&str, &str)], uri: &str) -> String {
    let links = [open::<RouterAlias>(metadata).await.unwrap()];
    let end = FromFn(|request: Request| async move { Response::new(Body::full(request.uri().to_string())) });
    let request = http::Request::builder().uri(uri).body(Body::empty()).unwrap();
    let body = Next::new(&links, &end).run(request).await.into_body().collect(10_000).await.unwrap();
    String::from_utf8(body.to_vec()).unwrap()
}

async fn check_all(metadata: &[(&str, &str)]) {
    let base = "/v1.0/invoke/srv.default/method";
    for (asked, expected) in [
        ("/v1.0/mall/activity/info?id=123", format!("{base}/mall/activity/info?id=123")),
        ("/v1.0/mall/activity/info", format!("{base}/mall/activity/info")),
        ("/v1.0/hello/activity/1/info", format!("{base}/hello/activity/info?id=1")),
        ("/v1.0/hello/activity/1/user?userid=123", format!("{base}/hello/activity/user?id=1&userid=123")),
        ("/v1.0/hello/activity/a%20b/user?b=2&a=1&a=0", format!("{base}/hello/activity/user?a=1&a=0&b=2&id=a+b")),
        ("/v1.0/invoke/srv.default", "/v1.0/invoke/srv.default".to_owned()),
        ("http://host:80/v1.0/mall/activity/info", format!("http://host:80{base}/mall/activity/info")),
    ] {
        assert_eq!(routed(metadata, asked).await, expected, "{asked}");
    }
}

#[tokio::test]
async fn routes_in_json() {
    check_all(&[("routes", ROUTES)]).await;
    let files = "/v1.0/invoke/files/method/get";
    assert_eq!(routed(&[("routes", ROUTES)], "/files/a/b").await, format!("{files}?kind=file&path=a%2Fb"));
}

#[tokio::test]
async fn routes_in_yaml() {
    let yaml = "\n\"/v1.0/mall/activity/info\": \"/v1.0/invoke/srv.default/method/mall/activity/info\"\n\
                /v1.0/hello/activity/{id}/info: /v1.0/invoke/srv.default/method/hello/activity/info\n\
                /v1.0/hello/activity/{id}/user: /v1.0/invoke/srv.default/method/hello/activity/user\n";
    check_all(&[("routes", yaml)]).await;
}

#[tokio::test]
async fn routes_as_entries() {
    check_all(&[
        ("/v1.0/mall/activity/info", "/v1.0/invoke/srv.default/method/mall/activity/info"),
        ("/v1.0/hello/activity/{id}/info", "/v1.0/invoke/srv.default/method/hello/activity/info"),
        ("/v1.0/hello/activity/{id}/user", "/v1.0/invoke/srv.default/method/hello/activity/user"),
    ])
    .await;
}

#[tokio::test]
async fn the_first_that_matches_is_taken() {
    let routes = r#"{"/a/{x}": "/first", "/a/b": "/second"}"#;
    assert_eq!(routed(&[("routes", routes)], "/a/b").await, "/first?x=b");
    assert_eq!(routed(&[], "/a/b").await, "/a/b", "none at all");
}

#[test]
fn wrong_routes_are_named() {
    for (wrong, reason) in [
        ("[1]", "not a map"),
        (r#"{"/a": 1}"#, "not a path"),
        (r#"{"/a": "b"}"#, "does not begin"),
        (r#"{"/{a": "/b"}"#, "does not close"),
    ] {
        let problems = RouterAliasMetadata::parse(&Properties::from_pairs([("routes", wrong)])).unwrap_err();
        assert!(problems[0].message.contains(reason), "{wrong}: {}", problems[0]);
        assert_eq!(problems[0].path, "spec.metadata[0].value");
    }
}

proptest! {
    #[test]
    fn no_request_breaks_it(path in "/[a-zA-Z0-9%/._~-]{0,30}", query in "[a-z0-9=&%+;]{0,20}") {
        let routes = listed(r#"{"/a/{x}": "/b", "/{y:(?s:.*)}": "/ü {c}?d=1"}"#).unwrap();
        if let Ok(uri) = format!("{path}?{query}").parse::<Uri>() {
            let rewritten = Aliases(routes).rewritten(&uri).unwrap();
            prop_assert!(["/b", "/%C3%BC%20%7Bc%7D"].contains(&rewritten.path()), "{}", rewritten);
        }
    }
}
