//! The limit as clients see it.

use std::time::Duration;

use dapr_net::Body;
use dapr_spi::http_middleware::FromFn;
use dapr_spi::registry::open;

use super::*;

type Links = [Arc<dyn HttpMiddleware>; 1];

async fn limiter(rate: &str) -> Links {
    [open::<RateLimit>(&[("maxRequestsPerSecond", rate)]).await.unwrap()]
}

async fn call(links: &Links, path: &str, peer: Option<&str>, headers: &[(HeaderName, &'static str)]) -> Response {
    let mut request = http::Request::builder().uri(path).body(Body::empty()).unwrap();
    if let Some(peer) = peer {
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
    }
    for (name, value) in headers {
        request.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    let end = FromFn(|request: Request| async move {
        let mut response = Response::new(Body::empty());
        if let Some(forwarded) = request.headers().get(FORWARDED_FOR) {
            response.headers_mut().insert("seen", forwarded.clone());
        }
        response
    });
    Next::new(links, &end).run(request).await
}

fn header(response: &Response, name: &str) -> String {
    response.headers().get(name).map(|value| value.to_str().unwrap().to_owned()).unwrap_or_default()
}

#[tokio::test(start_paused = true)]
async fn a_client_that_is_too_fast_is_told_so() {
    let links = limiter("2").await;
    let peer = Some("127.0.0.1:5000");
    let response = call(&links, "/a", peer, &[]).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "x-rate-limit-limit"), "2.00");
    assert_eq!(header(&response, "x-rate-limit-duration"), "1");
    assert_eq!(header(&response, "x-rate-limit-request-remote-addr"), "127.0.0.1:5000");
    assert_eq!(header(&response, "x-rate-limit-request-forwarded-for"), "");
    assert_eq!(header(&response, "ratelimit-limit"), "2");
    assert_eq!(header(&response, "ratelimit-reset"), "1");
    assert_eq!(header(&response, "ratelimit-remaining"), "1");
    call(&links, "/a", peer, &[]).await;
    let response = call(&links, "/%61", Some("127.0.0.1:5001"), &[]).await;
    assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS, "the same client and path");
    assert_eq!(header(&response, "ratelimit-remaining"), "0");
    assert_eq!(header(&response, "content-type"), "text/plain; charset=utf-8");
    assert_eq!(response.into_body().collect(100).await.unwrap(), "You have reached maximum request limit.");
    assert_eq!(call(&links, "/b", peer, &[]).await.status(), StatusCode::OK, "another path");
    assert_eq!(call(&links, "/a", Some("127.0.0.2:5000"), &[]).await.status(), StatusCode::OK, "another client");
    tokio::time::advance(Duration::from_millis(500)).await;
    assert_eq!(call(&links, "/a", peer, &[]).await.status(), StatusCode::OK, "later");
}

#[tokio::test(start_paused = true)]
async fn clients_behind_a_proxy_are_told_apart() {
    let links = limiter("1").await;
    let peer = Some("127.0.0.1:5000");
    let response = call(&links, "/", peer, &[(FORWARDED_FOR, "1.1.1.1")]).await;
    assert_eq!(header(&response, "x-rate-limit-request-forwarded-for"), "1.1.1.1");
    assert_eq!(call(&links, "/", peer, &[(FORWARDED_FOR, "2.2.2.2")]).await.status(), StatusCode::OK);
    let again = call(&links, "/", peer, &[(FORWARDED_FOR, "9.9.9.9, 1.1.1.1")]).await;
    assert_eq!(again.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(start_paused = true)]
async fn a_request_from_nowhere_counts_as_nowhere() {
    let links = limiter("1").await;
    let response = call(&links, "/", None, &[]).await;
    assert_eq!((response.status(), header(&response, "seen")), (StatusCode::OK, "0.0.0.0".to_owned()));
    assert_eq!(call(&links, "/", None, &[]).await.status(), StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test]
async fn wrong_limits_are_refused() {
    for wrong in ["0", "-1", "many", "NaN", "inf"] {
        let Err(error) = open::<RateLimit>(&[("maxRequestsPerSecond", wrong)]).await else {
            panic!("accepted {wrong}")
        };
        assert!(error.to_string().contains("maxRequestsPerSecond"), "{error}");
    }
    let links = [open::<RateLimit>(&[]).await.unwrap()];
    assert_eq!(header(&call(&links, "/", None, &[]).await, "ratelimit-limit"), "100", "the default");
}
